"""Write docs/reference.md: every key of a scenario, a strategy, an allocation and the files of the catalog.

    python tools/reference.py [--check]

The page is made of the sentences that stand beside the fields in the code, as `gigawatt schema` is. `--check` writes
nothing and fails where something would change.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from gigawatt.catalog.load import KINDS, folder_of
from gigawatt.catalog.records import Source
from gigawatt.catalog.tables import is_named
from gigawatt.quarters import Course
from gigawatt.scenario.schema import Asked
from gigawatt.scenario.strategy import WORLD
from gigawatt.study.schema.record import EXTENDS, LATER, SOURCES, FileKey, about, keys

PAGE = Path(__file__).parents[1] / "docs" / "reference.md"
HEAD = """# Reference

Every key of the files that Gigawatt reads. This page is made by `tools/reference.py` from the sentences that stand
beside the fields in the code; the [tutorial](tutorial.md) shows the files themselves. `gigawatt schema scenario` prints
the same as JSON Schema, and so does `gigawatt schema` with `strategy`, `allocation` or a kind of the catalog. With a
schema an editor completes keys and marks mistakes, units among them.

How to read the tables:

- A key carries no unit, its value does: `target = "10 GW"`. Counts, shares and ratios may be bare numbers.
- A number may carry its evidence: `{ value = "10 GW", low = "8 GW", high = "12 GW", grade = "press", source = "x" }`,
  with a `note` where there is something to say, and `known`, the day from which it is known, where that is not always.
  `grade`, `source`, `note` and `known` of a table are those of its numbers.
- "By quarter" is a course: one value that holds, or a table of quarters, `{ 2026Q3 = "0.3 GW", 2027Q1 = "1.2 GW" }`.
- What is **needed** has to be stated, by the file or by one that it extends. A dash: none, or as the sentence says.
- What leaves its plausible range is used, and named in every report. What cannot be meant at all is refused.
- `NAME` is a name of your own. Double brackets are the rows of a list.
"""
SCENARIO = """
## Scenario

A file states all of this, or extends another and states what differs. A table laid over another merges with it; a list,
a value and a course replace what was there; `key = false` takes an entry away.

"""
STRATEGY = """
## Strategy

A file with a `title`, a `description` and what it decides: any key of a scenario but {world}.
Nothing is needed. A path may stand for a table: `"programme.target" = "8 GW"`.

## An allocation alone

A file with a `name`, a `title`, a `description`, the list `implausible` and the table [`[allocation]`](#allocation)
asks who gets the power there is, without a programme around it.
"""
CATALOG = """
## Catalog

One file for each thing, in a folder for each kind; the file's name is the `id`. A folder of your own, laid out alike,
is named by the environment variable `GIGAWATT_CATALOG`. Every number needs a grade, and a source unless it is assumed
or derived.
"""
SOURCE_TABLE = """
## Sources

Every file may say where its numbers were read. An entry needs a `url` or a `title`.

"""


def page() -> str:
    """The whole page."""
    world = ", ".join(f"`{key}`" for key in WORLD)
    kinds = [_kind(kind, cls) for kind, cls in KINDS.items()]
    parts = [HEAD, SCENARIO, *_tables(Asked, ""), STRATEGY.format(world=world), CATALOG, *kinds]
    return "".join([*parts, SOURCE_TABLE, _section("sources.NAME", Source, rows=False)]).replace("\n\n\n", "\n\n")


def _kind(kind: str, cls: type) -> str:
    title = kind.replace("_", " ").capitalize()
    return f"\n### {title}\n\n`{folder_of(kind)}/ID.toml`. " + "".join(_tables(cls, ""))


def _tables(cls: type, path: str) -> Iterator[str]:
    """The table of a record, then those of all records in it."""
    yield about(cls) + "\n\n" + _rows(cls, path)
    for key in keys(cls):
        yield from _below(key, f"{path}.{key.key}" if path else key.key)


def _below(key: FileKey, path: str) -> Iterator[str]:
    record, here, rows = _record(key, path)
    if record is not None:
        yield _section(here, record, rows=rows)
        for below in keys(record):
            yield from _below(below, f"{here}.{below.key}")


def _record(key: FileKey, path: str) -> tuple[Any, str, bool]:
    """The record that a key holds, its path, and whether it holds a list of them."""
    if is_named(key.hint):
        return get_args(key.hint)[1], f"{path}.NAME", False
    if get_origin(key.hint) is tuple and is_dataclass(get_args(key.hint)[0]):
        return get_args(key.hint)[0], path, True
    return (key.hint if is_dataclass(key.hint) and key.hint is not Course else None), path, False


def _section(path: str, cls: type, *, rows: bool) -> str:
    heading = f"[[{path}]]" if rows else f"[{path}]"
    return f"\n#### `{heading}`\n\n{about(cls)}\n\n{_rows(cls, path)}"


def _rows(cls: type, path: str) -> str:
    lines = ["| key | what it is | written as | left out | plausible |", "|---|---|---|---|---|"]
    if cls is Asked:
        lines.append(f"| `extends` | {EXTENDS} | text | – | |")
    of_file = "" if path else "name" if cls is Asked else "id"
    lines += [_row(key, "the file's name" if key.key == of_file else _left_out(key)) for key in keys(cls)]
    if not path:
        lines.append(f"| `sources` | {SOURCES} | tables by name | – | |")
        lines.append(f"| `later` | {LATER} | tables, each with `known` | – | |")
    return "\n".join(lines) + "\n"


def _row(key: FileKey, left_out: str) -> str:
    return f"| `{key.key}` | {key.sentence} | {_written(key)} | {left_out} | {key.plausible} |"


def _left_out(key: FileKey) -> str:
    """What a key is that a file leaves out."""
    return "**needed**" if key.required else "–" if key.default is None else f"`{_toml(key.default)}`"


def _toml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else str(value)


def _written(key: FileKey) -> str:
    """How the value of a key is written."""
    record, _, rows = _record(key, "")
    if record is not None:
        return "tables by name" if is_named(key.hint) else "rows" if rows else "a table"
    if key.hint is Course:
        return f"{key.unit}, by quarter"
    if get_origin(key.hint) is Literal:
        return " or ".join(f'`"{choice}"`' for choice in get_args(key.hint))
    return key.unit or _plain(key.hint)


def _plain(hint: Any) -> str:
    if get_origin(hint) is tuple:
        inner = [part for part in get_args(hint) if part is not Ellipsis]
        return f"a list of {_plain(inner[0])}" if len(inner) == 1 else f"[{', '.join(map(_plain, inner))}]"
    if get_origin(hint) is Literal:
        return " or ".join(f'`"{choice}"`' for choice in get_args(hint))
    return {str: "text", bool: "true or false", int: "a whole number", float: "a number"}[hint]


def main(arguments: Sequence[str]) -> int:
    """Write or check the page."""
    text = page()
    if "--check" in arguments:
        return int(PAGE.read_text(encoding="utf-8") != text)
    PAGE.write_text(text, encoding="utf-8")
    print(f"wrote docs/{PAGE.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
