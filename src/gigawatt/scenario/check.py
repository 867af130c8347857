"""Does the question make sense? Faults that no single key shows, each with its path."""

from __future__ import annotations

import math
import re
from typing import get_args, get_type_hints

import numpy as np

from gigawatt import units
from gigawatt.catalog.dated import EXPECTED_DAY, is_day
from gigawatt.catalog.plausible import refused
from gigawatt.catalog.tables import Reader
from gigawatt.quarters import QUARTER, Course, arriving, quarter_number, quarter_range
from gigawatt.scenario.allocation import GROUPS, check_within
from gigawatt.scenario.check_contracts import check_contracts
from gigawatt.scenario.check_opening import check_opening
from gigawatt.scenario.check_size import MAX_QUARTERS, check_size
from gigawatt.scenario.check_uncertainty import check_uncertainty
from gigawatt.scenario.flywheel import check_flywheel
from gigawatt.scenario.schema import (
    Asked,
    Battery,
    Capital,
    Curtailment,
    Records,
    Segment,
    SiteUse,
    Tier,
    TrainingRun,
    Tranches,
    UseCase,
)

DAY_H = 24
# Hours at full power that a battery holds: less is a capacitor, more is seasonal storage.
LEAST_STORAGE_H, MOST_STORAGE_H = 0.25, 24.0
MONTHS = 12
NAME = re.compile(r"\w[\w. -]{0,99}")
SHARES_SUM_TOLERANCE_FRAC = 1e-6


def check(asked: Asked, records: Records | None, reader: Reader) -> None:
    """Add every fault to the reader."""
    reader.faults += refused(asked)
    parts = (_days, _horizon, _programme, _finance, _capital, _sets, _demand, _training, _experiments, _simulate)
    for part in (*parts, _site_power, _allocation, check_uncertainty):
        part(asked, reader)
    if asked.flywheel is not None:
        users = {key: use.people.weekly_users_count for key, use in asked.use_cases.items() if use.people is not None}
        check_flywheel(asked.flywheel, users, reader)
    check_size(asked, records, reader)
    check_contracts(asked, records, reader)
    check_opening(asked, records if not reader.faults else None, reader)
    if records is not None:
        _sites(asked, records, reader)
        _each_site_once(asked, records, reader)
        _storage(asked, records, reader)
        _platforms(asked, records, reader)


def _days(asked: Asked, reader: Reader) -> None:
    if asked.announced_date is not None and not is_day(asked.announced_date):
        reader.fault("announced", asked.announced_date, EXPECTED_DAY)


def _horizon(asked: Asked, reader: Reader) -> None:
    horizon = asked.horizon
    dates = {"start": horizon.start_date, "report_end": horizon.report_end_date, "end": horizon.end_date}
    bad = {key: value for key, value in dates.items() if not QUARTER.fullmatch(value)}
    for key, value in bad.items():
        reader.fault(f"horizon.{key}", value, 'a quarter such as "2026Q3"')
    if bad:
        return
    start, report_end, end = (quarter_number(value) for value in dates.values())
    if report_end < start:
        reader.fault("horizon.report_end", horizon.report_end_date, f"a quarter not before {horizon.start_date}")
    if end < report_end:
        reader.fault("horizon.end", horizon.end_date, f"a quarter not before {horizon.report_end_date}")
    if end - start >= MAX_QUARTERS:
        given = f"{horizon.end_date}, which is {end - start + 1:,} quarters"
        reader.remark("horizon.end", given, f"at most {MAX_QUARTERS} quarters ({MAX_QUARTERS // 4} years)")


def _programme(asked: Asked, reader: Reader) -> None:
    if not NAME.fullmatch(asked.name):
        reader.fault("name", asked.name, "letters, digits, spaces, dots, dashes and underscores, at most 100")
    _quarter("operations.software_base", asked.operations.software_base_date, reader)


