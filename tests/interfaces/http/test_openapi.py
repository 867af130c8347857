"""The description of the door: OpenAPI 3.1, whole in itself, and what is sent back fits it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema
import pytest
from starlette.testclient import TestClient

Ask = Callable[..., Any]
READ = ("verbs", "me", "people", "tokens", "audit", "jobs", "results", "sweeps", "claims", "uploads", "session")
CLOSED = {"401", "403", "404", "409", "413", "422", "429", "503"}


@pytest.fixture(scope="module")
def description(anybody: TestClient) -> dict[str, Any]:
    return anybody.get("/openapi.json").json()


def operations(description: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def test_it_is_openapi_and_every_reference_leads_somewhere(description: dict[str, Any]) -> None:
    assert description["openapi"].startswith("3.1")
    referred = {part.split('"')[0] for part in json.dumps(description).split('"$ref": "')[1:]}
    assert len(referred) > 50
    for reference in referred:
        found: Any = description
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]


def test_every_schema_is_one(description: dict[str, Any]) -> None:
    for name, schema in description["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema.get("type") == "object" or name.startswith("quantity_"), name


def test_every_operation_has_its_name_words_and_refusals(description: dict[str, Any]) -> None:
    found = list(operations(description))
    ids = [operation["operationId"] for _, _, operation in found]
    assert len(set(ids)) == len(ids) > 100
    for method, path, operation in found:
        assert operation["summary"], path
        if operation.get("security"):
            assert set(operation["responses"]) >= CLOSED, path
        for status, told in operation["responses"].items():
            assert told["description"]
            assert "x-view" not in told
            body = status not in ("204", "304")
            assert bool(told.get("content")) is body, (method, path, status)


def test_every_field_of_a_view_has_a_sentence_or_a_plain_name(description: dict[str, Any]) -> None:
    for name in ("JobView", "ResultView", "Askable", "TableView", "UploadView", "VersionView"):
        for field, schema in description["components"]["schemas"][name]["properties"].items():
            assert schema["description"].endswith("."), (name, field)


def test_there_are_two_ways_to_be_known(description: dict[str, Any]) -> None:
    schemes = description["components"]["securitySchemes"]
    assert (schemes["token"]["scheme"], schemes["session"]["in"]) == ("bearer", "cookie")
    for _, path, operation in operations(description):
        assert operation.get("security") is None or len(operation["security"]) == 2, path


@pytest.mark.parametrize("name", READ)
def test_what_is_sent_back_fits_what_is_described(as_: Ask, description: dict[str, Any], name: str) -> None:
    path = f"/api/{name}"
    as_("owner", "POST", "/api/verbs/run", json={"scenario": "one-campus"})
    found = as_("owner", "GET", path)
    (told,) = description["paths"][path]["get"]["responses"]["200"]["content"].values()
    schema = {**told["schema"], "components": description["components"]}
    jsonschema.Draft202012Validator(schema).validate(found.json())


def test_a_refusal_fits_what_is_described(as_: Ask, description: dict[str, Any]) -> None:
    schema = description["components"]["schemas"]["Refused"]
    for path in ("/api/people", "/api/jobs/x", "/api/x"):
        found = as_("viewer", "GET", path)
        jsonschema.Draft202012Validator(schema).validate(found.json())


def test_whoever_has_the_description_need_not_read_it_again(anybody: TestClient) -> None:
    tag = anybody.get("/openapi.json").headers["ETag"]
    assert anybody.get("/openapi.json", headers={"If-None-Match": tag}).status_code == 304


def test_figures_are_for_everybody_and_name_nobody(anybody: TestClient) -> None:
    text = anybody.get("/metrics").text
    assert 'gigawatt_jobs{state="waiting"}' in text
    assert "\ngigawatt_workers 1.0\n" in text
    assert "owner" not in text
    assert 'route="/api/jobs/{id}"' in text


def test_a_database_that_does_not_answer_is_told(anybody: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    from gigawatt.interfaces.http import watching

    monkeypatch.setattr(watching, "alive", lambda store: store is None)
    found = anybody.get("/health")
    assert (found.status_code, found.json()["status"]) == (503, "no database")
