"""What a dataset holds: every array with its dimensions, its unit and its meaning, checked where the dataset is made.

`INPUTS` and `MONEY` are the programme's own tables; a plan, a timeline and the books have theirs in declared.py beside
their maker. A name that is declared is there in every scenario: what a scenario lacks is an empty dimension, or zeros.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import xarray as xr


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """One array of a dataset.

    dims: its dimensions in their order. unit: SI, "1" for shares, ratios and marks, "" for words. meaning: a phrase.
    """

    dims: tuple[str, ...]
    unit: str
    meaning: str


Declarations = Mapping[str, Declared]


def declared(**rows: tuple[str, str, str]) -> Declarations:
    """A table from rows of dimensions (names with a space between them), unit and meaning, by name."""
    return {
        name: Declared(dims=tuple(dims.split()), unit=unit, meaning=meaning)
        for name, (dims, unit, meaning) in rows.items()
    }


NOTHING: Declarations = {}


def check(data: xr.Dataset, table: Declarations, beside: Declarations = NOTHING) -> xr.Dataset:
    """The dataset as it is, if it holds every array of its table and no other, each with the dimensions it says.

    beside: arrays that may be there too. Raises TypeError otherwise: the fault is that of the code that made it, never
    that of a question.
    """
    found = {str(name): line.dims for name, line in data.variables.items() if name not in data.coords}
    known = {**table, **beside}
    wrong = [f"no {name}" for name in table if name not in found]
    wrong += [f"{name} is not declared" for name in found if name not in known]
    wrong += [
        f"{name} has ({', '.join(map(str, dims))}), declared ({', '.join(known[name].dims)})"
        for name, dims in found.items()
        if name in known and dims != known[name].dims
    ]
    if wrong:
        raise TypeError("; ".join(wrong))
    return data


INPUTS = declared(
    hours_frac=("block", "1", "share of a quarter's hours that are of the block"),
    ramp_w=("period site", "W", "facility power that a site can have energised by the end of the quarter"),
    pue_peak_ratio=("site", "1", "facility over IT power in the hour that a site is built for"),
    pue_mean_ratio=("site", "1", "facility over IT energy of a mean year"),
    energy_price_usd_per_wh=("site", "USD/Wh", "price of electric energy"),
    shell_usd_per_w=("site", "USD/W", "cost of a shell per W of facility power; 0 where it is leased"),
    yearly_rent_usd_per_w=("site", "USD/W", "rent of a leased shell in its first year; 0 where it is owned"),
    sunk_w=("site", "W", "facility power of shells that the site declares paid before"),
    lead_count=("site", "quarters", "lead time of a shell, over which it is paid"),
    rent_growth_per_year=("site", "1/year", "growth of a rent beyond inflation; 0 where it is level"),
    minimum_take_frac=("site", "1", "share of the rent of all delivered power that is paid in any case"),
    lease_count=("site", "quarters", "term of the lease of each part of a site's power"),
    delivered_w=("period site", "W", "facility power of which a minimum of rent is asked"),
    supply_count=("period pool", "racks", "racks of a pool that are delivered in the quarter at most"),
    in_pool_count=("platform pool", "1", "1 where racks of the platform come from the pool"),
    rack_price_usd=("period platform", "USD", "price of a rack that is delivered in the quarter"),
    rack_it_w=("platform", "W", "IT power of a rack with its share of network and storage"),
    packages_per_rack_count=("platform", "packages", "packages of a rack"),
    dies_per_package_count=("platform", "dies", "dies of a package"),
    availability_frac=("", "1", "share of the racks in service that work, as the planner counts on it"),
    demand_tokens_per_s=("period use_case", "tokens/s", "mean output tokens that are asked of the programme"),
    price_usd_per_mtok=("period use_case", "USD/Mtoken", "price of output tokens, mean of their segments"),
    rack_tokens_per_s=("period platform use_case", "tokens/s", "output of a working rack that serves nothing else"),
    slo_derating_frac=("platform use_case", "1", "share of the steady state that users accept, which the rate holds"),
    block_ratio=("use_case block", "1", "demand in the block over its mean"),
    utilisation_frac=("use_case", "1", "share of a rack's rate that a class can use over the hours of a block"),
    interactive=("use_case", "1", "1 where users wait for the answer, 0 where any hour will do"),
    segment_frac=("use_case segment", "1", "share of demand in the segment, dearest first"),
    segment_price_ratio=("use_case segment", "1", "price of the segment over that of its class"),
    social_weight_ratio=("use_case", "1", "weight of the class in social value"),
    floor_frac=("use_case", "1", "share of demand that is to be served"),
    floor_penalty_usd_per_mtok=("use_case", "USD/Mtoken", "penalty on what the floor lacks"),
    hard=("use_case", "1", "1 where the floor must be kept"),
    social_frac=("social_segment", "1", "share of demand in the segment of social value"),
    social_value_ratio=("social_segment", "1", "social value of the segment beyond the price, over the price"),
    run_rack_flops=("period platform run", "FLOP/s", "useful operations of a working rack in the run's largest gang"),
    run_volume_flop=("run", "FLOP", "operations of the whole run"),
    run_window=("period run", "1", "1 where the run may be trained in the quarter"),
    run_gang_count=("run", "packages", "packages that the run can use at once"),
    run_penalty_usd=("run", "USD", "penalty on a run that is not trained at all"),
    run_hard=("run", "1", "1 where the run must be trained"),
    experiment_rack_flops=("period platform experiment", "FLOP/s", "useful operations of a working rack"),
    experiment_floor_frac=("experiment", "1", "share of the wish that is to be done"),
    experiment_wish_flop=("period experiment", "FLOP", "operations wished for in the quarter"),
    experiment_worth_usd_per_flop=("period experiment", "USD/FLOP", "worth of an operation"),
    experiment_floor_penalty_usd_per_flop=("period experiment", "USD/FLOP", "penalty on what the floor lacks"),
    opening_count=("before site platform", "racks", "racks that stand at the start, by the quarter they came in"),
    opening_rack_usd=("before", "USD", "paid for racks that stand at the start, with their network"),
    opening_shell_usd=("before", "USD", "paid for shells that stand at the start or are under way"),
    opening_shell_w=("site", "W", "facility power of shells that stand at the start, sunk ones apart"),
    opening_paid_usd=("site", "USD", "paid before the start for shells that are to come"),
    opening_done_frac=("run", "1", "share of the run that is trained before the start"),
    opening_rent_ratio=("site", "1", "rent of shells that stand at the start over that at their delivery"),
)

MONEY = declared(
    revenue_usd=("period use_case", "USD", "what is sold, dearest segments of demand first"),
    non_compute_usd=("period use_case", "USD", "share of revenue that pays for all but compute"),
    energy_usd=("period site", "USD", "electric energy of what is in service"),
    opex_usd=("period site", "USD", "operation without energy"),
    rent_usd=("period site", "USD", "rent of leased shells"),
    racks_usd=("period site platform", "USD", "racks that are delivered"),
    network_usd=("period site platform", "USD", "their network and storage"),
    shells_usd=("period site", "USD", "shells, over their lead time"),
    tax_usd=("period", "USD", "tax on income, as if nothing were borrowed"),
)
