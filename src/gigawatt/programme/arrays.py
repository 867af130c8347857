"""The scenario as labelled arrays in SI units: what every stage multiplies with.

One Dataset, made once from a Scenario by calling the kernels; planner, simulator and accountant read the same
figures, so they cannot disagree; `declared.INPUTS` says what each is. Rates are bare, those of a working rack; what is
counted on of a rack in service is in counted.py. Dimensions: period (solved quarters), before (quarters before them,
from the first in which something was paid that stands at the start), site, platform, pool, use_case (classes of
inference), run (training runs), experiment, segment, social_segment, block (peak, off_peak).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from gigawatt import dollars, tokens
from gigawatt.catalog import to_watts
from gigawatt.ndarrays import Floats
from gigawatt.programme import landlords
from gigawatt.programme.declared import INPUTS, check
from gigawatt.programme.rates import rack_rates
from gigawatt.programme.slo import FACTOR
from gigawatt.quarters import (
    SECONDS_PER_YEAR,
    arriving,
    quarter_name,
    quarter_number,
    quarter_range,
    sample,
)
from gigawatt.scenario.schema import Asked, Opening, PlatformUse, Scenario, Segment, UseCase
from gigawatt.scenario.series import energy_price_usd_per_wh

# Name of an array → its dimensions, and its values as anything that numpy takes.
Figures = dict[str, tuple[Sequence[str], Any]]

BLOCKS = ("peak", "off_peak")


def arrays(scenario: Scenario) -> xr.Dataset:
    """Every array that the stages need, SI units, names as in units.py.

    What a platform cannot do, and what of it stands idle, are attributes by the code of their notes, a line each.
    Raises ScenarioError for work that no platform can do (a model that fits nowhere, a TPOT that no batch meets).
    """
    operations, quarters = scenario.asked.operations, scenario.quarters
    rates, notes = rack_rates(scenario)
    labels, sites = _labels(scenario), _sites(scenario)
    figures: Figures = {
        "hours_frac": (("block",), [operations.peak_block_frac, 1 - operations.peak_block_frac]),
        "availability_frac": ((), operations.availability_frac),
        **sites,
        **_platforms(scenario, quarters),
        **_classes(scenario, quarters, rates, len(labels["segment"])),
        **_research(scenario, quarters, rates),
        **_opening(scenario, labels, sites),
    }
    data = xr.Dataset(
        {name: (dims, _filling(array, [len(labels[dim]) for dim in dims])) for name, (dims, array) in figures.items()},
        coords={name: np.array([*keys], dtype=str) for name, keys in labels.items()},
        attrs={code: "\n".join(lines) for code, lines in notes.items()},
    )
    return check(data, INPUTS)


def _labels(scenario: Scenario) -> dict[str, Collection[str]]:
    """What stands along each dimension."""
    asked = scenario.asked
    width = max(len(use.segments) for use in asked.use_cases.values())
    return {
        "period": scenario.quarters,
        "block": BLOCKS,
        "site": scenario.records.sites,
        "platform": asked.platforms,
        "pool": asked.pools,
        "use_case": asked.use_cases,
        "segment": [f"segment_{n + 1}" for n in range(width)],
        "social_segment": [f"social_{n + 1}" for n in range(len(asked.welfare.segments))],
        "run": asked.training_runs,
        "experiment": asked.experiments,
        "before": _quarters_before(asked.at_start, scenario.quarters[0]),
    }


def _filling(array: Any, shape: Sequence[int]) -> Floats:
    """Numbers of a shape; where one of its lengths is 0, a list cannot say what the others are."""
    values = np.asarray(array, dtype=float)
    return values if values.size else values.reshape(shape)


def _sites(scenario: Scenario) -> Figures:
    asked, sites = scenario.asked, scenario.records.sites
    uses = asked.sites
    years = {
        key: to_watts.pue_year(site, scenario.records.cooling[site.cooling], asked.operations.load_factor_frac)
        for key, site in sites.items()
    }
    shell = {
        key: asked.finance.shell_usd_per_w_facility
        if use.shell_usd_per_w_facility is None
        else use.shell_usd_per_w_facility
        for key, use in uses.items()
    }
    keys = list(sites)
    ramp = np.stack([_ramp(scenario, key) for key in keys], axis=1)
    peak = [years[key].peak_ratio for key in keys]
    return {
        "ramp_w": (("period", "site"), ramp),
        "pue_peak_ratio": (("site",), peak),
        "pue_mean_ratio": (("site",), [years[k].mean_ratio for k in keys]),
        "energy_price_usd_per_wh": (("site",), [energy_price_usd_per_wh(scenario, k) for k in keys]),
        "shell_usd_per_w": (("site",), [0.0 if landlords.is_leased(scenario, k) else shell[k] for k in keys]),
        "yearly_rent_usd_per_w": (("site",), landlords.yearly_rent_usd_per_w(scenario, shell, ramp, peak)),
        "sunk_w": (("site",), [uses[k].sunk_w for k in keys]),
        "lead_count": (("site",), [round(4 * sites[k].lead_time_years) for k in keys]),
        **landlords.terms(scenario, ramp),
    }


def _ramp(scenario: Scenario, key: str) -> Floats:
    """Facility power that a site can have energised in each quarter [W]: that of its grid, and of shells under way.

    Where an opening state says that only these are, all others take their lead time.
    """
    site, asked, quarters = scenario.records.sites[key], scenario.asked, scenario.quarters
    ramp, use = arriving(site.ramp_w, quarters, asked.sites[key].slip_count), asked.at_start
    if not use.begun_only:
        return ramp
    stands = asked.sites[key].sunk_w + sum(entry.power_w for entry in use.shells if entry.site == key)
    mine = [entry for entry in use.begun if entry.site == key]
    ready = [stands + sum(one.power_w for one in mine if one.ready_date <= quarter) for quarter in quarters]
    is_soon = np.arange(len(quarters)) < round(4 * site.lead_time_years) - 1
    return np.where(is_soon, np.minimum(ramp, ready), ramp)


def _platforms(scenario: Scenario, quarters: Sequence[str]) -> Figures:
    asked = scenario.asked
    keys, pools = list(asked.platforms), list(asked.pools)
    records = scenario.records.accelerators
    supply = np.stack([arriving(asked.pools[pool].supply_count, quarters) for pool in pools], axis=1)
    price = np.stack([_rack_price(asked.platforms[k], records[k].rack_price_usd, quarters) for k in keys], axis=1)
    member = [[float(asked.platforms[k].pool == pool) for pool in pools] for k in keys]
    nameplate = np.array([records[k].rack_power_w for k in keys], dtype=float)
    return {
        "supply_count": (("period", "pool"), supply),
        "in_pool_count": (("platform", "pool"), member),
        "rack_price_usd": (("period", "platform"), price),
        "rack_it_w": (("platform",), nameplate * asked.operations.it_overhead_ratio),
        "packages_per_rack_count": (("platform",), [records[k].packages_per_rack_count for k in keys]),
        "dies_per_package_count": (("platform",), [records[k].dies_per_package_count for k in keys]),
    }


def _rack_price(use: PlatformUse, listed_usd: float | None, quarters: Sequence[str]) -> Floats:
    """Price of a rack in each quarter [USD]: constant up to its base date, then its trend."""
    base = use.rack_price_usd if use.rack_price_usd is not None else listed_usd
    assert base is not None  # scenario.check has seen to it
    years = _years_since(use.price_base_date, quarters)
    return dollars.trend(base, use.price_change_per_year, np.maximum(years, 0.0))


def _years_since(quarter: str, quarters: Sequence[str]) -> Floats:
    return np.array([quarter_number(q) - quarter_number(quarter) for q in quarters], dtype=float) / 4


def software_ratio(asked: Asked, quarters: Sequence[str], gain_per_year: float, cap_ratio: float) -> Floats:
    """Work against the base date on the same hardware, through software, in the middle of each quarter [1]."""
    years = _years_since(asked.operations.software_base_date, quarters) + 1 / 8
    return np.asarray(tokens.software_ratio(years, gain_per_year, cap_ratio))


def _classes(scenario: Scenario, quarters: Sequence[str], rates: Mapping[str, Floats], width: int) -> Figures:
    """Arrays of the classes of inference. width: segments of each, empty ones among them."""
    asked = scenario.asked
    uses, operations = list(asked.use_cases.values()), asked.operations
    volumes, prices = zip(*(demand(use, asked, quarters) for use in uses), strict=True)
    software = software_ratio(asked, quarters, operations.software_gain_per_year, operations.software_cap_ratio)
    blocks = [tokens.block_ratios(use.peak_to_mean_ratio, operations.peak_block_frac) for use in uses]
    return {
        "demand_tokens_per_s": (("period", "use_case"), np.stack(volumes, axis=1)),
        "price_usd_per_mtok": (("period", "use_case"), np.stack(prices, axis=1)),
        "rack_tokens_per_s": (("period", "platform", "use_case"), rates["use_cases"] * software[:, None, None]),
        FACTOR: (("platform", "use_case"), rates["slo_derating"]),
        "block_ratio": (("use_case", "block"), blocks),
        "utilisation_frac": (("use_case",), [use.utilisation_frac for use in uses]),
        "interactive": (("use_case",), [use.load == "interactive" for use in uses]),
        "segment_frac": (("use_case", "segment"), [_column(use.segments, "share_frac", width) for use in uses]),
        "segment_price_ratio": (("use_case", "segment"), [_column(use.segments, "price_ratio", width) for use in uses]),
        "social_weight_ratio": (("use_case",), [use.social_weight_ratio for use in uses]),
        "floor_frac": (("use_case",), [use.floor_frac for use in uses]),
        "floor_penalty_usd_per_mtok": (("use_case",), [use.floor_penalty_usd_per_mtok for use in uses]),
        "hard": (("use_case",), [use.hard for use in uses]),
        "social_frac": (("social_segment",), [one.share_frac for one in asked.welfare.segments]),
        "social_value_ratio": (("social_segment",), [one.price_ratio for one in asked.welfare.segments]),
    }


def _column(segments: Sequence[Segment], name: str, width: int) -> list[float]:
    """One figure of each segment, dearest first, filled up with empty segments."""
    ordered = sorted(segments, key=lambda segment: -segment.price_ratio)
    return [getattr(segment, name) for segment in ordered] + [0.0] * (width - len(segments))


def demand(use: UseCase, asked: Asked, quarters: Sequence[str]) -> tuple[Floats, Floats]:
    """Mean tokens per second asked of the programme, and their price [USD/Mtoken], in each quarter."""
    share = asked.demand.volume_scale_ratio
    if use.people is not None:
        people = {name: sample(getattr(use.people, name), quarters, "log") for name in use.people.__slots__}
        users = people["weekly_users_count"]
        all_tokens = tokens.people_tokens_per_s(users, people["daily_requests_count"], people["request_tokens"], 0.0)
        price = dollars.subscription_usd_per_mtok(
            users, people["paying_frac"], people["yearly_revenue_usd"], all_tokens, SECONDS_PER_YEAR
        )
    else:
        assert use.demand_tokens_per_s is not None  # scenario.check has seen to it
        assert use.price_usd_per_mtok is not None
        all_tokens = sample(use.demand_tokens_per_s, quarters, "log")
        price = sample(use.price_usd_per_mtok, quarters, "log")
    return all_tokens * (1 - use.served_elsewhere_frac) * share, price * asked.demand.price_scale_ratio


def _research(scenario: Scenario, quarters: Sequence[str], rates: Mapping[str, Floats]) -> Figures:
    """Arrays of training runs and experiments."""
    asked, operations = scenario.asked, scenario.asked.operations
    runs, experiments = list(asked.training_runs.values()), list(asked.experiments.values())
    software = software_ratio(asked, quarters, operations.training_gain_per_year, operations.training_cap_ratio)
    wishes = {
        f"experiment_{name}": np.array([sample(getattr(use, name), quarters, "log") for use in experiments]).T
        for name in ("wish_flop", "worth_usd_per_flop", "floor_penalty_usd_per_flop")
    }
    return {
        "run_rack_flops": (("period", "platform", "run"), software[:, None, None] * rates["training_runs"]),
        "run_volume_flop": (("run",), [run.volume_flop for run in runs]),
        "run_window": (("period", "run"), [[run.start_date <= q <= run.end_date for run in runs] for q in quarters]),
        "run_gang_count": (("run",), [run.largest_gang_count for run in runs]),
        "run_penalty_usd": (("run",), [run.penalty_usd for run in runs]),
        "run_hard": (("run",), [run.hard for run in runs]),
        "experiment_rack_flops": (("period", "platform", "experiment"), software[:, None, None] * rates["experiments"]),
        "experiment_floor_frac": (("experiment",), [use.floor_frac for use in experiments]),
        **{name: (("period", "experiment"), courses) for name, courses in wishes.items()},
    }


def _opening(scenario: Scenario, labels: Mapping[str, Collection[str]], sites: Figures) -> Figures:
    """What stands before the first quarter: racks by quarter of installation, shells, and what they cost."""
    use = scenario.asked.at_start
    at = {name: {key: n for n, key in enumerate(labels[name])} for name in ("before", "site", "platform")}
    count = np.zeros([len(keys) for keys in at.values()])
    rack_usd, shell_usd = np.zeros(len(at["before"])), np.zeros(len(at["before"]))
    shell_w, paid_usd = np.zeros(len(at["site"])), np.zeros(len(at["site"]))
    for racks in use.racks:
        quarter = at["before"][racks.installed_date]
        count[quarter, at["site"][racks.site], at["platform"][racks.platform]] += racks.racks_count
        listed = _price_then(scenario, racks.platform, racks.installed_date)
        price = listed if racks.price_usd is None else racks.price_usd
        rack_usd[quarter] += racks.racks_count * price * (1 + scenario.asked.finance.network_frac)
    for shells in use.shells:
        site = at["site"][shells.site]
        stated = shells.cost_usd_per_w_facility
        cost = sites["shell_usd_per_w"][1][site] if stated is None else stated
        shell_w[site] += shells.power_w
        shell_usd[at["before"][shells.paid_date]] += shells.power_w * cost
    for paid in use.paid:
        paid_usd[at["site"][paid.site]] += paid.amount_usd
        shell_usd[at["before"][paid.paid_date]] += paid.amount_usd
    done = {entry.run: entry.done_frac for entry in use.trained}
    return {
        "opening_count": (("before", "site", "platform"), count),
        "opening_rack_usd": (("before",), rack_usd),
        "opening_shell_usd": (("before",), shell_usd),
        "opening_shell_w": (("site",), shell_w),
        "opening_paid_usd": (("site",), paid_usd),
        "opening_done_frac": (("run",), [done.get(run, 0.0) for run in labels["run"]]),
        "opening_rent_ratio": (("site",), _rent_ratios(scenario, labels["site"])),
    }


def _rent_ratios(scenario: Scenario, sites: Collection[str]) -> list[float]:
    """Rent of the shells that stand over that at their delivery, mean by site; 1 where there are none."""
    start, ratios = quarter_number(scenario.quarters[0]), []
    for site in sites:
        mine = [entry for entry in scenario.asked.at_start.shells if entry.site == site and entry.power_w > 0]
        power = np.array([entry.power_w for entry in mine])
        years = np.array([start - quarter_number(entry.paid_date) for entry in mine], dtype=float) / 4
        growth = landlords.growth_per_year(scenario.asked, site)
        ratios.append(float(power @ (1 + growth) ** years / power.sum()) if mine else 1.0)
    return ratios


def _quarters_before(use: Opening, start: str) -> list[str]:
    """Every quarter from the earliest of an opening state up to the horizon."""
    dates = [entry.installed_date for entry in use.racks]
    dates += [entry.paid_date for entry in use.shells] + [entry.paid_date for entry in use.paid]
    return quarter_range(min(dates), quarter_name(quarter_number(start) - 1)) if dates else []


def _price_then(scenario: Scenario, platform: str, quarter: str) -> float:
    """Price of a platform's rack in a quarter [USD]."""
    use, record = scenario.asked.platforms[platform], scenario.records.accelerators[platform]
    return float(_rack_price(use, record.rack_price_usd, [quarter])[0])
