"""Power made on site until the grid arrives: what each plant of the catalog costs, gains and is worth.

The question is one of time: a plant that runs before the grid does earns what its load earns in between, and pays its
capital, less what comes back when the grid takes over.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from gigawatt import dollars, units, watts
from gigawatt.catalog import load, to_watts
from gigawatt.catalog.records import OnsitePower, Site
from gigawatt.errors import CalibrationError, CatalogError, Fault
from gigawatt.study import implausible
from gigawatt.study.claims.statements import statements
from gigawatt.watts.onsite import YEAR_DAYS, YEAR_H

# Option → suffix of the quantity that it takes, and the most of it that is no slip.
OPTIONS = {
    "power": ("w", math.inf),
    "grid_wait": ("years", 50.0),
    "grid_price": ("usd_per_wh", math.inf),
    "worth": ("usd_per_wh", math.inf),
    "load": ("frac", 1.0),
    "resale": ("frac", 1.0),
    "discount": ("per_year", 1.0),
}
MAY_BE_ZERO = ("grid_price", "worth", "resale", "discount")
WH_PER_MWH = 1e6
REVENUE = "yearly_revenue_usd_per_w"


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeQuestion:
    """What is asked: facility power to be fed, and the time until the grid does.

    site: whose sun, cooling, price and carbon of the grid count. grid_usd_per_wh: None is the site's. worth_usd_per_wh:
    what a Wh of IT energy earns before it pays for power; None earns the stated yearly revenue of a fleet. load_frac:
    mean over full power. resale_frac: share of the capital that comes back when the grid arrives.
    """

    power_w: float
    grid_years: float
    site: str
    load_frac: float
    resale_frac: float
    discount_per_year: float
    grid_usd_per_wh: float | None = None
    worth_usd_per_wh: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Terms:
    """What every plant is held against; worth_usd_per_wh is of facility energy here."""

    question: BridgeQuestion
    site: Site
    pue_ratio: float
    grid_usd_per_wh: float
    worth_usd_per_wh: float


def bridge_question(site: str, texts: Mapping[str, str | None]) -> BridgeQuestion:
    """A question from texts with units by option. Raises CalibrationError with every text that is no such quantity."""
    numbers: dict[str, float | None] = {}
    faults = []
    for name, text in texts.items():
        suffix, most = OPTIONS[name]
        value = _parsed(text, suffix)
        if not (0 <= value <= most and (value > 0 or name in MAY_BE_ZERO)):
            bounds = "0 or more" if name in MAY_BE_ZERO else "above 0"
            bounds += f" and at most {units.show(most, suffix)}" if math.isfinite(most) else ""
            faults.append(Fault(path=name, given=f'"{text}"', expected=f"{units.SUFFIXES[suffix].example}, {bounds}"))
        numbers[name] = None if text is None else value
    if faults:
        raise CalibrationError(faults)
    return BridgeQuestion(
        power_w=numbers["power"] or 0.0,
        grid_years=numbers["grid_wait"] or 0.0,
        site=site,
        load_frac=numbers["load"] or 0.0,
        resale_frac=numbers["resale"] or 0.0,
        discount_per_year=numbers["discount"] or 0.0,
        grid_usd_per_wh=numbers["grid_price"],
        worth_usd_per_wh=numbers["worth"],
    )


def _parsed(text: str | None, suffix: str) -> float:
    """The quantity of a text; 1 where none is given, NaN where it is none."""
    try:
        return 1.0 if text is None else units.parse(text, suffix)
    except ValueError:
        return math.nan


def bridge(question: BridgeQuestion) -> dict[str, Any]:
    """The figures of `predict bridge`, strict JSON: plants from the best, with what is assumed.

    Money is in present value at the start of the wait. What is per Wh is of facility energy, but for worth_usd_per_wh.
    Raises CatalogError for an unknown site.
    """
    terms = _terms(question)
    rows, notes = [], _assumptions(terms) + implausible.of_catalog(sites=terms.site)
    for name in load.ids("onsite_power"):
        record = load.get("onsite_power", name)
        plant = _plant(record, terms.site)
        unable = _unable(record, plant, question.load_frac)
        if plant is None or unable:
            notes.append({"code": "left_out", "path": f"plants.{name}", "text": f"{record.name}: {unable}"})
        else:
            rows.append(_row(record, plant, terms))
        notes += implausible.of_catalog(onsite_power=record)
    return {
        "site": terms.site.id,
        "power_w": question.power_w,
        "grid_years": question.grid_years,
        "grid_usd_per_wh": terms.grid_usd_per_wh,
        "grid_carbon_kg_per_wh": terms.site.carbon_kg_per_wh,
        "worth_usd_per_wh": terms.worth_usd_per_wh * terms.pue_ratio,
        "load_frac": question.load_frac,
        "resale_frac": question.resale_frac,
        "discount_per_year": question.discount_per_year,
        "plants": sorted(rows, key=lambda row: (-row["net_usd"], row["lead_years"])),
        "notes": notes,
    }


def _terms(question: BridgeQuestion) -> _Terms:
    try:
        site = load.get("sites", question.site)
    except CatalogError as error:
        raise CatalogError([replace(fault, path="site") for fault in error.faults]) from None
    pue_ratio = to_watts.pue_year(site, load.get("cooling", site.cooling), question.load_frac).mean_ratio
    if question.worth_usd_per_wh is None:
        worth = getattr(statements().figures, REVENUE) / (YEAR_H * question.load_frac)
    else:
        worth = question.worth_usd_per_wh / pue_ratio
    price = question.grid_usd_per_wh
    return _Terms(
        question=question,
        site=site,
        pue_ratio=pue_ratio,
        grid_usd_per_wh=site.power_price_usd_per_wh if price is None else price,
        worth_usd_per_wh=worth,
    )


def _plant(record: OnsitePower, site: Site) -> watts.OnsitePower | None:
    """The plant at a site: panels in the proportion that the sun of its latitude asks for; None where none suffice."""
    plant = to_watts.onsite_power_of(record)
    if record.latitude_deg is None:
        return plant
    here, there = (
        _panels_ratio(latitude, record.storage_h, record.round_trip_frac)
        for latitude in (site.latitude_deg, record.latitude_deg)
    )
    if here is None or there is None:
        return None
    return replace(plant, installed_ratio=plant.installed_ratio * here / there)


@cache
def _panels_ratio(latitude_deg: float, storage_h: float, round_trip_frac: float) -> float | None:
    """Panels under a clear sky for each W of a load that never stops, with storage that takes all that they give."""
    storage = watts.Battery(power_w=np.inf, energy_wh=storage_h, round_trip_frac=round_trip_frac, fade_frac=0.0)
    sun = watts.clear_sky(latitude_deg, np.arange(1, YEAR_DAYS + 1), 1.0)
    try:
        return watts.panels_for(1.0, storage, 1.0, sun)
    except ValueError:
        return None


def _unable(record: OnsitePower, plant: watts.OnsitePower | None, load_frac: float) -> str:
    """Why a plant cannot carry the load, in words; "" where it can."""
    if plant is None:
        return f"{record.storage_h:g} h of storage are less than the longest nights at this latitude"
    most = plant.installed_ratio * plant.capacity_frac
    return f"makes {most:.0%} of the energy of its load in a year at most" if most < load_frac else ""


def _row(record: OnsitePower, plant: watts.OnsitePower, terms: _Terms) -> dict[str, Any]:
    """One plant: its size and cost, and what it is worth until the grid arrives; null where it is not sooner."""
    asked = terms.question
    found = watts.bridge(
        plant,
        grid_years=asked.grid_years,
        grid_usd_per_wh=terms.grid_usd_per_wh,
        worth_usd_per_wh=terms.worth_usd_per_wh,
        load_frac=asked.load_frac,
        resale_frac=asked.resale_frac,
        discount_per_year=asked.discount_per_year,
    )
    annuity = dollars.recovery_frac(asked.discount_per_year, plant.life_years)
    energy_wh = asked.power_w * asked.load_frac * YEAR_H * found.early_years
    sooner = found.early_years > 0
    lead = record.evidence.get("lead_years")
    return {
        "id": record.id,
        "name": record.name,
        "lead_years": plant.lead_years,
        "lead_low_years": lead.low if lead else None,
        "lead_high_years": lead.high if lead else None,
        "gained_years": found.early_years,
        "installed_w": plant.installed_ratio * asked.power_w,
        "storage_wh": plant.storage_h * asked.power_w,
        "capex_usd": watts.load_capex(plant) * asked.power_w,
        "levelised_usd_per_wh": watts.levelised_cost(plant, annuity, asked.load_frac),
        "cost_usd_per_wh": found.cost_usd_per_wh if sooner else None,
        "extra_usd_per_wh": found.extra_usd_per_wh if sooner else None,
        "carbon_kg_per_wh": plant.carbon_kg_per_wh,
        "carbon_kg": plant.carbon_kg_per_wh * energy_wh,
        "worth_usd": found.worth_usd_per_w * asked.power_w,
        "net_usd": found.net_usd_per_w * asked.power_w,
    }


def _assumptions(terms: _Terms) -> list[dict[str, str]]:
    asked, site = terms.question, terms.site
    worth = f"{WH_PER_MWH * terms.worth_usd_per_wh * terms.pue_ratio:,.0f} USD"
    rate = units.show(asked.discount_per_year, "per_year")
    texts = {
        "site": f"Sun, cooling (a mean PUE of {terms.pue_ratio:.3f}), carbon of the grid and, where it is not stated, "
        f"its price are those of {site.name}.",
        "worth_usd_per_wh": f"A MWh of IT energy earns {worth} before it pays for power. Racks count as bought either "
        "way: where they would come only with the power, less is gained.",
        "resale_frac": f"{asked.resale_frac:.0%} of the capital comes back when the grid arrives, from when on the "
        f"load runs on the grid; money is in present value at {rate}.",
        "plants": "Lead times run from an order today; permits and gas at the fence are taken for granted. Panels are "
        "sized by the clear sun of the year at the latitude, in the proportion of the catalog's plant at its own; "
        "clouds beyond that are left out.",
    }
    if asked.worth_usd_per_wh is None:
        evidence = statements().evidence[f"figures.{REVENUE}"]
        texts["worth_usd_per_wh"] += (
            f" It is not stated and taken from {getattr(statements().figures, REVENUE):g} billion USD per GW-year "
            f"({evidence.grade}: {evidence.note})."
        )
    return [{"code": "assumed", "path": path, "text": text} for path, text in texts.items()]
