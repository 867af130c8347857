"""A quarter of a plan as quotas: which class of work may use how many packages of which platform at which site.

A class's quota is its share of the racks in the peak block of the quarter, for then all work at once; what others do
not use at some other hour it may borrow. Of its quota that part is never lent which its floor takes and which the plan
uses in every block: more would hold idle what the plan gives to batch work at night. Its ceiling is what would serve
all that it asks for, were there nothing but that flavor, and of a training run its largest gang.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from gigawatt.ndarrays import Floats
from gigawatt.programme import money
from gigawatt.programme.arrays import BLOCKS
from gigawatt.quarters import SECONDS_PER_YEAR
from gigawatt.readers.quotas import QuotaFlavor, QuotaQueue, QuotaShare, QuotaTable
from gigawatt.scenario.schema import Asked, Scenario
from gigawatt.share import needs
from gigawatt.share.needs import Work
from gigawatt.study.export.names import MOST_CLUSTER, group_name, labels
from gigawatt.study.note import Note
from gigawatt.study.result import Result

PEAK = BLOCKS.index("peak")
# What the device plug-in of a vendor calls one of its accelerators.
RESOURCES = {
    "NVIDIA": "nvidia.com/gpu",
    "AMD": "amd.com/gpu",
    "Google": "google.com/tpu",
    "Amazon": "aws.amazon.com/neuron",
    "Intel": "gpu.intel.com/xe",
}
UNKNOWN_RESOURCE = "example.com/gpu"
# Groups of work, the one that waits least first; a run that must be done goes before one that need not.
GROUPS = ("interactive", "training", "experiments", "batch")
PRIORITY_STEP = 100
# What a plan misses of a floor by rounding, and what a count lacks of being whole.
MISSED_FRAC, WHOLE = 1e-6, 1e-6


def table(saved: Result, period: str) -> tuple[QuotaTable, tuple[Note, ...]]:
    """The quotas of a quarter in which something stands, and what a reader has to know of them."""
    scenario, data = saved.scenario, saved.plan.inputs
    named = _Named.of(scenario)
    packages = packages_count(saved, period)
    flavors = tuple(_flavors(scenario, packages, named))
    works = {work.key: work for work in needs.works(data, scenario.asked, period)}
    busy_frac = block_fracs(saved, period)
    kept = [key for key in named.classes if key in works or float(busy_frac[key].max()) > 0]
    counts = _nominal(kept, {key: busy_frac[key][PEAK] for key in kept}, packages, data)
    shares: list[QuotaShare] = []
    missed: list[str] = []
    for key in kept:
        floor_frac, is_met = _floor(works.get(key), busy_frac[key], saved, period, key in scenario.asked.training_runs)
        missed += [] if is_met else [works[key].title]
        shares += _shares(key, works.get(key), counts[key], floor_frac, packages, saved, named)
    total = sum(flavor.packages_count for flavor in flavors)
    queues = tuple(_queues(scenario.asked, kept, counts, total, named))
    found = QuotaTable(programme=named.programme, flavors=flavors, queues=queues, shares=tuple(shares))
    return found, tuple(_notes(scenario, found, period, named, missed))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """Names of a programme, its classes, sites, platforms and flavors, as schedulers take them."""

    programme: str
    classes: Mapping[str, str]
    sites: Mapping[str, str]
    platforms: Mapping[str, str]
    flavors: Mapping[tuple[str, str], str]
    changed: tuple[str, ...]

    @classmethod
    def of(cls, scenario: Scenario) -> _Named:
        asked = scenario.asked
        keys = [*asked.use_cases, *asked.training_runs, *asked.experiments]
        # Accounts of Slurm are one room of names: the programme, its groups and its classes.
        (programme,) = labels([scenario.name])
        taken = [programme, *(group_name(programme, group) for group in GROUPS)]
        pairs = [(site, platform) for site in asked.sites for platform in asked.platforms]
        sites = dict(zip(asked.sites, labels(list(asked.sites), MOST_CLUSTER), strict=True))
        platforms = dict(zip(asked.platforms, labels(list(asked.platforms)), strict=True))
        joint = labels([f"{sites[site]}-{platforms[platform]}" for site, platform in pairs])
        classes = dict(zip(keys, labels([*taken, *keys])[len(taken) :], strict=True))
        every = {scenario.name: programme, **classes, **sites, **platforms}
        return cls(
            programme=programme,
            classes=classes,
            sites=sites,
            platforms=platforms,
            flavors=dict(zip(pairs, joint, strict=True)),
            changed=tuple(f"{text} → {name}" for text, name in every.items() if text != name),
        )


def packages_count(saved: Result, period: str) -> dict[tuple[str, str], int]:
    """Whole packages that stand at the end of a quarter, by site and platform, where any does."""
    stock = saved.plan.data.stock_count.sel(period=period) * saved.plan.inputs.packages_per_rack_count
    return {
        (str(site), str(platform)): count
        for site in stock.site.values
        for platform in stock.platform.values
        if (count := int(float(stock.sel(site=site, platform=platform)) + WHOLE)) > 0
    }


def block_fracs(saved: Result, period: str) -> dict[str, Floats]:
    """Share of each platform's racks that a class has in each block, (blocks, platforms), for every class there is."""
    at, asked = saved.plan.data.sel(period=period), saved.scenario.asked
    stock = _mean_stock(saved, period)
    parts = {name: at[f"{name}_count"] for name in ("work", "train", "research") if f"{name}_count" in at}
    busy = {key: parts["work"].sel(use_case=key) for key in asked.use_cases}
    busy |= {key: parts["train"].sel(run=key) for key in asked.training_runs}
    busy |= {key: parts["research"].sel(experiment=key) for key in asked.experiments}
    shares = {key: racks / xr.where(stock > 0, stock, 1.0) for key, racks in busy.items()}
    blocks = xr.ones_like(at.block, dtype=float)
    return {key: (blocks * share).transpose("block", "platform").values.clip(0, 1) for key, share in shares.items()}


