"""Claims: data with sources, verdicts that follow from numbers, shared plans, and the whole list on the LOI."""

import json
import re
from pathlib import Path

import pytest

from gigawatt import units
from gigawatt.errors import CatalogError, ScenarioError
from gigawatt.quarters import SECONDS_PER_QUARTER
from gigawatt.study import claims, verbs
from gigawatt.study.answer import plain
from gigawatt.study.claims import gigawatt, hardware, programme, work
from gigawatt.study.claims.answer import CheckedClaims, check
from gigawatt.study.claims.cases import Cases
from gigawatt.study.claims.claim import Claim, ClaimRow, computed, judge, reaches, row
from gigawatt.study.claims.sets import SETS, wanted
from gigawatt.study.claims.statements import Statements, pike_statements, read, said, statements
from gigawatt.units import GIGAWATT_W

WITHOUT_PLANS = [
    "million_gpus",
    "four_to_five_million",
    "tokens_per_day_first_gw",
    "weekly_users_power",
    "billion_times",
    "largest",
]
IDS = SETS["letter"].ids
# Of design.md §7.
FIELDS = {"id", "claim", "stated", "computed", "verdict", "assumption", "sources"}


@pytest.fixture(scope="module")
def small() -> Cases:
    """What-ifs of a programme that solves in a second; every plan is made once for all tests."""
    return Cases("one-campus")


@pytest.fixture(scope="module")
def answer() -> CheckedClaims:
    found: CheckedClaims = verbs.claims(only=list(reversed(WITHOUT_PLANS)))
    return found


@pytest.fixture(scope="module")
def unplanned(answer: CheckedClaims) -> dict[str, Claim]:
    return {claim.id: claim for claim in answer.claims}


def by_label(claim: Claim, start: str) -> ClaimRow:
    (found,) = [entry for entry in claim.rows if entry.label.startswith(start)]
    return found


def in_order(claim: Claim) -> None:
    found = claim.computed
    known = [value for value in (found.low, found.mid, found.high) if value is not None]
    assert known == sorted(known), claim.id


# --- data


def test_every_claim_has_a_statement_and_a_check() -> None:
    for found in SETS.values():
        assert set(found.ids) == set(said(found.name).claims)


@pytest.mark.parametrize("of", SETS)
def test_every_statement_has_speaker_date_and_sources(of: str) -> None:
    for id_, statement in said(of).claims.items():
        assert statement.speaker, id_
        assert statement.sources, id_
        assert len(statement.stated_date) == len("2025-09-22"), id_
        assert statement.unit in units.SUFFIXES, id_


@pytest.mark.parametrize(("of", "file"), [("letter", "stated.toml"), ("ports-pike", "ports_pike.toml")])
def test_every_source_has_address_and_date_and_is_used(of: str, file: str) -> None:
    text = (Path(claims.__file__).parent / file).read_text()
    for name, source in said(of).sources.items():
        assert source.url.startswith("http"), name
        assert len(source.date) >= len("2025-09"), name
        assert text.count(f'"{name}"') >= 1, name


def test_every_figure_has_a_grade_and_published_ones_a_source() -> None:
    for path, evidence in (*statements().evidence.items(), *pike_statements().evidence.items()):
        assert evidence.grade == "assumed" or evidence.source is not None, path


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        (', source = "kyber" }', " }", "figures.kyber_rack_power"),
        ('[claims.ten_gw]\nclaim = "', '[claims.ten_gw]\nclam = "', "claims.ten_gw.claim"),
        (
            'unit = "count"\nsources = ["tweaktown"',
            'unit = "count"\nsources = ["nowhere"',
            "claims.four_to_five_million.sources",
        ),
        ('sources = ["offtake"]', 'sources = ["offtaken"]', "claims.ten_gw.became[0].sources"),
        ('message_energy = { value = "0.34 Wh"', 'message_energy = { value = "0.34 W"', "figures.message_energy"),
    ],
)
def test_faults_of_the_data_are_found(tmp_path: Path, old: str, new: str, path: str) -> None:
    text = (Path(claims.__file__).parent / "stated.toml").read_text()
    assert text.count(old) == 1
    file = tmp_path / "stated.toml"
    file.write_text(text.replace(old, new))
    with pytest.raises(CatalogError, match=re.escape(path)):
        read(file, Statements)


