"""Plan against actual by site and quarter, why they differ, what is earned, and when the next tranche is due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
import xarray as xr

from gigawatt.exact import exact
from gigawatt.ledger.facts import GENESIS, Fact, Recorded, milliseconds
from gigawatt.ledger.milestones import TrancheTerms, milestones
from gigawatt.scenario.schema import Scenario
from gigawatt.study.answer import SPREAD, UNTOLD, Head, head_of
from gigawatt.study.job import Job
from gigawatt.study.question import refuse, wrong
from gigawatt.study.result import Result
from gigawatt.study.track import known as knowing
from gigawatt.study.track import rows
from gigawatt.study.track.actual import Names, actual, names, whole_quarters
from gigawatt.study.track.earned import EarnedValue, value
from gigawatt.study.track.forecast import Forecast, forecast
from gigawatt.study.track.known import LedgerKnown, LedgerRead, edge_ms
from gigawatt.study.track.planned import planned
from gigawatt.study.track.question import ReconcileQuestion
from gigawatt.study.track.remarks import notes
from gigawatt.study.track.rows import ClassQuarter, MoneyQuarter, RackQuarter, SiteQuarter, TrackBridge
from gigawatt.study.track.slips import curves, slips, terms_of, time_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """A plan against a ledger."""

    head: Head = field(metadata=SPREAD)
    ledger: LedgerRead
    from_: str
    to: str | None
    """Last quarter of the plan that is over; None where none is."""
    bridge: TrackBridge | None
    earned: EarnedValue | None
    forecast: Forecast | None
    sites: tuple[SiteQuarter, ...]
    racks: tuple[RackQuarter, ...]
    classes: tuple[ClassQuarter, ...]
    money: tuple[MoneyQuarter, ...]
    scenario: Scenario = field(metadata=UNTOLD)


@exact()
def answer(question: ReconcileQuestion, job: Job) -> Reconciliation:
    """Hold the plan of a result against a ledger.

    Raises ScenarioError for a folder that holds no result or a moment that is none, LedgerError for what is no ledger.
    """
    result = knowing.opened(question.result)
    job.say("reading the ledger")
    known = knowing.read(question.database, question.as_of, question.at)
    return reconciled(result, known)


def reconciled(result: Result, known: LedgerKnown) -> Reconciliation:
    """A plan against what is known."""
    plan = planned(result)
    first = str(plan.period.values[0])
    if edge_ms(first) > milliseconds(known.at):
        asked = "as_of" if known.at == known.as_of else "at"
        refuse([wrong(asked, known.at, f"a moment from {first} on, in which the plan begins")])
    there = names(plan, known)
    terms, agreed = terms_of(known, result)
    whole = labelled(plan, there, terms)
    of = held(whole, known, there)
    seen = of.seen if of else None
    told = notes(whole, known, there, seen, assumed=not agreed and bool(terms.milestones))
    return Reconciliation(
        head=head_of(result.scenario, tuple(told)),
        ledger=knowing.head_of(known),
        from_=first,
        to=str(seen.period.values[-1]) if seen is not None else None,
        bridge=rows.bridge(of) if of else None,
        earned=value(whole, seen) if seen is not None else None,
        forecast=forecast_of(result, known, terms, there.sites, agreed=agreed),
        sites=tuple(rows.sites(of)) if of else (),
        racks=tuple(rows.racks(of)) if of else (),
        classes=tuple(rows.classes(of)) if of else (),
        money=tuple(rows.lines(of)) if of else (),
        scenario=result.scenario,
    )


def held(plan: xr.Dataset, known: LedgerKnown, there: Names) -> rows.Held | None:
    """A plan against what is known of those of its quarters that are over; None where none is."""
    over = whole_quarters(plan.period.values, known.at)
    if not over:
        return None
    return rows.held(plan.isel(period=slice(0, len(over))), actual(known, over, there, ratios(plan)))


def ratios(plan: xr.Dataset) -> dict[str, float]:
    """PUE in the warmest hours by site."""
    return dict(zip(plan.site.values.tolist(), plan.pue_peak_ratio.values.tolist(), strict=True))


def labelled(plan: xr.Dataset, there: Names, terms: TrancheTerms) -> xr.Dataset:
    """A plan on the names of plan and ledger: of what it does not have it plans nothing.

    Sites that it does not know are as its own are on average; so is what a watt of racks does that it does not know,
    whose power is that of the terms.
    """
    found = plan.reindex(site=list(there.sites), platform=list(there.platforms), use_case=list(there.use_cases))
    for name in ("pue_peak_ratio", "wh_per_w", "energy_price_usd_per_wh", "shell_usd_per_w"):
        found[name] = found[name].fillna(float(plan[name].mean()))
    rack_w = [terms.rack_it_w.get(name, 0.0) for name in there.platforms]
    found["rack_it_w"] = found.rack_it_w.fillna(found.rack_it_w.copy(data=np.array(rack_w)))
    per_w = (plan.rack_tokens / plan.rack_it_w).mean("platform").reindex(use_case=list(there.use_cases)).fillna(0.0)
    is_new = ~found.platform.isin(plan.platform)
    rate = xr.where(is_new, per_w * found.rack_it_w, found.rack_tokens)
    found["rack_tokens"] = rate.transpose(*plan.rack_tokens.dims)
    return found.fillna(0.0)


def forecast_of(
    result: Result, known: LedgerKnown, terms: TrancheTerms, sites: Sequence[str], *, agreed: bool
) -> Forecast | None:
    """When the next milestones are met; None where there are none. agreed: whether the ledger holds the terms."""
    if not terms.milestones:
        return None
    found = curves(result, known, terms, sites)
    start, asked = result.scenario.quarters[0], result.scenario.asked
    now = time_of(known.at, start)
    marks = milestones(known.recorded if agreed else (_assumed(terms, known), *known.recorded), known.at)
    return forecast(found, slips(found, asked, now), marks, now, start, asked.seed, terms.power_basis)


def _assumed(terms: TrancheTerms, known: LedgerKnown) -> Recorded:
    """Terms that nobody agreed, as if somebody had."""
    fact = Fact(kind="terms", happened=known.at, body=asdict(terms), source=f"scenario {terms.scenario}")
    return Recorded(fact=fact, number=0, recorded=known.at, who="", authenticated=False, previous=GENESIS)
