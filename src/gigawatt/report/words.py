"""A result in sentences: the headline, what binds, and one takeaway a picture. Every figure is looked up, none made."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from gigawatt.ndarrays import Floats
from gigawatt.programme.yardstick import Yardstick
from gigawatt.report import formats, hours, names, views
from gigawatt.report.formats import cell
from gigawatt.report.views import View
from gigawatt.study.dates import MONTH_NAMES, by_end, quarter, spoken
from gigawatt.study.nothing import NOTHING, built
from gigawatt.study.run import slo as run_slo
from gigawatt.units import show

SERVED_IN_FULL_FRAC = 0.995
NO_POWER = "Nothing is in service."
KIND_ORDER = ("cash", "debt covenant", "debt limit", "supply", "grid power", "target", "demand")

_PERCENT, _MINUS = re.compile(r"(?<=\d)%"), re.compile(r"(?<=[( ])-(?=\d)")


def joined(parts: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1] if parts else "nothing"


def headline(v: View) -> str:
    """What the plan comes to, in one breath."""
    h, asked = v.headline, v.asked
    if not h.peak_period:
        return _nothing(v)
    with_end_usd = h.npv_usd + v.result.accounts.values.terminal_value_usd
    target = f"its target of {show(asked.programme.target_w, 'w')}"
    if asked.programme.power_basis == "it":
        target += " of IT power"
    peak = f"{_w(h.installed_facility_w)} of facility power"
    start = (
        f"The programme reaches {target} {by_end(str(h.target_date))}, with {peak} in service at its peak"
        if h.target_date
        else f"The programme has {peak} in service at its peak, {by_end(str(h.peak_period))}, short of {target}"
    )
    return (
        f"{start}; it spends {_usd(h.capex_usd)} of capital {by_end(asked.horizon.report_end_date)}, and is "
        f"worth {_usd(h.npv_usd)} today, or {_usd(with_end_usd)} with the value of what stands at the end."
    )


def _nothing(v: View) -> str:
    """That nothing stands in the reported window, and what would have to change where it is because nothing pays."""
    if built(v.result.plan):
        when = quarter(v.periods[int(np.argmax(v.bought_count.sum(axis=1) > 0))])
        end = quarter(v.asked.horizon.report_end_date)
        return f"Nothing is in service by the end of {end}, where the report ends; the first racks come in {when}."
    return " ".join(note.text for note in v.result.notes if note.code == NOTHING)


def _w(value: float | str | None) -> str:
    return cell(value, "w")


def _usd(value: float | str | None) -> str:
    return cell(value, "usd")


def build_out(v: View) -> str:
    """When the first gigawatt stands, and on which platforms most of the peak rests."""
    h = v.headline
    if not h.peak_period:
        return NO_POWER
    power = v.platform_w[v.peak]
    parts = [f"{v.platforms[n]} ({_w(float(power[n]))})" for n in np.argsort(-power)[:2] if power[n] > 0]
    first = ""
    if h.first_gw_date and names.of_gigawatts(v.scenario):
        first = f"The first gigawatt stands {by_end(str(h.first_gw_date))}. "
    return f"{first}At the peak of {_w(h.installed_facility_w)}, most power feeds {joined(parts)}."


def sites(v: View) -> str:
    """How many campuses carry the peak, and the largest of them."""
    if not v.headline.peak_period:
        return NO_POWER
    power = v.site_w[v.peak]
    used = int((power > 1e-6 * power.max()).sum())
    name = v.sites[int(np.argmax(power))]
    if used == 1:
        return f"All of it stands at {name}: {_w(float(power.max()))}."
    return f"{used} of {power.size} campuses carry it; {name} is the largest, with {_w(float(power.max()))}."


def capital(v: View) -> str:
    """How much of the capital the tranches bring, and where debt peaks."""
    h = v.headline
    released = h.tranche_released_usd
    first = ""
    if released:
        share = cell(h.tranche_share_of_capex_frac, "frac")
        first = f"Tranches bring {_usd(released)}, {share} of the capital spending up to the last of them. "
    elif v.tranches:
        first = f"No tranche is released {by_end(v.asked.horizon.report_end_date)}. "
    if not h.peak_debt_usd:
        return f"{first}No debt is drawn."
    peak = quarter(v.periods[int(np.argmax(v.books["debt"][: v.reported]))])
    return f"{first}Debt peaks at {_usd(h.peak_debt_usd)} in {peak}."


def milestones(v: View) -> str:
    """How many tranches are released, and when."""
    rows = v.tranches
    if not rows:
        return "This programme has no tranches."
    dates = [row.released_period for row in rows if row.released_period]
    if not dates:
        return f"None of {len(rows)} tranches is released."
    when = f"in {quarter(dates[0])}" if len(dates) == 1 else f"from {quarter(dates[0])} to {quarter(dates[-1])}"
    return f"{len(dates)} of {len(rows)} tranches are released, {when}, each after its power stands."


def last_year_served_frac(v: View) -> Floats:
    """Share of demand served by class, mean of the last four reported quarters that ask for any."""
    last = v.served_frac[-4:]
    known = np.isfinite(last)
    return views.over(np.where(known, last, 0.0).sum(axis=0), known.sum(axis=0).astype(float))


def served(v: View) -> str:
    """Which classes are served in full in the last reported year, and which least."""
    last, year = last_year_served_frac(v), v.years[-1]
    if np.isnan(last).all():
        return f"In {year} nobody asks for tokens."
    full = [name for name, share in zip(v.classes, last, strict=True) if share >= SERVED_IN_FULL_FRAC]
    if len(full) == np.isfinite(last).sum():
        return f"In {year} every class is served in full."
    who = f"{joined(full)} in full" if full else "no class in full"
    least = int(np.nanargmin(last))
    return (
        f"In {year} the plan serves {who}; {v.classes[least]} is served least, "
        f"{cell(float(last[least]), 'frac')} of its demand."
    )


def slo(v: View) -> str:
    """By how many gigawatts the plan differs from one in which nobody minds waiting."""
    found = v.slo
    return "" if found is None else run_slo.said(v.scenario, found)


def served_in_full(v: View) -> str:
    """How many classes are served in full at the peak, and in the last reported quarter."""
    full = (v.served_frac >= SERVED_IN_FULL_FRAC).sum(axis=1)
    least = int(np.argmin(full))
    return (
        f"Served in full: {full[least]} of {len(v.classes)} classes in {quarter(v.shown[least])}, the fewest of any "
        f"quarter; {full[-1]} in {quarter(v.shown[-1])}."
    )


def money(v: View) -> str:
    """The year in which free cash flow turns for good, and revenue of the last reported year."""
    free, last = v.yearly(v.books["free_cash_flow"]), v.years[-1]
    negative = np.flatnonzero(free < 0)
    revenue = f"Revenue of {last} is {_usd(float(v.yearly(v.books['revenue'])[-1]))}"
    if not free.any():
        return "No money flows in the reported window."
    if not negative.size:
        return f"Free cash flow is positive in every year. {revenue}."
    if negative[-1] + 1 == free.size:
        return f"Free cash flow is still negative in {last}. {revenue}."
    return f"Free cash flow stays positive from {v.years[negative[-1] + 1]} on. {revenue}."


def per_gw_year(v: View) -> str:
    """Revenue per gigawatt (or megawatt, of a smaller programme) and year: earned, needed, and what history knows."""
    h, power = v.headline, v.power
    earned, needed = h.revenue_usd_per_gw_year, h.revenue_needed_usd_per_gw_year
    if not (isinstance(earned, float) and isinstance(needed, float)):
        return NO_POWER
    finance = v.asked.finance
    rate, other = show(finance.discount_per_year, "per_year"), cell(finance.non_compute_frac, "frac")
    said = (
        f"A {power.name} earns {_usd(earned * power.gw)} a year over the reported window, counted at the facility; "
        f"{_usd(needed * power.gw)} would cover rents, running cost and capital at the discount rate of {rate}, with "
        f"{other} of revenue for costs other than compute"
    )
    if not names.of_gigawatts(v.scenario):
        return f"{said}."
    low, high = (cell(value, "usd") for value in views.historic_usd_per_gw_year())
    return f"{said}; from 2023 to 2025 OpenAI's fleet earned {low.removesuffix(' billion USD')} to {high}."


def yardsticks(v: View, rows: Sequence[Yardstick]) -> str:
    """What all work of the last quarter would take on both bases of power to serve, against what is in service."""
    if not rows:
        return "No platform that is sold can do all of the work in any quarter."
    last = rows[-1]
    stands = float(v.platform_w[v.periods.index(last.period)].sum())
    return (
        f"All work of {quarter(last.period)} would take {_w(last.serving_together_facility_w)} of "
        f"{last.part} where batch work fills the quiet hours, and "
        f"{_w(last.serving_apart_facility_w)} with each class at its own busiest hours; {_w(stands)} are in service."
    )


def binds_by_year(v: View) -> dict[str, str]:
    """Year → the limits that bind in it, in words, those of most quarters first, and what is not there yet."""
    found: dict[str, dict[str, dict[str, set[str]]]] = {year: {} for year in v.years}
    for item in v.binds:
        if item.period in v.shown:
            kind, key = names.kind_and_thing(item.limit)
            things = found[item.period[:4]].setdefault(kind, {})
            things.setdefault(item.site or key, set()).add(item.period[4:])
    return {
        year: _binding_words(v, [period for period in v.shown if period.startswith(year)], kinds)
        for year, kinds in found.items()
    }


def _absent(v: View, periods: Sequence[str]) -> list[str]:
    """What is not there yet in some quarters of a year: grid power at any site, or racks of any platform."""
    given, at = v.result.plan.inputs, [v.periods.index(period) for period in periods]
    power = (given.ramp_w.transpose("period", "site").values[at] > 0).any(axis=1)
    shipped = (given.supply_count.transpose("period", "pool").values.cumsum(axis=0)[at] > 0).any(axis=1)
    dark = [period[4:] for period, there in zip(periods, power, strict=True) if not there]
    bare = [period[4:] for period, lit, there in zip(periods, power, shipped, strict=True) if lit and not there]
    where = joined(v.sites) if len(v.sites) <= 2 else f"any of {len(v.sites)} sites"
    found = [f"no grid power at {where} yet ({_quarters(dark)})"] if dark else []
    return [*found, f"no racks ship yet ({_quarters(bare)})"] if bare else found


def _binding_words(v: View, periods: Sequence[str], kinds: Mapping[str, Mapping[str, set[str]]]) -> str:
    absent = _absent(v, periods)
    if not kinds and not absent:
        stands = v.site_w[[v.periods.index(period) for period in periods]].any()
        return "nothing: more would not pay" if stands else "nothing: no rack would pay"
    order = sorted(kinds, key=lambda kind: KIND_ORDER.index(kind) if kind in KIND_ORDER else len(KIND_ORDER))
    return "; ".join([*absent, *(_one_kind(v, kind, kinds[kind]) for kind in order)])


def _one_kind(v: View, kind: str, things: Mapping[str, set[str]]) -> str:
    when = _quarters(sorted(set.union(*things.values())))
    labels = [names.thing(v.scenario, kind, key) for key in things]
    if kind == "demand":
        who = joined(labels) if len(labels) <= 3 else f"{len(labels)} classes"
        return f"demand for {who} ({when})"
    if kind == "supply":
        return f"supply of {joined(labels)} ({when})"
    if kind == "grid power":
        where = joined(labels) if len(labels) <= 2 else f"{len(labels)} sites"
        return f"grid power at {where} ({when})"
    return f"{names.limit(v.scenario, kind)} ({when})"


def _quarters(quarters: Sequence[str]) -> str:
    """ "all year", "Q2–Q4", "Q1 and Q3"."""
    if len(quarters) == 4:
        return "all year"
    numbers = [int(name[1]) for name in quarters]
    if len(numbers) > 1 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"{quarters[0]}–{quarters[-1]}"
    return joined(quarters)


def binds_first(v: View) -> str:
    """What stands in the way first, apart from demand."""
    for year, kinds in binds_by_year(v).items():
        scarce = [part for part in kinds.split("; ") if not part.startswith(("demand", "nothing"))]
        if scarce:
            return f"First in the way, in {year}: {joined(scarce)}."
    if not built(v.result.plan):
        return "No limit is in the way: nothing would pay."
    return "Nothing but demand is in the way of this plan."


def worth(v: View) -> str:
    """The limit of which one more is worth most."""
    rows = v.result.plan.worth
    if not rows or rows[0].value_usd <= 0:
        return "One more of any limit would be worth nothing to this plan."
    best = rows[0]
    return (
        f"Worth most is more {names.limit(v.scenario, best.limit).removeprefix('the ')}: "
        f"{best.step} would add {_usd(best.value_usd)} today."
    )


def limits(v: View, limits_: Sequence[str], strength: Floats) -> str:
    """How many limits bind, and the one that does in most quarters."""
    counts = (strength > 0).sum(axis=1)
    most = int(np.argmax(counts))
    what = f"the one in most quarters, {counts[most]} of {v.reported}, is {names.limit(v.scenario, limits_[most])}"
    return f"{len(limits_)} {'limit binds' if len(limits_) == 1 else 'limits bind'} at some time; {what}."


def _ends(labels: Sequence[str], cost: Floats) -> tuple[tuple[str, float], tuple[str, float]] | None:
    """The cheapest and the dearest of some things with their costs; None where none has one."""
    known = sorted((value, label) for value, label in zip(cost.tolist(), labels, strict=True) if np.isfinite(value))
    return ((known[0][1], known[0][0]), (known[-1][1], known[-1][0])) if known else None


def costs(v: View) -> str:
    """The cheapest class to serve, and the dearest."""
    found = v.result.accounts.classes.cost_usd_per_mtok
    ends = _ends([names.use_case(v.scenario, str(key)) for key in found.use_case.values], found.values)
    if ends is None:
        return "No tokens are served."
    (low, least), (high, most) = ends
    if low == high:
        return f"A million output tokens of {low} at {cell(least, 'usd_per_mtok')}, all costs in."
    return (
        f"All costs in, a million output tokens cost least in {low} at {cell(least, 'usd_per_mtok')}, and most in "
        f"{high} at {cell(most, 'usd_per_mtok')}."
    )


def gpu_hours(v: View) -> str:
    """The cheapest platform to own for an hour, and the dearest, at total cost."""
    ends = _ends(v.platforms, v.result.accounts.platforms.tco_usd_per_package_h.values)
    if ends is None:
        return "No platform is bought."
    (low, least), (high, most) = ends
    if low == high:
        return f"A GPU-hour costs {cell(least, 'usd_per_h')} in all on {low}: {total_cost(v)}."
    return (
        f"A GPU-hour costs from {cell(least, 'usd_per_h')} ({low}) to {cell(most, 'usd_per_h')} ({high}) in all: "
        f"{total_cost(v)}."
    )


def total_cost(v: View) -> str:
    """What is in the total cost of owning."""
    rate = show(v.asked.finance.capital_cost_per_year, "per_year")
    return f"rack, network, a shell of one's own, energy and operation, with capital at its cost of {rate}"


def said(text: str) -> str:
    """A text of a stage as people read it: quarters in one notation, shares with a space, a minus as such."""
    return _MINUS.sub("−", _PERCENT.sub(" %", spoken(text)))


def cause(v: View, text: str) -> str:
    """Why a figure is another in the simulation, as people read it: sites by their names."""
    keys = "|".join(map(re.escape, v.scenario.records.sites))
    named = re.sub(rf"(?:^|(?<=\bat ))(?:{keys})(?= in |;)", lambda key: names.site(v.scenario, key[0]), text)
    return said(named)


def evidence(counts: Mapping[str, int]) -> str:
    """How many numbers stand behind the result, and how many of them are assumed."""
    total = sum(counts.values())
    return f"{total:,} numbers stand behind this result; {counts.get('assumed', 0):,} of them are assumed."


def lived(v: View) -> str:
    """What hours, weather and failures make of the plan."""
    seen = v.result.timeline.summary
    if seen.pue_mean is None:
        return "Nothing runs."
    energy, carbon = cell(seen.energy_wh, "wh"), cell(seen.carbon_kg, "kg")
    water = f"{cell(seen.water_l, 'l')} of water" if seen.water_l > 0 else "no water"
    return (
        f"Lived through hour by hour, the programme uses {energy} and {water}, and causes {carbon} of carbon dioxide, "
        f"{window(v)}, at a mean PUE of {formats.pue(seen.pue_mean)}; "
        f"{cell(seen.availability_frac, 'frac')} of its rack-hours work."
    )


def window(v: View) -> str:
    """What was lived through: "over the reported window", or "from 13 July 2028 to 17 July 2028"."""
    found = hours.window(v.result)
    return "over the reported window" if found is None else f"from {day(found[0])} to {day(found[1])}"


def day(date: str) -> str:
    """ "14 July 2028" for "2028-07-14"."""
    return f"{int(date[8:10])} {MONTH_NAMES[int(date[5:7]) - 1]} {date[:4]}"


def lived_how(v: View) -> str:
    """How the plan was lived through, in one sentence."""
    if hours.dated(v.result):
        return (
            f"The plan, hour by hour {window(v)}: weather, racks that fail and are mended one by one, and the "
            "daily tide of demand."
        )
    return (
        "The plan, hour by hour in a representative week of each quarter: weather, failures as a rate, and the daily "
        "tide of demand."
    )


def pue(v: View) -> str:
    """Mean PUE, and the one that a hundredth of the energy exceeds."""
    seen = v.result.timeline.summary
    if seen.pue_mean is None:
        return "Nothing runs."
    rare = f"; 1 % of IT energy is used at a PUE above {formats.pue(seen.pue_p99)}" if seen.pue_p99 is not None else ""
    return f"Facilities take {formats.pue(seen.pue_mean)} times the energy of their IT{rare}."


def goodput(v: View) -> str:
    """What failures leave of the work of training gangs; nothing where there are none."""
    share = v.result.timeline.summary.goodput_frac
    if share is None:
        return ""
    return f"Of the rack-hours that training runs hold, {cell(share, 'frac')} end up as progress."


def tokens(v: View) -> str:
    """Tokens of the peak quarter's mean day, and the share never served."""
    h = v.headline
    if not h.peak_period:
        return "No tokens are served."
    daily = cell(h.tokens_per_day, "tokens_per_day").removesuffix("/day")
    return (
        f"{daily} are served on a mean day of {quarter(str(h.peak_period))}; "
        f"over the reported window {cell(h.unserved_frac, 'frac')} of what is asked for goes unserved."
    )