# --- verdicts


@pytest.mark.parametrize(
    ("met", "verdict"),
    [([True, True], "holds"), ([True, False], "holds_if"), ([False, False], "fails"), ([], "fails")],
)
def test_verdicts_follow_from_what_is_met(met: list[bool], verdict: str) -> None:
    assert judge(met) == verdict


def test_a_plan_of_almost_ten_gigawatts_has_ten() -> None:
    assert reaches(9.97e9, 10e9)
    assert not reaches(9.5e9, 10e9)
    assert not reaches(None, 10e9)


def test_ranges_span_their_values_and_know_never() -> None:
    assert (row("", "w", 2.0, 1.0).low, row("", "w", 2.0, 1.0).high) == (1.0, 2.0)
    assert (row("", "date", None).low, row("", "date", None).high) == (None, None)
    assert computed("date", "2027-07-01", "2027-01-01", None).low == "2027-01-01"


def test_an_unknown_id_is_named_with_the_nearest() -> None:
    with pytest.raises(ScenarioError, match='did you mean "billion_times"') as raised:
        verbs.claims(only=["billion_time", "zzz"])
    assert [(fault.path, fault.asked) for fault in raised.value.faults] == [("only", True)] * 2


def test_an_unknown_set_is_named_with_the_nearest() -> None:
    with pytest.raises(ScenarioError, match='did you mean "ports-pike"') as raised:
        verbs.claims(of="ports-peak")
    assert [(fault.path, fault.asked) for fault in raised.value.faults] == [("of", True)]


def test_an_id_of_another_set_is_none_of_this_one() -> None:
    with pytest.raises(ScenarioError, match=r"only = \"billion_times\": expected one of eight_gw"):
        verbs.claims(of="ports-pike", only=["billion_times"])


# --- as of a day


def test_claims_are_those_that_were_made_by_the_day() -> None:
    letter = SETS["letter"]
    early = wanted(letter, (), "2025-09-22")
    assert "ten_gw" in early
    assert not {"cancer_or_education", "first_of_more", "compute_as_fuel"} & set(early)
    assert wanted(letter, ()) == wanted(letter, (), "2026-01-18") == IDS


def test_a_claim_of_a_later_day_is_refused() -> None:
    with pytest.raises(
        ScenarioError, match="a claim that was made by 2025-09-22: this one was on 2025-10-28"
    ) as raised:
        verbs.claims(only=["first of more"], as_of="2025-09-22")
    assert [fault.path for fault in raised.value.faults] == ["only"]


@pytest.mark.parametrize(
    ("of", "before", "day"), [("letter", "2025-09-21", "2025-09-22"), ("ports-pike", "2026-08-16", "2026-08-17")]
)
def test_a_day_before_the_announcement_is_refused(of: str, before: str, day: str) -> None:
    with pytest.raises(ScenarioError, match=f"a day from {day} on") as raised:
        verbs.claims(of=of, as_of=before)
    assert [fault.path for fault in raised.value.faults] == ["as_of"]


def test_vendors_and_rivals_are_those_that_had_announced_by_the_day() -> None:
    then = Cases("one-campus", as_of_date="2025-10-10")
    assert [vendor.name for vendor in programme.vendors(then) if vendor.announced_w] == ["AMD"]
    assert programme.only_nvidia(Cases("one-campus", as_of_date="2025-09-22")).verdict == "holds"
    claim = programme.largest(then)
    assert not [entry for entry in claim.rows if "Broadcom" in entry.label or "runs" in entry.label]
    assert programme.at_historic_revenue(then) is None


def test_a_peak_that_was_not_known_yet_is_left_out() -> None:
    """As of the letter no figure for inference stood beside Vera Rubin's peak."""
    (then,), (now,) = (verbs.claims(only=["billion times"], as_of=day).claims for day in ("2025-09-22", None))
    figures = [{entry.label for entry in claim.rows if "inference" in entry.label} for claim in (then, now)]
    assert figures[0] < figures[1]
    assert then.verdict in ("holds", "holds_if", "fails")


