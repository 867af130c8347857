"""The money of a plan, line by line, from its decisions: the same coefficients that the equations hold.

Every line is in USD a quarter, income positive and cost negative, on the finest dimensions that cause it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from gigawatt import dollars
from gigawatt.ndarrays import Floats
from gigawatt.programme import book, opening, rents, unit_costs, work_done
from gigawatt.quarters import SECONDS_PER_QUARTER
from gigawatt.scenario.schema import Asked

LINES = (
    "revenue_usd",
    "non_compute_usd",
    "energy_usd",
    "opex_usd",
    "rent_usd",
    "racks_usd",
    "network_usd",
    "shells_usd",
    "tax_usd",
)


def lines(decisions: xr.Dataset, data: xr.Dataset, asked: Asked) -> xr.Dataset:
    """Every line of `LINES`.

    decisions: install_count and it_w (period, site[, platform]), shell_w and energise_w (period, site),
    served_tokens_per_s (period, block, use_case).
    """
    finance = asked.finance
    racks = decisions.install_count * data.rack_price_usd
    it = mean_stock(decisions.it_w, opening.start_it_w(data))
    shell = mean_stock(decisions.shell_w, opening.start_shell_w(data))
    energy_wh = it * unit_costs.energy_wh_per_w(data, asked)
    revenue = revenue_usd(decisions.served_tokens_per_s, data)
    found = xr.Dataset(
        {
            "revenue_usd": revenue,
            "non_compute_usd": -finance.non_compute_frac * revenue,
            "energy_usd": -energy_wh * data.energy_price_usd_per_wh,
            "opex_usd": -it * unit_costs.opex_usd_per_w(data, asked),
            "rent_usd": -rents.rent_usd(decisions.energise_w, shell, data),
            "racks_usd": -racks,
            "network_usd": -racks * finance.network_frac,
            "shells_usd": -unit_costs.shells_usd(decisions.energise_w, data),
        }
    )
    found["tax_usd"] = -_tax_usd(found, data, asked)
    return found


def mean_stock(stock: xr.DataArray, start: xr.DataArray | float = 0.0) -> xr.DataArray:
    """A stock's mean over each quarter, half of opening and closing. start: what it opens the first quarter with."""
    return 0.5 * (stock + stock.shift(period=1, fill_value=0.0) + opening.first(start, stock)).transpose(*stock.dims)


def mean_tokens_per_s(served_tokens_per_s: xr.DataArray, data: xr.Dataset) -> xr.DataArray:
    """Tokens per second over the whole quarter, from those of its blocks."""
    return (served_tokens_per_s * data.hours_frac).sum("block")


def revenue_usd(served_tokens_per_s: xr.DataArray, data: xr.Dataset) -> xr.DataArray:
    """Revenue of each class [USD a quarter], dims (period, use_case): the dearest segments of demand are served first.

    served_tokens_per_s: dims (period, block, use_case).
    """
    served = mean_tokens_per_s(served_tokens_per_s, data)
    sold = filled(served, data.demand_tokens_per_s * data.segment_frac, "segment")
    return (sold * usd_per_token(data)).sum("segment") * SECONDS_PER_QUARTER


def usd_per_token(data: xr.Dataset) -> xr.DataArray:
    """What a token of each segment sells for [USD], dims (period, use_case, segment)."""
    return data.price_usd_per_mtok / 1e6 * data.segment_price_ratio


def social_usd_per_token(data: xr.Dataset) -> xr.DataArray:
    """What a token is worth to society beyond its price [USD], dims (period, use_case, social_segment)."""
    return data.price_usd_per_mtok / 1e6 * data.social_value_ratio * data.social_weight_ratio


def earned_usd_per_token(served_tokens_per_s: xr.DataArray, data: xr.Dataset) -> xr.DataArray:
    """What a token of each class earns in each quarter [USD], dims (period, use_case).

    The mean over the tokens that are served, dearest first; the price of the class where none are.
    """
    served = mean_tokens_per_s(served_tokens_per_s, data) * SECONDS_PER_QUARTER
    revenue = revenue_usd(served_tokens_per_s, data)
    listed = data.price_usd_per_mtok / 1e6
    return xr.where(served > 0, revenue / served.where(served > 0), listed).transpose("period", "use_case")


