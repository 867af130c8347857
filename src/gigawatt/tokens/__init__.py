"""Work: how many tokens a machine serves, how fast it trains, and how many tokens people ask for. Pure functions."""

from gigawatt.tokens.blocks import (
    Block,
    Precision,
    Transformer,
    active_params_count,
    total_params_count,
    training_flop,
)
from gigawatt.tokens.demand import block_ratios, daily_profile_ratio, people_tokens_per_s
from gigawatt.tokens.goodput import best_interval_s, effective_frac, segment_s
from gigawatt.tokens.inference import (
    InferenceEfficiency,
    ServingLayout,
    SteadyState,
    decode,
    largest_batch_count,
    prefill,
    steady_state,
)
from gigawatt.tokens.progress import software_ratio
from gigawatt.tokens.roofline import Chip, peak_flops
from gigawatt.tokens.serving import Serving, serve, serving_layouts
from gigawatt.tokens.training import (
    Layout,
    Training,
    TrainingEfficiency,
    TrainingStep,
    step,
    train,
    training_layouts,
)

__all__ = [
    "Block",
    "Chip",
    "InferenceEfficiency",
    "Layout",
    "Precision",
    "Serving",
    "ServingLayout",
    "SteadyState",
    "Training",
    "TrainingEfficiency",
    "TrainingStep",
    "Transformer",
    "active_params_count",
    "best_interval_s",
    "block_ratios",
    "daily_profile_ratio",
    "decode",
    "effective_frac",
    "largest_batch_count",
    "peak_flops",
    "people_tokens_per_s",
    "prefill",
    "segment_s",
    "serve",
    "serving_layouts",
    "software_ratio",
    "steady_state",
    "step",
    "total_params_count",
    "train",
    "training_flop",
    "training_layouts",
]
