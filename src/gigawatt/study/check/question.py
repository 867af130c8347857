"""What can be asked of a scenario that is not solved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gigawatt.scenario.load import DEFAULT
from gigawatt.study.question import names


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckQuestion:
    """Which scenario is read."""

    scenario: str = field(default=DEFAULT, metadata=names("scenario"))
    """A preset's name, a TOML file, or the folder of a result."""
    set: Mapping[str, Any] = field(default_factory=dict)
    """Values that override those of the scenario, by path, such as programme.target = "2 GW"."""
    as_of_date: str | None = None
    """Day whose knowledge is asked for, such as 2025-09-22; else all that is known."""