def filled(amount: xr.DataArray, width: xr.DataArray, segment: str) -> xr.DataArray:
    """An amount poured into segments in their order, each up to its width; in the unit of both."""
    left = (amount - (width.cumsum(segment) - width)).clip(min=0)
    return xr.where(left > width, width, left)


def total(line: xr.DataArray) -> xr.DataArray:
    """A line summed over everything but time, dims (period); of many futures, (draw, period)."""
    return line.sum([name for name in line.dims if name not in ("draw", "period")]).transpose(..., "period")


def free_cash_flow(lines: xr.Dataset) -> xr.DataArray:
    """Sum of all lines [USD a quarter], dims (period)."""
    return sum((total(lines[name]) for name in LINES[1:]), start=total(lines[LINES[0]]))


def depreciation_usd(lines: xr.Dataset, data: xr.Dataset, asked: Asked) -> xr.DataArray:
    """What is written off in each quarter [USD, positive], dims (period)."""
    lives = {
        "racks_usd": asked.finance.rack_life_years,
        "network_usd": asked.finance.rack_life_years,
        "shells_usd": asked.finance.shell_life_years,
    }
    spent = {name: -total(lines[name]) for name in lives}
    nothing = xr.zeros_like(spent["racks_usd"])
    kept = sum(
        (
            (book.book_table(data, life) * spent[name].rename(period="bought")).sum("bought")
            for name, life in lives.items()
        ),
        start=nothing,
    )
    return sum(spent.values(), start=nothing) - opening.change(kept) + opening.depreciation_usd(data, asked)


def operating_usd(lines: xr.Dataset) -> xr.DataArray:
    """Revenue less running costs, before depreciation [USD a quarter], dims (period)."""
    names = ("revenue_usd", "non_compute_usd", "energy_usd", "opex_usd", "rent_usd")
    return sum((total(lines[name]) for name in names[1:]), start=total(lines[names[0]]))


def _tax_usd(lines: xr.Dataset, data: xr.Dataset, asked: Asked) -> xr.DataArray:
    """Unlevered tax: interest shields nothing, so that the plan does not depend on its financing."""
    income = operating_usd(lines) - depreciation_usd(lines, data, asked)
    income = income.transpose(..., "period")
    before = np.full((*income.shape[:-1], 1), -asked.at_start.losses_usd)
    whole = np.concatenate([before, income.values], axis=-1)
    return income.copy(data=dollars.tax_usd(whole, asked.finance.tax_frac)[..., 1:])


def capital_usd(lines: Mapping[Any, xr.DataArray]) -> dict[str, xr.DataArray]:
    """What is spent in each quarter on racks with network and on shells [USD, positive], dims (period)."""
    racks, shells = total(lines["racks_usd"]) + total(lines["network_usd"]), total(lines["shells_usd"])
    return {"racks": -racks, "shells": -shells}


def terminal_usd(lines: xr.Dataset, asked: Asked) -> xr.DataArray:
    """Value at the end of the horizon of what was spent in each quarter [USD, not discounted], dims (period)."""
    spent = capital_usd(lines)
    return spent["racks"].copy(data=left_usd(spent["racks"].values, spent["shells"].values, asked))


def left_usd(racks_usd: Floats, shells_usd: Floats, asked: Asked) -> Floats:
    """The same of what was spent on racks with their network, and on shells, in each quarter [USD], (..., quarters)."""
    finance, count = asked.finance, racks_usd.shape[-1]
    racks, shells = (
        book.terminal_ratio(count, asked, life) for life in (finance.rack_life_years, finance.shell_life_years)
    )
    return racks_usd * racks + shells_usd * shells


def final_usd(lines: xr.Dataset, data: xr.Dataset, asked: Asked) -> float:
    """Value at the end of the horizon of all that stands then [USD, not discounted], whoever paid for it when."""
    return float(terminal_usd(lines, asked).sum()) + opening.terminal_usd(data, asked)


def runs_done_frac(data: xr.Dataset, inputs: xr.Dataset) -> xr.DataArray:
    """Share of each training run's volume that is trained [1], dims (run)."""
    done = work_done.trained_flop(data, inputs).sum("period")
    return done / inputs.run_volume_flop + (1.0 - opening.left_frac(inputs))


def experiments_done_frac(data: xr.Dataset, inputs: xr.Dataset) -> xr.DataArray:
    """Share of the operations wished for that is done [1], dims (period, experiment)."""
    return (work_done.tried_flop(data, inputs) / inputs.experiment_wish_flop).transpose("period", "experiment")
