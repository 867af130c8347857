"""What an assistant may call: every verb, and what it needs besides to follow jobs and to keep scenarios.

A tool is a row: its name, its words, the record of its arguments, what it does. All words here are the project's own:
no text from a scenario ever stands in a description.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from gigawatt.interfaces.mcp.questions import (
    JobQuestion,
    JobsQuestion,
    RemoveQuestion,
    ResultQuestion,
    SaveQuestion,
    ScenarioQuestion,
    ScenariosQuestion,
)
from gigawatt.interfaces.server.asked import Role
from gigawatt.interfaces.server.room import lasts, least
from gigawatt.study.question import Named, named_in
from gigawatt.study.schema.record import schema_of
from gigawatt.study.verbs import VERBS, Verb

CONFIRM = "confirm"
UNITS = (
    'Quantities are text with a unit ("10 GW", "5 %"); figures are SI by the ends of their names (_w, _s, _usd, '
    "_frac of 1)."
)
# What a schema's type says already.
TYPED = (
    " A bare number.",
    " A share from 0 to 1, or a percentage.",
    " A bare number or a percentage.",
    " A date, 2026-07-01, or a quarter, 2026Q3.",
)
TWICE = (
    "The first call only proposes, with a `confirm` token; the same call with it does it. Tell the person what is "
    "proposed before you confirm."
)
JOB = "Runs as a job: where it is not done in some seconds the answer is the job's id."
CONFIRMING = "Token of the proposal of this very call; left out to get one."
# What a text of a question may name where a server keeps the things.
PLACES: Mapping[Named, str] = {
    "scenario": "Here: a preset, a kept scenario (NAME or NAME@VERSION), or the id of a finished job.",
    "strategy": "Here: strategies that ship, or that are kept.",
    "result": "Here: the id of a finished job.",
    "file": "Here: a file that was sent to the server, by its digest or its name.",
    "document": "Here: a file that was sent to the server, by its digest or its name; or words.",
    "database": "Here: leave it out; the server has one ledger.",
    "person": "Here: leave it out; whoever asks is known.",
    "workers": "Here: no more than the server allows.",
}
# What every tool gives is an object: the answer, a proposal, how a job stands, or an error.
OUTPUT: Mapping[str, Any] = {"type": "object"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One tool: how it is called, what it says of itself, what it does, and who may call it."""

    name: str
    """Its name."""
    says: str
    """What it does, in a sentence."""
    question: type[Any]
    """The record of its arguments."""
    role: Role
    """The least that one has to be."""
    asks: bool = False
    """Whether it asks for confirmation by a second call."""
    does: Literal["reads", "adds", "destroys"] = "reads"
    """Whether it changes nothing, only adds, or does what is not easily undone."""
    verb: Verb | None = None
    """The verb that it is; None for one of the door's own."""

    @property
    def description(self) -> str:
        """What it does, as an assistant reads it."""
        long = self.verb is not None and lasts(self.verb)
        return " ".join([self.says, UNITS, *([JOB] if long else ()), *([TWICE] if self.asks else ())])

    def schema(self) -> dict[str, Any]:
        """JSON Schema of its arguments: that of the question, with what its texts name here, and the token."""
        made = schema_of(self.question)
        found = _whole({key: value for key, value in made.items() if key not in ("$schema", "$defs")}, made["$defs"])
        for key, thing in named_in(self.question).items():
            entry = found["properties"][key]
            found["properties"][key] = {**entry, "description": f"{entry['description']} {PLACES[thing]}"}
        if self.asks:
            found["properties"][CONFIRM] = {"type": "string", "description": CONFIRMING}
        return found


def asks(verb: Verb) -> bool:
    """Whether a verb asks for confirmation: it changes something, or is a job."""
    return lasts(verb) or verb.changes != "nothing"


def _whole(part: Any, shared: Any) -> Any:
    """A schema with every reference replaced by what it refers to, which not all clients do themselves.

    Of what is counted only the whole number is told: a caller that reads schemas writes no "2 thousand", and of several
    readings of which there is one, that one. How a text with a unit is spelled is said in words, and held against its
    pattern where the question is read.
    """
    if isinstance(part, Mapping):
        ways = part.get("anyOf", [])
        counted = [one for one in ways if one.get("type") == "integer"] or (ways if len(ways) == 1 else [])
        if counted:
            part = {key: value for key, value in part.items() if key != "anyOf"} | counted[0]
        kept = {key: value for key, value in part.items() if key != "$ref" and not _is_spelling(key, value)}
        below = {key: _whole(value, shared) for key, value in kept.items()}
        if isinstance(words := below.get("description"), str):
            below["description"] = next((words.removesuffix(one) for one in TYPED if words.endswith(one)), words)
        return below | (_whole(shared[part["$ref"].rpartition("/")[2]], shared) if "$ref" in part else {})
    return [_whole(entry, shared) for entry in part] if isinstance(part, list) else part


def _is_spelling(key: str, value: Any) -> bool:
    """Whether an entry of a schema is the pattern of a text, or the most that any number may be."""
    return (key == "pattern" and isinstance(value, str)) or (key == "maximum" and value != 1)


def _of_verb(verb: Verb) -> Tool:
    does: Any = "destroys" if verb.changes == "release" else "adds" if asks(verb) else "reads"
    return Tool(
        name=verb.function,
        says=verb.title,
        question=verb.question(),
        role=least(verb),
        asks=asks(verb),
        does=does,
        verb=verb,
    )


# The door's own, after the verbs: what an assistant needs to follow jobs and to keep scenarios.
OWN: tuple[Tool, ...] = (
    Tool(
        name="job_list",
        says="List jobs, the newest first: their verb, state, how far they are, who asked.",
        question=JobsQuestion,
        role="viewer",
    ),
    Tool(
        name="job_status",
        says="Say how far a job is: waiting, running, done, failed or cancelled; its end is waited for some seconds.",
        question=JobQuestion,
        role="viewer",
    ),
    Tool(
        name="job_result",
        says="Show the answer of a finished job, or a part of it by its path; lists come in pages.",
        question=ResultQuestion,
        role="viewer",
    ),
    Tool(
        name="job_cancel",
        says="Cancel a job that waits or runs: it ends at its next step.",
        question=JobQuestion,
        role="editor",
        does="destroys",
    ),
    Tool(
        name="result_remove",
        says="Remove the result of a job of one's own, with all its files.",
        question=JobQuestion,
        role="editor",
        asks=True,
        does="destroys",
    ),
    Tool(
        name="scenario_list",
        says="List the scenarios that are kept, and the presets that ship.",
        question=ScenariosQuestion,
        role="viewer",
    ),
    Tool(
        name="scenario_get",
        says="Read the TOML of a kept scenario or a preset, with its etag.",
        question=ScenarioQuestion,
        role="viewer",
    ),
    Tool(
        name="scenario_save",
        says="Keep a scenario, or a new version of one; it is read first, and every fault is told.",
        question=SaveQuestion,
        role="editor",
        asks=True,
        does="adds",
    ),
    Tool(
        name="scenario_remove",
        says="Remove a kept scenario; its versions stay in its history.",
        question=RemoveQuestion,
        role="editor",
        asks=True,
        does="destroys",
    ),
)


@cache
def tools() -> Mapping[str, Tool]:
    """Every tool by name: the verbs, then the door's own."""
    return {tool.name: tool for tool in (*map(_of_verb, VERBS), *OWN)}
