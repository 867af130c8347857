"""Can what a scenario says stands already stand there? Names, dates, power within shells, money within its limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gigawatt import units
from gigawatt.catalog import to_watts
from gigawatt.catalog.tables import Reader
from gigawatt.errors import near
from gigawatt.quarters import QUARTER, arriving, quarter_number
from gigawatt.scenario.schema import Asked, Capital, Opening, Records, Tranches

# What rounding of sums may let through.
ROUNDING_FRAC = 1e-6
# Milestones that are listed at most: more are a slip of the pen.
MOST_MILESTONES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Standing:
    """Power of the racks that stand [W]: of IT at each site, and of their facilities."""

    it_w: Mapping[str, float]
    facility_w: Mapping[str, float]


def check_opening(asked: Asked, records: Records | None, reader: Reader) -> None:
    """Add every fault of the opening state to the reader."""
    use = asked.opening
    if use is None:
        return
    before = len(reader.faults)
    _names(use, asked, reader)
    _dates(use, asked, reader)
    _money(use, asked, reader)
    if records is not None and len(reader.faults) == before:
        _power(use, asked, records, reader)


def _names(use: Opening, asked: Asked, reader: Reader) -> None:
    for path, name, known in _named(use, asked):
        if name not in known:
            reader.fault(path, name, f"one of {', '.join(known) or 'none'}{near(name, list(known))}")
    runs = [entry.run for entry in use.trained]
    for n, run in enumerate(runs):
        if run in runs[:n]:
            reader.fault(f"opening.trained[{n}].run", run, "each run once")


def _named(use: Opening, asked: Asked) -> Iterator[tuple[str, str, Iterable[str]]]:
    """Path of every name, the name, and those that there are."""
    for key in ("racks", "shells", "paid", "begun"):
        for n, entry in enumerate(getattr(use, key)):
            yield f"opening.{key}[{n}].site", entry.site, asked.sites
    for n, racks in enumerate(use.racks):
        yield f"opening.racks[{n}].platform", racks.platform, asked.platforms
    for n, run in enumerate(use.trained):
        yield f"opening.trained[{n}].run", run.run, asked.training_runs


def _dates(use: Opening, asked: Asked, reader: Reader) -> None:
    start = asked.horizon.start_date
    if not QUARTER.fullmatch(start):
        return  # the horizon has said so
    paid = [(f"opening.{key}", [entry.paid_date for entry in getattr(use, key)]) for key in ("shells", "paid")]
    for path, dates in paid:
        for n, date in enumerate(dates):
            _earlier(f"{path}[{n}].paid", date, start, reader)
    for n, begun in enumerate(use.begun):
        if not QUARTER.fullmatch(begun.ready_date) or begun.ready_date < start:
            reader.fault(f"opening.begun[{n}].ready", begun.ready_date, f"a quarter not before {start}")
    life = 4 * asked.finance.rack_life_years
    for n, racks in enumerate(use.racks):
        path = f"opening.racks[{n}].installed"
        if _earlier(path, racks.installed_date, start, reader):
            age = quarter_number(start) - quarter_number(racks.installed_date)
            if age > life + ROUNDING_FRAC:
                reader.fault(path, racks.installed_date, f"at most the {life:g} quarters of rack_life before {start}")


def _earlier(path: str, date: str, start: str, reader: Reader) -> bool:
    if QUARTER.fullmatch(date) and date < start:
        return True
    reader.fault(path, date, f"a quarter before {start}, where the horizon begins")
    return False


def _money(use: Opening, asked: Asked, reader: Reader) -> None:
    capital = asked.capital
    if use.cash_usd is not None and use.cash_usd < capital.minimum_cash_usd:
        least = units.show(capital.minimum_cash_usd, "usd")
        reader.fault("opening.cash", units.show(use.cash_usd, "usd"), f"at least the minimum cash of {least}")
    if use.debt_usd > 0:
        _debt(use, capital, reader)
    for n, run in enumerate(use.trained):
        if run.done_frac >= 1:
            reader.fault(f"opening.trained[{n}].done", run.done_frac, "less than all: a run that is done is left out")
    if capital.tranches is not None:
        _released(use, capital.tranches, reader)


def _debt(use: Opening, capital: Capital, reader: Reader) -> None:
    if capital.debt_rate_per_year is None:
        reader.remark("capital.debt_rate", "missing", "a yearly rate (%/year), because debt is owed")
    if use.debt_usd > capital.debt_limit_usd:
        most = units.show(capital.debt_limit_usd, "usd")
        reader.fault("opening.debt", units.show(use.debt_usd, "usd"), f"at most the debt limit of {most}")


def _released(use: Opening, tranches: Tranches, reader: Reader) -> None:
    """Tranches that were paid are among those that there are, and whole where they come whole."""
    path, given = "opening.released", units.show(use.released_w, "w")
    marks = _marks(tranches)
    if not marks or not use.released_w > 0:
        return
    if use.released_w > marks[-1] * (1 + ROUNDING_FRAC):
        reader.fault(path, given, f"at most the last milestone, {units.show(marks[-1], 'w')}")
    elif tranches.release == "step" and not any(abs(use.released_w - mark) <= ROUNDING_FRAC * mark for mark in marks):
        marks_shown = ", ".join(units.show(mark, "w") for mark in marks[:10])
        reader.fault(path, given, f"the power of a milestone, such as {marks_shown}")
    if use.gross_w is not None and use.released_w > use.gross_w * (1 + ROUNDING_FRAC):
        reader.fault(path, given, f"at most the power ever installed, {units.show(use.gross_w, 'w')}")


def _marks(use: Tranches) -> Sequence[float]:
    """Cumulative power of each milestone [W]."""
    if use.milestones:
        return [step.power_w for step in use.milestones]
    every, amount, most = (value or 0.0 for value in (use.every_w, use.amount_usd, use.most_usd))
    if not (every > 0 and amount > 0 and most <= MOST_MILESTONES * amount):
        return []  # the tranches have said so
    return [every * (n + 1) for n in range(int(most / amount + ROUNDING_FRAC))]


def _power(use: Opening, asked: Asked, records: Records, reader: Reader) -> None:
    standing = _standing(use, asked, records)
    for key, site in records.sites.items():
        sunk = asked.sites[key].sunk_w
        shell = sunk + sum(entry.power_w for entry in use.shells if entry.site == key)
        if standing.facility_w[key] > shell * (1 + ROUNDING_FRAC):
            given = f"racks of {units.show(standing.facility_w[key], 'w')} at {key}"
            reader.remark("opening.racks", given, f"at most the {units.show(shell, 'w')} of its shells that stand")
        ramp = float(arriving(site.ramp_w, [asked.horizon.start_date])[0])
        if shell > max(ramp, sunk) * (1 + ROUNDING_FRAC):
            given = f"shells of {units.show(shell, 'w')} at {key}"
            reader.remark("opening.shells", given, f"at most the {units.show(ramp, 'w')} energised at the start")
    _totals(use, asked, standing, reader)


def _totals(use: Opening, asked: Asked, standing: _Standing, reader: Reader) -> None:
    by_basis = {"it": sum(standing.it_w.values()), "facility": sum(standing.facility_w.values())}
    total, target = by_basis[asked.programme.power_basis], asked.programme.target_w
    if total > target * (1 + ROUNDING_FRAC):
        given = f"racks of {units.show(total, 'w')}"
        reader.remark("opening.racks", given, f"at most the programme's target of {units.show(target, 'w')}")
    tranches = asked.capital.tranches
    gross = by_basis["facility" if tranches is None else tranches.power_basis]
    if use.gross_w is not None and use.gross_w < gross * (1 - ROUNDING_FRAC):
        given = units.show(use.gross_w, "w")
        reader.fault("opening.gross", given, f"at least the {units.show(gross, 'w')} of the racks that stand")
    if tranches is not None and use.gross_w is None and use.released_w > gross * (1 + ROUNDING_FRAC):
        expected = f"at most the {units.show(gross, 'w')} of the racks that stand, or a gross power beside it"
        reader.fault("opening.released", units.show(use.released_w, "w"), expected)


def _standing(use: Opening, asked: Asked, records: Records) -> _Standing:
    rack_w = {key: (records.accelerators[key].rack_power_w or 0.0) for key in asked.platforms}
    overhead, load = asked.operations.it_overhead_ratio, asked.operations.load_factor_frac
    it = dict.fromkeys(asked.sites, 0.0)
    for racks in use.racks:
        it[racks.site] += racks.racks_count * rack_w[racks.platform] * overhead
    ratio = {
        key: to_watts.pue_year(site, records.cooling[site.cooling], load).peak_ratio if it[key] > 0 else 1.0
        for key, site in records.sites.items()
    }
    return _Standing(it_w=it, facility_w={key: power * ratio[key] for key, power in it.items()})
