"""From a ledger's facts to the table `[opening]` of a scenario: what stands, is owed and was paid by a quarter's begin.

What a ledger tells of is taken from it: racks by the quarter in which they were accepted, power that is energised,
tranches that were disbursed, money. What it does not tell of is as the plan has it by then: when shells were paid,
which of them are being built, losses, how far training runs are. Where all came as planned, so does this.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from gigawatt.ledger import state
from gigawatt.ledger.facts import Fact, milliseconds
from gigawatt.ndarrays import Floats
from gigawatt.programme import opening
from gigawatt.programme.tranches import gross_ratio, milestones
from gigawatt.quarters import quarter_name, quarter_number, quarter_of
from gigawatt.scenario.schema import Scenario
from gigawatt.study.note import Note
from gigawatt.study.result import Result
from gigawatt.study.standing import LEAST_COUNT, LEAST_USD, LEAST_W, Row, Table, shell
from gigawatt.study.track.actual import energised, money
from gigawatt.study.track.known import LedgerKnown, edge_ms
from gigawatt.study.track.planned import FLOWS, flow_usd
from gigawatt.study.track.slips import PowerRise
from gigawatt.units import show

# Sums that are the same but for rounding.
ROUNDING_FRAC = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedRacks:
    """Racks that stand, by when they were accepted."""

    site: str
    platform: str
    installed: str
    racks_count: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Stood:
    """What stands when a quarter begins, by a ledger."""

    period: str
    cohorts: tuple[AcceptedRacks, ...]
    energised_w: Mapping[str, float]
    """Facility power by site."""
    cash_usd: float
    debt_usd: float
    released_w: float
    gross_w: float
    trained_frac: Mapping[str, float]
    notes: tuple[Note, ...]


def stood(result: Result, known: LedgerKnown, left: Scenario, period: str) -> Stood:
    """What stands when a quarter begins. left: the question that is left of the plan's then, with what the plan has."""
    begin = edge_ms(period)
    before = [fact for fact in known.facts if milliseconds(fact.happened) < begin]
    scenario, inputs = result.scenario, result.plan.inputs
    notes: list[Note] = []
    life_count = scenario.asked.finance.rack_life_count
    racks = [one for one in cohorts(before) if quarter_number(period) - quarter_number(one.installed) <= life_count]
    there = [one for one in racks if one.site in scenario.asked.sites and one.platform in scenario.asked.platforms]
    notes += _left_out(racks, there)
    power = _power(result, before, there, notes)
    cash, debt = _cash_and_debt(result, known, left, period, notes)
    ratio = gross_ratio(inputs, scenario.asked)
    ever = state.state_of(before).accepted
    gross = sum(
        count * float(inputs.rack_it_w.sel(platform=platform) * ratio.sel(site=site))
        for (site, platform), count in ever.items()
        if site in scenario.asked.sites and platform in scenario.asked.platforms
    )
    return Stood(
        period=period,
        cohorts=tuple(there),
        energised_w=power,
        cash_usd=cash,
        debt_usd=debt,
        gross_w=gross,
        released_w=_released_w(scenario, known, before, left, gross, notes),
        trained_frac=_trained(left, before),
        notes=tuple(notes),
    )


