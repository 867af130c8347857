"""Times of iterations as tables, made by the kernels of the steady state and looked up by the request simulator.

A decode step depends on the requests of a rank and on their mean context; a pass over prompts on its tokens and on the
mean that they attend to. Both are computed by `steady.decode` and `steady.prefill_chunk` on a grid and are linear in
between, so that the sum over a run of steps has a closed form. An iteration with both takes

    t = t_decode(b, x) + α · t_prefill(n, L) + admissions · t_admission

with α the part of prefill that does not ride along with decode steps (1 where nothing decodes).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTimes:
    """Times [s] and energies [J] of the iterations of one engine, all its packages together, on a grid.

    batch_count: requests of the fullest rank; ranks_ratio: requests of all ranks over those of the fullest;
    context_tokens: mean context; chunk_tokens: prompt tokens of the fullest rank in a pass. decode_s, decode_j: by
    ranks_ratio, batch_count and context; prefill_s, prefill_j: by ranks_ratio, chunk_tokens and context (the length of a
    prompt read whole whose tokens attend to as many). mixed_frac: α above; admission_s: per request let in;
    tokens_per_step_ratio: tokens that a decode step adds to a sequence; idle_w: of all packages.
    """

    batch_count: Floats64
    ranks_ratio: Floats64
    context_tokens: Floats64
    chunk_tokens: Floats64
    decode_s: Floats64
    decode_j: Floats64
    prefill_s: Floats64
    prefill_j: Floats64
    mixed_frac: float
    admission_s: float
    tokens_per_step_ratio: float
    idle_w: float
