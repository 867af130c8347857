"""Speculative decoding and multi-token prediction: what a step drafts, and how much of it holds.

References
----------
[1] Y. Leviathan, M. Kalman, Y. Matias, "Fast inference from transformers via speculative decoding", ICML 2023.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gigawatt.tokens.blocks import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafting:
    """Speculative decoding or multi-token prediction: each step drafts tokens and keeps those that hold.

    drafted_count: tokens drafted per step, 0 for plain decoding; accepted_frac: chance that a drafted token holds,
    given that those before it did; draft_cost_frac: time of drafting one token over that of a plain step.
    """

    drafted_count: Floats
    accepted_frac: Floats
    draft_cost_frac: Floats

    @property
    def tokens_per_step_ratio(self) -> Floats:
        """Mean tokens that one step adds to a sequence, (1 - a^(n + 1)) / (1 - a) [1]."""
        accepted = np.asarray(self.accepted_frac, dtype=float)
        one = accepted >= 1
        share = np.where(one, 0.0, accepted)
        return np.where(one, 1.0 + self.drafted_count, (1 - share ** (1.0 + self.drafted_count)) / (1 - share))


PLAIN = Drafting(drafted_count=0, accepted_frac=0, draft_cost_frac=0)
