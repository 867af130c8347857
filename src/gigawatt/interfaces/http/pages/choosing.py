"""Which kept result a page is about, and the forms that begin another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.responses import RedirectResponse, Response

from gigawatt.errors import InputError
from gigawatt.interfaces.http.pages.frame import Guest, Items, faults
from gigawatt.interfaces.server import results
from gigawatt.interfaces.server.asked import Json, Refused, Unanswered
from gigawatt.interfaces.server.results import ResultView

# Results among which a reader chooses.
CHOICE_COUNT = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The results of some verbs, the last first, and the one that is shown."""

    views: Sequence[ResultView]
    """Among which a reader chooses."""
    shown: ResultView | None
    """The one that is shown; None where there is none yet."""


async def choice(reader: Guest, id_: str, *verbs: str) -> Choice:
    """The last results of some verbs, and the one of an id, or the last where that is "".

    Raises Refused where there is none of that id, or it is of another verb.
    """
    views = await reader.do(results.listed, verbs=verbs, count=CHOICE_COUNT)
    if not id_:
        return Choice(views=views, shown=views[0] if views else None)
    shown = next((view for view in views if view.id == id_), None) or await reader.do(results.get, id_)
    if shown.verb not in verbs:
        raise Refused("wrong", "result", f"{id_}, of {shown.verb}", f"a result of {' or '.join(verbs)}")
    return Choice(views=views if shown in views else [*views, shown], shown=shown)


async def beside(reader: Guest, view: ResultView, verb: str) -> ResultView | None:
    """The last result of another verb about the very scenario of a result; else of one of its name; None for none."""
    found: list[ResultView] = await reader.do(results.listed, verbs=(verb,), scenario=view.scenario)
    return next((one for one in found if one.hash == view.hash), found[0] if found else None)


async def begin(reader: Guest, verb: str, values: Mapping[str, Json]) -> Response | Items:
    """Begin a job, and go where it is watched; what is wrong with its values, where something is."""
    try:
        job = await reader.desk.ask(reader.room.start, reader.caller, verb, values)
    except (InputError, Unanswered) as error:
        return faults(error, reader)
    return RedirectResponse(f"/jobs/{job.id}", 303)
