"""The complete question, as a person asks it: one frozen dataclass per table of a scenario file.

Keys in a file are the field names without their unit (`target = "10 GW"` is `target_w`). A field without a default
is one that a planner could argue about, so a scenario has to state it.
"""

from gigawatt.scenario.schema.asked import Asked, Records, Scenario, SiteSeries
from gigawatt.scenario.schema.contracts import CustomerFinancing, Guarantee, Lease, VendorFinancing
from gigawatt.scenario.schema.demand import Demand, Experiments, People, Region, Segment, TrainingRun, UseCase, Welfare
from gigawatt.scenario.schema.finance import Capital, Finance, Milestone, Tranches
from gigawatt.scenario.schema.opening import (
    BegunShells,
    Opening,
    PaidShells,
    StandingRacks,
    StandingShells,
    Trained,
    VendorLoan,
)
from gigawatt.scenario.schema.platforms import PlatformUse, Pool
from gigawatt.scenario.schema.programme import Horizon, Operations, Programme, Simulation, Solver, Tier, Uncertainty
from gigawatt.scenario.schema.sites import OVER_SITE, Battery, Connection, Curtailment, SiteUse

__all__ = [
    "OVER_SITE",
    "Asked",
    "Battery",
    "BegunShells",
    "Capital",
    "Connection",
    "Curtailment",
    "CustomerFinancing",
    "Demand",
    "Experiments",
    "Finance",
    "Guarantee",
    "Horizon",
    "Lease",
    "Milestone",
    "Opening",
    "Operations",
    "PaidShells",
    "People",
    "PlatformUse",
    "Pool",
    "Programme",
    "Records",
    "Region",
    "Scenario",
    "Segment",
    "Simulation",
    "SiteSeries",
    "SiteUse",
    "Solver",
    "StandingRacks",
    "StandingShells",
    "Tier",
    "Trained",
    "TrainingRun",
    "Tranches",
    "Uncertainty",
    "UseCase",
    "VendorFinancing",
    "VendorLoan",
    "Welfare",
]
