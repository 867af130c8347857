"""Values of a scenario, and of the records that it uses, that leave their plausible range and are not said to be meant.

`implausible = ["platforms.gb300.rack_price"]` at the top of a scenario says so of the paths that it lists, and of all
below them. What is absurd is refused whether it is listed or not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gigawatt import units
from gigawatt.catalog.plausible import named
from gigawatt.errors import Fault
from gigawatt.scenario.schema import OVER_SITE, Asked


def unmeant(asked: Asked, records: Mapping[str, Mapping[str, Any]]) -> tuple[Fault, ...]:
    """Path, value and plausible range of each; those of records begin with "catalog".

    records: by kind and key, as the paths of their numbers name them.
    """
    found = list(unlisted(asked, asked.implausible))
    known = [*asked.implausible, *_of_the_scenario(asked)]
    for kind, members in records.items():
        for key, record in members.items():
            found += unlisted(record, known, f"catalog.{kind}.{key}")
    return tuple(found)


def unlisted(record: object, meant: Sequence[str], path: str = "") -> tuple[Fault, ...]:
    """Values of one record, or of a table, that leave their range, but for those at or below a path that is meant."""
    return tuple(fault for fault in named(record, path) if not any(_within(fault.path, above) for above in meant))


def _of_the_scenario(asked: Asked) -> list[str]:
    """Paths of what a site has from the scenario and no longer from the catalog: they were judged there."""
    return [
        f"catalog.sites.{key}.{units.split(name)[0]}"
        for key, use in asked.sites.items()
        for name in OVER_SITE
        if getattr(use, name) is not None
    ]


def _within(path: str, above: str) -> bool:
    return path == above or path.startswith((f"{above}.", f"{above}["))
