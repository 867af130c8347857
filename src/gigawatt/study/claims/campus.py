"""PORTS-Pike itself: what its load is, and when its power comes and is complete."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from gigawatt import units
from gigawatt.catalog import load as catalog
from gigawatt.catalog import to_watts
from gigawatt.catalog.records import Site
from gigawatt.catalog.to_watts import PueYear
from gigawatt.ndarrays import Floats
from gigawatt.quarters import HOURS_PER_YEAR, arriving, first_day, quarter_name, quarter_number, quarter_range
from gigawatt.study.claims.cases import Cases, ClaimCase
from gigawatt.study.claims.claim import Claim, ClaimRow, Computed, computed, judge, make, reaches, row, stated_value
from gigawatt.study.claims.programme import longest_limit
from gigawatt.study.claims.question import PORTS_PIKE
from gigawatt.study.claims.statements import pike_statements
from gigawatt.study.dates import when
from gigawatt.study.question import refuse, wrong
from gigawatt.study.validate.lateness import ANNOUNCED, SlipCurve, alike, promises, slip_curve, stages

AS_STATED, AS_ASKED = "as its owners state it", "with the scenario's slip"
IN_THE_MIDDLE, AT_THE_END = "as late as half of the promises at its stage", "as late as nine in ten of them"
SLIPS = "Median and P90 of gigawatt validate schedules, which has few promises to go by."
SCHEDULES = "stargate"
NEVER = "Never: the plants are not financed, and nobody states what the new lines bring."
# Quarters after the end of a plan for which a ramp is still looked at.
BEYOND_COUNT = 40


def key_of(cases: Cases) -> str:
    """The campus among the sites of a scenario. Raises ScenarioError where it is none of them."""
    wanted = pike_statements().figures.site
    found = [key for key, site in cases.scenario.records.sites.items() if site.id == wanted]
    refuse([] if found else [wrong("sites", ", ".join(cases.scenario.asked.sites), f"the site {wanted} among them")])
    return found[0]


def record_of(cases: Cases) -> Site:
    """The campus as the scenario sees it."""
    return cases.scenario.records.sites[key_of(cases)]


def load_ratio(cases: Cases) -> float:
    """Facility power over IT power [1] that the plan reckons with at the campus."""
    return float(cases.inputs.pue_peak_ratio.sel(site=key_of(cases)))


def eight_gw_it_is_ten_gw_load(cases: Cases) -> Claim:
    """The IT power of all buildings times what its owner provisions, and times our PUE of its climate."""
    id_, known = "eight_gw_it_is_ten_gw_load", pike_statements().figures
    stated, site = stated_value(id_, PORTS_PIKE), record_of(cases)
    pues = _pues(cases, site)
    own = pues[site.cooling]
    provisioned = stated / known.it_w if site.provisioned_ratio is None else site.provisioned_ratio
    loads = [known.it_w * ratio for ratio in (own.mean_ratio, own.peak_ratio, provisioned)]
    rows = [
        row("IT power of buildings 1 to 9", "w", known.first_buildings_it_w),
        row("IT power of buildings 10 to 17", "w", known.last_buildings_it_w),
        row("IT power of all buildings", "w", known.it_w),
        row("facility power provisioned for a watt of IT, as stated", "ratio", provisioned),
        row(f"PUE in the warmest hours, {_plant(site.cooling)}", "ratio", own.peak_ratio),
        row(f"PUE over the year, {_plant(site.cooling)}", "ratio", own.mean_ratio),
        row("PUE in the warmest hours, other plants", "ratio", *(p.peak_ratio for p in pues.values() if p is not own)),
        row("PUE over the year, other plants", "ratio", *(p.mean_ratio for p in pues.values() if p is not own)),
        row("IT power that the stated load carries in the warmest hours", "w", stated / own.peak_ratio),
        row("energy of a year, all of it running", "wh", HOURS_PER_YEAR * loads[0]),
    ]
    text = (
        f"load is what is provisioned, {provisioned:.4g} W for a watt of IT: in this climate the catalog's "
        f"{_plant(site.cooling)} draws {units.show(loads[1], 'w')} in the warmest hours and "
        f"{units.show(loads[0], 'w')} over the year"
    )
    verdict = judge(reaches(load, stated) for load in loads)
    return make(id_, computed("w", loads[1], *loads), verdict, text, rows, PORTS_PIKE)


def _pues(cases: Cases, site: Site) -> dict[str, PueYear]:
    """PUE of the campus's typical year by each cooling plant of the catalog, whatever its owner provisions."""
    load, bare = cases.scenario.asked.operations.load_factor_frac, replace(site, provisioned_ratio=None)
    return {name: to_watts.pue_year(bare, catalog.get("cooling", name), load) for name in catalog.ids("cooling")}


