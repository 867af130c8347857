"""Claims about PORTS-Pike: what its load is, when it is complete, what the guarantee covers and may cost."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from gigawatt.account import contracts
from gigawatt.errors import ScenarioError
from gigawatt.programme import landlords
from gigawatt.quarters import quarter_number, quarter_of
from gigawatt.report.documents import claims as documents
from gigawatt.study import verbs
from gigawatt.study.answer import plain
from gigawatt.study.claims import backing, campus, pike
from gigawatt.study.claims.answer import CheckedClaims, check
from gigawatt.study.claims.cases import Cases
from gigawatt.study.claims.claim import Claim, ClaimRow
from gigawatt.study.claims.sets import SETS, wanted
from gigawatt.study.claims.statements import pike_statements

PIKE = SETS["ports-pike"]
WITHOUT_PLANS = ["eight_gw_it_is_ten_gw_load", "guarantee_covers_lease_value", "exclusive"]


@pytest.fixture(scope="module")
def cases() -> Cases:
    return Cases(pike.BASE)


@pytest.fixture(scope="module")
def found(cases: Cases) -> dict[str, Claim]:
    return {claim.id: claim for claim in check(cases, WITHOUT_PLANS, "ports-pike")}


@pytest.fixture(scope="module")
def planned(cases: Cases) -> dict[str, Claim]:
    return {claim.id: claim for claim in check(cases, ["first_800_mw_2028", "complete_2032"], "ports-pike")}


def by_label(claim: Claim, start: str) -> ClaimRow:
    (one,) = [entry for entry in claim.rows if entry.label.startswith(start)]
    return one


def varied(tmp_path: Path, text: str) -> Cases:
    """The programme with something else stated."""
    file = tmp_path / "varied.toml"
    file.write_text(f'extends = "{pike.BASE}"\nname = "varied"\ntitle = "Varied"\n{text}')
    return Cases(str(file))


# --- what was published


def test_buildings_add_up_to_what_is_announced() -> None:
    figures = pike_statements().figures
    assert figures.it_w == pytest.approx(8.024e9)
    assert figures.lines_power_w + figures.gas_power_w == pytest.approx(10e9)


def test_the_cap_is_103_dollars_a_kilowatt_and_month_not_discounted(found: dict[str, Claim]) -> None:
    figures = pike_statements().figures
    by_hand = 105e9 / 4.248e6 / 240
    shown = by_label(found["guarantee_covers_lease_value"], "rent of a month per kW of IT that adds up")
    assert shown.high == pytest.approx(by_hand) == pytest.approx(103, rel=1e-3)
    assert figures.guarantee_usd == found["guarantee_covers_lease_value"].stated.value


# --- load


def test_load_is_provisioned_more_than_it_is_drawn(found: dict[str, Claim]) -> None:
    claim = found["eight_gw_it_is_ten_gw_load"]
    mean, peak, provisioned = claim.computed.low, claim.computed.mid, claim.computed.high
    assert 8.024e9 < mean < peak < provisioned
    assert provisioned == pytest.approx(10e9, rel=0.005)
    assert (claim.verdict, peak < 10e9 * 0.995) == ("holds_if", True)
    assert by_label(claim, "PUE over the year, dry").low == pytest.approx(mean / 8.024e9)


# --- dates


def test_eight_hundred_megawatts_come_with_their_slip(planned: dict[str, Claim]) -> None:
    claim = planned["first_800_mw_2028"]
    stated, middle, longest = (
        by_label(claim, f"800 MW energised, {way}").low
        for way in ("as its owners", "as late as half", "as late as nine")
    )
    assert stated <= "2028-12-31" < middle < longest
    assert (claim.computed.low, claim.computed.mid) == (stated, middle)
    slips = by_label(claim, "quarters by which promises")
    apart = quarter_number(quarter_of(str(middle))) - quarter_number(quarter_of(str(stated)))
    assert apart == slips.low <= slips.high
    assert claim.verdict == ("holds" if longest <= "2028-12-31" else "holds_if")


def test_without_the_gas_the_campus_is_never_complete(planned: dict[str, Claim], cases: Cases) -> None:
    claim = planned["complete_2032"]
    assert by_label(claim, "10 GW energised, without the gas").low is None
    assert claim.computed.high is None
    assert claim.verdict == "holds_if"
    assert by_label(claim, "in service at the campus at the end of Q4 2032, without the gas").high <= 0.8e9 * (1 + 1e-6)
    poor = campus.without_gas(cases)
    assert float(poor.plan.data.facility_w.sel(site=campus.key_of(cases)).max()) <= 0.8e9 * (1 + 1e-6)


# --- the guarantee


def test_a_guarantee_costs_at_most_its_worst_and_the_worst_at_most_its_cap(cases: Cases) -> None:
    cap, before = backing.guarantee_of(cases).cap_usd, 0.0
    for default in (0.0, 0.01, 0.05, 0.5):
        found = backing.cost(cases, default, 0.3)
        assert before <= found.expected_usd <= found.worst_usd <= cap
        before = float(found.expected_usd)
    assert backing.cost(cases, 0.0, 0.3).expected_usd == 0
    assert backing.cost(cases, 0.05, 0.6).worst_usd <= backing.cost(cases, 0.05, 0.3).worst_usd


def test_the_guarantee_costs_what_a_run_says(cases: Cases) -> None:
    run = contracts.contracts(cases.asked.scenario, cases.asked.plan)
    assert run is not None
    assert run.guarantee is not None
    claim = backing.hundred_five_billion(cases)
    assert by_label(claim, "cost on average, present").high == pytest.approx(run.guarantee.expected_usd)
    assert by_label(claim, "cost of a failure").high == pytest.approx(run.guarantee.worst_usd)
    assert by_label(claim, "rent that the tenant saves").high == pytest.approx(run.guarantee.saved_usd)


def test_a_smaller_cap_is_all_that_can_be_lost(tmp_path: Path) -> None:
    small = varied(tmp_path, '[capital.guarantee]\ncap = { value = "1 billion USD", grade = "assumed" }\n')
    claim = backing.hundred_five_billion(small)
    assert claim.computed.high == pytest.approx(1e9 + pike_statements().figures.equity_usd)
    assert "all that the cap allows" in claim.assumption
    assert claim.verdict == "fails"


def test_the_value_of_a_lease_is_its_rent_discounted(cases: Cases, found: dict[str, Claim]) -> None:
    claim, rate = found["guarantee_covers_lease_value"], cases.scenario.asked.finance.lease_rate_per_year
    yearly = backing.planned_rent_usd_per_w_it(cases) * 4.248e9
    growth = landlords.growth_per_year(cases.scenario.asked, campus.key_of(cases))
    quarters = [yearly / 4 * (1 + growth) ** (n / 4) * (1 + rate) ** -((n + 0.5) / 4) for n in range(80)]
    assert claim.computed.mid == pytest.approx(math.fsum(quarters), rel=1e-9)
    total = math.fsum(yearly / 4 * (1 + growth) ** (n / 4) for n in range(80))
    assert by_label(claim, "rent of the whole term").high == pytest.approx(total)
    assert claim.computed.low <= claim.computed.mid <= claim.computed.high
    met = claim.stated.value >= claim.computed.high
    assert claim.verdict == ("holds" if met else "holds_if")


def test_a_rent_that_is_stated_is_what_counts(tmp_path: Path) -> None:
    text = '[sites.ports_pike.lease]\nmonthly_rent_it = { value = "150 USD/kW", grade = "assumed" }\n'
    assert backing.planned_rent_usd_per_w_it(varied(tmp_path, text)) == pytest.approx(1.8)


# --- the supplier


def test_exclusive_is_said_of_the_campus_only(found: dict[str, Claim]) -> None:
    claim = found["exclusive"]
    assert claim.computed.high == 1
    assert claim.computed.low < claim.computed.mid < 0.5
    assert by_label(claim, "announced to OpenAI, Broadcom").low == 10e9
    assert claim.verdict == "holds_if"


@pytest.mark.slow
def test_no_page_says_that_the_first_gigawatt_of_vera_rubin_runs(cases: Cases) -> None:
    (claim,) = check(cases, ["first_gw_vera_rubin_2026h2"], "ports-pike")
    assert claim.verdict == "fails"
    assert claim.assumption.startswith("no page says")
    assert claim.computed.low > "2026-12-31"
    assert [one.known_date for one in claim.became] == ["2026-06-03", "2026-09-30"]


# --- the set


def test_a_scenario_without_the_campus_is_told_so() -> None:
    with pytest.raises(ScenarioError, match="the site ports_pike among them") as raised:
        check(Cases("one-campus"), ["eight_gw_it_is_ten_gw_load"], "ports-pike")
    assert [fault.path for fault in raised.value.faults] == ["sites"]


def test_a_scenario_without_the_guarantee_is_told_so(tmp_path: Path) -> None:
    without = varied(tmp_path, "[capital]\nguarantee = false\n")
    with pytest.raises(ScenarioError, match="the guarantee that is to be judged") as raised:
        backing.hundred_five_billion(without)
    assert [fault.path for fault in raised.value.faults] == ["capital.guarantee"]


def test_the_filing_of_september_is_judged_from_its_day_on() -> None:
    assert "complete_2032" not in wanted(PIKE, (), "2026-08-20")
    assert wanted(PIKE, (), "2026-09-21") == PIKE.ids


def test_an_answer_names_its_set_and_tells_what_became(planned: dict[str, Claim]) -> None:
    told = plain(verbs.claims(of="PORTS Pike", only=["exclusive"]))
    assert (told["of"], told["scenario"]) == ("ports-pike", pike.BASE)
    assert [claim["id"] for claim in told["claims"]] == ["exclusive"]
    became = plain(planned["complete_2032"])["became"]
    assert [set(one) for one in became] == [{"known_date", "text", "sources"}]


def test_the_page_of_a_set_has_its_title_and_what_became(planned: dict[str, Claim]) -> None:
    checked = CheckedClaims(
        head=replace(verbs.claims(only=["largest"]).head), title=PIKE.title, claims=(*planned.values(),)
    )
    page = documents.document(checked)
    assert page.title == "PORTS-Pike, checked"
    (facts,) = [part for part in page.parts() if getattr(part, "name", "") == "complete-2032"]
    assert ("since 2026-09-21", planned["complete_2032"].became[0].text) in facts.pairs
