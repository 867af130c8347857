"""JSON for the web: strict, whole, and no chart without its table."""

from __future__ import annotations

import json
import math
from typing import Any

from gigawatt.report.document import Column, Document, Section, Table
from gigawatt.report.writers import web


def parts(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [part for section in found["sections"] for part in section["parts"]]


def test_it_is_strict_json(handmade: Document) -> None:
    found = web.plain(handmade)
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_what_is_no_number_is_null() -> None:
    rows = (("a", math.nan), ("b", math.inf), ("c", 1.0), ("d", None))
    table = Table(name="a", title="A", columns=(Column(title="A"), Column(title="B", suffix="w")), rows=rows)
    document = Document(title="A", sections=(Section(slug="a", title="A", parts=(table,)),))
    (part,) = parts(web.plain(document))
    assert [row[1] for row in part["rows"]] == [None, None, 1.0, None]
    assert part["columns"][1] == {"title": "B", "unit": "w"}
    assert part["texts"][2] == ["c", "1 W"]
    json.dumps(part, allow_nan=False)


def test_every_chart_comes_with_its_table_and_two_drawings(handmade: Document) -> None:
    found = [part for part in parts(web.plain(handmade)) if part["kind"] == "exhibit"]
    charts = handmade.charts()
    assert {part["name"] for part in found if part["chart"]} == set(charts)
    for part in found:
        assert part["table"]["rows"]
        if part["chart"]:
            assert part["chart"] == {"wide": charts[part["name"]].wide, "narrow": charts[part["name"]].narrow}


def test_every_part_is_there_in_order(handmade: Document) -> None:
    found = web.plain(handmade)
    kinds = [type(part).__name__.lower() for part in handmade.parts()]
    assert [part["kind"] for part in parts(found)] == kinds
    assert {part["depth"] for part in parts(found)} == {"brief", "data"}
    assert (found["title"], found["lead"], found["made"]) == (handmade.title, handmade.lead, handmade.made)
    assert found["sources"][0]["numbers_count"] == 1
