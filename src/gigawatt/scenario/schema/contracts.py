"""Contracts of a programme: leases of shells, a guarantee of their value, credit of vendors and customers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from gigawatt.units import Plausible


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Terms on which the shells of a site are let. With none of them stated the site is leased as any other is."""

    monthly_rent_usd_per_w_it: Annotated[float | None, Plausible("10 USD/kW", "2 USD/W", zero=True)] = None
    """Rent of a month per W of IT power as it is delivered; left out: what the owner's capital asks for, the cost of
    the shell times the annuity at the owner's rate."""
    term_years: Annotated[float | None, Plausible("1 years", "40 years", least="0.25 years", most="100 years")] = None
    """Time of letting from delivery, a whole number of quarters, over which the owner earns its capital back; whoever
    stays longer pays as before. Left out: the life of leases in finance."""
    escalator_per_year: Annotated[float, Plausible("0 %/year", "10 %/year", least="-20 %/year", most="100 %/year")] = (
        0.0
    )
    """Nominal growth of the rent; the inflation of finance is taken off it."""
    minimum_take_frac: float = 0.0
    """Share of the rent of all delivered power that is paid whether it is used or not."""
    way_out_years: Annotated[float | None, Plausible("0.25 years", "5 years", most="40 years", zero=True)] = None
    """Delay of delivery beyond which the tenant may leave what is late free of charge, so that no minimum of it binds;
    left out: none."""
    termination_years: Annotated[float | None, Plausible("0.25 years", "20 years", most="100 years", zero=True)] = None
    """Years of the minimum rent that leaving early costs; left out: all that is still to come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarantee:
    """A promise to the owner of leased shells: what reletting or sale leaves short of a share of the lease value, which
    is the present value of the rent still to come, is paid if the tenant fails."""

    guarantor: str
    """Who gives the guarantee."""
    cap_usd: Annotated[float, Plausible("1 million USD", "5 trillion USD", least="0 USD", zero=True)]
    """Most that is ever paid; 0 stands for no guarantee."""
    sites: tuple[str, ...] = ()
    """Leased sites that it covers, by their names in this file; left out: all leased ones."""
    covered_power_w: Annotated[float | None, Plausible("1 MW", "100 GW", zero=True)] = None
    """IT power that it covers, what is delivered first before the rest; left out: all."""
    covered_frac: float = 1.0
    """Share of a shortfall that is paid."""
    guaranteed_frac: float
    """Guaranteed minimum over the lease value."""
    term_years: Annotated[float, Plausible("1 years", "40 years", least="0.25 years", most="100 years")]
    """Time for which it holds from the first delivery, a whole number of quarters."""
    default_per_year: Annotated[float, Plausible("0 %/year", "50 %/year", least="0 %/year", most="1000 %/year")]
    """Hazard of the tenant's failure."""
    rating_per_year: Annotated[float, Plausible("0 %/year", "100 %/year", least="0 %/year", most="1000 %/year")] = 0.0
    """Hazard of the tenant's credit rating becoming so good that the guarantee ends."""
    recovery_frac: float
    """Share of the lease value that reletting or sale brings after a failure."""
    guaranteed_rate_per_year: Annotated[
        float, Plausible("0 %/year", "40 %/year", least="-50 %/year", most="1000 %/year")
    ]
    """What the owner earns on shells that are covered, at most the lease rate of finance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorFinancing:
    """Credit of who sells racks: a share of their price is lent as they are paid, repaid in level quarterly parts."""

    vendor: str
    """Who lends the money."""
    share_frac: float
    """Share of the price of racks, without their network, that is lent."""
    rate_per_year: Annotated[float, Plausible("0 %/year", "40 %/year", least="0 %/year", most="1000 %/year")]
    """Real interest rate on what is owed."""
    term_years: Annotated[float, Plausible("0.25 years", "15 years", least="0.25 years", most="100 years")]
    """Time over which each loan is repaid, a whole number of quarters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerFinancing:
    """Money that a customer pays ahead of its service, given back as service in level quarterly parts."""

    customer: str
    """Who pays ahead of service."""
    amount_usd: Annotated[float, Plausible("1 million USD", "5 trillion USD", least="0 USD", zero=True)]
    """What is paid ahead of service."""
    paid_date: Annotated[str, Plausible(2000, 2060, least=1990, most=2150)]
    """Quarter in which it is paid; before the horizon only beside an opening state, whose cash then holds it."""
    rate_per_year: Annotated[float, Plausible("0 %/year", "40 %/year", least="0 %/year", most="1000 %/year")]
    """Real interest rate by which the service is more than what was paid."""
    term_years: Annotated[float, Plausible("0.25 years", "15 years", least="0.25 years", most="100 years")]
    """Time over which it is given back from the quarter after, a whole number of quarters."""
