"""The head of a meter's CSV file: which column is what, in which unit; all that is wrong with it at once."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gigawatt.errors import CatalogError, Fault, near
from gigawatt.readers.clock import S_PER_H, S_PER_MIN
from gigawatt.readers.readings import FileAsked, ReadingSeries

_DELIMITERS = ",;\t"
_TIMES = "time, timestamp, start, interval start, start time or datetime"
# What a column is → its heads, with blanks as underscores.
_ROLES = {
    "start": r"(?:time|timestamp|start|interval_start|start_time|date_?time)(?:_utc)?",
    "end": r"(?:end|interval_end|end_time)(?:_utc)?",
    "duration": r"(?:duration|interval|interval_length)(?:_(?:s|sec|seconds|min|minutes|h|hours))?",
    "meter": r"(?:meter|device)(?:_id|_name)?|channel",
    "site": r"site(?:_id|_name)?",
    "unit": r"units?|uom",
    "kind": r"quantity|kind",
}
_DURATIONS_S = {"s": 1, "sec": 1, "seconds": 1, "min": S_PER_MIN, "minutes": S_PER_MIN, "h": S_PER_H, "hours": S_PER_H}
_PREFIXES = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9}
# Unit in small letters → (its size in Wh or W, whether it is one of power). Nobody meters milliwatts.
_UNITS = {
    **{prefix + "wh": (size, False) for prefix, size in _PREFIXES.items()},
    **{prefix + "w": (size, True) for prefix, size in _PREFIXES.items()},
}
_BARE = ("value", "reading", "energy", "usage", "consumption", "power", "demand")
# Words of a head that make of a unit of energy another one, such as a price.
_OTHER = {"per", "price", "cost", "tariff", "rate", "usd", "eur", "gbp", "co2", "carbon", "cumulative", "register"}
_MEAN = {"mean", "average", "avg"}
FACILITY = "facility_energy"
_WORDS = {
    **dict.fromkeys(("facility", "site", "facility_energy"), FACILITY),
    **dict.fromkeys(("it", "it_energy", "rack", "racks"), "it_energy"),
    **dict.fromkeys(("returned", "export", "exported", "energy_returned"), "energy_returned"),
}
# Quantity of energy → that of its power.
_POWERS = {FACILITY: "facility_power", "it_energy": "it_power", "energy_returned": "power_returned"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueColumn:
    """A column of values: its place, and what its head says of it."""

    name: str
    place: int
    unit: str
    """In small letters; "" where lines or the question say it."""
    quantity: str
    """A quantity of energy; "" where lines or the question say it."""
    mean: bool
    """Whether it is a mean power whose rows have an end, so that it is an energy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterHead:
    """Which column is what, by place; None where there is none."""

    delimiter: str
    width: int
    start: int
    end: int | None
    duration: int | None
    duration_s: float | None
    """Of which each unit of the duration is so many seconds; None where its cells say their own."""
    meter: int | None
    site: int | None
    unit: int | None
    kind: int | None
    values: tuple[ValueColumn, ...]
    utc_offset_s: float | None
    ignored: tuple[str, ...]

    @property
    def telling(self) -> tuple[int, ...]:
        """Places of the columns that tell series apart."""
        return tuple(place for place in (self.meter, self.site, self.unit, self.kind) if place is not None)


def read_head(file: str, line: str, asked: FileAsked) -> MeterHead:
    """What the columns of a file are, by its first line. Raises CatalogError with all that it lacks or leaves open."""
    delimiter = max(_DELIMITERS, key=line.count)
    cells = next(csv.reader([line], delimiter=delimiter), [])
    heads = [cell.strip().strip('"').strip() for cell in cells]
    names = [_plain(head) for head in heads]
    of_role = {role: [n for n, name in enumerate(names) if re.fullmatch(form, name)] for role, form in _ROLES.items()}
    roles = {role: places[0] if places else None for role, places in of_role.items()}
    taken = {place for places in of_role.values() for place in places}
    found = [_value(heads[n], names[n], n) for n in range(len(heads)) if n not in taken]
    values = _without_means(
        [value for value in found if value], roles["end"] is not None or roles["duration"] is not None
    )
    where = f"{file} line 1"
    faults = [
        Fault(path=where, given=", ".join(heads[n] for n in places), expected=f"one column of the {role}")
        for role, places in of_role.items()
        if len(places) > 1
    ]
    if roles["start"] is None:
        faults.append(
            Fault(path=where, given=line[:80] or "nothing", expected=f"a head with a column of times: {_TIMES}")
        )
    if not values:
        expected = 'a head with a column of values that states its unit, as kwh, energy_mwh or "Energy (kWh)"'
        faults.append(Fault(path=where, given=line[:80] or "nothing", expected=expected))
    faults += _judge_values(values, roles, asked)
    if faults:
        raise CatalogError(faults)
    start, duration = roles.pop("start") or 0, roles["duration"]
    return MeterHead(
        delimiter=delimiter,
        width=len(heads),
        start=start,
        **roles,
        duration_s=None if duration is None else _DURATIONS_S.get(names[duration].rpartition("_")[2]),
        values=values,
        utc_offset_s=0.0 if names[start].endswith("_utc") else asked.utc_offset_s,
        ignored=tuple(head for n, head in enumerate(heads) if n not in {*taken, *(value.place for value in values)}),
    )


