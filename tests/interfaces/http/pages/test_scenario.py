"""The form of a scenario: what it shows, what a change becomes, and that nothing is lost where something is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.testclient import TestClient

from gigawatt.interfaces.http.pages import scenario as pages
from gigawatt.interfaces.server import jobs, scenarios
from gigawatt.scenario.load import load, presets

Browser = Callable[..., Any]
PLACE = "/scenario/one-campus"
TARGET = "set.programme.target"


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What quick plans were asked for, none of which is made."""
    asked: list[dict[str, Any]] = []

    async def told(_: Any, verb: str, values: dict[str, Any]) -> Any:
        asked.append({"verb": verb, **values})
        tile = {"label": "Facility power", "value": "50 MW", "note": ""}
        return None, {"lead": "A quick plan.", "tiles": [tile], "sections": [], "notes": ["It is quick."]}

    monkeypatch.setattr(pages, "told", told)
    return asked


def field(page: str, path: str) -> str:
    """What stands about a field of a page."""
    found = re.search(rf'<div class="field[^"]*" data-path="{re.escape(path)}">(.*?)</div>', page, re.DOTALL)
    assert found is not None, path
    return unescape(found[1])


def post(client: TestClient, place: str = PLACE, **fields: str) -> Any:
    return client.post(place, data={"csrf": client.csrf, **fields})  # type: ignore[attr-defined]


def posted(client: TestClient, do: str, place: str = PLACE, more: dict[str, str] | None = None, **sets: str) -> Any:
    changes = {f"set.{path.replace('__', '.')}": text for path, text in sets.items()}
    return post(client, place, do=do, **changes, **(more or {}))


def test_all_scenarios_that_ship_are_listed_and_open(browser: Browser) -> None:
    client = browser("viewer")
    page = client.get("/scenario").text
    for name in presets():
        assert f'href="/scenario/{name}"' in page
        assert client.get(f"/scenario/{name}").status_code == 200


def test_a_number_has_its_unit_sentence_grade_and_source_beside_it(browser: Browser) -> None:
    shown = field(browser("viewer").get(PLACE).text, "programme.target")
    for text in (
        'value="100 MW"',
        "Most power in service at once",
        "W, kW, MW, GW",
        "Plausible: 1 MW to 200 GW",
        "assumed",
    ):
        assert text in shown
    letter = browser("viewer").get("/scenario/loi-2025-09").text
    assert 'rel="noreferrer"' in letter
    assert "derived" in letter


def test_values_stand_as_people_write_them(browser: Browser) -> None:
    page = browser("viewer").get(PLACE).text
    assert "{ 2026Q3 = 100, 2027Q4 = 100, 2028Q1 = 0 }" in field(page, "pools.blackwell.supply")
    assert 'placeholder="1"' in field(page, "demand.price_scale")
    assert "<option selected>npv</option>" in field(page, "objective")


def test_the_address_restores_what_was_changed(browser: Browser) -> None:
    page = browser("viewer").get(PLACE, params={TARGET: "50 MW"}).text
    shown = field(page, "programme.target")
    assert 'value="50 MW"' in shown
    assert 'data-was="100 MW"' in shown
    assert "as you state it" in shown
    assert "1 changed" in page


def test_only_what_was_changed_is_asked_for(browser: Browser, looks: list[dict[str, Any]]) -> None:
    client = browser("viewer")
    found = posted(client, "look", programme__target="50 MW", programme__power_basis="facility", seed=" 1 ")
    assert found.status_code == 303
    query = parse_qs(urlsplit(found.headers["location"]).query)
    assert query == {TARGET: ["50 MW"], "look": ["1"]}
    page = client.get(found.headers["location"]).text
    assert looks == [{"verb": "preview", "scenario": "one-campus", "set": {"programme.target": "50 MW"}}]
    assert "A quick plan." in page
    assert "It is quick." in page


def test_a_part_of_the_page_is_told_by_itself_to_a_script(browser: Browser, looks: list[dict[str, Any]]) -> None:
    found = browser("viewer").get(f"{PLACE}/look", params={TARGET: "50 MW", "set.seed": "7"})
    assert "<html" not in found.text
    assert "A quick plan." in found.text
    assert looks[0]["set"] == {"programme.target": "50 MW", "seed": 7}


def test_a_quick_look_is_that_of_the_verb(browser: Browser) -> None:
    found = browser("viewer").get(f"{PLACE}/look", params={TARGET: "50 MW"})
    assert "Facility power in service 100 MW → 50 MW" in found.text
    assert "<svg" in found.text


@pytest.mark.parametrize("do", ["run", "look"])
def test_a_fault_stands_at_its_field_and_everything_typed_is_kept(browser: Browser, do: str) -> None:
    client = browser("editor")
    found = posted(client, do, programme__target="50", finance__discount="12 %/year")
    if do == "look":
        found = client.get(found.headers["location"])
    assert found.status_code == 422
    shown = field(found.text, "programme.target")
    assert 'aria-invalid="true"' in shown
    assert "Expected: a power" in shown
    assert 'value="50"' in shown
    assert 'value="12 %/year"' in field(found.text, "finance.discount")
    assert "aria-invalid" not in field(found.text, "finance.discount")


def test_a_path_that_no_scenario_has_is_told_above_the_form(browser: Browser) -> None:
    found = browser("viewer").get(PLACE, params={"set.programme.tarjet": "50 MW", "look": "1"})
    assert found.status_code == 422
    assert "<code>programme.tarjet</code>" in found.text
    assert 'type="hidden" name="set.programme.tarjet" value="50 MW"' in found.text


