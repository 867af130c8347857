"""What is believed of a figure after some observations of it: normal prior, normal noise, normal posterior.

With prior mean m of standard deviation τ, and n observations of mean y whose noise has the deviation σ [1],

    posterior mean = (m/τ² + n y/σ²) / (1/τ² + n/σ²),    posterior deviation = (1/τ² + n/σ²)^−½.

The weight of what was observed, n τ²/(n τ² + σ²), rises from 0 with n. Observations that tell more weigh more: of
weights wᵢ whose sum is one, y is Σ wᵢ yᵢ, and n the number of equal ones that would tell as much, 1/Σ wᵢ² [2].

References
----------
[1] A. Gelman et al., "Bayesian Data Analysis", 3rd ed., CRC Press, 2013, section 2.5.
[2] L. Kish, "Survey Sampling", Wiley, 1965, section 11.7: effective number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import hypot, sqrt
from operator import mul


@dataclass(frozen=True, slots=True, kw_only=True)
class Shrunk:
    """A figure before and after it was observed. Figures are in the unit of whatever they are of."""

    prior_value: float
    observed_value: float | None
    """Mean of what was observed, by weight; None where nothing was."""
    observations_count: int
    weight_frac: float
    """Weight of what was observed against the prior."""
    posterior_value: float
    deviation_value: float
    """Standard deviation of what is believed."""


def shrunk(
    prior: tuple[float, float], observed: Sequence[float], noise_value: float, weights: Sequence[float] = ()
) -> Shrunk:
    """What is believed of a figure. prior: its mean and standard deviation; noise_value: that of one observation;
    weights: what each observation weighs, all the same where none are given."""
    mean, width = prior
    weighed = weights or [1.0] * len(observed)
    count = sum(weighed) ** 2 / sum(one**2 for one in weighed) if observed else 0.0
    weight = count * width**2 / (count * width**2 + noise_value**2) if observed else 0.0
    seen = sum(map(mul, weighed, observed)) / sum(weighed) if observed else None
    return Shrunk(
        prior_value=mean,
        observed_value=seen,
        observations_count=len(observed),
        weight_frac=weight,
        posterior_value=mean if seen is None else mean + weight * (seen - mean),
        deviation_value=width * sqrt(1 - weight),
    )


def pooled(
    prior: tuple[float, float], observed: Mapping[str, Sequence[float]], noise_value: float
) -> tuple[Shrunk, dict[str, Shrunk]]:
    """What is believed of a figure of several sites: what they share, and of each.

    Half of the prior's variance is shared by all and half is each one's own, for nothing says which; so a site of which
    nothing was observed borrows from the others. What they share is seen through the mean of each site, whose variance
    is its own and that of its observations.
    """
    mean, width = prior
    own = width / sqrt(2)
    means = [(sum(seen) / len(seen), own**2 + noise_value**2 / len(seen)) for seen in observed.values() if seen]
    precision = sum(1 / variance for _, variance in means)
    weight = precision * own**2 / (1 + precision * own**2)
    seen = sum(value / variance for value, variance in means) / precision if means else None
    shared = Shrunk(
        prior_value=mean,
        observed_value=seen,
        observations_count=sum(map(len, observed.values())),
        weight_frac=weight,
        posterior_value=mean if seen is None else mean + weight * (seen - mean),
        deviation_value=own * sqrt(1 - weight),
    )
    here = (shared.posterior_value, own)
    found = {name: shrunk(here, seen, noise_value) for name, seen in observed.items()}
    return shared, {name: _within(one, shared) for name, one in found.items()}


def _within(one: Shrunk, shared: Shrunk) -> Shrunk:
    """The figure of a site, which is as uncertain as its prior is, as far as it leans on that."""
    return replace(one, deviation_value=hypot(one.deviation_value, leaning(one, shared)))


def leaning(one: Shrunk, shared: Shrunk) -> float:
    """The part of a site's deviation that is that of what all share."""
    return (1 - one.weight_frac) * shared.deviation_value
