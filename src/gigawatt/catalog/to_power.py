"""From the fitted power of accelerators to what the kernel takes, and what a package's server is rated at."""

from __future__ import annotations

import math

from gigawatt.catalog import records
from gigawatt.tokens import PowerShares


def power_shares(calibration: records.PowerCalibration, architecture: str) -> PowerShares:
    """Shares of the limit of a package; the mean of those that were fitted for an architecture that was not."""
    found = _fitted(calibration, architecture) or calibration
    return PowerShares(
        idle_frac=found.idle_frac,
        compute_frac=found.compute_ratio,
        memory_frac=found.memory_ratio,
        network_frac=found.network_ratio,
        exponent_ratio=calibration.exponent_ratio,
    )


def power_deviation_ratio(calibration: records.PowerCalibration, architecture: str) -> float:
    """Deviation of the logarithm of a package's power; wider for an architecture that was not fitted."""
    added = 0.0 if _fitted(calibration, architecture) else calibration.extrapolation_ratio
    return math.hypot(calibration.deviation_ratio, added)


def rated_w(accelerator: records.Accelerator) -> float | None:
    """Power that is provided for a package [W]: its share of its rack's or server's nameplate, else its own limit."""
    if accelerator.rack_power_w is None:
        return accelerator.tdp_w
    return accelerator.rack_power_w / accelerator.packages_per_rack_count


def others_w(calibration: records.PowerCalibration, accelerator: records.Accelerator) -> float | None:
    """A package's share of what its rack's other parts draw while it serves [W]; None where that is not known."""
    if accelerator.rack_power_w is None or accelerator.tdp_w is None:
        return None
    rest_w = accelerator.rack_power_w / accelerator.packages_per_rack_count - accelerator.tdp_w
    return calibration.others_frac * max(rest_w, 0.0)


def _fitted(calibration: records.PowerCalibration, architecture: str) -> records.ArchitecturePower | None:
    return next((entry for entry in calibration.architectures if entry.architecture == architecture), None)
