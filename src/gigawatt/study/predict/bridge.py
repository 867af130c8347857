"""Power made on site until the grid arrives: what each plant of the catalog costs, gains and is worth.

The question is one of time: a plant that runs before the grid does earns what its load earns in between, and pays its
capital, less what comes back when the grid takes over.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np

from gigawatt import dollars, units, watts
from gigawatt.catalog import load, to_watts
from gigawatt.catalog.records import OnsitePower, Site
from gigawatt.study import implausible
from gigawatt.study.answer import SPREAD, Head, copied
from gigawatt.study.claims.statements import statements
from gigawatt.study.job import Job
from gigawatt.study.note import Note
from gigawatt.study.predict.faults import looked_up, out_of_range, wrong_value
from gigawatt.study.predict.question import BridgeQuestion
from gigawatt.study.question import refuse
from gigawatt.watts.onsite import YEAR_DAYS, YEAR_H

# Fields of a question that are above 0, and the most of each that is no slip.
RANGES = {"power_w": np.inf, "grid_wait_years": 50.0, "load_frac": 1.0}
MOST_DISCOUNT_PER_YEAR = 1.0
WH_PER_MWH = 1e6
REVENUE = "yearly_revenue_usd_per_w"


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgePlant:
    """A plant on site: its size and cost, and what it is worth until the grid arrives.

    lead_low_years, lead_high_years: None where its evidence states no range. cost_usd_per_wh over the wait, and
    extra_usd_per_wh above the grid's price, are None where the plant is not sooner than the grid.
    """

    id: str
    name: str
    lead_years: float
    lead_low_years: float | None
    lead_high_years: float | None
    gained_years: float
    installed_w: float
    storage_wh: float
    capex_usd: float
    levelised_usd_per_wh: float
    cost_usd_per_wh: float | None
    extra_usd_per_wh: float | None
    carbon_kg_per_wh: float
    carbon_kg: float
    worth_usd: float
    net_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeComparison:
    """Plants on site from the best, held against a wait for the grid.

    Money is in present value at the start of the wait. What is per Wh is of facility energy, but for worth_usd_per_wh,
    which is of IT energy.
    """

    head: Head = field(metadata=SPREAD)
    site: str
    power_w: float
    grid_years: float
    grid_usd_per_wh: float
    grid_carbon_kg_per_wh: float
    worth_usd_per_wh: float
    load_frac: float
    resale_frac: float
    discount_per_year: float
    plants: tuple[BridgePlant, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Terms:
    """What every plant is held against; worth_usd_per_wh is of facility energy here."""

    question: BridgeQuestion
    site: Site
    pue_ratio: float
    grid_usd_per_wh: float
    worth_usd_per_wh: float


def answer(question: BridgeQuestion, job: Job) -> BridgeComparison:
    """Every plant of the catalog until the grid arrives. Raises ScenarioError for a question that cannot be asked."""
    del job  # it takes a moment
    terms = _terms(question)
    plants, left = [], list[Note]()
    for record in (load.get("onsite_power", name) for name in load.ids("onsite_power")):
        plant = _plant(record, terms.site)
        unable = _unable(record, plant, question.load_frac)
        if plant is None or unable:
            left.append(Note(code="left_out", path=f"plants.{record.id}", text=f"{record.name}: {unable}"))
        else:
            plants.append(_bridged(record, plant, terms))
        left += implausible.of_catalog(onsite_power=record)
    return copied(
        BridgeComparison,
        terms,
        question,
        head=Head(notes=(*_assumptions(terms), *implausible.of_catalog(sites=terms.site), *left)),
        site=terms.site.id,
        grid_years=question.grid_wait_years,
        grid_carbon_kg_per_wh=terms.site.carbon_kg_per_wh,
        worth_usd_per_wh=terms.worth_usd_per_wh * terms.pue_ratio,
        plants=tuple(sorted(plants, key=lambda plant: (-plant.net_usd, plant.lead_years))),
    )


def _terms(question: BridgeQuestion) -> _Terms:
    """The question with its site looked up. Raises ScenarioError with everything that is wrong with it."""
    faults = list(out_of_range(question, RANGES))
    discount = question.discount_per_year
    if not 0 <= discount <= MOST_DISCOUNT_PER_YEAR:
        most = units.show(MOST_DISCOUNT_PER_YEAR, "per_year")
        expected = f"{units.SUFFIXES['per_year'].example}, 0 or more and at most {most}"
        faults.append(wrong_value("discount", discount, "per_year", expected))
    (site,) = looked_up(question, {"site": "sites"}, faults)
    refuse(faults)
    pue_ratio = to_watts.pue_year(site, load.get("cooling", site.cooling), question.load_frac).mean_ratio
    if question.worth_usd_per_wh is None:
        worth = getattr(statements().figures, REVENUE) / (YEAR_H * question.load_frac)
    else:
        worth = question.worth_usd_per_wh / pue_ratio
    price = question.grid_price_usd_per_wh
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
        return f"{record.storage_h:g} h of storage are less than the longest nights at this latitude."
    most = plant.installed_ratio * plant.capacity_frac
    return f"at most {100 * most:.0f} % of the energy of the load in a year." if most < load_frac else ""


def _bridged(record: OnsitePower, plant: watts.OnsitePower, terms: _Terms) -> BridgePlant:
    """One plant until the grid arrives."""
    asked, found = terms.question, _until_then(plant, terms)
    annuity = dollars.recovery_frac(asked.discount_per_year, plant.life_years)
    energy_wh = asked.power_w * asked.load_frac * YEAR_H * found.early_years
    sooner = found.early_years > 0
    lead = record.evidence.get("lead_years")
    return BridgePlant(
        id=record.id,
        name=record.name,
        lead_years=plant.lead_years,
        lead_low_years=lead.low if lead else None,
        lead_high_years=lead.high if lead else None,
        gained_years=found.early_years,
        installed_w=plant.installed_ratio * asked.power_w,
        storage_wh=plant.storage_h * asked.power_w,
        capex_usd=watts.load_capex(plant) * asked.power_w,
        levelised_usd_per_wh=watts.levelised_cost(plant, annuity, asked.load_frac),
        cost_usd_per_wh=found.cost_usd_per_wh if sooner else None,
        extra_usd_per_wh=found.extra_usd_per_wh if sooner else None,
        carbon_kg_per_wh=plant.carbon_kg_per_wh,
        carbon_kg=plant.carbon_kg_per_wh * energy_wh,
        worth_usd=found.worth_usd_per_w * asked.power_w,
        net_usd=found.net_usd_per_w * asked.power_w,
    )


def _until_then(plant: watts.OnsitePower, terms: _Terms) -> watts.Bridge:
    """What it is worth per W of load not to wait for the grid."""
    asked = terms.question
    return watts.bridge(
        plant,
        grid_years=asked.grid_wait_years,
        grid_usd_per_wh=terms.grid_usd_per_wh,
        worth_usd_per_wh=terms.worth_usd_per_wh,
        load_frac=asked.load_frac,
        resale_frac=asked.resale_frac,
        discount_per_year=asked.discount_per_year,
    )


def _assumptions(terms: _Terms) -> list[Note]:
    asked, site = terms.question, terms.site
    worth = f"{WH_PER_MWH * terms.worth_usd_per_wh * terms.pue_ratio:,.0f} USD"
    rate = units.show(asked.discount_per_year, "per_year")
    texts = {
        "site": f"Sun, cooling (a mean PUE of {terms.pue_ratio:.3f}), carbon of the grid and, where it is not stated, "
        f"its price are those of {site.name}.",
        "worth_usd_per_wh": f"A MWh of IT energy earns {worth} before it pays for power. Racks count as bought either "
        "way: where they would come only with the power, less is gained.",
        "resale_frac": f"{100 * asked.resale_frac:.0f} % of the capital comes back when the grid arrives, from when on "
        f"the load runs on the grid; money is in present value at {rate}.",
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
    return [Note(code="assumed", path=path, text=text) for path, text in texts.items()]
