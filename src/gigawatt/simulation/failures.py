"""How often racks fail: the hazard over a rack's life, and failures drawn from it by thinning.

A rack of n packages fails at the rate n · r(age) · λ, where λ is the scenario's rate per package at mid-life and

    r(age) = 1 + (i − 1) e^{−age/τ} + (w − 1) (age/life)^k

has an infant part i over τ and a wear part w towards the end of the book life. Candidates come at a ceiling of r in
each window of age, and one is kept with the chance r(age) / ceiling [1]; r is convex, so its largest value in a window
is at one of the two ends.

References
----------
[1] P. A. W. Lewis, G. S. Shedler, "Simulation of nonhomogeneous Poisson processes by thinning", Naval Research
    Logistics Quarterly 26(3), 1979, doi:10.1002/nav.3800260304.
"""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from gigawatt.catalog.records import Reliability
from gigawatt.ndarrays import Floats

Counts = NDArray[np.int64]
Key = tuple[int, ...]

# Windows of age in units of the infant time, up to which one ceiling holds; the last one ends with the life.
_WINDOWS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
# Purposes of random streams: numbers that never change, for they are part of what a seed means.
FAILURES, REPAIRS, SLIP, HITS, REQUESTS = range(5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """Racks of one platform that one quarter brings to one site.

    online_h, leaves_h: hours from the start of the plan at which each rack enters and leaves service, shape (racks,).
    key: names the cohort in random streams.
    """

    key: Key
    pair: int
    packages_count: float
    online_h: Floats
    leaves_h: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """Failures of racks, one entry each: when, which rack of its cohort, which class, and how long mending takes."""

    time_h: Floats
    rack: Counts
    kind: Counts
    repair_h: Floats


def stream(seed: int, key: Key, purpose: int) -> np.random.Generator:
    """The random stream of an entity for a purpose: the same wherever, whenever and with whatever else it is drawn."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(seed, spawn_key=(*key, purpose))))


def cohort_key(site: str, platform: str, quarter: int) -> Key:
    """What names a cohort in random streams."""
    return crc32(site.encode()), crc32(platform.encode()), quarter


def hazard_ratio(age_h: Floats, life_h: float, reliability: Reliability) -> Floats:
    """r(age) above [1]."""
    infant = (reliability.infant_ratio - 1) * np.exp(-np.asarray(age_h) / reliability.infant_time_h)
    wear = (reliability.wear_ratio - 1) * (np.asarray(age_h) / life_h) ** reliability.wear_exponent_ratio
    return np.asarray(1 + infant + wear)


def draw(
    cohort: Cohort,
    reliability: Reliability,
    life_h: float,
    rate_per_h: float,
    seed: int,
    until_h: float = np.inf,
) -> Faults:
    """Faults of a cohort if no rack were ever out, in no order; some fall on racks that have left or are out.

    rate_per_h: λ, failures per package and hour at mid-life. until_h: later ones are drawn, for a stream is the same
    however much of it is seen, but left out.
    """
    random = stream(seed, cohort.key, FAILURES)
    edges = np.array([0.0, *(w * reliability.infant_time_h for w in _WINDOWS), life_h])
    edges = np.unique(np.minimum(edges, life_h))
    at_edges = hazard_ratio(edges, life_h, reliability)
    ceiling = np.maximum(at_edges[:-1], at_edges[1:])
    racks = len(cohort.online_h)
    counts = random.poisson(racks * cohort.packages_count * rate_per_h * ceiling * np.diff(edges))
    window = np.repeat(np.arange(len(ceiling)), counts)
    place, chance, rack, kind = random.random((4, len(window)))
    age = edges[window] + place * np.diff(edges)[window]
    kept = chance * ceiling[window] < hazard_ratio(age, life_h, reliability)
    which = (rack[kept] * racks).astype(np.int64)
    normal = stream(seed, cohort.key, REPAIRS).standard_normal(len(which))
    time = cohort.online_h[which] + age[kept]
    seen = time < until_h
    shares = np.cumsum([entry.share_frac for entry in reliability.classes])
    part, sort = kind[kept][seen], np.zeros(np.count_nonzero(seen), dtype=np.int64)
    for share in shares[:-1] / shares[-1]:  # few: quicker than to search
        sort += part >= share
    return Faults(
        time_h=time[seen],
        rack=which[seen],
        kind=sort,
        repair_h=_repairs(sort, reliability, normal[seen]),
    )


def _repairs(kind: Counts, reliability: Reliability, normal: Floats) -> Floats:
    """Lognormal times of mean m and median d of each class, ln t ~ N(ln d, 2 ln(m/d)), at most until replaced [h]."""
    median = np.array([entry.repair_median_h for entry in reliability.classes])
    spread = np.sqrt(2 * np.log(np.array([entry.repair_h for entry in reliability.classes]) / median))
    longest = np.array([entry.replaced_h for entry in reliability.classes])
    return np.minimum(median[kind] * np.exp(spread[kind] * normal), longest[kind])
