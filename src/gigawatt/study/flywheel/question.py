"""What can be asked of the flywheel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gigawatt.scenario.load import DEFAULT
from gigawatt.study.question import names


@dataclass(frozen=True, slots=True, kw_only=True)
class FlywheelQuestion:
    """Whose wheel is turned, and how."""

    scenario: str = field(default=DEFAULT, metadata=names("scenario"))
    """A preset's name, a TOML file, or the folder of a result, with a table [flywheel]."""
    set: Mapping[str, Any] = field(default_factory=dict)
    """Values that override those of the scenario, by path, such as flywheel.users_odds = 2."""
    start_ratio: float = 0.5
    """First guess of demand over the scenario's; the other start is the scenario."""
    damping_frac: float = 0.8
    """Share of each step that is taken, 0.05 to 1."""
    backtest: bool = False
    """Only the past: nothing is planned."""
    fitted_until_date: str | None = None
    """Day to which the history sets the wheel, later points judge it; default: the scenario's own figures."""
