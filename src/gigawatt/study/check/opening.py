"""What a scenario says stands already, in totals and by site and platform."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import xarray as xr

from gigawatt.programme import opening, tranches
from gigawatt.scenario.schema import Scenario
from gigawatt.study.answer import copied


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlinedRacks:
    """Racks of a platform that stand at a site, and the first and the last quarter that brought some."""

    site: str
    platform: str
    name: str
    racks_count: float
    it_w: float
    first_period: str
    last_period: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlinedShells:
    """Shells of a site: standing, sunk ones among them, those being built, and what was paid for those to come."""

    site: str
    name: str
    standing_w: float
    begun_w: float
    paid_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlinedOpening:
    """What stands, is owed and has been done when the horizon begins.

    gross_w: ever installed, and released_w: up to which tranches were paid, both on the basis of the tranches.
    book_usd: of racks, network and shells.
    """

    racks_count: float
    it_w: float
    facility_w: float
    shell_w: float
    gross_w: float
    released_w: float
    book_usd: float
    cash_usd: float
    debt_usd: float
    losses_usd: float
    begun_only: bool
    racks: tuple[OutlinedRacks, ...]
    shells: tuple[OutlinedShells, ...]


def outlined(scenario: Scenario, data: xr.Dataset) -> OutlinedOpening | None:
    """The opening state of a scenario; None where it states none. data: the planner's inputs."""
    asked, use = scenario.asked, scenario.asked.opening
    if use is None:
        return None
    shells = tuple(_shells(scenario, data))
    return copied(
        OutlinedOpening,
        use,
        racks_count=float(opening.start_count(data).sum()),
        it_w=float(opening.start_it_w(data).sum()),
        facility_w=float(opening.start_facility_w(data).sum()),
        shell_w=sum(one.standing_w for one in shells),
        gross_w=tranches.gross_at_start_w(data, asked),
        book_usd=opening.start_book_usd(data, asked),
        cash_usd=tranches.cash_at_start_usd(asked),
        racks=tuple(_racks(scenario, data)),
        shells=shells,
    )


def _racks(scenario: Scenario, data: xr.Dataset) -> Iterator[OutlinedRacks]:
    count = opening.cohorts_count(data).transpose("site", "platform", "before").values
    quarters = [str(quarter) for quarter in data.before.values]
    for site, platform in np.argwhere(count.sum(axis=2) > 0).tolist():
        here = np.flatnonzero(count[site, platform] > 0)
        key, total = str(data.platform.values[platform]), float(count[site, platform].sum())
        yield OutlinedRacks(
            site=str(data.site.values[site]),
            platform=key,
            name=scenario.records.accelerators[key].name,
            racks_count=total,
            it_w=total * float(data.rack_it_w[platform]),
            first_period=quarters[here[0]],
            last_period=quarters[here[-1]],
        )


def _shells(scenario: Scenario, data: xr.Dataset) -> Iterator[OutlinedShells]:
    use = scenario.asked.opening
    stands, paid = data.sunk_w + opening.start_shell_w(data), opening.paid_usd(data)
    for n, (key, site) in enumerate(scenario.records.sites.items()):
        begun = sum(entry.power_w for entry in use.begun if entry.site == key) if use is not None else 0.0
        figures = {"standing_w": float(stands[n]), "begun_w": float(begun), "paid_usd": float(paid[n])}
        if any(figures.values()):
            yield OutlinedShells(site=key, name=site.name, **figures)
