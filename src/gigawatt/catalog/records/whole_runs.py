"""How much of a whole training run its steps explain, fitted to runs whose GPU-hours were published."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from gigawatt.catalog.records.evidence import EvidenceMap
from gigawatt.units import Plausible


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCalibration:
    """Steps and interruptions as a share of whole runs; the kernel's record is `tokens.RunShare`."""

    id: str
    """Name by which it is looked up; it is the name of the file."""
    description: str = ""
    """What it is, in a sentence or two."""
    explained_frac: Annotated[float, Plausible("1 %", "100 %")]
    """Share of a run's package-hours that steps and interruptions explain, in a run of the middle size."""
    growth_ratio: Annotated[float, Plausible(1e-4, 1, zero=True)]
    """Power of the bare package-hours with which that share grows."""
    middle_package_hours_count: Annotated[float, Plausible(100, 1e12)]
    """Bare package-hours of a run of the middle size."""
    least_package_hours_count: Annotated[float, Plausible(1, 1e12)]
    """Bare package-hours of the smallest fitted run, below which the share stays."""
    most_package_hours_count: Annotated[float, Plausible(100, 1e13)]
    """Bare package-hours of the largest fitted run, above which the share stays."""
    deviation_ratio: Annotated[float, Plausible(1e-3, 3)]
    """Deviation of the logarithm of that share, beside that of the rate of steps."""
    left_out_mape_frac: float
    """Mean error of the hours of runs that a refit had not seen."""
    left_out_median_ratio: Annotated[float, Plausible(0.1, 10)]
    """Median of predicted over stated hours of runs that a refit had not seen."""
    left_out_band_frac: float
    """Share of the runs that a refit had not seen whose stated hours lie between P10 and P90."""
    parameters_count: Annotated[int, Plausible(1, 1e5, zero=True)]
    """Parameters that were fitted."""
    rows_count: Annotated[int, Plausible(1, 1e7, zero=True)]
    """Published runs that were fitted."""
    evidence: EvidenceMap = field(default_factory=dict)
    """Why each of its numbers is believed, by dotted path of its field."""
