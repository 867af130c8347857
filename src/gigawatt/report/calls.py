"""What calls of the grid under contracts ask of sites, what is given, and what that costs, in tables and words."""

from __future__ import annotations

from gigawatt.report import names, words
from gigawatt.report.document import Column, Table, Value
from gigawatt.report.formats import cell
from gigawatt.simulation.summary import CalledWork
from gigawatt.study.result import Result


def sites(result: Result) -> Table | None:
    """Calls, hours and energy of every contract; None where nobody is called."""
    found = result.timeline.summary.calls
    if found is None:
        return None
    rows: list[tuple[Value, ...]] = [
        (
            names.site(result.scenario, site.site),
            f"{site.calls_count:,.0f}",
            f"{site.called_h:,.0f}",
            f"{site.unasked_h:,.0f}",
            cell(site.asked_wh, "wh"),
            cell(site.slowed_wh, "wh"),
            cell(site.battery_wh, "wh"),
        )
        for site in found.sites
    ]
    heads = ("Calls", "Hours", "Of these, nothing asked", "Asked for", "Given by work", "Given by a battery")
    columns = (Column(title="Site"), *(Column(title=head, suffix="count") for head in heads))
    title = f"Calls under contracts to curtail, {words.window(result)}"
    return Table(title=title, columns=columns, rows=tuple(rows))


def lost(result: Result) -> Table | None:
    """What each kind of work loses to calls; None where none does."""
    found = result.timeline.summary.calls
    if found is None or not found.lost:
        return None
    rows: list[tuple[Value, ...]] = [
        (
            names.use_case(result.scenario, row.use_case),
            _amount(row),
            cell(row.usd, "usd") if row.usd is not None else "no price",
        )
        for row in found.lost
    ]
    columns = (Column(title="Work"), Column(title="Lost", suffix="tokens"), Column(title="Worth", suffix="usd"))
    return Table(title="What the calls cost, against the same hours without them", columns=columns, rows=tuple(rows))


def _amount(row: CalledWork) -> str:
    return cell(row.tokens, "tokens") if row.tokens is not None else cell(row.flop, "flop")


def cost(result: Result) -> str:
    """What is given up, what that would have earned, and that over each megawatt-hour."""
    found = result.timeline.summary.calls
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
