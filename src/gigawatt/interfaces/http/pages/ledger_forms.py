"""What people write into the forms of the ledger's page: the fields of each fact, and the steps of a release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

from gigawatt import units
from gigawatt.catalog.described import descriptions
from gigawatt.interfaces.server.asked import Caller
from gigawatt.ledger import kinds
from gigawatt.ledger.milestones import APPROVALS_COUNT, same_name
from gigawatt.report.formats import cell
from gigawatt.study.ledger.question import EveryKind, FileKind

# Kinds of facts that a form records, and of files that one takes in.
KINDS = tuple(kinds.KINDS)
FILE_KINDS = get_args(FileKind)
EVERY_KIND = tuple(one for part in get_args(EveryKind) for one in (get_args(part) or (part,)))
# What the name of a field of a fact begins with in a form.
FIELD = "fact:"
# Milestones that are told beyond the last that is met.
AHEAD = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FactField:
    """A field of a fact, as a form asks it."""

    name: str
    """Its key, as a file states it."""
    label: str
    """The key in words."""
    hint: str
    """Its sentence."""
    unit: str
    """What its value is written as; "" for words."""
    choices: tuple[str, ...]
    """What it may be; none for what is written freely."""
    needed: bool
    """Whether a fact is none without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A milestone on its way to its tranche, and what whoever reads may do for it."""

    number: int
    power: str
    amount: str
    met: bool
    short_by: str
    """How much power is missing; "" for none."""
    approved_by: tuple[str, ...]
    void: tuple[str, ...]
    """Who approved what has been corrected since."""
    needed_count: int
    """How many more people have to approve it."""
    mine: bool
    """Whether whoever reads has approved it."""
    due: bool
    paid: str
    """When it was paid and who said so; "" for not yet."""
    may_approve: bool
    may_disburse: bool


@cache
def facts_of(kind: str) -> tuple[FactField, ...]:
    """The fields of a kind of fact, those that it needs first, in the order in which it is told."""
    record: Any = kinds.KINDS[kind]
    hints, said = get_type_hints(record), descriptions(record)
    found = [_field(entry, hints[entry.name], said[entry.name]) for entry in fields(record)]
    return tuple(sorted(found, key=lambda field: not field.needed))


def _field(entry: Any, hint: Any, sentence: str) -> FactField:
    key, suffix = units.split(entry.name)
    return FactField(
        name=key,
        label=key.replace("_", " ").capitalize(),
        hint=sentence,
        unit=units.SUFFIXES[suffix].example if suffix else "",
        choices=tuple(get_args(hint)) if get_origin(hint) is Literal else (),
        needed=entry.default is MISSING,
    )


def releases(rows: Sequence[Mapping[str, Any]], caller: Caller, *, today: bool) -> tuple[Release, ...]:
    """Milestones that are met, and the next, as plain data of a ledger's status.

    today: whether they are told as they stand now, so that something can be done for them.
    """
    met = sum(bool(row["met"]) for row in rows)
    return tuple(_release(row, caller, today=today) for row in rows[: met + AHEAD])


def _release(row: Mapping[str, Any], caller: Caller, *, today: bool) -> Release:
    mine = any(same_name(name) == same_name(caller.name) for name in row["approved_by"])
    needed = max(APPROVALS_COUNT - len(row["approved_by"]), 0)
    paid, may = row["disbursed_usd"] is not None, today and caller.may("approver")
    return Release(
        number=row["number"],
        power=cell(row["milestone_w"], "w"),
        amount=cell(row["amount_usd"], "usd"),
        met=row["met"],
        short_by="" if row["met"] else cell(row["short_by_w"], "w"),
        approved_by=tuple(row["approved_by"]),
        void=tuple(row["void_approvals"]),
        needed_count=needed,
        mine=mine,
        due=row["due"],
        paid=f"{row['disbursed_at'][:10]}, {row['disbursed_by']}" if paid else "",
        may_approve=may and row["met"] and not paid and needed > 0 and not mine,
        may_disburse=may and row["due"],
    )


def recorded(posted: Mapping[str, str]) -> dict[str, Any]:
    """The question `ledger record` of a form's fields; what was left empty is not stated."""
    stated = {name.removeprefix(FIELD): value.strip() for name, value in posted.items() if name.startswith(FIELD)}
    found: dict[str, Any] = {"fields": [f"{name}={value}" for name, value in stated.items() if value]}
    return found | given(posted, "kind", "source", "corrects")


def given(posted: Mapping[str, str], *names: str) -> dict[str, str]:
    """Those of a form's fields that somebody filled in."""
    return {name: posted[name].strip() for name in names if posted.get(name, "").strip()}
