"""What readings come to by site and quarter, as it was known at a moment: energy, PUE, tokens, hours of GPUs, cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gigawatt.ledger.readings import Total, sums
from gigawatt.quarters import quarter_of


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredQuarter:
    """A quantity of a site in a quarter: the sum of its readings, or of a gauge their mean."""

    quantity: str
    unit: str
    site: str
    period: str
    readings: int
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyQuarter:
    """Energy of a site in a quarter, where it was metered."""

    site: str
    period: str
    facility_wh: float | None
    """What the meters of the site counted, less what flowed back."""
    it_wh: float | None
    """What reached its racks."""
    gpu_wh: float | None
    """What its GPUs drew."""
    pue_ratio: float | None
    """The first over the second, where both were metered."""


def measured(totals: Iterable[Total]) -> tuple[MeasuredQuarter, ...]:
    """Every quantity by site and quarter."""
    found: dict[tuple[str, str, str, str], list[Total]] = defaultdict(list)
    for one in totals:
        found[one.series.site, quarter_of(one.month), one.series.quantity, one.series.unit].append(one)
    return tuple(
        MeasuredQuarter(
            quantity=quantity,
            unit=unit,
            site=site,
            period=period,
            readings=sum(row.count for row in rows),
            value=_value(rows),
        )
        for (site, period, quantity, unit), rows in sorted(found.items())
        if sum(row.count for row in rows)
    )


def _value(rows: Sequence[Total]) -> float:
    total = sum(row.total for row in rows)
    return total if sums(rows[0].series) else total / sum(row.count for row in rows)


def energy(totals: Sequence[Total]) -> tuple[EnergyQuarter, ...]:
    """Energy by site and quarter; what flowed back through a meter is taken off. A GPU counts once: by its counter, and
    by its power over time where it has none."""
    counted = {(one.series.subject, one.month) for one in totals if one.series.quantity == "gpu_energy"}
    by: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for one in totals:
        quantity, sign = one.series.quantity, 1.0
        if quantity == "energy_returned":
            quantity, sign = "facility_energy", -1.0
        if quantity == "gpu_energy_sampled" and (one.series.subject, one.month) not in counted:
            quantity = "gpu_energy"
        if quantity in ("facility_energy", "it_energy", "gpu_energy") and one.count:
            levels = by[one.series.site, quarter_of(one.month)]
            levels[quantity] = levels.get(quantity, 0.0) + sign * one.total
    return tuple(_energy(site, period, levels) for (site, period), levels in sorted(by.items()))


def _energy(site: str, period: str, levels: dict[str, float]) -> EnergyQuarter:
    facility_wh, it_wh = levels.get("facility_energy"), levels.get("it_energy")
    return EnergyQuarter(
        site=site,
        period=period,
        facility_wh=facility_wh,
        it_wh=it_wh,
        gpu_wh=levels.get("gpu_energy"),
        pue_ratio=facility_wh / it_wh if facility_wh is not None and it_wh else None,
    )
