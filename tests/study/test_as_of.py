"""The world of 22 September 2025 and that of 28 November 2026, through every verb that may be asked for a day."""

from __future__ import annotations

import pytest

from gigawatt.errors import CatalogError, ScenarioError
from gigawatt.report.documents.run import document
from gigawatt.study import verbs
from gigawatt.study.job import Job
from gigawatt.study.opened import scenario_of
from gigawatt.study.result import load as load_result
from gigawatt.study.run.answer import answer_of
from gigawatt.study.verbs import VERBS

THEN, NOW = "2025-09-22", "2026-11-28"
OF_A_DAY = {"run", "check", "sources", "claims", "catalog list", "catalog show"}


def shown(thing: str, day: str) -> dict[str, object]:
    """Numbers of a thing by path, as `catalog show` tells them."""
    return {number.path: number.value for number in verbs.ask("catalog show", thing, as_of=day).numbers}


def test_every_verb_of_the_contract_may_be_asked_for_a_day() -> None:
    asked = {verb.name for verb in VERBS if "as_of_date" in verb.question().__dataclass_fields__}
    assert asked >= OF_A_DAY | {verb.name for verb in VERBS if verb.name.startswith("predict ")}


class TestSites:
    def test_the_letter_s_own_are_as_announced_then_and_as_their_owners_say_now(self) -> None:
        then, now = (verbs.ask("check", "loi-2025-09", as_of=day) for day in (THEN, NOW))
        last = {day: {one.site: one.last_w for one in found.sites} for day, found in ((THEN, then), (NOW, now))}
        assert (last[THEN]["milam"], last[NOW]["milam"]) == (1.2e9, 0.861e9)
        slips = {day: {one.site: one.slip_count for one in found.sites} for day, found in ((THEN, then), (NOW, now))}
        assert (slips[THEN]["uae"], slips[NOW]["uae"]) == (2, 6)
        assert shown("dona_ana", THEN)["ramp_w"] == {"2026Q3": 0, "2027Q1": 0.1e9, "2028Q4": 1e9}
        assert shown("dona_ana", NOW)["ramp_w"] == {"2028Q3": 0, "2028Q4": 0.1e9, "2030Q3": 1e9}

    def test_the_successor_s_are_not_there_then(self) -> None:
        listed = {
            day: {one.id for one in verbs.ask("catalog list", "sites", as_of=day).catalog["sites"]}
            for day in (THEN, NOW)
        }
        assert listed[NOW] - listed[THEN] == {"ports_pike", "camellia"}
        with pytest.raises(ScenarioError, match=r"sites\.ports_pike.*known from 2026-08-17"):
            verbs.ask("check", "ports-pike-2026-08", as_of=THEN)


class TestChips:
    def test_vera_rubin_is_as_announced_then_and_as_measured_now(self) -> None:
        then, now = shown("Vera Rubin", THEN), shown("Vera Rubin", NOW)
        assert (then["hbm_bandwidth_bytes_per_s"], now["hbm_bandwidth_bytes_per_s"]) == (13e12, 22e12)
        assert (then["tdp_w"], now["tdp_w"]) == (1800, 2300)
        assert ("all_in_power_w" in then, now["all_in_power_w"]) == (False, 3300)

    def test_openai_s_own_chip_is_not_known_then(self) -> None:
        assert shown("jalapeno", NOW)["tdp_w"] == 700
        with pytest.raises(CatalogError, match="known on 2025-09-22; this one is known from 2026-06-24"):
            shown("jalapeno", THEN)

    def test_what_is_predicted_of_it_is_slower_then(self) -> None:
        asked = {
            "model": "deepseek-r1",
            "gpu": "vera-rubin-nvl72-max-p",
            "input": 1000,
            "output": 1000,
            "precision": "fp4",
        }
        then, now = (verbs.ask("predict inference", as_of=day, **asked) for day in (THEN, NOW))
        assert then.tokens_per_s_per_gpu.p50 < 0.8 * now.tokens_per_s_per_gpu.p50


def test_demand_is_that_of_the_day() -> None:
    then, now = (scenario_of("loi-2025-09", {"as_of": day})[0].asked.use_cases["chat"].people for day in (THEN, NOW))
    assert then is not None
    assert now is not None
    first = [
        dict(zip(people.weekly_users_count.periods, people.weekly_users_count.values, strict=True))
        for people in (then, now)
    ]
    assert (min(first[0].items()), min(first[1].items())) == (("2025Q3", 700e6), ("2026Q3", 1e9))


def test_prices_of_gpus_are_those_of_the_day() -> None:
    rents = {day: shown("h100-rents", day) for day in ("2026-06-30", NOW)}
    assert len(rents[NOW]) > len(rents["2026-06-30"])


def test_what_changed_since_the_letter_is_told_with_day_and_source() -> None:
    changes = {change.path: change for change in verbs.ask("sources", "loi-2025-09", as_of=NOW).changes}
    ramp = changes["catalog.sites.dona_ana.ramp_w"]
    assert (ramp.known_date, ramp.was, ramp.grade) == (
        "2026-09-24",
        {"2026Q3": 0, "2027Q1": 0.1e9, "2028Q4": 1e9},
        "derived",
    )
    assert changes["use_cases.chat.people.weekly_users_count"].known_date == "2026-08-06"
    assert all(change.known_date > THEN for change in changes.values())
    assert not verbs.ask("sources", "loi-2025-09", as_of=THEN).changes


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of a result that was asked for the letter's day."""
    folder = tmp_path_factory.mktemp("dated") / "result"
    found = verbs.ask("run", "one-campus", as_of=THEN, job=Job(folder=folder))
    found.result.save(folder)
    return str(folder)


def test_a_result_is_of_its_own_day(kept: str) -> None:
    scenario, saved = scenario_of(kept)
    assert saved is not None
    assert scenario.asked.as_of_date == THEN
    assert [note.text for note in verbs.ask("sources", kept).head.notes if note.code == "as_of"]
    assert verbs.ask("sources", kept, as_of=THEN).head.hash == scenario.hash


def test_its_report_says_of_which_day_it_is(kept: str) -> None:
    assert document(answer_of(load_result(kept))).names[-1] == f"as of {THEN}"


def test_no_result_is_of_another_day(kept: str) -> None:
    with pytest.raises(ScenarioError, match=r"as_of.*a result rests on what it was made of"):
        verbs.ask("sources", kept, as_of=NOW)


@pytest.mark.parametrize("day", ["2026Q1", "yesterday", "2026-13-01"])
def test_a_day_has_to_be_one(day: str) -> None:
    with pytest.raises(ScenarioError, match=r"as_of.*expected a day, such as 2026-07-01"):
        verbs.ask("check", "one-campus", as_of=day)
