"""A claim held against what can be computed: stated figure, computed range, verdict, and what the verdict rests on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from gigawatt import units
from gigawatt.catalog.records import Source
from gigawatt.study.claims.question import LETTER
from gigawatt.study.claims.statements import said

Verdict = Literal["holds", "holds_if", "fails"]
# Power and money are compared to half a percent: a plan of 9.97 GW has ten.
CLOSE_FRAC = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """The figure as stated, in the SI unit whose suffix `unit` is (units.py); a date is ISO text."""

    value: float | str
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Computed:
    """What is computed: a middle and the ends of its range, in `unit`; None where there is none."""

    low: float | str | None
    mid: float | str | None
    high: float | str | None
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRow:
    """One figure behind a claim, low to high (the same where it is no range), in the unit whose suffix `unit` is."""

    label: str
    low: float | str | None
    high: float | str | None
    unit: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Became:
    """What became of a statement, and the day from which that is known."""

    known_date: str
    text: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One claim with its verdict: it holds, holds if `assumption` does, or fails; rows are the figures behind it.

    The verdict is on what was stated, as it was; `became` tells what has come of it since.
    """

    id: str
    claim: str
    speaker: str
    stated: Stated
    computed: Computed
    verdict: Verdict
    assumption: str
    sources: tuple[Source, ...]
    rows: tuple[ClaimRow, ...]
    became: tuple[Became, ...] = ()


def row(label: str, unit: str, *values: float | str | None, note: str = "") -> ClaimRow:
    """A row of one value, or of the least and the most of several."""
    known = [value for value in values if value is not None]
    if not known:
        return ClaimRow(label=label, low=None, high=None, unit=unit, note=note)
    low, high = min(known), max(known)
    return ClaimRow(label=label, low=low, high=high, unit=unit, note=note)


def value_row(label: str, value_usd: float) -> ClaimRow:
    """A row of what a programme is worth."""
    return row(label, "usd", value_usd, note="Present value of all flows and of what is left, less penalties.")


def computed(unit: str, mid: float | str | None, *others: float | str | None) -> Computed:
    """A range around `mid` that spans `others`."""
    span = row("", unit, mid, *others)
    return Computed(low=span.low, mid=mid, high=span.high, unit=unit)


def judge(met: Iterable[bool]) -> Verdict:
    """A claim that every reading meets holds; one that some reading meets holds if that one is the right one."""
    readings = list(met)
    if readings and all(readings):
        return "holds"
    return "holds_if" if any(readings) else "fails"


def reaches(value: float | str | None, stated: float) -> bool:
    """Whether a computed quantity is at least the stated one, within `CLOSE_FRAC`."""
    return isinstance(value, float | int) and value >= stated * (1 - CLOSE_FRAC)


def stated_value(id_: str, of: str = LETTER) -> float:
    """The stated figure of a claim in SI; only for claims of quantities."""
    statement = said(of).claims[id_]
    return units.parse(statement.value, statement.unit)


def make(
    id_: str, found: Computed, verdict: Verdict, assumption: str, rows: Iterable[ClaimRow], of: str = LETTER
) -> Claim:
    """The claim of that id, and of that set, with its statement and sources filled in."""
    known = said(of)
    statement = known.claims[id_]
    value: float | str = str(statement.value) if statement.unit == "date" else stated_value(id_, of)
    return Claim(
        id=id_,
        claim=statement.claim,
        speaker=statement.speaker,
        stated=Stated(value=value, unit=statement.unit),
        computed=found,
        verdict=verdict,
        assumption=assumption,
        sources=tuple(known.sources[name] for name in statement.sources),
        rows=tuple(rows),
    )