def test_a_full_plan_is_a_job_of_the_changes_alone(browser: Browser, server: Any) -> None:
    found = posted(browser("editor"), "run", programme__target="50 MW", programme__power_basis="facility")
    assert found.status_code == 303
    place = found.headers["location"]
    assert place.startswith("/jobs/")
    asked = jobs.asked(server.store, place.removeprefix("/jobs/"))
    assert asked == {"scenario": "one-campus", "set": {"programme.target": "50 MW"}}


def test_viewers_look_and_change_nothing(browser: Browser, server: Any) -> None:
    client = browser("viewer")
    page = client.get(PLACE).text
    assert 'value="look"' in page
    assert 'value="run"' not in page
    assert 'value="keep"' not in page
    assert posted(client, "run", programme__target="50 MW").status_code == 403
    assert posted(client, "keep", more={"keep_as": "of-a-viewer"}, programme__target="50 MW").status_code == 403
    assert "of-a-viewer" not in scenarios.known(server.store, "scenario")


def test_a_form_without_its_token_does_nothing(browser: Browser) -> None:
    assert browser("editor").post(PLACE, data={"do": "run"}).status_code == 403


def test_a_scenario_is_kept_with_what_was_changed_and_opens_again(browser: Browser, server: Any) -> None:
    client = browser("editor")
    found = posted(client, "keep", more={"keep_as": "smaller"}, programme__target="50 MW", demand__price_scale="0.9")
    assert found.status_code == 303
    assert found.headers["location"].startswith("/scenario/smaller")
    kept = scenarios.laid(server.settings, server.store, "scenario", "smaller")
    same = load("one-campus", {"programme.target": "50 MW", "demand.price_scale": 0.9})
    assert load(str(kept)).asked.programme == same.asked.programme
    page = client.get(found.headers["location"]).text
    assert 'value="50 MW"' in field(page, "programme.target")
    assert 'value="smaller"' in page
    assert 'href="/scenario/smaller"' in client.get("/scenario").text


def test_a_next_version_is_kept_over_the_one_that_was_read_and_no_other(browser: Browser, server: Any) -> None:
    client, place = browser("editor"), "/scenario/versions"
    assert posted(client, "keep", more={"keep_as": "versions"}, seed="2").status_code == 303
    etag = re.search(r'name="etag" value="([0-9a-f]{64})"', client.get(place).text)
    assert etag is not None
    more = {"keep_as": "versions", "etag": etag[1]}
    assert posted(client, "keep", place, more, seed="3").status_code == 303
    late = posted(client, "keep", place, more, seed="4", programme__target="70 MW")
    assert late.status_code == 409
    assert "Somebody has kept another version meanwhile" in late.text
    assert 'value="70 MW"' in field(late.text, "programme.target")
    assert [view.version for view in scenarios.history(server.store, "scenario", "versions")] == [1, 2]
    page = client.get(place).text
    assert 'href="/scenario/versions%401"' in page
    assert 'value="2"' in field(client.get("/scenario/versions@1").text, "seed")


def test_a_name_that_ships_is_kept_by_nobody(browser: Browser) -> None:
    found = posted(browser("editor"), "keep", more={"keep_as": "one-campus"}, programme__target="50 MW")
    assert found.status_code == 422
    assert 'value="50 MW"' in field(found.text, "programme.target")


def test_words_find_fields_of_every_table_and_changes_of_others_stay(browser: Browser) -> None:
    found = posted(browser("viewer"), "find", more={"find": "weekly users"}, programme__target="50 MW")
    page = browser("viewer").get(found.headers["location"]).text
    assert field(page, "use_cases.assistant.people.weekly_users")
    assert 'data-path="programme.target"' not in page
    assert f'type="hidden" name="{TARGET}" value="50 MW"' in page
    assert "No number fits" in browser("viewer").get(PLACE, params={"find": "unicorn"}).text


def test_every_key_is_shown_to_whoever_asks_for_it(browser: Browser) -> None:
    client = browser("viewer")
    assert 'data-path="sites.example-campus.ramp"' not in client.get(PLACE).text
    assert 'data-path="sites.example-campus.ramp"' in client.get(PLACE, params={"every": "1"}).text


def test_limits_in_conflict_are_told_and_no_failure(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    body = json.dumps(
        {
            "error": {
                "kind": "Infeasible",
                "items": [
                    {
                        "limit": "use_cases.assistant.floor",
                        "period": "2026Q3",
                        "site": "",
                        "short_by": 7.5e6,
                        "unit": "tokens/s",
                    }
                ],
            }
        }
    )

    async def told(*_: Any) -> Any:
        raise pages.Unanswered(SimpleNamespace(body=body.encode()))  # type: ignore[arg-type]

    monkeypatch.setattr(pages, "told", told)
    client = browser("viewer")
    for place in (f"{PLACE}/look?set.seed=2", f"{PLACE}?look=1"):
        assert "No plan is lawful: use_cases.assistant.floor, 2026Q3" in client.get(place).text


@pytest.mark.parametrize("name", ["nowhere", "..%2f..%2fetc%2fpasswd", "0" * 32, "one-campus@1"])
def test_a_scenario_that_is_none_is_told_as_a_page(browser: Browser, name: str) -> None:
    assert browser("viewer").get(f"/scenario/{name}").status_code in (404, 422)


def test_what_is_typed_is_text(browser: Browser) -> None:
    hostile = '"><script>alert(1)</script>'
    page = browser("viewer").get(PLACE, params={TARGET: hostile, "set.x.y": hostile, "find": hostile}).text
    assert "<script>alert" not in page
