"""What was said: the claims with speaker and source, and the published figures that they are computed from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from pathlib import Path

from gigawatt.catalog.records import EvidenceMap, Source
from gigawatt.catalog.tables import Reader, read_record, read_sources, read_toml
from gigawatt.errors import CatalogError

FILE = "stated.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One claim as it was made: `value` as text or a bare number, in the unit whose suffix `unit` is."""

    claim: str
    speaker: str
    stated_date: str
    value: str | float
    unit: str
    sources: tuple[str, ...]


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
    """The whole file, with the evidence of every number by its dotted path."""

    claims: Mapping[str, Statement]
    figures: Figures
    vendors: tuple[Vendor, ...]
    rivals: tuple[Rival, ...]
    sources: Mapping[str, Source]
    evidence: EvidenceMap = field(default_factory=dict)

    def span(self, figure: str) -> tuple[float, float, float]:
        """Low, value and high of a figure; all the same where no range is stated."""
        value: float = getattr(self.figures, figure)
        evidence = self.evidence[f"figures.{figure}"]
        low = value if evidence.low is None else evidence.low
        high = value if evidence.high is None else evidence.high
        return low, value, high


@cache
def statements() -> Statements:
    """What was stated, read once.

    Raises CatalogError with every fault: a number without grade or source among them.
    """
    return read(Path(str(files("gigawatt.study.claims"))) / FILE)


def read(file: Path) -> Statements:
    """Read a file of statements; every number must carry a grade, and a source unless it is assumed or derived."""
    table, faults = read_toml(file)
    if faults:
        raise CatalogError(faults)
    reader = Reader()
    reader.sources = read_sources(table.get("sources", {}), reader)
    record = read_record(Statements, table, "", reader)
    for path in reader.ungraded:
        reader.remark(path, "no grade", "a grade (measured, vendor, press, derived or assumed)")
    for path in reader.unsourced:
        reader.remark(path, "no source", 'a source, or the grade "assumed" or "derived"')
    for key, statement in (record.claims if record else {}).items():
        for name in set(statement.sources) - set(reader.sources):
            reader.fault(f"claims.{key}.sources", name, "a name in [sources] of the same file")
    if record is None or reader.faults:
        raise CatalogError(reader.faults)
    return replace(record, evidence=reader.evidence)
