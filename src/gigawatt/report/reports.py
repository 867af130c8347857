"""How each answer is told: on a terminal, and in the files that a door writes of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from gigawatt.study.answer import plain
from gigawatt.study.files import check_drawing, write_whole
from gigawatt.study.verbs import Verb


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Functions of an answer, within gigawatt.report: "module:function"."""

    show: str = "reports:show_plain"
    """Prints it: show(answer, files), files by name as they were written."""
    folder: str = ""
    """Writes it to the folder that it is kept in, and says what it wrote: write(answer, folder)."""
    drawing: str = ""
    """Its chart as an SVG: chart(answer)."""
    table: str = ""
    """Its rows as CSV: table(answer)."""


REPORTS: dict[str, Report] = {
    "run": Report(show="terminal:show", folder="folder:write"),
    "check": Report(show="terminal:show_outline"),
    "compare": Report(show="uncertainty:show_comparison", folder="uncertainty:write_comparison"),
    "sweep": Report(show="uncertainty:show_sweep", folder="uncertainty:write_sweep"),
    "hedge": Report(show="hedging:show"),
    "simulate": Report(show="terminal:show_simulation", folder="folder:write"),
    "allocate": Report(show="allocation:show", drawing="allocation_chart:chart"),
    "flywheel": Report(show="flywheel:show", drawing="flywheel:chart"),
    "predict inference": Report(show="prediction:show_inference", drawing="front:chart"),
    "predict training": Report(show="prediction:show_training"),
    "predict bridge": Report(show="prediction:show_bridge"),
    "validate inference": Report(show="accuracy:show", table="accuracy:predictions"),
    "validate training": Report(show="accuracy:show", table="accuracy:predictions"),
    "validate facility": Report(show="accuracy:show", table="accuracy:predictions"),
    "catalog list": Report(show="terminal:show_listing"),
    "catalog show": Report(show="terminal:show_entry"),
    "catalog import-model": Report(show="terminal:show_imported"),
    "sources": Report(show="terminal:show_sources"),
    "claims": Report(show="terminal:show_claims"),
}


def of(verb: Verb) -> Report:
    """The report of a verb's answer; one that nobody wrote shows its figures."""
    return REPORTS.get(verb.name, Report())


def writes(verb: Verb) -> bool:
    """Whether files can be made of a verb's answer."""
    report = of(verb)
    return bool(report.folder or report.drawing or report.table)


def check_places(places: Mapping[str, Path]) -> None:
    """Refuse, before any work is done, a drawing or table that cannot be written. Raises OutputError, or OSError."""
    if "drawing" in places:
        check_drawing(places["drawing"])
    if "table" in places:
        from gigawatt.report.accuracy import check_predictions

        check_predictions(places["table"])


def write(verb: Verb, answer: Any, places: Mapping[str, Path]) -> dict[str, str]:
    """Write what was asked for: "folder", "drawing" or "table" by its place; what was written where, by name.

    Raises OutputError for a place that is not ours, OSError where the machine cannot write it.
    """
    report, files = of(verb), dict[str, str]()
    if report.folder and "folder" in places:
        files |= _at(report.folder)(answer, places["folder"])
    if "drawing" in places:
        write_whole(places["drawing"], _at(report.drawing)(answer))
        files["chart"] = str(places["drawing"])
    if "table" in places:
        write_whole(places["table"], _at(report.table)(answer))
        files["predictions"] = str(places["table"])
    return files


def show(verb: Verb, answer: Any, files: Mapping[str, str]) -> None:
    """Print an answer for a person."""
    _at(of(verb).show)(answer, files)


def show_plain(answer: Any, files: Mapping[str, str]) -> None:
    """Print an answer that has no report of its own as its figures."""
    print(json.dumps(plain(answer), indent=2, ensure_ascii=False))
    for name, place in files.items():
        print(f"{name}: {place}")


def _at(reference: str) -> Any:
    module, _, name = reference.partition(":")
    return getattr(import_module(f"gigawatt.report.{module}"), name)
