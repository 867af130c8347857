"""What can be asked of power that is to be divided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gigawatt.scenario.load import DEFAULT
from gigawatt.study.question import names


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationQuestion:
    """Which power is divided among which work, and by which rule."""

    scenario: str = field(default=DEFAULT, metadata=names("scenario"))
    """An allocation or a scenario, by a preset's name or a TOML file; or the folder of a result, for its fleet."""
    set: Mapping[str, Any] = field(default_factory=dict)
    """Values that override those of the scenario, by path, such as allocation.cost = "0.6 /GW"."""
    capacity_w: float | None = None
    """Power to divide, such as "10 GW"; what the scenario or the result has where none is given."""
    period: str | None = None
    """Quarter of a scenario, such as 2030Q3; its last reported one, or the peak of a result, where none is given."""
    fairness: str = "quadratic"
    """How to divide: quadratic, log, alpha=X (such as alpha=2) or max-min."""
