"""Whole runs: days, packages' hours, energy and cost of a training run, of fine-tuning and of learning by rewards.

A run of F operations on P packages held, at r model operations per second and package and a goodput g (the share of
the time of all packages held that is progress, `tokens.goodput`), takes

    T = F / (P · g · r),    package-hours P·T,    energy P·w·T of IT and PUE times that of the facility

where w is the IT power per package at training load: spares and stalls draw less, so the energy is an upper bound.
From its first token to its last a run does more than that: batch and length ramp up, models are evaluated, slow nodes
are found, steps are done again. A share s of its package-hours is explained by steps and interruptions, so that
T → T / s. Larger runs are tuned more, and what does not grow with a run weighs less in them: with the bare hours H
held to the range of the runs that were fitted,

    s = min(s₀ · (H / H₀)^k, 1),    H = F / (g · r)

Operations per token of a model of N parameters (of a mixture of experts: active ones) [1, 2]: 6·N for training in
full; for low-rank adapters of a parameters 4·N forward and back to activations, and 6·a.

An update of reinforcement learning [3] has prompts × samples rollouts. The answers are generated; prompt and answer
pass forward through the scoring models (reference, reward: 2·N each), then train the policy (6·N, each epoch):

    g = answers' tokens / generation rate,    t = (2·N_scoring + 6·N·epochs) · tokens / r      [package-seconds]
    synchronous   T = (tail · g + t) / P + transfer     the same packages generate, then train
    asynchronous  T = (g + t) / P + transfer            g / (g + t) generate, the rest train: both end together

So the split gains the tail (waiting for the longest answers), and its price is rollouts one update old.

References
----------
[1] J. Kaplan et al., "Scaling laws for neural language models", 2020, arXiv:2001.08361 (section 2.1: 2·N and 4·N).
[2] E. Hu et al., "LoRA: low-rank adaptation of large language models", 2021, arXiv:2106.09685.
[3] G. Sheng et al., "HybridFlow", 2024, arXiv:2409.19256 (in sequence); W. Fu et al., "AReaL", 2025,
    arXiv:2505.24298 (apart).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gigawatt.tokens.model.blocks import Floats
from gigawatt.tokens.scaling_law import TRAINING_FLOP
from gigawatt.tokens.train.goodput import refuse_outside
from gigawatt.units import DAY_S, HOUR_S

# Operations per parameter and token of a forward pass; a backward pass to activations alone has as many.
FORWARD_FLOP = 2.0
MTOK_TOKENS = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeRun:
    """A whole training run; package_hours_count counts the packages held, spares among them.

    interruptions_count: expected failures of the gang, which spares do not share; usd is energy_usd + packages_usd.
    """

    wall_s: Floats
    package_hours_count: Floats
    it_wh: Floats
    facility_wh: Floats
    energy_usd: Floats
    packages_usd: Floats
    usd: Floats
    interruptions_count: Floats

    @property
    def days_count(self) -> Floats:
        """Wall time in days."""
        return self.wall_s / DAY_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """The packages that a run holds and what they cost.

    packages_count of the gang and spare_packages_count beside it; it_w: IT power per package at training load;
    overhead_ratio: PUE; failures_per_package_h: per hour; package_usd_per_h: price of a package's hour, without
    energy if that is paid for apart (0 is allowed for either price).
    """

    packages_count: Floats
    spare_packages_count: Floats
    failures_per_package_h: Floats
    it_w: Floats
    overhead_ratio: Floats
    energy_usd_per_wh: Floats
    package_usd_per_h: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class RunShare:
    """How much of a whole run's package-hours its steps and interruptions explain, fitted to published runs.

    explained_frac: s₀ at middle_package_hours_count bare hours; growth_ratio: k, the power of the hours with which the
    share grows; least_, most_package_hours_count: the smallest and the largest run that was fitted.
    """

    explained_frac: Floats
    growth_ratio: Floats
    middle_package_hours_count: Floats
    least_package_hours_count: Floats
    most_package_hours_count: Floats


def bare_package_hours_count(*, run_flop: Floats, model_flops: Floats, goodput_frac: Floats) -> Floats:
    """Package-hours of run_flop model operations at model_flops per package, interruptions included, nothing else."""
    refuse_outside(0, np.inf, above=True, run_flop=run_flop, model_flops=model_flops)
    refuse_outside(0, 1, above=True, goodput_frac=goodput_frac)
    return np.asarray(run_flop, dtype=float) / (np.asarray(goodput_frac) * model_flops) / HOUR_S


def run_share_frac(share: RunShare, bare_package_hours_count: Floats) -> Floats:
    """Share s of a run's package-hours that is steps and interruptions, in (0, 1]; arrays broadcast."""
    least, most = share.least_package_hours_count, share.most_package_hours_count
    hours = np.clip(bare_package_hours_count, least, most)
    return np.minimum(share.explained_frac * (hours / share.middle_package_hours_count) ** share.growth_ratio, 1.0)


