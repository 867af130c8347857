"""Totals of quarters as plain arrays: what a summary adds up many times, without labels on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from gigawatt.ndarrays import Floats

PERIOD = "period"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Arrays of one table by name, the quarter first where they have one.

    arrays: the numbers themselves; dims: the dimensions of each; names: the labels of every dimension, in their order.
    """

    arrays: Mapping[str, Floats]
    dims: Mapping[str, tuple[str, ...]]
    names: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, data: xr.Dataset) -> Sums:
        """The arrays of a labelled table."""
        found = {str(name): data.variables[name] for name in data.data_vars}
        turned = {name: one.transpose(PERIOD, ...) if PERIOD in one.dims else one for name, one in found.items()}
        return cls(
            arrays={name: np.asarray(one.values) for name, one in turned.items()},
            dims={name: tuple(str(dim) for dim in one.dims) for name, one in turned.items()},
            names={str(dim): tuple(map(str, data[dim].values)) for dim in data.dims},
        )

    def __getitem__(self, name: str) -> Floats:
        return self.arrays[name]

    def part(self, window: slice) -> Sums:
        """Some of the quarters."""
        cut = {name: array[window] if PERIOD in self.dims[name] else array for name, array in self.arrays.items()}
        return replace(self, arrays=cut, names={**self.names, PERIOD: self.names[PERIOD][window]})

    def total(self, name: str) -> float:
        """The sum of all of an array."""
        return float(self.arrays[name].sum())

    def by_name(self, name: str) -> dict[str, float]:
        """Sums over the quarters by the label of the other dimension."""
        _, dim = self.dims[name]
        return dict(zip(self.names[dim], self.arrays[name].sum(axis=0).tolist(), strict=True))
