"""Campuses with their climate, cooling plants, published facilities, and power made on site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from gigawatt.catalog.records.evidence import EvidenceMap
from gigawatt.quarters import Course
from gigawatt.units import Plausible


@dataclass(frozen=True, slots=True, kw_only=True)
class Climate:
    """Climate normals of a site: enough to draw an hourly year and to size the cooling."""

    mean_degc: Annotated[float, Plausible("-20 degC", "35 degC", least="-40 degC", most="45 degC")]
    """Dry-bulb temperature, mean of the year."""
    yearly_amplitude_degc: Annotated[float, Plausible("0 degC", "30 degC", least="0 degC", most="40 degC")]
    """Half the swing of the daily mean temperature over the mean year."""
    daily_amplitude_degc: Annotated[float, Plausible("0 degC", "15 degC", least="0 degC", most="25 degC")]
    """Half the swing of the hourly mean temperature over the mean day."""
    warmest_hours_degc: Annotated[float, Plausible("5 degC", "52 degC", least="-20 degC", most="60 degC")]
    """Dry-bulb temperature that is exceeded in 1 % of the hours."""
    dew_point_degc: Annotated[float, Plausible("-30 degC", "28 degC", least="-50 degC", most="40 degC")]
    """Dew point, mean of the year."""
    warmest_day_count: Annotated[int, Plausible(1, 366, least=1, most=366)]
    """Warmest day of the mean year; 1 January is 1."""
    altitude_m: Annotated[float, Plausible("0 m", "4500 m", most="6000 m")]
    """Height above the sea."""
    weather_file: str = ""
    """Name of the nearest file with hourly weather; empty where none is near."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A campus: where it is, how its power arrives, and what power, carbon and cooling are like there."""

    id: str
    """Name by which it is looked up; it is the name of the file."""
    name: str
    """Name that people read, and by which it is looked up too."""
    partner: str
    """Who builds or owns the campus."""
    aliases: tuple[str, ...] = ()
    """Further names in the wild, by which it is looked up too."""
    description: str = ""
    """What it is, in a sentence or two."""
    country: str
    """Country, by its code of two letters."""
    latitude_deg: Annotated[float, Plausible("-60 deg", "75 deg", least="-90 deg", most="90 deg")]
    """Latitude, north of the equator above 0."""
    longitude_deg: Annotated[float, Plausible("-180 deg", "180 deg", least="-180 deg", most="180 deg")]
    """Longitude, east of Greenwich above 0."""
    utc_offset_h: Annotated[float, Plausible("-14 h", "14 h", least="-14 h", most="14 h")]
    """Standard time of the site less UTC, negative in the Americas."""
    ownership: Literal["own", "lease"]
    """Whether shells are built with the programme's own money or leased for a rent."""
    announced_power_w: Annotated[float, Plausible("1 MW", "100 GW")]
    """Facility power of the full build, as announced."""
    ramp_w: Annotated[Course, Plausible("1 MW", "100 GW", zero=True)]
    """Facility power that is energised, linear between its points, as announced; a scenario slips it."""
    provisioned_ratio: Annotated[float | None, Plausible(1, 2.5, least=1, most=10)] = None
    """Facility power provisioned over IT power, as its owner states it; left out: PUE of the warmest hours."""
    lead_time_years: Annotated[float, Plausible("0.25 years", "10 years", most="40 years", zero=True)]
    """Time before power over which the money for its shell is spent."""
    power_price_usd_per_wh: Annotated[float, Plausible("1 USD/MWh", "1 USD/kWh", zero=True)]
    """Mean price of energy, with delivery."""
    carbon_kg_per_wh: Annotated[float, Plausible("1 g/kWh", "1500 g/kWh", zero=True)]
    """Mean carbon intensity of the energy."""
    cooling: Literal["dry_cooler", "tower", "air_chiller", "evaporative", "air_side"]
    """Kind of cooling plant, by its id in the catalog."""
    climate: Climate
    """Climate normals of the place."""
    evidence: EvidenceMap = field(default_factory=dict)
    """Why each of its numbers is believed, by dotted path of its field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoolingPlant:
    """A cooling plant with its electrical chain; the kernel that reads it is `watts.Cooling`."""

    id: str
    """Name by which it is looked up; it is the name of the file."""
    name: str
    """Name that people read, and by which it is looked up too."""
    description: str = ""
    """What it is, in a sentence or two."""
    electrical_no_load_frac: float
    """Electrical loss at any load, iron losses and house load, over IT power at design load."""
    electrical_resistive_frac: float
    """Electrical loss at full load over IT power; it falls with the square of the load."""
    pump_frac: float
    """Power of the pumps, at any load, over IT power at design load."""
    fan_frac: float
    """Power of the outdoor fans at full speed over the heat of a water loop."""
    supply_degc: Annotated[float, Plausible("10 degC", "65 degC", least="0 degC", most="90 degC")]
    """Temperature at which the warm water loop is supplied to cold plates."""
    air_share_frac: float
    """Share of the heat that air carries, to the cool water loop."""
    air_fan_frac: float
    """Power of the room fans over the heat that air carries."""
    air_supply_degc: Annotated[float, Plausible("5 degC", "45 degC", least="0 degC", most="90 degC")]
    """Temperature at which the cool water loop is supplied."""
    free_cooling: bool
    """Whether outdoor air cools as far as it can; without it chillers carry all of the heat."""
    approach_degc: Annotated[float, Plausible("1 degC", "30 degC", least="0 degC", most="60 degC")]
    """How far above the outdoor air that cools it the water leaves the plant at design load."""
    range_degc: Annotated[float, Plausible("2 degC", "40 degC", least="0.1 degC", most="80 degC")]
    """Rise of the water's temperature through the load."""
    wet_frac: float
    """How far towards the wet bulb evaporation brings the air that cools: 0 is dry, 1 a tower."""
    wet_above_degc: Annotated[float, Plausible("-60 degC", "60 degC", least="-100 degC", most="100 degC")]
    """Dry-bulb temperature above which the plant evaporates water."""
    water_l_per_wh: Annotated[float, Plausible("0.01 l/kWh", "10 l/kWh", zero=True)]
    """Water for IT energy where all of the heat leaves as vapour, with what is blown down."""
    house_water_l_per_wh: Annotated[float, Plausible("0.001 l/kWh", "1 l/kWh", zero=True)] = 0.0
    """Water for IT energy at any weather: humidifiers, cleaning, pads that are rinsed."""
    evaporation: Literal["switched", "pads", "tower"] = "switched"
    """How much of the heat leaves as vapour: all while wetted, what pads cool the air by, or a tower's share."""
    pad_range_degc: Annotated[float, Plausible("5 degC", "30 degC", least="1 degC", most="60 degC")] = 12.0
    """By how much the load warms the air that pads have cooled."""
    wet_chiller: bool = False
    """Whether the heat that a chiller lifts behind pads leaves as vapour too."""
    chiller_frac: Annotated[float, Plausible("10 %", "90 %", least="1 %")]
    """Efficiency of the chiller over that of Carnot."""
    chiller_approach_degc: Annotated[float, Plausible("1 degC", "40 degC", least="0 degC", most="60 degC")]
    """Temperature that the chiller's lift has on top, for its heat exchangers."""
    chiller_min_lift_degc: Annotated[float, Plausible("1 degC", "40 degC", least="0 degC", most="60 degC")]
    """Least temperature lift at which the chiller works."""
    design_quantile_frac: Annotated[float, Plausible("90 %", "100 %", least="50 %")]
    """Share of the hours of a year that are within what the connection is sized for."""
    evidence: EvidenceMap = field(default_factory=dict)
    """Why each of its numbers is believed, by dotted path of its field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Locality:
    """A place with its climate normals, for what has none of its own."""

    name: str
    """Name of the place, as people read it."""
    country: str
    """Country, by its code of two letters."""
    words: tuple[str, ...]
    """Names in the wild of the place and of the land around it, such as "virginia"."""
    climate: Climate
    """Climate normals of the place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Climates:
    """Climate normals of many places, by the name of the place."""

    id: str
    """Name by which it is looked up; it is the name of the file."""
    name: str
    """Name that people read, and by which it is looked up too."""
    description: str = ""
    """What it is, in a sentence or two."""
    places: Mapping[str, Locality]
    """Places by their names, the more usual of two with the same words first."""
    evidence: EvidenceMap = field(default_factory=dict)
    """Why each of its numbers is believed, by dotted path of its field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudRegion:
    """A region of a cloud."""

    place: str
    """Where it is: a place of the catalog's climates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facility:
    """What stands for a data centre, a fleet or a kind of plant whose PUE or water use is published.

    What it states of a plant takes the place of the plant's own figure.
    """

    id: str
    """Name by which it is looked up; it is the name of the file."""
    name: str
    """Name that people read, and by which it is looked up too."""
    description: str = ""
    """What it is, in a sentence or two."""
    words: tuple[str, ...]
    """It is meant where an operator's name has all words of one of these, such as "google ohio"."""
    generic: bool = False
    """Whether it is meant only where no other facility is."""
    cooling: str
    """Cooling plant that stands for its own, by its id in the catalog."""
    sites: tuple[str, ...] = ()
    """Sites of the catalog in whose climates it stands, all alike; empty where it states its own climate or places."""
    climate: Climate | None = None
    """Climate normals of its own, in place of sites."""
    places: tuple[str, ...] = ()
    """Places of the catalog's climates in which it stands, all alike, in place of sites."""
    regions: Mapping[str, CloudRegion] = field(default_factory=dict)
    """Of a cloud: its regions by their ids, each with where it is."""
    load_frac: Annotated[float, Plausible("5 %", "100 %", least="1 %")]
    """Mean IT power over its design."""
    fitted: tuple[Literal["pue", "water"], ...] = ()
    """Metrics of which a published figure set numbers of the plant; others judge it."""
    fitted_places: tuple[str, ...] = ()
    """Places whose published figures set numbers of the plant; the others judge it."""
    overhead_spread_ratio: Annotated[float | None, Plausible(1.01, 5, least=1)] = None
    """P90 over P50, and P50 over P10, of PUE − 1 among buildings alike; left out: the band is that of the plant."""
    water_spread_ratio: Annotated[float | None, Plausible(1.01, 30, least=1)] = None
    """P90 over P50, and P50 over P10, of water use among buildings alike; left out: the band is that of the plant."""
    electrical_no_load_frac: float | None = None
    """Electrical loss at any load over IT power at design load; left out: the plant's."""
    electrical_resistive_frac: float | None = None
    """Electrical loss at full load over IT power; left out: the plant's."""
    air_share_frac: float | None = None
    """Share of the heat that air carries; left out: the plant's."""
    air_fan_frac: float | None = None
    """Power of the room fans over the heat that air carries; left out: the plant's."""
    air_supply_degc: Annotated[float | None, Plausible("5 degC", "45 degC", least="0 degC", most="90 degC")] = None
    """Temperature at which the cool loop is supplied; left out: the plant's."""
    water_l_per_wh: Annotated[float | None, Plausible("0.01 l/kWh", "10 l/kWh", zero=True)] = None
    """Water for IT energy where all of the heat leaves as vapour; left out: the plant's."""
    house_water_l_per_wh: Annotated[float | None, Plausible("0.001 l/kWh", "1 l/kWh", zero=True)] = None
    """Water for IT energy at any weather; left out: the plant's."""
    chiller_frac: Annotated[float | None, Plausible("10 %", "90 %", least="1 %")] = None
    """Efficiency of the chiller over that of Carnot; left out: the plant's."""
    wet_chiller: bool | None = None
    """Whether the heat that a chiller lifts behind pads leaves as vapour; left out: as at the plant."""
    evidence: EvidenceMap = field(default_factory=dict)
    """Why each of its numbers is believed, by dotted path of its field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnsitePower:
    """A kind of plant on site, or of storage; money and power are per W installed unless they say load.

    The kernel that plans with it is `watts.OnsitePower`.
    """

    id: str
    """Name by which it is looked up; it is the name of the file."""
    name: str
    """Name that people read, and by which it is looked up too."""
    description: str = ""
    """What it is, in a sentence or two."""
    lead_years: Annotated[float, Plausible("0.02 years", "15 years", most="100 years", zero=True)]
    """Time from order to power."""
    capex_usd_per_w: Annotated[float, Plausible("0.05 USD/W", "50 USD/W", zero=True)]
    """Capital for the plant without storage, per W installed."""
    installed_ratio: Annotated[float, Plausible(0.5, 50)]
    """W installed for each W of load: spare units, or sun by night."""
    storage_h: Annotated[float, Plausible("0.1 h", "8760 h", least="0 h", most="87600 h", zero=True)] = 0.0
    """Hours for which its storage carries the load; 0: it has none."""
    storage_price_usd_per_wh: Annotated[float, Plausible("0.01 USD/Wh", "1 USD/Wh", zero=True)] = 0.0
    """Capital for storage, per Wh that it holds."""
    yearly_opex_usd_per_w: Annotated[float, Plausible("0.001 USD/W", "5 USD/W", zero=True)]
    """Running cost of a year without fuel, per W installed."""
    fuel_usd_per_wh: Annotated[float, Plausible("0.5 USD/MWh", "1 USD/kWh", zero=True)]
    """Fuel and wear for energy made."""
    carbon_kg_per_wh: Annotated[float, Plausible("1 g/kWh", "2000 g/kWh", zero=True)]
    """Carbon for energy made, in operation."""
    capacity_frac: Annotated[float, Plausible("5 %", "100 %", least="1 %")]
    """Most energy of a year over that at full power all year."""
    life_years: Annotated[float, Plausible("1 years", "100 years", least="0.1 years", most="1000 years")]
    """Years that the plant stands."""
    round_trip_frac: Annotated[float, Plausible("20 %", "100 %", least="1 %")] = 1.0
    """Of storage: energy given over energy taken."""
    fade_frac: float = 0.0
    """Of storage: share of its energy that a full cycle costs it."""
    published_usd_per_wh: Annotated[float | None, Plausible("1 USD/MWh", "2 USD/kWh")] = None
    """Levelised cost as others state it, to hold ours against."""
    latitude_deg: Annotated[float | None, Plausible("-70 deg", "70 deg", least="-90 deg", most="90 deg")] = None
    """Of solar panels: latitude of the place for which the W installed are meant."""
    evidence: EvidenceMap = field(default_factory=dict)
    """Why each of its numbers is believed, by dotted path of its field."""
