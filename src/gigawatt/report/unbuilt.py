"""A plan that builds nothing: what was set against what, and what would have to change."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gigawatt.report.document import Depth, Section, Table, united
from gigawatt.report.figures import exhibit
from gigawatt.report.tables import in_units, table
from gigawatt.report.views import View
from gigawatt.study import nothing

LEAD = "All else as it is; a limit that binds, where there is one, stands below."


def sections(v: View) -> Iterator[Section]:
    """What would have to change, where nothing is built; nothing where racks come after the reported window."""
    if nothing.built(v.result.plan):
        return
    ratio = nothing.price_ratio_of(v.result.notes)
    says = "No price of tokens is known from which on building would pay."
    if ratio is not None:
        says = f"Something would be worth building if every class sold for {ratio:.3g} times what it does."
    yield Section(
        slug="change",
        title="What would have to change",
        lead=LEAD,
        parts=(exhibit(prices(v, ratio), says, "", depth=Depth.BRIEF), racks(v), sites(v)),
    )


def prices(v: View, ratio: float | None) -> Table:
    """What tokens of each class sell for in the first and the last reported quarter, and what they would have to."""
    found = v.result.plan.inputs.price_usd_per_mtok.transpose("period", "use_case").values[[0, v.reported - 1]]
    needed = np.full(found.shape[1], None) if ratio is None else found[0] * ratio
    rows = [
        (label, first, last, needs)
        for label, first, last, needs in zip(v.classes, *found.tolist(), needed.tolist(), strict=True)
    ]
    price = "usd_per_mtok"
    heads = {"Class": "", f"Sells for, {v.years[0]}": price, f"{v.years[-1]}": price, "Would have to sell for": price}
    return in_units(table("break-even-prices", "What tokens sell for, and would have to", heads, rows))


def racks(v: View) -> Table:
    """What a rack of each platform costs and draws."""
    given, last = v.result.plan.inputs, v.reported - 1
    price = given.rack_price_usd.transpose("period", "platform").values
    power = given.rack_it_w.values
    rows = list(zip(v.platforms, price[0].tolist(), price[last].tolist(), power.tolist(), (price[0] / power).tolist(), strict=True))
    heads = {"Platform": "", f"Rack, {v.years[0]}": "usd", v.years[-1]: "usd", "IT power": "w", "Per watt of IT": "usd"}
    found = table("rack-prices", "What racks cost and draw", heads, rows, depth=Depth.FULL)
    return found


def sites(v: View) -> Table:
    """What energy and buildings cost at each site."""
    given = v.result.plan.inputs
    energy, shell = given.energy_price_usd_per_wh.values.tolist(), given.shell_usd_per_w.values.tolist()
    heads = {"Site": "", "Energy": "usd_per_wh", "Building, USD per W of facility power": "usd"}
    rows = list(zip(v.sites, energy, shell, strict=True))
    return table("site-prices", "What sites cost", heads, rows, depth=Depth.FULL)
