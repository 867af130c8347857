"""Labels of charts: on nothing that is drawn, on no other label, and beside what they name."""

from __future__ import annotations

from itertools import combinations
from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st

from gigawatt.report.charts.labels import Label, along, around, overlap, placed, places

WITHIN = (0.0, 0.0, 400.0, 300.0)
spots = st.tuples(st.floats(0, 400), st.floats(0, 300))
words = st.text("abcdefgh ", min_size=1, max_size=22)


@settings(deadline=None)
@given(st.lists(st.tuples(spots, words), max_size=14), st.lists(spots, max_size=8), st.lists(spots, max_size=6))
def test_labels_cover_nothing(
    named: list[tuple[tuple[float, float], str]], dots: list[tuple[float, float]], line: list[tuple[float, float]]
) -> None:
    """users 6: "H100, 8 GPUs" was struck through by the dots of the programme."""
    labels = [Label(x, y, text) for (x, y), text in named]
    taken = [around(x, y, 4.0) for x, y in [*(spot for spot, _ in named), *dots]] + along(line)
    found = [place for place in places(labels, taken, WITHIN, dots) if place is not None]
    assert not any(overlap(one.box, other.box) for one, other in combinations(found, 2))
    assert not any(overlap(place.box, mark) for place in found for mark in taken)
    for left, top, right, bottom in (place.box for place in found):
        assert left >= WITHIN[0]
        assert top >= WITHIN[1]
        assert right <= WITHIN[2]
        assert bottom <= WITHIN[3]


@given(spots, words)
def test_a_label_alone_finds_room(spot: tuple[float, float], text: str) -> None:
    (place,) = places([Label(*spot, text)], [around(*spot, 4.0)], WITHIN)
    assert place is not None


def test_a_label_stands_to_the_right_where_it_can_and_to_the_left_at_the_edge() -> None:
    sides = [place.side for place in places([Label(50, 50, "one"), Label(390, 50, "two")], [], WITHIN) if place]
    assert sides == [1, -1]


def test_a_label_does_not_stand_beside_another_point() -> None:
    (place,) = places([Label(100, 100, "mine")], [], WITHIN, [(142.0, 100.0)])
    assert place is not None
    assert place.side != 1


def test_a_label_without_room_at_its_point_has_a_leader() -> None:
    wall = [(80.0, 80.0, 93.0, 120.0), (107.0, 80.0, 120.0, 120.0), (80.0, 110.0, 120.0, 120.0)]
    text = "".join(placed([Label(100, 100, "a long name")], [*wall, (40.0, 75.0, 93.0, 90.0)], WITHIN))
    marks = list(ElementTree.fromstring(f"<svg>{text}</svg>"))
    assert [mark.tag for mark in marks] == ["line", "text"]
    assert marks[1].text == "a long name"


def test_a_label_for_which_there_is_no_room_is_left_out() -> None:
    assert placed([Label(100, 100, "mine")], [WITHIN], WITHIN) == []
