"""How money is valued, and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from gigawatt.scenario.schema.contracts import CustomerFinancing, Guarantee, VendorFinancing
from gigawatt.units import Plausible


@dataclass(frozen=True, slots=True, kw_only=True)
class Finance:
    """Valuation in real money with mid-quarter flows: discount, lives, costs that scale with capital or revenue."""

    discount_per_year: Annotated[float, Plausible("0 %/year", "40 %/year", least="-50 %/year", most="1000 %/year")]
    """Real discount rate."""
    capital_cost_per_year: Annotated[float, Plausible("0 %/year", "40 %/year", least="0 %/year", most="1000 %/year")]
    """What capital costs in a total cost of ownership, the figure that published ones use."""
    rack_life_years: Annotated[float, Plausible("1 years", "15 years", least="0.25 years", most="100 years")]
    """Book life of racks, at whose end they leave; a whole number of quarters."""
    shell_life_years: Annotated[float, Plausible("5 years", "60 years", least="0.25 years", most="200 years")]
    """Book life of shells; a whole number of quarters."""
    network_frac: float
    """Cost of network and storage over the cost of racks."""
    non_compute_frac: float
    """Cost of everything that is not compute over revenue."""
    shell_usd_per_w_facility: Annotated[float, Plausible("1 USD/W", "60 USD/W", zero=True)]
    """Building, power and cooling, per W of facility power."""
    terminal_value_frac: float
    """Share of the unamortised annuity value that counts at the end of the horizon."""
    lease_rate_per_year: Annotated[
        float, Plausible("0 %/year", "40 %/year", least="-50 %/year", most="1000 %/year")
    ] = 0.10
    """What the owner of a leased shell earns on it."""
    lease_life_years: Annotated[float, Plausible("1 years", "50 years", least="0.25 years", most="200 years")] = 15.0
    """Time over which the owner of a leased shell earns its cost back."""
    tax_frac: float = 0.0
    """Rate of tax on income, losses carried forward; the default is none."""
    inflation_per_year: Annotated[float, Plausible("0 %/year", "15 %/year", least="-20 %/year", most="100 %/year")] = (
        0.0
    )
    """Growth of prices in general, which turns the nominal escalator of a lease into growth of real rent."""

    @property
    def rack_life_count(self) -> int:
        """Book life of racks in quarters."""
        return round(4 * self.rack_life_years)


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """Capital that follows when cumulative gross installed power reaches a mark."""

    power_w: Annotated[float, Plausible("1 MW", "200 GW")]
    """Cumulative gross installed power that releases it."""
    amount_usd: Annotated[float, Plausible("1 million USD", "5 trillion USD", least="1000 USD", zero=True)]
    """Capital that is released."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tranches:
    """Capital released with gigawatts: an amount for every so much power, or a list of milestones, not both."""

    power_basis: Literal["facility", "it"]
    """Where installed power is counted: at the facility's meter or at the IT."""
    release: Literal["step", "pro_rata"]
    """Whether money comes in whole steps (step) or in proportion to power (pro_rata)."""
    lag_count: Annotated[int, Plausible(1, 12, least=1, most=160)]
    """Quarters from installed power to money."""
    every_w: Annotated[float | None, Plausible("1 MW", "200 GW")] = None
    """Power that releases each amount; left out where milestones are listed."""
    amount_usd: Annotated[float | None, Plausible("1 million USD", "5 trillion USD")] = None
    """Capital for each step of power; left out where milestones are listed."""
    most_usd: Annotated[float | None, Plausible("1 million USD", "20 trillion USD")] = None
    """Most capital that steps of power release in all; left out where milestones are listed."""
    milestones: tuple[Milestone, ...] = ()
    """Milestones in rising order of power, in place of equal steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capital:
    """Where the money comes from: cash at the start, equity up front, debt with its limits, tranches, and contracts."""

    opening_cash_usd: Annotated[float, Plausible("1 million USD", "20 trillion USD", least="0 USD", zero=True)]
    """Cash at the start of the first quarter."""
    minimum_cash_usd: Annotated[float, Plausible("1 million USD", "20 trillion USD", least="0 USD", zero=True)]
    """Cash that is kept at all times."""
    upfront_equity_usd: Annotated[float, Plausible("1 million USD", "20 trillion USD", least="0 USD", zero=True)] = 0.0
    """Equity paid in at the start, beside the cash."""
    debt_rate_per_year: Annotated[
        float | None, Plausible("0 %/year", "40 %/year", least="0 %/year", most="1000 %/year")
    ] = None
    """Real interest rate on debt; needed where debt is allowed."""
    covenant_frac: float = 0.0
    """Most debt over the net book value of racks, network and shells; at 0 nothing is borrowed."""
    debt_limit_usd: Annotated[float, Plausible("1 million USD", "20 trillion USD", least="0 USD", zero=True)] = 0.0
    """Most debt, within the covenant; the default allows none."""
    distribution: Literal["excess", "none"] = "excess"
    """Whether cash above the minimum is paid out once it costs no interest and lenders allow it, or kept."""
    lock_up_frac: float = 1.0
    """Share of the plan's most facility power that stands before anything is paid out; 1 is completion."""
    distribution_cover_ratio: Annotated[float, Plausible(0.5, 10, least=0, most=1000, zero=True)] = 1.2
    """Free cash flow of the last year over its interest and repaid debt, below which nothing is paid out."""
    tranches: Tranches | None = None
    """Capital that follows installed power; left out: there is none."""
    guarantee: Guarantee | None = None
    """Guarantee of the value of leased shells; left out: there is none."""
    vendor: VendorFinancing | None = None
    """Credit of who sells racks; left out: there is none."""
    customer: CustomerFinancing | None = None
    """Money that a customer pays ahead; left out: there is none."""
