"""What can be asked of a plan at a glance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gigawatt.scenario.load import DEFAULT
from gigawatt.study.question import names


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewQuestion:
    """Which scenario is planned quickly, and which changes of it are looked at."""

    scenario: str = field(default=DEFAULT, metadata=names("scenario"))
    """A preset's name, a TOML file, or the folder of a result."""
    set: Mapping[str, Any] = field(default_factory=dict)
    """Values that override those of the scenario, by path, such as programme.target = "2 GW"; told beside what the
    scenario comes to without them."""
