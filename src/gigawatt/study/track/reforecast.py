"""The plan of what is left: from what stands by the ledger, with what was learnt, against the old plan's remainder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from gigawatt import dollars
from gigawatt.errors import Conflict, Infeasible
from gigawatt.exact import exact
from gigawatt.ledger.facts import milliseconds, moment
from gigawatt.ledger.milestones import milestones
from gigawatt.programme import money
from gigawatt.programme.arrays import arrays
from gigawatt.programme.opening import start_book_usd
from gigawatt.quarters import QUARTER, SECONDS_PER_QUARTER, quarter_name, quarter_number, quarter_of
from gigawatt.scenario.load import reread
from gigawatt.scenario.schema import Scenario
from gigawatt.study.answer import SPREAD, UNTOLD, Head, head_of
from gigawatt.study.job import Job
from gigawatt.study.note import Note
from gigawatt.study.question import refuse, wrong
from gigawatt.study.result import Result, check_out
from gigawatt.study.run.stages import run
from gigawatt.study.run.tranches import tranches
from gigawatt.study.standing import course, cut, penalties_usd, remainder_usd
from gigawatt.study.track import known as knowing
from gigawatt.study.track import refit, stands
from gigawatt.study.track.actual import names
from gigawatt.study.track.known import LedgerKnown, LedgerRead, edge_ms
from gigawatt.study.track.planned import planned
from gigawatt.study.track.question import ReforecastQuestion
from gigawatt.study.track.reconcile import held, labelled
from gigawatt.study.track.refit import Refit
from gigawatt.study.track.slips import ALL, Slip, Stream, curves, slips, terms_of, time_of
from gigawatt.study.track.stands import Stood
from gigawatt.units import show


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingSite:
    """What stands at a site when the quarter begins, by plan and by ledger."""

    site: str
    planned_energised_w: float
    energised_w: float
    planned_racks_count: float
    racks_count: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingCohort:
    """Racks that stand when the quarter begins, by when they were accepted."""

    site: str
    platform: str
    installed_period: str
    racks_count: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RemainingQuarter:
    """A quarter of the old plan's remainder and of the new plan."""

    period: str
    planned_w: float
    """Facility power in service at its end, in the old plan."""
    power_w: float
    """The same in the new one."""
    planned_tokens: float
    served_tokens: float
    planned_usd: float
    """Free cash flow of the old plan."""
    cash_usd: float
    """The same of the new one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedTranche:
    """When a milestone's power stands and its money comes, in the old plan and in the new; None for never."""

    milestone_w: float
    amount_usd: float
    planned_energised_period: str | None
    energised_period: str | None
    planned_released_period: str | None
    released_period: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reforecast:
    """What is left of a plan, planned anew."""

    head: Head = field(metadata=SPREAD)
    ledger: LedgerRead
    from_: str
    """First quarter that is planned anew."""
    planned_hash: str
    """Identity of the scenario of the old plan."""
    planned_value_usd: float
    """What the old plan's remainder is worth when that quarter begins, with terminal value."""
    value_usd: float
    """What the new plan is worth then."""
    planned_penalties_usd: float
    """What the old plan's remainder falls short of soft limits by, as the objective counts it; no money."""
    penalties_usd: float
    """The same of the new plan."""
    gap_usd: float | None
    """How far the new plan may be from the best."""
    planned_first_gw_date: str | None
    first_gw_date: str | None
    planned_target_date: str | None
    target_date: str | None
    planned_tokens: float
    """Output tokens of the old plan's remainder, over the reported quarters."""
    served_tokens: float
    planned_cash_usd: float
    """Cash when the quarter begins, by the old plan."""
    cash_usd: float
    planned_debt_usd: float
    debt_usd: float
    released_w: float
    """Power up to which tranches were paid."""
    refits: tuple[Refit, ...]
    sites: tuple[StandingSite, ...]
    racks: tuple[StandingCohort, ...]
    quarters: tuple[RemainingQuarter, ...]
    tranches: tuple[MovedTranche, ...]
    scenario: Scenario = field(metadata=UNTOLD)
    result: Result = field(metadata=UNTOLD)


@exact()
def answer(question: ReforecastQuestion, job: Job) -> Reforecast:
    """Plan anew what is left of a result's plan, from what stands by a ledger.

    Raises ScenarioError or LedgerError for bad input, Infeasible where no plan meets every hard limit from there.
    """
    if job.folder is not None:
        check_out(job.folder)
    result = knowing.opened(question.result)
    job.say("reading the ledger")
    whole = knowing.read(question.database, question.as_of, None)
    period = start(question, result, whole)
    return reforecast(result, whole, period, job)


