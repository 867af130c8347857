"""What to order now, in tables and words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gigawatt.report import names
from gigawatt.report.scale import cell
from gigawatt.report.tables import Column, Table
from gigawatt.scenario.schema import Scenario
from gigawatt.study.dates import quarter

PLANS = {
    "common": "Planned for all futures",
    "guarded": "With weight on the worst",
    "mean_future_plan": "Planned for the mean future",
}
# Racks and power below this are the solver's rounding.
LEAST_RACKS, LEAST_W = 0.5, 1e5


def words(told: Mapping[str, Any]) -> str:
    """What planning for several futures is worth, and what knowing would be."""
    value, quarters = told["value_usd"], len(told["orders"]["common"])
    if not _orders(told):
        count, when = len(told["futures"]), "quarter" if quarters == 1 else f"{quarters} quarters"
        return f"Nothing is worth ordering in the next {when}, whichever of the {count} futures comes."
    sentences = [
        f"Orders of the next {quarters} quarters that fit all {len(told['futures'])} futures are worth "
        f"{cell(value['common'], 'usd')} on average; the orders of a plan for the mean future are worth "
        f"{cell(value['mean_future_plan'], 'usd')} in the same futures.",
        f"Planning for all of them is worth {cell(told['vss_usd'], 'usd')}, and to know the future before ordering "
        f"would be worth {cell(told['evpi_usd'], 'usd')} more.",
    ]
    if value["guarded"] is not None:
        given = cell(value["common"] - value["guarded"], "usd")
        gained = cell(told["worst_usd"]["guarded"] - told["worst_usd"]["common"], "usd")
        sentences.append(
            f"With weight on the worst futures it gives up {given} on average and gains {gained} in the worst."
        )
    return " ".join(sentences)


def _orders(told: Mapping[str, Any]) -> bool:
    """Whether any plan orders racks or shells."""
    ordered = [order for plan in told["orders"].values() for order in plan]
    racks = max((count for order in ordered for count in order["racks_count"].values()), default=0.0)
    power = max((watts for order in ordered for watts in order["power_w"].values()), default=0.0)
    return racks >= LEAST_RACKS or power > LEAST_W


def values(told: Mapping[str, Any]) -> Table:
    """Mean and worst value of each plan."""
    rows: list[tuple[float | str | None, ...]] = [
        (title, told["value_usd"][key], told["worst_usd"][key])
        for key, title in PLANS.items()
        if key in told["worst_usd"]
    ]
    worst = min(future["known_usd"] for future in told["futures"])
    rows.append(("If the future were known", told["value_usd"]["wait_and_see"], worst))
    columns = (Column(title="Orders"), Column(title="Mean value", suffix="usd"), Column(title="Worst", suffix="usd"))
    return Table(title="What the orders of the next quarters come to", columns=columns, rows=tuple(rows))


def orders(scenario: Scenario, told: Mapping[str, Any]) -> Table:
    """Racks ordered in each decided quarter, by plan."""
    chosen = [key for key in PLANS if key in told["orders"]]
    rows = []
    for n, first in enumerate(told["orders"]["common"]):
        racks = (_racks(scenario, told["orders"][key][n]["racks_count"]) for key in chosen)
        rows.append((quarter(first["period"]), *racks))
    columns = (Column(title="Ordered in"), *(Column(title=PLANS[key]) for key in chosen))
    return Table(title="Racks to order", columns=columns, rows=tuple(rows))


def shells(scenario: Scenario, told: Mapping[str, Any]) -> Table:
    """Facility power to be ready in the decided quarters, by site and plan."""
    chosen = [key for key in PLANS if key in told["orders"]]
    sites = list(told["orders"]["common"][0]["power_w"])
    rows: list[tuple[float | str | None, ...]] = []
    for site in sites:
        power = [_sum(told["orders"][key], site) for key in chosen]
        if max(power) > LEAST_W:
            rows.append((names.site(scenario, site), *power))
    columns = (Column(title="Site"), *(Column(title=PLANS[key], suffix="w") for key in chosen))
    return Table(title="Shells to order, in all of these quarters", columns=columns, rows=tuple(rows))


def _sum(ordered: Sequence[Mapping[str, Any]], site: str) -> float:
    return float(sum(quarter["power_w"][site] for quarter in ordered))


def _racks(scenario: Scenario, counts: Mapping[str, float]) -> str:
    """ "800 GB300 NVL72, 30 Rubin Ultra"."""
    some = {key: count for key, count in counts.items() if count >= LEAST_RACKS}
    return ", ".join(f"{count:,.0f} {names.platform(scenario, key)}" for key, count in some.items()) or "none"
