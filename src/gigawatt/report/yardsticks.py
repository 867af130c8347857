"""What all work takes and what a gigawatt costs, as a table, with the basis of each figure in words."""

from __future__ import annotations

from collections.abc import Sequence

from gigawatt.programme.yardstick import Yardstick, Yardsticks
from gigawatt.report.document import Facts, Table, in_units, table
from gigawatt.report.names import Power
from gigawatt.study.dates import quarter

# How the words of a basis are told, by their key in `Yardsticks.bases`.
TOLD = {
    "serving_apart": "Apart",
    "serving_together": "Together",
    "owned_at_capital_cost": "Owned",
    "needed_at_discount": "Needed",
    "facility": "Facility power",
}


def listed(rows: Sequence[Yardstick], power: Power) -> Table:
    """Yardsticks by quarter and platform, in facility power; power: by which a year of it is told."""
    heads = {
        "Quarter": "",
        "Platform": "",
        "All work, each class apart": "w",
        "All work, together": "w",
        f"A {power.symbol}-year, owned": "usd",
        f"A {power.symbol}-year, needed": "usd",
    }
    figures = [
        (
            quarter(row.period),
            row.part,
            row.serving_apart_facility_w,
            row.serving_together_facility_w,
            row.owned_usd_per_gw_year("facility") * power.gw,
            row.needed_usd_per_gw_year("facility") * power.gw,
        )
        for row in rows
    ]
    title = f"What all work would take, built of one platform alone, and what a {power.name} bought then costs"
    return in_units(table("yardsticks", f"{title}, in facility power", heads, figures))


def explained(found: Yardsticks) -> Facts:
    """What each figure is counted by."""
    pairs = tuple((told, found.bases[key]) for key, told in TOLD.items())
    return Facts(name="yardstick-bases", title="What is in each figure", pairs=pairs)
