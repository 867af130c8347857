"""Is a scenario of a size that anybody can mean? What is larger fills the memory before the clock would tell."""

from __future__ import annotations

import math
import sys

from gigawatt.catalog.tables import Reader
from gigawatt.quarters import HOURS_PER_QUARTER, QUARTER, quarter_number
from gigawatt.scenario.schema import Asked, Records, Tranches

MAX_QUARTERS = 160
# Whole tranches: their dates are searched for one by one.
MOST_TRANCHES_COUNT = 500
# Work is planned in two blocks of each quarter.
BLOCKS_COUNT = 2
# Decisions of a plan (the largest preset has some 7,000), and hours of all sites and platforms lived through one by
# one, at some 130 bytes each.
MOST_DECISIONS_COUNT, MOST_HOURS_COUNT = 500_000, 50_000_000
# Failures that are drawn one by one, at some 30 bytes each.
MOST_FAILURES_COUNT = 200_000_000


def check_size(asked: Asked, records: Records | None, reader: Reader) -> None:
    """Add a fault for each way in which a scenario is too large to the reader."""
    quarters = quarters_count(asked)
    if asked.capital.tranches is not None and tranches_count(asked) > MOST_TRANCHES_COUNT:
        path = "capital.tranches" + ("" if asked.capital.tranches.milestones else ".every")
        reader.remark(path, f"{tranches_count(asked):,} tranches", f"at most {MOST_TRANCHES_COUNT}")
        return
    if not 0 < quarters <= MAX_QUARTERS:
        return  # a fault was told of that
    decisions = decisions_count(asked)
    if decisions > MOST_DECISIONS_COUNT:
        sizes = ", ".join(f"{count:,} {name}" for name, count in parts(asked).items())
        expected = f"a plan of at most {MOST_DECISIONS_COUNT:,} decisions: fewer sites, platforms, work or quarters"
        reader.remark("horizon", f"{sizes}: {decisions:,} decisions", expected)
    elif asked.simulate.mode == "stochastic":
        _hours(asked, quarters, reader)
        if records is not None:
            _failures(asked, records, quarters, reader)


def quarters_count(asked: Asked) -> int:
    """Quarters of the horizon; 0 where its ends are no quarters."""
    start, end = asked.horizon.start_date, asked.horizon.end_date
    if not (QUARTER.fullmatch(start) and QUARTER.fullmatch(end)):
        return 0
    return quarter_number(end) - quarter_number(start) + 1


def tranches_count(asked: Asked) -> int:
    """Tranches, however they are released."""
    use = asked.capital.tranches
    return 0 if use is None else len(use.milestones) or _steps_count(use, asked.programme.target_w)


def _steps_count(use: Tranches, target_w: float) -> int:
    """None of a number that could not be read, which is a fault of its own."""
    if not (use.every_w and use.amount_usd and use.most_usd):
        return 0
    by_money, by_power = use.most_usd / use.amount_usd, target_w / use.every_w
    return 0 if math.isnan(by_money + by_power) else int(min(by_money, by_power, sys.maxsize))


def works_count(asked: Asked) -> int:
    """Classes of work of every kind."""
    return len(asked.use_cases) + len(asked.training_runs) + len(asked.experiments)


def parts(asked: Asked) -> dict[str, int]:
    """What a plan is as large as, in words."""
    return {
        "quarters": quarters_count(asked),
        "sites": len(asked.sites),
        "platforms": len(asked.platforms),
        "classes of work": works_count(asked),
        "tranches": tranches_count(asked),
    }


def decisions_count(asked: Asked) -> int:
    """Decisions of a plan: racks by site and platform, work by block and platform, tranches; in every quarter."""
    each = len(asked.platforms) * (len(asked.sites) + BLOCKS_COUNT * works_count(asked)) + tranches_count(asked)
    return quarters_count(asked) * each


def _hours(asked: Asked, quarters: int, reader: Reader) -> None:
    hours = round(quarters * HOURS_PER_QUARTER) * len(asked.sites) * len(asked.platforms)
    if hours > MOST_HOURS_COUNT:
        given = f"stochastic, which is {hours:,} hours of sites and platforms"
        reader.remark("simulate.mode", given, f"at most {MOST_HOURS_COUNT:,} of them, or expected")


def _failures(asked: Asked, records: Records, quarters: int, reader: Reader) -> None:
    """Failures of as many packages as the target could feed, through the whole horizon."""
    known = [one for one in records.accelerators.values() if one.rack_power_w]
    packages_per_w = max((one.packages_per_rack_count / (one.rack_power_w or 1.0) for one in known), default=0.0)
    packages = asked.programme.target_w * packages_per_w
    failures = packages * asked.operations.package_failures_per_h * quarters * HOURS_PER_QUARTER
    if failures > MOST_FAILURES_COUNT:
        given = f"{asked.operations.package_failures_per_h:g} /h, which is up to {failures:,.0f} failures"
        expected = f"at most {MOST_FAILURES_COUNT:,} where each is drawn, or simulate.mode expected"
        reader.remark("operations.package_failures", given, expected)