def test_what_became_of_a_claim_is_told_from_the_day_on_which_it_is_known(small: Cases) -> None:
    told = {}
    for day in ("2025-09-22", "2026-02-28", None):
        cases = Cases("one-campus", as_of_date=day, _found=small._found)
        (claim,) = check(cases, ["hundred_billion"])
        told[day] = [one.known_date for one in claim.became]
        assert ("30 billion USD" in claim.assumption) is (day != "2025-09-22")
    assert told == {"2025-09-22": [], "2026-02-28": ["2026-02-20"], None: ["2026-02-20", "2026-08-17"]}


@pytest.mark.parametrize("name", ["million GPUs", "Million-GPUs", "million_gpus"])
def test_an_id_is_taken_as_it_is_shown(small: Cases, name: str) -> None:
    """users 17: "ten gw" was shown where ten_gw was needed."""
    assert [claim.id for claim in check(small, [name])] == ["million_gpus"]


# --- claims that need no plan


@pytest.mark.parametrize("id_", WITHOUT_PLANS)
def test_a_claim_is_whole(unplanned: dict[str, Claim], id_: str) -> None:
    claim = unplanned[id_]
    assert claim.verdict in ("holds", "holds_if", "fails")
    assert claim.assumption
    assert claim.sources
    assert claim.rows
    assert claim.stated.unit == claim.computed.unit
    in_order(claim)


def test_claims_come_in_their_own_order(answer: CheckedClaims) -> None:
    assert [claim.id for claim in answer.claims] == WITHOUT_PLANS


def test_a_billion_times_runs_from_gb200_bf16_to_rubin_ultra_fp4(unplanned: dict[str, Claim]) -> None:
    claim = unplanned["billion_times"]
    assert (claim.stated.value, claim.stated.unit) == (1e9, "ratio")
    assert claim.computed.low == by_label(claim, "GB200 NVL72, BF16, published").low
    assert claim.computed.high == by_label(claim, "Rubin Ultra Kyber, FP4 (inference figure), published").high
    assert claim.verdict == "holds_if"


def test_four_to_five_million_are_blackwell_packages(unplanned: dict[str, Claim]) -> None:
    claim = unplanned["four_to_five_million"]
    low, _, high = statements().span("target_gpus_count")
    for name in ("GB200", "GB300"):
        packages = by_label(claim, f"packages of NVIDIA {name}")
        dies = by_label(claim, f"dies of NVIDIA {name}")
        assert low <= packages.low <= high < dies.low == 2 * packages.low
    assert by_label(claim, "packages of Vera Rubin").high < low
    assert claim.verdict == "holds_if"
    assert "GB300" in claim.assumption


def test_messages_do_not_explain_the_fleet(unplanned: dict[str, Claim]) -> None:
    claim = unplanned["weekly_users_power"]
    assert claim.verdict == "fails"
    assert claim.computed.mid == pytest.approx(36e6, rel=0.02)
    assert by_label(claim, "share of the fleet").high < 0.02
    assert by_label(claim, "asked by Consumer chat").high < by_label(claim, "asked by API and agents").low


def test_the_first_gigawatts_tokens_lie_between_its_classes(unplanned: dict[str, Claim]) -> None:
    claim = unplanned["tokens_per_day_first_gw"]
    mixed = by_label(claim, "all classes")
    assert claim.computed.low <= mixed.low <= mixed.high <= claim.computed.high
    assert claim.stated.value == pytest.approx(8.64e12)
    assert claim.verdict == ("holds" if claim.computed.low >= claim.stated.value else "holds_if")


def test_the_largest_has_its_equals(unplanned: dict[str, Claim]) -> None:
    claim = unplanned["largest"]
    assert claim.verdict == ("holds" if claim.stated.value > claim.computed.high else "holds_if")


