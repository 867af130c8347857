"""A whole scenario: as its file asks, and with every name looked up."""

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
    Reliability,
    RunCalibration,
    ServingDerating,
    Site,
    TrainingCalibration,
)
from gigawatt.errors import Fault
from gigawatt.quarters import quarter_range
from gigawatt.scenario.allocation import Allocation
from gigawatt.scenario.flywheel import Flywheel
from gigawatt.scenario.schema.demand import Demand, Experiments, Region, TrainingRun, UseCase, Welfare
from gigawatt.scenario.schema.finance import Capital, Finance
from gigawatt.scenario.schema.opening import Opening
from gigawatt.scenario.schema.platforms import PlatformUse, Pool
from gigawatt.scenario.schema.programme import Horizon, Operations, Programme, Simulation, Solver, Uncertainty
from gigawatt.scenario.schema.sites import SiteUse
from gigawatt.units import Plausible
from gigawatt.watts import Weather


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A scenario as its file states it, names not yet looked up: what is planned, with which money, sites and work."""

    name: str
    """Name of the scenario; left out: that of its file."""
    title: str
    """What the scenario is, in one line."""
    description: str = ""
    """What it is about, and what is assumed."""
    announced_date: Annotated[str | None, Plausible(2000, 2060, least=1990, most=2150)] = None
    """Day of the announcement that is planned, as 2025-09-22; what became known since is told in reports."""
    as_of_date: Annotated[str | None, Plausible(2000, 2060, least=1990, most=2150)] = None
    """Day whose knowledge the plan rests on, as 2025-09-22: facts, sites, parts and software of that day, where the
    catalog and this file say what came later; left out: all that is known."""
    implausible: tuple[str, ...] = ()
    """Paths of values that are meant, although they leave their plausible range."""
    dollar_year: Annotated[int, Plausible(2010, 2060, least=1990, most=2100)]
    """Year whose dollars all money is in."""
    seed: Annotated[int, Plausible(0, 1e18, most=1e18)]
    """Whole number that chance starts from; the same seed gives the same history."""
    objective: Literal["npv", "tokens", "welfare"]
    """What the plan makes most of: value (npv), tokens, or value to society (welfare)."""
    horizon: Horizon
    """Quarters that are solved and reported."""
    programme: Programme
    """Power that may be in service."""
    operations: Operations
    """How racks are run."""
    finance: Finance
    """How money is valued."""
    capital: Capital
    """Where the money comes from."""
    demand: Demand = field(default_factory=Demand)
    """Scales of all demand and prices; left out: all stay as they are stated."""
    regions: Mapping[str, Region]
    """Where demand comes from, by names of one's own; their shares sum to 1."""
    welfare: Welfare
    """Value of tokens to society."""
    solver: Solver = field(default_factory=Solver)
    """When the search for a plan stops; left out: the defaults of its keys."""
    simulate: Simulation = field(default_factory=Simulation)
    """How the plan is lived through; left out: the defaults of its keys."""
    sites: Mapping[str, SiteUse]
    """Sites of the programme, by their id in the catalog or names of one's own."""
    pools: Mapping[str, Pool]
    """Supply of racks, by names of one's own."""
    platforms: Mapping[str, PlatformUse]
    """Accelerators that may be bought, by names of one's own."""
    use_cases: Mapping[str, UseCase]
    """Classes of inference, by names of one's own."""
    training_runs: Mapping[str, TrainingRun] = field(default_factory=dict)
    """Frontier training runs, by names of one's own; left out: there are none."""
    experiments: Mapping[str, Experiments] = field(default_factory=dict)
    """Research compute, by names of one's own; left out: there is none."""
    opening: Opening | None = None
    """What stands, is owed and has been done already; left out: nothing."""
    allocation: Allocation = field(default_factory=Allocation)
    """Who asks for power and what it is worth; left out: as demand, prices and floors say."""
    flywheel: Flywheel | None = None
    """Elasticities of compute, users and revenue; needed to ask how the wheel turns."""
    uncertainty: Mapping[str, Uncertainty] = field(default_factory=dict)
    """How far quantities may turn out otherwise: demand, price, throughput, rack_price, energy_price, chip_slip,
    power_slip, failure_rate, capital_cost."""
    correlations: tuple[tuple[str, str, float], ...] = ()
    """Triples of two uncertain quantities and the correlation of the normals behind them."""

    @property
    def at_start(self) -> Opening:
        """The opening state; nothing stands and nothing is owed where none is stated."""
        return self.opening or Opening()


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSeries:
    """Hours of a year that a scenario's files give a site, None where it names no file."""

    weather: Weather | None = None
    """Hourly weather on its own clock."""
    weather_offset_h: float = 0.0
    """Offset of the weather's clock from UTC."""
    price_usd_per_wh: NDArray[np.float64] | None = None
    """Price that is paid in each hour, on UTC."""
    carbon_kg_per_wh: NDArray[np.float64] | None = None
    """Carbon intensity in each hour, on UTC."""
    notes: tuple[tuple[str, str], ...] = ()
    """What was made of each file, by the site's key that names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """The catalog's records behind the names of a scenario; sites and accelerators by the scenario's own keys."""

    sites: Mapping[str, Site]
    """Sites, with what the scenario sees differently."""
    cooling: Mapping[str, CoolingPlant]
    """Cooling plants of those sites, by id."""
    accelerators: Mapping[str, Accelerator]
    """Accelerators of the platforms."""
    models: Mapping[str, Model]
    """Models of all work, by the name that the scenario gives."""
    inference: InferenceCalibration
    """Calibration of inference."""
    training: TrainingCalibration
    """Calibration of training."""
    runs: RunCalibration
    """Calibration of whole training runs."""
    derating: ServingDerating
    """What bursts and limits on waiting leave of the steady state."""
    reliability: Reliability
    """How racks fail and are mended."""
    inference_curve: PowerCurve
    """Performance of inference under a power cap."""
    training_curve: PowerCurve
    """Performance of training under a power cap."""
    series: Mapping[str, SiteSeries]
    """Hours from files, by site."""
    storage: Mapping[str, OnsitePower]
    """What batteries are made of, by the source that a site names."""
    history: Mapping[str, History]
    """What elasticities are judged by, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """The complete question: what was asked, every name resolved, the evidence of its numbers, and its identity."""

    asked: Asked
    """What the file asks, in SI units."""
    records: Records
    """What the catalog knows of every name in it."""
    evidence: EvidenceMap
    """Why each number is believed, by dotted path; those of the catalog begin with `catalog`."""
    implausible: tuple[Fault, ...]
    """Values that leave their plausible range, and were not said to be meant."""
    toml: str
    """The file as it was given, with what it extends and overrides."""
    hash: str
    """Identity of the question, made of every resolved value."""

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
