"""Claims: verdicts with their ranges, and a form that has them checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.testclient import TestClient
from tests.interfaces.http.pages.kept import keep

from gigawatt.interfaces.server import jobs
from gigawatt.report.documents import claims
from gigawatt.study.answer import Head
from gigawatt.study.claims.answer import CheckedClaims
from gigawatt.study.claims.claim import Claim, Computed, Stated

Browser = Callable[..., TestClient]


def claim(id_: str, stated_w: float) -> Claim:
    return Claim(
        id=id_,
        claim="So much power.",
        speaker="Somebody",
        stated=Stated(value=stated_w, unit="w"),
        computed=Computed(low=8e9, mid=9e9, high=10e9, unit="w"),
        verdict="holds_if",
        assumption="demand grows",
        sources=(),
        rows=(),
    )


def test_claims_that_nobody_has_checked_can_be_checked_by_those_who_may(browser: Browser, server: Any) -> None:
    read, client = browser("viewer").get("/claims").text, browser("editor")
    assert "has not been checked" in read
    assert 'action="/claims"' not in read
    assert "Check all claims<" in client.get("/claims").text
    found = client.post("/claims", data={"csrf": client.csrf})  # type: ignore[attr-defined]
    assert found.status_code == 303
    assert jobs.found(server.store, found.headers["location"].removeprefix("/jobs/")).verb == "claims"
    assert client.post("/claims", data={"csrf": "x"}).status_code == 403


def test_claims_of_another_announcement_are_checked_by_the_name_of_their_set(browser: Browser, server: Any) -> None:
    client = browser("editor")
    assert 'name="of" value="ports-pike"' in client.get("/claims").text
    found = client.post("/claims", data={"csrf": client.csrf, "of": "ports-pike"})  # type: ignore[attr-defined]
    job = found.headers["location"].removeprefix("/jobs/")
    assert jobs.asked(server.store, job)["of"] == "ports-pike"
    wrong = client.post("/claims", data={"csrf": client.csrf, "of": "ports"})  # type: ignore[attr-defined]
    assert wrong.status_code == 422
    assert "one of letter, ports-pike" in wrong.text


def test_each_claim_has_its_verdict_its_range_and_its_address(browser: Browser, server: Any) -> None:
    found = (claim("ten_gw", 10e9), claim("thirty_gw", 30e9))
    id_ = keep(server, "claims", claims.document(CheckedClaims(head=Head(), claims=found)), scenario="loi-2025-09")
    text = browser("viewer").get("/claims").text
    for shown in ('<a href="#ten-gw">', 'id="thirty-gw"', "Holds if: So much power.", "8 GW to 10", "demand grows"):
        assert shown in text
    assert f'href="/api/results/{id_}/files/charts/ranges.svg"' in text
    assert "Check all claims again" in browser("editor").get("/claims").text
