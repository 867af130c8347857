"""Speculative decoding and multi-token prediction: what a step drafts, how much of it holds, and what drafting costs.

A drafted token holds only where those before it do. The chance that the k-th does, given that, falls from position to
position: a · d^(k - 1), so that n drafted tokens add

    1 + Σ_{k = 1..n} Π_{j <= k} a · d^(j - 1) = 1 + Σ_{k = 1..n} a^k · d^(k · (k - 1) / 2)

tokens to a sequence in a step, which is (1 - a^(n + 1)) / (1 - a) where all positions are alike (d = 1) [1]. A draft is
made one token after the other by passes over the blocks that draft and the output embedding, which is the model's own.

References
----------
[1] Y. Leviathan, M. Kalman, Y. Matias, "Fast inference from transformers via speculative decoding", ICML 2023.
[2] DeepSeek-AI, "DeepSeek-V3 technical report", 2024, arXiv:2412.19437, sections 2.2 and 5.4.3.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gigawatt.tokens.model.blocks import Floats
from gigawatt.tokens.model.sizes import ModelCosts

NO_BLOCKS = ModelCosts(hidden_count=0.0, layers_count=0.0, head_params_count=0.0, table_params_count=0.0, blocks=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafting:
    """Speculative decoding or multi-token prediction: each step drafts tokens and keeps those that hold.

    drafted_count: tokens drafted per step, 0 for plain decoding; accepted_frac: chance that the first one holds;
    kept_ratio: that chance at a position, given that all before it hold, over the chance at the position before;
    model: the blocks that draft, their head and no tables of their own (`draft_costs`).
    """

    drafted_count: Floats
    accepted_frac: Floats
    kept_ratio: Floats = 1.0
    model: ModelCosts = NO_BLOCKS

    @property
    def drafts(self) -> bool:
        """Whether any case drafts."""
        return bool(np.any(np.asarray(self.drafted_count) > 0))

    @property
    def tokens_per_step_ratio(self) -> Floats:
        """Mean tokens that one step adds to a sequence (module docstring)."""
        accepted = np.asarray(self.accepted_frac, dtype=float)
        holds, chance, total = np.ones_like(accepted), accepted, np.asarray(1.0)
        for place in range(int(np.max(self.drafted_count, initial=0))):
            holds, chance = holds * chance, chance * self.kept_ratio
            total = total + np.where(place < np.asarray(self.drafted_count), holds, 0.0)
        return total


PLAIN = Drafting(drafted_count=0, accepted_frac=0)


def draft_costs(model: ModelCosts, draft_blocks_count: int) -> ModelCosts:
    """What drafts for a model: so many blocks like its last (one where it has none of its own) and its head.

    A draft block also joins the hidden state and the embedding of the token before it: two hidden widths to one [2].
    """
    count, last = float(max(draft_blocks_count, 1)), model.blocks[-1]
    joined = last.dense_params_count + 2 * model.hidden_count**2
    return replace(
        model,
        layers_count=count,
        table_params_count=0.0,
        blocks=(replace(last, count=count, dense_params_count=joined),),
    )


def with_drafts(model: ModelCosts, drafting: Drafting) -> ModelCosts:
    """All that lies in memory: a model and the blocks that draft for it."""
    return replace(model, blocks=(*model.blocks, *drafting.model.blocks))
