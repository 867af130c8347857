"""The table [allocation]: who asks for power, what it is worth to them, and where their work may run.

It stands alone in a file (`six-classes`), with every figure stated, or in a whole scenario, where what it leaves out
follows from the scenario's own demand, prices and floors. Values are per watt held for a year, in `value_unit`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from gigawatt.catalog.tables import Reader
from gigawatt.errors import Fault
from gigawatt.units import Plausible

PATH = "allocation"
GROUPS = ("use_cases", "training_runs", "experiments")


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerClass:
    """A class of work that asks for power; in a whole scenario, what it leaves out follows from there."""

    title: str = ""
    """Name that people read; left out: the scenario's own, or the name of the table."""
    demand_w: Annotated[float | None, Plausible("1 MW", "1 TW")] = None
    """Power that serves all of it; needed where the allocation stands alone."""
    weight_per_w: Annotated[float | None, Plausible("1e-6 /GW", "1e12 /GW", zero=True)] = None
    """Worth of its first watt where value falls to nothing (quadratic), of its last where it does not (log, alpha)."""
    floor_w: Annotated[float | None, Plausible("100 kW", "1 TW", zero=True)] = None
    """Power short of which each watt costs the penalty more."""
    floor_penalty_per_w: Annotated[float | None, Plausible("1e-6 /GW", "1e13 /GW", zero=True)] = None
    """What each watt short of the floor costs on top."""
    tier: Annotated[int, Plausible(1, 20, least=1, most=1000)] = 1
    """Rank: classes of tier 1 are served as if alone, those of tier 2 with what is left, and so on."""
    sites: tuple[str, ...] = ()
    """Sites where it may run; empty is anywhere."""
    platforms: tuple[str, ...] = ()
    """Platforms on which it may run; empty is any."""
    amount_count: Annotated[float | None, Plausible(0.001, 1e14, most=1e15)] = None
    """What all of it comes to in a year, such as 24e9 tutor-hours, for the table of exchange."""
    unit: str = ""
    """What that amount is counted in, such as "tutor-hours"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerPool:
    """Power at a site, on a platform."""

    power_w: Annotated[float, Plausible("1 MW", "1 TW")]
    """Power that there is to share."""
    site: str = ""
    """Site that the power is at; left out: the name of the table."""
    platform: str = ""
    """Platform that the power drives; left out: any."""
    work_ratio: Annotated[float, Plausible(0.01, 100)] = 1.0
    """Work of a watt here over that of a watt in which demand is stated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """Classes, the pools of power that they share, and what power costs."""

    value_unit: str = ""
    """What values are counted in; needed where the allocation stands alone, in a scenario it is USD."""
    capacity_w: Annotated[float | None, Plausible("1 MW", "1 TW")] = None
    """Power to share where nobody asks otherwise; left out: that of the quarter, or to be asked for."""
    cost_per_w: Annotated[float | None, Plausible("1e-6 /GW", "1e13 /GW", zero=True)] = None
    """Cost of a watt held for a year; left out: the scenario's, or none."""
    pools: Mapping[str, PowerPool] = field(default_factory=dict)
    """Pools of power, by names of one's own; none is one pool. A whole scenario has its own."""
    classes: Mapping[str, PowerClass] = field(default_factory=dict)
    """Classes that ask for power; in a whole scenario, by the names of its work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerAsked:
    """A file that asks for an allocation and nothing else."""

    name: str
    """Name of the allocation; left out: that of its file."""
    title: str
    """What the allocation is, in one line."""
    description: str = ""
    """What it is about, and what is assumed."""
    implausible: tuple[str, ...] = ()
    """Paths of values that are meant, although they leave their plausible range."""
    allocation: Allocation
    """Who asks for power, and what it is worth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerScenario:
    """An allocation as it was asked."""

    asked: PowerAsked
    """What the file asks, in SI units."""
    implausible: tuple[Fault, ...]
    """Values that leave their plausible range, and were not said to be meant."""
    hash: str
    """Identity of the question, made of every value."""


def stands_alone(table: Mapping[str, object]) -> bool:
    """Whether a file asks for an allocation only: it has no programme that power could be built for."""
    return PATH in table and not {"programme", "horizon", "finance", *GROUPS} & set(table)


def check_alone(asked: Allocation, reader: Reader) -> None:
    """Add every fault of an allocation that stands alone, where every figure has to be stated."""
    if not asked.classes:
        reader.fault(f"{PATH}.classes", "none", "at least one")
    for key, use in asked.classes.items():
        _complete(f"{PATH}.classes.{key}", use, reader)
    weights = [use.weight_per_w for use in asked.classes.values()]
    if weights and all(weight == 0 for weight in weights):
        reader.fault(f"{PATH}.classes", "no class has value", "a weight above 0 in at least one class")
    if not asked.value_unit:
        reader.remark(f"{PATH}.value_unit", "missing", 'what values are counted in, such as "value units"')
    sites = [pool.site or key for key, pool in asked.pools.items()]
    _classes(asked, sites, [pool.platform for pool in asked.pools.values() if pool.platform], reader)


def _complete(path: str, use: PowerClass, reader: Reader) -> None:
    if use.demand_w is None:
        reader.remark(f"{path}.demand", "missing", "a power (W, kW, MW, GW)")
    if use.weight_per_w is None:
        reader.remark(f"{path}.weight", "missing", "a value per power (1.6 /GW)")
    if use.floor_w and use.floor_penalty_per_w is None:
        reader.remark(f"{path}.floor_penalty", "missing", "a value per power (5 /GW), because it has a floor")


def check_within(asked: Allocation, works: list[str], sites: list[str], platforms: list[str], reader: Reader) -> None:
    """Add every fault of an allocation inside a whole scenario, of these classes of work, sites and platforms."""
    for key in asked.classes:
        if key not in works:
            reader.fault(f"{PATH}.classes.{key}", key, f"one of {', '.join(works)}")
    if asked.pools:
        reader.fault(f"{PATH}.pools", ", ".join(asked.pools), "none: sites and platforms are the scenario's own")
    if asked.value_unit:
        reader.fault(f"{PATH}.value_unit", asked.value_unit, "none: a scenario's values are USD")
    _classes(asked, sites, platforms, reader)


def _classes(asked: Allocation, sites: list[str], platforms: list[str], reader: Reader) -> None:
    for key, use in asked.classes.items():
        path = f"{PATH}.classes.{key}"
        if use.demand_w is not None and use.floor_w is not None and use.floor_w > use.demand_w > 0:
            given = f"{use.floor_w / 1e9:g} GW"
            reader.fault(f"{path}.floor", given, f"at most the demand of {use.demand_w / 1e9:g} GW")
        for name, places, known in (("sites", use.sites, sites), ("platforms", use.platforms, platforms)):
            for place in places:
                if place not in known:
                    reader.fault(f"{path}.{name}", place, f"one of {', '.join(dict.fromkeys(known)) or 'none'}")