def training_run(
    holding: Holding, *, run_flop: Floats, model_flops: Floats, goodput_frac: Floats, share_frac: Floats = 1.0
) -> WholeRun:
    """A run of run_flop model operations at model_flops per working package; arrays broadcast.

    goodput_frac: share of the time of gang and spares together that is progress; share_frac: of the package-hours that
    steps and interruptions explain, 1 for these alone. Raises CalibrationError where a number is out of range or not
    finite.
    """
    refuse_outside(0, 1, above=True, share_frac=share_frac)
    _check_holding(holding)
    held = np.asarray(holding.packages_count, dtype=float) + holding.spare_packages_count
    bare = bare_package_hours_count(run_flop=run_flop, model_flops=model_flops, goodput_frac=goodput_frac)
    wall = bare * HOUR_S / share_frac / held
    hours = held * wall / HOUR_S
    facility = hours * holding.it_w * holding.overhead_ratio
    energy_usd, packages_usd = facility * holding.energy_usd_per_wh, hours * holding.package_usd_per_h
    return WholeRun(
        wall_s=wall,
        package_hours_count=hours,
        it_wh=hours * holding.it_w,
        facility_wh=facility,
        energy_usd=energy_usd,
        packages_usd=packages_usd,
        usd=energy_usd + packages_usd,
        interruptions_count=holding.packages_count * holding.failures_per_package_h * wall / HOUR_S,
    )


def _check_holding(holding: Holding) -> None:
    refuse_outside(0, np.inf, above=True, packages_count=holding.packages_count, it_w=holding.it_w)
    refuse_outside(1, np.inf, overhead_ratio=holding.overhead_ratio)
    refuse_outside(
        0,
        np.inf,
        spare_packages_count=holding.spare_packages_count,
        failures_per_package_count=holding.failures_per_package_h,
        energy_usd_per_wh=holding.energy_usd_per_wh,
        package_usd_per_h=holding.package_usd_per_h,
    )


def full_tuning_flop(params_count: Floats, tokens: Floats) -> Floats:
    """Operations to train all N parameters on D tokens: 6·N·D [FLOP]; active parameters of a mixture of experts."""
    refuse_outside(0, np.inf, above=True, params_count=params_count, tokens_count=tokens)
    return TRAINING_FLOP * np.asarray(params_count, dtype=float) * tokens


def adapter_tuning_flop(params_count: Floats, adapter_params_count: Floats, tokens: Floats) -> Floats:
    """Operations to train low-rank adapters of a frozen model: (4·N + 6·a)·D [FLOP].

    Forward, and backward to activations; gradients of the frozen weights are never made [2].
    """
    refuse_outside(0, np.inf, above=True, params_count=params_count, tokens_count=tokens)
    refuse_outside(0, np.inf, adapter_params_count=adapter_params_count)
    frozen = 2 * FORWARD_FLOP * np.asarray(params_count, dtype=float)
    return (frozen + TRAINING_FLOP * np.asarray(adapter_params_count)) * tokens


def adapter_ratio(params_count: Floats, adapter_params_count: Floats) -> Floats:
    """Operations of low-rank adapters over those of training in full: 2/3 + a/N."""
    one = np.ones_like(np.asarray(params_count, dtype=float))
    return adapter_tuning_flop(params_count, adapter_params_count, one) / full_tuning_flop(params_count, one)