def _plant(name: str) -> str:
    return name.replace("_", " ")


def first_800_mw_2028(cases: Cases) -> Claim:
    """When the lines that stand bring their power: by the campus's ramp with its slips, and by the plan."""
    id_, known = "first_800_mw_2028", pike_statements().figures
    power = known.lines_power_w
    dates = _ramp_dates(cases, power)
    planned = _reached(cases.asked, key_of(cases), power)
    rows = _ramp_rows(cases, power)
    rows.append(row(f"{units.show(power, 'w')} of racks in service, as planned", "date", planned))
    rows.append(_slip_row(cases))
    text = (
        f"nothing slips: as its owners state it the power is there in {when(dates[AS_STATED])}, as late as half of the "
        f"promises at its stage in {when(dates[IN_THE_MIDDLE])}, and as late as nine in ten of them in "
        f"{when(dates[AT_THE_END])}; racks for all of it run in {when(planned)}"
    )
    return _dated(id_, [*dates.values(), planned], dates[IN_THE_MIDDLE], text, rows)


def _ramp_dates(cases: Cases, power_w: float) -> dict[str, str | None]:
    """First day of the quarter in which the campus's ramp has a power, by how late it is."""
    mine, slips = cases.scenario.asked.sites[key_of(cases)].slip_count, _slips(cases)
    late = {AS_STATED: 0, AS_ASKED: mine, IN_THE_MIDDLE: slips.within_count(0.5), AT_THE_END: slips.within_count(0.9)}
    return {name: _first(cases, power_w, slip) for name, slip in late.items()}


def _slips(cases: Cases) -> SlipCurve:
    """How late promises of power come that were made at the campus's stage, by those that are known."""
    record, site = catalog.get("schedules", SCHEDULES), pike_statements().figures.site
    found = promises(record, cases.as_of_date)
    curve = slip_curve(alike(found, stages(record, cases.as_of_date).get(site, ANNOUNCED)))
    assert curve is not None  # the record has judged promises from before the day of the campus
    return curve


def _ramp_rows(cases: Cases, power_w: float) -> list[ClaimRow]:
    dates = _ramp_dates(cases, power_w)
    return [row(f"{units.show(power_w, 'w')} energised, {name}", "date", day) for name, day in dates.items()]


def _slip_row(cases: Cases) -> ClaimRow:
    slips = _slips(cases)
    ends = slips.within_count(0.5), slips.within_count(0.9)
    return row("quarters by which promises at its stage are late", "count", *(float(end) for end in ends), note=SLIPS)


def _first(cases: Cases, power_w: float, slip_count: int, most_w: float = math.inf) -> str | None:
    """First day of the quarter in which the campus's ramp, held to a most, has a power; None where it never has."""
    quarters = _quarters(cases)
    ramp = np.minimum(arriving(record_of(cases).ramp_w, quarters, slip_count), most_w)
    return _crossed(quarters, ramp, power_w)


def _quarters(cases: Cases) -> list[str]:
    first, last = cases.scenario.quarters[0], cases.scenario.quarters[-1]
    return quarter_range(first, quarter_name(quarter_number(last) + BEYOND_COUNT))


def _crossed(quarters: list[str], has_w: Floats, power_w: float) -> str | None:
    there = [quarter for quarter, has in zip(quarters, has_w, strict=True) if reaches(float(has), power_w)]
    return first_day(there[0]) if there else None