def _plain(head: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", head.lower().replace("/", " per ")).strip("_")


def _value(head: str, name: str, place: int) -> ValueColumn | None:
    """A column of values, by the words of its head; None where it is another."""
    words = name.split("_")
    found = [word for word in words if word in _UNITS]
    if len(found) > 1 or _OTHER & {*words} or not (found or name in _BARE):
        return None
    quantity = next((_WORDS[word] for word in words if word in _WORDS), "")
    mean = bool(_MEAN & {*words} and found and _UNITS[found[0]][1])
    return ValueColumn(name=head, place=place, unit="".join(found), quantity=quantity, mean=mean)


def _without_means(values: Sequence[ValueColumn], lasts: bool) -> tuple[ValueColumn, ...]:
    """Columns of values; a mean power stays a gauge where its time is not known, or the energy stands beside it."""
    energies = {value.quantity for value in values if not _UNITS.get(value.unit, (0.0, True))[1]}
    return tuple(replace(value, mean=value.mean and lasts and value.quantity not in energies) for value in values)


def _judge_values(values: Sequence[ValueColumn], roles: Mapping[str, int | None], asked: FileAsked) -> Iterator[Fault]:
    """What is wrong with units and quantities that the question says, or that columns leave open."""
    known = ", ".join(_UNITS)
    if asked.unit and asked.unit.lower() not in _UNITS:
        yield Fault(path="unit", given=asked.unit, expected=f"a unit of energy or power: {known}", asked=True)
    if asked.quantity and asked.quantity not in _POWERS:
        expected = f"{', '.join(_POWERS)}{near(asked.quantity, list(_POWERS))}"
        yield Fault(path="quantity", given=asked.quantity, expected=expected, asked=True)
    bare = [value for value in values if not value.unit]
    if bare and roles["unit"] is None and not asked.unit:
        expected = f"a unit in the head of {bare[0].name} ({known}), a column unit, or one that is asked for"
        yield Fault(path="unit", given="not said", expected=expected, asked=True)
    counted = [(value.quantity, _UNITS.get(value.unit, (0.0, False))[1]) for value in values]
    if len({*counted}) < len(counted):
        names = ", ".join(value.name for value in values)
        yield Fault(path="columns", given=names, expected="one column of each quantity, for they would add up")


def kind_of(
    column: ValueColumn, told: Mapping[int, str], head: MeterHead, asked: FileAsked
) -> tuple[ReadingSeries, float] | str:
    """A row's series and the size of its unit, by the cells that tell series apart; or why they are not known."""
    unit = (column.unit or told.get(_place(head.unit), "") or asked.unit).lower()
    word = told.get(_place(head.kind), "")
    quantity = column.quantity or (_WORDS.get(word.lower(), "") if word else asked.quantity or FACILITY)
    if unit not in _UNITS:
        return f'"{unit[:40]}" is no unit of energy or power: expected {", ".join(_UNITS)}'
    if not quantity:
        return f'"{word[:40]}" is no quantity: expected facility, it or returned'
    factor, power = _UNITS[unit]
    gauge = power and not column.mean
    series = ReadingSeries(
        quantity=_POWERS[quantity] if gauge else quantity,
        unit="W" if gauge else "Wh",
        site=told.get(_place(head.site), "") or asked.site,
        subject=told.get(_place(head.meter), "") or asked.subject,
    )
    return series, factor


def _place(place: int | None) -> int:
    return -1 if place is None else place