def test_millions_hold_where_packages_are_small(unplanned: dict[str, Claim]) -> None:
    claim = unplanned["million_gpus"]
    assert claim.verdict == ("holds" if reaches(claim.computed.low, claim.stated.value) else "holds_if")


def test_an_answer_is_strict_and_complete(answer: CheckedClaims) -> None:
    found = plain(answer)
    assert {"gigawatt", "scenario", "hash", "notes", "of", "claims", "yardsticks"} == set(found)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    for claim in found["claims"]:
        assert set(claim) >= FIELDS
        assert set(claim["stated"]) == {"value", "unit"}
        assert set(claim["computed"]) == {"low", "mid", "high", "unit"}
        assert all(source["url"] and source["date"] for source in claim["sources"])
    assert all(set(note) == {"code", "path", "text"} for note in found["notes"])


# --- what a gigawatt is


def test_twice_the_power_holds_twice_the_packages() -> None:
    record = gigawatt.accelerator("gb300")
    assert gigawatt.packages_count(record, 2e9, 1.2) == pytest.approx(2 * gigawatt.packages_count(record, 1e9, 1.2))
    assert gigawatt.packages_count(record, 1e9, 1.2, 2 * record.rack_power_w) == pytest.approx(
        gigawatt.packages_count(record, 1e9, 1.2) / 2
    )


def test_power_that_serves_all_is_at_least_every_class_and_grows_with_demand(small: Cases) -> None:
    data = small.inputs
    load = gigawatt.load_of(data, "vr230", "2029Q1")
    assert float(load.classes.max()) <= load.inference_w <= load.total_w <= load.inference_w + load.research_w + 1e-6
    more = data.assign(demand_tokens_per_s=2 * data.demand_tokens_per_s)
    assert gigawatt.load_of(more, "vr230", "2029Q1").inference_w == pytest.approx(2 * load.inference_w)


def test_batch_work_fills_the_valleys(small: Cases) -> None:
    load = gigawatt.load_of(small.inputs, "vr230", "2029Q1")
    assert load.inference_w < float(load.classes.sum())


def test_a_watt_serves_what_its_share_of_the_load_asks(small: Cases) -> None:
    data, quarter = small.inputs, "2029Q1"
    per_day = gigawatt.mixed_tokens_per_day_per_w(data, "vr230", quarter)
    demanded = float(data.demand_tokens_per_s.sel(period=quarter).sum()) * 86400
    assert per_day * gigawatt.load_of(data, "vr230", quarter).inference_w == pytest.approx(demanded)


def test_revenue_of_a_watt_is_that_of_all_demand(small: Cases) -> None:
    data, quarter = small.inputs, "2029Q1"
    now = data.sel(period=quarter)
    price = now.price_usd_per_mtok * (now.segment_frac * now.segment_price_ratio).sum("segment")
    yearly = 4 * float((now.demand_tokens_per_s * price).sum()) * SECONDS_PER_QUARTER / 1e6
    found = gigawatt.mixed_revenue_usd_per_w(data, "vr230", quarter)
    assert found * gigawatt.load_of(data, "vr230", quarter).inference_w == pytest.approx(yearly)


# --- claims that need plans, on a programme that solves in a second


def test_plans_are_shared(small: Cases) -> None:
    assert small.pro_rata is small.pro_rata
    assert small.slipped(4) is small.slipped(4)


def test_a_later_ramp_never_brings_the_first_power_earlier(small: Cases) -> None:
    assert {use.slip_count for use in small.scenario.asked.sites.values()} == {0}
    early, late = (programme._power_at(case, "2027Q1") for case in (small.pro_rata, small.slipped(4)))
    assert early >= late - 1.0


def test_ten_gigawatts_fail_on_a_campus(small: Cases) -> None:
    claim = programme.ten_gw(small)
    assert claim.verdict == "fails"
    assert claim.computed.high < 1e9
    in_order(claim)


def test_money_follows_power(small: Cases) -> None:
    claim = programme.hundred_billion(small)
    assert claim.verdict == "fails"
    assert by_label(claim, "released, as asked").high == pytest.approx(claim.computed.mid)
    in_order(claim)


