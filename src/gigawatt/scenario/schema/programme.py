"""How much power, over which quarters, how racks are run, and how a plan is sought and lived through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from gigawatt.units import Plausible


@dataclass(frozen=True, slots=True, kw_only=True)
class Horizon:
    """The quarters of a scenario. More are solved than are reported, so that the end does not distort."""

    start_date: Annotated[str, Plausible(2000, 2060, least=1990, most=2150)]
    """First quarter, such as 2026Q3."""
    report_end_date: Annotated[str, Plausible(2000, 2060, least=1990, most=2150)]
    """Last quarter that is reported."""
    end_date: Annotated[str, Plausible(2000, 2060, least=1990, most=2150)]
    """Last quarter that is solved, a few years after the last reported one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """How much power may be in service at once, and on which basis."""

    target_w: Annotated[float, Plausible("1 MW", "200 GW")]
    """Most power in service at once, on the basis below."""
    power_basis: Literal["facility", "it"]
    """Where that power is counted: at the facility's meter or at the IT."""
    inference_most_frac: float = 1.0
    """Most of the power that inference may take; training runs and experiments have the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operations:
    """How racks are run."""

    it_overhead_ratio: Annotated[float, Plausible(1, 1.6, least=1, most=5)]
    """IT power per rack nameplate: network, storage and CPU nodes come on top."""
    load_factor_frac: Annotated[float, Plausible("20 %", "100 %", least="1 %")]
    """Mean over peak IT power."""
    availability_frac: Annotated[float, Plausible("50 %", "100 %", least="1 %")]
    """Share of rack-hours that work."""
    peak_block_frac: Annotated[float, Plausible("4 %", "75 %", least="1 %", most="99 %")]
    """Share of the hours that are in the peak block."""
    software_gain_per_year: Annotated[
        float, Plausible("-10 %/year", "150 %/year", least="-50 %/year", most="1000 %/year")
    ]
    """Yearly growth of tokens per second on the same hardware, from the software base on."""
    software_cap_ratio: Annotated[float, Plausible(1, 30, least=1, most=1000)]
    """Most that software multiplies the tokens per second of inference by."""
    training_gain_per_year: Annotated[
        float, Plausible("-10 %/year", "150 %/year", least="-50 %/year", most="1000 %/year")
    ]
    """Yearly growth of training speed on the same hardware, from the software base on."""
    training_cap_ratio: Annotated[float, Plausible(1, 30, least=1, most=1000)]
    """Most that software multiplies the speed of training by."""
    software_base_date: Annotated[str, Plausible(2018, 2045, least=2010, most=2100)]
    """Quarter of the software that the calibrations stand for, from which gains count."""
    package_failures_per_h: Annotated[float, Plausible("1e-7 /h", "1e-3 /h", most="1 /h", zero=True)]
    """Failures of a package in mid-life, with everything that stops its gang counted."""
    checkpoint_s: Annotated[float, Plausible("0.1 s", "30 min", most="30 days", zero=True)]
    """Time for which a training gang stops to write a checkpoint."""
    restart_s: Annotated[float, Plausible("1 s", "6 h", most="30 days", zero=True)]
    """Time from a failure until a training gang works again."""
    idle_draw_frac: float
    """Power of a working rack without work over that at full use."""
    busiest_h: Annotated[float, Plausible("0 h", "24 h", least="0 h", most="24 h")]
    """Local time at which the daily tide of demand is highest."""
    yearly_opex_usd_per_w_facility: Annotated[float, Plausible("0.01 USD/W", "5 USD/W", zero=True)]
    """Cost of running a site for a year without energy, per W of facility power."""
    inference_calibration: str
    """Calibration of inference, by its id in the catalog."""
    training_calibration: str
    """Calibration of training, by its id in the catalog."""
    run_calibration: str = "as-of-2026"
    """Calibration of whole training runs, how much of their hours is steps, by its id in the catalog."""
    slo_derating: bool = False
    """Whether interactive classes count on what users accept, 99 of 100 of them, and not on the whole steady state:
    bursts within minutes then have a factor of their own, and `utilisation` is for hours and racks out of rotation."""
    router_engines_count: Annotated[int, Plausible(1, 1024, least=1, most=1e6)] = 32
    """Replicas behind one router, which share its bursts."""
    derating_calibration: str = "as-of-2026"
    """Table of what bursts and limits on waiting leave of the steady state, by its id in the catalog."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """A class of work that slows where power is short or dear: its racks are capped, then stopped."""

    work: Literal["experiments", "batch", "training", "interactive"]
    """Kind of work that slows."""
    price_usd_per_wh: Annotated[float | None, Plausible("1 USD/MWh", "100 USD/kWh", zero=True)] = None
    """Price of energy at a site above which this work stops there; left out: no price stops it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """How a plan is lived through."""

    mode: Literal["expected", "stochastic"] = "expected"
    """Representative weeks and mean availability (expected), or every hour and every rack's faults (stochastic)."""
    reliability: str = "liquid-racks-2026"
    """Record of how racks fail and are mended, by its id in the catalog."""
    inference_curve: str = "inference"
    """Performance of inference under a power cap, by the curve's id in the catalog."""
    training_curve: str = "training"
    """Performance of training under a power cap, by the curve's id in the catalog."""
    tiers: tuple[Tier, ...] = (
        Tier(work="experiments"),
        Tier(work="batch"),
        Tier(work="training"),
        Tier(work="interactive"),
    )
    """Who slows first where power is short: each kind of work once; left out: experiments, batch, training,
    interactive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncertainty:
    """How far a quantity may turn out from what the scenario states: a factor on it, or quarters of slip.

    Each distribution is stated by its own keys; those of another are faults.
    """

    distribution: Literal["lognormal", "triangular", "discrete"]
    """By P10 and P90 (lognormal), by low, mode and high (triangular), or by values and weights (discrete)."""
    p10_ratio: Annotated[float, Plausible(0.02, 50, least=0.01, most=100)] = 1.0
    """Lognormal: value that one outcome in ten is below."""
    p90_ratio: Annotated[float, Plausible(0.02, 50, least=0.01, most=100)] = 1.0
    """Lognormal: value that one outcome in ten is above."""
    low_ratio: Annotated[float, Plausible(0.02, 50, least=0.01, most=100)] = 1.0
    """Triangular: least of all outcomes."""
    mode_ratio: Annotated[float, Plausible(0.02, 50, least=0.01, most=100)] = 1.0
    """Triangular: likeliest of all outcomes."""
    high_ratio: Annotated[float, Plausible(0.02, 50, least=0.01, most=100)] = 1.0
    """Triangular: most of all outcomes."""
    values: tuple[float, ...] = ()
    """Discrete: what may happen, in rising order."""
    weights: tuple[float, ...] = ()
    """Discrete: chance of each value, in any measure."""
    walk_ratio: Annotated[float, Plausible(0.001, 1, most=2, zero=True)] = 0.0
    """Deviation of the logarithm after a year of a random walk on top; 0: the factor holds throughout."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Solver:
    """When the search for a better plan stops: at the gap, or after so much work, alike on every machine."""

    gap_frac: float = 0.005
    """Gap between plan and bound, over the objective, at which the search stops."""
    gap_of_capex_frac: float = 0.001
    """Gap over the present value of capital spending at which it stops, where that is more."""
    trials_count: Annotated[int, Plausible(0, 100_000, least=0)] = 40
    """Schedules of milestones tried by shifting one of them."""
    nodes_count: Annotated[int, Plausible(0, 1_000_000, least=0)] = 200
    """Sets of schedules that branch and bound splits at most, after those trials."""
    time_limit_s: Annotated[float, Plausible("0.1 s", "1 days", least="1 ms", most="30 days")] = 600.0
    """Wall time that guards the whole search; a plan that it ends says so."""
