"""The file that an answer is to another program, and what would change where it is applied."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gigawatt.errors import Fault, ScenarioError
from gigawatt.readers.quotas import KubeObject, QosRow, QuotaTable
from gigawatt.report.quotas import changes, focus, kai, kueue, manifest, rules, slurm
from gigawatt.report.quotas.changes import QuotaChange
from gigawatt.study.answer import plain
from gigawatt.study.export.answer import QuotasAnswer
from gigawatt.study.export.focus import FocusAnswer

OBJECTS: Mapping[str, Callable[[QuotaTable], list[KubeObject]]] = {"kueue": kueue.objects, "kai": kai.objects}
SETTING = {
    "kueue": "kubectl apply -f FILE, after the namespaces that are named as the classes are there",
    "kai": "kubectl apply -f FILE",
    "slurm": "sh FILE, as an administrator of slurmdbd; it may run twice",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """text: the file. objects: what is in it, for Kubernetes. changes: None where nobody asked what stands."""

    text: str
    objects: Sequence[KubeObject] | None = None
    changes: Sequence[QuotaChange] | None = None

    @property
    def shown(self) -> str:
        """What a terminal is shown: the file, or else what would change."""
        if self.changes is None:
            return self.text
        return "".join(f"{one}\n" for one in self.changes) or "nothing would change\n"


def written(answer: QuotasAnswer | FocusAnswer) -> Written:
    """The file of an answer. Raises ScenarioError where a server would not take what a plan comes to."""
    if isinstance(answer, FocusAnswer):
        return Written(text=focus.text(answer))
    remarks, live = _remarks(answer), answer.live
    if answer.format == "slurm":
        rows = [one for one in live or () if isinstance(one, QosRow)]
        found = None if live is None else changes.of_rows(slurm.rows(answer.table), rows)
        return Written(text=slurm.text(answer.table, remarks), changes=found)
    objects = OBJECTS[answer.format](answer.table)
    _hold(objects)
    standing = [one for one in live or () if isinstance(one, KubeObject)]
    found = None if live is None else changes.of_objects(objects, standing)
    return Written(text=manifest.text(objects, remarks), objects=objects, changes=found)


def _hold(objects: Sequence[KubeObject]) -> None:
    """Refuse objects that a server would refuse, cut in silence, or take and never admit anything by."""
    found = rules.check_all(objects)
    if found:
        raise ScenarioError(Fault(path=one.path, given=one.text, expected="what a server takes") for one in found)


def told(answer: QuotasAnswer | FocusAnswer) -> dict[str, Any]:
    """The figures of an answer with its file: one JSON object."""
    found = written(answer)
    objects = None if found.objects is None else [one.body for one in found.objects]
    return plain(answer) | {"text": found.text, "objects": objects, "changes": plain(found.changes)}


def _remarks(answer: QuotasAnswer) -> list[str]:
    """What stands above a file: what it is of, how to use it, and what its reader has to know."""
    head = answer.head
    made = f"Gigawatt {head.gigawatt}: {head.scenario} in {answer.period}, {head.hash}"
    said = [
        note.text for note in head.notes if note.code in ("basis", "renamed", "floor", "places", "resource", "unsaid")
    ]
    return [made, SETTING[answer.format], *said]