def start(question: ReforecastQuestion, result: Result, known: LedgerKnown) -> str:
    """The first quarter that is planned anew. Raises ScenarioError where the plan has none such."""
    quarters = result.scenario.quarters
    now = quarter_of(known.at)
    next_ = quarter_name(quarter_number(now) + 1)
    allowed = [one for one in quarters[1 : result.scenario.reported_count] if one <= next_]
    given = question.from_
    if not allowed:
        expected = f"a ledger that reaches into {quarters[0]}, where the plan begins"
        refuse([wrong("as_of", known.as_of, expected)])
    if given is None:
        if now > quarters[result.scenario.reported_count - 1]:
            refuse([wrong("from", now, f"a quarter from {allowed[0]} to {allowed[-1]}: the plan is over")])
        return max(now, allowed[0])
    if not QUARTER.fullmatch(given) or given not in allowed:
        refuse([wrong("from", given[:40], f"a quarter of the plan from {allowed[0]} to {allowed[-1]}")])
    return given


def reforecast(result: Result, whole: LedgerKnown, period: str, job: Job) -> Reforecast:
    """The plan from a quarter on, from what stands by what is known."""
    until = moment(min(edge_ms(period) - 1, milliseconds(whole.at)))
    known = replace(whole, at=until)
    left = cut(result.scenario, result.plan, period)
    found = stands.stood(result, known, left, period)
    believed = believed_slips(result, known)
    learnt = refits(result, known, believed)
    scenario = question_of(result, left, found, believed, learnt)
    try:
        made = run(scenario, progress=job.say)
    except Infeasible as refused:
        raise Infeasible([*in_conflict(scenario), *refused.conflicts]) from None
    told = (*notes(whole, known, period, learnt), *found.notes, *made.notes)
    return _answer(result, made, left, found, learnt, head_of(scenario, told), knowing.head_of(known))


def believed_slips(result: Result, known: LedgerKnown) -> dict[tuple[str, Stream], Slip]:
    """What is believed of the slips of the plan's sites."""
    terms, _ = terms_of(known, result)
    asked, quarters = result.scenario.asked, result.scenario.quarters
    return slips(curves(result, known, terms, list(asked.sites)), asked, time_of(known.at, quarters[0]))


def refits(result: Result, known: LedgerKnown, believed: Mapping[tuple[str, Stream], Slip]) -> tuple[Refit, ...]:
    """Every figure that was learnt."""
    asked, plan = result.scenario.asked, planned(result)
    found = list(refit.of_slips(believed, asked))
    terms, _ = terms_of(known, result)
    there = names(plan, known)
    of = held(labelled(plan, there, terms), known, there)
    if of is not None:
        found += list(refit.of_ratios(result, of.plan, of.seen, of.steps, known))
    return tuple(found)


def question_of(
    result: Result, left: Scenario, found: Stood, believed: Mapping[tuple[str, Stream], Slip], learnt: Sequence[Refit]
) -> Scenario:
    """The scenario of what is left: what stands, power and supply as late as is believed, and all that was learnt."""
    asked, given, quarters = result.scenario.asked, result.plan.inputs, result.scenario.quarters
    at = quarters.index(found.period)

    def mean(site: str, stream: Stream) -> float:
        one = believed.get((site, stream))
        return one.slip_quarters.posterior_value if one is not None else 0.0

    late = {site: stands.later_count(result, found, site, mean(site, "power")) for site in asked.sites}
    changed: dict[str, Any] = {}
    for site in asked.sites:
        ramp = stands.shifted(given.ramp_w.sel(site=site), at, late[site], found.energised_w[site])
        changed[f"sites.{site}.ramp"] = course(ramp, quarters[at:], "W")
    chips = max(mean(ALL, "racks") - mean(ALL, "power"), 0.0)
    for pool in asked.pools if chips > 1e-9 else ():
        supply = stands.shifted(given.supply_count.sel(pool=pool), at, chips)
        changed[f"pools.{pool}.supply"] = course(supply, quarters[at:], "")
    changed["opening"] = stands.table(result, left, found, late)
    return reread(left, changed | refit.overrides(result, learnt))


def in_conflict(scenario: Scenario) -> Iterator[Conflict]:
    """What of the money that is owed no plan can change: debt beyond its covenant when the first quarter begins."""
    asked = scenario.asked
    book = start_book_usd(arrays(scenario), asked)
    short = asked.at_start.debt_usd - asked.capital.covenant_frac * book
    if short > 0:
        period = asked.horizon.start_date
        yield Conflict(limit="capital.covenant", period=period, site="", short_by=short, unit="USD")