@dataclass(frozen=True, slots=True, kw_only=True)
class Learning:
    """What one update of reinforcement learning asks for.

    prompts_count × samples_count rollouts, prompt_tokens and response_tokens long in the mean; epochs_count: how often
    each rollout trains the policy; params_count of the policy and scoring_params_count of all models that only score
    (0: rules do), active ones of mixtures of experts.
    """

    prompts_count: Floats
    samples_count: Floats
    prompt_tokens: Floats
    response_tokens: Floats
    epochs_count: Floats
    params_count: Floats
    scoring_params_count: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Learners:
    """The packages that generate and train.

    tokens_per_s: output tokens per second of one that generates, its prompts included (`tokens.serve`); model_flops of
    one that trains or scores; tail_ratio: time until the longest answers of an update end, over that at full batches
    (1: none waits); transfer_s: until those that generate have the new weights, when all stand still.
    """

    packages_count: Floats
    tokens_per_s: Floats
    model_flops: Floats
    tail_ratio: Floats
    transfer_s: Floats
    package_usd_per_h: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """One update of reinforcement learning.

    generating_frac: share of package-time, without the transfer, that generates; rollout_usd_per_mtok: price of a
    million generated tokens by the packages' time while they generate.
    """

    update_s: Floats
    generating_frac: Floats
    package_hours_count: Floats
    usd: Floats
    rollout_usd_per_mtok: Floats


def synchronous_update(learning: Learning, learners: Learners) -> Update:
    """Generate, then score and train, on the same packages: T = (tail · g + t) / P + transfer."""
    generate, train = _package_seconds(learning, learners)
    return _update(learning, learners, generate * learners.tail_ratio, train)


def asynchronous_update(learning: Learning, learners: Learners) -> Update:
    """Generate on g / (g + t) of the packages while the others score and train: T = (g + t) / P + transfer.

    That split is the fastest: any other leaves one side waiting. It is a share; packages are not rounded.
    """
    return _update(learning, learners, *_package_seconds(learning, learners))


def _package_seconds(learning: Learning, learners: Learners) -> tuple[Floats, Floats]:
    """g and t: package-seconds to generate, and to score and train."""
    _check_learning(learning, learners)
    rollouts = np.asarray(learning.prompts_count, dtype=float) * learning.samples_count
    tokens = rollouts * (np.asarray(learning.prompt_tokens, dtype=float) + learning.response_tokens)
    scoring = FORWARD_FLOP * np.asarray(learning.scoring_params_count, dtype=float)
    training = TRAINING_FLOP * np.asarray(learning.params_count, dtype=float) * learning.epochs_count
    return rollouts * learning.response_tokens / learners.tokens_per_s, tokens * (
        scoring + training
    ) / learners.model_flops


def _update(learning: Learning, learners: Learners, generate_s: Floats, train_s: Floats) -> Update:
    work = generate_s + train_s
    took = work / np.asarray(learners.packages_count, dtype=float) + learners.transfer_s
    hours = learners.packages_count * took / HOUR_S
    millions = np.asarray(learning.prompts_count, dtype=float) * learning.samples_count * learning.response_tokens
    return Update(
        update_s=took,
        generating_frac=generate_s / work,
        package_hours_count=hours,
        usd=hours * learners.package_usd_per_h,
        rollout_usd_per_mtok=generate_s / HOUR_S * learners.package_usd_per_h / (millions / MTOK_TOKENS),
    )


def _check_learning(learning: Learning, learners: Learners) -> None:
    refuse_outside(
        0,
        np.inf,
        above=True,
        prompts_count=learning.prompts_count,
        samples_count=learning.samples_count,
        response_tokens=learning.response_tokens,
        epochs_count=learning.epochs_count,
        params_count=learning.params_count,
        packages_count=learners.packages_count,
        tokens_per_s=learners.tokens_per_s,
        model_flops=learners.model_flops,
    )
    refuse_outside(
        0,
        np.inf,
        prompt_tokens=learning.prompt_tokens,
        scoring_params_count=learning.scoring_params_count,
        transfer_s=learners.transfer_s,
        package_usd_per_h=learners.package_usd_per_h,
    )
    refuse_outside(1, np.inf, tail_ratio=learners.tail_ratio)
