"""One row of the table of verbs: what is asked, what answers, and how doors may treat it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

from gigawatt.study.job import Job

Group = Literal["plan", "live", "share", "book", "kernels", "know"]
# What a verb changes: nothing; the ledger's facts; or what the ledger releases, which is money.
Change = Literal["nothing", "ledger", "release"]
# The groups in the order of a user's work, and what they are for.
GROUPS: Mapping[Group, str] = {
    "plan": "Plan: what to build, and how it holds up",
    "live": "Live: what then happens",
    "share": "Share: who gets the compute",
    "book": "Keep: what really happened, and what is due for it",
    "kernels": "Kernels: what a machine does, and how far that is from what was measured",
    "know": "Know: figures, sources and statements",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """One row: a verb, the record that asks it, and the function that answers."""

    name: str
    """As it is typed; two words where several verbs share a noun."""
    group: Group
    """Where it stands in help."""
    title: str
    """What it does, in a sentence."""
    asks: str
    """Where the record of its question is, within gigawatt.study: "module:Class"."""
    answers: str
    """Where the function from question and job to answer is: "module:function"."""
    example: str
    """A command that works as it stands."""
    positional: tuple[str, ...] = ()
    """Keys of the question that a command line takes by their place."""
    long: bool = False
    """Whether it takes more than a moment, so that a server makes a job of it."""
    folder: str = ""
    """What it keeps in a folder of the job; "" for nothing."""
    always_kept: bool = False
    """Whether it gets a folder of its own where none is asked for."""
    resumes: bool = False
    """Whether what was done before an interruption is kept in its folder, and the same question goes on from there."""
    stops: bool = False
    """Whether it tells what was done until an interruption, marked as partial."""
    spreads: bool = False
    """Whether its work may be spread over an executor's workers."""
    changes: Change = "nothing"
    """What it changes besides its own folder."""
    counts: str = ""
    """Where the function from question to its size is, by which it is estimated; "" for what takes a moment."""

    @property
    def function(self) -> str:
        """Its name in Python."""
        return self.name.replace(" ", "_").replace("-", "_")

    def question(self) -> type[Any]:
        """The record of its question."""
        return _at(self.asks)

    def answer(self, question: Any, job: Job) -> Any:
        """What it answers. Raises ScenarioError, CatalogError, CalibrationError or LedgerError for bad input,
        Infeasible where no plan meets every limit, SolverFailure where a solver fails, Cancelled where the job is.

        A question that states a day is answered with what was known on it."""
        with _known(question):
            return _at(self.answers)(question, job)

    def size(self, question: Any) -> Any:
        """How much work a question asks for, a `sizes.QuestionSize`; None for a moment's. Raises what `answer` raises
        for bad input, as far as that is seen before the work begins."""
        if not self.counts:
            return None
        with _known(question):
            return _at(self.counts)(question)


def _known(question: Any) -> AbstractContextManager[None]:
    """The catalog as of the day whose knowledge a question asks for. Raises ScenarioError for what is no day."""
    day: str | None = getattr(question, "as_of_date", None)
    if day is None:
        return nullcontext()
    from gigawatt.catalog.dated import EXPECTED_DAY, is_day
    from gigawatt.catalog.load import known_by
    from gigawatt.study.question import refuse, wrong

    if not is_day(day):
        refuse([wrong("as_of", day, EXPECTED_DAY)])
    return known_by(day)


def _at(reference: str) -> Any:
    module, _, name = reference.partition(":")
    return getattr(import_module(f"gigawatt.study.{module}"), name)
