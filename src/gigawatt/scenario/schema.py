"""The complete question, as a person asks it: one frozen dataclass per table of a scenario file.

Keys in a file are the field names without their unit (`target = "10 GW"` is `target_w`). A field without a default
is one that a planner could argue about, so a scenario has to state it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from gigawatt.catalog.records import (
    Accelerator,
    CoolingPlant,
    EvidenceMap,
    History,
    InferenceCalibration,
    Model,
    OnsitePower,
    PowerCurve,
    Precision,
    Reliability,
    Site,
    TrainingCalibration,
)
from gigawatt.errors import Fault
from gigawatt.quarters import Course, quarter_range
from gigawatt.scenario.allocation import Allocation
from gigawatt.scenario.flywheel import Flywheel
from gigawatt.units import Plausible
from gigawatt.watts import Weather

# What a scenario may see differently of a site than the catalog does.
OVER_SITE = ("ramp_w", "ownership", "power_price_usd_per_wh")


@dataclass(frozen=True, slots=True, kw_only=True)
class Horizon:
    """First quarter, last quarter reported, and last quarter solved (later, so that the end does not distort)."""

    start_date: Annotated[str, Plausible(2000, 2060, least=1990, most=2150)]
    report_end_date: Annotated[str, Plausible(2000, 2060, least=1990, most=2150)]
    end_date: Annotated[str, Plausible(2000, 2060, least=1990, most=2150)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """How much power may be in service at once, on which basis, and the most of it that inference may take.

    What inference may not take is left to training runs and experiments, or idle.
    """

    target_w: Annotated[float, Plausible("1 MW", "200 GW")]
    power_basis: Literal["facility", "it"]
    inference_most_frac: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Operations:
    """How racks are run.

    - it_overhead_ratio: IT power per rack nameplate (network, storage, CPU nodes); load_factor_frac: mean over peak IT
      power; availability_frac: share of rack-hours that work; idle_draw_frac: power of a working rack without work,
      over that at full use.
    - peak_block_frac: share of hours in the peak block; busiest_h: local time of the daily peak.
    - software_gain_per_year: yearly growth of tokens per second on the same hardware since `software_base_date`, up to
      `software_cap_ratio`; training_gain_per_year, training_cap_ratio: the same for training.
    - package_failures_per_h, checkpoint_s, restart_s: for the goodput of training gangs.
    """

    it_overhead_ratio: Annotated[float, Plausible(1, 1.6, least=1, most=5)]
    load_factor_frac: Annotated[float, Plausible("20 %", "100 %", least="1 %")]
    availability_frac: Annotated[float, Plausible("50 %", "100 %", least="1 %")]
    peak_block_frac: Annotated[float, Plausible("4 %", "75 %", least="1 %", most="99 %")]
    software_gain_per_year: Annotated[
        float, Plausible("-10 %/year", "150 %/year", least="-50 %/year", most="1000 %/year")
    ]
    software_cap_ratio: Annotated[float, Plausible(1, 30, least=1, most=1000)]
    training_gain_per_year: Annotated[
        float, Plausible("-10 %/year", "150 %/year", least="-50 %/year", most="1000 %/year")
    ]
    training_cap_ratio: Annotated[float, Plausible(1, 30, least=1, most=1000)]
    software_base_date: Annotated[str, Plausible(2018, 2045, least=2010, most=2100)]
    package_failures_per_h: Annotated[float, Plausible("1e-7 /h", "1e-3 /h", most="1 /h", zero=True)]
    checkpoint_s: Annotated[float, Plausible("0.1 s", "30 min", most="30 days", zero=True)]
    restart_s: Annotated[float, Plausible("1 s", "6 h", most="30 days", zero=True)]
    idle_draw_frac: float
    busiest_h: Annotated[float, Plausible("0 h", "24 h", least="0 h", most="24 h")]
    yearly_opex_usd_per_w_facility: Annotated[float, Plausible("0.01 USD/W", "5 USD/W", zero=True)]
    inference_calibration: str
    training_calibration: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finance:
    """Valuation: real discount rate with mid-quarter flows, lives, costs that scale with capex or revenue, tax.

    capital_cost_per_year: what capital costs in a total cost of ownership, the figure that published ones use.
    network_frac: cost of network and storage per cost of racks. non_compute_frac: cost of everything that is not
    compute, per revenue. shell_usd_per_w_facility: building, power and cooling. terminal_value_frac: share of the
    unamortised annuity value that counts at the end of the horizon. lease_rate_per_year, lease_life_years: what the
    owner of a leased shell earns on it, and over how long.
    """

    discount_per_year: Annotated[float, Plausible("0 %/year", "40 %/year", least="-50 %/year", most="1000 %/year")]
    capital_cost_per_year: Annotated[float, Plausible("0 %/year", "40 %/year", least="0 %/year", most="1000 %/year")]
    rack_life_years: Annotated[float, Plausible("1 years", "15 years", least="0.25 years", most="100 years")]
    shell_life_years: Annotated[float, Plausible("5 years", "60 years", least="0.25 years", most="200 years")]
    network_frac: float
    non_compute_frac: float
    shell_usd_per_w_facility: Annotated[float, Plausible("1 USD/W", "60 USD/W", zero=True)]
    terminal_value_frac: float
    lease_rate_per_year: Annotated[
        float, Plausible("0 %/year", "40 %/year", least="-50 %/year", most="1000 %/year")
    ] = 0.10
    lease_life_years: Annotated[float, Plausible("1 years", "50 years", least="0.25 years", most="200 years")] = 15.0
    tax_frac: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """Capital that follows when cumulative gross installed power reaches `power_w`."""

    power_w: Annotated[float, Plausible("1 MW", "200 GW")]
    amount_usd: Annotated[float, Plausible("1 million USD", "5 trillion USD", least="1000 USD", zero=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tranches:
    """Capital released with gigawatts: `amount_usd` per `every_w` up to `most_usd`, or a list of milestones.

    Milestones are in cumulative gross installed power on `power_basis`; money follows `lag_count` quarters after.
    """

    power_basis: Literal["facility", "it"]
    release: Literal["step", "pro_rata"]
    lag_count: Annotated[int, Plausible(1, 12, least=1, most=160)]
    every_w: Annotated[float | None, Plausible("1 MW", "200 GW")] = None
    amount_usd: Annotated[float | None, Plausible("1 million USD", "5 trillion USD")] = None
    most_usd: Annotated[float | None, Plausible("1 million USD", "20 trillion USD")] = None
    milestones: tuple[Milestone, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Capital:
    """Where the money comes from: cash at the start, equity up front, debt with its limits, and tranches.

    covenant_frac: debt per net book value of racks, network and shells. distribution: what happens to cash above the
    minimum ("excess": paid out as soon as that costs no interest and a lender allows it; "none": kept). lock_up_frac:
    nothing is paid out until this share of the most facility power of the plan stands; 1 is completion.
    distribution_cover_ratio: nor in a quarter whose last year had less free cash flow than so many times its interest
    and repaid debt, or less than none.
    """

    opening_cash_usd: Annotated[float, Plausible("1 million USD", "20 trillion USD", least="0 USD", zero=True)]
    minimum_cash_usd: Annotated[float, Plausible("1 million USD", "20 trillion USD", least="0 USD", zero=True)]
    upfront_equity_usd: Annotated[float, Plausible("1 million USD", "20 trillion USD", least="0 USD", zero=True)] = 0.0
    debt_rate_per_year: Annotated[
        float | None, Plausible("0 %/year", "40 %/year", least="0 %/year", most="1000 %/year")
    ] = None
    covenant_frac: float = 0.0
    debt_limit_usd: Annotated[float, Plausible("1 million USD", "20 trillion USD", least="0 USD", zero=True)] = 0.0
    distribution: Literal["excess", "none"] = "excess"
    lock_up_frac: float = 1.0
    distribution_cover_ratio: Annotated[float, Plausible(0.5, 10, least=0, most=1000, zero=True)] = 1.2
    tranches: Tranches | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """Where demand comes from: its share of the programme's demand, and the clock by which it rises and falls."""

    title: str
    share_frac: float
    utc_offset_h: Annotated[float, Plausible("-14 h", "14 h", least="-14 h", most="14 h")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Curtailment:
    """A contract to give way to the grid in a share of the hours of a year, in calls of at most longest_h.

    In a call the site gives up depth_frac of what it would draw (depth_of = "draw"), or draws at most what that leaves
    of its connection ("connection"), which asks nothing of a site that draws less anyway. It is called when energy is
    dearest, or at random where no hourly price is known.
    """

    hours_frac: float
    depth_frac: float
    longest_h: Annotated[int, Plausible("1 h", "1000 h", least="1 h", most="8760 h")]
    depth_of: Literal["draw", "connection"] = "draw"


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """A battery at a site, which stands there from the first power on: the most that it takes or gives, and holds.

    source: the catalog's plant with the storage that it is made of, for its losses and its wear.
    """

    power_w: Annotated[float, Plausible("100 kW", "50 GW")]
    energy_wh: Annotated[float, Plausible("100 kWh", "500 GWh", zero=True)]
    source: str = "lithium_battery"


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """What the grid asks of a site beside the price of energy.

    minute_ramp_w: the most that the draw may change in a minute, None for any. monthly_demand_usd_per_w: the charge on
    the highest hour of every month.
    """

    minute_ramp_w: Annotated[float | None, Plausible("10 kW", "100 GW")] = None
    monthly_demand_usd_per_w: Annotated[float, Plausible("0.1 USD/kW", "100 USD/kW", most="1 USD/W", zero=True)] = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteUse:
    """A site of the programme: the catalog's record, with what this scenario sees differently.

    weather_file, price_file, carbon_file: a year of hours instead of climate normals, the mean price and the mean
    carbon intensity; files_offset_h: offset from UTC of price and carbon files whose times do not state it.
    price_level: "file" pays what the price_file says, in every year; "plan" takes only its shape, about the site's
    power_price.
    price_ratios: a price by month and hour of standard time over its mean, 12 rows of 24, where there is no price_file.
    """

    site: str = ""
    slip_count: Annotated[int, Plausible(0, 40, most=160)] = 0
    ramp_w: Annotated[Course | None, Plausible("1 MW", "100 GW", zero=True)] = None
    ownership: Literal["own", "lease"] | None = None
    power_price_usd_per_wh: Annotated[float | None, Plausible("1 USD/MWh", "1 USD/kWh", zero=True)] = None
    shell_usd_per_w_facility: Annotated[float | None, Plausible("1 USD/W", "60 USD/W", zero=True)] = None
    sunk_w: Annotated[float, Plausible("100 kW", "100 GW", zero=True)] = 0.0
    weather_file: str = ""
    price_file: str = ""
    carbon_file: str = ""
    files_offset_h: Annotated[float | None, Plausible("-14 h", "14 h", least="-14 h", most="14 h")] = None
    price_level: Literal["file", "plan"] = "file"
    price_ratios: tuple[tuple[float, ...], ...] = ()
    curtailment: Curtailment | None = None
    battery: Battery | None = None
    connection: Connection | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformUse:
    """An accelerator that may be bought: from which pool, and at which price.

    rack_price_usd: None takes the catalog's. The price holds at `price_base_date` and changes from there on.
    """

    accelerator: str
    pool: str
    rack_price_usd: Annotated[float | None, Plausible("20 thousand USD", "100 million USD")] = None
    price_change_per_year: Annotated[
        float, Plausible("-40 %/year", "40 %/year", least="-50 %/year", most="1000 %/year")
    ]
    price_base_date: Annotated[str, Plausible(2015, 2060, least=1990, most=2150)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Racks that a vendor family can deliver in each quarter, shared by its platforms."""

    supply_count: Annotated[Course, Plausible(0.1, 1e6, zero=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Demand from people: weekly users × requests a day × tokens a request, and what paying users bring."""

    weekly_users_count: Annotated[Course, Plausible(1e3, 9e9, zero=True)]
    daily_requests_count: Annotated[Course, Plausible(0.01, 2000, zero=True)]
    request_tokens: Annotated[Course, Plausible("10 tokens", "2 Mtokens")]
    paying_frac: Course
    yearly_revenue_usd: Annotated[Course, Plausible("1 USD", "20 thousand USD", zero=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A share of demand and its willingness to pay, or its social value, relative to the class's price."""

    share_frac: float
    price_ratio: Annotated[float, Plausible(0.01, 100, zero=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class UseCase:
    """A class of inference: who asks for how many tokens, at which price and service objective.

    Demand is either `people` or a course of mean output tokens per second (`demand_tokens_per_s`), with one of prices.
    `input_tokens` and `output_tokens` are per request; the service objective is `tpot_s`. Interactive classes are
    served when they are asked for, with head-room (`utilisation_frac`) and a peak (`peak_to_mean_ratio` in the peak
    block); batch classes may be served in any block of the quarter. The floor is a share of demand, short of which a
    penalty per token is counted in the objective, or which must be met where `hard`.
    """

    title: str
    model: str
    precision: Precision
    input_tokens: Annotated[float, Plausible("1 tokens", "10 Mtokens")]
    output_tokens: Annotated[float, Plausible("1 tokens", "1 Mtokens")]
    tpot_s: Annotated[float, Plausible("1 ms", "10 s")]
    load: Literal["interactive", "batch"]
    utilisation_frac: Annotated[float, Plausible("5 %", "100 %", least="1 %")]
    peak_to_mean_ratio: Annotated[float, Plausible(1, 10, least=1, most=100)] = 1.0
    people: People | None = None
    demand_tokens_per_s: Annotated[Course | None, Plausible("1000 tokens/s", "1e12 tokens/s", zero=True)] = None
    price_usd_per_mtok: Annotated[Course | None, Plausible("0.001 USD/Mtoken", "1000 USD/Mtoken", zero=True)] = None
    served_elsewhere_frac: float = 0.0
    segments: tuple[Segment, ...]
    social_weight_ratio: Annotated[float, Plausible(0.01, 1000, zero=True)]
    floor_frac: float = 0.0
    floor_penalty_usd_per_mtok: Annotated[float, Plausible("0.001 USD/Mtoken", "10 thousand USD/Mtoken", zero=True)] = (
        0.0
    )
    hard: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRun:
    """A frontier training run: a volume of operations inside a window, on at most one gang of packages.

    What is missing of the volume at the end of the window costs its share of `penalty_usd`, or nothing may be
    missing where `hard`. penalty and volume are counted in the objective, never in the reported NPV.
    """

    title: str
    model: str
    precision: Precision
    volume_flop: Annotated[float, Plausible("1e22 FLOP", "1e32 FLOP")]
    start_date: Annotated[str, Plausible(2000, 2060, least=1990, most=2150)]
    end_date: Annotated[str, Plausible(2000, 2060, least=1990, most=2150)]
    largest_gang_count: Annotated[int, Plausible(8, 2e7, least=1, most=1e9)]
    penalty_usd: Annotated[float, Plausible("1 million USD", "20 trillion USD", least="0 USD", zero=True)]
    hard: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiments:
    """Research compute: operations wished for in each quarter, what they are worth, and a soft floor.

    Worth and penalty are shadow values: they steer the plan and never enter the reported NPV.
    """

    title: str
    model: str
    precision: Precision
    gang_count: Annotated[int, Plausible(8, 2e7, least=1, most=1e9)]
    wish_flop: Annotated[Course, Plausible("1e21 FLOP", "1e32 FLOP", zero=True)]
    worth_usd_per_flop: Annotated[Course, Plausible("1e-4 USD/EFLOP", "1e3 USD/EFLOP", zero=True)]
    floor_frac: float
    floor_penalty_usd_per_flop: Annotated[Course, Plausible("1e-4 USD/EFLOP", "1e4 USD/EFLOP", zero=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Scales of the whole demand table: the free, visible, assumed numbers of a scenario."""

    price_scale_ratio: Annotated[float, Plausible(0.01, 100, most=1e4)] = 1.0
    volume_scale_ratio: Annotated[float, Plausible(0.01, 100, most=1e4)] = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Welfare:
    """Social value of tokens: shares of demand and the value of each relative to price, before social weight."""

    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """Work that slows where power is short or dear: its racks are capped, then stopped.

    price_usd_per_wh: price of energy at a site above which this work stops there; None: its price stops it never.
    """

    work: Literal["experiments", "batch", "training", "interactive"]
    price_usd_per_wh: Annotated[float | None, Plausible("1 USD/MWh", "100 USD/kWh", zero=True)] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """How a plan is lived through.

    mode: "expected" takes a representative week of each quarter and the share of racks that works on average,
    "stochastic" every hour, in which racks fail and are mended one by one. reliability: the catalog's record of how
    they do; inference_curve, training_curve: those of performance under a power cap. tiers: who slows first where power
    is short; the last one slows last and is served first.
    """

    mode: Literal["expected", "stochastic"] = "expected"
    reliability: str = "liquid-racks-2026"
    inference_curve: str = "inference"
    training_curve: str = "training"
    tiers: tuple[Tier, ...] = (
        Tier(work="experiments"),
        Tier(work="batch"),
        Tier(work="training"),
        Tier(work="interactive"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncertainty:
    """How far a quantity may turn out from what the scenario states: a factor on it, or quarters of slip.

    distribution: "lognormal" by its p10_ratio and p90_ratio; "triangular" by low_ratio, mode_ratio, high_ratio;
    "discrete" by values with weights. walk_ratio: standard deviation of the logarithm after a year of a random walk
    that the quantity takes on top, from quarter to quarter.
    """

    distribution: Literal["lognormal", "triangular", "discrete"]
    p10_ratio: Annotated[float, Plausible(0.02, 50, least=0.01, most=100)] = 1.0
    p90_ratio: Annotated[float, Plausible(0.02, 50, least=0.01, most=100)] = 1.0
    low_ratio: Annotated[float, Plausible(0.02, 50, least=0.01, most=100)] = 1.0
    mode_ratio: Annotated[float, Plausible(0.02, 50, least=0.01, most=100)] = 1.0
    high_ratio: Annotated[float, Plausible(0.02, 50, least=0.01, most=100)] = 1.0
    values: tuple[float, ...] = ()
    weights: tuple[float, ...] = ()
    walk_ratio: Annotated[float, Plausible(0.001, 1, most=2, zero=True)] = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Solver:
    """When the search for a better plan stops: at the gap, or after so much work, alike on every machine.

    gap_frac: of the objective; gap_of_capex_frac: of the present value of capital spending, where that is more.
    trials_count: schedules of milestones that are tried by shifting one of them. nodes_count: of branch and bound after
    that. time_limit_s: wall time that guards all of it; a plan that it ends says so.
    """

    gap_frac: float = 0.005
    gap_of_capex_frac: float = 0.001
    trials_count: Annotated[int, Plausible(0, 100_000, least=0)] = 40
    nodes_count: Annotated[int, Plausible(0, 1_000_000, least=0)] = 200
    time_limit_s: Annotated[float, Plausible("0.1 s", "1 days", least="1 ms", most="30 days")] = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A scenario file, read: everything in SI units, names not yet looked up.

    implausible: paths of values that are meant, although they leave their plausible range.
    """

    name: str
    title: str
    description: str = ""
    implausible: tuple[str, ...] = ()
    dollar_year: Annotated[int, Plausible(2010, 2060, least=1990, most=2100)]
    seed: Annotated[int, Plausible(0, 1e18, most=1e18)]
    objective: Literal["npv", "tokens", "welfare"]
    horizon: Horizon
    programme: Programme
    operations: Operations
    finance: Finance
    capital: Capital
    demand: Demand = field(default_factory=Demand)
    regions: Mapping[str, Region]
    welfare: Welfare
    solver: Solver = field(default_factory=Solver)
    simulate: Simulation = field(default_factory=Simulation)
    sites: Mapping[str, SiteUse]
    pools: Mapping[str, Pool]
    platforms: Mapping[str, PlatformUse]
    use_cases: Mapping[str, UseCase]
    training_runs: Mapping[str, TrainingRun] = field(default_factory=dict)
    experiments: Mapping[str, Experiments] = field(default_factory=dict)
    allocation: Allocation = field(default_factory=Allocation)
    flywheel: Flywheel | None = None
    uncertainty: Mapping[str, Uncertainty] = field(default_factory=dict)
    correlations: tuple[tuple[str, str, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSeries:
    """Hours of a year that a scenario's files give a site, None where it names no file.

    weather_offset_h: offset from UTC of the weather's clock. price_usd_per_wh: what is paid, on UTC; carbon_kg_per_wh:
    on UTC. notes: what was made of each file, by the site's key that names it.
    """

    weather: Weather | None = None
    weather_offset_h: float = 0.0
    price_usd_per_wh: NDArray[np.float64] | None = None
    carbon_kg_per_wh: NDArray[np.float64] | None = None
    notes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """The catalog's records behind the names of a scenario; sites and accelerators by the scenario's own keys.

    series: hours from files, by site. storage: what batteries are made of, by the source that a site names.
    inference_curve, training_curve: performance under a power cap. history: what elasticities are judged by, by name.
    """

    sites: Mapping[str, Site]
    cooling: Mapping[str, CoolingPlant]
    accelerators: Mapping[str, Accelerator]
    models: Mapping[str, Model]
    inference: InferenceCalibration
    training: TrainingCalibration
    reliability: Reliability
    inference_curve: PowerCurve
    training_curve: PowerCurve
    series: Mapping[str, SiteSeries]
    storage: Mapping[str, OnsitePower]
    history: Mapping[str, History]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """The complete question: what was asked, every name resolved, the evidence of its numbers, and its identity.

    `implausible` are values that leave their plausible range, and were not said to be meant. `toml` is the file as it
    was given, with what it extends and overrides; `hash` is that of every resolved value.
    """

    asked: Asked
    records: Records
    evidence: EvidenceMap
    implausible: tuple[Fault, ...]
    toml: str
    hash: str

    @property
    def name(self) -> str:
        return self.asked.name

    @property
    def quarters(self) -> list[str]:
        """Every solved quarter."""
        return quarter_range(self.asked.horizon.start_date, self.asked.horizon.end_date)

    @property
    def reported_count(self) -> int:
        """How many of the solved quarters are reported."""
        return len(quarter_range(self.asked.horizon.start_date, self.asked.horizon.report_end_date))
