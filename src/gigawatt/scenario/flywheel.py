"""The table [flywheel]: how training compute becomes capability, users, revenue, capital and compute again.

A factor "per order" is by how much a quantity is multiplied where effective training compute grows tenfold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from gigawatt.catalog.tables import Reader
from gigawatt.quarters import Course
from gigawatt.units import Plausible

PATH = "flywheel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flywheel:
    """Elasticities of the flywheel, and what it starts from.

    Progress, cost of compute and capital turn the past alone, of which nothing but power is known: a plan has its own
    hardware, prices and money.
    """

    history: str
    """History that the wheel is judged by, by its id in the catalog."""
    users_odds_ratio: Annotated[float, Plausible(0.05, 100, least=1e-3, most=1e3)]
    """Odds that a person is a weekly user, per order of effective training compute."""
    user_tokens_ratio: Annotated[float, Plausible(0.05, 100, least=1e-3, most=1e3)]
    """Tokens of a user, per order of effective training compute."""
    token_price_ratio: Annotated[float, Plausible(0.05, 100, least=1e-3, most=1e3)]
    """Price of a token, per order of effective training compute."""
    research_elasticity_ratio: Annotated[float, Plausible(0.01, 2, most=3, zero=True)]
    """Growth of research compute over that of demand; 1 is a constant share of the fleet."""
    capital_per_revenue_ratio: Annotated[float, Plausible(0.05, 50)]
    """Capital for compute that a dollar of yearly revenue brings in the next year, of whomever."""
    algorithmic_progress_per_year: Annotated[
        float, Plausible("1 %/year", "500 %/year", least="0 %/year", most="1000 %/year", zero=True)
    ]
    """Rate at which algorithms need less compute for the same capability."""
    hardware_progress_per_year: Annotated[
        float, Plausible("1 %/year", "200 %/year", least="0 %/year", most="1000 %/year", zero=True)
    ]
    """Growth of operations per watt of the fleet."""
    compute_cost_usd_per_w: Annotated[float, Plausible("2 USD/W", "200 USD/W")]
    """Capital for a watt of compute."""
    people_count: Annotated[float, Plausible(1e5, 2e10)]
    """People who could be users."""
    research_before_flop: Annotated[float, Plausible("1e20 FLOP", "1e33 FLOP")]
    """Research compute that was done when the plan begins."""


def check_flywheel(use: Flywheel, users_count: Mapping[str, Course], reader: Reader) -> None:
    """Add every fault of the table to the reader; users_count: weekly users, by the class that they make."""
    for key, path in users_count.items():
        if 0 < use.people_count < max(path.values):
            least = f"at least the {max(path.values):,.0f} weekly users of use_cases.{key}"
            reader.fault(f"{PATH}.people", f"{use.people_count:,.0f}", least)