def test_never_is_null(small: Cases) -> None:
    claim = programme.first_gw_2026h2(small)
    assert (claim.verdict, claim.computed.low, claim.computed.high) == ("fails", None, None)
    assert plain(claim)["computed"] == {"low": None, "mid": None, "high": None, "unit": "date"}


def test_need_is_compared_with_history(small: Cases) -> None:
    claim = work.compute_as_fuel(small)
    _, _, past = statements().span("yearly_revenue_usd_per_w")
    met = [value <= past for value in (claim.computed.low, claim.computed.mid, claim.computed.high)]
    assert claim.verdict == ("holds" if all(met) else "holds_if" if any(met) else "fails")
    assert by_label(claim, "next gigawatt: value").low >= -1e6
    in_order(claim)


def test_welfare_never_pays_more_than_npv(small: Cases) -> None:
    claim = work.cancer_or_education(small)
    cost = by_label(claim, "value that welfare costs")
    assert cost.low >= -1e-6 * abs(small.pro_rata.value_usd)
    in_order(claim)


def test_other_vendors_are_planned_or_it_is_said_why_not(small: Cases) -> None:
    claim = programme.only_nvidia(small)
    for vendor in statements().vendors:
        announced = by_label(claim, f"announced, {vendor.name}")
        planned = [entry for entry in claim.rows if entry.label.startswith(f"planned, {vendor.name} ")]
        assert planned or announced.note
    assert claim.computed.low <= small.scenario.asked.programme.target_w * (1 + 1e-9)
    in_order(claim)


def test_a_higher_target_is_never_worth_less(small: Cases) -> None:
    target = small.scenario.asked.programme.target_w
    worth = [case.value_usd for case in (small.pro_rata, small.target(target + GIGAWATT_W))]
    assert worth == sorted(worth) or worth == pytest.approx([worth[0]] * 2, rel=1e-6)


def test_the_ladder_climbs_from_the_dgx_1(small: Cases) -> None:
    rungs = hardware.ladder(small.scenario, small.pro_rata.plan)
    assert rungs[0].date == "2016-04-01"
    assert rungs[0].flops == pytest.approx(hardware.dgx1_flops())
    assert [rung.date for rung in rungs] == sorted(rung.date for rung in rungs)
    programme_rungs = [rung for rung in rungs if rung.kind == "programme"]
    assert programme_rungs[-1].date <= "2030-12-31"
    assert max(rung.flops for rung in programme_rungs) > 1e3 * rungs[0].flops


# --- the whole list on the LOI


@pytest.mark.slow
def test_all_claims_on_the_letter_of_intent() -> None:
    said: list[str] = []
    cases = Cases(progress=said.append)
    found = {claim.id: claim for claim in check(cases)}
    assert tuple(found) == IDS
    assert len([text for text in said if text.startswith("planning")]) == len(
        {text for text in said if text.startswith("planning")}
    )
    for claim in found.values():
        in_order(claim)
        assert claim.stated.unit == claim.computed.unit
    json.dumps(plain(tuple(found.values())), allow_nan=False)
    assert found["first_gw_2026h2"].verdict == "fails"
    assert by_label(found["first_gw_2026h2"], "most that Vera Rubin's supply").high < 1e9
    ten = found["ten_gw"]
    assert ten.verdict != "holds" or ten.computed.low >= 0.99 * ten.stated.value
    assert by_label(ten, "in service at most, announced sites only").high < 10e9
    released = found["hundred_billion"]
    assert released.computed.high <= released.stated.value * (1 + 1e-9)
    choice = found["cancer_or_education"]
    for name in ("Life-science research", "Free education"):
        assert (
            by_label(choice, f"{name} served, objective welfare").low
            >= by_label(choice, f"{name} served, objective NPV").low
        )
    more = found["first_of_more"]
    assert by_label(more, "in service at most, up to 30 GW, sites").high >= 0.99 * more.computed.low
    assert any(entry.label.startswith("quarters in which it binds, up to 30 GW") for entry in more.rows)
