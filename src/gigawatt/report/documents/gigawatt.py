"""A gigawatt of each of several parts for a year: what it holds and serves, what that earns, costs and leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gigawatt.report import charts
from gigawatt.report.document import Column, Document, Exhibit, Facts, Section, Table, Tile, Value, united
from gigawatt.report.formats import Scale, cell
from gigawatt.study.predict.band import Band
from gigawatt.study.predict.gigawatt import GigawattComparison, GigawattPart
from gigawatt.study.predict.gigawatt_year import GigawattYear

BASES = {"facility": "facility power", "it": "IT power"}
UNKNOWN = "not known"
PRICE = "{} of prompts that are read, {} of those in the cache, {} of answers"
BILLION = Scale(size=1e9, unit="billion USD", digits=1)
MTOK = Scale(size=1.0, unit="USD/Mtoken", digits=2)
SHARE = Scale(size=0.01, unit="%", digits=0)


def document(found: GigawattComparison) -> Document:
    """A gigawatt of each part, the most profitable first."""
    return Document(
        title=f"{cell(found.power_w, 'w')} of {BASES[found.power_basis]} that sells the tokens of {found.model}",
        tiles=_tiles(found),
        sections=(
            Section(slug="profit", title="What a year leaves", parts=(_profit(found),)),
            Section(slug="money", title="What is earned, and on what", parts=(_money(found), _asked(found))),
            Section(slug="served", title="What stands and serves", parts=(_served(found),)),
            Section(slug="bases", title="By other counts", parts=(_bases(found), _costs(found), _hours(found))),
        ),
        notes=tuple(note.text for note in found.head.notes),
        made=f"Gigawatt {found.head.gigawatt}",
    )


def _tiles(found: GigawattComparison) -> tuple[Tile, ...]:
    best = found.parts[0]
    year = best.year
    profit = year.profit_usd_per_gw_year
    paid = UNKNOWN if year.break_even_frac is None else SHARE.text(year.break_even_frac.p50) + " %"
    return (
        Tile(label=best.gpu, value=_usd(profit), note=f"profit of a GW-year, {_span(profit, _usd_of)}"),
        Tile(label="Revenue", value=_usd(year.revenue_usd_per_gw_year), note="of a GW-year"),
        Tile(
            label="Breaks even at", value=paid, note=f"of full use, where {cell(found.sale.use_frac, 'frac')} is sold"
        ),
        Tile(label="Users", value=_users(found, year), note=f"in service per MW of {BASES[found.power_basis]}"),
    )


def _usd_of(value: float) -> str:
    return cell(value, "usd")


def _usd(of: Band | None) -> str:
    return UNKNOWN if of is None else cell(of.p50, "usd")


def _span(of: Band | None, said: Callable[[float], str]) -> str:
    return "of a cost that is not known" if of is None else f"P10 {said(of.p10)}, P90 {said(of.p90)}"


def _per_mw(found: GigawattComparison, year: GigawattYear) -> float | None:
    """Users for a megawatt on the basis that is asked for."""
    return year.users_count_per_mw_it if found.power_basis == "it" else year.users_count_per_mw_facility


def _users(found: GigawattComparison, year: GigawattYear) -> str:
    return cell(_per_mw(found, year), "count")


def _profit(found: GigawattComparison) -> Exhibit:
    """Profit of a year by part, with its band."""
    known = [(part, band) for part in found.parts if (band := part.year.profit_usd_per_gw_year) is not None]
    says = "What a part costs is not known of any of them."
    if known:
        (best, most), (last, least) = known[0], known[-1]
        says = f"A gigawatt of {best.gpu} leaves {cell(most.p50, 'usd')} a year"
        says += "." if best is last else f", one of {last.gpu} {cell(least.p50, 'usd')}."
    title = "Profit of a GW-year, billion USD"
    rows = [
        charts.Sure(label=part.gpu, p10=band.p10 / 1e9, p50=band.p50 / 1e9, p90=band.p90 / 1e9) for part, band in known
    ]
    about = charts.About(name="profit", title=title, description=says)
    return Exhibit(
        name="profit",
        says=says,
        shows=f"{title}: revenue less the licence and the cost of owning; bands of throughput alone",
        table=_years(found),
        chart=charts.bands(about, rows, "billion USD") if rows else None,
    )


def _years(found: GigawattComparison) -> Table:
    """Revenue, cost and profit of a year by part, with what a token costs."""
    heads = (
        Column(title="GPU"),
        *(
            Column(title=title, suffix="usd", scale=BILLION)
            for title in ("Revenue, billion USD", "Cost", "Profit, P50", "P10", "P90")
        ),
        Column(title="Breaks even at, % of full use", suffix="frac", scale=SHARE),
        Column(title=f"Cost, {MTOK.unit} of output", suffix="usd_per_mtok", scale=MTOK),
        Column(title="of all tokens", suffix="usd_per_mtok", scale=MTOK),
    )
    rows = tuple(tuple(_year_row(part)) for part in found.parts)
    return Table(name="years", title="A year of a gigawatt", columns=heads, rows=rows, brief_columns=(0, 1, 2, 3, 6, 7))


def _year_row(part: GigawattPart) -> Iterator[Value]:
    year, profit = part.year, part.year.profit_usd_per_gw_year
    yield part.gpu
    yield year.revenue_usd_per_gw_year.p50
    yield year.cost_usd_per_gw_year
    yield from (None, None, None) if profit is None else (profit.p50, profit.p10, profit.p90)
    yield from (
        None if band is None else band.p50 for band in (year.break_even_frac, year.usd_per_mtok, year.all_usd_per_mtok)
    )


def _money(found: GigawattComparison) -> Table:
    """Where the revenue of a year comes from and goes to."""
    heads = (
        Column(title="GPU"),
        *(
            Column(title=title, suffix="usd", scale=BILLION)
            for title in ("Prompts read, billion USD", "Prompts cached", "Answers", "Licence", "Cost", "Profit")
        ),
    )
    rows = tuple(
        (
            part.gpu,
            year.read_usd_per_gw_year,
            year.cached_usd_per_gw_year,
            year.output_usd_per_gw_year,
            -year.licence_usd_per_gw_year,
            None if year.cost_usd_per_gw_year is None else -year.cost_usd_per_gw_year,
            None if year.profit_usd_per_gw_year is None else year.profit_usd_per_gw_year.p50,
        )
        for part, year in ((part, part.year) for part in found.parts)
    )
    return Table(name="money", title="Revenue of a GW-year by kind of token", columns=heads, rows=rows)


def _asked(found: GigawattComparison) -> Facts:
    sale = found.sale
    prices = (sale.price_input_usd_per_mtok, sale.price_cached_usd_per_mtok, sale.price_output_usd_per_mtok)
    traffic = f"prompts of {cell(sale.input_tokens, 'tokens')}, {cell(sale.cached_frac, 'frac')} in a prefix cache"
    pairs = (
        ("traffic", f"{traffic}, answers of {cell(sale.output_tokens, 'tokens')}: {found.traffic}"),
        ("prices", PRICE.format(*(cell(price, "usd_per_mtok") for price in prices))),
        ("use", f"{cell(sale.use_frac, 'frac')} of what could be served is sold"),
        ("licence", f"{cell(sale.licence_frac, 'frac')} of revenue goes to the model's maker"),
        ("power", f"{cell(found.power_w, 'w')} of {BASES[found.power_basis]}"),
    )
    return Facts(name="asked", title="What is sold", pairs=pairs)


def _served(found: GigawattComparison) -> Table:
    """What a gigawatt holds, how fast it is for a user, and what it serves in a year."""
    titles = {
        "GPU": "",
        "Power of a GPU, all with it": "w",
        "Racks": "count",
        "GPUs": "count",
        "Users per MW": "count",
        "For a user": "tokens_per_s",
        "First token": "s",
        "Output of a GPU": "tokens_per_s",
        "Output": "tokens_per_s",
        "Output of a year": "tokens",
        "Prompts read": "tokens",
        "Prompts cached": "tokens",
    }
    heads = [Column(title=title, suffix=suffix) for title, suffix in titles.items()]
    rows = tuple(
        (
            part.gpu,
            year.package_it_w if found.power_basis == "it" else year.package_facility_w,
            year.racks_count,
            year.packages_count,
            _per_mw(found, year),
            part.tokens_per_s_per_user,
            part.ttft_s,
            part.tokens_per_s_per_gpu.p50,
            year.output_tokens_per_s.p50,
            year.output_tokens_per_gw_year.p50,
            year.read_tokens_per_gw_year,
            year.cached_tokens_per_gw_year,
        )
        for part, year in ((part, part.year) for part in found.parts)
    )
    title = "What stands on it, serves at full use, and sells in a year"
    brief = (0, 2, 3, 4, 5, 6, 9)
    return Table(name="served", title=title, columns=united(heads, rows), rows=rows, brief_columns=brief)


def _bases(found: GigawattComparison) -> Table:
    """The same power filled by how racks are rated and, all in, as provided, owned and rented."""
    titles = {
        "GPU": "",
        "Counted": "",
        "Power of a GPU": "w",
        "GPUs": "count",
        "Users per MW": "count",
        "Revenue": "usd",
        "Profit, owned": "usd",
        "Profit, rented": "usd",
    }
    rows = tuple(
        (
            part.gpu,
            counted,
            year.package_it_w if found.power_basis == "it" else year.package_facility_w,
            year.packages_count,
            _per_mw(found, year),
            year.revenue_usd_per_gw_year.p50,
            None if year.profit_usd_per_gw_year is None else year.profit_usd_per_gw_year.p50,
            None if year.rented_profit_usd_per_gw_year is None else year.rented_profit_usd_per_gw_year.p50,
        )
        for part in found.parts
        for counted, year in (("as rated", part.rack), ("all in", part.all_in))
        if year is not None
    )
    heads = united([Column(title=title, suffix=suffix) for title, suffix in titles.items()], rows)
    title = "A GW-year by how its power is counted, owned and rented"
    return Table(name="bases", title=title, columns=heads, rows=rows, brief_columns=(0, 1, 2, 3, 6, 7))


def _costs(found: GigawattComparison) -> Table:
    """What a gigawatt of each part costs for a year and has to earn, each on its basis."""
    titles = ("Owned, capital at its cost, billion USD", "Needed, capital at the discount rate")
    heads = (Column(title="GPU"), *(Column(title=title, suffix="usd", scale=BILLION) for title in titles))
    rows = tuple(
        (part.gpu, part.owned_at_capital_cost_usd_per_gw_year, part.needed_at_discount_usd_per_gw_year)
        for part in found.parts
    )
    title = f"What a GW-year of {BASES[found.power_basis]} costs at the listed price, racks as they are rated"
    return Table(name="costs", title=title, columns=heads, rows=rows)


def _hours(found: GigawattComparison) -> Facts:
    """What an hour of a package costs, owned and rented, and how power is counted."""
    rated = dict.fromkeys(part.rack.basis for part in found.parts if part.rack is not None)
    owned = dict.fromkeys(part.usd_basis for part in found.parts if part.usd_basis is not None)
    pairs = [("as rated", basis) for basis in rated]
    pairs += [("owned", basis) for basis in owned]
    pairs.append(("needed", found.bases["needed_at_discount"]))
    for part in found.parts:
        provided = "" if part.all_in is None else f"; {part.all_in.basis}"
        pairs.append((part.gpu, f"{_hour(part.year.usd_per_h)} owned; {_rent(part)}{provided}"))
    return Facts(name="hours", title="How it is counted", pairs=tuple(pairs))


def _hour(usd_per_h: float | None) -> str:
    return "cost not known" if usd_per_h is None else cell(usd_per_h, "usd_per_h")


def _rent(part: GigawattPart) -> str:
    price = part.rent_usd_per_h
    return "no rent in the catalog" if price is None else f"{cell(price, 'usd_per_h')} rented, {part.rent_basis}"
