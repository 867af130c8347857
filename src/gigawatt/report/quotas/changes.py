"""What would change where a file is applied to what stands: field by field, and nothing that the file does not say."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from gigawatt.readers.quotas import MANAGED, PART_OF, KubeObject, QosRow
from gigawatt.report.quotas.fields import quantity
from gigawatt.report.quotas.rules import check_update

# Fields of Slurm whose order says nothing.
_SETS = ("QOS", "Preempt")
# What sacctmgr shows otherwise than it was told, or not at all.
_UNSHOWN = ("Parent", "Description", "DefaultQOS", "PreemptMode")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaChange:
    """One thing that would be otherwise: an object that comes or goes, or a field of one, as it is and as it would be.

    note: what stands in the way of it.
    """

    action: Literal["add", "change", "remove"]
    thing: str
    field: str | None = None
    now: str | None = None
    then: str | None = None
    note: str | None = None

    def __str__(self) -> str:
        if self.field is None:
            return f"{self.action} {self.thing}" + (f" ({self.note})" if self.note else "")
        said = f"{self.action} {self.thing}: {self.field} {self.now or 'nothing'} → {self.then or 'nothing'}"
        return said + (f" ({self.note})" if self.note else "")


def of_objects(want: Sequence[KubeObject], live: Sequence[KubeObject]) -> list[QuotaChange]:
    """What would change of Kubernetes' objects; of those that stand, ours that are not wanted any more would go."""
    there = {one.key: one for one in live}
    wanted = {one.key for one in want}
    found: list[QuotaChange] = []
    for one in want:
        now = there.get(one.key)
        found += [QuotaChange(action="add", thing=_name(one))] if now is None else _fields(now, one)
    programmes = {one.labels.get(PART_OF) for one in want}
    for one in live:
        ours = one.labels.get(MANAGED) == "gigawatt" and one.labels.get(PART_OF) in programmes
        if ours and one.key not in wanted:
            note = "kubectl apply leaves it: delete it once its work is done"
            found.append(QuotaChange(action="remove", thing=_name(one), note=note))
    return found


def _name(one: KubeObject) -> str:
    return f"{one.kind} {one.name}"


def _fields(now: KubeObject, then: KubeObject) -> Iterator[QuotaChange]:
    notes = {one.path: one.text for one in check_update(now, then)}
    for field, before, after in _differences(now.body, then.body, ""):
        yield QuotaChange(
            action="change",
            thing=_name(then),
            field=field,
            now=_shown(before),
            then=_shown(after),
            note=notes.get(field),
        )


def _differences(now: Any, then: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Paths at which what stands is not what is wanted; of a mapping, only where something is wanted."""
    if isinstance(now, Mapping) and isinstance(then, Mapping):
        for name, item in then.items():
            yield from _differences(now.get(name), item, f"{path}.{name}".lstrip("."))
    elif _named(now) and _named(then):
        before, after = ({one["name"]: one for one in some} for some in (now, then))
        for name in dict.fromkeys([*before, *after]):
            here = f"{path}[{name}]"
            if name in before and name in after:
                yield from _differences(before[name], after[name], here)
            else:
                yield here, before.get(name), after.get(name)
    elif isinstance(now, list) and isinstance(then, list) and len(now) == len(then):
        for n, (before_, after_) in enumerate(zip(now, then, strict=True)):
            yield from _differences(before_, after_, f"{path}[{n}]")
    elif not _same(now, then):
        yield path, now, then


def _named(value: Any) -> bool:
    """Whether it is a list of things with names."""
    return isinstance(value, list) and all(
        isinstance(one, Mapping) and isinstance(one.get("name"), str) for one in value
    )


def _same(now: Any, then: Any) -> bool:
    """Whether two values are the same, or the same quantity."""
    try:
        return now == then or quantity(now) == quantity(then)
    except ValueError:
        return False


def _shown(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)


def of_rows(want: Sequence[QosRow], live: Sequence[QosRow]) -> list[QuotaChange]:
    """What would change of Slurm's accounts and QOS, as far as what is shown of them says.

    Where no QOS is shown at all, none is compared. Nothing of what stands is called ours, for Slurm keeps no such mark.
    """
    there = {(row.kind, row.cluster, row.name): row for row in live}
    shows = {row.kind for row in live}
    found: list[QuotaChange] = []
    for row in want:
        thing = f"{row.kind} {row.name}" + (f" of {row.cluster}" if row.cluster else "")
        now = there.get((row.kind, row.cluster, row.name))
        if now is not None:
            found += _row_changes(thing, now, row)
        elif row.kind in shows:
            found.append(QuotaChange(action="add", thing=thing))
    return found


def _row_changes(thing: str, now: QosRow, then: QosRow) -> Iterator[QuotaChange]:
    for name in then.fields:
        if name == "GrpTRES":
            kinds = dict.fromkeys(then.gpus)
            pairs = [(_gpus(kind), _text(now.gpus.get(kind)), _text(then.gpus[kind])) for kind in kinds]
        elif name in now.fields and name not in _UNSHOWN:
            pairs = [(name, _ordered(name, now), _ordered(name, then))]
        else:
            pairs = []
        for field, before, after in pairs:
            if before != after:
                yield QuotaChange(action="change", thing=thing, field=field, now=before, then=after)


def _gpus(kind: str) -> str:
    return f"GrpTRES gres/gpu:{kind}" if kind else "GrpTRES gres/gpu"


def _text(count: int | None) -> str | None:
    return None if count is None else str(count)


def _ordered(name: str, row: QosRow) -> str:
    value = row.fields[name]
    return ",".join(sorted(value.split(","))) if name in _SETS else value
