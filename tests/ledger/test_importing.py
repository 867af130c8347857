"""Files become batches, once and whole: duplicates, overlaps, corrections, retractions and refusals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from plain_reader import DAY_MS, HOUR_MS, START_MS, hours, series, write
from sqlalchemy import Connection
from sqlalchemy.engine import URL

from gigawatt.errors import CatalogError, LedgerError
from gigawatt.ledger import book as books
from gigawatt.ledger import facts, importing, readings
from gigawatt.ledger.facts import Fact
from gigawatt.ledger.importing import Tally
from gigawatt.ledger.proof import verify
from gigawatt.readers.readings import FileAsked

M1 = series("m1", FileAsked())
Rows = list[tuple[object, ...]]


@pytest.fixture
def take(book: Connection, tmp_path: Path) -> Callable[..., Tally]:
    """Imports lines as a file of their own, or of a name."""

    def take(rows: Rows, name: str = "readings.csv", asked: FileAsked | None = None, **options: object) -> Tally:
        file = write(tmp_path / name, rows)
        found = importing.source(file, "plain", asked or FileAsked())
        return importing.take(book, found, "ada", **options)[0]  # type: ignore[arg-type]

    return take


def total(book: Connection, as_of: str | None = None) -> dict[str, tuple[int, float]]:
    return {one.month: (one.count, one.total) for one in readings.totals(book, as_of)}


def retract(book: Connection, number: int) -> None:
    of = books.identity_of(book, str(number))
    fact = Fact(kind="retraction", happened=facts.now(), body={"reason": "wrong meter"}, source="call", corrects=of)
    books.append(book, [fact], "ada")


def why(tally: Tally) -> set[str]:
    return {one.reason for one in tally.rejected}


def test_a_file_is_one_fact_and_its_readings_add_up_by_month(book: Connection, take: Callable[..., Tally]) -> None:
    tally = take(hours(800))
    assert (tally.added, tally.duplicates, tally.rejected_count) == (800, 0, 0)
    assert tally.sums == {M1: 80_000.0}
    assert total(book) == {"2025-03": (744, 74_400.0), "2025-04": (56, 5_600.0)}
    assert books.head(book)[0] == 1
    assert verify(book).readings_count == 800


def test_the_same_file_again_adds_nothing_under_whatever_name(book: Connection, take: Callable[..., Tally]) -> None:
    take(hours(48))
    tally = take(hours(48), name="copy.csv")
    assert (tally.added, tally.duplicates) == (0, 48)
    assert books.head(book)[0] == 1


def test_a_file_that_grew_adds_what_is_new(book: Connection, take: Callable[..., Tally]) -> None:
    take(hours(48))
    tally = take(hours(72))
    assert (tally.added, tally.duplicates) == (24, 48)
    assert total(book)["2025-03"] == (72, 7_200.0)


def test_a_line_given_twice_counts_once_and_a_contradiction_in_a_file_is_refused(take: Callable[..., Tally]) -> None:
    rows = [*hours(24), *hours(2), ("m1", START_MS, START_MS + HOUR_MS, 7.0)]
    tally = take(rows)
    assert (tally.added, tally.duplicates, tally.rejected_count) == (24, 2, 1)
    assert [(one.line, one.reason) for one in tally.rejected] == [
        (27, "says something else than an earlier line of the same time")
    ]


def test_a_contradiction_far_down_a_file_is_told_as_one_within_it(
    take: Callable[..., Tally], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "_WAITING_COUNT", 100)
    tally = take([*hours(400), *hours(2), *hours(2, value=7.0)])
    assert (tally.added, tally.duplicates, tally.rejected_count) == (400, 2, 2)
    assert why(tally) == {"says something else than an earlier line of the same time"}


def test_what_another_file_said_is_corrected_only_if_told_so(book: Connection, take: Callable[..., Tally]) -> None:
    take(hours(48))
    rows = hours(48, value=90.0)
    tally = take(rows, name="right.csv")
    assert (tally.added, tally.rejected_count) == (0, 48)
    assert "`corrects` 1" in why(tally).pop()
    tally = take(rows, name="right.csv", corrects=books.identity_of(book, "1"))
    assert (tally.added, tally.corrected, tally.sums) == (48, 48, {M1: -480.0})
    assert total(book)["2025-03"] == (48, 4_320.0)


def test_a_correction_of_a_length_is_a_correction(book: Connection, take: Callable[..., Tally]) -> None:
    take([("m1", START_MS, START_MS + 2 * HOUR_MS, 10.0)])
    halves = [("m1", START_MS, START_MS + HOUR_MS, 4.0), ("m1", START_MS + HOUR_MS, START_MS + 2 * HOUR_MS, 6.5)]
    assert take(halves, name="halves.csv").rejected_count == 2
    assert take(halves, name="halves.csv", corrects=books.identity_of(book, "1")).added == 2
    assert total(book)["2025-03"] == (2, 10.5)


def test_as_of_a_day_it_is_what_was_known_then(
    book: Connection, take: Callable[..., Tally], monkeypatch: pytest.MonkeyPatch
) -> None:
    def at(day: int) -> None:
        monkeypatch.setattr(facts, "now", lambda: f"2026-06-{day:02}T00:00:00.000Z")

    at(1)
    take(hours(24))
    at(2)
    take(hours(24, value=90.0), name="b.csv", corrects=books.identity_of(book, "1"))
    at(3)
    take(hours(12, first=24), name="c.csv")
    at(4)
    retract(book, 2)
    at(5)
    retract(book, 1)
    known = [total(book, f"2026-06-{day:02}T12:00:00.000Z").get("2025-03") for day in range(6)]
    assert total(book, "2026-05-31T00:00:00.000Z") == {}
    # What a correction replaced does not come back with its withdrawal.
    assert known[1:] == [(24, 2_400.0), (24, 2_160.0), (36, 3_360.0), (12, 1_200.0), (12, 1_200.0)]


def test_a_file_may_come_again_after_its_batch_was_withdrawn(book: Connection, take: Callable[..., Tally]) -> None:
    take(hours(48))
    retract(book, 1)
    assert total(book) == {}
    assert take(hours(48)).added == 48
    assert total(book)["2025-03"] == (48, 4_800.0)
    assert verify(book).ok


def test_a_correction_stands_when_what_it_corrected_is_withdrawn(book: Connection, take: Callable[..., Tally]) -> None:
    take(hours(24))
    take(hours(12, value=90.0), name="b.csv", corrects=books.identity_of(book, "1"))
    retract(book, 1)
    assert total(book)["2025-03"] == (12, 1_080.0)
    with pytest.raises(LedgerError, match="which is 3"):
        retract(book, 1)


def test_a_correction_of_a_correction_stands_when_the_first_is_withdrawn(
    book: Connection, take: Callable[..., Tally]
) -> None:
    take(hours(24))
    for name, value in (("b.csv", 90.0), ("c.csv", 80.0)):
        take(hours(24, value=value), name=name, corrects=books.identity_of(book, "1"))
    retract(book, 2)
    assert total(book)["2025-03"] == (24, 1_920.0)


def test_half_an_hour_within_a_known_hour_is_refused_however_long_before_that_began(
    book: Connection, take: Callable[..., Tally]
) -> None:
    take([("m1", START_MS, START_MS + 92 * DAY_MS, 10.0)])
    late = START_MS + 90 * DAY_MS
    tally = take([("m1", late, late + HOUR_MS, 1.0), ("m1", late + 2 * DAY_MS, late + 3 * DAY_MS, 1.0)], name="b.csv")
    assert (tally.added, tally.rejected_count) == (1, 1)
    assert why(tally) == {"overlaps another reading, and would be counted twice"}
    assert sum(count for count, _ in total(book).values()) == 2


def test_a_file_in_another_unit_is_refused_beside_what_is_known_of_whatever_time(take: Callable[..., Tally]) -> None:
    take(hours(48))
    for first in (48, 48 + 24 * 120):
        tally = take(hours(24, value=100_000.0, first=first), name=f"{first}.csv")
        assert (tally.added, tally.rejected_count) == (0, 24)
        assert "`as_read`" in why(tally).pop()
    assert take(hours(24, value=100_000.0, first=48), name="48.csv", as_read=True).added == 24


def test_a_gauge_is_counted_and_its_readings_may_lie_close(book: Connection, take: Callable[..., Tally]) -> None:
    rows = [("gauge-1", START_MS + n, START_MS + n, 400.0 + n) for n in range(100)]
    tally = take(rows)
    assert (tally.added, tally.sums) == (100, {})
    assert total(book)["2025-03"] == (100, 44_950.0)
    assert take([("gauge-1", START_MS + 50, START_MS + 50, 450_000.0)], name="b.csv").rejected_count == 1


def test_jobs_that_start_together_are_told_apart(take: Callable[..., Tally]) -> None:
    rows = [("m1", START_MS, START_MS + HOUR_MS * (n + 1), 1.0, n + 1) for n in range(10)]
    assert take(rows).added == 10
    assert take(rows[::-1], name="b.csv").duplicates == 10


def test_lines_of_the_future_and_lines_that_are_no_reading_are_refused_with_their_numbers(
    take: Callable[..., Tally],
) -> None:
    now_ms = facts.milliseconds(facts.now())
    rows = [
        ("m1", START_MS, START_MS + HOUR_MS, "nan"),
        ("m1", START_MS, START_MS - HOUR_MS, 1.0),
        ("m1", 20 * DAY_MS, 20 * DAY_MS + HOUR_MS, 1.0),
        ("m1", now_ms - HOUR_MS, now_ms + HOUR_MS, 1.0),
        ("gauge", now_ms + 400_000, now_ms + 400_000, 1.0),
        ("gauge", now_ms + 200_000, now_ms + 200_000, 1.0),
        ("no", "reading"),
        ("m\x00x", START_MS, START_MS + HOUR_MS, 1.0),
        ("racks", "abilene", now_ms + DAY_MS, 5),
        ("racks", "abilene", START_MS, 0),
        *hours(1),
    ]
    tally = take(rows)
    assert tally.added == 2
    assert [one.line for one in tally.rejected] == [1, 2, 3, 4, 5, 7, 8, 9, 10]


def test_refusals_are_counted_whole_and_told_in_part(
    take: Callable[..., Tally], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "MOST_REJECTED_COUNT", 5)
    take(hours(200))
    tally = take(hours(200, value=7.0), name="b.csv")
    assert (tally.rejected_count, len(tally.rejected)) == (200, 5)


def test_events_are_facts_that_are_known_by_their_row(book: Connection, take: Callable[..., Tally]) -> None:
    rows = [("racks", "abilene", START_MS + n * DAY_MS, 5) for n in range(3)]
    assert take(rows[:2]).added == 2
    tally = take(rows, name="later.csv")
    assert (tally.added, tally.duplicates) == (1, 2)
    assert [entry.fact.body["racks_count"] for entry in books.read(book, kinds=("racks",))] == [5, 5, 5]


def test_a_file_that_stands_for_another_site_is_refused_until_that_is_withdrawn(
    book: Connection, take: Callable[..., Tally]
) -> None:
    take(hours(24))
    there = FileAsked(site="abilene", utc_offset_s=-21_600.0)
    with pytest.raises(LedgerError, match="as fact 1 has taken it, with nothing"):
        take(hours(24), asked=there)
    retract(book, 1)
    assert take(hours(24), asked=there).added == 24
    with pytest.raises(LedgerError, match="site abilene, utc_offset_s -21600"):
        take(hours(24))


def test_a_correction_of_no_batch_is_refused(book: Connection, take: Callable[..., Tally]) -> None:
    take([("racks", "abilene", START_MS, 5)])
    for name in (books.identity_of(book, "1"), "f" * 64):
        with pytest.raises(LedgerError, match="a batch of readings"):
            take(hours(24), name="b.csv", corrects=name)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    for file in (tmp_path / "nothing.csv", tmp_path):
        with pytest.raises(CatalogError):
            importing.source(file, "plain", FileAsked())


def test_a_name_that_is_not_text_and_a_zero_of_either_sign_are_kept(
    book: Connection, take: Callable[..., Tally]
) -> None:
    take([("m1", START_MS, START_MS + HOUR_MS, -0.0)], name="Zähler \udcff\u202e.csv")
    assert verify(book).ok
    assert next(books.read(book)).fact.source == "Zähler \\udcff\\u202e.csv"


def test_a_dry_run_tells_all_and_keeps_nothing(nothing: URL, tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", hours(24))
    with books.writing(nothing, keep=False) as book:
        assert importing.take(book, importing.source(file, "plain", FileAsked()), "ada")[0].added == 24
        assert total(book)["2025-03"] == (24, 2_400.0)
    with pytest.raises(LedgerError, match="no ledger"), books.reading(nothing):
        pass


def test_progress_is_told_in_readings_seen(take: Callable[..., Tally], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "_WAITING_COUNT", 150)
    seen: list[int] = []
    take(hours(400), said=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 400
    assert len(seen) > 1
