"""What a scenario asks, before anything is solved: horizon, power, platforms, demand and capital in one outline."""

from __future__ import annotations

from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import numpy as np
import xarray as xr

from gigawatt.errors import Fault, ScenarioError
from gigawatt.plan.inputs import demand, inputs
from gigawatt.plan.milestones import milestones
from gigawatt.quarters import arriving, first_day, sample
from gigawatt.scenario.schema import Scenario
from gigawatt.scenario.series import energy_price_usd_per_wh
from gigawatt.study import drift, evidence, implausible
from gigawatt.study.site_notes import file_notes
from gigawatt.study.summary import strict


def outline(scenario: Scenario) -> dict[str, Any]:
    """The question in SI units, JSON-ready; keys carry the suffixes of units.py.

    Raises ScenarioError for work that no platform can do, and for figures that are beyond numbers.
    """
    _numbers(inputs(scenario))  # raises where the kernels find faults, as a run would
    asked = scenario.asked
    return strict(
        {
            "gigawatt": version("gigawatt"),
            "scenario": scenario.name,
            "hash": scenario.hash,
            "title": asked.title,
            "description": asked.description.strip(),
            "objective": asked.objective,
            "dollar_year": asked.dollar_year,
            "seed": asked.seed,
            "horizon": _horizon(scenario),
            "programme": {"target_w": asked.programme.target_w, "power_basis": asked.programme.power_basis},
            "sites": _sites(scenario),
            "platforms": _platforms(scenario),
            "pools": _pools(scenario),
            "use_cases": _use_cases(scenario),
            "research": _research(scenario),
            "capital": _capital(scenario),
            "numbers_count": len(scenario.evidence),
            "grades": evidence.grades(scenario),
            "notes": notes(scenario),
        }
    )


def _numbers(data: xr.Dataset) -> None:
    """Raise ScenarioError where what the planner would see is no finite number: values that cannot be together."""
    faults = [
        Fault(
            path=str(name), given="beyond all numbers", expected="a scenario whose growth, prices and rates stay finite"
        )
        for name, values in data.data_vars.items()
        if not np.isfinite(values.values).all()
    ]
    if faults:
        raise ScenarioError(faults)


def _horizon(scenario: Scenario) -> dict[str, Any]:
    horizon = scenario.asked.horizon
    return {
        "start_date": first_day(horizon.start_date),
        "start_period": horizon.start_date,
        "report_end_period": horizon.report_end_date,
        "end_period": horizon.end_date,
        "reported_count": scenario.reported_count,
        "solved_count": len(scenario.quarters),
    }


def notes(scenario: Scenario) -> list[dict[str, str]]:
    """What a reader must know of a question before it is answered."""
    found = []
    grade = scenario.evidence.get("demand.price_scale_ratio")
    if grade is not None and grade.grade == "assumed":
        scale = scenario.asked.demand.price_scale_ratio
        text = f"Prices are scaled by {scale:g}, an assumption of the scenario and no evidence of need."
        found.append({"code": "assumed_price_scale", "path": "demand.price_scale", "text": text})
    total = sum(evidence.grades(scenario).values())
    assumed = evidence.grades(scenario).get("assumed", 0)
    if assumed:
        text = f"{assumed:,} of the {total:,} numbers with a grade are assumed; `gigawatt sources` lists them."
        found.append({"code": "assumed_numbers", "path": "", "text": text})
    of_values = (*implausible.notes(scenario.implausible), *file_notes(scenario), *drift.notes(scenario))
    return found + [asdict(note) for note in of_values]


