"""A result in sentences: the headline, what binds, and one takeaway a picture. Every figure is looked up, none made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from gigawatt.report import hours as views_lived
from gigawatt.report import names, views
from gigawatt.report.formats import cell
from gigawatt.study import nothing
from gigawatt.study.dates import MONTH_NAMES, by_end, quarter
from gigawatt.study.nothing import NOTHING, built
from gigawatt.study.result import Result
from gigawatt.study.run.tranches import tranches
from gigawatt.units import show

SERVED_IN_FULL_FRAC = 0.995
NO_POWER = "Nothing is in service."
KIND_ORDER = ("cash", "debt covenant", "debt limit", "supply", "grid power", "target", "demand")
TOTAL_COST = "rack, network, building, energy, operation and cost of capital"


def joined(parts: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1] if parts else "nothing"


def headline(result: Result) -> str:
    """What the plan comes to, in one breath."""
    h, asked = result.accounts.headline, result.scenario.asked
    if not h.peak_period:
        return _nothing(result)
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
        f"worth {_usd(h.npv_usd)} today, or {_usd(_with_terminal(result))} with the value of what stands at the end."
    )


def _nothing(result: Result) -> str:
    """That nothing stands in the reported window, and what would have to change where it is because nothing pays."""
    if built(result.plan):
        first = result.plan.data.install_count.sum(["site", "platform"])
        when = quarter(str(first.period.values[int(np.argmax(first.values > 0))]))
        end = quarter(result.scenario.asked.horizon.report_end_date)
        return f"Nothing is in service by the end of {end}, where the report ends; the first racks come in {when}."
    return " ".join(note.text for note in result.notes if note.code == NOTHING)


def _w(value: float | str | None) -> str:
    return cell(value, "w")


def _usd(value: float | str | None) -> str:
    return cell(value, "usd")


def _with_terminal(result: Result) -> float:
    values = result.accounts.values
    return values.npv_usd + values.terminal_value_usd


def build_out(result: Result) -> str:
    """When the first gigawatt stands, and on which platforms most of the peak rests."""
    h, scenario = result.accounts.headline, result.scenario
    if not h.peak_period:
        return NO_POWER
    power = views.facility_by_platform_w(result.plan).sel(period=h.peak_period)
    order = np.argsort(-power.values)
    largest = [n for n in order if power.values[n] > 0][:2]
    parts = [f"{names.platform(scenario, str(power.platform.values[n]))} ({_w(float(power[n]))})" for n in largest]
    first = f"The first gigawatt stands {by_end(str(h.first_gw_date))}. " if names.of_gigawatts(scenario) else ""
    first = first if h.first_gw_date else ""
    return f"{first}At the peak of {_w(h.installed_facility_w)}, most power feeds {joined(parts)}."


def sites(result: Result) -> str:
    """How many campuses carry the peak, and the largest of them."""
    h = result.accounts.headline
    if not h.peak_period:
        return NO_POWER
    power = result.plan.data.facility_w.sel(period=h.peak_period)
    used = int((power > 1e-6 * power.max()).sum())
    most = str(power.site.values[int(np.argmax(power.values))])
    name = names.site(result.scenario, most)
    if used == 1:
        return f"All of it stands at {name}: {_w(float(power.max()))}."
    return f"{used} of {power.size} campuses carry it; {name} is the largest, with {_w(float(power.max()))}."


def capital(result: Result) -> str:
    """How much of the capital the tranches bring, and where debt peaks."""
    h = result.accounts.headline
    released = h.tranche_released_usd
    first = ""
    if released:
        share = cell(h.tranche_share_of_capex_frac, "frac")
        first = f"Tranches bring {_usd(released)}, {share} of the capital spending up to the last of them. "
    elif tranches(result):
        first = f"No tranche is released {by_end(result.scenario.asked.horizon.report_end_date)}. "
    debt = result.accounts.statements.debt.isel(period=views.reported(result))
    if not h.peak_debt_usd:
        return f"{first}No debt is drawn."
    peak = str(debt.period.values[int(np.argmax(debt.values))])
    return f"{first}Debt peaks at {_usd(h.peak_debt_usd)} in {quarter(peak)}."


def milestones(result: Result) -> str:
    """How many tranches are released, and when."""
    rows = tranches(result)
    if not rows:
        return "This programme has no tranches."
    dates = [row.released_period for row in rows if row.released_period]
    if not dates:
        return f"None of {len(rows)} tranches is released."
    when = f"in {quarter(dates[0])}" if len(dates) == 1 else f"from {quarter(dates[0])} to {quarter(dates[-1])}"
    return f"{len(dates)} of {len(rows)} tranches are released, {when}, each after its power stands."


def served(result: Result) -> str:
    """Which classes are served in full in the last reported year, and which least."""
    scenario = result.scenario
    shares = views.served_frac(result.plan).isel(period=views.reported(result))
    last = shares.isel(period=slice(-4, None)).mean("period")
    full = [str(k) for k, v in zip(last.use_case.values, last.values, strict=True) if v >= SERVED_IN_FULL_FRAC]
    least = str(last.use_case.values[int(np.argmin(last.values))])
    year = str(shares.period.values[-1])[:4]
    title = names.use_case(scenario, least)
    if len(full) == last.size:
        return f"In {year} every class is served in full."
    who = f"{joined([names.use_case(scenario, k) for k in full])} in full" if full else "no class in full"
    return f"In {year} the plan serves {who}; {title} is served least, {cell(float(last.min()), 'frac')} of its demand."


def money(result: Result) -> str:
    """The year in which free cash flow turns for good, and revenue of the last reported year."""
    yearly = views.money(result)
    free = yearly.free_cash_flow
    negative = np.flatnonzero(free.values < 0)
    last = str(yearly.year.values[-1])
    revenue = f"Revenue of {last} is {_usd(float(yearly.revenue[-1]))}"
    if not (free.values != 0).any():
        return "No money flows in the reported window."
    if not negative.size:
        return f"Free cash flow is positive in every year. {revenue}."
    if negative[-1] + 1 == free.size:
        return f"Free cash flow is still negative in {last}. {revenue}."
    return f"Free cash flow stays positive from {free.year.values[negative[-1] + 1]} on. {revenue}."


def per_gw_year(result: Result) -> str:
    """Revenue per gigawatt (or megawatt, of a smaller programme) and year: earned, needed, and what history knows."""
    h, power = result.accounts.headline, names.power(result.scenario)
    earned, needed = h.revenue_usd_per_gw_year, h.revenue_needed_usd_per_gw_year
    if not (isinstance(earned, float) and isinstance(needed, float)):
        return NO_POWER
    said = (
        f"A {power.name} earns {_usd(earned * power.gw)} a year over the reported window; {_usd(needed * power.gw)} "
        "would cover its capital and running cost"
    )
    if not names.of_gigawatts(result.scenario):
        return f"{said}."
    low, high = (cell(value, "usd") for value in views.historic_usd_per_gw_year())
    return f"{said}; from 2023 to 2025 OpenAI's fleet earned {low.removesuffix(' billion USD')} to {high}."


def binds_by_year(result: Result) -> dict[str, str]:
    """Year → the limits that bind in it, in words, those of most quarters first, and what is not there yet."""
    shown = [str(p) for p in result.plan.data.period.values[views.reported(result)]]
    found: dict[str, dict[str, dict[str, set[str]]]] = {year[:4]: {} for year in shown}
    for item in nothing.binds(result.plan):
        if item.period in shown:
            kind, key = names.kind_and_thing(item.limit)
            things = found[item.period[:4]].setdefault(kind, {})
            things.setdefault(item.site or key, set()).add(item.period[4:])
    return {
        year: _binding_words(result, [period for period in shown if period.startswith(year)], kinds)
        for year, kinds in found.items()
    }


def _absent(result: Result, periods: Sequence[str]) -> list[str]:
    """What is not there yet in some quarters of a year: grid power at any site, or racks of any platform."""
    given = result.plan.inputs
    power = (given.ramp_w.sel(period=periods) > 0).any("site").values
    shipped = (given.supply_count.cumsum("period").sel(period=periods) > 0).any("pool").values
    dark = [period[4:] for period, there in zip(periods, power, strict=True) if not there]
    bare = [period[4:] for period, lit, there in zip(periods, power, shipped, strict=True) if lit and not there]
    sites_ = [names.site(result.scenario, str(key)) for key in given.site.values]
    where = joined(sites_) if len(sites_) <= 2 else f"any of {len(sites_)} sites"
    found = [f"no grid power at {where} yet ({_quarters(dark)})"] if dark else []
    return [*found, f"no racks ship yet ({_quarters(bare)})"] if bare else found


def _binding_words(result: Result, periods: Sequence[str], kinds: Mapping[str, Mapping[str, set[str]]]) -> str:
    absent = _absent(result, periods)
    if not kinds and not absent:
        stands = result.plan.data.facility_w.sum("site").sel(period=periods) > 0
        return "nothing: more would not pay" if bool(stands.any()) else "nothing: no rack would pay"
    order = sorted(kinds, key=lambda kind: KIND_ORDER.index(kind) if kind in KIND_ORDER else len(KIND_ORDER))
    return "; ".join([*absent, *(_one_kind(result, kind, kinds[kind]) for kind in order)])


def _one_kind(result: Result, kind: str, things: Mapping[str, set[str]]) -> str:
    when = _quarters(sorted(set.union(*things.values())))
    labels = [names.thing(result.scenario, kind, key) for key in things]
    if kind == "demand":
        who = joined(labels) if len(labels) <= 3 else f"{len(labels)} classes"
        return f"demand for {who} ({when})"
    if kind == "supply":
        return f"supply of {joined(labels)} ({when})"
    if kind == "grid power":
        where = joined(labels) if len(labels) <= 2 else f"{len(labels)} sites"
        return f"grid power at {where} ({when})"
    return f"{names.limit(result.scenario, kind)} ({when})"


def _quarters(quarters: Sequence[str]) -> str:
    """ "all year", "Q2–Q4", "Q1 and Q3"."""
    if len(quarters) == 4:
        return "all year"
    numbers = [int(name[1]) for name in quarters]
    if len(numbers) > 1 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"{quarters[0]}–{quarters[-1]}"
    return joined(quarters)


def binds_first(result: Result) -> str:
    """What stands in the way first, apart from demand."""
    for year, kinds in binds_by_year(result).items():
        scarce = [part for part in kinds.split("; ") if not part.startswith(("demand", "nothing"))]
        if scarce:
            return f"First in the way, in {year}: {joined(scarce)}."
    if not built(result.plan):
        return "No limit is in the way: nothing would pay."
    return "Nothing but demand is in the way of this plan."


def worth(result: Result) -> str:
    """The limit of which one more is worth most."""
    rows = result.plan.worth
    if not rows or rows[0].value_usd <= 0:
        return "One more of any limit would be worth nothing to this plan."
    best = rows[0]
    return (
        f"Worth most is more {names.limit(result.scenario, best.limit).removeprefix('the ')}: "
        f"{best.step} would add {_usd(best.value_usd)} today."
    )


def costs(result: Result) -> str:
    """The cheapest class to serve, and the dearest."""
    cost = result.accounts.classes.cost_usd_per_mtok.dropna("use_case")
    if not cost.size:
        return "No tokens are served."
    low, high = (str(cost.use_case.values[at]) for at in (np.argmin(cost.values), np.argmax(cost.values)))
    least = f"{names.use_case(result.scenario, low)} at {cell(float(cost.min()), 'usd_per_mtok')}"
    if low == high:
        return f"A million output tokens of {least}, all costs in."
    dear = f"{names.use_case(result.scenario, high)} at {cell(float(cost.max()), 'usd_per_mtok')}"
    return f"All costs in, a million output tokens cost least in {least}, and most in {dear}."


def evidence(counts: Mapping[str, int]) -> str:
    """How many numbers stand behind the result, and how many of them are assumed."""
    total = sum(counts.values())
    return f"{total:,} numbers stand behind this result; {counts.get('assumed', 0):,} of them are assumed."


def lived(result: Result) -> str:
    """What hours, weather and failures make of the plan."""
    seen = result.timeline.summary
    if seen.pue_mean is None:
        return "Nothing runs."
    energy, carbon = cell(seen.energy_wh, "wh"), cell(seen.carbon_kg, "kg")
    water = f"{cell(seen.water_l, 'l')} of water" if seen.water_l > 0 else "no water"
    return (
        f"Lived through hour by hour, the programme uses {energy} and {water}, and causes {carbon} of carbon dioxide, "
        f"{window(result)}, at a mean PUE of {cell(seen.pue_mean, 'ratio')}; "
        f"{cell(seen.availability_frac, 'frac')} of its rack-hours work."
    )


def window(result: Result) -> str:
    """What was lived through: "over the reported window", or "from 13 July 2028 to 17 July 2028"."""
    found = views_lived.window(result)
    return "over the reported window" if found is None else f"from {day(found[0])} to {day(found[1])}"


def day(date: str) -> str:
    """ "14 July 2028" for "2028-07-14"."""
    return f"{int(date[8:10])} {MONTH_NAMES[int(date[5:7]) - 1]} {date[:4]}"


def lived_how(result: Result) -> str:
    """How the plan was lived through, in one sentence."""
    if views_lived.dated(result):
        return (
            f"The plan, hour by hour {window(result)}: weather, racks that fail and are mended one by one, and the "
            "daily tide of demand."
        )
    return (
        "The plan, hour by hour in a representative week of each quarter: weather, failures as a rate, and the daily "
        "tide of demand."
    )


def pue(result: Result) -> str:
    """Mean PUE, and the one that a hundredth of the energy exceeds."""
    seen = result.timeline.summary
    if seen.pue_mean is None:
        return "Nothing runs."
    rare = f"; 1 % of IT energy is used at a PUE above {seen.pue_p99:.3f}" if seen.pue_p99 is not None else ""
    return f"Facilities take {seen.pue_mean:.3f} times the energy of their IT{rare}."


def goodput(result: Result) -> str:
    """What failures leave of the work of training gangs; nothing where there are none."""
    share = result.timeline.summary.goodput_frac
    if share is None:
        return ""
    return f"Of the rack-hours that training runs hold, {cell(share, 'frac')} end up as progress."


def tokens(result: Result) -> str:
    """Tokens of the peak quarter's mean day, and the share never served."""
    h = result.accounts.headline
    if not h.peak_period:
        return "No tokens are served."
    daily = cell(h.tokens_per_day, "tokens_per_day").removesuffix("/day")
    return (
        f"{daily} are served on a mean day of {quarter(str(h.peak_period))}; "
        f"over the reported window {cell(h.unserved_frac, 'frac')} of what is asked for goes unserved."
    )


def gpu_hours(result: Result) -> str:
    """The cheapest platform to own for an hour, and the dearest, at total cost."""
    cost = result.accounts.platforms.tco_usd_per_package_h.dropna("platform")
    if not cost.size:
        return "No platform is bought."
    low, high = (int(np.argmin(cost.values)), int(np.argmax(cost.values)))
    names_ = [names.platform(result.scenario, str(key)) for key in cost.platform.values]
    if low == high:
        return f"A GPU-hour costs {cell(float(cost[low]), 'usd_per_h')} in all on {names_[low]}: {TOTAL_COST}."
    return (
        f"A GPU-hour costs from {cell(float(cost[low]), 'usd_per_h')} ({names_[low]}) to "
        f"{cell(float(cost[high]), 'usd_per_h')} ({names_[high]}) in all: {TOTAL_COST}."
    )
