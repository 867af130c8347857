"""What can be asked of jobs and kept scenarios, in records as the verbs have them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsQuestion:
    """Which jobs are listed."""

    offset_count: int = 0
    """How many of the newest to pass over."""
    rows_count: int = 50
    """How many to list at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobQuestion:
    """Which job is meant."""

    id: str
    """Id of the job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultQuestion:
    """Which answer is shown, and which part of it."""

    id: str
    """Id of a finished job, or the one that a shortened answer names."""
    path: str = ""
    """Where in the answer, by keys and numbers, such as worth or worth.0.limit; all of it where none is given."""
    offset_count: int = 0
    """Of a list, how many entries to pass over."""
    rows_count: int = 50
    """Of a list, how many entries to show at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenariosQuestion:
    """Which kept scenarios are listed, besides the presets that ship."""

    after: str = ""
    """Those after this name, where there are more than one list holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioQuestion:
    """Which scenario is read."""

    name: str
    """Name of a kept scenario, such as north or north@2 for an earlier version, or of a preset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveQuestion:
    """What is kept."""

    name: str
    """Name by which it is kept: letters, digits, dashes and underscores."""
    text: str
    """The whole scenario as TOML; `extends = "NAME"` lays it over a preset or a kept one."""
    expected: str = ""
    """Etag of the version that was read, so that nobody's change is lost; where none is given it must be new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveQuestion:
    """What is no longer kept."""

    name: str
    """Name of a kept scenario."""
    expected: str
    """Etag of the version that was read, so that nobody's change is lost."""
