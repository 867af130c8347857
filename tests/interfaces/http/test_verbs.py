"""The verbs over HTTP: the same as everywhere, with the same fields; each example answers."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from starlette.testclient import TestClient

import gigawatt
from gigawatt.catalog.tables import keys_of
from gigawatt.interfaces.http.examples import values
from gigawatt.interfaces.options import command
from gigawatt.interfaces.server.asked import Reply
from gigawatt.study.schema.record import schema_of
from gigawatt.study.verbs import VERBS, Verb

Ask = Callable[..., Any]
SHORT = [verb for verb in VERBS if not verb.long]
# Options of a command line that say where the answer goes, and who works on it.
OF_JOB = {"out", "predictions", "scheduler", "json", "lang"}


@pytest.fixture(scope="module")
def description(anybody: TestClient) -> dict[str, Any]:
    return anybody.get("/openapi.json").json()


def path_of(verb: Verb) -> str:
    return f"/api/verbs/{verb.name.replace(' ', '/')}"


def asked_by(description: dict[str, Any], verb: Verb) -> dict[str, Any]:
    """The schema of a question in the description, with what it refers to in its own place."""
    body = description["paths"][path_of(verb)]["post"]["requestBody"]["content"]["application/json"]
    name = body["schema"]["$ref"].rpartition("/")[2]
    schemas = description["components"]["schemas"]
    text = json.dumps(schemas[name]).replace("#/components/schemas/quantity_", "#/$defs/")
    prefix = "quantity_"
    quantities = {key.removeprefix(prefix): made for key, made in schemas.items() if key.startswith(prefix)}
    return {**json.loads(text), "$defs": quantities}


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.function)
def test_every_door_asks_for_the_same(description: dict[str, Any], verb: Verb) -> None:
    over_http = set(asked_by(description, verb)["properties"])
    line = inspect.signature(command(verb, lambda *_: None)).parameters
    assert over_http == set(keys_of(verb.question())) == {name.rstrip("_") for name in line} - OF_JOB
    assert callable(getattr(gigawatt, verb.function))


def test_the_verbs_of_the_description_are_those_of_the_table(description: dict[str, Any]) -> None:
    paths = [path for path in description["paths"] if path.startswith("/api/verbs/") and not path.endswith("/estimate")]
    assert paths == [path_of(verb) for verb in VERBS]
    ids = [description["paths"][path]["post"]["operationId"] for path in paths]
    assert ids == [verb.function for verb in VERBS]


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.function)
def test_the_schema_is_that_of_the_reader(description: dict[str, Any], verb: Verb) -> None:
    described, own = asked_by(description, verb), schema_of(verb.question())
    assert {**described, "$defs": 0} == {**{key: own[key] for key in own if key != "$schema"}, "$defs": 0}
    assert own["$defs"].items() <= described["$defs"].items()  # type: ignore[union-attr]


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.function)
def test_an_example_fits_its_schema(description: dict[str, Any], verb: Verb) -> None:
    body = description["paths"][path_of(verb)]["post"]["requestBody"]
    example = body["content"]["application/json"]["example"]
    assert example == values(verb)
    jsonschema.Draft202012Validator(asked_by(description, verb)).validate(example)
    assert body["required"] or not schema_of(verb.question())["required"]


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.function)
def test_every_example_answers(as_: Ask, verb: Verb) -> None:
    """Long verbs become jobs; what names a result or a file that is not there is told so; the rest is answered."""
    found = as_("owner", "POST", path_of(verb), json=values(verb))
    if found.status_code == 202:
        job = found.json()
        assert verb.long
        assert (job["verb"], job["state"], job["who"]) == (verb.name, "waiting", "owner")
        assert found.headers["Location"] == f"/api/jobs/{job['id']}"
        assert as_("owner", "GET", found.headers["Location"]).json()["id"] == job["id"]
        assert as_("owner", "DELETE", found.headers["Location"]).status_code == 200
    elif found.status_code == 200:
        assert not verb.long
        assert isinstance(found.json(), dict)
    else:
        missing = {"result", "a", "b", "file", "config", "milestone", "database"}
        assert found.status_code in (404, 422), found.text
        assert {item["path"].partition(".")[0] for item in found.json()["error"]["items"]} <= missing, found.text


def test_a_reply_is_what_a_command_prints(as_: Ask) -> None:
    from gigawatt.interfaces.server.asked import WorkOrder
    from gigawatt.interfaces.server.performing import perform

    found = as_("viewer", "POST", "/api/verbs/check", json={"scenario": "one-campus"})
    assert found.content == perform(WorkOrder(verb="check", values={"scenario": "one-campus"})).body
    assert found.headers["Gigawatt-Code"] == "0"
    assert found.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("code", "status"), [(0, 200), (4, 200), (2, 422), (3, 422), (130, 409), (70, 500), (74, 503), (1, 500), (99, 500)]
)
def test_an_exit_code_is_a_status(
    as_: Ask, server: Any, monkeypatch: pytest.MonkeyPatch, code: int, status: int
) -> None:
    body = b'{"x":1.000000000000000000001}'
    monkeypatch.setattr(server.room.workers, "ask", lambda _: Reply(code=code, body=body), raising=False)
    found = as_("viewer", "POST", "/api/verbs/check", json={})
    assert (found.status_code, found.headers["Gigawatt-Code"], found.content) == (status, str(code), body)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b'{"scenario": NaN}', "scenario"),
        (b'{"set": {"a": 1e999}}', "set.a"),
        (b'{"scenario": "a", "scenario": "b"}', "scenario"),
        (b"[1]", "body"),
        (b'{"scenario": 18446744073709551616}', "scenario"),
        (b"{", "body"),
        (b"\xff", "body"),
        (b"[" * 100_000, "body"),
    ],
)
def test_json_is_read_strictly(as_: Ask, body: bytes, path: str) -> None:
    found = as_("viewer", "POST", "/api/verbs/check", content=body, headers={"Content-Type": "application/json"})
    assert found.status_code == 422
    assert found.json()["error"]["items"][0]["path"] == path


def test_what_is_no_json_is_not_taken_for_it(as_: Ask) -> None:
    """A form is all that a page of another site can send without asking."""
    found = as_("viewer", "POST", "/api/verbs/check", data={"scenario": "one-campus"})
    assert found.status_code == 422
    assert found.json()["error"]["items"][0]["path"] == "Content-Type"


def test_bad_input_tells_every_fault(as_: Ask) -> None:
    wrong = {"capacty": "10 GW", "fairness": 3, "period": 4}
    found = as_("viewer", "POST", "/api/verbs/allocate", json=wrong)
    error = found.json()["error"]
    assert (found.status_code, error["kind"]) == (422, "ScenarioError")
    assert {item["path"] for item in error["items"]} == {"capacty", "fairness", "period"}
    assert "capacity" in next(item["expected"] for item in error["items"] if item["path"] == "capacty")


def test_a_verb_that_asks_for_nothing_may_be_sent_nothing(as_: Ask) -> None:
    assert as_("viewer", "POST", "/api/verbs/catalog/list").status_code == 200


def test_an_estimate_is_told_before_anything_is_done(as_: Ask) -> None:
    before = as_("owner", "GET", "/api/jobs?count=1000").json()
    found = as_("editor", "POST", "/api/verbs/run/estimate", json={"scenario": "one-campus"})
    assert found.status_code == 200, found.text
    assert as_("owner", "GET", "/api/jobs?count=1000").json() == before


def test_the_list_of_verbs_says_where_and_by_whom(as_: Ask) -> None:
    rows = as_("viewer", "GET", "/api/verbs").json()["verbs"]
    assert [row["name"] for row in rows] == [verb.name for verb in VERBS]
    assert rows[0] | {"title": ""} == {
        "name": "run",
        "function": "run",
        "group": "plan",
        "title": "",
        "long": True,
        "changes": "nothing",
        "role": "editor",
        "path": "/api/verbs/run",
    }


def test_too_many_questions_at_once_are_refused(as_: Ask, server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from gigawatt.interfaces.server.asked import Refused

    def busy(*_: object) -> None:
        raise Refused("busy", "check", "64 questions", "the same a little later")

    monkeypatch.setattr(server.room, "ask", busy)
    found = as_("viewer", "POST", "/api/verbs/check", json={})
    assert found.status_code == 503
    assert int(found.headers["Retry-After"]) > 0


def test_a_bug_is_told_without_its_insides(as_: Ask, server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError("/secret/place")

    monkeypatch.setattr(server.room, "ask", broken)
    found = as_("viewer", "POST", "/api/verbs/check", json={})
    assert (found.status_code, found.json()["error"]["kind"]) == (500, "Bug")
    assert "secret" not in found.text


def test_a_full_disk_is_told_without_its_place(as_: Ask, server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "/secret/place")

    monkeypatch.setattr(server.room, "ask", full)
    found = as_("viewer", "POST", "/api/verbs/check", json={})
    assert (found.status_code, found.json()["error"]["kind"]) == (503, "MachineFault")
    assert found.json()["error"]["items"][0]["given"] == "no space left on device"
    assert "secret" not in found.text


@pytest.mark.parametrize(
    ("error", "given"),
    [
        (OSError("the server's database: malformed"), "the server's database: malformed"),
        (MemoryError(), "not enough memory"),
    ],
)
def test_a_fault_of_the_machine_without_a_name_is_not_taken_for_another(
    as_: Ask, server: Any, monkeypatch: pytest.MonkeyPatch, error: Exception, given: str
) -> None:
    def failing(*_: object) -> None:
        raise error

    monkeypatch.setattr(server.room, "ask", failing)
    found = as_("viewer", "POST", "/api/verbs/check", json={})
    assert (found.status_code, found.json()["error"]["items"][0]["given"]) == (503, given)
