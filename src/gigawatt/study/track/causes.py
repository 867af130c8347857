"""Why what happened differs from the plan: an exact decomposition, for each quarter and site.

What a quantity comes to is racks × what a rack does × what that earns, and racks need power. Four causes are put in the
place of the plan one after the other, and each has what the quantity changes by in its turn, so that they add up to the
whole difference to the last digit:

1. *power*: the plan's racks, as many of them as the power carries that was energised;
2. *racks*: the racks that stood, in their place;
3. *per rack*: what they did, in place of what they were to do;
4. *price*: what that earned or cost, in place of the plan's price.

In another order the parts would differ by the products of two of them, and the sum would not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import xarray as xr

# What a quantity is after each cause: as planned, with the power, with the racks, with what these did, at its price.
STEPS = ("planned", "powered", "racked", "done", "paid")
# Power that carries the plan's racks but for rounding carries them.
ROUNDING_FRAC = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """A quantity as planned and as it came, and what each cause has of the difference; None where nobody recorded it.

    power, racks, per_rack, price, other: they add up to actual less planned.
    """

    planned: float
    actual: float | None
    power: float
    racks: float
    per_rack: float | None
    price: float | None
    other: float | None

    @property
    def whole(self) -> float | None:
        """By how much it came out above the plan."""
        return None if self.actual is None else self.actual - self.planned


def deviation(planned: float, power: float, racks: float, **rest: float) -> Deviation:
    """A deviation of figures of which those that are no number are unknown; what is not given is nought.

    Where the whole is known and a part is not, the rest of the whole is put to what is not told apart.
    """
    found = {name: rest.get(name, 0.0) for name in ("actual", "per_rack", "price", "other")}
    if np.isfinite(found["actual"]) and not np.isfinite(found["per_rack"] + found["price"] + found["other"]):
        found |= {"per_rack": np.nan, "price": np.nan, "other": found["actual"] - planned - power - racks}
    known = {name: float(value) if np.isfinite(value) else None for name, value in found.items()}
    return Deviation(planned=float(planned), power=float(power), racks=float(racks), **known)


def together(found: Iterable[Deviation]) -> Deviation | None:
    """The sum of those that are known; None where none is."""
    known = [one for one in found if one.actual is not None]
    names = ("planned", "actual", "power", "racks", "per_rack", "price", "other")
    sums = {name: sum(getattr(one, name) or 0.0 for one in known) for name in names}
    return Deviation(**sums) if known else None


def caused(plan: xr.Dataset, seen: xr.Dataset) -> xr.Dataset:
    """Every quantity as the causes leave it in turn: `<name>_planned`, `_powered`, `_racked`, and, where somebody
    recorded it, `_done` and `_paid`.

    plan, seen: as `planned.planned` and `actual.actual` make them, on the same quarters, sites, platforms and classes.
    IT power (it, at the end of each quarter), energy, tokens (by class) and revenue: (period, site[, use_case]).
    """
    found = xr.Dataset()
    carried = _carried(seen.energised_w, plan.it_w * plan.pue_peak_ratio)
    racked_w = (seen.racks_count * plan.rack_it_w).sum("platform")
    found = found.assign(it_planned=plan.it_w, it_powered=plan.it_w * carried, it_racked=racked_w, it_done=racked_w)
    mean_w = (plan.stock_mean_count * plan.rack_it_w).sum("platform")
    carried = _carried(seen.energised_mean_w, mean_w * plan.pue_peak_ratio)
    racked_w = (seen.racks_mean_count * plan.rack_it_w).sum("platform")
    found["energy_planned"] = plan.facility_wh
    found["energy_powered"] = plan.facility_wh * carried
    found["energy_racked"] = racked_w * plan.wh_per_w
    found["energy_done"] = seen.facility_wh
    found["tokens_planned"] = plan.tokens
    found["tokens_powered"] = plan.tokens * carried
    found["tokens_racked"] = (seen.racks_mean_count * plan.rack_tokens).sum("platform")
    found["tokens_done"] = sited(seen.tokens, found.tokens_racked, found.tokens_planned)
    for step in STEPS[:-1]:
        found[f"revenue_{step}"] = (found[f"tokens_{step}"] * plan.usd_per_token).sum("use_case", skipna=False)
    earned = seen.flow_usd.sel(flow="in revenue")
    found["revenue_paid"] = sited(earned, found.revenue_done.fillna(0.0), found.revenue_planned)
    return found


def _carried(power_w: xr.DataArray, needed_w: xr.DataArray) -> xr.DataArray:
    """Share of the plan's racks that the power carries."""
    enough = power_w >= needed_w * (1 - ROUNDING_FRAC)
    return xr.where(enough, 1.0, power_w / needed_w.where(needed_w > 0, 1.0))


