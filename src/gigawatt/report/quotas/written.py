"""The file that an answer is to another program, and what would change where it is applied."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gigawatt.readers.quotas import QuotaTable
from gigawatt.report.quotas import changes, focus, kai, kueue, manifest, slurm
from gigawatt.report.quotas.changes import Change
from gigawatt.study.answer import plain
from gigawatt.study.export.answer import QuotasAnswer
from gigawatt.study.export.focus import FocusAnswer

OBJECTS: Mapping[str, Callable[[QuotaTable], list[dict[str, Any]]]] = {"kueue": kueue.objects, "kai": kai.objects}
SETTING = {
    "kueue": "kubectl apply -f FILE, after the namespaces that are named as the classes are there",
    "kai": "kubectl apply -f FILE",
    "slurm": "sh FILE, as an administrator of slurmdbd; it may run twice",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """text: the file. objects: what is in it, for Kubernetes. changes: None where nobody asked what stands."""

    text: str
    objects: Sequence[Mapping[str, Any]] | None = None
    changes: Sequence[Change] | None = None

    @property
    def shown(self) -> str:
        """What a terminal is shown: the file, or else what would change."""
        if self.changes is None:
            return self.text
        return "".join(f"{one}\n" for one in self.changes) or "nothing would change\n"


def written(answer: QuotasAnswer | FocusAnswer) -> Written:
    """The file of an answer."""
    if isinstance(answer, FocusAnswer):
        return Written(text=focus.text(answer))
    remarks = _remarks(answer)
    if answer.format == "slurm":
        text, objects = slurm.text(answer.table, remarks), None
        found = None if answer.live is None else changes.of_rows(slurm.rows(answer.table), _rows(answer))
    else:
        objects = OBJECTS[answer.format](answer.table)
        text = manifest.text(objects, remarks)
        found = None if answer.live is None else changes.of_objects(objects, _rows(answer))
    return Written(text=text, objects=objects, changes=found)


def told(answer: QuotasAnswer | FocusAnswer) -> dict[str, Any]:
    """The figures of an answer with its file: one JSON object."""
    found = written(answer)
    return plain(answer) | {"text": found.text, "objects": found.objects, "changes": plain(found.changes)}


def _rows(answer: QuotasAnswer) -> Any:
    return answer.live


def _remarks(answer: QuotasAnswer) -> list[str]:
    """What stands above a file: what it is of, how to use it, and what its reader has to know."""
    head = answer.head
    made = f"Gigawatt {head.gigawatt}: {head.scenario} in {answer.period}, {head.hash}"
    said = [
        note.text for note in head.notes if note.code in ("basis", "renamed", "floor", "places", "resource", "unsaid")
    ]
    return [made, SETTING[answer.format], *said]