def _finance(asked: Asked, reader: Reader) -> None:
    use = asked.finance
    if use.non_compute_frac >= 1:
        reader.fault("finance.non_compute", use.non_compute_frac, "less than all of the revenue")
    for key, value in (("rack_life", use.rack_life_years), ("shell_life", use.shell_life_years)):
        if value >= 0.25 and abs(value * 4 - round(value * 4)) > 1e-9:
            reader.fault(f"finance.{key}", f"{value} years", "a whole number of quarters")


def _capital(asked: Asked, reader: Reader) -> None:
    use = asked.capital
    _debt(use, reader)
    stated = asked.at_start.cash_usd is not None  # the opening is checked by itself
    if not stated and use.opening_cash_usd + use.upfront_equity_usd < use.minimum_cash_usd:
        given = f"{use.minimum_cash_usd:,.0f} USD"
        reader.fault("capital.minimum_cash", given, "at most the opening cash and the equity paid up front")
    if use.tranches is not None:
        _tranches(use.tranches, asked, reader)


def _debt(use: Capital, reader: Reader) -> None:
    borrows = use.covenant_frac > 0 or use.debt_limit_usd > 0
    if borrows and use.debt_rate_per_year is None:
        reader.remark("capital.debt_rate", "missing", "a yearly rate (%/year), because debt is allowed")


def _tranches(use: Tranches, asked: Asked, reader: Reader) -> None:
    path = "capital.tranches"
    regular = [use.every_w, use.amount_usd, use.most_usd]
    if use.milestones and any(value is not None for value in regular):
        reader.fault(path, "both every and milestones", "either every, amount and most, or a list of milestones")
    if not use.milestones and any(value is None for value in regular):
        reader.fault(path, "neither", "either every, amount and most, or a list of milestones")
    if use.every_w is not None and use.every_w > asked.programme.target_w > 0:
        target = f"at most the programme's target of {asked.programme.target_w / 1e9:g} GW"
        reader.fault(f"{path}.every", f"{use.every_w / 1e9:g} GW", target)
    last = 0.0
    for n, milestone in enumerate(use.milestones):
        where = f"{path}.milestones[{n}].power"
        if milestone.power_w <= last:
            reader.fault(where, f"{milestone.power_w / 1e9:g} GW", "milestones in rising order")
        if milestone.power_w > asked.programme.target_w:
            target = f"at most the programme's target of {asked.programme.target_w / 1e9:g} GW"
            reader.fault(where, f"{milestone.power_w / 1e9:g} GW", target)
        last = milestone.power_w


def _sets(asked: Asked, reader: Reader) -> None:
    for key, entries in (("sites", asked.sites), ("platforms", asked.platforms), ("use_cases", asked.use_cases)):
        if not entries:
            reader.fault(key, "none", "at least one")
    names: dict[str, str] = {}
    for group in GROUPS:
        for name in getattr(asked, group):
            other = names.setdefault(name, group)
            if other != group:
                reader.fault(f"{group}.{name}", "the same name twice", f"a name that is not in {other}")


def _demand(asked: Asked, reader: Reader) -> None:
    for key, use in asked.use_cases.items():
        path = f"use_cases.{key}"
        _volumes(path, use, reader)
        most = 1 / asked.operations.peak_block_frac if asked.operations.peak_block_frac > 0 else math.inf
        if use.peak_to_mean_ratio > most:
            reader.fault(f"{path}.peak_to_mean", use.peak_to_mean_ratio, f"from 1 to {most:.3g}, the whole day's load")
        _segments(f"{path}.segments", use.segments, reader)
    shares = sum(region.share_frac for region in asked.regions.values())
    if abs(shares - 1) > SHARES_SUM_TOLERANCE_FRAC:
        reader.fault("regions", f"shares that sum to {shares:g}", "shares that sum to 1")
    _segments("welfare.segments", asked.welfare.segments, reader)


