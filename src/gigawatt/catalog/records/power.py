"""Watts of accelerators at work, fitted to measured rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from gigawatt.catalog.records.evidence import EvidenceMap
from gigawatt.units import Plausible


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchitecturePower:
    """Shares of the power limit of the packages of one architecture."""

    architecture: str
    """Generation whose packages were measured."""
    idle_frac: float
    """Share of the limit that a package draws while it waits, in service."""
    compute_ratio: Annotated[float, Plausible(0.01, 10, zero=True)]
    """Share that the matrix units add at full use; the limit cuts the sum."""
    memory_ratio: Annotated[float, Plausible(0.01, 10, zero=True)]
    """Share that the memory adds at full use."""
    network_ratio: Annotated[float, Plausible(0.01, 10, zero=True)]
    """Share that the network adds at full use."""
    rows_count: Annotated[int, Plausible(0, 1e7)]
    """Measured rows of this architecture that were fitted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerCalibration:
    """Power of packages that serve; the kernel's record is `tokens.PowerShares`."""

    id: str
    """Name by which it is looked up; it is the name of the file."""
    description: str = ""
    """What it is, in a sentence or two."""
    exponent_ratio: Annotated[float, Plausible(0.1, 2)]
    """Power of the utilisation with which the draw of a part grows; 1 is in proportion."""
    idle_frac: float
    """Share of its limit that a package of an architecture that was not fitted draws while it waits."""
    compute_ratio: Annotated[float, Plausible(0.01, 10, zero=True)]
    """Share that its matrix units add at full use."""
    memory_ratio: Annotated[float, Plausible(0.01, 10, zero=True)]
    """Share that its memory adds at full use."""
    network_ratio: Annotated[float, Plausible(0.01, 10, zero=True)]
    """Share that its network adds at full use."""
    others_frac: float
    """Mean draw of a rack's other parts (hosts, fans, switches, conversion) over their nameplate, while it serves."""
    deviation_ratio: Annotated[float, Plausible(1e-3, 3)]
    """Deviation of the logarithm of measured over modelled power, on models that a refit had not seen."""
    extrapolation_ratio: Annotated[float, Plausible(1e-3, 5, zero=True)]
    """Deviation of the logarithm added, in squares, for an architecture that was not fitted."""
    left_out_model_mape_frac: float
    """Mean error of power on models that a refit had not seen."""
    left_out_gpu_mape_frac: float
    """Mean error of power on GPUs that a refit had not seen."""
    parameters_count: Annotated[int, Plausible(1, 1e5, zero=True)]
    """Parameters that were fitted."""
    rows_count: Annotated[int, Plausible(1, 1e7, zero=True)]
    """Measured rows that were fitted, in all."""
    architectures: tuple[ArchitecturePower, ...]
    """Architectures that were fitted."""
    evidence: EvidenceMap = field(default_factory=dict)
    """Why each of its numbers is believed, by dotted path of its field."""
