"""Who gets the compute: a capacity divided among classes of work, as it answers while its sliders move.

A field that is as the scenario has it is not asked for, so a link holds what somebody changed and nothing else. The
fragment (`part`) is the answer alone: it asks once, where the whole page asks for the scenario's own values as well.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gigawatt.errors import InputError
from gigawatt.interfaces.http.pages.frame import Guest, Items, Person, bare, faults, page, told
from gigawatt.interfaces.server import results, scenarios
from gigawatt.interfaces.server.asked import Json, Refused, Unanswered
from gigawatt.interfaces.server.results import ResultView
from gigawatt.scenario.load import DEFAULT

# Rules of division that can be chosen, and what they mean; others can be asked for by name.
RULES = {
    "quadratic": "By value (quadratic)",
    "log": "In proportion (log)",
    "alpha=2": "The unequal dearer (α = 2)",
    "max-min": "All shares alike (max-min)",
}
RULE = next(iter(RULES))
# What a field's numbers are in, by the names that a link has: powers, and values of a gigawatt held for a year.
POWERS_W = {"GW": 1e9, "MW": 1e6}
MONEY = "billion USD"
CLASSES = "allocation.classes"
PLANS_COUNT = 10
# A weight's slider ends at so many times the scenario's own; a capacity's begins at this share of its end.
MOST_WEIGHT_RATIO, LEAST_CAPACITY_FRAC = 3.0, 0.005
DIGITS = 4
WRONG = 422

router = APIRouter(include_in_schema=False)
Wrong = (Refused, InputError, Unanswered)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slider:
    """A value that can be moved. base: what the scenario has, as its field shows it; faults: what is wrong with it."""

    name: str
    title: str
    value: str
    base: str
    least: float
    most: float
    unit: str
    faults: Items


@dataclass(frozen=True, slots=True, kw_only=True)
class Knobs:
    """A class of work with its sliders."""

    title: str
    weight: Slider
    floor: Slider


@router.get("/compute")
async def compute(request: Request, reader: Person) -> Response:
    """Who gets how much, what the next gigawatt is worth, and the sliders that change it."""
    asked = dict(request.query_params)
    if "part" in asked:
        return await _part(reader, asked)
    return await _whole(reader, asked)


async def _part(reader: Guest, asked: Mapping[str, str]) -> Response:
    try:
        _, document = await told(reader, "allocate", _values(asked))
    except Wrong as error:
        return bare("wrong.html.j2", reader.language, WRONG, items=faults(error, reader))
    return bare("compute_part.html.j2", reader.language, document=document)


async def _whole(reader: Guest, asked: Mapping[str, str]) -> Response:
    if asked.get("was", _scenario(asked)) != _scenario(asked):  # sliders of another scenario
        asked = {"scenario": asked["scenario"], "fairness": asked.get("fairness", RULE)}
    of = {"scenario": DEFAULT, "period": "", "fairness": RULE} | _of_scenario(asked)
    views = await reader.do(results.listed, verbs=("run",), count=PLANS_COUNT)
    given = of | {
        "names": await reader.do(scenarios.known, "scenario"),
        "plans": _plans(views),
        "rules": [*RULES.items(), *([] if of["fairness"] in RULES else [(of["fairness"], of["fairness"])])],
        "own": urlencode(_of_scenario(asked)),
    }
    try:
        reply, document = await told(reader, "allocate", _values(_of_scenario(asked)))
    except Wrong as error:
        return page(reader, "compute.html.j2", here="compute", status=WRONG, items=faults(error, reader), **given)
    base = now = json.loads(reply.body)
    changed, items = _changed(asked, base), list[Mapping[str, str]]()
    if changed:
        try:
            reply, document = await told(reader, "allocate", _values({**_of_scenario(asked), **changed}))
            now = json.loads(reply.body)
        except Wrong as error:
            items, document = list(faults(error, reader)), {}
    shown = _Sliders(reader, base, now, changed if items else {}, items)
    given |= {"capacity": shown.capacity(), "classes": list(shown.knobs()), "unit": shown.unit, "worth": shown.worth}
    given |= {"items": shown.others(), "document": document, "changed": bool(changed)}
    return page(reader, "compute.html.j2", here="compute", status=WRONG if items else 200, **given)


def _plans(views: Iterable[ResultView]) -> list[tuple[str, str]]:
    return [(view.id, f"{view.scenario or view.verb}, {view.ended[:16].replace('T', ' ')}") for view in views]


def _scenario(asked: Mapping[str, str]) -> str:
    return asked.get("scenario") or DEFAULT


def _of_scenario(asked: Mapping[str, str]) -> dict[str, str]:
    return {key: asked[key] for key in ("scenario", "period", "fairness") if asked.get(key)}


def _values(asked: Mapping[str, str]) -> dict[str, Json]:
    """The question that a query asks; what is no number is left to the verb to refuse."""
    power = asked["unit"] if asked.get("unit") in POWERS_W else "GW"
    found: dict[str, Json] = {"scenario": DEFAULT, **_of_scenario(asked)}
    if asked.get("capacity"):
        found["capacity"] = f"{asked['capacity']} {power}"
    sliders = [(*name.split(".", 1), text) for name, text in asked.items() if "." in name and text]
    set_ = {f"{CLASSES}.{key}.floor": f"{text} {power}" for kind, key, text in sliders if kind == "floor"}
    size = 1e9 if asked.get("worth") == MONEY else 1.0
    set_ |= {f"{CLASSES}.{key}.weight": f"{_times(text, size)} /GW" for kind, key, text in sliders if kind == "weight"}
    return found | ({"set": set_} if set_ else {})


def _times(text: str, size: float) -> str:
    try:
        return f"{float(text) * size:.12g}"
    except ValueError:
        return text


def _changed(asked: Mapping[str, str], base: Mapping[str, Any]) -> dict[str, str]:
    """What a query asks otherwise than the scenario does, with its units; classes that the scenario lacks are none."""
    shown = _Sliders(None, base, base, {}, ())
    own = {one.name: one.base for knobs in shown.knobs() for one in (knobs.weight, knobs.floor)}
    own["capacity"] = shown.capacity().base
    found = {name: asked[name] for name in own if asked.get(name, own[name]) not in ("", own[name])}
    units = {name: asked[name] for name in ("unit", "worth") if name in asked}
    return found and found | {"unit": shown.unit, "worth": shown.worth} | units


class _Sliders:
    """The sliders of an answer: where they begin, where they stand, and what is wrong with what was asked."""

    def __init__(
        self,
        reader: Guest | None,
        base: Mapping[str, Any],
        now: Mapping[str, Any],
        kept: Mapping[str, str],
        items: Items,
    ) -> None:
        self._say = reader.say if reader else str
        self._base, self._now, self._kept, self._items = base, now, kept, items
        self.unit = "GW" if base["capacity_w"] >= POWERS_W["GW"] else "MW"
        self.worth = MONEY if base["value_unit"] == "USD" else base["value_unit"]

    def capacity(self) -> Slider:
        """The slider of all there is to share."""
        title, most = (
            self._say("Capacity to share"),
            max(self._base["curve"][-1]["capacity_w"], self._now["capacity_w"]),
        )
        pair = (one["capacity_w"] / self._size for one in (self._base, self._now))
        return self._slider("capacity", "capacity", title, pair, most / self._size, self.unit, LEAST_CAPACITY_FRAC)

    def knobs(self) -> Iterator[Knobs]:
        """The sliders of each class."""
        per = f"{self.worth}/GW"
        size = 1e9 if self.worth == MONEY else 1.0
        largest = max(row["weight_value_per_gw_year"] for row in self._base["allocation"])
        for rows in zip(self._base["allocation"], self._now["allocation"], strict=True):
            key, weight_most = rows[0]["use_case"], max(row["weight_value_per_gw_year"] for row in rows) or largest
            weights = (row["weight_value_per_gw_year"] / size for row in rows)
            floors = (row["floor_frac"] * row["demand_w"] / self._size for row in rows)
            demand = rows[0]["demand_w"] / self._size
            path = f"{CLASSES}.{key}"
            yield Knobs(
                title=rows[0]["title"],
                weight=self._slider(
                    f"weight.{key}",
                    f"{path}.weight",
                    self._say("Weight"),
                    weights,
                    MOST_WEIGHT_RATIO * weight_most / size,
                    per,
                ),
                floor=self._slider(f"floor.{key}", f"{path}.floor", self._say("Floor"), floors, demand, self.unit),
            )

    def others(self) -> Items:
        """Faults that stand at no slider."""
        mine = [self.capacity(), *(one for knobs in self.knobs() for one in (knobs.weight, knobs.floor))]
        at = [item for slider in mine for item in slider.faults]
        return [item for item in self._items if item not in at]

    @property
    def _size(self) -> float:
        return POWERS_W[self.unit]

    def _slider(
        self, name: str, path: str, title: str, pair: Iterable[float], most: float, unit: str, least_frac: float = 0.0
    ) -> Slider:
        base, now = (_text(value) for value in pair)
        end = float(_text(most))
        return Slider(
            name=name,
            title=title,
            value=self._kept.get(name, now),
            base=base,
            least=float(_text(end * least_frac)),
            most=end,
            unit=unit,
            faults=[item for item in self._items if item["path"] == path],
        )


def _text(value: float) -> str:
    """A number as a field shows it: plain, to four digits."""
    digits = DIGITS - 1 - math.floor(math.log10(abs(value))) if value else 0
    shown = f"{round(value, digits):.{max(digits, 0)}f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown
