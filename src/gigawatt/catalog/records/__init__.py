"""What the catalog knows of one thing: frozen records in SI units, with the evidence of every number beside it."""

from gigawatt.catalog.records.calibrations import (
    ConstantUse,
    FamilyOffset,
    InferenceCalibration,
    InferenceEngine,
    Spread,
    TrainingCalibration,
    TrainingEngine,
)
from gigawatt.catalog.records.evidence import Evidence, EvidenceMap, Grade, Source
from gigawatt.catalog.records.hardware import Accelerator, FailureClass, PartCurve, PowerCurve, PowerPoint, Reliability
from gigawatt.catalog.records.history import History, HistoryPoint
from gigawatt.catalog.records.models import Model, ModelBlock, Precision, ScalingLaw, Workload
from gigawatt.catalog.records.power import ArchitecturePower, PowerCalibration
from gigawatt.catalog.records.sites import Climate, Climates, CoolingPlant, Facility, OnsitePower, Place, Region, Site
from gigawatt.catalog.records.whole_runs import RunCalibration

__all__ = [
    "Accelerator",
    "ArchitecturePower",
    "Climate",
    "Climates",
    "ConstantUse",
    "CoolingPlant",
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
    "Model",
    "ModelBlock",
    "OnsitePower",
    "PartCurve",
    "Place",
    "PowerCalibration",
    "PowerCurve",
    "PowerPoint",
    "Precision",
    "Region",
    "Reliability",
    "RunCalibration",
    "ScalingLaw",
    "Site",
    "Source",
    "Spread",
    "TrainingCalibration",
    "TrainingEngine",
    "Workload",
]
