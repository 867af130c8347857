"""What became known since an announcement: numbers of a scenario and of the catalog that were other ones before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from gigawatt.catalog import load as catalog
from gigawatt.catalog.records import Grade, Source
from gigawatt.errors import InputError
from gigawatt.scenario.drift import KIND_OF
from gigawatt.scenario.load import load_asked, presets
from gigawatt.scenario.resolve import NAMED, groups
from gigawatt.scenario.schema import Asked, Scenario
from gigawatt.study.answer import copied
from gigawatt.study.note import Note
from gigawatt.units import suffix_at

Shown = float | Mapping[str, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedNumber:
    """A number that became known on a day, in the unit whose suffix `unit` is; a course is told by quarter."""

    thing: str | None
    """What it belongs to, as the beginning of its path; None where all that is listed belongs to one thing."""
    path: str
    known_date: str
    """Day from which it is known."""
    was: Shown
    """What it was before; None where there was none, or it is not known."""
    value: Shown
    unit: str
    grade: Grade
    source: Source | None
    note: str


def of_thing(kind: str, id_: str) -> tuple[ChangedNumber, ...]:
    """What became known of a thing of the catalog after it was first known, by day."""
    return tuple(_changed(news, None, news.path) for news in catalog.changes(kind, id_))


def since_announced(scenario: Scenario) -> tuple[ChangedNumber, ...]:
    """What became known since the announcement that a scenario plans, up to its day: by thing, day and path.

    None where it states no announcement. What the scenario's own numbers were before is told of presets.
    """
    announced = scenario.asked.announced_date
    if announced is None:
        return ()
    with catalog.known_by(scenario.asked.as_of_date):
        return (*_own(scenario, announced), *_of_catalog(scenario, announced))


def _own(scenario: Scenario, announced: str) -> Iterator[ChangedNumber]:
    later = {
        path: found
        for path, found in scenario.evidence.items()
        if found.known_date is not None and found.known_date > announced and not path.startswith("catalog.")
    }
    then = _then(scenario, announced) if later else None
    for path, found in sorted(later.items(), key=lambda item: (item[1].known_date or "", item[0])):
        thing = ".".join(path.split(".")[: min(path.count("."), 2)])
        was = None if then is None else catalog.value_at(then, path)
        now = catalog.value_at(scenario.asked, path)
        if was != now:
            yield copied(ChangedNumber, found, thing=thing, path=path, was=was, value=now, unit=suffix_at(path))


def _then(scenario: Scenario, announced: str) -> Asked | None:
    """What a preset asked when what it plans was announced; None for what is none, or names what nobody knew then."""
    try:
        asked = load_asked(scenario.name, {"as_of": announced}) if scenario.name in presets() else None
    except InputError:
        return None
    with catalog.known_by(announced):
        return asked if asked is None or not any(catalog.known_later(*named) for named in _named(asked)) else None


def _named(asked: Asked) -> Iterator[tuple[str, str]]:
    """Kind and name of each thing that a question names; a site without a name is called as its key is."""
    for group, (field, kind) in NAMED.items():
        yield from ((kind, getattr(use, field) or key) for key, use in getattr(asked, group).items())


def _of_catalog(scenario: Scenario, announced: str) -> Iterator[ChangedNumber]:
    """Numbers of the catalog's records that are others than on the day; those that the scenario states are its own."""
    for group, members in groups(scenario.records).items():
        for key, record in members.items():
            thing, before = f"catalog.{group}.{key}", dict[str, object]()
            last: dict[str, catalog.News] = {}
            for news in catalog.changes(KIND_OF[type(record)], record.id):
                if news.known_date > announced:
                    before.setdefault(news.path, news.was)
                    last[news.path] = news
            for path, news in last.items():
                if before[path] != news.now == catalog.value_at(record, path):
                    yield _changed(replace(news, was=before[path]), thing, f"{thing}.{path}")


def _changed(news: catalog.News, thing: str | None, path: str) -> ChangedNumber:
    unit = suffix_at(news.path)
    found = news.evidence
    return copied(
        ChangedNumber,
        found,
        thing=thing,
        path=path,
        known_date=news.known_date,
        was=news.was,
        value=news.now,
        unit=unit,
    )


def hindsight(scenario: Scenario) -> tuple[Note, ...]:
    """What a reader must know of a day that is asked: which numbers no later source could be told apart from."""
    day = scenario.asked.as_of_date
    if day is None:
        return ()
    younger = [
        path
        for path, found in scenario.evidence.items()
        if found.known_date is None and found.source is not None and found.source.date > day
    ]
    text = f"As of {day}: what became known later is left out where the catalog and the scenario state its day."
    if younger:
        text += (
            f" {len(younger):,} of the {len(scenario.evidence):,} numbers with a grade were read in sources of a later "
            "date that state no day; they stand as they are known today."
        )
    return (Note(code="as_of", path="as_of", text=text),)
