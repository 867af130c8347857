"""What a result rests on: the catalog's numbers with their grades, and the share of value behind assumed ones."""

from __future__ import annotations

from collections import Counter

import xarray as xr

from gigawatt.catalog.records import Evidence
from gigawatt.plan.plan import Plan
from gigawatt.programme import counted, money
from gigawatt.programme.book import discounts
from gigawatt.scenario.schema import Scenario
from gigawatt.study.note import Note

# Numbers of an accelerator that its work and its price follow from, in words.
PLATFORM_FIGURES = {
    "fp4_flops": "FP4 peak",
    "fp8_flops": "FP8 peak",
    "int8_flops": "INT8 peak",
    "hbm_bandwidth_bytes_per_s": "memory bandwidth",
    "rack_power_w": "rack power",
    "rack_price_usd": "rack price",
}


def grades(scenario: Scenario) -> dict[str, int]:
    """How many numbers carry each grade, those of most numbers first."""
    return dict(Counter(evidence.grade for _, evidence in sorted(scenario.evidence.items())).most_common())


def price_scale(scenario: Scenario, level: str = "") -> Note | None:
    """That prices are scaled by an assumption, where they are; level: what else is to be said of the factor."""
    grade = scenario.evidence.get("demand.price_scale_ratio")
    if grade is None or grade.grade != "assumed":
        return None
    scale = scenario.asked.demand.price_scale_ratio
    text = f"Prices are scaled by {scale:g}, an assumption of the scenario and no evidence of need{level}."
    return Note(code="assumed_price_scale", path="demand.price_scale", text=text)


def assumed_revenue_frac(scenario: Scenario, plan: Plan) -> dict[str, float]:
    """Share of the present value of revenue that rests on something assumed, by what is assumed.

    "demand and prices": classes whose demand is assumed. One entry per platform with an assumed figure among
    `PLATFORM_FIGURES`: revenue of the tokens that it serves. The entries overlap.
    """
    revenue = platform_revenue_usd(scenario, plan)
    total = float(revenue.sum())
    if total <= 0:
        return {}
    found = {}
    classes = [key for key in scenario.asked.use_cases if _of_assumed_volume(scenario, f"use_cases.{key}.")]
    found["demand and prices"] = float(revenue.sel(use_case=classes).sum()) / total
    for key, record in scenario.records.accelerators.items():
        names = [words for name, words in PLATFORM_FIGURES.items() if _is_assumed(record.evidence.get(name))]
        if names:
            share = float(revenue.sel(platform=key).sum()) / total
            found[f"{record.name} ({', '.join(names)})"] = share
    return found


def platform_revenue_usd(scenario: Scenario, plan: Plan) -> xr.DataArray:
    """Present value of revenue [USD] by the platform that serves it, dims (platform, use_case)."""
    data, inputs = plan.data, plan.inputs
    rate = counted.tokens_per_s(inputs)
    served = (data.work_count * rate * inputs.hours_frac).sum("block")
    total = served.sum("platform")
    revenue = money.revenue_usd(data.served_tokens_per_s, inputs) * discounts(inputs, scenario.asked)
    return (served / xr.where(total > 0, total, 1.0) * revenue).sum("period")


def _of_assumed_volume(scenario: Scenario, prefix: str) -> bool:
    ends = ("demand_tokens_per_s", "weekly_users_count", "price_usd_per_mtok", "yearly_revenue_usd")
    found = [known for path, known in scenario.evidence.items() if path.startswith(prefix) and path.endswith(ends)]
    return any(map(_is_assumed, found))


def _is_assumed(evidence: Evidence | None) -> bool:
    return evidence is not None and evidence.grade == "assumed"
