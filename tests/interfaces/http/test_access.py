"""Who may pass: a walk over every route of the description, by everybody who may not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from gigawatt.interfaces.http.cookies import SESSION
from gigawatt.interfaces.http.origin import CSRF_HEADER
from gigawatt.interfaces.server import people
from gigawatt.interfaces.server.asked import ROLES
from gigawatt.interfaces.server.room import least
from gigawatt.study.verbs import VERBS

# What anybody may ask, by its operation.
OPEN = {"health", "metrics", "description", "session_begin"}
Walk = list[tuple[str, str, str, str]]


@pytest.fixture(scope="module")
def walk(anybody: TestClient) -> Walk:
    """Method, path, operation and role of every route that the description knows."""
    found = anybody.get("/openapi.json").json()
    return [
        (
            method.upper(),
            path.replace("{version}", "1").replace("{", "").replace("}", ""),
            one["operationId"],
            _role(one),
        )
        for path, methods in found["paths"].items()
        for method, one in methods.items()
    ]


def _role(operation: dict[str, Any]) -> str:
    roles = {role for scheme in operation.get("security", []) for named in scheme.values() for role in named}
    (role,) = roles or {""}
    return role


def closed(walk: Walk) -> Iterator[tuple[str, str, str]]:
    for method, path, operation, role in walk:
        if operation not in OPEN:
            yield method, path, role


def test_every_route_says_who_may(walk: Walk) -> None:
    assert len(walk) > 100
    assert {operation for _, _, operation, role in walk if not role} == OPEN
    assert {role for *_, role in walk} == {"", *ROLES}


def test_a_verb_needs_the_role_that_the_room_needs(walk: Walk) -> None:
    roles = {operation: role for _, _, operation, role in walk}
    for verb in VERBS:
        assert roles[verb.function] == roles[f"{verb.function}_estimate"] == least(verb)
    assert roles["ledger_approve"] == "approver"
    assert roles["run"] == roles["ledger_record"] == "editor"
    assert roles["check"] == "viewer"


def test_no_route_answers_without_a_token_that_is_known(anybody: TestClient, walk: Walk) -> None:
    for headers in ({}, {"Authorization": f"Bearer gw_{'A' * 43}"}):
        for method, path, _ in closed(walk):
            found = anybody.request(method, path, headers=headers)
            assert found.status_code == 401, (method, path)
            assert found.json()["error"]["kind"] == "Unauthenticated"
            assert found.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer ", "Basic b3duZXI6b3duZXI=", "gw_nothing", "Bearer \xe9", "Bearer gw_\xff"]
)
def test_what_is_no_token_is_nobody(anybody: TestClient, authorization: str) -> None:
    found = anybody.get("/api/me", headers={"Authorization": authorization.encode("latin-1")})
    assert found.status_code == 401


def test_no_route_answers_to_a_token_that_was_revoked_or_has_expired(
    server: Any, anybody: TestClient, walk: Walk
) -> None:
    revoked = people.issue(server.store, "owner", "owner")
    people.revoke(server.store, revoked.id)
    expired = people.issue(server.store, "owner", "owner", expires_s=1.0)
    with server.store.writing() as connection:
        connection.exec_driver_sql("UPDATE tokens SET expires = '2026-01-01T00:00:00Z' WHERE id = ?", (expired.id,))
    for secret in (revoked.secret, expired.secret):
        for method, path, _ in closed(walk):
            found = anybody.request(method, path, headers={"Authorization": f"Bearer {secret}"})
            assert found.status_code == 401, (method, path)


def test_no_route_answers_to_a_role_that_is_too_low(as_: Callable[..., Any], walk: Walk) -> None:
    tried = 0
    for method, path, role in closed(walk):
        for lower in ROLES[: ROLES.index(role)]:  # type: ignore[arg-type]
            found = as_(lower, method, path)
            assert found.status_code == 403, (method, path, lower)
            assert found.json()["error"]["items"][0]["given"] == lower
            tried += 1
    assert tried > 40


def test_a_token_does_no_more_than_its_own_role(server: Any, anybody: TestClient) -> None:
    weak = people.issue(server.store, "owner", "viewer").secret
    found = anybody.get("/api/people", headers={"Authorization": f"Bearer {weak}"})
    assert found.status_code == 403


def test_no_change_is_made_by_a_session_without_its_csrf_token(server: Any, anybody: TestClient, walk: Walk) -> None:
    """What a page of another site could make a browser send."""
    session = people.sign_in(server.store, "", server.tokens["owner"], "127.0.0.1")
    cookie = {"Cookie": f"{SESSION}={session.secret}"}
    tried = 0
    for method, path, _ in closed(walk):
        if method == "GET":
            continue
        for given in ({}, {CSRF_HEADER: "0" * 43}):
            found = anybody.request(method, path, headers={**cookie, **given})
            assert found.status_code == 403, (method, path)
            tried += 1
    assert tried > 100
    assert anybody.get("/api/me", headers=cookie).json()["csrf"] == session.csrf
    ended = anybody.delete("/api/session", headers={**cookie, CSRF_HEADER: session.csrf})
    assert ended.status_code == 204
    assert anybody.get("/api/me", headers=cookie).status_code == 401


def test_a_token_is_not_taken_from_an_address(server: Any, anybody: TestClient) -> None:
    """Addresses are kept in logs and histories."""
    assert anybody.get(f"/api/me?token={server.tokens['owner']}").status_code == 401


def test_a_place_that_is_none_is_told_as_everything_is(as_: Callable[..., Any]) -> None:
    for method, path, status in (("GET", "/api/nothing", 404), ("PUT", "/api/jobs", 405), ("GET", "/api/docs", 404)):
        found = as_("owner", method, path)
        assert found.status_code == status
        assert set(found.json()["error"]["items"][0]) == {"path", "given", "expected"}