def _mean_stock(saved: Result, period: str) -> xr.DataArray:
    return money.mean_stock(saved.plan.data.stock_count).sel(period=period).sum("site")


def apportioned(total_count: int, shares_frac: Sequence[float]) -> list[int]:
    """Whole parts of a total in given shares, which sum to 1 at most: the largest remainders are rounded up.

    What the shares leave is the last part, so that the parts sum to the total.

    >>> apportioned(10, [0.26, 0.26, 0.26])
    [3, 3, 2, 2]
    """
    scale = max(1.0, sum(shares_frac))
    exact = [total_count * share / scale for share in shares_frac]
    exact.append(max(total_count - sum(exact), 0.0))
    whole = [int(part) for part in exact]
    order = sorted(range(len(exact)), key=lambda n: (whole[n] - exact[n], n))
    for n in order[: total_count - sum(whole)]:
        whole[n] += 1
    return whole


def _nominal(
    keys: Sequence[str],
    shares_frac: Mapping[str, Floats],
    packages: Mapping[tuple[str, str], int],
    data: xr.Dataset,
) -> dict[str, dict[tuple[str, str], int]]:
    """Packages of each class by pair of site and platform; a platform's shares hold at each of its sites."""
    position = {str(key): n for n, key in enumerate(data.platform.values)}
    found: dict[str, dict[tuple[str, str], int]] = {key: {} for key in keys}
    for pair, count in packages.items():
        parts = apportioned(count, [float(shares_frac[key][position[pair[1]]]) for key in keys])
        for key, part in zip(keys, parts, strict=False):
            found[key][pair] = part
    return found


def _floor(work: Work | None, busy_frac: Floats, saved: Result, period: str, is_run: bool) -> tuple[Floats, bool]:
    """Share of its quota that a class never lends, (platforms,), and whether the plan meets its floor.

    A run that must be done has no floor of a quarter: what the plan gives it then is not lent.
    """
    if work is None or work.floor_frac == 0:
        return np.zeros(busy_frac.shape[1]), True
    peak = busy_frac[PEAK]
    always = np.divide(busy_frac.min(axis=0), peak, out=np.zeros_like(peak), where=peak > 0)
    if is_run:
        return always, True
    served_per_s = busy_frac * _mean_stock(saved, period).values @ work.rack_per_s
    mean_per_s = float(served_per_s @ saved.plan.inputs.hours_frac.values)
    wanted_per_s = work.floor_frac * work.amount_count / SECONDS_PER_YEAR
    need_frac = min(1.0, wanted_per_s / served_per_s[PEAK]) if served_per_s[PEAK] > 0 else 1.0
    return np.minimum(need_frac, always), mean_per_s >= wanted_per_s * (1 - MISSED_FRAC)


