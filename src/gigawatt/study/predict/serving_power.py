"""Watts of a package that serves, of its share of the rack and of the facility, and what a facility makes of it.

The package draws what the fitted model of power says of how busy its parts are (`tokens.power`); the rack's other parts
draw throughout; the facility is the rack times the PUE of a typical year. A facility houses packages by what their
servers are rated at, as it has to be wired; more of them by their mean draw is a choice to cap them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gigawatt import tokens, units
from gigawatt.catalog import load, records, to_power, to_watts
from gigawatt.errors import CalibrationError
from gigawatt.study.note import Note
from gigawatt.study.predict.band import Band
from gigawatt.study.predict.faults import wrong_value
from gigawatt.study.question import wrong

if TYPE_CHECKING:
    from gigawatt.study.predict.inference import InferencePrediction

_ROUNDING = 1e-9  # of a count of replicas that is whole but for floating point
MEGAWATT_W = 1e6
MONTH_H = 365.25 * 24 / 12
CALIBRATION = "as-of-2026"
# Where a facility stands if nobody says: the campus of the programme that is under way.
SITE = "abilene"
ENERGY_BASIS = "per output token, its prompt included: IT power of {}, without PUE"
ALONE, SHARED = "the GPU alone, without its server", "a GPU with its share of the rack's other parts"
FACILITY_BASIS = "per output token, its prompt included: the rack's share times a mean PUE of {:.3f}, a year at {}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingEnergy:
    """Mean power of a package and energy per output token, each of three that hold one another; None: not known.

    package: the GPU alone, as its own counters tell it; rack: with its share of the rack's other parts; facility: with
    cooling and losses. A basis says in words what is in a figure.
    """

    package_w: float | None
    rack_w: float | None
    facility_w: float | None
    package_j_per_token: float | None
    rack_j_per_token: float | None
    facility_j_per_token: float | None
    package_basis: str | None
    rack_basis: str | None
    facility_basis: str | None

    @property
    def it_w(self) -> float | None:
        """Power with the rack's other parts where they are known, else of the package alone."""
        return self.package_w if self.rack_w is None else self.rack_w


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingFacility:
    """A prediction for as many packages as an IT power houses.

    gpus_count: packages by their rated power (rated_w, each with its share of its server); replicas_count: whole ones
    within scale-up domains, which serve; capped_gpus_count: packages by their mean draw, which only capping allows;
    users_count: requests in flight at a time.
    """

    it_power_w: float
    rated_w: float
    gpus_count: int
    capped_gpus_count: int
    replicas_count: int
    tokens_per_s: Band
    users_count: float
    monthly_usd: float | None
    monthly_energy_wh: float


def serving_energy(accelerator: records.Accelerator, case: tokens.ServingCase, served: tokens.Serving) -> ServingEnergy:
    """Power and energy of a package that serves a case so."""
    known: records.PowerCalibration = load.load("power_calibrations", CALIBRATION)
    deployment = replace(case, layouts=served.layout).deployment()
    each = served.tokens_per_s * served.layout.packages_count
    use = tokens.utilisation(deployment, served.batch_count, served.batch_count * case.traffic.output_tokens / each)
    share = float(tokens.power_frac(to_power.power_shares(known, accelerator.architecture), use))
    package_w, others_w = accelerator.tdp_w, to_power.others_w(known, accelerator)
    package_w = None if package_w is None else share * package_w
    rack_w = None
    if accelerator.rack_power_w is not None:
        nameplate_w = accelerator.rack_power_w / accelerator.packages_per_rack_count
        rack_w = share * nameplate_w if package_w is None or others_w is None else package_w + others_w
    site: records.Site = load.load("sites", SITE)
    pue = to_watts.pue_year(site, load.load("cooling", site.cooling)).mean_ratio
    return energy_of(served.tokens_per_s, package_w, rack_w, pue, site.name)


