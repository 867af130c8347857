"""What was said: the claims with speaker and source, and the published figures that they are computed from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Protocol, TypeVar

from gigawatt.catalog.records import Evidence, EvidenceMap, Source
from gigawatt.catalog.tables import Reader, read_record, read_sources, read_toml
from gigawatt.errors import CatalogError
from gigawatt.study.claims.question import PORTS_PIKE

# Files of the sets.
FILE, PIKE_FILE = "stated.toml", "ports_pike.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """What became of a statement, and the day from which that is known."""

    known_date: str
    text: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One claim as it was made: `value` as text or a bare number, in the unit whose suffix `unit` is."""

    claim: str
    speaker: str
    stated_date: str
    value: str | float
    unit: str
    sources: tuple[str, ...]
    became: tuple[Since, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Published figures and assumptions behind the claims; their ranges stand in the evidence (`Statements.span`).

    rack_overhead_ratio: facility power per rack power, network, storage and PUE together. choice: the classes that
    nobody should have to choose between. references: quarters whose whole demand is asked for.
    """

    rack_overhead_ratio: float
    kyber_rack_power_w: float
    target_gpus_count: float
    daily_messages_count: float
    message_energy_wh: float
    yearly_revenue_usd_per_w: float
    upfront_equity_usd: float
    slip_count: int
    second_target_w: float
    third_target_w: float
    reference_date: str
    references: tuple[str, ...]
    announced_parts: tuple[str, ...]
    choice: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """Another vendor's supply as announced: power, the quarters that it is spread over, and the catalog's parts."""

    name: str
    announced_w: float
    start_date: str
    end_date: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """Another programme or fleet: how much power, since when, and whether it runs."""

    name: str
    power_w: float
    announced_date: str
    energised: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Statements:
    """The letter's file, with the evidence of every number by its dotted path."""

    claims: Mapping[str, Statement]
    figures: Figures
    vendors: tuple[Vendor, ...]
    rivals: tuple[Rival, ...]
    sources: Mapping[str, Source]
    evidence: EvidenceMap = field(default_factory=dict)

    def span(self, figure: str) -> tuple[float, float, float]:
        """Low, value and high of a figure; all the same where no range is stated."""
        return _span(getattr(self.figures, figure), self.evidence[f"figures.{figure}"])


@dataclass(frozen=True, slots=True, kw_only=True)
class PikeFigures:
    """What was published of PORTS-Pike beside its claims.

    site: its id in the catalog. first_buildings_it_w, last_buildings_it_w: IT power of buildings 1 to 9, which the
    guarantee covers, and of 10 to 17. lines_power_w: facility power of the lines that stand; further ones come from
    lines_date. gas_power_w: new generation that is not financed. lease_years: term of each lease. guarantee_usd and
    equity_usd: what NVIDIA puts up. offtake_power_w: what OpenAI takes of NVIDIA elsewhere. announced_parts: the parts
    of the catalog that are Vera Rubin.
    """

    site: str
    first_buildings_it_w: float
    last_buildings_it_w: float
    lines_power_w: float
    lines_date: str
    gas_power_w: float
    lease_years: float
    guarantee_usd: float
    equity_usd: float
    offtake_power_w: float
    announced_parts: tuple[str, ...]

    @property
    def it_w(self) -> float:
        """IT power of all buildings [W]."""
        return self.first_buildings_it_w + self.last_buildings_it_w


@dataclass(frozen=True, slots=True, kw_only=True)
class PikeStatements:
    """The file of PORTS-Pike, with the evidence of every number by its dotted path."""

    claims: Mapping[str, Statement]
    figures: PikeFigures
    sources: Mapping[str, Source]
    evidence: EvidenceMap = field(default_factory=dict)


class Said(Protocol):
    """What every file of statements has."""

    @property
    def claims(self) -> Mapping[str, Statement]:
        """Statements by id."""

    @property
    def sources(self) -> Mapping[str, Source]:
        """Sources by the name that statements give them."""


S = TypeVar("S", Statements, PikeStatements)


def _span(value: float, evidence: Evidence) -> tuple[float, float, float]:
    low = value if evidence.low is None else evidence.low
    high = value if evidence.high is None else evidence.high
    return low, value, high


@cache
def statements() -> Statements:
    """What was stated of the letter, read once.

    Raises CatalogError with every fault: a number without grade or source among them.
    """
    return read(_FOLDER / FILE, Statements)


@cache
def pike_statements() -> PikeStatements:
    """What was stated of PORTS-Pike, read once. Raises CatalogError with every fault."""
    return read(_FOLDER / PIKE_FILE, PikeStatements)


def said(of: str) -> Said:
    """What was stated of what a set is of; only for names of sets."""
    return pike_statements() if of == PORTS_PIKE else statements()


_FOLDER = Path(str(files("gigawatt.study.claims")))


def read(file: Path, cls: type[S]) -> S:
    """Read a file of statements; every number must carry a grade, and a source unless it is assumed or derived."""
    table, faults = read_toml(file)
    if faults:
        raise CatalogError(faults)
    reader = Reader()
    reader.sources = read_sources(table.get("sources", {}), reader)
    record = read_record(cls, table, "", reader)
    for path in reader.ungraded:
        reader.remark(path, "no grade", "a grade (measured, vendor, press, derived or assumed)")
    for path in reader.unsourced:
        reader.remark(path, "no source", 'a source, or the grade "assumed" or "derived"')
    _check_names({} if record is None else record.claims, reader)
    if record is None or reader.faults:
        raise CatalogError(reader.faults)
    return replace(record, evidence=reader.evidence)


def _check_names(claims: Mapping[str, Statement], reader: Reader) -> None:
    """Every source that a statement, or what became of it, names stands in the same file."""
    for key, statement in claims.items():
        named = {f"claims.{key}.sources": statement.sources}
        named |= {f"claims.{key}.became[{n}].sources": since.sources for n, since in enumerate(statement.became)}
        for path, names in named.items():
            for name in set(names) - set(reader.sources):
                reader.fault(path, name, "a name in [sources] of the same file")
