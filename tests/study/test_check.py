"""What a scenario asks, before it is solved."""

from __future__ import annotations

import json

import pytest

from gigawatt.programme.arrays import arrays
from gigawatt.report.documents.outline import document
from gigawatt.scenario.load import load
from gigawatt.study.answer import plain
from gigawatt.study.check.answer import outline


@pytest.mark.parametrize("name", ["one-campus", "loi-2025-09"])
def test_outline_is_strict_json_and_complete(name: str) -> None:
    scenario = load(name)
    found = plain(outline(scenario))
    json.dumps(found, allow_nan=False)
    assert found["hash"] == scenario.hash
    assert [site["site"] for site in found["sites"]] == list(scenario.asked.sites)
    assert [use["use_case"] for use in found["use_cases"]] == list(scenario.asked.use_cases)
    assert sum(found["grades"].values()) == found["numbers_count"] == len(scenario.evidence)


def test_outline_shows_what_the_planner_will_see() -> None:
    scenario = load("one-campus")
    found, data = plain(outline(scenario)), arrays(scenario).isel(period=scenario.reported_count - 1)
    assert [site["last_w"] for site in found["sites"]] == data.ramp_w.values.tolist()
    assert [use["last_tokens_per_s"] for use in found["use_cases"]] == data.demand_tokens_per_s.values.tolist()
    assert [use["last_usd_per_mtok"] for use in found["use_cases"]] == data.price_usd_per_mtok.values.tolist()


def test_overrides_are_seen() -> None:
    found = plain(outline(load("one-campus", {"programme.target": "50 MW", "capital.tranches": False})))
    assert found["programme"]["target_w"] == 50e6
    assert found["capital"]["tranches"] == []
    assert found["capital"]["release"] is None


def test_what_stands_already_is_outlined() -> None:
    site = "example-campus"
    over = {
        f"sites.{site}.ramp": "40 MW",
        "opening": {
            "racks": [
                {"site": site, "platform": "gb300", "installed": "2025Q4", "racks": 30},
                {"site": site, "platform": "gb300", "installed": "2026Q2", "racks": 10},
            ],
            "shells": [{"site": site, "paid": "2025Q2", "power": "20 MW"}],
            "paid": [{"site": site, "paid": "2026Q2", "amount": "5 million USD"}],
            "begun": [{"site": site, "ready": "2026Q4", "power": "10 MW"}],
            "debt": "50 million USD",
        },
    }
    found = outline(load("one-campus", over))
    stands = found.opening
    assert stands is not None
    (racks,), (shells,) = stands.racks, stands.shells
    assert (stands.racks_count, racks.racks_count, racks.first_period, racks.last_period) == (
        40,
        40,
        "2025Q4",
        "2026Q2",
    )
    assert (stands.shell_w, shells.standing_w, shells.begun_w, shells.paid_usd) == (20e6, 20e6, 10e6, 5e6)
    assert stands.gross_w == pytest.approx(stands.facility_w)
    assert stands.it_w < stands.facility_w < stands.shell_w
    assert (stands.cash_usd, stands.debt_usd) == (300e6, 50e6)
    assert 40 * 3.7e6 * 1.12 < stands.book_usd < 40 * 3.7e6 * 1.12 + 20e6 * 12.5 + 5e6
    (section,) = (one for one in document(found).sections if one.slug == "opening")
    assert [part.name for part in section.parts] == ["opening", "standing_racks", "standing_shells"]
    (question,) = (part for part in document(found).sections[0].parts)
    assert "Opening cash" not in dict(question.pairs)  # what stands has the cash of the start
    nothing = outline(load("one-campus"))
    assert nothing.opening is None
    assert "opening" not in [one.slug for one in document(nothing).sections]
