"""From catalog records to the small records that the kernels of tokens/ take: numbers only, sources left behind."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, TypeVar

from gigawatt.catalog import records
from gigawatt.tokens import Block, Chip, InferenceEfficiency, TrainingEfficiency, Transformer

T = TypeVar("T")


def chip(accelerator: records.Accelerator) -> Chip:
    """One package of an accelerator."""
    return _same(Chip, accelerator)


def transformer(model: records.Model) -> Transformer:
    """A model as a list of blocks."""
    return Transformer(
        name=model.name,
        hidden_count=model.hidden_count,
        vocabulary_count=model.vocabulary_count,
        tied_embeddings=model.tied_embeddings,
        blocks=tuple(_block(block) for block in model.blocks),
    )


def inference_efficiency(calibration: records.InferenceCalibration) -> InferenceEfficiency:
    """Efficiencies of inference."""
    return _same(InferenceEfficiency, calibration)


def training_efficiency(calibration: records.TrainingCalibration) -> TrainingEfficiency:
    """Efficiencies of training."""
    return _same(TrainingEfficiency, calibration)


def _block(block: records.ModelBlock) -> Block:
    """What a model file leaves out is 0, and the values of attention are as wide as its keys."""
    values: dict[str, Any] = {entry.name: getattr(block, entry.name) or 0 for entry in fields(Block)}
    return Block(**values | {"value_dim_count": block.value_dim_count or block.head_dim_count})


def _same(cls: type[T], record: Any) -> T:
    """The kernel's record from the fields of the same name."""
    return cls(**{entry.name: getattr(record, entry.name) for entry in fields(cls)})  # type: ignore[arg-type]
