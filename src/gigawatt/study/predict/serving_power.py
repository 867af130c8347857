"""Watts of a package that serves, and what a facility makes of a prediction.

Energy follows a power model of utilisation: a package draws its idle power and, in proportion, what the busy part of
its time takes, most where matrix products run and least where it waits; the rack's other parts draw throughout.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gigawatt import tokens, units
from gigawatt.catalog import records
from gigawatt.errors import CalibrationError
from gigawatt.study.predict.band import Band
from gigawatt.study.predict.faults import wrong_value
from gigawatt.study.question import wrong

if TYPE_CHECKING:
    from gigawatt.study.predict.inference import InferencePrediction

MONTH_H = 365.25 * 24 / 12
ENERGY_BASIS = "per output token, its prompt included: IT power of {}, without PUE"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingFacility:
    """A prediction for as many packages as an IT power carries; users_count: requests in flight at a time."""

    it_power_w: float
    gpus_count: int
    replicas_count: int
    tokens_per_s: Band
    users_count: float
    monthly_usd: float | None
    monthly_energy_wh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerModel:
    """Share of a package's nameplate power while idle, and added while each cause takes the time.

    Assumed, not fitted: idle accelerators draw a quarter to a third of their limit, and a served system of MLPerf
    (8 B200, 9.0 to 10.4 kW measured at the wall) lies between the memory- and the compute-bound figure.
    """

    idle_frac: float = 0.3
    compute_frac: float = 0.7
    memory_frac: float = 0.5
    network_frac: float = 0.3
    latency_frac: float = 0.1


def package_power_w(
    accelerator: records.Accelerator, phases: tokens.Phases, model: PowerModel | None = None
) -> float | None:
    """Mean power of a package with its share of the rack [W] while it serves; None where the catalog has no power.

    Nameplate power (the rack's over its packages, else the package's limit) × (idle + Σ added share × share of time).
    """
    rack_w, nameplate = accelerator.rack_power_w, accelerator.tdp_w
    if rack_w is not None:
        nameplate = rack_w / accelerator.packages_per_rack_count
    if nameplate is None:
        return None
    used = model or PowerModel()
    causes = ("compute", "memory", "network", "latency")
    busy = sum(getattr(used, f"{cause}_frac") * getattr(phases, f"{cause}_s") for cause in causes)
    return float(nameplate * (used.idle_frac + busy / phases.total_s))


def energy_basis(accelerator: records.Accelerator) -> str | None:
    """Whose power `package_power_w` is; None where the catalog has none."""
    if accelerator.rack_power_w is not None:
        return ENERGY_BASIS.format("a GPU with its share of the rack's other parts")
    return None if accelerator.tdp_w is None else ENERGY_BASIS.format("the GPU alone, without its server")


def facility(one: InferencePrediction, power_w: float) -> ServingFacility:
    """The same prediction for as many packages as an IT power carries.

    Raises CalibrationError where the part's power is not known or not even one replica fits.
    """
    each, (replica, users) = one.package_power_w, one.unit
    if each is None:
        raise CalibrationError([wrong("gpu", one.gpu, "a part whose power the catalog knows, where a power is given")])
    replicas = int(power_w / each // replica)
    if replicas < 1:
        least = units.show(each * replica, "w")
        raise CalibrationError([wrong_value("power", power_w, "w", f"{least} for one replica")])
    count = replicas * replica
    return ServingFacility(
        it_power_w=power_w,
        gpus_count=count,
        replicas_count=replicas,
        tokens_per_s=one.tokens_per_s_per_gpu.times(count),
        users_count=replicas * users,
        monthly_usd=None if one.usd_per_h is None else one.usd_per_h * count * MONTH_H,
        monthly_energy_wh=each * count * MONTH_H,
    )
