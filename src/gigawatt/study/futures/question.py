"""What can be asked of many futures: one plan in all of them, several strategies in the same ones, orders for a few."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gigawatt.scenario.load import DEFAULT
from gigawatt.study.question import names


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepQuestion:
    """One plan, and the futures in which it is lived through."""

    scenario: str = field(default=DEFAULT, metadata=names("scenario"))
    """A preset's name, a TOML file, or the folder of a result."""
    draws_count: int = 1000
    """How many futures."""
    seed: int | None = None
    """Of the futures; the scenario's where none is given."""
    workers_count: int | None = field(default=None, metadata=names("workers"))
    """Processes; one a core where none is given."""
    vary: tuple[str, ...] = ()
    """Quantities that differ from what is stated, such as demand; all of them where none is named."""
    budget: str | None = None
    """Refuse what is estimated to take longer: a time such as "10 min", or hours of CPU such as "0.5"."""
    saltelli_count: int = 0
    """Full Saltelli indices from N × (quantities + 2) more futures; a power of 2."""
    plan_time_s: float | None = None
    """Guards the search of each plan, which ends by work; the scenario's where none is given."""
    replan: bool = False
    """Plan anew in each future, as if it were known."""
    set: Mapping[str, Any] = field(default_factory=dict)
    """Values that override those of the scenario, by path, such as uncertainty.demand.p10 = 0.5."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareQuestion:
    """Strategies, and the futures in which all of them are lived through."""

    strategies: tuple[str, ...] = field(default=(), metadata=names("strategy"))
    """TOML files of overrides, or names; those that ship with Gigawatt where none is given."""
    scenario: str = field(default=DEFAULT, metadata=names("scenario"))
    """What the strategies are laid over: a preset's name, a TOML file, or the folder of a result."""
    futures_count: int = 200
    """How many futures."""
    seed: int | None = None
    """Of the futures; the scenario's where none is given."""
    workers_count: int | None = field(default=None, metadata=names("workers"))
    """Processes; one a core where none is given."""
    vary: tuple[str, ...] = ()
    """Quantities that differ from what is stated, such as demand; all of them where none is named."""
    budget: str | None = None
    """Refuse what is estimated to take longer: a time such as "10 min", or hours of CPU such as "0.5"."""
    plan_time_s: float | None = None
    """Guards the search of each plan, which ends by work; the scenario's where none is given."""
    replan: bool = False
    """Plan anew in each future, as if it were known."""
    set: Mapping[str, Any] = field(default_factory=dict)
    """Values that override those of the scenario, by path, such as uncertainty.demand.p10 = 0.5."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HedgeQuestion:
    """The futures that are planned for at once, and for how long their orders are the same."""

    scenario: str = field(default=DEFAULT, metadata=names("scenario"))
    """A preset's name, a TOML file, or the folder of a result."""
    futures_count: int = 6
    """How many futures are planned for at once."""
    decided_count: int = 6
    """Quarters whose orders are the same in all futures."""
    tail_weight_frac: float = 0.0
    """Weight of the worst futures, 0 to below 1 (CVaR)."""
    tail_frac: float = 0.2
    """Share of the futures that are the worst."""
    seed: int | None = None
    """Of the futures; the scenario's where none is given."""
    set: Mapping[str, Any] = field(default_factory=dict)
    """Values that override those of the scenario, by path, such as programme.target = "2 GW"."""