def notes(whole: LedgerKnown, known: LedgerKnown, period: str, learnt: Sequence[Refit]) -> Iterator[Note]:
    """What is not carried, and what is left aside."""
    later = len(whole.facts) - len(known.facts)
    if later:
        text = f"{later} facts happened in {period} or later, which is planned anew: they are not in what stands."
        yield Note(code="later_facts", path="from", text=text)
    met = {row.number for row in milestones(known.recorded, known.at) if row.met}
    paid = [fact for fact in knowing.paid_from(known, period) if fact.body["milestone"] in met]
    if paid:
        marks = ", ".join(show(fact.body["milestone_w"], "w") for fact in paid)
        text = (
            f"Tranches met before {period} and paid since it began: {marks}. "
            "Their money is not in what stands: the new plan has it to come."
        )
        yield Note(code="tranches_since", path="opening.released", text=text)
    for one in learnt:
        if one.unit == "ratio" and not one.carried and one.believed.observations_count:
            what = f"{one.item} of {one.thing}" if one.thing else one.item
            text = f"The {what} was seen, and the scenario has no key by which the new plan could take it up."
            yield Note(code="not_carried", path=one.item, text=text)
    seen = [one for one in learnt if one.item == "pue" and one.carried and one.believed.observations_count]
    if seen:
        sites = ", ".join(one.thing for one in seen)
        text = f"The PUE of {sites} is taken up in the price of energy there, for it is no key of a scenario."
        yield Note(code="pue_in_price", path="sites", text=text)


def _answer(
    result: Result,
    made: Result,
    left: Scenario,
    found: Stood,
    learnt: tuple[Refit, ...],
    head: Head,
    read: LedgerRead,
) -> Reforecast:
    old, new = result.headline, made.headline
    values, opening = made.accounts.values, left.asked.at_start
    period = found.period
    at = result.scenario.quarters.index(period)
    short_usd = dollars.npv(penalties_usd(result.plan).values[at:], result.scenario.asked.finance.discount_per_year)
    quarters = tuple(_quarters(result, made))
    reported = quarters[: made.scenario.reported_count]
    return Reforecast(
        head=head,
        ledger=read,
        from_=period,
        planned_hash=result.scenario.hash,
        planned_value_usd=remainder_usd(result.scenario, result.plan, period) + short_usd,
        value_usd=values.npv_usd + values.terminal_value_usd,
        planned_penalties_usd=short_usd,
        penalties_usd=values.penalties_usd,
        gap_usd=made.plan.gap if made.plan.unit == "USD" else None,
        planned_first_gw_date=_text(old["first_gw_date"]),
        first_gw_date=_text(new["first_gw_date"]),
        planned_target_date=_text(old["target_date"]),
        target_date=_text(new["target_date"]),
        planned_tokens=sum(one.planned_tokens for one in reported),
        served_tokens=sum(one.served_tokens for one in reported),
        planned_cash_usd=opening.cash_usd or 0.0,
        cash_usd=found.cash_usd,
        planned_debt_usd=opening.debt_usd,
        debt_usd=found.debt_usd,
        released_w=found.released_w,
        refits=learnt,
        sites=tuple(_sites(result, found)),
        racks=tuple(
            StandingCohort(
                site=one.site, platform=one.platform, installed_period=one.installed, racks_count=one.racks_count
            )
            for one in found.cohorts
        ),
        quarters=quarters,
        tranches=tuple(_tranches(result, made)),
        scenario=made.scenario,
        result=made,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _quarters(result: Result, made: Result) -> Iterator[RemainingQuarter]:
    """Every quarter of the new plan beside the old one's."""
    figures = []
    for one in (result, made):
        data = one.plan.data.sel(period=made.scenario.quarters)
        power = data.facility_w.sum("site").values
        served = money.mean_tokens_per_s(data.served_tokens_per_s, one.plan.inputs).sum("use_case").values
        free = one.accounts.statements["free_cash_flow"].sel(period=made.scenario.quarters).values
        figures.append((power, served * SECONDS_PER_QUARTER, free))
    for n, period in enumerate(made.scenario.quarters):
        (old_w, old_tokens, old_usd), (new_w, new_tokens, new_usd) = (
            [float(values[n]) for values in mine] for mine in figures
        )
        yield RemainingQuarter(
            period=period,
            planned_w=old_w,
            power_w=new_w,
            planned_tokens=old_tokens,
            served_tokens=new_tokens,
            planned_usd=old_usd,
            cash_usd=new_usd,
        )


def _sites(result: Result, found: Stood) -> Iterator[StandingSite]:
    last = result.scenario.quarters.index(found.period) - 1
    data = result.plan.data.isel(period=last)
    for site, power in found.energised_w.items():
        yield StandingSite(
            site=site,
            planned_energised_w=float(data.shell_w.sel(site=site)),
            energised_w=power,
            planned_racks_count=float(data.stock_count.sel(site=site).sum()),
            racks_count=float(np.sum([one.racks_count for one in found.cohorts if one.site == site])),
        )


def _tranches(result: Result, made: Result) -> Iterator[MovedTranche]:
    """Tranches that are not paid when the quarter begins, by both plans."""
    before = {one.milestone_w: one for one in tranches(result)}
    for new in tranches(made):
        old = before.get(new.milestone_w)
        yield MovedTranche(
            milestone_w=new.milestone_w,
            amount_usd=max(new.amount_usd, old.amount_usd if old else 0.0),
            planned_energised_period=old.energised_period if old else None,
            energised_period=new.energised_period,
            planned_released_period=old.released_period if old else None,
            released_period=new.released_period,
        )
