"""What a reader of a reconciliation has to know: what one side alone has, what nobody recorded, what is assumed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import xarray as xr

from gigawatt.quarters import quarter_name, quarter_number
from gigawatt.study.note import Note
from gigawatt.study.track.actual import MONTHS_PER_QUARTER, Names
from gigawatt.study.track.known import LedgerKnown, paid_from
from gigawatt.units import show


def notes(
    plan: xr.Dataset, known: LedgerKnown, there: Names, seen: xr.Dataset | None, *, assumed: bool
) -> Iterator[Note]:
    """What a reader has to know: what stands on one side only, what was not recorded, what is assumed."""
    if assumed:
        text = "The ledger holds no terms: milestones are those of the plan's scenario, and any acceptance test counts."
        yield Note(code="no_terms", path="ledger.terms", text=text)
    if seen is None:
        first = plan.period.values[0]
        text = f"No quarter of the plan is over, the first of which is {first}: nothing can be held against it yet."
        yield Note(code="nothing_over", path="at", text=text)
        return
    yield from _one_sided(plan.isel(period=slice(0, seen.sizes["period"])), known, there)
    yield from _unrecorded(plan, known, seen)
    yield from _paid_later(known, str(seen.period.values[-1]))


def _one_sided(plan: xr.Dataset, known: LedgerKnown, there: Names) -> Iterator[Note]:
    """Sites, platforms and classes that the ledger alone has, and those that the plan alone has by now."""
    facts, series = known.facts, [one.series for one in known.totals]
    told = {
        "sites": {fact.body.get("site") for fact in facts} | {one.site for one in series},
        "platforms": {fact.body["platform"] for fact in facts if fact.kind in ("racks", "test")},
        "classes": {fact.body["use_case"] for fact in facts if fact.kind == "work"} | {one.use_case for one in series},
    }
    due = {
        "sites": ("site", plan.shell_w, there.sites),
        "platforms": ("platform", plan.stock_count, there.platforms),
        "classes": ("use_case", plan.tokens, there.use_cases),
    }
    for word, (dim, amount, every) in due.items():
        mine = amount.sum([one for one in amount.dims if one != dim])
        planned = set(mine[dim].values[mine.values > 0].tolist())
        if alone := [name for name in every if name in told[word] and name not in planned]:
            text = f"{word.capitalize()} of which the ledger tells, and the plan has none by now: {', '.join(alone)}."
            yield Note(code=f"not_planned_{dim}", path=word, text=text)
        if silent := sorted(planned - told[word]):
            text = f"{word.capitalize()} that the plan has, and of which the ledger tells nothing: {', '.join(silent)}."
            yield Note(code=f"not_recorded_{dim}", path=word, text=text)


def _unrecorded(plan: xr.Dataset, known: LedgerKnown, seen: xr.Dataset) -> Iterator[Note]:
    """What was not recorded, and is not held against the plan."""
    silent = seen.period.values[np.isnan(seen.tokens.values).all(axis=(1, 2))].tolist()
    if silent:
        text = f"No tokens are recorded in {_listed(silent)}: what racks did then is not known."
        yield Note(code="no_tokens", path="tokens", text=text)
    for site in plan.site.values.tolist():
        count = seen.metered_count.sel(site=site)
        part = seen.period.values[(count.values > 0) & (count.values < MONTHS_PER_QUARTER)].tolist()
        if part:
            text = f"The facility energy of {site} is metered in part of {_listed(part)} only."
            yield Note(code="part_metered", path=f"sites.{site}", text=text)
        if not count.values.any():
            text = f"No facility energy of {site} is metered: its energy and PUE are not known."
            yield Note(code="not_metered", path=f"sites.{site}", text=text)
    paid = np.isfinite(seen.flow_usd.values).all(axis=(0, 1))
    used = plan.flow_usd.values[: seen.sizes["period"]].any(axis=0)
    lines = [" ".join(reversed(flow.split(" "))) for flow in plan.flow.values[used & ~paid].tolist()]
    if lines:
        text = f"No money is recorded of {', '.join(lines)}: the plan's is not held against nothing."
        yield Note(code="no_money", path="money", text=text)
    if any(one.series.quantity == "tokens_out" and not one.series.use_case for one in known.totals):
        text = "Tokens were read that name no class of work: they are left out."
        yield Note(code="no_class", path="tokens", text=text)


def _paid_later(known: LedgerKnown, last: str) -> Iterator[Note]:
    """Tranches that were paid after the last quarter that is held against the plan."""
    later = paid_from(known, quarter_name(quarter_number(last) + 1))
    if later:
        marks = ", ".join(show(fact.body["milestone_w"], "w") for fact in later)
        paid = show(sum(fact.body["amount_usd"] for fact in later), "usd")
        text = f"Tranches paid after the end of {last}, and not in its money: {marks}, together {paid}."
        yield Note(code="tranches_later", path="money", text=text)


def _listed(periods: Sequence[str]) -> str:
    return ", ".join(periods) if len(periods) <= 4 else f"{len(periods)} quarters from {periods[0]} to {periods[-1]}"
