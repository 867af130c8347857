"""What a plan says of every quarter, site, platform and class, as a ledger's facts are held against it."""

from __future__ import annotations

import numpy as np
import xarray as xr

from gigawatt.ndarrays import Floats
from gigawatt.programme import counted, money, opening, unit_costs
from gigawatt.quarters import HOURS_PER_QUARTER, SECONDS_PER_QUARTER
from gigawatt.study.result import Result

# Money of the books, by item → direction and item of the ledger, by which way it flows.
ITEMS: dict[str, tuple[str, str]] = {
    "revenue": ("in", "revenue"),
    "energy": ("out", "energy"),
    "opex": ("out", "operation"),
    "rent": ("out", "operation"),
    "non_compute": ("out", "operation"),
    "racks": ("out", "racks"),
    "network": ("out", "racks"),
    "shells": ("out", "shells"),
    "tax": ("out", "tax"),
    "interest": ("out", "interest"),
    "upfront_equity": ("in", "equity"),
    "distribution": ("out", "equity"),
    "tranches": ("in", "tranches"),
    "customer_paid": ("in", "other"),
    "customer_served": ("out", "other"),
}
# Money of the books that is debt: items of what is drawn and of what is repaid.
LOANS = ("vendor_drawn", "vendor_repaid")
# Lines of money that are compared, in the order of the statements; debt is apart, for it flows both ways.
FLOWS = tuple(dict.fromkeys([*ITEMS.values(), ("in", "debt"), ("out", "debt"), ("in", "other"), ("out", "other")]))


def planned(result: Result) -> xr.Dataset:
    """Every quarter of a plan.

    shell_w, shell_mean_w, it_w (period, site): facility power energised, at the end and in the mean, and IT power;
    stock_count, stock_mean_count, bought_count (period, site, platform); facility_wh, it_wh (period, site);
    rack_tokens: of a mean rack (period, platform, use_case), also of racks before and after any are planned;
    tokens (period, site, use_case); usd_per_token (period, use_case); rack_usd, with its network (period, platform);
    shell_usd_per_w, start_shell_w (site), and shell_spent_usd, paid for shells before they stand (period, site);
    pue_peak_ratio, energy_price_usd_per_wh, wh_per_w (site), rack_it_w (platform);
    flow_usd (period, flow): money that comes in or goes out, never negative.
    """
    plan, inputs, asked = result.plan, result.plan.inputs, result.scenario.asked
    data = plan.data
    mean = money.mean_stock(data.stock_count, opening.start_count(inputs)).transpose("period", "site", "platform")
    it = money.mean_stock(data.it_w, opening.start_it_w(inputs))
    start_w = opening.shells_at_start_w(inputs)
    wh_per_w = unit_costs.energy_wh_per_w(inputs, asked)
    per_rack = rack_tokens(result, mean)
    return xr.Dataset(
        {
            "shell_w": data.shell_w,
            "shell_mean_w": money.mean_stock(data.shell_w, start_w),
            "it_w": data.it_w,
            "stock_count": data.stock_count,
            "stock_mean_count": mean,
            "bought_count": data.install_count,
            "facility_wh": it * wh_per_w,
            "it_wh": it * asked.operations.load_factor_frac * HOURS_PER_QUARTER,
            "rack_tokens": per_rack,
            "tokens": (mean * per_rack).sum("platform"),
            "usd_per_token": money.earned_usd_per_token(data.served_tokens_per_s, inputs),
            "rack_usd": unit_costs.rack_cost_usd(inputs, asked),
            "shell_usd_per_w": inputs.shell_usd_per_w,
            "shell_spent_usd": unit_costs.shells_usd(data.energise_w, inputs),
            "start_shell_w": start_w,
            "pue_peak_ratio": inputs.pue_peak_ratio,
            "energy_price_usd_per_wh": inputs.energy_price_usd_per_wh,
            "wh_per_w": wh_per_w,
            "rack_it_w": inputs.rack_it_w,
            "flow_usd": flow_usd(result),
        }
    )


def rack_tokens(result: Result, mean_count: xr.DataArray) -> xr.DataArray:
    """Output tokens of a mean rack in a quarter, (period, platform, use_case).

    Where the plan has no rack of a platform, those of the next quarter that has some stand, else of the last one, else
    what a watt of the others brings.
    """
    data, inputs = result.plan.data, result.plan.inputs
    rate = counted.tokens_per_s(inputs)
    done = (data.work_count * rate * inputs.hours_frac).sum("block") * SECONDS_PER_QUARTER
    stock = mean_count.sum("site")
    some = stock > 1e-9 * float(stock.max() or 1.0)
    per_rack = (done / stock.where(some)).transpose("period", "platform", "use_case")
    power = (stock * inputs.rack_it_w).sum("platform")
    per_w = _filled((done.sum("platform") / power.where(power > 0)).transpose("period", "use_case").values)
    values = _filled(per_rack.values)
    spare = per_w[:, None, :] * inputs.rack_it_w.values[None, :, None]
    return per_rack.copy(data=np.nan_to_num(np.where(np.isfinite(values), values, spare)))


def _filled(values: Floats) -> Floats:
    """Values along the first axis, those that are missing from the next that is there, else from the last."""
    found = np.array(values)
    for step in range(len(found) - 2, -1, -1):
        found[step] = np.where(np.isfinite(found[step]), found[step], found[step + 1])
    for step in range(1, len(found)):
        found[step] = np.where(np.isfinite(found[step]), found[step], found[step - 1])
    return found


def flow_usd(result: Result) -> xr.DataArray:
    """Money of the books by quarter and by line of the ledger, (period, flow); a flow is "in revenue" and the like.

    Cash that a programme opens with was paid in by somebody: it is equity, unless it is what an earlier plan left.
    """
    books = result.accounts.statements
    found = {pair: np.zeros(books.sizes["period"]) for pair in FLOWS}
    if result.scenario.asked.opening is None:
        found["in", "equity"] = books["opening_cash"].values
    for item, pair in ITEMS.items():
        found[pair] = found[pair] + (np.abs(books[item].values) if item in books else 0.0)
    for drawn in (books[item].values for item in ("debt_drawn", *LOANS) if item in books):
        found["in", "debt"] = found["in", "debt"] + np.maximum(drawn, 0.0)
        found["out", "debt"] = found["out", "debt"] + np.maximum(-drawn, 0.0)
    names = [" ".join(pair) for pair in found]
    coords = {"period": books.period.values, "flow": names}
    return xr.DataArray(np.stack(list(found.values()), axis=1), dims=("period", "flow"), coords=coords)
