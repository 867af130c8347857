"""Views of a timeline that a report shows: few points from many hours, means and sums of what is there already."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gigawatt.ndarrays import Floats
from gigawatt.quarters import first_day, last_day
from gigawatt.study.result import Result

# A line of a chart has at most so many points.
MOST_POINTS = 200
# Lengths of a moment's text that is the same all minute, hour, day and month: "2028-07-14T16:00".
LENGTHS = (16, 13, 10, 7)
NAMES = {16: "step", 13: "hour", 10: "day", 7: "month", 6: "quarter"}
QUARTER_LENGTH = 6
DAY_HOURS = 24.0
# Racks or watts of less are what rounding leaves of those that are gone.
CRUMB = 1e-3
SHARES_FRAC = {"p1_w": 0.01, "p50_w": 0.50, "p99_w": 0.99}


def quarters(result: Result) -> list[str]:
    """The quarters that were lived through and are reported; all that were where none of them is."""
    lived = list(result.timeline.periods)
    reported = result.scenario.quarters[: result.scenario.reported_count]
    return [quarter for quarter in lived if quarter in reported] or lived


def dated(result: Result) -> bool:
    """Whether steps have dates: false for representative weeks."""
    return "T" in str(result.timeline.data.indexes["time"][0])


def step_h(data: xr.Dataset) -> float:
    """Length of a step [h], from that of its first two; representative weeks have hours."""
    first, second = (str(moment) for moment in data.time.values[:2])
    if "T" not in first:
        return 1.0
    return float((np.datetime64(second) - np.datetime64(first)) / np.timedelta64(60, "m"))


def grain(result: Result) -> str:
    """How long a point of `fleet` lasts: "quarter", "month", "day", "hour" or "step"."""
    return NAMES[_length(result, shown(result))]


def shown(result: Result) -> xr.Dataset:
    """The steps of the quarters that a report shows."""
    names, data = quarters(result), result.timeline.data
    within = (data.quarter.values >= names[0]) & (data.quarter.values <= names[-1])
    steps = np.flatnonzero(within)
    return data.isel(time=slice(steps[0], steps[-1] + 1))


def fleet(result: Result) -> xr.Dataset:
    """The fleet in at most `MOST_POINTS` points, dims (when) and more.

    stock_count, up_count, down_count, degraded_count, availability_frac (platform): means; availability is NaN where
    nothing stands. failures_per_h (kind). facility_w, it_w, pue_ratio, curtailed_w: of the programme.
    """
    data = shown(result)
    length = _length(result, data)
    labels = data.quarter.values if length == QUARTER_LENGTH else data.time.values.astype(f"U{length}")
    starts = np.flatnonzero(np.append(True, labels[1:] != labels[:-1]))
    platforms, member = _members(data)

    def mean(values: NDArray[Any]) -> Floats:
        weight = data.weight_h.values.reshape(-1, *[1] * (values.ndim - 1))
        total = np.add.reduceat(values.astype(float) * weight, starts, axis=0)
        return np.asarray(total / np.add.reduceat(weight, starts, axis=0))

    racks = {
        name: (("when", "platform"), mean(data[name].values @ member))
        for name in ("stock_count", "up_count", "down_count", "degraded_count")
    }
    power = {name: mean(data[name].values.sum(axis=1)) for name in ("facility_w", "it_w", "curtailed_w")}
    return xr.Dataset(
        {
            **racks,
            "availability_frac": (("when", "platform"), _over(racks["up_count"][1], racks["stock_count"][1])),
            "failures_per_h": (("when", "kind"), mean(data.failures_count.values) / step_h(data)),
            **{name: ("when", values) for name, values in power.items()},
            "pue_ratio": ("when", _over(power["facility_w"], power["it_w"])),
        },
        coords={"when": [str(label) for label in labels[starts]], "platform": platforms, "kind": data.kind.values},
    )


def _members(data: xr.Dataset) -> tuple[list[str], Floats]:
    """The platforms of a timeline in their order, and which pair is of which of them, (pair, platform); both may be
    empty."""
    platforms = list(dict.fromkeys(data.pair_platform.values.tolist()))
    rows = [[float(mine == platform) for platform in platforms] for mine in data.pair_platform.values.tolist()]
    return platforms, np.array(rows).reshape(len(rows), len(platforms))


def power_span(result: Result) -> xr.Dataset:
    """Facility power of the programme in each quarter [W], dims (period).

    p1_w, p50_w, p99_w: that 1 %, half and 99 % of its hours do not exceed; shell_w: what its shells can draw at its
    end.
    """
    data = shown(result)
    power, names = data.facility_w.values.sum(axis=1).astype(float), quarters(result)
    hours = [power[data.quarter.values == name] for name in names]
    found = {name: ("period", [np.quantile(part, share) for part in hours]) for name, share in SHARES_FRAC.items()}
    shells = result.plan.data.shell_w.sum("site").sel(period=names).values
    return xr.Dataset({**found, "shell_w": ("period", shells)}, coords={"period": names})


def window(result: Result) -> tuple[str, str] | None:
    """First and last day of what was lived through; None where it is the whole reported window."""
    horizon, names = result.scenario.asked.horizon, quarters(result)
    moments = shown(result).time.values
    first, last = (first_day(names[0]), last_day(names[-1]))
    if dated(result):
        first, last = (str(moment)[:10] for moment in (moments[0], moments[-1]))
    whole = first_day(horizon.start_date), last_day(horizon.report_end_date)
    return None if (first, last) == whole else (first, last)


def availability(result: Result) -> xr.Dataset:
    """Rack-hours of each platform over all that a report shows, dims (platform): stock_h, and availability_frac."""
    data = shown(result)
    platforms, member = _members(data)
    found = xr.Dataset(
        {
            name: ("platform", data.weight_h.values @ data[count].values @ member)
            for name, count in (("stock_h", "stock_count"), ("up_h", "up_count"))
        },
        coords={"platform": platforms},
    )
    return found.assign(availability_frac=found.up_h / found.stock_h.where(found.stock_h > 0))


def event_power(result: Result) -> xr.Dataset:
    """Facility power of an event's sites around it [W], dims (when): lived_w, and without_w had nothing been given up.

    As much time is shown before and after as the event takes, two hours at least.
    """
    found, data = result.outcome, result.timeline.data
    assert found is not None  # asked for where there is an event only
    begin, end = (np.datetime64(moment.removesuffix("Z")) for moment in (found.begin, found.end))
    around = max(end - begin, np.timedelta64(2, "h"))
    moments = data.time.values.astype("datetime64[m]")
    near = np.flatnonzero((moments >= begin - around) & (moments < end + around))
    near = near[:: -(-len(near) // MOST_POINTS)]
    part = data.sel(site=list(found.sites)).isel(time=near)
    power, given_up = (part[name].sum("site").values.astype(float) for name in ("facility_w", "curtailed_w"))
    return xr.Dataset(
        {"lived_w": ("when", power), "without_w": ("when", power + given_up)},
        coords={"when": [str(moment) for moment in moments[near]]},
    )


def daily(data: xr.Dataset) -> xr.Dataset:
    """Means of each day of a timeline, dims (day) for (time); failures_count is that of the day."""
    labels = _days(data.time.values.astype(str))
    starts = np.flatnonzero(np.append(True, labels[1:] != labels[:-1]))
    weight = data.weight_h.values
    whole = np.add.reduceat(weight, starts)
    found = {}
    for name in data.data_vars:
        line = data.variables[name]
        values = line.transpose("time", ...).values.astype(float)
        shape = (-1, *[1] * (values.ndim - 1))
        mean = np.add.reduceat(values * weight.reshape(shape), starts, axis=0) / whole.reshape(shape)
        found[str(name)] = (("day", *(str(dim) for dim in line.dims if dim != "time")), mean.astype(np.float32))
    days = xr.Dataset(found, coords={"day": labels[starts], "quarter": ("day", data.quarter.values[starts])})
    beside = {str(name): coord for name, coord in data.coords.items() if "time" not in coord.dims}
    return days.assign(failures_count=days.failures_count * (DAY_HOURS / step_h(data))).assign_coords(beside)


def _days(moments: NDArray[np.str_]) -> NDArray[np.str_]:
    """The day of each moment: its date; of a representative week its quarter and which of the seven, from 0."""
    if "T" in str(moments[0]):
        return moments.astype("U10")
    return np.array([f"{text[:QUARTER_LENGTH]} {int(text[QUARTER_LENGTH:]) // 24}" for text in moments.tolist()])


def _length(result: Result, data: xr.Dataset) -> int:
    """Characters of a moment that name a point: the finest grain with few enough points."""
    if not dated(result):
        return QUARTER_LENGTH
    first, last = (np.datetime64(str(data.indexes["time"][at])) for at in (0, -1))
    counts = ((last.astype(f"M8[{unit}]") - first.astype(f"M8[{unit}]")).astype(int) + 1 for unit in "hD")
    counts_by_length = zip(LENGTHS, (data.sizes["time"], *counts), strict=False)
    return next((length for length, count in counts_by_length if count <= MOST_POINTS), LENGTHS[-1])


def _over(over: Floats, under: Floats) -> Floats:
    return np.divide(over, under, out=np.full(over.shape, np.nan), where=under > CRUMB)
