"""What can be asked of a simulation: which plan is lived through, when, by which chance, and under which events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from gigawatt.scenario.load import DEFAULT
from gigawatt.study.question import names

Mode = Literal["stochastic", "expected"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationQuestion:
    """Which plan is lived through, and how."""

    scenario: str = field(default=DEFAULT, metadata=names("scenario"))
    """Folder of a result, whose plan is taken as it is, or a preset's name or a TOML file, which is planned first."""
    set: Mapping[str, Any] = field(default_factory=dict)
    """Values that override those of the scenario, by path, such as operations.restart = "5min"."""
    seed: int | None = None
    """Of everything drawn by chance; the scenario's where none is given."""
    from_: str | None = None
    """First quarter, month or day: 2028Q1, 2028-07 or 2028-07-01; the start of the plan where none is given."""
    to: str | None = None
    """Last quarter, month or day, included; the end of what is reported where none is given."""
    step_s: float | None = None
    """A duration that divides the hour; an hour where none is given, or 5 minutes with an event."""
    event: tuple[str, ...] = ()
    """The grid gives a site less: "2028-07-14T16:00/4h site=abilene -300 MW", or -50%, or <=100 MW."""
    events: Literal["all"] | None = None
    """Keep every outage in the folder, not only the longest."""
    mode: Mode | None = None
    """Every hour with failures drawn by chance, or the mean of representative weeks; that of the scenario where stated,
    else every hour."""
    latency: bool = False
    """Follow requests one by one in the busiest and a mean hour of every class: what users wait for, told by
    percentile."""
