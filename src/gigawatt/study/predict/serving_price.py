"""What a package costs an hour by the prices of the catalog, what is in that figure, and for how much it is rented."""

from __future__ import annotations

from gigawatt import dollars
from gigawatt.catalog import records
from gigawatt.catalog.rented import newest_rent, rent_text
from gigawatt.quarters import HOURS_PER_YEAR

# Over which hardware alone is worn off, evenly and without capital cost.
HARDWARE_LIFE_YEARS = 5.0
# What is in the figure and what is not, in the words that stand beside it.
STATED_BASIS = "as stated"
HARDWARE_BASIS = (
    "hardware alone: the {} price over five years of hours, without network, building, energy, operation and cost of "
    "capital, which the total cost of a GPU-hour in `gigawatt run` has"
)


def hourly_usd(accelerator: records.Accelerator) -> float | None:
    """What a package costs an hour: its share of the rack's price over five years of hours; None without a price.

    A floor, without power, building and capital cost: a scenario's accounts have those.
    """
    share = dollars.recovery_frac(0.0, HARDWARE_LIFE_YEARS) / HOURS_PER_YEAR
    if accelerator.rack_price_usd is not None:
        return accelerator.rack_price_usd * share / accelerator.packages_per_rack_count
    return None if accelerator.package_price_usd is None else accelerator.package_price_usd * share


def usd_basis(accelerator: records.Accelerator) -> str | None:
    """What `hourly_usd` is made of; None where the catalog has no price."""
    if accelerator.rack_price_usd is not None:
        return HARDWARE_BASIS.format("rack's")
    return None if accelerator.package_price_usd is None else HARDWARE_BASIS.format("GPU's")


def rent_figures(accelerator: records.Accelerator) -> dict[str, float | str | None]:
    """What an hour of a package was last rented for, on which day and by whose word; None each where nobody says.

    As of the day that the catalog is read for: rents stand beside what hardware costs and take no part in it.
    """
    rent = newest_rent(accelerator.id)
    told = None if rent is None else (rent.usd_per_h, rent.day_date, rent_text(rent))
    return dict(zip(("rent_usd_per_h", "rent_date", "rent_basis"), told or (None, None, None), strict=True))
