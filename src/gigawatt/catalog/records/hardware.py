"""Accelerators, and what happens to the racks of them: failures, and performance under a power cap."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import Annotated, Literal

from gigawatt.catalog.records.evidence import EvidenceMap
from gigawatt.units import Plausible


@dataclass(frozen=True, slots=True, kw_only=True)
class Accelerator:
    """An accelerator as it is ordered: a rack (or a server, for parts sold so) of packages of dies.

    Peaks are dense; bandwidths are in one direction. A figure is left out where no source gives it.
    """

    id: str
    """Name by which it is looked up; it is the name of the file."""
    name: str
    """Name that people read, and by which it is looked up too."""
    vendor: str
    """Company that makes it."""
    architecture: str
    """Generation whose parts share kernels and habits, such as "hopper"."""
    aliases: tuple[str, ...] = ()
    """Further names in the wild, by which it is looked up too."""
    description: str = ""
    """What it is, in a sentence or two."""
    first_ship_date: Annotated[str, Plausible(2006, 2045, least=1990, most=2100)]
    """Day of the first deliveries, announced or past."""
    plannable: bool = True
    """Whether a plan may buy it; false for parts that are only predicted or listed."""
    packages_per_rack_count: Annotated[int, Plausible(1, 1152, least=1, most=10_000)]
    """Packages in a rack, as it is ordered."""
    dies_per_package_count: Annotated[int, Plausible(1, 64, least=1, most=1000)]
    """Compute dies in a package, which some vendors count as GPUs."""
    scale_up_packages_count: Annotated[int, Plausible(1, 2e5, least=1, most=1e7)]
    """Packages that share one scale-up domain, such as NVLink."""
    torus_axes_count: Annotated[int, Plausible(0, 6, zero=True)] = 0
    """Axes of the torus that links the packages of a scale-up domain; 0 where a switch does."""
    bf16_flops: Annotated[float | None, Plausible("1 TFLOPS", "200 PFLOPS")] = None
    """Dense BF16 peak of a package, FP16 on older parts; left out where it is not supported."""
    fp8_flops: Annotated[float | None, Plausible("1 TFLOPS", "500 PFLOPS")] = None
    """Dense FP8 peak of a package; left out where it is not supported."""
    int8_flops: Annotated[float | None, Plausible("1 TFLOPS", "500 PFLOPS")] = None
    """Dense INT8 peak of a package; stated for parts without FP8, which serve integer weights and activations by it."""
    fp4_flops: Annotated[float | None, Plausible("1 TFLOPS", "1 EFLOPS")] = None
    """Dense FP4 peak of a package; left out where it is not supported."""
    fp4_inference_flops: Annotated[float | None, Plausible("1 TFLOPS", "1 EFLOPS")] = None
    """Higher FP4 peak that the vendor states for inference; left out where one figure is published."""
    hbm_capacity_bytes: Annotated[float | None, Plausible("4 GB", "20 TB")] = None
    """Memory of a package; left out where it is not published: then the part is listed and nothing is predicted."""
    hbm_bandwidth_bytes_per_s: Annotated[float | None, Plausible("50 GB/s", "1 PB/s")] = None
    """Bandwidth of the memory of a package; left out where it is not published."""
    scale_up_bandwidth_bytes_per_s: Annotated[float | None, Plausible("1 GB/s", "100 TB/s")] = None
    """Bandwidth of a package within its scale-up domain, one direction; left out where it is not published."""
    nic_bandwidth_bytes_per_s: Annotated[float | None, Plausible("1 GB/s", "10 TB/s")] = None
    """Bandwidth of a package beyond its scale-up domain, one direction; left out where it is not published."""
    tdp_w: Annotated[float | None, Plausible("20 W", "50 kW")] = None
    """Thermal design power of a package; left out where nobody states it."""
    rack_power_w: Annotated[float | None, Plausible("500 W", "5 MW")] = None
    """Nameplate power of a rack; without it the part is listed and cannot be planned."""
    all_in_power_w: Annotated[float | None, Plausible("50 W", "100 kW")] = None
    """Utility power provisioned per package, all in, as an analyst reckons it, beside rack power and its overhead."""
    rack_price_usd: Annotated[float | None, Plausible("20 thousand USD", "100 million USD")] = None
    """Price of a rack; without it a scenario that buys the part has to state one."""
    package_price_usd: Annotated[float | None, Plausible("200 USD", "1 million USD")] = None
    """Price of one package where it is sold alone."""
    evidence: EvidenceMap = field(default_factory=dict)
    """Why each of its numbers is believed, by dotted path of its field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureClass:
    """One class of what goes wrong with a rack: how often, what stops, and how it is mended."""

    name: str
    """What people call it, such as "tray swap"."""
    share_frac: float
    """Share of all failures that are of this class; the shares sum to 1."""
    scope: Literal["rack", "tray"]
    """What stops until it is mended: the whole rack, or one tray of it while the rest works on."""
    detect_h: Annotated[float, Plausible("0 h", "30 days", least="0 h", most="8760 h")]
    """Time until mending may begin."""
    repair_h: Annotated[float, Plausible("1 min", "90 days", least="1 s", most="87600 h")]
    """Mean time to mend, once crew and part are there; it varies lognormally."""
    repair_median_h: Annotated[float, Plausible("1 min", "90 days", least="1 s", most="87600 h")]
    """Median time to mend, once crew and part are there."""
    replaced_h: Annotated[float, Plausible("1 h", "87600 h", least="1 min", most="1e6 h")] = inf
    """Time within which what is not mended is replaced; left out: it is never."""
    crew_h: Annotated[float, Plausible("1 min", "30 days", least="0 h", most="8760 h", zero=True)] = 0.0
    """Time for which it holds a crew; 0: it needs none."""
    part: bool = False
    """Whether mending takes a part from the stock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """How racks fail and are mended, beside the failure rate of mid-life that a scenario states.

    Hazard over that of mid-life is 1 and an infant part, which falls off from age 0, and a wear part, which rises to
    the end of the book life.
    """

    id: str
    """Name by which it is looked up; it is the name of the file."""
    name: str
    """Name that people read, and by which it is looked up too."""
    description: str = ""
    """What it is, in a sentence or two."""
    infant_ratio: Annotated[float, Plausible(1, 100, least=0.01, most=1e4)]
    """Hazard at age 0 over that of mid-life."""
    infant_time_h: Annotated[float, Plausible("1 h", "20_000 h", least="1 min", most="1e6 h")]
    """Time with which the hazard of young racks falls off, exponentially."""
    wear_ratio: Annotated[float, Plausible(1, 100, least=0.01, most=1e4)]
    """Hazard at the end of the book life over that of mid-life."""
    wear_exponent_ratio: Annotated[float, Plausible(0.5, 20, least=0.1, most=100)]
    """Power of age with which the hazard of old racks rises."""
    tray_packages_count: Annotated[int, Plausible(1, 64, least=1, most=10_000)]
    """Packages that stop with a tray."""
    racks_per_crew_count: Annotated[float, Plausible(1, 1e5, least=0.01)]
    """Racks of a site for each crew that is at work at any hour."""
    racks_per_part_count: Annotated[float, Plausible(0.01, 1e5)]
    """Racks of a site for each spare part in its stock."""
    part_lead_h: Annotated[float, Plausible("1 h", "8760 h", least="0 h", most="87600 h", zero=True)]
    """Time until a part taken from the stock is replaced."""
    hall_racks_count: Annotated[int, Plausible(1, 1e5, least=1)]
    """Racks that are maintained together, once a year."""
    maintenance_h: Annotated[float, Plausible("10 min", "30 days", least="0 h", most="8760 h", zero=True)]
    """Time for which the yearly maintenance takes a hall out."""
    delivery_slip_h: Annotated[float, Plausible("1 h", "8760 h", least="0 h", most="87600 h", zero=True)]
    """Mean delay of a delivery, exponential, beside the slip that a scenario states."""
    gang_least_frac: float
    """Share of its racks with which a training gang still runs; below it the gang waits."""
    gang_swing_frac: float
    """IT power of a training gang while all of it computes, over its mean, less 1."""
    gang_smoothing_frac: float
    """Share of a gang's swing that storage in racks built for it takes."""
    classes: tuple[FailureClass, ...]
    """Classes of failures, whose shares sum to 1."""
    evidence: EvidenceMap = field(default_factory=dict)
    """Why each of its numbers is believed, by dotted path of its field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerPoint:
    """One published pair of power and performance, each over that without a cap.

    Where the source gives a range of performance, it is the low and the high of the evidence.
    """

    name: str
    """What was measured, and where."""
    fitted: bool
    """Whether the curve was fitted to this point; the others are there to judge it."""
    power_frac: float
    """Power under the cap over that without one."""
    performance_frac: float
    """Performance under the cap over that without one."""
    part: str = ""
    """Architecture or accelerator that was measured; left out where it is a fleet."""
    compute_frac: float = 0.0
    """Share of the time without a cap that matrix units bind, of work that lies between this curve and training's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartCurve:
    """The curve of one kind of part, drawn to the common one where little was measured."""

    part: str
    """Architecture, or accelerator by its id, that the curve is of."""
    loss_ratio: Annotated[float, Plausible(0.05, 20)]
    """Factor a of the performance that a cap takes."""
    exponent_ratio: Annotated[float, Plausible(1, 10, least=1, most=100)]
    """Power b with which a deeper cap takes more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerCurve:
    """Performance of a class of work under a power cap, 1 − a (1 − p)^b with p the power over that without a cap."""

    id: str
    """Name by which it is looked up; it is the name of the file."""
    name: str
    """Name that people read, and by which it is looked up too."""
    description: str = ""
    """What it is, in a sentence or two."""
    loss_ratio: Annotated[float, Plausible(0.05, 20)]
    """Factor a of the performance that a cap takes."""
    exponent_ratio: Annotated[float, Plausible(1, 10, least=1, most=100)]
    """Power b with which a deeper cap takes more; 1 is a straight line."""
    least_frac: float
    """Lowest power that the curve speaks for: a part does not go below it."""
    points: tuple[PowerPoint, ...]
    """Published points, those fitted and those that judge the curve."""
    parts: tuple[PartCurve, ...] = ()
    """Curves of the parts that were measured; of any other it is the common one."""
    evidence: EvidenceMap = field(default_factory=dict)
    """Why each of its numbers is believed, by dotted path of its field."""
