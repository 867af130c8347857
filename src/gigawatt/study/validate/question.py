"""Which measurements the models are held against, and what error is asked of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from gigawatt.study.question import names


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationQuestion:
    """A file of measured rows, and bars for the errors over it; a bar that is missed is exit code 4."""

    file: str | None = field(default=None, metadata=names("file"))
    """A CSV file of measured rows, or a TOML file of schedules; left out: those that ship."""
    max_mape_ratio: float | None = None
    """The most that the mean error may be, such as 0.13 or "13%"."""
    min_coverage_frac: float | None = None
    """The least share of the eligible rows that is answered, such as 0.97 or "97%"."""
