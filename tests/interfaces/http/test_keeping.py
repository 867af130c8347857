"""Scenarios, strategies, uploads, people and tokens over HTTP, and the catalog and the ledger by their addresses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

Ask = Callable[..., Any]
TEXT = 'extends = "one-campus"\ntitle = "Ours"\n'
TOML = {"Content-Type": "application/toml"}
PASSWORD = "a password that is long enough"


def test_a_scenario_is_kept_read_changed_and_removed(as_: Ask) -> None:
    put = as_("editor", "PUT", "/api/scenarios/ours", json={"text": TEXT}, headers={"If-None-Match": "*"})
    assert put.status_code == 200, put.text
    assert (put.json()["version"], put.json()["who"]) == (1, "editor")
    tag = put.headers["ETag"]
    assert tag == f'"{put.json()["digest"]}"'
    read = as_("viewer", "GET", "/api/scenarios/ours")
    assert (read.json()["text"], read.headers["ETag"]) == (TEXT, tag)
    assert as_("viewer", "GET", "/api/scenarios/ours", headers={"If-None-Match": tag}).status_code == 304
    alone = as_("viewer", "GET", "/api/scenarios/ours", headers={"Accept": "application/toml"})
    assert (alone.text, alone.headers["Content-Type"].partition(";")[0]) == (TEXT, "application/toml")
    newer = TEXT.replace("Ours", "Newer")
    second = as_("editor", "PUT", "/api/scenarios/ours", content=newer, headers={**TOML, "If-Match": tag})
    assert second.json()["version"] == 2
    assert [one["version"] for one in as_("viewer", "GET", "/api/scenarios/ours/versions").json()["versions"]] == [1, 2]
    assert as_("viewer", "GET", "/api/scenarios/ours/versions/1").json()["text"] == TEXT
    names = [one["name"] for one in as_("viewer", "GET", "/api/scenarios").json()["kept"]]
    assert "ours" in names
    assert as_("editor", "DELETE", "/api/scenarios/ours", headers={"If-Match": tag}).status_code == 409
    assert as_("editor", "DELETE", "/api/scenarios/ours").status_code == 200
    assert as_("viewer", "GET", "/api/scenarios/ours").status_code == 404


def test_a_lost_race_is_a_conflict_that_changes_nothing(as_: Ask) -> None:
    first = as_("editor", "PUT", "/api/scenarios/raced", json={"text": TEXT})
    for headers in ({"If-None-Match": "*"}, {"If-Match": '"' + "0" * 64 + '"'}):
        lost = as_("owner", "PUT", "/api/scenarios/raced", json={"text": TEXT + "# later\n"}, headers=headers)
        assert (lost.status_code, lost.json()["error"]["kind"]) == (409, "Conflict")
    assert as_("viewer", "GET", "/api/scenarios/raced").headers["ETag"] == first.headers["ETag"]


@pytest.mark.parametrize(
    "headers", [{"If-Match": "abc"}, {"If-None-Match": '"abc"'}, {"If-Match": '"a"', "If-None-Match": "*"}]
)
def test_a_tag_that_is_none_is_not_ignored(as_: Ask, headers: dict[str, str]) -> None:
    found = as_("editor", "PUT", "/api/scenarios/tagged", json={"text": TEXT}, headers=headers)
    assert found.status_code == 422
    assert as_("viewer", "GET", "/api/scenarios/tagged").status_code == 404


def test_a_text_with_faults_is_not_kept_and_every_fault_told(as_: Ask) -> None:
    wrong = TEXT + '[programme]\ntarget = "2 GWh"\nstrat = "2026Q1"\n'
    found = as_("editor", "PUT", "/api/scenarios/wrong", content=wrong, headers=TOML)
    assert (found.status_code, found.json()["error"]["kind"]) == (422, "ScenarioError")
    assert {"programme.target", "programme.strat"} <= {item["path"] for item in found.json()["error"]["items"]}
    assert as_("viewer", "GET", "/api/scenarios/wrong").status_code == 404


@pytest.mark.parametrize("body", [{}, {"text": 3}, {"text": "", "more": 1}, {"txt": TEXT}])
def test_what_holds_no_text_is_refused(as_: Ask, body: dict[str, Any]) -> None:
    assert as_("editor", "PUT", "/api/scenarios/none", json=body).status_code == 422


def test_a_text_that_is_none_is_refused(as_: Ask) -> None:
    assert as_("editor", "PUT", "/api/scenarios/none", content=b"\xff\xfe", headers=TOML).status_code == 422


def test_strategies_are_kept_as_scenarios_are(as_: Ask) -> None:
    text = as_("viewer", "GET", "/api/strategies").json()
    assert "wait-for-rubin" in text["shipped"]
    assert as_("viewer", "GET", "/api/strategies/nothing").status_code == 404


@pytest.mark.parametrize("name", ["..", "a/b", "%2e%2e", "a%00", "A" * 90, "ä", "one-campus", "a.toml"])
def test_a_name_that_could_be_a_place_is_none(as_: Ask, name: str) -> None:
    assert as_("editor", "PUT", f"/api/scenarios/{name}", json={"text": TEXT}).status_code in (404, 405, 422)


def test_a_kept_scenario_is_asked_by_its_name(as_: Ask) -> None:
    as_("editor", "PUT", "/api/scenarios/asked", json={"text": TEXT})
    found = as_("viewer", "POST", "/api/verbs/check", json={"scenario": "asked"})
    assert (found.status_code, found.json()["title"]) == (200, "Ours")


def test_a_file_is_kept_once_and_sent_back_as_it_was(as_: Ask) -> None:
    data = bytes(range(256)) * 300
    sent = as_("editor", "POST", "/api/uploads?name=meter.csv", content=data)
    assert sent.status_code == 201, sent.text
    view = sent.json()
    assert (view["name"], view["size_bytes"], view["who"]) == ("meter.csv", len(data), "editor")
    assert as_("editor", "POST", "/api/uploads?name=again.csv", content=data).json() == view
    place = sent.headers["Location"]
    found = as_("viewer", "GET", place)
    assert found.content == data
    assert found.headers["Content-Disposition"] == 'attachment; filename="meter.csv"'
    assert found.headers["Content-Type"] == "application/octet-stream"
    assert "sandbox" in found.headers["Content-Security-Policy"]
    assert as_("viewer", "GET", place, headers={"If-None-Match": found.headers["ETag"]}).status_code == 304
    assert view["digest"] in [one["digest"] for one in as_("viewer", "GET", "/api/uploads").json()["uploads"]]
    assert as_("editor", "DELETE", place).status_code == 200
    assert as_("viewer", "GET", place).status_code == 404


@pytest.mark.parametrize("query", ["", "name=", "name=..%2Fa", "name=a%00b", "name=" + "a" * 256, "name=%E2%80%AEgnp"])
def test_a_file_needs_a_name_that_is_one(as_: Ask, query: str) -> None:
    before = as_("viewer", "GET", "/api/uploads").json()
    assert as_("editor", "POST", f"/api/uploads?{query}", content=b"x").status_code == 422
    assert as_("viewer", "GET", "/api/uploads").json() == before


def test_who_asks_is_told_who_they_are(as_: Ask) -> None:
    assert as_("viewer", "GET", "/api/me").json() == {"name": "viewer", "role": "viewer", "csrf": None, "expires": None}


def test_an_owner_lets_people_in_and_out(as_: Ask, anybody: TestClient) -> None:
    person = {"name": "ada", "role": "viewer", "password": PASSWORD}
    assert as_("owner", "POST", "/api/people", json=person).status_code == 201
    assert as_("owner", "POST", "/api/people", json=person).status_code == 409
    assert as_("owner", "PATCH", "/api/people/ada", json={"role": "editor"}).json()["role"] == "editor"
    assert "ada" in [one["name"] for one in as_("owner", "GET", "/api/people").json()["people"]]
    assert as_("viewer", "PATCH", "/api/people/ada", json={"role": "owner"}).status_code == 403
    begun = anybody.post("/api/session", json={"name": "ada", "secret": PASSWORD})
    assert (begun.status_code, begun.json()["role"]) == (201, "editor")
    cookie = begun.headers["Set-Cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert anybody.get("/api/me").json()["csrf"] == begun.json()["csrf"]
    assert as_("owner", "DELETE", "/api/people/ada").status_code == 204
    assert anybody.get("/api/me").status_code == 401
    anybody.cookies.clear()
    assert anybody.post("/api/session", json={"name": "ada", "secret": PASSWORD}).status_code == 401


def test_tokens_are_ones_own_but_for_an_owner(as_: Ask, anybody: TestClient) -> None:
    asked = {"role": "viewer", "label": "mine", "expires": "2 days"}
    made = as_("editor", "POST", "/api/tokens", json=asked)
    assert made.status_code == 201
    secret = {"Authorization": f"Bearer {made.json()['secret']}"}
    assert anybody.get("/api/me", headers=secret).json()["name"] == "editor"
    listed = as_("editor", "GET", "/api/tokens").json()["tokens"]
    assert {one["person"] for one in listed} == {"editor"}
    assert "secret" not in listed[0]
    assert as_("editor", "GET", "/api/tokens?person=owner").status_code == 403
    assert as_("editor", "GET", "/api/tokens?everybody=true").status_code == 403
    assert len(as_("owner", "GET", "/api/tokens?everybody=true").json()["tokens"]) > len(listed)
    assert as_("editor", "POST", "/api/tokens", json={"role": "owner"}).status_code == 403
    assert as_("viewer", "DELETE", f"/api/tokens/{made.json()['id']}").status_code == 404
    assert as_("editor", "DELETE", f"/api/tokens/{made.json()['id']}").status_code == 204
    assert anybody.get("/api/me", headers=secret).status_code == 401


@pytest.mark.parametrize("asked", [{}, {"role": "king"}, {"role": "viewer", "expires": 3}, {"rolle": "viewer"}])
def test_a_token_that_cannot_be_is_told_by_its_fields(as_: Ask, asked: dict[str, Any]) -> None:
    found = as_("editor", "POST", "/api/tokens", json=asked)
    assert (found.status_code, found.json()["error"]["kind"]) == (422, "ScenarioError")


def test_the_trail_says_who_changed_what_in_pages(as_: Ask) -> None:
    as_("owner", "POST", "/api/people", json={"name": "trailed", "role": "viewer"})
    page = as_("owner", "GET", "/api/audit?count=1").json()
    (line,) = page["lines"]
    assert (line["who"], line["door"], line["action"]) == ("owner", "http", "person added")
    assert line["address"] == "testclient"
    assert as_("owner", "GET", f"/api/audit?before={page['next']}").json()["lines"][0]["number"] < line["number"]


def test_every_change_and_every_refusal_of_one_is_in_the_trail(as_: Ask) -> None:
    as_("editor", "PUT", "/api/scenarios/traced", content=TEXT, headers=TOML)
    as_("editor", "PUT", "/api/scenarios/traced", content=TEXT + "#", headers={**TOML, "If-Match": f'"{"0" * 64}"'})
    as_("viewer", "DELETE", "/api/scenarios/traced")
    as_("editor", "DELETE", "/api/scenarios/traced")
    sent = {"content": b"traced", "headers": {"Content-Type": "application/octet-stream"}}
    digest = as_("editor", "POST", "/api/uploads?name=traced.csv", **sent).json()["digest"]
    as_("editor", "DELETE", f"/api/uploads/{digest}")
    as_("viewer", "GET", "/api/uploads")
    lines = as_("owner", "GET", "/api/audit?count=6").json()["lines"]
    assert [(line["who"], line["action"], line["object"], line["outcome"]) for line in reversed(lines)] == [
        ("editor", "scenario kept", "traced@1", "done"),
        ("editor", "scenario kept", "traced", "conflict"),
        ("viewer", "DELETE", "/api/scenarios/traced", "forbidden"),
        ("editor", "scenario removed", "traced@2", "done"),
        ("editor", "file sent", f"{digest}, traced.csv", "done"),
        ("editor", "file removed", f"{digest}, traced.csv", "done"),
    ]


def test_the_catalog_is_read_by_its_addresses(as_: Ask) -> None:
    whole = as_("viewer", "GET", "/api/catalog")
    assert whole.content == as_("viewer", "POST", "/api/verbs/catalog/list", json={}).content
    assert as_("viewer", "GET", "/api/catalog/cooling").status_code == 200
    assert as_("viewer", "GET", "/api/catalog/nothing").status_code == 422
    one = as_("viewer", "GET", "/api/catalog/accelerators/NVIDIA GB200 NVL72")
    assert (one.status_code, one.json()["kind"]) == (200, "accelerators")
    assert as_("viewer", "GET", "/api/catalog/models/NVIDIA GB200 NVL72").status_code == 404
    assert as_("viewer", "GET", "/api/catalog/nothing/gb200").status_code == 404


def test_the_ledger_is_read_by_its_addresses(as_: Ask) -> None:
    assert as_("editor", "POST", "/api/verbs/ledger/init", json={"scenario": "three-sites"}).status_code == 200
    status = as_("viewer", "GET", "/api/ledger/status?at=2030-01-01")
    assert status.status_code == 200
    assert status.json()["milestones"]
    facts = as_("viewer", "GET", "/api/ledger/facts?kind=terms&last=1")
    assert len(facts.json()["facts"]) == 1
    assert as_("viewer", "GET", "/api/ledger/facts?kind=nothing").status_code == 422


def test_a_scenario_that_ships_is_no_kept_text_and_that_is_said(as_: Ask) -> None:
    for method in ("GET", "DELETE"):
        found = as_("editor", method, "/api/scenarios/one-campus")
        (item,) = found.json()["error"]["items"]
        assert (found.status_code, item["path"]) == (404, "scenario")
        assert item["expected"].endswith("; one-campus ships with Gigawatt")
        assert 'did you mean "one-campus"' not in item["expected"]


def test_a_text_of_an_unknown_type_is_told_every_type_that_is_taken(as_: Ask) -> None:
    found = as_("editor", "PUT", "/api/scenarios/typed", content=TEXT, headers={"Content-Type": "text/html"})
    (item,) = found.json()["error"]["items"]
    assert (found.status_code, item["expected"]) == (422, "application/json or application/toml or text/plain")


@pytest.mark.parametrize(
    ("method", "place", "expected"), [("GET", "people", "owner"), ("POST", "verbs/run", "editor or more")]
)
def test_a_refusal_names_the_least_role_that_may(as_: Ask, method: str, place: str, expected: str) -> None:
    found = as_("viewer", method, f"/api/{place}")
    assert (found.status_code, found.json()["error"]["items"][0]["expected"]) == (403, expected)