def energy_of(
    tokens_per_s: float, package_w: float | None, rack_w: float | None, pue_ratio: float, place: str
) -> ServingEnergy:
    """Energy per output token of what a package, its share of the rack and of the facility draw at a rate."""
    powers = {
        "package": (package_w, ENERGY_BASIS.format(ALONE)),
        "rack": (rack_w, ENERGY_BASIS.format(SHARED)),
        "facility": (None if rack_w is None else rack_w * pue_ratio, FACILITY_BASIS.format(pue_ratio, place)),
    }
    figures: dict[str, float | str | None] = {}
    for name, (power_w, basis) in powers.items():
        figures[f"{name}_w"] = power_w
        figures[f"{name}_j_per_token"] = None if power_w is None else power_w / tokens_per_s
        figures[f"{name}_basis"] = None if power_w is None else basis
    return ServingEnergy(**figures)  # type: ignore[arg-type]


def energy_basis(accelerator: records.Accelerator) -> str | None:
    """Whose power `energy_j_per_token` is; None where the catalog has none."""
    if accelerator.rack_power_w is not None:
        return ENERGY_BASIS.format(SHARED)
    return None if accelerator.tdp_w is None else ENERGY_BASIS.format(ALONE)


def power_notes(accelerator: records.Accelerator, place: ServingFacility | None) -> tuple[Note, ...]:
    """What a reader of watts has to know: whose power was measured, and how a facility was filled."""
    known: records.PowerCalibration = load.load("power_calibrations", CALIBRATION)
    notes = []
    if accelerator.architecture not in {entry.architecture for entry in known.architectures}:
        text = f"no measured row of power has {accelerator.architecture}: its shares are the mean of those that were"
        notes.append(Note(code="power_extrapolated", path="energy", text=text))
    if place is not None:
        notes.append(Note(code="rated_power", path="facility.gpus_count", text=_rated_text(accelerator, place)))
    return tuple(notes)


def users_per_mw(one: InferencePrediction, accelerator: records.Accelerator) -> tuple[float | None, float | None]:
    """Requests in service at a time for a megawatt of IT power and of a facility; None where a part's is not known.

    IT power is that which `facility` is filled by; a facility has the peak PUE of a typical year for it.
    """
    rated_w, (unit, users) = to_power.rated_w(accelerator), one.unit
    if rated_w is None:
        return None, None
    site: records.Site = load.load("sites", SITE)
    each = users * one.working_frac / unit / rated_w * MEGAWATT_W
    return each, each / to_watts.pue_year(site, load.load("cooling", site.cooling)).peak_ratio


def _rated_text(accelerator: records.Accelerator, place: ServingFacility) -> str:
    server = f"its share of a server or rack of {accelerator.packages_per_rack_count}"
    whose = server if accelerator.rack_power_w is not None else "its own limit, for no source tells its server's"
    rated = f"GPUs are housed by their rated power, {units.show(place.rated_w, 'w')} each ({whose})."
    if place.capped_gpus_count <= place.gpus_count:
        return rated
    return f"{rated} By their mean draw {place.capped_gpus_count:,} would fit: that takes a choice to cap them."


def facility(one: InferencePrediction, accelerator: records.Accelerator, power_w: float) -> ServingFacility:
    """The same prediction for as many packages as an IT power houses.

    Raises CalibrationError where the part's power is not known or not even one replica fits.
    """
    each_w, rated_w, (unit, users) = one.package_power_w, to_power.rated_w(accelerator), one.unit
    if each_w is None or rated_w is None:
        raise CalibrationError([wrong("gpu", one.gpu, "a part whose power the catalog knows, where a power is given")])
    count = int(power_w / rated_w)
    replicas = int(count * one.working_frac / unit + _ROUNDING)
    if replicas < 1:
        least = units.show(rated_w * math.ceil(unit / one.working_frac), "w")
        raise CalibrationError([wrong_value("power", power_w, "w", f"{least} for one replica")])
    serving = replicas * unit
    return ServingFacility(
        it_power_w=power_w,
        rated_w=rated_w,
        gpus_count=count,
        capped_gpus_count=int(power_w / each_w),
        replicas_count=replicas,
        tokens_per_s=one.tokens_per_s_per_gpu.times(serving),
        users_count=replicas * users,
        monthly_usd=None if one.usd_per_h is None else one.usd_per_h * count * MONTH_H,
        monthly_energy_wh=each_w * serving * MONTH_H,
    )
