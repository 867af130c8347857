"""Plants on site against a wait for the grid: when each gives power, what it is worth, and what its energy costs."""

from __future__ import annotations

from gigawatt.report import charts
from gigawatt.report.document import Column, Document, Exhibit, Facts, Section, Table, Tile, united
from gigawatt.report.formats import cell
from gigawatt.study.predict.bridge import BridgeComparison


def document(found: BridgeComparison) -> Document:
    """A comparison of plants, the best first."""
    power, wait = cell(found.power_w, "w"), cell(found.grid_years, "years")
    pairs = (
        ("energy of the grid", cell(found.grid_usd_per_wh, "usd_per_wh")),
        ("carbon of the grid", cell(found.grid_carbon_kg_per_wh, "kg_per_wh")),
        ("worth of IT energy", cell(found.worth_usd_per_wh, "usd_per_wh")),
        ("mean load", cell(found.load_frac, "frac")),
    )
    asked = Facts(name="asked", title="", pairs=pairs)
    plants = (_worth(found), _energy(found)) if found.plants else ()
    return Document(
        title=f"{power} at {found.site}, where the grid comes in {wait}",
        tiles=_tiles(found),
        sections=(
            Section(slug="asked", title="Held against the grid", parts=(asked,)),
            Section(slug="plants", title="On site until then", parts=plants),
        ),
        notes=tuple(note.text for note in found.head.notes),
        made=f"Gigawatt {found.head.gigawatt}",
    )


def _tiles(found: BridgeComparison) -> tuple[Tile, ...]:
    """First figures of the best plant, where one is worth its cost."""
    best = found.plants[0] if found.plants else None
    if best is None or best.net_usd <= 0:
        return ()
    wait, grid = cell(found.grid_years, "years"), cell(found.grid_usd_per_wh, "usd_per_wh")
    price = cell(best.cost_usd_per_wh, "usd_per_wh")
    return (
        Tile(label=best.name, value=cell(best.net_usd, "usd"), note="worth more than they cost"),
        Tile(label="Power in", value=cell(best.lead_years, "years"), note=f"the grid takes {wait}"),
        Tile(label="Capital", value=cell(best.capex_usd, "usd"), note="before resale"),
        Tile(label="Energy over the wait", value=price, note=f"the grid's: {grid}"),
    )


def _worth(found: BridgeComparison) -> Exhibit:
    """What the time gained is worth, and what it costs."""
    best, wait = found.plants[0], cell(found.grid_years, "years")
    rows = tuple((p.name, p.lead_years, p.gained_years, p.capex_usd, p.worth_usd, p.net_usd) for p in found.plants)
    titles = {"Plant": "", "Power in": "years", "Gained": "years", "Capex": "usd", "Worth": "usd", "Net": "usd"}
    columns = [Column(title=title, suffix=suffix) for title, suffix in titles.items()]
    bars = [
        charts.Bar(
            label=plant.name,
            value=plant.worth_usd,
            text=cell(plant.worth_usd, "usd"),
            colour=0,
            dot=plant.worth_usd - plant.net_usd,
            dot_text=cell(plant.worth_usd - plant.net_usd, "usd"),
        )
        if plant.gained_years > 0
        else charts.Bar(label=plant.name, value=0.0, text="not before the grid", colour=0)
        for plant in found.plants
    ]
    title = "What the time gained is worth"
    says = f"No plant is worth what it costs before the grid comes in {wait}."
    if best.net_usd > 0:
        gained = f"power in {cell(best.lead_years, 'years')}, where the grid takes {wait}"
        says = f"{best.name}: {gained}; that is worth {cell(best.net_usd, 'usd')} more than it costs."
    return Exhibit(
        name="worth",
        says=says,
        shows=f"{title} and costs (capital less resale, upkeep and fuel), in present value",
        table=Table(
            name="plants", title="On site until then, the best first", columns=united(columns, rows), rows=rows
        ),
        chart=charts.bars(charts.About(name="worth", title=title, description=says), bars, ("worth", "costs")),
    )


def _energy(found: BridgeComparison) -> Table:
    """What a plant's energy costs; a dash where it is not sooner than the grid."""
    keys = ("name", "levelised_usd_per_wh", "cost_usd_per_wh", "extra_usd_per_wh", "carbon_kg_per_wh")
    rows = tuple(tuple(getattr(plant, key) for key in keys) for plant in found.plants)
    titles = dict.fromkeys(("Over its life", "Over the wait", "Above the grid"), "usd_per_wh")
    titles = {"Plant": "", **titles, "CO2": "kg_per_wh"}
    columns = [Column(title=title, suffix=suffix) for title, suffix in titles.items()]
    return Table(name="energy", title="What its energy costs and emits", columns=united(columns, rows), rows=rows)
