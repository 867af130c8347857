"""What the catalog knows of one thing: frozen records in SI units, with the evidence of every number beside it."""

from gigawatt.catalog.records.arrivals import ArrivalClient, Arrivals, ArrivalSessions
from gigawatt.catalog.records.calibrations import (
    ConstantUse,
    FamilyOffset,
    InferenceCalibration,
    InferenceEngine,
    LeftOut,
    SoftwareState,
    Spread,
    TrainingCalibration,
    TrainingEngine,
)
from gigawatt.catalog.records.derating import DeratingTable, ServingDerating
from gigawatt.catalog.records.evidence import Evidence, EvidenceMap, Grade, Source
from gigawatt.catalog.records.hardware import Accelerator, FailureClass, PartCurve, PowerCurve, PowerPoint, Reliability
from gigawatt.catalog.records.history import History, HistoryPoint
from gigawatt.catalog.records.models import Model, ModelBlock, Precision, ScalingLaw, Workload
from gigawatt.catalog.records.power import ArchitecturePower, PowerCalibration
from gigawatt.catalog.records.rents import RentKind, RentQuote, Rents
from gigawatt.catalog.records.schedules import (
    DeliveredPower,
    PromisedDate,
    PromisedMilestone,
    SiteSchedules,
    SiteStage,
)
from gigawatt.catalog.records.serving import ServingCalibration, ServingEngine, ServingOffset, ServingRecipe
from gigawatt.catalog.records.sites import (
    Climate,
    Climates,
    CloudRegion,
    CoolingPlant,
    Facility,
    Locality,
    OnsitePower,
    Site,
)
from gigawatt.catalog.records.whole_runs import RunCalibration

__all__ = [
    "Accelerator",
    "ArchitecturePower",
    "ArrivalClient",
    "ArrivalSessions",
    "Arrivals",
    "Climate",
    "Climates",
    "CloudRegion",
    "ConstantUse",
    "CoolingPlant",
    "DeliveredPower",
    "DeratingTable",
    "Evidence",
    "EvidenceMap",
    "Facility",
    "FailureClass",
    "FamilyOffset",
    "Grade",
    "History",
    "HistoryPoint",
    "InferenceCalibration",
    "InferenceEngine",
    "LeftOut",
    "Locality",
    "Model",
    "ModelBlock",
    "OnsitePower",
    "PartCurve",
    "PowerCalibration",
    "PowerCurve",
    "PowerPoint",
    "Precision",
    "PromisedDate",
    "PromisedMilestone",
    "Reliability",
    "RentKind",
    "RentQuote",
    "Rents",
    "RunCalibration",
    "ScalingLaw",
    "ServingCalibration",
    "ServingDerating",
    "ServingEngine",
    "ServingOffset",
    "ServingRecipe",
    "Site",
    "SiteSchedules",
    "SiteStage",
    "SoftwareState",
    "Source",
    "Spread",
    "TrainingCalibration",
    "TrainingEngine",
    "Workload",
]