def cohorts(found: Iterable[Fact]) -> list[AcceptedRacks]:
    """Racks that stand, by site, platform and quarter of acceptance; those that are retired are the oldest."""
    there: dict[tuple[str, str], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    gone: dict[tuple[str, str], float] = defaultdict(float)
    for fact in found:
        if fact.kind == "racks":
            pair, count = (fact.body["site"], fact.body["platform"]), float(fact.body["racks_count"])
            if fact.body["change"] == "accepted":
                there[pair][quarter_of(fact.happened)] += count
            else:
                gone[pair] += count
    kept = []
    for (site, platform), by_quarter in sorted(there.items()):
        for quarter, count in sorted(by_quarter.items()):
            leaves = min(count, gone[site, platform])
            gone[site, platform] -= leaves
            if count - leaves >= LEAST_COUNT:
                kept.append(AcceptedRacks(site=site, platform=platform, installed=quarter, racks_count=count - leaves))
    return kept


def _left_out(racks: Sequence[AcceptedRacks], there: Sequence[AcceptedRacks]) -> Iterator[Note]:
    rest = sorted(
        {f"{one.platform} at {one.site}" for one in racks} - {f"{one.platform} at {one.site}" for one in there}
    )
    if rest:
        text = f"Racks of which the scenario knows no site or no platform are not carried: {', '.join(rest)}."
        yield Note(code="racks_left_out", path="opening.racks", text=text)


def _power(
    result: Result, before: Sequence[Fact], racks: Sequence[AcceptedRacks], notes: list[Note]
) -> dict[str, float]:
    """Facility power that is energised at each site: at least what its racks draw, and what it declares sunk."""
    inputs, sites = result.plan.inputs, result.scenario.asked.sites
    ratio = {site: float(inputs.pue_peak_ratio.sel(site=site)) for site in sites}
    rises = energised(before, ratio)
    found = {}
    for site in sites:
        told = sum(rises[site].by) if site in rises else 0.0
        drawn = ratio[site] * sum(
            one.racks_count * float(inputs.rack_it_w.sel(platform=one.platform)) for one in racks if one.site == site
        )
        found[site] = max(told, drawn, sites[site].sunk_w)
        if drawn > told * (1 + ROUNDING_FRAC):
            text = (
                f"Racks at {site} draw {show(drawn, 'w')} in the warmest hours, and {show(told, 'w')} are said to be "
                "energised there: as much power as they draw is taken to stand."
            )
            notes.append(Note(code="power_of_racks", path=f"sites.{site}", text=text))
    return found


def _cash_and_debt(
    result: Result, known: LedgerKnown, left: Scenario, period: str, notes: list[Note]
) -> tuple[float, float]:
    """Cash and debt: those of the plan, and by how much recorded money differs from the plan's, line by line."""
    quarters = result.scenario.quarters[: result.scenario.quarters.index(period)]
    places = ("", *sorted({fact.body.get("site", "") for fact in known.facts if fact.kind == "money"} - {""}))
    paid = money(known, quarters, places).sum(axis=(0, 1))
    due = flow_usd(result).sel(period=quarters).sum("period").values
    told = np.isfinite(paid)
    differs = np.where(told, np.nan_to_num(paid) - due, 0.0)
    signs = np.array([1.0 if direction == "in" else -1.0 for direction, _ in FLOWS])
    of_debt = np.array([item == "debt" for _, item in FLOWS])
    stated, capital = left.asked.at_start, left.asked.capital
    planned_cash = stated.cash_usd if stated.cash_usd is not None else capital.opening_cash_usd
    cash = planned_cash + float(signs @ differs)
    debt = max(stated.debt_usd + float((signs * of_debt) @ differs), 0.0)
    rows = zip(FLOWS, told, due, strict=True)
    silent = [f"{item} {direction}" for (direction, item), is_told, usd in rows if usd and not is_told]
    if silent:
        text = f"No money is recorded of {', '.join(silent)}: cash and debt count them as planned."
        notes.append(Note(code="money_as_planned", path="opening.cash", text=text))
    short = capital.minimum_cash_usd - cash
    if short > LEAST_USD:
        short_by = show(short, "usd")
        text = f"Recorded money leaves {short_by} less than the minimum of cash: as much is taken to be borrowed."
        notes.append(Note(code="cash_short", path="opening.cash", text=text))
    if short > 0:
        cash, debt = capital.minimum_cash_usd, debt + (short if short > LEAST_USD else 0.0)
    return cash, debt


def _released_w(
    scenario: Scenario, known: LedgerKnown, before: Sequence[Fact], left: Scenario, gross_w: float, notes: list[Note]
) -> float:
    """Power up to which tranches were paid: by disbursements where terms are agreed, else as the plan has it."""
    planned_w = left.asked.at_start.released_w
    use = scenario.asked.capital.tranches
    if use is None:
        return 0.0
    agreed = known.terms is not None
    paid = [float(fact.body["milestone_w"]) for fact in before if fact.kind == "disbursement"]
    most_w = max(paid, default=0.0) if agreed or paid else planned_w
    if not agreed and not paid and planned_w > 0:
        text = f"The ledger tells of no terms and no disbursement: tranches up to {show(planned_w, 'w')} count as paid."
        notes.append(Note(code="tranches_as_planned", path="opening.released", text=text))
    most_w = min(most_w, gross_w)
    if use.release != "step":
        return most_w
    marks = [step.power_w for step in milestones(scenario.asked) if step.power_w <= most_w * (1 + ROUNDING_FRAC)]
    return max(marks, default=0.0)


def _trained(left: Scenario, before: Iterable[Fact]) -> dict[str, float]:
    """Share of each run that is left that is trained, as recorded, else as planned."""
    done = {one.run: one.done_frac for one in left.asked.at_start.trained}
    for run, flop in state.state_of(before).trained_flop.items():
        if run in left.asked.training_runs:
            done[run] = min(flop / left.asked.training_runs[run].volume_flop, 1 - ROUNDING_FRAC)
    return done


def table(result: Result, left: Scenario, found: Stood, slip_quarters: Mapping[str, float]) -> Table:
    """The table `[opening]`. slip_quarters: by how much what is being built at each site is later than planned."""
    shells, paid, begun = list[Row](), list[Row](), list[Row]()
    for site in result.scenario.asked.sites:
        stand, ahead = _shells(result, left, found, site)
        shells, paid = shells + stand, paid + ahead
        begun += list(_begun(result, found, site, slip_quarters[site]))
    known: Table = {
        "grade": "derived",
        "begun_only": True,
        "racks": [_racks(result, one) for one in found.cohorts],
        "shells": shells,
        "paid": paid,
        "begun": begun,
        "trained": [{"run": run, "done": share} for run, share in found.trained_frac.items()],
        "cash": f"{found.cash_usd!r} USD",
        "debt": f"{found.debt_usd!r} USD",
        "losses": f"{left.asked.at_start.losses_usd!r} USD",
    }
    loans = left.asked.at_start.vendor_loans
    if loans:
        known["vendor_loans"] = [{"lent": one.lent_date, "amount": f"{one.amount_usd!r} USD"} for one in loans]
    if result.scenario.asked.capital.tranches is not None:
        known |= {"gross": f"{found.gross_w!r} W", "released": f"{found.released_w!r} W"}
    return known


def _racks(result: Result, one: AcceptedRacks) -> Row:
    """Racks at the plan's price of their quarter; before the plan, at what the platform's price was then."""
    row: Row = {"site": one.site, "platform": one.platform, "installed": one.installed, "racks": one.racks_count}
    price = result.plan.inputs.rack_price_usd
    if one.installed in price.period.values:
        row["price"] = f"{float(price.sel(period=one.installed, platform=one.platform))!r} USD"
    return row


def _shells(result: Result, left: Scenario, found: Stood, site: str) -> tuple[list[Row], list[Row]]:
    """Shells that stand at a site, and money paid for those to come: what was paid first is what stands."""
    cost = float(result.plan.inputs.shell_usd_per_w.sel(site=site))
    stated, last = left.asked.at_start, quarter_name(quarter_number(found.period) - 1)
    power, rows = found.energised_w[site], list[Row | None]()
    dated = [(one.paid_date, one.amount_usd) for one in stated.paid if one.site == site]
    for one in (one for one in stated.shells if one.site == site):
        paid = cost if one.cost_usd_per_w_facility is None else one.cost_usd_per_w_facility
        if paid == 0:
            free = min(one.power_w, power)
            power -= free
            rows.append(shell(site, one.paid_date, free, 0.0))
        else:
            dated.append((one.paid_date, one.power_w * paid))
    if cost == 0:
        return [row for row in (*rows, shell(site, last, power, 0.0)) if row], []
    owed, ahead = power * cost, list[Row]()
    for quarter, amount in sorted(dated):
        stands = min(amount, owed)
        owed -= stands
        rows.append(shell(site, quarter, stands / cost, cost))
        if amount - stands >= LEAST_USD:
            ahead.append({"site": site, "paid": quarter, "amount": f"{amount - stands!r} USD"})
    rows.append(shell(site, last, owed / cost, cost))
    return [row for row in rows if row], ahead


def planned_shells_w(result: Result, site: str) -> Floats:
    """Facility power that the plan has energised at a site at the start and at the end of each quarter."""
    start = opening.shells_at_start_w(result.plan.inputs).sel(site=site).values
    return np.concatenate([[start], result.plan.data.shell_w.sel(site=site).values])


def later_count(result: Result, found: Stood, site: str, believed_count: float) -> float:
    """By how many quarters the rest of a site's power is late: as believed, and no less than it is late already."""
    at = result.scenario.quarters.index(found.period)
    planned = planned_shells_w(result, site)
    curve = PowerRise(planned, np.array([float(at)]), np.array([found.energised_w[site]]))
    return max(believed_count, curve.behind(at), -float(len(planned)))


def _begun(result: Result, found: Stood, site: str, slip_count: float) -> Iterator[Row]:
    """Shells that the plan has begun by now, by when they can be ready."""
    quarters = result.scenario.quarters
    at, planned = quarters.index(found.period), planned_shells_w(result, site)
    lead = int(result.plan.inputs.lead_count.sel(site=site))
    most = planned[min(max(at + lead - 1, at), len(planned) - 1)]
    ends = np.arange(at, len(planned), dtype=float)
    coming = np.minimum(np.interp(ends - slip_count, np.arange(len(planned)), planned), most)
    power = np.maximum.accumulate(np.maximum(coming, found.energised_w[site]))
    power[0] = found.energised_w[site]
    for quarter, rise in zip(quarters[at:], np.diff(power).tolist(), strict=True):
        if rise >= LEAST_W:
            yield {"site": site, "ready": quarter, "power": f"{rise!r} W"}


def shifted(values: xr.DataArray, at: int, slip_count: float, least: float = 0.0) -> Floats:
    """Values of quarters from one on, as much later, and no less than what stands."""
    steps = np.arange(len(values), dtype=float)
    later = np.interp(steps[at:] - slip_count, steps, values.values) if slip_count else values.values[at:]
    return np.maximum(later, least)
