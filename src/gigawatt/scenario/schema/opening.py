"""What stands already when the horizon begins: of a programme under way, or of a fleet that is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from gigawatt.units import Plausible


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingRacks:
    """Racks that one quarter before the horizon brought to a site; they leave at the end of their book life."""

    site: str
    """Site where they stand, by its name in this file."""
    platform: str
    """Platform that they are of, by its name in this file."""
    installed_date: Annotated[str, Plausible(2000, 2060, least=1990, most=2150)]
    """Quarter in which they were installed, before the horizon."""
    racks_count: Annotated[float, Plausible(0.001, 1e6, zero=True)]
    """How many they are."""
    price_usd: Annotated[float | None, Plausible("20 thousand USD", "100 million USD", zero=True)] = None
    """What one of them cost, without its network; left out: the platform's price in that quarter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingShells:
    """Shells that stand at a site, by when they were paid."""

    site: str
    """Site where they stand, by its name in this file."""
    paid_date: Annotated[str, Plausible(2000, 2060, least=1990, most=2150)]
    """Quarter in which they were paid, before the horizon; of a long construction its middle."""
    power_w: Annotated[float, Plausible("100 W", "100 GW", zero=True)]
    """Facility power that they hold."""
    cost_usd_per_w_facility: Annotated[float | None, Plausible("1 USD/W", "60 USD/W", zero=True)] = None
    """What they cost per W of facility power; left out: as the site's shells do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BegunShells:
    """Shells that are being built at a site."""

    site: str
    """Site where they are built, by its name in this file."""
    ready_date: Annotated[str, Plausible(2000, 2060, least=1990, most=2150)]
    """Quarter of the horizon in which they can be energised."""
    power_w: Annotated[float, Plausible("100 W", "100 GW", zero=True)]
    """Facility power that they will hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidShells:
    """Money paid for shells of a site that do not stand yet; it counts against what the site's next shells cost."""

    site: str
    """Site where they are built, by its name in this file."""
    paid_date: Annotated[str, Plausible(2000, 2060, least=1990, most=2150)]
    """Quarter in which it was paid, before the horizon."""
    amount_usd: Annotated[float, Plausible("1 USD", "5 trillion USD", zero=True)]
    """What was paid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorLoan:
    """Money that the vendor of racks lent before the horizon; it is repaid on the terms of `capital.vendor`."""

    lent_date: Annotated[str, Plausible(2000, 2060, least=1990, most=2150)]
    """Quarter in which it was lent, before the horizon."""
    amount_usd: Annotated[float, Plausible("1 USD", "5 trillion USD", zero=True)]
    """What was lent then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """How far a training run is."""

    run: str
    """The run, by its name in this file."""
    done_frac: float
    """Share of its volume that is trained."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What stands, is owed and has been done when the horizon begins. Its cost is sunk, its book value is not."""

    racks: tuple[StandingRacks, ...] = ()
    """Racks that stand, by site, platform and quarter of installation."""
    shells: tuple[StandingShells, ...] = ()
    """Shells that stand, beside those that a site declares sunk."""
    paid: tuple[PaidShells, ...] = ()
    """Money paid for shells that do not stand yet."""
    begun: tuple[BegunShells, ...] = ()
    """Shells that are being built."""
    begun_only: bool = False
    """Whether shells that are not being built take their whole lead time; else they can be had at once, and what they
    cost before the horizon is paid in its first quarter."""
    gross_w: Annotated[float | None, Plausible("1 MW", "200 GW", zero=True)] = None
    """Cumulative power ever installed, on the basis of the tranches; left out: that of the racks that stand."""
    released_w: Annotated[float, Plausible("1 MW", "200 GW", zero=True)] = 0.0
    """Cumulative power up to which tranches have been paid: the last milestone that was, in whole steps."""
    cash_usd: Annotated[float | None, Plausible("1 million USD", "20 trillion USD", least="0 USD", zero=True)] = None
    """Cash at hand, in place of the opening cash and the equity up front of capital; left out: these."""
    debt_usd: Annotated[float, Plausible("1 million USD", "20 trillion USD", least="0 USD", zero=True)] = 0.0
    """Debt that is owed."""
    vendor_loans: tuple[VendorLoan, ...] = ()
    """What the vendor of racks lent before the horizon."""
    losses_usd: Annotated[float, Plausible("1 million USD", "20 trillion USD", least="0 USD", zero=True)] = 0.0
    """Losses that tax on later income is yet to be set off against."""
    trained: tuple[Trained, ...] = ()
    """Training runs that have begun."""