def _reached(case: ClaimCase, key: str, power_w: float) -> str | None:
    """First day of the quarter in which a plan has facility power in service at a site; None where it never has."""
    power = case.plan.data.facility_w.sel(site=key)
    return _crossed([str(period) for period in power.period.values], power.values, power_w)


def _dated(id_: str, dates: list[str | None], mid: str | None, text: str, rows: list[ClaimRow]) -> Claim:
    """A claim of a date: it holds where every one of the dates keeps what was promised."""
    promised = str(pike_statements().claims[id_].value)
    known = [day for day in dates if day is not None]
    latest = max(known) if len(known) == len(dates) else None
    found = Computed(low=min(known, default=None), mid=mid, high=latest, unit="date")
    verdict = judge(day is not None and day <= promised for day in dates)
    return make(id_, found, verdict, text, rows, PORTS_PIKE)


def complete_2032(cases: Cases) -> Claim:
    """When all buildings have their power: by the ramp, without the gas plants, by the racks that can be had."""
    id_, known = "complete_2032", pike_statements().figures
    promised = str(pike_statements().claims[id_].value)
    power, end, key = known.it_w * load_ratio(cases), f"{promised[:4]}Q4", key_of(cases)
    ramps = _ramp_dates(cases, power)
    lines = _first(cases, power, 0, known.lines_power_w)
    supply = _standing_w(cases, end)
    asked, poor = cases.asked, without_gas(cases)
    planned = _reached(asked, key, power)
    rows = [
        *_ramp_rows(cases, known.first_buildings_it_w * load_ratio(cases)),
        *_ramp_rows(cases, power),
        _slip_row(cases),
        row(f"{units.show(power, 'w')} energised, without the gas plants", "date", lines, note="" if lines else NEVER),
        row("load of the racks that the pools have delivered by then, within their life", "w", supply),
        row(f"{units.show(power, 'w')} in service, as planned", "date", planned),
        *(_at_end(name, case, key, end) for name, case in (("as planned", asked), ("without the gas plants", poor))),
        row("in service at all sites at most, as planned", "w", asked.installed_w),
    ]
    text = (
        f"{units.show(known.gas_power_w, 'w')} of gas are financed and built: without them the lines that stand carry "
        f"{units.show(known.lines_power_w, 'w')}, and nobody states what the new ones bring from "
        f"{when(known.lines_date)}. The racks that can be had by then are good for {units.show(supply, 'w')}; the plan "
        f"has all of it in service in {when(planned)}, bound longest by {longest_limit(asked)}"
    )
    enough = first_day(end) if reaches(supply, power) else None
    return _dated(id_, [*ramps.values(), lines, enough, planned], ramps[IN_THE_MIDDLE], text, rows)


def _at_end(name: str, case: ClaimCase, key: str, period: str) -> ClaimRow:
    power = case.plan.data.facility_w.sel(site=key)
    shown = float(power.sel(period=period)) if period in power.period.values else None
    return row(f"in service at the campus at the end of {when(period)}, {name}", "w", shown)


def without_gas(cases: Cases) -> ClaimCase:
    """The programme with no more power at the campus than the lines that stand carry."""
    key, most = key_of(cases), pike_statements().figures.lines_power_w
    course = record_of(cases).ramp_w
    ramp = {period: f"{min(value, most):.0f} W" for period, value in zip(course.periods, course.values, strict=True)}
    return cases.case("without the gas plants", {f"sites.{key}.ramp": ramp})


def _standing_w(cases: Cases, last: str) -> float:
    """Load at the campus of all racks that the pools deliver within a rack's life before a quarter's end [W]."""
    data, life = cases.inputs, cases.scenario.asked.finance.rack_life_count
    first = max(quarter_number(last) - life + 1, quarter_number(str(data.period.values[0])))
    mine = data.supply_count.sel(period=slice(quarter_name(first), last)).sum("period")
    each = (data.in_pool_count * data.rack_it_w).max("platform")
    return float((mine * each).sum("pool")) * load_ratio(cases)
