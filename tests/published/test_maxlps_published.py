"""NVIDIA's table of GPUs and revenue with and without power management (DSX MaxLPS), as the kernels give it.

This checks consistency, it validates nothing: the overhead, the cap and a point of the inference curve are taken from
the same table. https://orply.com/articles/nvidia/nvidia-dsx-powers-gigawatt-scale-ai-factories-at-maximum-efficiency-5484e2f4
(2026-06-02)
"""

from dataclasses import dataclass

import pytest

from gigawatt import watts
from gigawatt.catalog import to_watts
from gigawatt.catalog.load import get

RACK = get("accelerators", "vera-rubin-nvl72-max-p")
CURVE = to_watts.power_curve_of(get("power_curves", "inference"))
OVERHEAD_RATIO = 1.138  # 1 GW over 3,819 racks of 230 kW
CAP_FRAC = 0.689  # 274,968 over 399,096 GPUs


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of the table; revenue is rounded to a billion USD a year."""

    limit_w: float
    unmanaged_count: int
    managed_count: int
    unmanaged_usd: float
    managed_usd: float


ROWS = [
    Row(limit_w=96e6, unmanaged_count=26_322, managed_count=38_304, unmanaged_usd=19e9, managed_usd=26e9),
    Row(limit_w=250e6, unmanaged_count=68_688, managed_count=99_720, unmanaged_usd=50e9, managed_usd=67e9),
    Row(limit_w=1e9, unmanaged_count=274_968, managed_count=399_096, unmanaged_usd=201e9, managed_usd=267e9),
]


def racks(limit_w: float, cap_frac: float) -> int:
    """Racks that a limit at the connection holds, whose mean is held to a share of their power."""
    return int(limit_w / (RACK.rack_power_w * OVERHEAD_RATIO * cap_frac))


def gpus(row: Row, cap_frac: float) -> int:
    return racks(row.limit_w, cap_frac) * RACK.packages_per_rack_count


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.limit_w / 1e6:g} MW")
def test_gpus_with_and_without_management(row: Row) -> None:
    assert gpus(row, 1.0) == pytest.approx(row.unmanaged_count, rel=0.01)
    assert gpus(row, CAP_FRAC) == pytest.approx(row.managed_count, rel=0.01)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.limit_w / 1e6:g} MW")
def test_revenue_rises_by_a_third(row: Row) -> None:
    ratio = gpus(row, CAP_FRAC) / gpus(row, 1.0) * watts.performance(CURVE, CAP_FRAC)
    assert ratio == pytest.approx(1.33, abs=0.01)
    low, high = (row.managed_usd - 5e8) / (row.unmanaged_usd + 5e8), (row.managed_usd + 5e8) / (row.unmanaged_usd - 5e8)
    assert low <= ratio <= high


def test_racks_at_a_gigawatt() -> None:
    assert racks(1e9, 1.0) == pytest.approx(3_819, rel=0.01)
    assert racks(1e9, CAP_FRAC) == pytest.approx(5_543, rel=0.01)
    assert 1e9 / (5_543 * RACK.rack_power_w * OVERHEAD_RATIO) == pytest.approx(CAP_FRAC, abs=0.002)
