"""How many, and how fast: millions of GPUs, a billion times, and the road from the DGX-1 to the last gigawatt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gigawatt import units
from gigawatt.catalog import load as catalog
from gigawatt.catalog.records import Accelerator
from gigawatt.plan.plan import Plan
from gigawatt.quarters import last_day
from gigawatt.scenario.schema import Scenario
from gigawatt.study.claims import gigawatt
from gigawatt.study.claims.cases import Cases
from gigawatt.study.claims.claim import Claim, ClaimRow, computed, judge, make, reaches, row, stated_value
from gigawatt.study.claims.statements import statements

START = "dgx-1"
BLACKWELL = ("gb200-nvl72", "gb300-nvl72")
KYBER = "rubin-ultra-kyber-nvl144"


def million_gpus(cases: Cases) -> Claim:
    """Packages at the stated power, by each platform that may be bought."""
    stated, power = stated_value("million_gpus"), stated_value("ten_gw")
    overhead = own_overhead_ratio(cases)
    parts = cases.scenario.records.accelerators.values()
    counts = {record.name: gigawatt.packages_count(record, power, overhead) for record in parts}
    rows = [row(f"packages, all {name}", "count", count) for name, count in counts.items()]
    rows += [
        row(f"dies, all {r.name}", "count", counts[r.name] * r.dies_per_package_count)
        for r in parts
        if r.dies_per_package_count > 1
    ]
    few = [name for name, count in counts.items() if not reaches(count, stated)]
    only = f"unless all of it is {', '.join(few)}, whose packages are larger" if few else "with every platform on offer"
    middle = float(np.median(list(counts.values())))
    basis = f"{overhead:.3g} × rack power (network, storage and peak PUE)"
    text = f"{units.show(power, 'w')} of facility power, {basis}; {only}"
    found = computed("count", middle, *counts.values())
    return make("million_gpus", found, judge(reaches(c, stated) for c in counts.values()), text, rows)


def own_overhead_ratio(cases: Cases) -> float:
    """Facility power per rack power on the scenario's own basis: network and storage × peak PUE."""
    return cases.scenario.asked.operations.it_overhead_ratio * gigawatt.pue_peak_ratio(cases.inputs)


def four_to_five_million(cases: Cases) -> Claim:
    """Packages and dies, of Blackwell and of Vera Rubin, on the scenario's own basis and on the published one."""
    power, parts = stated_value("ten_gw"), statements().figures.announced_parts
    low, _, high = statements().span("target_gpus_count")
    overhead = own_overhead_ratio(cases)
    rubin = [gigawatt.accelerator(name) for name in parts]
    blackwell = [gigawatt.accelerator(name) for name in BLACKWELL]
    counts = {r.name: gigawatt.packages_count(r, power, overhead) for r in (*blackwell, *rubin)}
    dies = {r.name: counts[r.name] * r.dies_per_package_count for r in (*blackwell, *rubin)}
    readings = {f"packages of {name}": count for name, count in counts.items()}
    readings |= {f"dies of {name}": count for name, count in dies.items()}
    rows = [row(f"{name}, scenario's own overhead, × {overhead:.3g}", "count", n) for name, n in readings.items()]
    least, _, most = statements().span("rack_overhead_ratio")
    basis = f"{least:g} to {most:g} of rack power, all in"
    ends = published_packages(rubin, power)
    rows.append(row(f"packages of Vera Rubin, {basis}", "count", *ends))
    rows.append(row(f"dies of Vera Rubin, {basis}", "count", *(rubin[0].dies_per_package_count * n for n in ends)))
    fitting = [name for name, count in readings.items() if low <= count <= high]
    mine = [counts[record.name] for record in rubin]
    text = (
        f"GPUs are {' or '.join(fitting) or 'something else'}; the announced platform, Vera Rubin, has "
        f"{min(mine) / 1e6:.2f} to {max(mine) / 1e6:.2f} million packages"
    )
    verdict = judge(low <= count <= high for count in readings.values())
    found = computed("count", counts[blackwell[-1].name], *counts.values())
    return make("four_to_five_million", found, verdict, text, rows)


