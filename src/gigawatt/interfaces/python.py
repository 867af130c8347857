"""Python and notebooks: a function for every verb, and answers that show themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gigawatt.errors import MOST_NAME, Fault, ScenarioError, near
from gigawatt.scenario.schema import Scenario
from gigawatt.study import verbs
from gigawatt.study.job import Job
from gigawatt.study.verbs import Verb

if TYPE_CHECKING:
    import pandas as pd

    from gigawatt.report.charts import Chart
    from gigawatt.report.document import Document
    from gigawatt.scenario.schema import Scenario as Asked

# What a short look at an answer names of its tables and charts.
NAMED = 12


@dataclass(frozen=True, eq=False)
class Answered:
    """An answer with all that a report says of it.

    Its fields are those of the answer, and where the answer holds a whole result (of run and simulate) those of the
    result as well, which come first: `plan`, `timeline`, `accounts`, `headline`, `notes`, `save`. In a notebook it
    shows itself; `tables` and `charts` name what `frame` and `chart` give.
    """

    verb: Verb
    answer: Any

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_"):
            for part in (getattr(self.answer, "result", None), self.answer):
                if hasattr(part, name):
                    return getattr(part, name)
        raise AttributeError(f"the answer of {self.verb.name} has no {name!r}")

    def __dir__(self) -> list[str]:
        parts = (getattr(self.answer, "result", None), self.answer)
        told = {name for part in parts for name in dir(part) if not name.startswith("_")}
        return sorted({*super().__dir__(), *told})

    @cached_property
    def document(self) -> Document:
        """What a report shows: title, lead, sections of paragraphs, tables and charts, notes and sources."""
        from gigawatt.report import reports

        if not reports.told(self.verb):
            raise ScenarioError([Fault(path="document", given=self.verb.name, expected="a verb that makes a report")])
        return reports.document(self.verb, self.answer)

    @property
    def tables(self) -> list[str]:
        """The names of its tables."""
        return list(self.document.tables())

    @property
    def charts(self) -> list[str]:
        """The names of its charts."""
        return list(self.document.charts())

    def frame(self, name: str) -> pd.DataFrame:
        """A table as a pandas frame: figures in SI units, which its columns name, "Debt [USD]"; rows go by their names.

        Raises KeyError with the nearest names for a table that is not there.
        """
        from pandas import DataFrame

        from gigawatt.report.writers.csv import heads

        table = _named(self.document.tables(), name)
        first, *columns = heads(table)
        named = [row[0] for row in table.rows]
        return DataFrame([list(row[1:]) for row in table.rows], columns=columns, index=named).rename_axis(first or None)

    def chart(self, name: str) -> Chart:
        """A chart, which shows itself in a notebook; `chart.alone` is its SVG as text. Raises KeyError as `frame`."""
        return _named(self.document.charts(), name)

    def write(self, folder: str | Path) -> Path:
        """Write page, workbook, tables, charts and figures, as `--out` does: all of it, or nothing.

        Raises OutputError where the folder holds what is not ours, OSError where the machine cannot write it.
        """
        from gigawatt.report import reports

        reports.write(self.verb, self.answer, self.document, {"folder": Path(folder)})
        return Path(folder)

    def _repr_html_(self) -> str | None:
        from gigawatt.report import reports
        from gigawatt.report.writers import page

        return page.fragment(self.document) if reports.told(self.verb) else None

    def __repr__(self) -> str:
        from gigawatt.report import reports

        if not reports.told(self.verb):
            return repr(self.answer)
        lines = [self.document.title, self.document.lead]
        for kind, names in (("tables", self.tables), ("charts", self.charts)):
            more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
            lines += [f"{kind}: {', '.join(names[:NAMED])}{more}"] if names else []
        return "\n".join(line for line in lines if line)


def _named(found: Mapping[str, Any], name: str) -> Any:
    if name not in found:
        raise KeyError(f"{name!r} is none of {', '.join(found) or 'none'}{near(name, list(found))}")
    return found[name]


def load_result(folder: str | Path) -> Answered:
    """What `gigawatt run` kept in a folder, with a note of each number that the catalog has otherwise today.

    Raises ScenarioError where the folder holds no result, or one that was changed since.
    """
    from gigawatt.study.result import load
    from gigawatt.study.run.answer import answer_of

    return Answered(verbs.named("run"), answer_of(load(folder)))


def ask(
    verb: Verb,
    *places: Any,
    out: str | Path | None = None,
    progress: Callable[[str], None] | None = None,
    job: Job | None = None,
    **values: Any,
) -> Answered:
    """Ask a verb, with values by their place or by key as on a command line; texts have units ("10 GW").

    After the places of a command line comes the table of overrides, where the verb takes one. out: the folder to write.
    progress: called with what is being done. job: both of these, and who cancels or works.

    Raises what the verb's answer raises.
    """
    job = job or Job()
    if progress is not None:
        job = replace(job, progress=lambda words, _: progress(words))
    if out is not None:
        job = replace(job, folder=_free(verb, Path(out)))
    if len(places) > len(verb.positional):
        *places_, values["set"] = places
        places = tuple(places_)
    if places and isinstance(places[0], Scenario):
        answered = Answered(verb, _run(places[0], values.get("set"), job))
    else:
        answered = Answered(verb, verbs.ask(verb.name, *places, job=job, **values))
    if out is not None:
        answered.write(out)
    return answered


def _free(verb: Verb, folder: Path) -> Path:
    """A folder in which an answer can be written, found before anything is worked out or recorded.

    Raises ScenarioError for an answer that no folder is written of, OutputError for a folder that is another's.
    """
    from gigawatt.report import reports

    if not reports.kept(verb) and not verb.folder:
        given = f'"{str(folder)[:MOST_NAME]}"'
        expected = f"no folder: what {verb.name} gives is no report"
        raise ScenarioError([Fault(path="out", given=given, expected=expected, asked=True)])
    reports.check_places(verb, {"folder": folder})
    return folder


def _run(scenario: Asked, overrides: Mapping[str, Any] | None, job: Job) -> Any:
    """A run of a scenario that is in memory already."""
    from gigawatt.scenario.load import reread
    from gigawatt.study.run.answer import answer_of
    from gigawatt.study.run.stages import run

    return answer_of(run(reread(scenario, overrides) if overrides else scenario, progress=job.say))


def function(name: str) -> Callable[..., Answered]:
    """The function of a verb by its name in Python. Raises KeyError where there is none."""
    verb = verbs.named(name)

    def asked(*places: Any, **values: Any) -> Answered:
        return ask(verb, *places, **values)

    asked.__name__ = asked.__qualname__ = name
    asked.__doc__ = f"{verb.title}\n\nAs `{verb.example}` on a command line; see `gigawatt {verb.name} --help`."
    return asked