def _volumes(path: str, use: UseCase, reader: Reader) -> None:
    tokens = use.demand_tokens_per_s is not None and use.price_usd_per_mtok is not None
    if tokens == (use.people is not None):
        reader.fault(path, "both" if tokens else "neither", "either people, or a demand and a price")
    volume = use.people.weekly_users_count if use.people is not None else use.demand_tokens_per_s
    where = f"{path}.people.weekly_users" if use.people is not None else f"{path}.demand"
    if volume is not None and max(volume.values) <= 0:
        reader.fault(where, "0 throughout", "demand above 0 in some quarter")
    if use.served_elsewhere_frac >= 1:
        reader.fault(f"{path}.served_elsewhere", use.served_elsewhere_frac, "less than all of the demand")


def _segments(path: str, segments: tuple[Segment, ...], reader: Reader) -> None:
    total = sum(segment.share_frac for segment in segments)
    if abs(total - 1) > SHARES_SUM_TOLERANCE_FRAC:
        reader.fault(path, f"shares that sum to {total:g}", "shares that sum to 1")


def _training(asked: Asked, reader: Reader) -> None:
    for key, run in asked.training_runs.items():
        _window(f"training_runs.{key}", run, asked, reader)


def _window(path: str, run: TrainingRun, asked: Asked, reader: Reader) -> None:
    if not (_quarter(f"{path}.start", run.start_date, reader) & _quarter(f"{path}.end", run.end_date, reader)):
        return
    if quarter_number(run.end_date) < quarter_number(run.start_date):
        reader.fault(f"{path}.end", run.end_date, f"a quarter not before {run.start_date}")
    horizon = asked.horizon
    if QUARTER.fullmatch(horizon.start_date) and run.start_date < horizon.start_date:
        reader.fault(f"{path}.start", run.start_date, f"a quarter not before {horizon.start_date}")
    if QUARTER.fullmatch(horizon.end_date) and run.end_date > horizon.end_date:
        reader.fault(f"{path}.end", run.end_date, f"a quarter not after {horizon.end_date}")


def _experiments(asked: Asked, reader: Reader) -> None:
    for key, use in asked.experiments.items():
        if max(use.wish_flop.values) <= 0:
            reader.fault(f"experiments.{key}.wish", "0 throughout", "operations above 0 in some quarter")


def _simulate(asked: Asked, reader: Reader) -> None:
    works = get_args(get_type_hints(Tier)["work"])
    given = [tier.work for tier in asked.simulate.tiers]
    if sorted(given) != sorted(works):
        expected = f"each of {', '.join(works)} once, in the order in which they slow"
        reader.remark("simulate.tiers", ", ".join(given) or "none", expected)


def _site_power(asked: Asked, reader: Reader) -> None:
    for key, use in asked.sites.items():
        path = f"sites.{key}"
        if use.battery is not None:
            _battery(f"{path}.battery", use.battery, reader)
        if use.curtailment is not None:
            _curtailment(f"{path}.curtailment", use.curtailment, reader)
        if use.price_ratios:
            _price_ratios(f"{path}.price_ratios", use, reader)


def _battery(path: str, use: Battery, reader: Reader) -> None:
    least_wh, most_wh = use.power_w * LEAST_STORAGE_H, use.power_w * MOST_STORAGE_H
    if use.power_w > 0 and not math.isnan(use.energy_wh) and not least_wh <= use.energy_wh <= most_wh:
        span = f"{units.show(least_wh, 'wh')} to {units.show(most_wh, 'wh')}"
        expected = f"{span}, which is {LEAST_STORAGE_H:g} h to {MOST_STORAGE_H:g} h at its power"
        reader.fault(f"{path}.energy", units.show(use.energy_wh, "wh"), expected)


def _curtailment(path: str, use: Curtailment, reader: Reader) -> None:
    if use.longest_h < 1:
        return  # its range has said so
    most = use.longest_h / (use.longest_h + 1)
    if use.hours_frac > most:
        expected = f"at most {100 * most:.3g} %, so that calls of {use.longest_h} h do not touch"
        reader.fault(f"{path}.hours", f"{100 * use.hours_frac:g} %", expected)