def published_packages(records: list[Accelerator], facility_w: float) -> list[float]:
    """Packages at the ends of the published overhead, most first of the thriftiest part and fewest of the hungriest."""
    low, _, high = statements().span("rack_overhead_ratio")
    return [gigawatt.packages_count(record, facility_w, overhead) for record in records for overhead in (low, high)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """Peak of ten gigawatts of one part at one precision, as a multiple of a DGX-1's: published basis and own."""

    label: str
    low_ratio: float
    high_ratio: float
    own_ratio: float


def speeds(cases: Cases) -> list[Speed]:
    """Multiples of a DGX-1 by part and precision, of those peaks that are known.

    Published basis: 1.15 to 1.25 of rack power, Kyber at 600 kW, both Vera Rubin racks at the package's full figure.
    Own basis: the scenario's overhead and each record's own rack power and peak.
    """
    gb200, gb300 = (gigawatt.accelerator(name) for name in BLACKWELL)
    rubin = [gigawatt.accelerator(name) for name in statements().figures.announced_parts]
    full = max(rubin, key=lambda record: record.rack_power_w or 0.0)
    ultra = gigawatt.accelerator(KYBER)
    kyber_w = statements().figures.kyber_rack_power_w
    rubin_w = [record.rack_power_w for record in rubin]
    peaks: list[tuple[str, Accelerator, float | None, list[float | None]]] = [
        ("GB200 NVL72, BF16", gb200, gb200.bf16_flops, [gb200.rack_power_w]),
        ("GB300 NVL72, FP4", gb300, gb300.fp4_flops, [gb300.rack_power_w]),
        ("Vera Rubin NVL72, FP4 (dense)", full, full.fp4_flops, rubin_w),
        ("Vera Rubin NVL72, FP4 (inference figure)", full, full.fp4_inference_flops, rubin_w),
        ("Rubin Ultra Kyber, FP4 (inference figure)", ultra, ultra.fp4_inference_flops, [kyber_w]),
    ]
    return [
        _speed(cases, label, record, flops, racks_w) for label, record, flops, racks_w in peaks if flops is not None
    ]


def _speed(cases: Cases, label: str, record: Accelerator, flops: float, racks_w: list[float | None]) -> Speed:
    power, start = stated_value("ten_gw"), dgx1_flops()
    low, _, high = statements().span("rack_overhead_ratio")
    ratios = [
        gigawatt.packages_count(record, power, overhead, rack_w) * flops / start
        for rack_w in racks_w
        for overhead in (low, high)
    ]
    own = gigawatt.packages_count(record, power, own_overhead_ratio(cases)) * flops / start
    return Speed(label=label, low_ratio=min(ratios), high_ratio=max(ratios), own_ratio=own)


def dgx1_flops() -> float:
    """Peak of the DGX-1, FP16 [FLOP/s]."""
    record = gigawatt.accelerator(START)
    assert record.bf16_flops is not None  # the catalog's test keeps this figure there
    return record.bf16_flops * record.packages_per_rack_count


def billion_times(cases: Cases) -> Claim:
    """The peak of ten gigawatts over a DGX-1's, by part and precision."""
    stated, found = stated_value("billion_times"), speeds(cases)
    rows: list[ClaimRow] = []
    for speed in found:
        rows.append(row(f"{speed.label}, published basis", "ratio", speed.low_ratio, speed.high_ratio))
        rows.append(row(f"{speed.label}, scenario's own basis", "ratio", speed.own_ratio))
    ends = [ratio for speed in found for ratio in (speed.low_ratio, speed.high_ratio)]
    rubin = found[2]
    fitting = [speed.label for speed in found if reaches(speed.low_ratio, stated)]
    text = (
        f"the machine is {' or '.join(fitting)}" if fitting else "no part reaches it"
    ) + f"; like with like, 16 bit with 16 bit, GB200 gives {found[0].low_ratio / 1e9:.2f} billion at the least"
    middle = (rubin.low_ratio + rubin.high_ratio) / 2
    return make(
        "billion_times", computed("ratio", middle, *ends), judge(reaches(end, stated) for end in ends), text, rows
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One point of the log chart: when, what, and its peak; kind "machine" (one rack or server) or "programme"."""

    date: str
    label: str
    kind: str
    precision: str
    power_w: float | None
    flops: float


def ladder(scenario: Scenario, plan: Plan) -> list[Rung]:
    """From the DGX-1 of 2016 to the last gigawatt: NVIDIA's machines when they first shipped, then the programme.

    Peaks are dense, at the lowest precision of each part; the programme's are those of all racks in service at the end
    of each reported quarter (facility power). One row per point, by date.
    """
    return sorted([*_machines(), *_programme(scenario, plan)], key=lambda rung: (rung.date, rung.label))


def _machines() -> Iterator[Rung]:
    for name in catalog.ids("accelerators"):
        record = gigawatt.accelerator(name)
        best = gigawatt.best_flops(record)
        if record.vendor == "NVIDIA" and best is not None:
            flops, precision = best[0] * record.packages_per_rack_count, best[1]
            yield Rung(
                date=record.first_ship_date,
                label=record.name,
                kind="machine",
                precision="fp16" if record.id == START else precision,
                power_w=record.rack_power_w,
                flops=flops,
            )


def _programme(scenario: Scenario, plan: Plan) -> list[Rung]:
    best = {key: gigawatt.best_flops(record) for key, record in scenario.records.accelerators.items()}
    rack = [
        (best[str(key)] or (0.0, ""))[0] * scenario.records.accelerators[str(key)].packages_per_rack_count
        for key in plan.data.platform.values
    ]
    total = (plan.data.stock_count.sum("site").values * np.array(rack)).sum(axis=1)
    power = plan.data.facility_w.sum("site").values
    precisions = sorted({found[1] for found in best.values() if found})
    return [
        Rung(
            date=last_day(str(period)),
            label=f"programme at {power[n] / 1e9:.2f} GW",
            kind="programme",
            precision=" and ".join(precisions),
            power_w=float(power[n]),
            flops=float(total[n]),
        )
        for n, period in enumerate(plan.data.period.values[: scenario.reported_count])
        if total[n] > 0
    ]
