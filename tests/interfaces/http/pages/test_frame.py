"""What every page has: who may read it, its language, its faults."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from gigawatt.interfaces.http.pages.frame import NAVIGATION

Browser = Callable[..., TestClient]


@pytest.mark.parametrize("place", [place for _, place, _ in NAVIGATION])
def test_whoever_has_not_signed_in_signs_in_first(anybody: TestClient, place: str) -> None:
    found = anybody.get(place, follow_redirects=False)
    assert found.status_code == 303
    assert found.headers["location"] == ("/sign-in" if place == "/" else f"/sign-in?then={place}")


def test_a_viewer_reads_the_first_page(browser: Browser) -> None:
    found = browser("viewer").get("/")
    assert found.status_code == 200
    assert 'aria-current="page"' in found.text


def test_a_place_that_is_none_is_told_as_a_page_to_people_and_as_data_to_programs(browser: Browser) -> None:
    client = browser("viewer")
    shown, data = client.get("/nowhere"), client.get("/api/nowhere")
    assert (shown.status_code, data.status_code) == (404, 404)
    assert shown.headers["content-type"].startswith("text/html")
    assert data.json()["error"]["items"]


def test_the_language_is_that_of_the_choice_before_that_of_the_browser(browser: Browser) -> None:
    client = browser("viewer")
    assert '<html lang="en">' in client.get("/").text
    assert '<html lang="id">' in client.get("/", headers={"Accept-Language": "id-ID,id;q=0.9,en;q=0.8"}).text
    asked = {"language": "id", "then": "/jobs", "csrf": client.csrf}  # type: ignore[attr-defined]
    found = client.post("/language", data=asked)
    assert (found.status_code, found.headers["location"]) == (303, "/jobs")
    assert '<html lang="id">' in client.get("/").text
    assert '<html lang="en">' in client.get("/?lang=en").text


def test_a_form_without_its_token_changes_nothing(browser: Browser) -> None:
    client = browser("viewer")
    assert client.post("/language", data={"language": "id", "then": "/"}).status_code == 403
    assert '<html lang="en">' in client.get("/").text
