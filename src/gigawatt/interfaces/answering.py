"""From the values of a question to its answer, its document and the files of it, whichever door asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gigawatt.report import reports
from gigawatt.report.document import Document, Language
from gigawatt.report.language import said
from gigawatt.study.job import Job
from gigawatt.study.question import read
from gigawatt.study.verbs import Verb


@dataclass(frozen=True, slots=True, kw_only=True)
class VerbOutcome:
    """An answer, what tells it where somebody is to read it, and the files that were written, by name."""

    answer: Any
    document: Document | None
    files: Mapping[str, str]

    @property
    def missed(self) -> tuple[str, ...]:
        """Bars that were asked for and are missed, a line each."""
        return getattr(getattr(self.answer, "head", None), "missed", ())

    def data(self, verb: Verb) -> dict[str, Any]:
        """What `--json` prints."""
        files = {"files": dict(self.files) or None} if reports.kept(verb) else {}
        return reports.data(verb, self.answer) | files


def asked(verb: Verb, values: Mapping[str, Any], places: Mapping[str, Path]) -> Any:
    """The question that values by key ask, with places for its answer that can be written.

    Raises ScenarioError, OutputError, or OSError, before any work is done.
    """
    question = read(verb.question(), values)
    reports.check_places(verb, places)
    return question


def answered(
    verb: Verb, question: Any, places: Mapping[str, Path], job: Job, *, shown: bool = False, language: Language = "en"
) -> VerbOutcome:
    """What a verb answers, written where it is to be kept: "folder" or "table" by its place.

    shown: whether somebody reads its document even where it is kept nowhere. language: in which it is told; a table of
    its own keeps its heads, by which programs know it. Raises what Verb.answer raises,
    OutputError, or OSError.
    """
    answer = verb.answer(question, job)
    if job.runs is not None:
        places = {**places, "folder": job.kept_in(answer.head.scenario, answer.head.hash) or job.runs}
    if places:
        job.say("writing the report", None)
    told = reports.told(verb) and (shown or bool(places))
    made = reports.document(verb, answer) if told else None
    document = said(made, language) if made is not None else None
    files = dict[str, str]()
    for kind, place in places.items():
        files |= reports.write(verb, answer, made if kind == "table" else document, {kind: place})
    return VerbOutcome(answer=answer, document=document, files=files)
