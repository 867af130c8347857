"""Measured rows of energy as cases for the kernel: what was served at which batch, and how busy that kept each part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from gigawatt import tokens
from gigawatt.catalog import records, to_power
from gigawatt.ndarrays import Floats
from gigawatt.readers.energy_rows import EnergyRow
from gigawatt.readers.inference_rows import InferenceRow
from gigawatt.study.validate.inference import question_of
from gigawatt.study.validate.inference_cases import InferenceCase, cases_of, stacked
from gigawatt.study.validate.score import Skipped

# What a row has to say beside its model and its GPU.
NEEDED = ("packages_count", "output_tokens", "batch_count", "energy_j_per_token")
# How such a row is called among those of inference.
CLOSED = "closed loop agg"
# Prompt that is assumed where a row does not say its length, as long as that of a chat.
USUAL_INPUT_TOKENS = 200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyCase:
    """A row that can be answered, with what it is as a row of inference; measured: energy of all GPUs [J/token]."""

    line: int
    row: EnergyRow
    served: InferenceCase
    measured: float

    @property
    def accelerator(self) -> records.Accelerator:
        """The package that was measured."""
        return self.served.accelerator

    @property
    def model(self) -> records.Model:
        """The model that was served."""
        return self.served.model


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyQuestions:
    """Cases as one question to the kernel, with an entry for each layout of each, `own` its case; requests by entry."""

    question: tokens.Deployment
    batch_count: Floats
    own: NDArray[np.intp]
    first: NDArray[np.intp]


def energy_cases(rows: Sequence[EnergyRow]) -> tuple[list[EnergyCase], list[Skipped]]:
    """The rows that can be answered, and why the others cannot."""
    skipped: list[Skipped] = []
    whole: list[int] = []
    for line, row in enumerate(rows):
        lacking = [name for name in NEEDED if getattr(row, name) is None]
        if lacking:
            names = ", ".join(lacking).replace("_", " ")
            skipped.append(Skipped(line=line, reason=f"nothing said of {names}", eligible=lacking != [NEEDED[-1]]))
        else:
            whole.append(line)
    found, refused = cases_of([_as_served(rows[line]) for line in whole])
    skipped += [Skipped(line=whole[one.line], reason=one.reason, eligible=True) for one in refused]
    cases = []
    for served in found:
        line = whole[served.line]
        if served.accelerator.tdp_w is None:
            skipped.append(Skipped(line=line, reason=f"no power limit of {served.accelerator.id}", eligible=True))
        else:
            measured = rows[line].energy_j_per_token or np.nan
            cases.append(EnergyCase(line=line, row=rows[line], served=served, measured=measured))
    return cases, skipped


def _as_served(row: EnergyRow) -> InferenceRow:
    """The row as one of a closed loop at its batch; its rate, where it has none, is that of its energy."""
    known = {entry.name: "" if entry.type == "str" else None for entry in fields(InferenceRow)} | {
        "source": row.source,
        "gpu": row.gpu,
        "model": row.model,
        "precision": row.precision,
        "scenario": CLOSED,
        "backend": row.engine,
        "parallel": _layout(row),
        "measured_date": row.measured_date,
        "packages_count": row.packages_count,
        "input_tokens": row.input_tokens or USUAL_INPUT_TOKENS,
        "output_tokens": row.output_tokens,
        "batch_count": row.batch_count,
        "tokens_per_s": (row.tokens_per_s or row.packages_count) / row.packages_count,
        "cells": row.cells,
    }
    return InferenceRow(**known)  # type: ignore[arg-type]


def _layout(row: EnergyRow) -> str:
    """The layout in words; nothing where the row does not say. Copies of attention that it does not count are splits.

    Engines that spread experts over their GPUs are listed by that alone, and split attention over the same GPUs.
    """
    if row.tensor_count is None and row.data_count is None and row.expert_count is None:
        return ""
    copies = int(row.data_count or 1)
    tensor = max(int(row.packages_count) // copies, 1)
    return f"tp{tensor} dp{copies} ep{int(row.expert_count or 1)}"


def questions_of(cases: Sequence[EnergyCase], calibration: records.InferenceCalibration) -> EnergyQuestions:
    """The cases as questions; batches are those of the rows."""
    served = [case.served for case in cases]
    arrays = stacked(served)
    return EnergyQuestions(
        question=question_of(served, arrays, calibration),
        batch_count=arrays.batch_count,
        own=arrays.own,
        first=arrays.first,
    )


def own_rates(asked: EnergyQuestions) -> Floats:
    """Output tokens per second and package of every entry, at the batch of its row."""
    rate = asked.question.state(asked.batch_count).tokens_per_s
    return np.broadcast_to(rate, asked.batch_count.shape).astype(float)


def utilisations(asked: EnergyQuestions, entries: NDArray[np.intp], rates_tokens_per_s: Floats) -> tokens.Utilisation:
    """How busy the parts are, by case: one entry each, at these output tokens per second and package."""
    question, batch = tokens.take(asked.question, entries), asked.batch_count[entries]
    packages = np.asarray(question.layout.packages_count)
    span_s = batch * np.asarray(question.traffic.output_tokens) / (rates_tokens_per_s * packages)
    return tokens.utilisation(question, batch, span_s)


def power_fracs(
    cases: Sequence[EnergyCase], use: tokens.Utilisation, calibration: records.PowerCalibration
) -> tuple[Floats, Floats]:
    """Power of a package over its limit, by case, and by how many percent it grows with a percent of the rate."""
    shares = tokens.stack([to_power.power_shares(calibration, case.accelerator.architecture) for case in cases])
    return np.asarray(tokens.power_frac(shares, use)), np.asarray(tokens.power_elasticity_ratio(shares, use))
