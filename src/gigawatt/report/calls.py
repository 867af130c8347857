"""What calls of the grid under contracts ask of sites, what is given, and what that costs, in tables and words."""

from __future__ import annotations

from gigawatt.report import names, words
from gigawatt.report.document import Table, table
from gigawatt.report.formats import cell
from gigawatt.report.views import View


def sites(v: View) -> Table | None:
    """Calls, hours and energy of every contract; None where nobody is called."""
    found = v.result.timeline.summary.calls
    if found is None:
        return None
    columns = {
        "Calls": ("calls_count", "count"),
        "Hours": ("called_h", "h"),
        "Of these, nothing asked": ("unasked_h", "h"),
        "Asked for": ("asked_wh", "wh"),
        "Given by work": ("slowed_wh", "wh"),
        "Given by a battery": ("battery_wh", "wh"),
    }
    rows = [(names.site(v.scenario, s.site), *(getattr(s, name) for name, _ in columns.values())) for s in found.sites]
    heads = {"Site": ""} | {title: suffix for title, (_, suffix) in columns.items()}
    return table("calls", f"Calls under contracts to curtail, {words.window(v)}", heads, rows)


def lost(v: View) -> Table | None:
    """What each kind of work loses to calls; None where none does."""
    found = v.result.timeline.summary.calls
    if found is None or not found.lost:
        return None
    rows = [
        (
            names.use_case(v.scenario, row.use_case),
            cell(row.tokens, "tokens") if row.tokens is not None else cell(row.flop, "flop"),
            "no price" if row.usd is None else row.usd,
        )
        for row in found.lost
    ]
    heads = {"Work": "", "Lost": "tokens", "Worth": "usd"}
    return table("calls-cost", "What the calls cost, against the same hours without them", heads, rows)


def cost(v: View) -> str:
    """What is given up, what that would have earned, and that over each megawatt-hour."""
    found = v.result.timeline.summary.calls
    if found is None:
        return ""
    given_wh = sum(site.slowed_wh + site.battery_wh for site in found.sites)
    if found.usd_per_wh is None:
        return "The grid's calls ask for nothing: the sites draw no more than their contracts leave them."
    return (
        f"The grid's calls take {cell(given_wh, 'wh')}; the work that is lost would have earned "
        f"{cell(found.usd, 'usd')}, which is {found.usd_per_wh * 1e6:,.0f} USD per MWh given up, before the energy "
        "that it saves."
    )