def _price_ratios(path: str, use: SiteUse, reader: Reader) -> None:
    rows = use.price_ratios
    if len(rows) != MONTHS or any(len(row) != DAY_H for row in rows):
        lengths = ", ".join(str(len(row)) for row in rows)
        reader.fault(path, f"{len(rows)} rows of {lengths}", f"{MONTHS} rows, one a month, of {DAY_H:g} hours each")
        return
    mean = float(np.mean(rows))
    if not 0 < mean < math.inf:
        reader.fault(path, f"a mean of {mean:g}", "numbers with a mean above 0; single ones may be negative")
    if use.price_file:
        reader.fault(path, "beside a price_file", "either price_file or price_ratios")


def _allocation(asked: Asked, reader: Reader) -> None:
    works = [name for group in GROUPS for name in getattr(asked, group)]
    check_within(asked.allocation, works, list(asked.sites), list(asked.platforms), reader)


def _sites(asked: Asked, records: Records, reader: Reader) -> None:
    for key, site in records.sites.items():
        if not _arrives(site.ramp_w, asked, asked.sites[key].slip_count):
            end = asked.horizon.end_date
            reader.fault(f"sites.{key}.ramp", "0 W throughout", f"power energised by {end}, the end of the horizon")
        elif QUARTER.fullmatch(asked.horizon.start_date):
            standing = float(arriving(site.ramp_w, [asked.horizon.start_date])[0])
            if asked.sites[key].sunk_w > standing:
                given = f"{asked.sites[key].sunk_w / 1e6:g} MW"
                reader.fault(f"sites.{key}.sunk", given, f"at most the {standing / 1e6:g} MW energised at the start")


def _each_site_once(asked: Asked, records: Records, reader: Reader) -> None:
    """A campus under two names would have its power twice, unless each part of it states a ramp of its own."""
    whole: dict[str, str] = {}
    for key, site in records.sites.items():
        if asked.sites[key].ramp_w is not None:
            continue
        other = whole.setdefault(site.id, key)
        if other != key:
            expected = "a campus once, or for each part of it a ramp of its own"
            reader.remark(f"sites.{key}", f"{site.name}, as sites.{other}", expected)


def _storage(asked: Asked, records: Records, reader: Reader) -> None:
    for key, use in asked.sites.items():
        if use.battery is not None and not records.storage[use.battery.source].storage_h > 0:
            reader.fault(f"sites.{key}.battery.source", use.battery.source, "a plant with storage: lithium_battery")


def _platforms(asked: Asked, records: Records, reader: Reader) -> None:
    some = False
    for key, use in asked.platforms.items():
        record = records.accelerators[key]
        _quarter(f"platforms.{key}.price_base", use.price_base_date, reader)
        if not record.plannable or record.rack_power_w is None:
            reader.fault(f"platforms.{key}.accelerator", record.id, "a part with a known rack power")
        elif use.rack_price_usd is None and record.rack_price_usd is None:
            reader.remark(f"platforms.{key}.rack_price", "missing", "a price, because the catalog knows none")
        if use.pool not in asked.pools:
            reader.fault(f"platforms.{key}.pool", use.pool, f"one of {', '.join(asked.pools) or '[pools]'}")
        else:
            some |= _arrives(asked.pools[use.pool].supply_count, asked, 0)
    if asked.platforms and not some:
        given = f"no supply by {asked.horizon.end_date}"
        reader.fault("platforms", given, "at least one platform with supply in the horizon")


def _arrives(course: Course, asked: Asked, slip_count: int) -> bool:
    """Whether a course rises above zero in the horizon; True where that cannot be told."""
    horizon = asked.horizon
    if not all(QUARTER.fullmatch(quarter) for quarter in (horizon.start_date, horizon.end_date, *course.periods)):
        return True
    start, end = quarter_number(horizon.start_date), quarter_number(horizon.end_date)
    if not 0 <= end - start < MAX_QUARTERS:
        return True
    values = arriving(course, quarter_range(horizon.start_date, horizon.end_date), slip_count)
    return bool(np.isnan(values).any() or (values > 0).any())


def _quarter(path: str, text: str, reader: Reader) -> bool:
    if QUARTER.fullmatch(text):
        return True
    reader.fault(path, text, 'a quarter such as "2026Q3"')
    return False
