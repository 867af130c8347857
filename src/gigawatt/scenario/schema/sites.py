"""Sites of a programme, as a scenario sees them, and what the grid asks of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from gigawatt.quarters import Course
from gigawatt.scenario.schema.contracts import Lease
from gigawatt.units import Plausible

# What a scenario may see differently of a site than the catalog does.
OVER_SITE = ("ramp_w", "ownership", "power_price_usd_per_wh")


@dataclass(frozen=True, slots=True, kw_only=True)
class Curtailment:
    """A contract to give way to the grid in a share of the hours of a year.

    It is called when energy is dearest, or at random where no hourly price is known.
    """

    hours_frac: float
    """Share of the hours of a year in which the site may be called."""
    depth_frac: float
    """Share of the draw, or of the connection, that the site gives up in a call."""
    longest_h: Annotated[int, Plausible("1 h", "1000 h", least="1 h", most="8760 h")]
    """Longest call, in whole hours."""
    depth_of: Literal["draw", "connection"] = "draw"
    """Give up a share of the draw, or draw at most what the share leaves of the connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """A battery at a site, which stands there from the first power on."""

    power_w: Annotated[float, Plausible("100 kW", "50 GW")]
    """Most power that it takes or gives."""
    energy_wh: Annotated[float, Plausible("100 kWh", "500 GWh", zero=True)]
    """Most energy that it holds, from a quarter of an hour to a day at its power."""
    source: str = "lithium_battery"
    """Plant of the catalog with the storage that it is made of, for its losses and its wear."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """What the grid asks of a site beside the price of energy."""

    minute_ramp_w: Annotated[float | None, Plausible("10 kW", "100 GW")] = None
    """Most that the draw may change in a minute; left out: any change is allowed."""
    monthly_demand_usd_per_w: Annotated[float, Plausible("0.1 USD/kW", "100 USD/kW", most="1 USD/W", zero=True)] = 0.0
    """Charge on the highest hour of every month."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteUse:
    """A site of the programme: the catalog's record, with what this scenario sees differently."""

    site: str = ""
    """Id or name of the site in the catalog; left out: the name of the table."""
    slip_count: Annotated[int, Plausible(0, 40, most=160)] = 0
    """Quarters by which power that is still to come is late."""
    ramp_w: Annotated[Course | None, Plausible("1 MW", "100 GW", zero=True)] = None
    """Facility power that is energised, linear between its points; left out: the catalog's."""
    ownership: Literal["own", "lease"] | None = None
    """Whether its shells are built with own money or leased; left out: the catalog's, or leased where a lease is."""
    lease: Lease | None = None
    """Terms on which its shells are leased; left out: those of finance, where they are leased."""
    power_price_usd_per_wh: Annotated[float | None, Plausible("1 USD/MWh", "1 USD/kWh", zero=True)] = None
    """Mean price of energy, with delivery; left out: the catalog's."""
    shell_usd_per_w_facility: Annotated[float | None, Plausible("1 USD/W", "60 USD/W", zero=True)] = None
    """Building, power and cooling at this site, per W of facility power; left out: as in finance."""
    sunk_w: Annotated[float, Plausible("100 kW", "100 GW", zero=True)] = 0.0
    """Facility power whose shells stand and are paid for when the plan begins."""
    weather_file: str = ""
    """File with a year of hourly weather, in place of the climate normals."""
    price_file: str = ""
    """File with a year of hourly energy prices, in place of the mean price."""
    carbon_file: str = ""
    """File with a year of hourly carbon intensities, in place of the mean."""
    files_offset_h: Annotated[float | None, Plausible("-14 h", "14 h", least="-14 h", most="14 h")] = None
    """Clock of price and carbon files whose times do not state theirs, less UTC."""
    price_level: Literal["file", "plan"] = "file"
    """Pay what the price file says in every year (file), or only take its shape about the power price (plan)."""
    price_ratios: tuple[tuple[float, ...], ...] = ()
    """Price over its mean, 12 rows of months by 24 hours of standard time, where there is no price file."""
    curtailment: Curtailment | None = None
    """Contract to give way to the grid; left out: there is none."""
    battery: Battery | None = None
    """Battery at the site; left out: there is none."""
    connection: Connection | None = None
    """What the grid asks beside the price of energy; left out: nothing."""
