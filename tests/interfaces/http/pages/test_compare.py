"""Compare: two results side by side, and strategies in the same futures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.interfaces.http.pages.kept import exhibit, keep

from gigawatt.interfaces.server import jobs
from gigawatt.report.document import Document, Section, Tile
from gigawatt.study.result import Result
from gigawatt.study.run.stages import run

Browser = Callable[..., TestClient]
SHORT = {"horizon.report_end": "2027Q2", "horizon.end": "2027Q4"}


@pytest.fixture(scope="module")
def plans(server: Any) -> tuple[str, str]:
    """The ids of two plans that the server keeps."""
    return saved(server, SHORT), saved(server, SHORT | {"programme.target": "60 MW"})


def saved(server: Any, over: Mapping[str, Any]) -> str:
    result: Result = run("one-campus", over)
    id_ = keep(server, "run", Document(title="A plan"), hash=result.scenario.hash)
    place: Path = jobs.folder_of(server.settings, id_)
    pages = {file.name: file.read_bytes() for file in place.iterdir()}
    for file in place.iterdir():
        file.unlink()
    result.save(place)
    for name, content in pages.items():
        (place / name).write_bytes(content)
    return id_


def comparison() -> Document:
    names = ("value", "regret", "breaks")
    sections = tuple(Section(slug=name, title=f"Section {name}", parts=(exhibit(name),)) for name in names)
    return Document(title="2 strategies in the same 30 futures", lead="So.", tiles=(Tile(label="T", value="1"),),
                    sections=sections)  # fmt: skip


def test_two_plans_are_shown_side_by_side_with_every_part(browser: Browser, plans: tuple[str, str]) -> None:
    client = browser("viewer")
    a, b = plans
    found = client.get("/compare", params={"a": a, "b": b})
    assert found.status_code == 200
    for shown in (
        "Two results side by side",
        "programme.target",
        "60 MW",
        "Headline figures",
        "Every line of the books",
    ):
        assert shown in found.text
    for id_ in ("asked", "headline", "power", "accounts"):
        assert f'<section id="{id_}"' in found.text
    assert f'href="/compare?a={b}&amp;b={a}"' in found.text
    assert found.text == client.get("/compare", params={"a": a, "b": b}).text


def test_two_plans_are_offered_where_none_is_asked_for(browser: Browser, plans: tuple[str, str]) -> None:
    text = browser("viewer").get("/compare").text
    assert all(f'<option value="{id_}"' in text for id_ in plans)
    assert 'id="difference"' not in text


@pytest.mark.parametrize("asked", [{"a": "nothing", "b": "nothing"}, {"a": "0" * 32}, {"b": "<script>"}])
def test_what_is_no_result_is_told_at_the_form(browser: Browser, asked: dict[str, str]) -> None:
    found = browser("viewer").get("/compare", params=asked)
    assert found.status_code == 422
    assert 'role="alert" id="faults"' in found.text
    assert "<script>" not in found.text


def test_a_result_without_a_plan_cannot_be_set_beside_one(
    browser: Browser, server: Any, plans: tuple[str, str]
) -> None:
    sweep = keep(server, "sweep", Document(title="Futures"))
    found = browser("viewer").get("/compare", params={"a": plans[0], "b": sweep})
    assert found.status_code == 422
    assert "a result with a plan" in found.text


def test_strategies_are_shown_with_regret_and_what_breaks_them(browser: Browser, server: Any) -> None:
    id_ = keep(server, "compare", comparison())
    text = browser("viewer").get("/compare").text
    for shown in ("2 strategies in the same 30 futures", "Section value", "Section regret", "Section breaks"):
        assert shown in text
    assert f'<option value="{id_}" selected' in browser("viewer").get("/compare", params={"result": id_}).text
    assert 'method="post" action="/compare' not in text


def test_a_comparison_is_begun_by_a_form_and_watched(browser: Browser, server: Any) -> None:
    client = browser("editor")
    sent = {"csrf": client.csrf, "scenario": "loi-2025-09", "futures": "4", "strategy:wait-for-rubin": "on"}  # type: ignore[attr-defined]
    found = client.post("/compare", data=sent | {"strategy:fill-with-blackwell-now": "on"})
    assert found.status_code == 303
    view = jobs.found(server.store, found.headers["location"].removeprefix("/jobs/"))
    assert view.verb == "compare"


def test_what_is_wrong_with_a_comparison_is_told_and_nothing_is_lost(browser: Browser) -> None:
    client = browser("editor")
    sent = {"csrf": client.csrf, "scenario": "one-campus", "futures": "many", "strategy:wait-for-rubin": "on"}  # type: ignore[attr-defined]
    found = client.post("/compare", data=sent)
    assert found.status_code == 422
    assert "<option selected>one-campus</option>" in found.text
    assert 'name="strategy:wait-for-rubin" checked' in found.text
    assert 'value="many" aria-invalid="true"' in found.text


def test_who_may_not_begins_no_comparison(browser: Browser) -> None:
    client = browser("viewer")
    assert client.post("/compare", data={"csrf": client.csrf, "scenario": "one-campus"}).status_code == 403  # type: ignore[attr-defined]
