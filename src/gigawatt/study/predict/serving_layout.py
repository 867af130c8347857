"""The layout of a replica: as a question states it, whether part and model have it, and as an answer tells it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from gigawatt import tokens
from gigawatt.catalog import records, to_tokens
from gigawatt.errors import Fault
from gigawatt.study.predict.question import InferenceQuestion


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaLayout:
    """Packages of a replica by axis, and all of them."""

    tensor: int
    data: int
    expert: int
    pipeline: int
    packages: int


def misfits(asked: InferenceQuestion, accelerator: records.Accelerator, model: records.Model) -> Iterator[Fault]:
    """Faults of a layout that no engine starts on the part, or for the model."""
    stated = {name: getattr(asked, name) for name in ("tp_count", "dp_count", "ep_count", "pp_count")}
    for fault in tokens.layout_faults(to_tokens.chip(accelerator), to_tokens.transformer(model), **stated):
        yield replace(fault, asked=True)


def layouts_asked(
    asked: InferenceQuestion, accelerator: records.Accelerator, model: records.Model
) -> tokens.ServingLayout:
    """The layout as it is stated, 1 where an axis is not; all that there are where nothing is."""
    stated = (asked.tp_count, asked.dp_count, asked.ep_count, asked.pp_count)
    if not any(stated):
        return tokens.serving_layouts(to_tokens.chip(accelerator), to_tokens.transformer(model))
    tensor, data, expert, pipeline = (np.array([float(count or 1)]) for count in stated)
    return tokens.ServingLayout(tensor_count=tensor, data_count=data, expert_count=expert, pipeline_count=pipeline)


def layout_of(layout: tokens.ServingLayout) -> ReplicaLayout:
    """Packages by axis, and of the replica."""
    return ReplicaLayout(
        tensor=int(layout.tensor_count),
        data=int(layout.data_count),
        expert=int(layout.expert_count),
        pipeline=int(layout.pipeline_count),
        packages=int(layout.packages_count),
    )
