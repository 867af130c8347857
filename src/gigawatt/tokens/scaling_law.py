"""How large a model, and on how many tokens: the loss that a compute budget buys.

With N parameters, D tokens and a compute of C = 6·N·D (a forward pass of two operations per parameter, a backward
pass of four), the loss in nats per token is [1]

    L(N, D) = E + A / N^α + B / D^β,    least for C at    N* = G · (C/6)^{β/(α+β)},  G = (αA / βB)^{1/(α+β)}

and D* = C / 6N*. The law is one of dense transformers on one data set, each token seen once: a compute-optimal model
by it is not one that is cheapest to serve, and its losses compare with no other data set's. For a mixture of experts
pass the active parameters: the compute is then right, the loss pessimistic, for all the parameters help.

References
----------
[1] J. Hoffmann et al., "Training compute-optimal large language models", 2022, arXiv:2203.15556.
[2] T. Besiroglu et al., "Chinchilla scaling: a replication attempt", 2024, arXiv:2404.10102 (the coefficients).
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from gigawatt.errors import CalibrationError, Fault
from gigawatt.tokens.model.blocks import Floats
from gigawatt.tokens.train.goodput import refuse_outside

# Forward, and backward to activations and to weights; two operations per parameter and token each.
_PASSES_COUNT = 1 + 2
TRAINING_FLOP = 2.0 * _PASSES_COUNT


@dataclass(frozen=True, slots=True, kw_only=True)
class LossLaw:
    """Coefficients of the law: floor_ratio is E [nats/token], params_scale_ratio A, tokens_scale_ratio B.

    params_exponent_ratio is α, tokens_exponent_ratio β.
    """

    floor_ratio: float
    params_scale_ratio: float
    tokens_scale_ratio: float
    params_exponent_ratio: float
    tokens_exponent_ratio: float

    def __post_init__(self) -> None:
        refuse_outside(0, np.inf, above=True, **{entry.name: getattr(self, entry.name) for entry in fields(self)})


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputeSplit:
    """A compute budget spent on a model and its data; loss_ratio in nats per token."""

    params_count: Floats
    tokens: Floats
    loss_ratio: Floats

    @property
    def training_flop(self) -> Floats:
        """C = 6·N·D."""
        return TRAINING_FLOP * self.params_count * self.tokens

    @property
    def tokens_per_param_ratio(self) -> Floats:
        """D / N."""
        return self.tokens / self.params_count


def loss_ratio(law: LossLaw, params_count: Floats, tokens: Floats) -> Floats:
    """L(N, D) [nats/token]; params_count: N, the active ones of a mixture of experts; tokens: D."""
    refuse_outside(0, np.inf, above=True, params_count=params_count, tokens_count=tokens)
    params = law.params_scale_ratio / np.asarray(params_count, dtype=float) ** law.params_exponent_ratio
    return (
        law.floor_ratio + params + law.tokens_scale_ratio / np.asarray(tokens, dtype=float) ** law.tokens_exponent_ratio
    )


def compute_optimal(law: LossLaw, budget_flop: Floats) -> ComputeSplit:
    """The model and data of least loss for a budget C: N* and D* above."""
    refuse_outside(0, np.inf, above=True, budget_flop=budget_flop)
    params, data = law.params_exponent_ratio, law.tokens_exponent_ratio
    products = np.asarray(budget_flop, dtype=float) / TRAINING_FLOP
    balance = (params * law.params_scale_ratio / (data * law.tokens_scale_ratio)) ** (1 / (params + data))
    return _allocation(law, balance * products ** (data / (params + data)), products)


def of_params(law: LossLaw, budget_flop: Floats, params_count: Floats) -> ComputeSplit:
    """A budget spent on a model of a given size: D = C / 6N."""
    refuse_outside(0, np.inf, above=True, budget_flop=budget_flop, params_count=params_count)
    return _allocation(law, params_count, np.asarray(budget_flop, dtype=float) / TRAINING_FLOP)


def of_token_ratio(law: LossLaw, budget_flop: Floats, tokens_per_param_ratio: Floats) -> ComputeSplit:
    """A budget spent at k tokens per parameter: N = √(C / 6k), D = kN."""
    refuse_outside(0, np.inf, above=True, budget_flop=budget_flop, tokens_per_param_ratio=tokens_per_param_ratio)
    products = np.asarray(budget_flop, dtype=float) / TRAINING_FLOP
    return _allocation(law, np.sqrt(products / tokens_per_param_ratio), products)


def _allocation(law: LossLaw, params_count: Floats, products_count: Floats) -> ComputeSplit:
    """From N and N·D."""
    tokens = products_count / np.asarray(params_count, dtype=float)
    return ComputeSplit(params_count=params_count, tokens=tokens, loss_ratio=loss_ratio(law, params_count, tokens))


def optimal_budget_flop(law: LossLaw, target_loss_ratio: Floats) -> Floats:
    """The least compute that reaches a loss [FLOP]; the inverse of `compute_optimal`.

    At the optimum αA/N^α = βB/D^β, so of the loss above E the parameters leave β/(α+β), the data α/(α+β).
    """
    refuse_outside(law.floor_ratio, np.inf, above=True, target_loss_ratio=target_loss_ratio)
    above = np.asarray(target_loss_ratio, dtype=float) - law.floor_ratio
    params, data = law.params_exponent_ratio, law.tokens_exponent_ratio
    size = (law.params_scale_ratio * (params + data) / (data * above)) ** (1 / params)
    return TRAINING_FLOP * size * (law.tokens_scale_ratio * (params + data) / (params * above)) ** (1 / data)


def smallest_params_count(law: LossLaw, target_loss_ratio: Floats) -> Floats:
    """The size that a model must exceed to reach a loss at all: (A / (L - E))^{1/α}, on endless data."""
    refuse_outside(law.floor_ratio, np.inf, above=True, target_loss_ratio=target_loss_ratio)
    above = np.asarray(target_loss_ratio, dtype=float) - law.floor_ratio
    return (law.params_scale_ratio / above) ** (1 / law.params_exponent_ratio)


def same_loss(law: LossLaw, target_loss_ratio: Floats, params_count: Floats) -> ComputeSplit:
    """The data with which a model of a given size reaches a loss: D = (B / (L - E - A/N^α))^{1/β}.

    Its training_flop over `optimal_budget_flop` is what a smaller model costs more in training than the compute-optimal
    one. Raises CalibrationError where the model is too small, naming the size that it must exceed.
    """
    refuse_outside(0, np.inf, above=True, params_count=params_count)
    least = smallest_params_count(law, target_loss_ratio)
    params = np.asarray(params_count, dtype=float)
    if np.any(params <= least):
        worst = int(np.argmax(np.ravel(least / params)))
        given, limit = (np.ravel(side)[worst] for side in np.broadcast_arrays(params, least))
        raise CalibrationError([Fault(path="params", given=f"{given:.3g}", expected=f"more than {limit:.3g}")])
    rest = np.asarray(target_loss_ratio, dtype=float) - law.floor_ratio
    rest = rest - law.params_scale_ratio / params**law.params_exponent_ratio
    tokens = (law.tokens_scale_ratio / rest) ** (1 / law.tokens_exponent_ratio)
    return ComputeSplit(params_count=params_count, tokens=tokens, loss_ratio=loss_ratio(law, params_count, tokens))


def extra_compute_ratio(law: LossLaw, budget_flop: Floats, params_count: Floats) -> Floats:
    """Compute for the loss of the compute-optimal model with one of params_count, over budget_flop (≥ 1).

    A law of the quotient of the two sizes alone: half the size costs 26 % more at any budget by [2].
    """
    best = compute_optimal(law, budget_flop)
    return same_loss(law, best.loss_ratio, params_count).training_flop / np.asarray(budget_flop, dtype=float)
