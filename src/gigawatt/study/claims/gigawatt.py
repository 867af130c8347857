"""What a gigawatt is: racks, packages, operations, tokens and dollars of a watt of facility power, without a plan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from gigawatt.account.metrics import UnitCost, unit_cost
from gigawatt.catalog import load as catalog
from gigawatt.catalog.records import Accelerator
from gigawatt.programme import counted, money
from gigawatt.programme.arrays import HOURS_PER_YEAR, SECONDS_PER_QUARTER
from gigawatt.scenario.schema import Scenario

GIGAWATT_W = 1e9


def accelerator(name: str) -> Accelerator:
    """A record of the catalog by id or alias."""
    record: Accelerator = catalog.get("accelerators", name)
    return record


def pue_peak_ratio(data: xr.Dataset) -> float:
    """Peak PUE of the programme: its sites', weighted by the power that they end with."""
    power = data.ramp_w.isel(period=-1)
    return float((data.pue_peak_ratio * power).sum() / power.sum())


def packages_count(record: Accelerator, facility_w: float, overhead_ratio: float, rack_w: float | None = None) -> float:
    """Packages that this facility power holds; overhead_ratio: facility power per rack power; rack_w: other than the
    record's."""
    each = record.rack_power_w if rack_w is None else rack_w
    assert each is not None  # a part without rack power cannot be placed
    return facility_w / (each * overhead_ratio) * record.packages_per_rack_count


def best_flops(record: Accelerator) -> tuple[float, str] | None:
    """Highest dense peak of a package [FLOP/s] and its precision."""
    for precision in ("fp4", "fp8", "bf16"):
        value = getattr(record, f"{precision}_flops")
        if value is not None:
            return value, precision
    return None


def cost(scenario: Scenario, data: xr.Dataset, record: Accelerator, life_years: float) -> UnitCost:
    """Cost of a rack of the catalog at its listed price, at the scenario's finance and the mean of its sites."""
    assert record.rack_price_usd is not None and record.rack_power_w is not None  # noqa: PT018 (plannable parts have both)
    operations = scenario.asked.operations
    energy_usd_per_wh = float((data.energy_price_usd_per_wh * data.pue_mean_ratio).mean())
    return unit_cost(
        scenario.asked,
        record.rack_price_usd,
        record.rack_power_w * operations.it_overhead_ratio,
        pue_peak_ratio(data),
        operations.load_factor_frac * HOURS_PER_YEAR * energy_usd_per_wh,
        life_years,
    )


def yearly_usd_per_w_it(scenario: Scenario, record: Accelerator, found: UnitCost) -> float:
    """Total cost of owning a watt of IT power for a year [USD/W]."""
    assert record.rack_power_w is not None  # cost() has seen to it
    return found.yearly_usd_per_rack / (record.rack_power_w * scenario.asked.operations.it_overhead_ratio)


def usd_per_package_h(record: Accelerator, found: UnitCost) -> float:
    """Total cost of a package for an hour [USD]."""
    return found.yearly_usd_per_rack / HOURS_PER_YEAR / record.packages_per_rack_count


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Facility power [W] that all demand of a quarter takes on one platform.

    classes: of each class alone, dims (use_case), interactive ones at their peak. inference_w: of all classes together,
    batch work filling the valleys. research_w: of training runs and experiments. total_w: of both together.
    """

    classes: xr.DataArray
    inference_w: float
    research_w: float
    total_w: float


def load_of(data: xr.Dataset, platform: str, quarter: str) -> Load:
    """What serving everything that is asked in a quarter takes."""
    now = data.sel(platform=platform, period=quarter)
    rack_w = float(now.rack_it_w) * pue_peak_ratio(data)
    racks = now.demand_tokens_per_s / counted.tokens_per_s(now)
    interactive = now.interactive > 0
    peak = racks * xr.where(interactive, now.block_ratio.max("block"), 1.0)
    steady = float(racks.sum())
    peak_racks = float(peak.where(interactive, 0.0).sum())
    research = _research_racks(now, data)
    return Load(
        classes=peak * rack_w,
        inference_w=max(peak_racks, steady) * rack_w,
        research_w=research * rack_w,
        total_w=max(peak_racks, steady + research) * rack_w,
    )


def _research_racks(now: xr.Dataset, data: xr.Dataset) -> float:
    """Racks that the experiments wished for and the runs under way would keep busy for the quarter."""
    wished = (now.experiment_wish_flop / (counted.experiment_flops(now) * SECONDS_PER_QUARTER)).sum()
    seconds = data.run_window.sum("period") * SECONDS_PER_QUARTER
    share = (now.run_window * now.run_volume_flop / xr.where(seconds > 0, seconds, np.inf)).fillna(0.0)
    return float(wished + (share / counted.run_flops(now)).sum())


def tokens_per_day_per_w(data: xr.Dataset, platform: str, quarter: str) -> xr.DataArray:
    """Mean output tokens a day of a watt of facility power that serves one class only, dims (use_case)."""
    now = data.sel(platform=platform, period=quarter)
    peak = xr.where(now.interactive > 0, now.block_ratio.max("block"), 1.0)
    rate = counted.tokens_per_s(now) / peak
    return rate * 86400.0 / (float(now.rack_it_w) * pue_peak_ratio(data))


def mixed_tokens_per_day_per_w(data: xr.Dataset, platform: str, quarter: str) -> float:
    """Mean output tokens a day of a watt that serves all classes in the proportions asked for."""
    demanded = float(data.demand_tokens_per_s.sel(period=quarter).sum())
    return demanded * 86400.0 / load_of(data, platform, quarter).inference_w


def mixed_revenue_usd_per_w(data: xr.Dataset, platform: str, quarter: str) -> float:
    """Yearly revenue [USD/W] of a watt that serves all classes as they are asked for, down to the cheapest segment."""
    now = data.sel(period=quarter)
    per_s = (money.usd_per_token(data).sel(period=quarter) * now.segment_frac * now.demand_tokens_per_s).sum()
    return 4 * SECONDS_PER_QUARTER * float(per_s) / load_of(data, platform, quarter).inference_w


def training_flop_per_w_year(data: xr.Dataset, platform: str) -> float:
    """Useful training operations of a watt of facility power in a year [FLOP/W]; 0 where nothing is trained."""
    now = data.sel(platform=platform)
    rates = [float(rate.mean()) for rate in (counted.run_flops(now), counted.experiment_flops(now)) if rate.size]
    rack_w = float(now.rack_it_w) * pue_peak_ratio(data)
    return max(rates, default=0.0) * 4 * SECONDS_PER_QUARTER / rack_w


def platforms_of(scenario: Scenario, parts: tuple[str, ...]) -> list[str]:
    """The scenario's platforms that are one of these parts of the catalog."""
    return [key for key, record in scenario.records.accelerators.items() if record.id in parts]
