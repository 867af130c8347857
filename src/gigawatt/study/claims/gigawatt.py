"""What a gigawatt is: racks, packages, operations, tokens and dollars of a watt of facility power, without a plan."""

from __future__ import annotations

from dataclasses import dataclass

import xarray as xr

from gigawatt.catalog import load as catalog
from gigawatt.catalog.records import Accelerator
from gigawatt.programme import counted, money, power_to_serve, site_mix
from gigawatt.programme.power_to_serve import Hours
from gigawatt.quarters import SECONDS_PER_QUARTER
from gigawatt.scenario.schema import Scenario
from gigawatt.units import DAY_S


def accelerator(name: str) -> Accelerator:
    """A record of the catalog by id or alias."""
    record: Accelerator = catalog.get("accelerators", name)
    return record


def pue_peak_ratio(data: xr.Dataset) -> float:
    """Peak PUE of the programme: its sites', weighted by the power that they end with."""
    return float(site_mix.mean_basis_ratio(data, "facility")[-1])


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Facility power [W] that all demand of a quarter takes on one platform, see `power_to_serve`.

    classes: of each class of inference in its own busiest hours, dims (use_case); apart_w: of all work so. The others
    with hours shared, as on one fleet (together): inference_w, research_w (training runs and experiments) of each
    alone, total_w of both.
    """

    classes: xr.DataArray
    inference_w: float
    research_w: float
    total_w: float
    apart_w: float


def load_of(data: xr.Dataset, platform: str, quarter: str) -> Load:
    """What serving everything that is asked in a quarter takes."""
    asks = power_to_serve.asks(data).sel(period=quarter, platform=platform)
    rack_w = float(power_to_serve.rack_w(data, "facility").sel(period=quarter, platform=platform))
    inference = power_to_serve.of_kind(asks, "use_case")
    racks = power_to_serve.racks_count(inference) * inference.busiest_ratio

    def serving_w(of: xr.Dataset, hours: Hours = "together") -> float:
        return float(power_to_serve.serving_racks_count(of, hours)) * rack_w

    return Load(
        classes=racks.drop_vars("kind").rename(work="use_case") * rack_w,
        inference_w=serving_w(inference),
        research_w=serving_w(power_to_serve.of_kind(asks, "run", "experiment")),
        total_w=serving_w(asks),
        apart_w=serving_w(asks, "apart"),
    )


def tokens_per_day_per_w(data: xr.Dataset, platform: str, quarter: str) -> xr.DataArray:
    """Mean output tokens a day of a watt of facility power that serves one class only, dims (use_case)."""
    asks = power_to_serve.of_kind(power_to_serve.asks(data).sel(period=quarter, platform=platform), "use_case")
    rack_w = float(power_to_serve.rack_w(data, "facility").sel(period=quarter, platform=platform))
    rate = asks.rack_per_s / asks.busiest_ratio
    return rate.drop_vars("kind").rename(work="use_case") * DAY_S / rack_w


def mixed_tokens_per_day_per_w(data: xr.Dataset, platform: str, quarter: str) -> float:
    """Mean output tokens a day of a watt that serves all classes in the proportions asked for."""
    demanded = float(data.demand_tokens_per_s.sel(period=quarter).sum())
    return demanded * DAY_S / load_of(data, platform, quarter).inference_w


def mixed_revenue_usd_per_w(data: xr.Dataset, platform: str, quarter: str) -> float:
    """Yearly revenue [USD/W] of a watt that serves all classes as they are asked for, down to the cheapest segment."""
    now = data.sel(period=quarter)
    per_s = (money.usd_per_token(data).sel(period=quarter) * now.segment_frac * now.demand_tokens_per_s).sum()
    return 4 * SECONDS_PER_QUARTER * float(per_s) / load_of(data, platform, quarter).inference_w


def training_flop_per_w_year(data: xr.Dataset, platform: str) -> float:
    """Useful training operations of a watt of facility power in a year [FLOP/W]; 0 where nothing is trained."""
    now = data.sel(platform=platform)
    each = counted.run_flops(now), counted.experiment_flops(now)
    rates = [float(rate.mean()) for rate in each if rate.size]
    rack_w = float(now.rack_it_w) * pue_peak_ratio(data)
    return max(rates, default=0.0) * 4 * SECONDS_PER_QUARTER / rack_w


def platforms_of(scenario: Scenario, parts: tuple[str, ...]) -> list[str]:
    """The scenario's platforms that are one of these parts of the catalog."""
    return [key for key, record in scenario.records.accelerators.items() if record.id in parts]
