"""Parts that contradict themselves: what no single number of a record shows, each as a fault with its path.

Looked at when a file is read, so that no kernel meets numbers that cannot be together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

from gigawatt import units
from gigawatt.catalog import records
from gigawatt.catalog.dated import EXPECTED_DAY, is_day
from gigawatt.catalog.to_tokens import PUBLISHED, offered_load, transformer
from gigawatt.catalog.to_watts import normals
from gigawatt.errors import Fault
from gigawatt.quarters import QUARTER, quarter_number, quarter_of
from gigawatt.tokens.model.blocks import total_params_count
from gigawatt.tokens.serve.arrivals import load_faults
from gigawatt.watts.air import OUTDOORS_DEGC
from gigawatt.watts.weather import warmest_of_cycles

# How far a clock may be from the sun's: the west of China is 3 hours behind Beijing.
CLOCK_H, SUN_DEG_PER_H, DAY_H = 4.0, 15.0, 24.0
# How far a year may swing about its mean, over the distance from there to its warmest hours; drawn years reach 2.
SWING_RATIO = 2.5
# How long it takes to read all of a memory: 10 to 60 ms on every part in the catalog.
READ_S = (1e-3, 1.0)
# Stated parameters over those of the blocks: norms, biases and encoders of images are no blocks.
PARAMS_RATIO = (0.7, 1.5)
# Two stated counts that are one, rounded apart.
ROUNDING = 1.05
SUM_TOLERANCE = 1e-6
# Most that a limit on waiting is over what is waited for alone: hours for a prompt of a second.
MOST_LIMIT_RATIO = 1e5
# Sizes that an attention cannot do without.
NEEDED = {
    "gqa": ("heads_count", "kv_heads_count", "head_dim_count"),
    "mla": ("heads_count", "head_dim_count", "kv_rank_count", "rope_dim_count"),
    "linear": ("heads_count", "kv_heads_count", "head_dim_count", "value_dim_count"),
    "none": (),
}
PEAKS = ("bf16_flops", "int8_flops", "fp8_flops", "fp4_flops", "fp4_inference_flops")


def contradictions(record: object) -> list[Fault]:
    """Every fault of a record whose numbers are each plausible, or at least not absurd."""
    look = _CHECKS.get(type(record))
    return list(look(record)) if look else []


def _fault(path: str, value: float, suffix: str, expected: str) -> Fault:
    return Fault(path=path, given=units.show(value, suffix), expected=expected)


def _site(site: records.Site) -> Iterator[Fault]:
    sun_h = site.longitude_deg / SUN_DEG_PER_H
    if abs((site.utc_offset_h - sun_h + DAY_H / 2) % DAY_H - DAY_H / 2) > CLOCK_H:
        expected = f"within {CLOCK_H:g} h of the sun, which is at {sun_h:+.1f} h at {site.longitude_deg:g} deg"
        yield _fault("utc_offset", site.utc_offset_h, "h", expected)
    if max(site.ramp_w.values) > site.announced_power_w * ROUNDING:
        expected = f"at most the announced power of {units.show(site.announced_power_w, 'w')}"
        yield _fault("ramp", max(site.ramp_w.values), "w", expected)
    yield from _climate(site.climate)


def _climate(climate: records.Climate) -> Iterator[Fault]:
    calm = warmest_of_cycles(normals(climate))
    if climate.warmest_hours_degc < calm:
        expected = f"at least {calm:.1f} degC, which mean and amplitudes reach by themselves"
        yield _fault("climate.warmest_hours", climate.warmest_hours_degc, "degc", expected)
    if climate.dew_point_degc > climate.mean_degc:
        expected = f"at most the mean of the air, {climate.mean_degc:g} degC"
        yield _fault("climate.dew_point", climate.dew_point_degc, "degc", expected)
    swing = climate.yearly_amplitude_degc + climate.daily_amplitude_degc
    swing += SWING_RATIO * max(climate.warmest_hours_degc - climate.mean_degc, 0)
    coldest, warmest = min(climate.mean_degc, climate.dew_point_degc) - swing, climate.mean_degc + swing
    if not OUTDOORS_DEGC[0] <= coldest <= warmest <= OUTDOORS_DEGC[1]:
        expected = f"normals of a year between {OUTDOORS_DEGC[0]:g} and {OUTDOORS_DEGC[1]:g} degC"
        yield Fault(path="climate", given=f"{coldest:.0f} to {warmest:.0f} degC", expected=expected)


def _facility(facility: records.Facility) -> Iterator[Fault]:
    where = [bool(facility.sites), bool(facility.places), facility.climate is not None]
    if sum(where) != 1:
        expected = "either sites of the catalog, places of its climates or a climate of its own"
        yield Fault(path="sites", given="several" if any(where) else "neither", expected=expected)
    if facility.climate is not None:
        yield from _climate(facility.climate)


def _climates(climates: records.Climates) -> Iterator[Fault]:
    for name, place in climates.places.items():
        yield from (replace(fault, path=f"places.{name}.{fault.path}") for fault in _climate(place.climate))


def _accelerator(part: records.Accelerator) -> Iterator[Fault]:
    for name in PUBLISHED:
        if part.plannable and getattr(part, name) is None:
            key, suffix = units.split(name)
            expected = f"{units.SUFFIXES[suffix].example}, or plannable = false where nobody publishes it"
            yield Fault(path=key, given="missing", expected=expected)
    stated = [(name, getattr(part, name)) for name in PEAKS if getattr(part, name) is not None]
    for (wide, slower), (narrow, faster) in pairwise(stated):
        if faster < slower:
            expected = f"at least the {units.show(slower, 'flops')} of {units.split(wide)[0]}, which has more bits"
            yield _fault(units.split(narrow)[0], faster, "flops", expected)
    if part.tdp_w is not None and part.rack_power_w is not None:
        packages_w = part.tdp_w * part.packages_per_rack_count
        if packages_w > part.rack_power_w:
            expected = f"at least its {part.packages_per_rack_count} packages of {units.show(part.tdp_w, 'w')}"
            yield _fault("rack_power", part.rack_power_w, "w", expected)
    if part.all_in_power_w is not None and part.all_in_power_w < (part.tdp_w or 0):
        expected = f"at least the {units.show(part.tdp_w or 0, 'w')} of the package alone"
        yield _fault("all_in_power", part.all_in_power_w, "w", expected)
    if part.hbm_capacity_bytes is None or part.hbm_bandwidth_bytes_per_s is None:
        return
    read_s = part.hbm_capacity_bytes / part.hbm_bandwidth_bytes_per_s
    if not READ_S[0] <= read_s <= READ_S[1]:
        expected = f"a memory of {units.show(part.hbm_capacity_bytes, 'bytes')} read in 1 ms to 1 s, not {read_s:.3g} s"
        yield _fault("hbm_bandwidth", part.hbm_bandwidth_bytes_per_s, "bytes_per_s", expected)


def _model(model: records.Model) -> Iterator[Fault]:
    if not model.blocks:
        yield Fault(path="blocks", given="none", expected="at least one")
        return
    found = [fault for n, block in enumerate(model.blocks) for fault in _block(f"blocks[{n}]", block)]
    yield from found
    if model.active_params_count > model.total_params_count * ROUNDING:
        expected = f"at most the {model.total_params_count:,.0f} of total_params"
        yield _fault("active_params", model.active_params_count, "count", expected)
    counted = total_params_count(transformer(model))
    if not found and not PARAMS_RATIO[0] <= model.total_params_count / max(counted, 1) <= PARAMS_RATIO[1]:
        yield _fault("total_params", model.total_params_count, "count", f"about the {counted:,.0f} of its blocks")


def _block(path: str, block: records.ModelBlock) -> Iterator[Fault]:
    for name in NEEDED[block.attention]:
        if not getattr(block, name) and not (name == "rope_dim_count" and block.attention_params_count):
            expected = f'above 0, for attention "{block.attention}" has it'
            yield Fault(path=f"{path}.{units.split(name)[0]}", given=str(getattr(block, name)), expected=expected)
    if block.attention in ("gqa", "linear") and block.kv_heads_count and block.heads_count % block.kv_heads_count:
        expected = f"a divisor of the {block.heads_count} heads, which share it"
        yield Fault(path=f"{path}.kv_heads", given=str(block.kv_heads_count), expected=expected)
    if block.experts_count and not 1 <= block.experts_active_count <= block.experts_count:
        expected = f"1 to the {block.experts_count} experts"
        yield Fault(path=f"{path}.experts_active", given=str(block.experts_active_count), expected=expected)
    if block.selected_count and not block.index_shared and not (block.index_heads_count and block.index_dim_count):
        expected = "the heads and the width of the indexer that selects tokens"
        yield Fault(path=f"{path}.index_heads", given=str(block.index_heads_count), expected=expected)


def _power_curve(curve: records.PowerCurve) -> Iterator[Fault]:
    lost = curve.loss_ratio * (1 - curve.least_frac) ** curve.exponent_ratio
    if lost > 1:
        yield _fault("least", curve.least_frac, "frac", "a power at which the curve is not below 0")


def _reliability(record: records.Reliability) -> Iterator[Fault]:
    total = sum(kind.share_frac for kind in record.classes)
    if abs(total - 1) > SUM_TOLERANCE:
        yield Fault(path="classes", given=f"shares that sum to {total:g}", expected="shares that sum to 1")
    for n, kind in enumerate(record.classes):
        if kind.repair_median_h > kind.repair_h:
            expected = f"at most the mean of {kind.repair_h:g} h, for some repairs take very long"
            yield _fault(f"classes[{n}].repair_median", kind.repair_median_h, "h", expected)
        if kind.replaced_h < kind.repair_median_h:
            expected = f"at least the median of {kind.repair_median_h:g} h"
            yield _fault(f"classes[{n}].replaced", kind.replaced_h, "h", expected)


def _calibration(record: records.InferenceCalibration | records.TrainingCalibration) -> Iterator[Fault]:
    engines = [entry.name for entry in record.engines]
    if not engines:
        yield Fault(path="engines", given="none", expected="at least one")
    if "all" not in [entry.name for entry in record.spreads]:
        yield Fault(path="spreads", given='no "all"', expected='a spread of all rows, named "all"')
    if isinstance(record, records.TrainingCalibration) and record.plan_engine not in engines:
        yield Fault(path="plan_engine", given=f'"{record.plan_engine}"', expected=f"one of {', '.join(engines)}")


def _arrivals(record: records.Arrivals) -> Iterator[Fault]:
    yield from load_faults(offered_load(record))


def _run_calibration(record: records.RunCalibration) -> Iterator[Fault]:
    low, high = record.least_package_hours_count, record.most_package_hours_count
    if not low <= record.middle_package_hours_count <= high:
        expected = f"between those of the smallest and the largest run, {low:g} and {high:g}"
        yield Fault(path="middle_package_hours", given=f"{record.middle_package_hours_count:g}", expected=expected)


def _derating(record: records.ServingDerating) -> Iterator[Fault]:
    """Knots rise, every combination is there once, and no ratio is beyond the steady state."""
    for name in ("ttft_ratios", "tpot_ratios"):
        knots = getattr(record, name)
        if not knots or knots[0] < 1 or knots[-1] > MOST_LIMIT_RATIO or any(a >= b for a, b in pairwise(knots)):
            yield Fault(path=name, given=f"{knots}", expected=f"rising values from 1 to {MOST_LIMIT_RATIO:g}")
    places = [(entry.burstiness_ratio, entry.engines_count, entry.prompt_ratio) for entry in record.tables]
    combinations = math.prod(len(set(values)) for values in zip(*places, strict=True)) if places else 1
    if len(places) != len(set(places)) or len(places) != combinations:
        yield Fault(path="tables", given=f"{len(places)}", expected="one for each burstiness, engines and prompt")
    shape = len(record.ttft_ratios), len(record.tpot_ratios)
    for n, entry in enumerate(record.tables):
        path, rows = f"tables[{n}].kept_fracs", entry.kept_fracs
        if len(rows) != shape[0] or any(len(row) != shape[1] for row in rows):
            yield Fault(path=path, given=f"{len(rows)} rows", expected=f"{shape[0]} rows of {shape[1]} shares")
        elif not all(0 <= share <= 1 for row in rows for share in row):
            yield Fault(path=path, given="a value beyond them", expected="shares from 0 to 1")


def _schedules(record: records.SiteSchedules) -> Iterator[Fault]:
    """Quarters are quarters, days are days and in their order, and no date was over when it was told."""
    for n, milestone in enumerate(record.milestones):
        path, days = f"milestones[{n}]", [each.said_date for each in milestone.told]
        if not days or any(a >= b for a, b in pairwise(days)):
            yield Fault(
                path=f"{path}.told", given=", ".join(days) or "none", expected="at least one date, in order of days"
            )
        if milestone.withdrawn_date:
            yield from _no_days(f"{path}.withdrawn", milestone.withdrawn_date)
        if milestone.delivered is not None:
            yield from _no_quarter(f"{path}.delivered.quarter", milestone.delivered.quarter)
        for k, told in enumerate(milestone.told):
            yield from _promise(f"{path}.told[{k}]", told)


def _promise(path: str, told: records.PromisedDate) -> Iterator[Fault]:
    faults = [*_no_days(f"{path}.said", told.said_date), *_no_quarter(f"{path}.quarter", told.quarter)]
    yield from faults
    if not faults and quarter_number(told.quarter) + told.span_count <= quarter_number(quarter_of(told.said_date)):
        yield Fault(
            path=f"{path}.quarter", given=f'"{told.quarter}"', expected=f"none that was over on {told.said_date}"
        )


def _no_days(path: str, text: str) -> Iterator[Fault]:
    if not is_day(text):
        yield Fault(path=path, given=f'"{text}"', expected=EXPECTED_DAY)


def _no_quarter(path: str, text: str) -> Iterator[Fault]:
    if not QUARTER.fullmatch(text):
        yield Fault(path=path, given=f'"{text}"', expected='a quarter such as "2026Q3"')


_CHECKS: dict[type, Callable[[Any], Iterator[Fault]]] = {
    records.Site: _site,
    records.Facility: _facility,
    records.Climates: _climates,
    records.Accelerator: _accelerator,
    records.Model: _model,
    records.PowerCurve: _power_curve,
    records.Reliability: _reliability,
    records.InferenceCalibration: _calibration,
    records.TrainingCalibration: _calibration,
    records.RunCalibration: _run_calibration,
    records.ServingDerating: _derating,
    records.Arrivals: _arrivals,
    records.SiteSchedules: _schedules,
}
