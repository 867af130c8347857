"""The share of packages' time that ends up as training progress, with failures, checkpoints, spares and replicas.

Failures are a Poisson process of rate λ for the gang; work between two checkpoints is τ, writing one stalls the gang
for C, and a failure costs a restart R and the work since the last checkpoint. The expected time for one such segment
is exact by renewal (a failure may strike work, checkpoint and restart alike) [1]:

    E[T] = e^{λR} · (e^{λ(τ + C)} - 1) / λ,    K(λ) = e^{λR} · max_τ τ / E[T]: the share left by checkpoints alone

Young's first-order loss, λτ/2 + C/τ, goes negative in its effective share for gangs above about 130,000 packages.
Three ways to bear failures, each exact under its assumptions:

    synchronous   e^{-λR} · K(λ)                                       any failure stops the gang
    hot spares    G / (G + S·n) · (1 - B(S + 1, λM)) · e^{-λR} · K(λ)  R is a swap; S spare nodes of n packages
    replicas      e^{-λs - λ(R - s)/r} · K(ν)                          r replicas; s is the stall that all suffer

B is Erlang's loss formula: up to S + 1 nodes are in repair for a mean time M, and at S + 1 the gang waits and nothing
more fails; so B is the share of time spent waiting, whatever the distribution of repairs [3]. Of replicas, one works
at a moment if nothing failed in the last s and nothing of its own in the last R (≥ s); survivors hold the weights, so
checkpoints guard only against the loss of the last replica up, at rate ν. One replica is the synchronous gang.

References
----------
[1] J. T. Daly, "A higher order estimate of the optimum checkpoint interval for restart dumps", FGCS 22(3), 2006,
    doi:10.1016/j.future.2004.11.016.
[2] Llama Team, "The Llama 3 herd of models", 2024, arXiv:2407.21783, section 3.3.4: 419 unplanned interruptions in
    54 days on 16,384 packages, 1.97e-5 per package-hour, more than 90 % effective time.
[3] B. A. Sevast'yanov, "An ergodic theorem for Markov processes and its application to telephone systems with
    refusals", Theory of Probability and its Applications 2(1), 1957, doi:10.1137/1102005.
[4] O. Salpekar et al., "Training LLMs with fault tolerant HSDP on 100,000 GPUs", 2026, arXiv:2602.00277: 44 % effective
    at a stall of 10 minutes per failure, 80 % at 3 minutes.
[5] StepFun, InfiniteHBD fault trace, github.com/stepfun-ai/InfiniteHBD-Trace: 584 faults on 400 nodes in 345 days,
    repair 20.4 h in the median and 132.8 h in the mean, 2.34 % of nodes out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigawatt import units
from gigawatt.errors import CalibrationError, Fault
from gigawatt.tokens.model.blocks import Floats
from gigawatt.units import HOUR_S

# Halvings of the unit interval that reach the spacing of doubles.
_HALVINGS_COUNT = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Synchronous:
    """Any failure stops the whole gang: checkpoint_s per checkpoint, restart_s from failure to the first new step."""

    checkpoint_s: Floats
    restart_s: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class HotSpares:
    """Warm spare nodes take the place of failed ones; the gang stops for swap_s, or longer if none is free.

    spares_count: spare nodes of node_packages_count packages each; repair_s: mean time from failure until the node is
    a spare again, over all failures (one that takes no node out counts 0). Spares do not fail, repairs do not queue.
    """

    checkpoint_s: Floats
    swap_s: Floats
    spares_count: Floats
    node_packages_count: Floats
    repair_s: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Replicas:
    """A failure takes one of replicas_count data-parallel replicas out for restart_s, and stalls all for stall_s.

    restart_s runs from failure until the replica contributes again, and covers the stall; progress is in proportion
    to the replicas that contribute (a smaller batch is no worse per token).
    """

    checkpoint_s: Floats
    restart_s: Floats
    stall_s: Floats
    replicas_count: Floats


FaultTolerance = Synchronous | HotSpares | Replicas


def goodput_frac(tolerance: FaultTolerance, *, packages_count: Floats, failures_per_package_h: Floats) -> Floats:
    """Share of the time of all packages held, spares among them, that ends up as progress, in (0, 1].

    packages_count: packages of the gang, without spares; failures_per_package_h: failures per package and hour [2].
    Broadcasts over its arguments. Raises CalibrationError where a number is out of range or not finite.
    """
    match tolerance:
        case Synchronous(checkpoint_s=checkpoint_s, restart_s=restart_s):
            _check(packages_count, failures_per_package_h, checkpoint_s=checkpoint_s, restart_s=restart_s)
            return effective_frac(packages_count, failures_per_package_h, checkpoint_s, restart_s)
        case HotSpares():
            return hot_spare_frac(tolerance, packages_count, failures_per_package_h)
        case Replicas():
            return replica_frac(tolerance, packages_count, failures_per_package_h)


def best_interval_s(rate_per_s: Floats, checkpoint_s: Floats) -> Floats:
    """Work between checkpoints that maximises τ / E[T] [s]: the root of ln(1 - λτ) + λτ + λC = 0.

    The left side falls from λC to -∞ as λτ goes from 0 to 1, so bisection always ends; infinite at rate 0.
    """
    rate = np.asarray(rate_per_s, dtype=float)
    product = _best_product(rate * checkpoint_s)
    return np.divide(product, rate, out=np.full(np.shape(product), np.inf), where=rate > 0)


def _best_product(stall_ratio: Floats) -> NDArray[np.float64]:
    """λτ at the optimum, from λC."""
    stall = np.asarray(stall_ratio, dtype=float)
    low, high = np.zeros_like(stall), np.ones_like(stall)
    for _ in range(_HALVINGS_COUNT):
        middle = (low + high) / 2
        below = np.log1p(-np.minimum(middle, 1 - np.finfo(float).epsneg)) + middle + stall > 0
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.asarray((low + high) / 2)


def effective_frac(
    packages_count: Floats, failures_per_package_h: Floats, checkpoint_s: Floats, restart_s: Floats
) -> Floats:
    """Share of a synchronous gang's time that is progress, τ/E[T] at the best checkpoint interval, in (0, 1].

    packages_count: packages in the gang; failures_per_package_h: failures per package and hour [2]; checkpoint_s:
    stall per checkpoint; restart_s: from failure to the first repeated step. Broadcasts over its arguments.
    """
    rate = np.asarray(packages_count, dtype=float) * failures_per_package_h / HOUR_S
    return _within_unit(np.exp(-rate * restart_s) * _kept_frac(rate, checkpoint_s))


def _kept_frac(rate_per_s: Floats, checkpoint_s: Floats) -> NDArray[np.float64]:
    """K(λ): what checkpoints and repeated work leave of the time, at the best interval."""
    stall = np.asarray(rate_per_s, dtype=float) * checkpoint_s
    product = _best_product(stall)
    span = product + stall
    # e^{-s} / (1 - e^{-s}) for 1 / (e^s - 1), which overflows; at C = 0 the best interval is nothing and costs nothing.
    some = span > 0
    return np.where(some, product * np.exp(-span) / -np.expm1(-np.where(some, span, 1.0)), 1.0)


def hot_spare_frac(spares: HotSpares, packages_count: Floats, failures_per_package_h: Floats) -> Floats:
    """Share of the time of gang and spares together that is progress, in (0, 1]: the second formula above.

    Exact: failures are Poisson on the clock that stops while the gang waits, and waiting depends on repairs only.
    """
    named = {"checkpoint_s": spares.checkpoint_s, "swap_s": spares.swap_s, "repair_s": spares.repair_s}
    _check(packages_count, failures_per_package_h, **named)
    refuse_outside(1, np.inf, node_packages_count=spares.node_packages_count)
    refuse_outside(0, np.inf, spares_count=spares.spares_count)
    servers = np.asarray(spares.spares_count, dtype=float) + 1
    if np.any(servers != np.floor(servers)):
        given = f"{np.max(servers - 1):g}"
        raise CalibrationError([Fault(path="spares", given=given, expected="a whole number of nodes")])
    gang = np.asarray(packages_count, dtype=float)
    load = gang * failures_per_package_h / HOUR_S * spares.repair_s
    held = gang / (gang + spares.spares_count * np.asarray(spares.node_packages_count))
    running = effective_frac(gang, failures_per_package_h, spares.checkpoint_s, spares.swap_s)
    return _within_unit(held * (1 - blocked_frac(servers, load)) * running)


def blocked_frac(servers_count: Floats, load_ratio: Floats) -> NDArray[np.float64]:
    """Erlang's loss formula B(n, ρ) = (ρⁿ/n!) / Σ_{k ≤ n} ρᵏ/k!, by its recursion from B(0, ρ) = 1 [3].

    servers_count: n, whole numbers; load_ratio: ρ, arrivals times mean service time.
    """
    servers, load = np.broadcast_arrays(np.asarray(servers_count, dtype=float), np.asarray(load_ratio, dtype=float))
    blocked = np.ones(servers.shape)
    for server in range(1, int(np.max(servers)) + 1):
        counts = (server <= servers) & (blocked > 0)
        if not counts.any():
            break
        blocked = np.where(counts, load * blocked / (server + load * blocked), blocked)
    return blocked


def spares_count(
    packages_count: Floats, failures_per_package_h: Floats, repair_s: Floats, coverage_frac: Floats
) -> NDArray[np.float64]:
    """Fewest spare nodes s with P(N ≤ s) ≥ coverage_frac, where N nodes in repair are Poisson of mean λM.

    M/G/∞: any distribution of repairs of mean repair_s; failures go on while the gang waits, so the share of time
    spent waiting, `blocked_frac` of s + 1, is below 1 - coverage_frac. A lower limit where failures come in bursts:
    in the trace [5] N varies six times as much as a Poisson number, and 17 spares covered 83 % of the time, not 99 %.
    """
    _check(packages_count, failures_per_package_h, repair_s=repair_s)
    refuse_outside(0, 1, coverage_frac=coverage_frac)
    load = np.asarray(packages_count, dtype=float) * failures_per_package_h / HOUR_S * repair_s
    coverage = np.asarray(coverage_frac, dtype=float)
    if np.any(coverage == 1):
        raise CalibrationError([Fault(path="coverage", given="100 %", expected="less than 100 %")])
    if np.any(load > packages_count):
        given = f"{np.max(load):.3g} nodes in repair on average"
        raise CalibrationError([Fault(path="repair", given=given, expected="no more than the gang's packages")])
    # Bernstein: P(N ≥ λM + x) ≤ e^{-x² / 2(λM + x)}, so no count beyond this one is ever needed.
    tail = -np.log1p(-coverage)
    most = int(np.ceil(np.max(load + tail + np.sqrt(tail * (tail + 2 * load)))))
    counts = np.arange(most + 1)
    log_load = np.log(np.where(load > 0, load, 1.0))[..., None]
    log_terms = counts * log_load - load[..., None] - np.cumsum(np.log(np.maximum(counts, 1)))
    reached = np.cumsum(np.exp(log_terms), axis=-1) >= coverage[..., None]
    fewest = np.where(reached.any(axis=-1), np.argmax(reached, axis=-1), most)
    return np.where(load > 0, fewest, 0.0)


def replica_frac(replicas: Replicas, packages_count: Floats, failures_per_package_h: Floats) -> Floats:
    """Share of the packages' time that is progress where a failure stops one replica [4], in (0, 1]: third above.

    A failure during a stall or a restart begins it anew. ν is the rate at which the last replica up fails, given that
    one is up, for replicas up independently with probability a = e^{-λR/r}: λ · a (1 - a)^{r-1} / (1 - (1 - a)^r).
    """
    named = {"checkpoint_s": replicas.checkpoint_s, "restart_s": replicas.restart_s, "stall_s": replicas.stall_s}
    _check(packages_count, failures_per_package_h, **named)
    refuse_outside(1, np.inf, replicas_count=replicas.replicas_count)
    alone = np.asarray(replicas.restart_s, dtype=float) - replicas.stall_s
    if np.any(alone < 0):
        given = units.show(float(np.max(replicas.stall_s)), "s")
        raise CalibrationError([Fault(path="stall", given=given, expected="at most the restart of the replica")])
    rate = np.asarray(packages_count, dtype=float) * failures_per_package_h / HOUR_S
    own = rate / replicas.replicas_count
    last = rate * _last_frac(np.asarray(own * replicas.restart_s), replicas.replicas_count)
    return _within_unit(np.exp(-rate * replicas.stall_s - own * alone) * _kept_frac(last, replicas.checkpoint_s))


def _last_frac(out_ratio: NDArray[np.float64], replicas_count: Floats) -> NDArray[np.float64]:
    """ν/λ: share of failures that strike the last replica up; out_ratio: λR/r."""
    replicas = np.asarray(replicas_count, dtype=float)
    up = np.exp(-out_ratio)
    down = -np.expm1(-out_ratio)
    # log(1 - a) twice: exact where a is small (r·a stays) and where 1 - a is (no replica is ever out: 0, or 1 of 1).
    some = (up > 0) & (down > 0)
    log_down = np.where(up < down, np.log1p(-np.where(some, np.minimum(up, down), 0)), np.log(np.where(some, down, 1)))
    either = np.where(down > 0, 1 / replicas, np.where(replicas > 1, 0.0, 1.0))
    below = np.where(some, -np.expm1(replicas * log_down), 1.0)
    return np.where(some, up * np.exp((replicas - 1) * log_down) / below, either)


def _within_unit(share_frac: Floats) -> Floats:
    return np.clip(share_frac, np.finfo(float).tiny, 1.0)


def _check(packages_count: Floats, failures_per_package_h: Floats, **durations_s: Floats) -> None:
    refuse_outside(1, np.inf, packages_count=packages_count)
    refuse_outside(0, np.inf, above=False, failures_per_package_count=failures_per_package_h, **durations_s)


def refuse_outside(low: float, high: float, *, above: bool = False, **named: Floats) -> None:
    """Raise CalibrationError for every named number that is not finite, below low (or at it, if above), over high.

    Names end in their unit; a fault's path is the name without it, and of an array it shows the first bad value.
    """
    faults = []
    for name, value in named.items():
        key, suffix = units.split(name)
        flat = np.ravel(np.asarray(value, dtype=float))
        bad = ~np.isfinite(flat) | (flat <= low if above else flat < low) | (flat > high)
        if bad.any():
            first = float(flat[np.argmax(bad)])
            given = units.show(first, suffix) if np.isfinite(first) else f"{first:g}"
            limit = f"{'more than' if above else 'at least'} {units.show(low, suffix)}"
            ceiling = f", at most {units.show(high, suffix)}" if np.isfinite(high) else ""
            faults.append(Fault(path=key, given=given, expected=f"{limit}{ceiling}, finite"))
    if faults:
        raise CalibrationError(faults)