def sited(values: xr.DataArray, by: xr.DataArray, else_by: xr.DataArray) -> xr.DataArray:
    """What is known by place, by site: what is of the whole programme is shared in proportion to `by`, or to `else_by`
    where that is nothing, or equally."""
    of_sites = values.sel(place=by.site.values).rename(place="site").assign_coords(site=by.site.values)
    whole = values.sel(place="", drop=True)
    shares = [_shares(one) for one in (by, else_by, xr.ones_like(by))]
    share = shares[0].fillna(shares[1]).fillna(shares[2])
    return (of_sites + whole * share).transpose(*by.dims)


def _shares(by: xr.DataArray) -> xr.DataArray:
    """Each site's share; missing where there is nothing of it."""
    weight = by.clip(min=0.0)
    total = weight.sum("site")
    return weight / total.where(total > 0)


def money(plan: xr.Dataset, seen: xr.Dataset, steps: xr.Dataset) -> dict[str, list[Deviation]]:
    """Every line of money by quarter, as it adds to cash: what comes in is positive, what goes out negative.

    Racks are bought: what differs in number is put to racks at the plan's price. Shells are paid for power: what
    differs in power is put to power at the plan's cost. The rest of both is price. Lines without a quantity are other.
    """
    planned = plan.flow_usd
    paid = seen.flow_usd.sum("place", skipna=False)
    counted = (seen.accepted_count - plan.bought_count).sum("site")
    bought = -(counted * plan.rack_usd).sum("platform")
    energised = seen.energised_w - plan.shell_w
    built = -((energised - energised.shift(period=1, fill_value=0.0)) * plan.shell_usd_per_w).sum("site")
    revenue = {name: steps[f"revenue_{name}"].sum("site", skipna=False) for name in STEPS[:-1]}
    price = -plan.energy_price_usd_per_wh
    energy = {name: (steps[f"energy_{name}"] * price).sum("site", skipna=False) for name in STEPS[:-1]}
    nothing = xr.zeros_like(bought)
    driven = {
        "in revenue": _driven(revenue),
        "out energy": _driven(energy),
        "out racks": (nothing, bought, nothing),
        "out shells": (built, nothing, nothing),
    }
    found = {}
    for flow in planned.flow.values.tolist():
        sign = 1.0 if flow.startswith("in ") else -1.0
        due, came = sign * planned.sel(flow=flow), sign * paid.sel(flow=flow)
        power, racks, per_rack = driven.get(flow, (nothing, nothing, nothing))
        rest = came - due - power - racks - per_rack
        last = "price" if flow in driven else "other"
        columns = (due, power, racks, came, per_rack, rest)
        found[flow] = [
            deviation(*row[:3], actual=row[3], per_rack=row[4], **{last: row[5]})
            for row in zip(*(column.values.tolist() for column in columns), strict=True)
        ]
    return found


def _driven(of: dict[str, xr.DataArray]) -> tuple[xr.DataArray, xr.DataArray, xr.DataArray]:
    return of["powered"] - of["planned"], of["racked"] - of["powered"], of["done"] - of["racked"]
