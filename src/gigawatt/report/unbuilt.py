"""A plan that builds nothing: what was set against what, and what would have to change."""

from __future__ import annotations

import numpy as np

from gigawatt.ndarrays import Floats
from gigawatt.report.document import Depth, Section, Table, in_units, table
from gigawatt.report.figures import exhibit
from gigawatt.report.tables import plain
from gigawatt.report.views import View
from gigawatt.study import nothing

LEAD = "What tokens sell for, and what that stands against; all else as it is."


def section(v: View) -> Section:
    """From which prices on something would be worth building, where a note says so; what prices stand against."""
    ratio = nothing.price_ratio_of(v.result.notes)
    if ratio is None:
        title, says = "What was weighed", "What tokens sell for stands against what racks and sites cost."
        found = exhibit(prices(v, 1.0).only(0, 1, 3), says, "")
    else:
        title = "What would have to change"
        says = f"Something would be worth building if every class sold for {ratio:.3g} times what it does."
        found = exhibit(prices(v, ratio), says, "", depth=Depth.BRIEF)
    return Section(slug="change", title=title, lead=LEAD, parts=(found, racks(v), sites(v)))


def prices(v: View, ratio: float) -> Table:
    """What tokens of each class sell for in the first and the last reported quarter, and what they would have to."""
    found = _ends(v, "price_usd_per_mtok", "use_case")
    figures = np.stack([found[0], ratio * found[0], found[1], ratio * found[1]], axis=1)
    titles = ("First quarter", "Needed", "Last quarter", "Needed then")
    title = f"What tokens sell for, {v.span}"
    rows = [(label, *plain(row)) for label, row in zip(v.classes, figures, strict=True)]
    return in_units(table("break-even-prices", title, {"Class": ""} | dict.fromkeys(titles, "usd_per_mtok"), rows))


def racks(v: View) -> Table:
    """What a rack of each platform costs and draws."""
    first, last = _ends(v, "rack_price_usd", "platform")
    power = v.result.plan.inputs.rack_it_w.values
    columns = {"First quarter": "usd", "Last quarter": "usd", "IT power": "w", "First, a watt of IT": "usd"}
    rows = [
        (label, *plain(row))
        for label, row in zip(v.platforms, np.stack([first, last, power, first / power], axis=1), strict=True)
    ]
    title = f"What racks cost, {v.span}, and draw"
    return table("rack-prices", title, {"Platform": ""} | columns, rows, depth=Depth.FULL)


def _ends(v: View, name: str, dim: str) -> Floats:
    """An input in the first and in the last reported quarter."""
    return v.result.plan.inputs[name].transpose("period", dim).values[[0, v.reported - 1]]


def sites(v: View) -> Table:
    """What energy and buildings cost at each site."""
    given = v.result.plan.inputs
    energy, shell = given.energy_price_usd_per_wh.values.tolist(), given.shell_usd_per_w.values.tolist()
    heads = {"Site": "", "Energy": "usd_per_wh", "Building, a watt of facility power": "usd"}
    rows = list(zip(v.sites, energy, shell, strict=True))
    return table("site-prices", "What sites cost", heads, rows, depth=Depth.FULL)