def _shares(
    key: str,
    work: Work | None,
    counts: Mapping[tuple[str, str], int],
    floor_frac: Floats,
    packages: Mapping[tuple[str, str], int],
    saved: Result,
    named: _Named,
) -> Iterator[QuotaShare]:
    """What a class has of each flavor that it can use."""
    data = saved.plan.inputs
    run = saved.scenario.asked.training_runs.get(key)
    for pair, nominal in counts.items():
        at = int(data.indexes["platform"].get_loc(pair[1]))
        most = 0.0
        if work is not None and work.rack_per_s[at] > 0:
            needed = work.asked_per_s / work.rack_per_s[at] * float(data.packages_per_rack_count[at])
            most = needed if run is None else run.largest_gang_count
        ceiling = min(packages[pair], max(nominal, int(np.ceil(most - WHOLE))))
        if ceiling > 0:
            yield QuotaShare(
                queue=named.classes[key],
                flavor=named.flavors[pair],
                nominal_count=nominal,
                floor_count=min(nominal, int(np.ceil(nominal * floor_frac[at] - WHOLE))),
                ceiling_count=ceiling,
            )


def _flavors(scenario: Scenario, packages: Mapping[tuple[str, str], int], named: _Named) -> Iterator[QuotaFlavor]:
    for (site, platform), count in packages.items():
        vendor = scenario.records.accelerators[platform].vendor
        yield QuotaFlavor(
            name=named.flavors[site, platform],
            site=named.sites[site],
            platform=named.platforms[platform],
            resource=RESOURCES.get(vendor, UNKNOWN_RESOURCE),
            packages_count=count,
        )


def _queues(
    asked: Asked,
    keys: Sequence[str],
    counts: Mapping[str, Mapping[tuple[str, str], int]],
    total_count: int,
    named: _Named,
) -> Iterator[QuotaQueue]:
    """Classes as queues; a weight is the share of all packages in per cent, and at least 1."""
    ranks = {key: _rank(asked, key) for key in named.classes}
    order = sorted(set(ranks.values()), reverse=True)
    for key in keys:
        use = asked.use_cases.get(key) or asked.training_runs.get(key) or asked.experiments[key]
        yield QuotaQueue(
            name=named.classes[key],
            title=use.title,
            group=_group(asked, key),
            priority=PRIORITY_STEP * (order.index(ranks[key]) + 1),
            weight_ratio=max(1, round(100 * sum(counts[key].values()) / total_count)),
        )


def _group(asked: Asked, key: str) -> str:
    if key in asked.use_cases:
        return asked.use_cases[key].load
    return "training" if key in asked.training_runs else "experiments"


def _rank(asked: Asked, key: str) -> tuple[int, int, bool]:
    """What goes first, from low to high: a class's tier, its group, and of runs whether it must be done."""
    stated = asked.allocation.classes.get(key)
    run = asked.training_runs.get(key)
    return (stated.tier if stated else 1), GROUPS.index(_group(asked, key)), run is not None and not run.hard


def _notes(scenario: Scenario, found: QuotaTable, period: str, named: _Named, missed: Sequence[str]) -> Iterator[Note]:
    total = sum(flavor.packages_count for flavor in found.flavors)
    spare = sum(found.spare_count(flavor) for flavor in found.flavors)
    basis = (
        f"Of {total:,} whole packages that stand at the end of {period}, {total - spare:,} are quotas, in the shares "
        f"of the quarter's peak block, and {spare:,} are spare; a platform's shares hold at each of its sites."
    )
    yield Note(code="basis", path="period", text=basis)
    if named.changed:
        text = f"Schedulers take names of small letters, digits and dashes: {', '.join(named.changed)}."
        yield Note(code="renamed", path="result", text=text)
    if missed:
        text = f"Below its floor in the plan: {', '.join(missed)}."
        yield Note(code="floor", path="use_cases", text=text)
    limited = [key for key, use in scenario.asked.allocation.classes.items() if use.sites or use.platforms]
    if limited:
        text = f"Sites and platforms that [allocation] states are not those of the plan: {', '.join(limited)}."
        yield Note(code="places", path="allocation.classes", text=text)
    unknown = [flavor.platform for flavor in found.flavors if flavor.resource == UNKNOWN_RESOURCE]
    if unknown:
        text = f"{UNKNOWN_RESOURCE} stands for what their device plug-in calls them: {', '.join(unknown)}."
        yield Note(code="resource", path="platforms", text=text)