def _sites(scenario: Scenario) -> list[dict[str, Any]]:
    """Each site's energised facility power in the first and the last reported quarter, slip included."""
    quarters = scenario.quarters[: scenario.reported_count]
    found = []
    for key, site in scenario.records.sites.items():
        use = scenario.asked.sites[key]
        ramp = arriving(site.ramp_w, quarters, use.slip_count)
        found.append(
            {
                "site": key,
                "name": site.name,
                "ownership": site.ownership,
                "first_w": float(ramp[0]),
                "last_w": float(ramp[-1]),
                "slip_count": use.slip_count,
                "power_price_usd_per_wh": energy_price_usd_per_wh(scenario, key),
                "cooling": site.cooling,
            }
        )
    return found


def _platforms(scenario: Scenario) -> list[dict[str, Any]]:
    found = []
    for key, use in scenario.asked.platforms.items():
        record = scenario.records.accelerators[key]
        price = use.rack_price_usd if use.rack_price_usd is not None else record.rack_price_usd
        found.append(
            {
                "platform": key,
                "name": record.name,
                "pool": use.pool,
                "packages_per_rack_count": record.packages_per_rack_count,
                "rack_power_w": record.rack_power_w,
                "rack_price_usd": price,
                "price_change_per_year": use.price_change_per_year,
            }
        )
    return found


def _pools(scenario: Scenario) -> list[dict[str, Any]]:
    """Racks that each pool can deliver over the reported window, and the quarters in which it delivers."""
    quarters = scenario.quarters[: scenario.reported_count]
    found = []
    for key, pool in scenario.asked.pools.items():
        supply = sample(pool.supply_count, quarters)
        ships = [quarter for quarter, count in zip(quarters, supply, strict=True) if count > 0]
        found.append(
            {
                "pool": key,
                "supply_count": float(supply.sum()),
                "first_period": ships[0] if ships else None,
                "last_period": ships[-1] if ships else None,
            }
        )
    return found


def _use_cases(scenario: Scenario) -> list[dict[str, Any]]:
    """Demand on the programme and price of each class, in the first and the last reported quarter."""
    quarters = scenario.quarters[: scenario.reported_count]
    found = []
    for key, use in scenario.asked.use_cases.items():
        volume, price = demand(use, scenario.asked, quarters)
        found.append(
            {
                "use_case": key,
                "title": use.title,
                "model": scenario.records.models[use.model].name,
                "load": use.load,
                "first_tokens_per_s": float(volume[0]),
                "last_tokens_per_s": float(volume[-1]),
                "first_usd_per_mtok": float(price[0]),
                "last_usd_per_mtok": float(price[-1]),
                "floor_frac": use.floor_frac,
                "hard": use.hard,
            }
        )
    return found


def _research(scenario: Scenario) -> list[dict[str, Any]]:
    runs = [
        {
            "run": key,
            "title": run.title,
            "volume_flop": run.volume_flop,
            "start_period": run.start_date,
            "end_period": run.end_date,
        }
        for key, run in scenario.asked.training_runs.items()
    ]
    last = scenario.quarters[scenario.reported_count - 1]
    wishes = [
        {
            "experiment": key,
            "title": use.title,
            "volume_flop": float(sample(use.wish_flop, [last], "log")[0]),
            "start_period": last,
            "end_period": last,
        }
        for key, use in scenario.asked.experiments.items()
    ]
    return runs + wishes


def _capital(scenario: Scenario) -> dict[str, Any]:
    capital = scenario.asked.capital
    steps = milestones(scenario.asked)
    use = capital.tranches
    return {
        "opening_cash_usd": capital.opening_cash_usd,
        "minimum_cash_usd": capital.minimum_cash_usd,
        "upfront_equity_usd": capital.upfront_equity_usd,
        "debt_rate_per_year": capital.debt_rate_per_year,
        "covenant_frac": capital.covenant_frac,
        "debt_limit_usd": capital.debt_limit_usd,
        "distribution": capital.distribution,
        "lock_up_frac": capital.lock_up_frac,
        "distribution_cover_ratio": capital.distribution_cover_ratio,
        "release": use.release if use is not None else None,
        "tranches": [{"milestone_w": step.power_w, "amount_usd": step.amount_usd} for step in steps],
    }
