"""What a server takes of an object before any rule: fields, their types, and what it fills in, from `fields.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Literal

from gigawatt.readers.quotas import KubeObject

QUANTITY = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?")
NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
MOST_NAME, MOST_WHOLE = 253, 2**63
_SMALL = {unit: Decimal(10) ** (3 * n - 9) for n, unit in enumerate("num")}
_LARGE = {unit: Decimal(1000) ** n for n, unit in enumerate("kMGTPE", start=1)}
_BINARY = {f"{unit}i": Decimal(1024) ** n for n, unit in enumerate("KMGTPE", start=1)}
SIZES = {"": Decimal(1), **_SMALL, **_LARGE, **_BINARY}
_SPEC = re.compile(
    r"(?P<type>\S+)(?: (?P<least>\d+)\.\.(?P<most>\d*))?(?P<required> required)?(?: = (?P<default>\S+))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a server would say of an object, and where in it: "pruned" is silent.

    layer: schema, CEL (rules of the schema, after defaults), webhook, update (what may not change), or unusable (what a
    server takes, and then admits nothing by, such as a name that is not there).
    """

    layer: Literal["schema", "pruned", "CEL", "webhook", "update", "unusable"]
    path: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRule:
    """What one field takes: a type, or words to choose from, and how long a list or a map of it may be."""

    type: str
    least: int
    most: int | None
    required: bool
    default: str | None


@cache
def fields_of(kind: str) -> Mapping[str, FieldRule] | None:
    """Fields of a kind by path, with [] for what is in a list; None for a kind that is not ours."""
    table = _tables().get(kind)
    if table is None:
        return None
    return {path: _rule(words) for path, words in table["fields"].items()}


@cache
def _tables() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name("fields.toml").read_text(encoding="utf-8"))


def _rule(words: str) -> FieldRule:
    match = _SPEC.fullmatch(words)
    assert match is not None, words
    return FieldRule(
        type=match["type"],
        least=int(match["least"] or 0),
        most=int(match["most"]) if match["most"] else None,
        required=bool(match["required"]),
        default=match["default"],
    )


def quantity(value: object) -> Decimal:
    """A quantity of Kubernetes as a number. Raises ValueError where it is none; a float is none.

    >>> quantity("1500m")
    Decimal('1.500')
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    match = QUANTITY.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("a quantity, which is a whole number or a text such as 500m")
    number, unit = match[1], match[2] or ""
    return Decimal(number) * SIZES[unit] if unit in SIZES else Decimal(number + unit)


def checked(one: KubeObject) -> tuple[list[Finding], dict[str, Any]]:
    """What the schema finds of an object, and the object as a server goes on with it: without what it does not know,
    and with its defaults."""
    body = one.body
    kind = str(body.get("kind"))
    rules = fields_of(kind)
    version = _tables().get(kind, {}).get("apiVersion")
    if rules is None or body.get("apiVersion") != version:
        known = ", ".join(f"{name} of {table['apiVersion']}" for name, table in _tables().items())
        given = f"{kind} of {body.get('apiVersion')}"
        return [Finding(layer="schema", path="kind", text=f"{given}: expected one of {known}")], {}
    findings = list(_metadata(body))
    head = {name: deepcopy(body[name]) for name in ("apiVersion", "kind", "metadata", "status") if name in body}
    rest = {name: value for name, value in body.items() if name not in head}
    kept = _object(rest, "", "", rules, findings)
    return findings, {**head, **kept}


def _metadata(one: Mapping[str, Any]) -> Iterator[Finding]:
    metadata = one.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    if not isinstance(name, str) or not NAME.fullmatch(name) or len(name) > MOST_NAME:
        yield Finding(layer="schema", path="metadata.name", text=f"{name!r}: expected a name of RFC 1123")


def _object(
    value: Mapping[str, Any], path: str, at: str, rules: Mapping[str, FieldRule], findings: list[Finding]
) -> dict[str, Any]:
    """A mapping without unknown fields and with defaults. path: the rule's; at: the object's own."""
    inside = {one[len(path) :].lstrip("."): one for one in rules if one.startswith(path) and one != path}
    own = {name: rule for name, rule in inside.items() if "." not in name and "[" not in name}
    kept: dict[str, Any] = {}
    for name, item in value.items():
        here = f"{at}.{name}".lstrip(".")
        if name not in own:
            findings.append(Finding(layer="pruned", path=here, text="no field of it: the server drops it in silence"))
        elif item is not None:
            kept[name] = _value(item, own[name], here, rules, findings)
    for name, whole in own.items():
        rule = rules[whole]
        if name not in kept and rule.required:
            findings.append(Finding(layer="schema", path=f"{at}.{name}".lstrip("."), text="missing: it is required"))
        if name not in kept and rule.default is not None:
            kept[name] = int(rule.default) if rule.default.isdigit() else rule.default
        if name not in kept and whole in ("spec.preemption", "spec.preemption.borrowWithinCohort"):
            kept[name] = _object({}, whole, f"{at}.{name}".lstrip("."), rules, findings)
    return kept


def _value(item: Any, path: str, at: str, rules: Mapping[str, FieldRule], findings: list[Finding]) -> Any:
    rule = rules[path]
    wrong = _wrong(item, rule)
    if wrong:
        findings.append(Finding(layer="schema", path=at, text=f"{item!r}: expected {wrong}"[:300]))
        return item
    if rule.type == "object":
        return _object(item, path, at, rules, findings)
    if rule.type == "list":
        return [_value(one, f"{path}[]", f"{at}[{n}]", rules, findings) for n, one in enumerate(item)]
    return item


def _wrong(item: Any, rule: FieldRule) -> str:
    """What was expected instead; "" where the item is right."""
    if "|" in rule.type:
        return "" if item in rule.type.split("|") else f"one of {rule.type.replace('|', ', ')}"
    right, expected = _TYPES[rule.type](item)
    if right and rule.type in ("list", "map"):
        right = rule.least <= len(item) <= (len(item) if rule.most is None else rule.most)
        expected = f"{rule.least} to {rule.most} entries"
    return "" if right else expected


def _is_whole(item: Any) -> bool:
    return isinstance(item, int) and not isinstance(item, bool) and abs(item) < MOST_WHOLE


def _is_quantity(item: Any) -> bool:
    try:
        quantity(item)
    except ValueError:
        return False
    return True


def _is_map(item: Any) -> bool:
    return isinstance(item, Mapping) and all(isinstance(text, str) for text in (*item, *item.values()))


_TYPES: Mapping[str, Callable[[Any], tuple[bool, str]]] = {
    "text": lambda item: (isinstance(item, str), "text"),
    "name": lambda item: (isinstance(item, str) and bool(NAME.fullmatch(item)) and len(item) <= MOST_NAME, "a name"),
    "whole": lambda item: (_is_whole(item), "a whole number"),
    "number": lambda item: (_is_whole(item) or isinstance(item, float), "a number"),
    "quantity": lambda item: (_is_quantity(item), "a quantity: a whole number, or text such as 500m"),
    "map": lambda item: (_is_map(item), "names with texts"),
    "object": lambda item: (isinstance(item, Mapping), "a mapping"),
    "list": lambda item: (isinstance(item, Sequence) and not isinstance(item, str), "a list"),
}
