"""Which facts there are, and what each says: those that people record, read as scenarios are, and those that follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Annotated, Any, Literal

from gigawatt import units
from gigawatt.catalog import plausible
from gigawatt.catalog.tables import KEY, KEY_RULE, Reader, read_record
from gigawatt.errors import MOST_NAME, Fault, LedgerError, near
from gigawatt.ledger.facts import parse_moment
from gigawatt.units import Plausible

SiteStage = Literal["announced", "contracted", "under_construction", "energised", "it_loaded"]
# What a site passes through, in order: announced is not contracted, energised is not loaded with racks.
STAGES: tuple[SiteStage, ...] = ("announced", "contracted", "under_construction", "energised", "it_loaded")


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFact:
    """How much power of a site has come to a stage, from a day on."""

    site: str
    """Name of the site, as the scenario has it."""
    state: SiteStage
    """What the power has come to."""
    power_w: Annotated[float, Plausible("0.1 MW", "20 GW", zero=True)]
    """All power of the site that has come so far, not what was added that day."""
    basis: Literal["facility", "it"]
    """Where that power is counted: at the facility's meter or at the IT."""
    at: str
    """The day, or the time with its offset from UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RacksFact:
    """Racks that were accepted, or that were retired."""

    site: str
    """Name of the site, as the scenario has it."""
    platform: str
    """Name of the platform, as the scenario has it."""
    racks_count: Annotated[int, Plausible(1, 200_000, least=1)]
    """How many."""
    at: str
    """The day, or the time with its offset from UTC."""
    change: Literal["accepted", "retired"] = "accepted"
    """Whether they came or went."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestFact:
    """An acceptance test: what racks did, together, for how long."""

    site: str
    """Name of the site, as the scenario has it."""
    platform: str
    """Name of the platform, as the scenario has it."""
    racks_count: Annotated[int, Plausible(1, 200_000, least=1)]
    """Racks under test, none of which passed one before: who tests anew corrects the first test."""
    throughput_tokens_per_s: Annotated[float, Plausible("1 tokens/s", "1e12 tokens/s", zero=True)]
    """Output tokens per second of all of them, held throughout."""
    held_h: Annotated[float, Plausible("0.1 h", "8760 h")]
    """How long it was held."""
    at: str
    """When the test ended: the day, or the time with its offset from UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkFact:
    """Tokens that a class of work was served, or how far a training run has come, since the last such fact."""

    use_case: str
    """Class of work or training run, as the scenario has it."""
    at: str
    """End of the time that it speaks of."""
    served_tokens: Annotated[float, Plausible("1 Mtokens", "1e18 tokens", zero=True)] = 0.0
    """Output tokens served."""
    trained_flop: Annotated[float, Plausible("1e18 FLOP", "1e30 FLOP", zero=True)] = 0.0
    """Operations of training done."""
    site: str = ""
    """Where; left out for the whole programme."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceFact:
    """What something costs from a day on."""

    item: str
    """What: a platform, energy at a site, a class of work."""
    price_usd: Annotated[float, Plausible("1e-6 USD", "1e9 USD", least="0 USD", zero=True)]
    """What one of it costs."""
    per: str
    """One of what: rack, MWh, Mtoken, GPU-hour."""
    at: str
    """The day, or the time with its offset from UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyFact:
    """Money that came in or went out."""

    direction: Literal["in", "out"]
    """Whether it came or went."""
    item: Literal["racks", "shells", "energy", "operation", "revenue", "debt", "interest", "tax", "equity", "other"]
    """For what; debt in is drawn, debt out is repaid."""
    amount_usd: Annotated[float, Plausible("1 USD", "1 trillion USD", least="0.01 USD")]
    """How much, never negative."""
    at: str
    """The day, or the time with its offset from UTC."""
    site: str = ""
    """Of which site; left out for the whole programme."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retraction:
    """That a fact is withdrawn, with nothing in its place."""

    reason: str
    """Why."""
    at: str
    """When that was found out."""


# What people record, by its word. Facts of other kinds follow from commands: terms, readings, approval, disbursement.
KINDS: dict[str, type[Any]] = {
    "site": SiteFact,
    "racks": RacksFact,
    "test": TestFact,
    "work": WorkFact,
    "price": PriceFact,
    "money": MoneyFact,
    "retraction": Retraction,
}
# What a fact says to machines alone: digests.
_UNREAD = ("head", "digest", "scenario_hash")
# Facts on which a milestone stands.
EVIDENCE = ("site", "racks", "test")


def read(kind: str, values: Mapping[str, Any]) -> tuple[str, dict[str, Any], list[Fault]]:
    """When something happened, what a fact of it says, and what of it is implausible, from texts by key.

    Raises LedgerError with every fault.
    """
    if kind not in KINDS:
        raise LedgerError(
            [Fault(path="kind", given=kind, expected=f"one of {', '.join(KINDS)}{near(kind, list(KINDS))}")]
        )
    values = _stated(KINDS[kind], values)
    reader = Reader()
    made = read_record(KINDS[kind], values, "", reader)
    faults = [*reader.faults, *(plausible.refused(made) if made is not None else ())]
    at = ""
    try:
        at = parse_moment(str(values.get("at", "")))
    except ValueError as error:
        if "at" in values:
            faults.append(Fault(path="at", given=str(values["at"]), expected=str(error)))
    faults += _unnamed(values)
    if kind == "work" and not {"served", "trained"} & set(values):
        faults.append(Fault(path="served", given="missing", expected="tokens that were served, or what was trained"))
    if faults or made is None:
        raise LedgerError(faults)
    return at, body(made), plausible.named(made)


def _stated(cls: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values without blanks where one is needed, which are then missing: of no site and no platform is nothing."""
    needed = {units.split(entry.name)[0] for entry in fields(cls) if entry.default is MISSING}
    return {key: value for key, value in values.items() if key not in needed or str(value).strip()}


def _unnamed(values: Mapping[str, Any]) -> list[Fault]:
    names = {key: str(values[key]) for key in ("site", "platform", "use_case") if values.get(key)}
    return [
        Fault(path=key, given=f'"{name[:MOST_NAME]}"', expected=KEY_RULE)
        for key, name in names.items()
        if not KEY.fullmatch(name)
    ]


def body(record: Any) -> dict[str, Any]:
    """What a fact says, of the record that was read: numbers in SI by their field; the moment stands apart."""
    return {name: value for name, value in asdict(record).items() if name != "at"}


def shown(kind: str, said: Mapping[str, Any]) -> str:
    """What a fact says, in a line for people."""
    words = []
    # A body is kept by the alphabet; people are told in the order in which a kind is recorded.
    told = [entry.name for entry in fields(KINDS[kind])] if kind in KINDS else []
    for name, value in ({name: said[name] for name in told if name in said} | dict(said)).items():
        key, suffix = units.split(name)
        if name not in _UNREAD and value not in ("", None) and not isinstance(value, dict | list):
            words.append(f"{key.replace('_', ' ')} {units.show(value, suffix) if suffix else value}")
    return ", ".join(words) or kind
