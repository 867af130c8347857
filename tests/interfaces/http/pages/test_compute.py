"""Who gets the compute: the sliders and what they say, links that hold what was changed, faults at their fields."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from gigawatt.study import verbs

Browser = Callable[..., TestClient]


def asked(**values: str) -> str:
    return "/compute?" + urlencode({"scenario": "six-classes", **values})


def field(text: str, name: str) -> dict[str, str]:
    """The attributes of a field of a page."""
    (tag,) = re.findall(rf'<input type="number" id="{name.replace(".", "-")}"[^>]*>', text)
    return {key: unescape(value) for key, value in re.findall(r'([a-z-]+)="([^"]*)"', tag)}


@pytest.fixture
def viewer(browser: Browser) -> TestClient:
    return browser("viewer")


def test_sliders_stand_where_the_scenario_has_them(viewer: TestClient) -> None:
    found = viewer.get(asked())
    assert found.status_code == 200
    for name, value in (("capacity", "10"), ("weight.agents", "1.6"), ("floor.chat", "0.8")):
        assert field(found.text, name)["value"] == field(found.text, name)["data-base"] == value
    assert 'data-of="capacity" min="0.088" max="17.6"' in found.text
    assert "Cancer research gets 77 %" in found.text
    assert "What 1 GW more is worth, and to whom" in found.text


def test_every_slider_has_a_name_and_a_unit(viewer: TestClient) -> None:
    text = viewer.get(asked()).text
    ranges = re.findall(r'<input type="range"[^>]*>', text)
    assert len(ranges) == 1 + 2 * 6
    assert all(
        re.search(r'aria-label="[^"]+"', one) and re.search(r'aria-valuetext="[^"]+ \S+"', one) for one in ranges
    )
    assert len(set(re.findall(r'aria-label="(Weight, [^"]+)" aria-valuetext', text))) == 6


def test_a_link_holds_what_was_changed_and_shows_it(viewer: TestClient) -> None:
    text = viewer.get(asked(**{"capacity": "12", "weight.media": "2", "floor.chat": "1.5"})).text
    assert field(text, "capacity")["value"] == "12"
    assert field(text, "capacity")["data-base"] == "10"
    assert field(text, "weight.media")["value"] == "2"
    assert "Who gets 12 GW" in text
    values = {"allocation.classes.media.weight": "2 /GW", "allocation.classes.chat.floor": "1.5 GW"}
    told = verbs.allocate("six-classes", set=values, capacity="12 GW")
    assert told.allocation[0].floor_frac == pytest.approx(0.5)
    assert f"{told.lambda_right:.3g} value units" in text


def test_the_fragment_is_the_answer_of_the_page_and_nothing_else(viewer: TestClient) -> None:
    whole, part = (viewer.get(asked(capacity="12", **more)).text for more in ({}, {"part": "1"}))
    assert "<html" not in part
    assert "<form" not in part
    assert part.strip() in whole
    assert re.search(r'data-said="A gigawatt more is worth: [^"]+ of what it asks for', part)


def test_a_field_as_it_was_changes_nothing(viewer: TestClient) -> None:
    plain = viewer.get(asked()).text
    same = viewer.get(asked(**{"capacity": "10", "weight.chat": "1", "floor.chat": "0.8", "was": "six-classes"})).text
    assert same.split('<div id="answer">')[1] == plain.split('<div id="answer">')[1]


def test_sliders_of_another_scenario_are_left_behind(viewer: TestClient) -> None:
    text = viewer.get(asked(**{"was": "loi-2025-09", "capacity": "3", "weight.chat": "300"})).text
    assert field(text, "capacity")["value"] == "10"
    assert field(text, "weight.chat")["value"] == "1"


def test_values_in_money_are_told_and_asked_by_the_billion(viewer: TestClient) -> None:
    text = viewer.get("/compute?scenario=one-campus").text
    assert 'aria-valuetext="100 MW"' in text
    names = re.findall(r'name="(weight\.[a-z_]+)"', text)
    base = float(field(text, names[0])["data-base"])
    first = verbs.allocate("one-campus").allocation[0]
    assert base == pytest.approx(first.weight_value_per_gw_year / 1e9, rel=1e-3)
    query = {"scenario": "one-campus", "unit": "MW", "worth": "billion USD", names[0]: f"{2 * base:g}"}
    more = viewer.get("/compute?" + urlencode(query)).text
    assert float(field(more, names[0])["value"]) == pytest.approx(2 * base, rel=1e-3)
    assert field(more, "capacity")["value"] == "100"


@pytest.mark.parametrize(
    ("name", "given"), [("weight.chat", "-1"), ("floor.chat", "9"), ("capacity", "much"), ("weight.chat", "<b>")]
)
def test_a_wrong_value_is_told_at_its_field_and_nothing_is_lost(viewer: TestClient, name: str, given: str) -> None:
    found = viewer.get(asked(**{name: given, "weight.media": "3"}))
    assert found.status_code == 422
    assert field(found.text, name)["value"] == given
    assert field(found.text, name)["aria-invalid"] == "true"
    assert f'id="{name.replace(".", "-")}-wrong"' in found.text
    assert field(found.text, "weight.media")["value"] == "3"
    assert "<b>" not in found.text


def test_a_wrong_value_is_told_by_the_fragment(viewer: TestClient) -> None:
    found = viewer.get(asked(part="1", **{"weight.chat": "-1"}))
    assert found.status_code == 422
    assert "<html" not in found.text
    assert "allocation.classes.chat.weight" in found.text


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"scenario": "no-such"}, "scenario"),
        ({"scenario": "one-campus", "period": "1999Q1"}, "period"),
        ({"fairness": "random"}, "fairness"),
    ],
)
def test_what_cannot_be_divided_is_told_above_the_form(viewer: TestClient, values: dict[str, str], path: str) -> None:
    found = viewer.get(asked(**values))
    assert found.status_code == 422
    assert f"<code>{path}</code>" in found.text
    assert '<select id="scenario"' in found.text


def test_a_rule_of_ones_own_stays_chosen(viewer: TestClient) -> None:
    text = viewer.get(asked(fairness="alpha=3")).text
    assert '<option value="alpha=3" selected>' in text
