"""Watts of a package that serves, from how busy its parts are.

A package draws its idle power and, for each part of it, more the busier that part is,

    P / P_limit = min(1, idle + a_c u_c^b + a_m u_m^b + a_n u_n^b)

with u the utilisation of the matrix units (c), the memory (m) and the network (n): the time that the work of all
requests in flight would take this part at its peak, over the time that it does take [1]. An exponent b below 1 says
that clocks and voltages rise for little work already, so that the first tenth costs more than the last [2].

References
----------
[1] J.-W. Chung et al., "The ML.ENERGY benchmark: toward automated inference energy measurement and optimization",
    2025, arXiv:2505.06371: measured power of accelerators while they serve.
[2] P. Patel et al., "Characterizing power management opportunities for LLMs in the cloud" (POLCA), ASPLOS 2024,
    doi:10.1145/3620666.3651329: prefill draws the limit, decode steps well below it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from gigawatt.tokens.model.blocks import Floats
from gigawatt.tokens.serve.layouts import Deployment
from gigawatt.tokens.serve.steady import InferenceEfficiency, Phases, decode, mean_context_tokens, prefill

PARTS = ("compute", "memory", "network")
# Efficiencies that say how much work there is, and not how fast it is done.
_WORK = ("usable_memory_frac", "reserve_frac", "prefill_tokens", "output_spread_ratio")
# Those that are 0 where every peak is reached: nothing serial, no rank that waits, nothing computed in vain.
_NONE = ("serial_frac", "stall_frac", "tile_tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class Utilisation:
    """How busy the parts of a package are [0 … 1]; numbers, or arrays over cases."""

    compute_frac: Floats
    memory_frac: Floats
    network_frac: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerShares:
    """Shares of a package's power limit: while idle, and added by each part at full use; exponent_ratio: b above."""

    idle_frac: Floats
    compute_frac: Floats
    memory_frac: Floats
    network_frac: Floats
    exponent_ratio: Floats


def utilisation(deployment: Deployment, batch_count: Floats, span_s: Floats) -> Utilisation:
    """How busy the parts are where `batch_count` requests in flight pass in `span_s` (T of `inference`) [s]."""
    work = work_s(deployment, batch_count)
    return Utilisation(**{f"{part}_frac": np.clip(getattr(work, f"{part}_s") / span_s, 0.0, 1.0) for part in PARTS})


def work_s(deployment: Deployment, batch_count: Floats) -> Phases:
    """Time that all requests in flight would take each part of a package at its peak, each as if it were alone [s].

    Prefill counts whole, whether it rides along with decode steps or not. Values between matrix products move once.
    """
    machine, peaks = deployment.machine, at_the_peaks(deployment.efficiency)
    quick_memory = replace(machine, hbm_bandwidth_bytes_per_s=np.inf)
    quick_matrix = replace(machine, matrix_flops=np.inf, score_flops=np.inf)
    computing = _passes(replace(deployment, machine=quick_memory, efficiency=peaks), batch_count)
    moving = _passes(replace(deployment, machine=quick_matrix, efficiency=peaks), batch_count)
    return replace(computing, memory_s=moving.memory_s)


def at_the_peaks(efficiency: InferenceEfficiency) -> InferenceEfficiency:
    """Efficiencies that reach every peak and wait for nothing, with the same work to do."""
    names = [entry.name for entry in fields(efficiency) if entry.name not in _WORK]
    peaks = {name: 0.0 if name in _NONE or name.endswith(("_s", "_count")) else 1.0 for name in names}
    return replace(efficiency, **peaks)


def _passes(deployment: Deployment, batch_count: Floats) -> Phases:
    """All decode steps and prefills of the requests in flight."""
    traffic, layout = deployment.traffic, deployment.layout
    parts = deployment.machine, deployment.model, deployment.efficiency, layout
    prompt, answer = traffic.input_tokens, traffic.output_tokens
    group = batch_count / layout.pipeline_count
    context = mean_context_tokens(deployment.efficiency, prompt, answer)
    step = decode(*parts, context_tokens=context, batch_count=group, drafting=traffic.drafting)
    crowd = group / layout.data_count / answer
    found = traffic.cached_frac
    prompts = prefill(*parts, input_tokens=prompt, waiting_count=crowd, cached_frac=found).times(group)
    return prompts.plus(step, answer / traffic.drafting.tokens_per_step_ratio)


def power_frac(shares: PowerShares, use: Utilisation) -> Floats:
    """Mean power of a package over its limit [0 … 1]."""
    drawn: Floats = np.minimum(1.0, shares.idle_frac + _added_frac(shares, use))
    return drawn


def power_elasticity_ratio(shares: PowerShares, use: Utilisation) -> Floats:
    """By how many percent power changes where the same work is done in one percent less time; 0 at the limit."""
    added = _added_frac(shares, use)
    whole = shares.idle_frac + added
    return np.where(whole < 1, shares.exponent_ratio * added / whole, 0.0)


def _added_frac(shares: PowerShares, use: Utilisation) -> Floats:
    added: Floats = 0.0
    for part in PARTS:
        busy = np.asarray(getattr(use, f"{part}_frac"), dtype=float)
        added = added + getattr(shares, f"{part}_frac") * busy**shares.exponent_ratio
    return added
