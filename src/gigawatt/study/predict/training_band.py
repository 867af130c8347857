"""How sure a predicted training rate is: a band from what fitted rows scatter, wider where no fitted row is alike."""

from __future__ import annotations

import numpy as np

from gigawatt.catalog import to_tokens
from gigawatt.catalog.records import TrainingCalibration
from gigawatt.study.predict.band import Band, log_normal
from gigawatt.study.predict.training_cases import TrainingCase


def extrapolations(case: TrainingCase, calibration: TrainingCalibration) -> list[str]:
    """What a case has that no fitted row has, in words."""
    fitted = {(offset.family, offset.name) for offset in calibration.offsets if offset.rows_count}
    engines = {entry.name for entry in calibration.engines if entry.rows_count}
    formats = {entry.name.rpartition(" ")[0] for entry in calibration.baselines}
    part, network = case.accelerator.architecture, to_tokens.training_structure(case.model)
    found = []
    if case.engine not in engines:
        found.append("software that no fitted row used")
    if ("architecture", part) not in fitted:
        found.append(f"no fitted row on the architecture {part}")
    elif f"{part} {case.precision}" not in formats:
        found.append(f"no fitted row in {case.precision} on {part}")
    if ("structure", network) not in fitted:
        found.append(f"no fitted row of a {network} model")
    if case.packages_count > calibration.most_packages_count:
        found.append(f"the largest gang fitted is {calibration.most_packages_count:,.0f} packages")
    if case.model.total_params_count > calibration.most_params_count:
        found.append(f"the largest model fitted has {calibration.most_params_count:.3g} parameters")
    return found


def deviation_ratio(case: TrainingCase, calibration: TrainingCalibration) -> float:
    """Deviation of the logarithm of a case's rate: that of its family, and more for each thing that is not alike."""
    network = to_tokens.training_structure(case.model)
    spreads = {entry.name: entry.deviation_ratio for entry in calibration.spreads}
    names = (f"{case.engine} {network}", network, "all")
    own = next(spreads[name] for name in names if name in spreads)
    added = len(extrapolations(case, calibration)) * calibration.extrapolation_ratio**2
    return float(np.sqrt(own**2 + added))


def band(median: float, case: TrainingCase, calibration: TrainingCalibration) -> Band:
    """A rate of a case with its band."""
    return log_normal(median, deviation_ratio(case, calibration))


def baseline_mfu_frac(case: TrainingCase, calibration: TrainingCalibration) -> float | None:
    """A constant share of the peak: of the part in the format and structure, else of its architecture; None without."""
    known = {entry.name: entry.mfu_frac for entry in calibration.baselines}
    return next((known[name] for name in baseline_names(case) if name in known), None)


def baseline_names(case: TrainingCase) -> tuple[str, str]:
    """The families whose median share of the peak is the baseline: of the part, and of its architecture."""
    kind = f"{case.precision} {to_tokens.training_structure(case.model)}"
    return f"{case.accelerator.id} {kind}", f"{case.accelerator.architecture} {kind}"
