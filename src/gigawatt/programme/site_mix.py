"""Where a watt of a programme stands on average: its sites by the power that they have energised, and their PUE."""

from __future__ import annotations

from typing import Literal

import numpy as np
import xarray as xr

# Where power is counted: at the facility's connection, or at what computes.
PowerBasis = Literal["facility", "it"]


def site_frac(data: xr.Dataset) -> xr.DataArray:
    """Share of the power that is energised in each quarter, dims (period, site); alike where there is none yet."""
    ramp = data.ramp_w.transpose("period", "site")
    total = ramp.values.sum(axis=1, keepdims=True)
    alike = np.full(ramp.shape, 1 / ramp.sizes["site"])
    return ramp.copy(data=np.divide(ramp.values, total, out=alike, where=total > 0))


def basis_ratio(data: xr.Dataset, power_basis: PowerBasis) -> xr.DataArray:
    """Power on a basis per watt of IT power at its peak, dims (site)."""
    return data.pue_peak_ratio if power_basis == "facility" else xr.ones_like(data.pue_peak_ratio)


def counted_w(decisions: xr.Dataset, power_basis: PowerBasis) -> xr.DataArray:
    """Power in service at the end of each quarter on a basis [W], dims (period); decisions: facility_w and it_w."""
    return (decisions.facility_w if power_basis == "facility" else decisions.it_w).sum("site")


def mean_basis_ratio(data: xr.Dataset, power_basis: PowerBasis) -> xr.DataArray:
    """Power on a basis per watt of IT power, at the mean of the sites of each quarter, dims (period)."""
    return xr.dot(site_frac(data), basis_ratio(data, power_basis), dim="site")
