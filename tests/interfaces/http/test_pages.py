"""Pages for people: signing in and out without a script, what they show of hostile names, and a browser's view."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI

from gigawatt.interfaces.http import cookies, errors, pages
from gigawatt.interfaces.http.cookies import SESSION
from gigawatt.interfaces.http.desk import FrontDesk
from gigawatt.interfaces.http.guard import Guard
from gigawatt.interfaces.http.pages import frame
from gigawatt.interfaces.server import people, results
from gigawatt.interfaces.server.results import ResultView
from gigawatt.interfaces.server.settings import Settings
from gigawatt.interfaces.server.store import ServerStore

NAME, PASSWORD = "ada", "a long password of hers"
SECRETS: list[str] = []  # a token of hers, which takes less time than a password
HOSTILE = "</script><script>alert(1)</script>\"'<img src=x onerror=alert(1)>\u202egnp"
FOUND = {"scenario": "loi-2025-09", "who": NAME, "code": 0, "verb": "run"}
ROWS = [FOUND, FOUND | {"scenario": HOSTILE, "who": HOSTILE, "code": 4}, FOUND | {"scenario": None, "verb": "claims"}]


def view(number: int, row: dict[str, Any]) -> ResultView:
    times = {"created": "2026-11-28T10:00:00Z", "ended": "2026-11-28T10:01:00Z"}
    return ResultView(id=f"{number:032x}", question={}, hash=None, **times, **row)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guard]:
    data: Path = tmp_path_factory.mktemp("server")
    settings = Settings(data=data, hosts=("gw.example.org",))
    store = ServerStore(settings)
    people.add(store, NAME, "editor", PASSWORD)
    SECRETS[:] = [people.issue(store, NAME).secret]  # that of this store: tests of a class may come later, with another
    inside = FastAPI(
        openapi_url=None, docs_url=None, redoc_url=None, exception_handlers=frame.handlers(errors.handlers())
    )
    inside.include_router(pages.router)
    room: Any = SimpleNamespace(store=store, settings=settings, workers=SimpleNamespace(count=1))
    inside.state.desk = FrontDesk(room)
    found = [view(n, row) for n, row in enumerate(ROWS)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(results, "listed", lambda *_, verbs=(), **__: [] if verbs else found)
        yield Guard(inside, settings)
    inside.state.desk.close()
    store.close()


class Seen(HTMLParser):
    """Tags with their attributes, as a browser would find them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [(tag, name) for name, _ in attrs] or [(tag, "")]


ADDRESSES = (f"10.0.{n // 200}.{n % 200}" for n in range(40_000))


def scripts_within(page: str) -> list[str]:
    """Scripts that are no files of ours."""
    own = re.compile(r'<script( type="module")? src="/static/[a-z]+\.js\?v=[0-9a-f]{8}"( defer)?></script>')
    return re.findall(r"<script.*", own.sub("", page))


class Person:
    """A browser without scripts: it keeps cookies, and sends the forms that it is shown."""

    def __init__(self, app: Guard, base: str = "http://127.0.0.1:8000") -> None:
        self.app, self.base, self.cookies = app, base, httpx2.Cookies()
        self.address = next(ADDRESSES)  # whoever guesses too often is not listened to

    def ask(self, method: str, path: str, **given: Any) -> httpx2.Response:
        async def asked() -> httpx2.Response:
            transport = httpx2.ASGITransport(self.app, client=(self.address, 1))
            async with httpx2.AsyncClient(transport=transport, base_url=self.base, cookies=self.cookies) as client:
                found = await client.request(method, path, **given)
                self.cookies = client.cookies
                return found

        return asyncio.run(asked())

    def sign_in(self, name: str = NAME, secret: str | None = None, **more: str) -> httpx2.Response:
        asked = SECRETS[0] if secret is None else secret
        return self.ask("POST", "/sign-in", data={"name": name, "secret": asked, **more})


@pytest.fixture
def person(app: Guard) -> Person:
    return Person(app)


def csrf(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_whoever_has_not_signed_in_is_led_there(person: Person) -> None:
    found = person.ask("GET", "/")
    assert (found.status_code, found.headers["location"]) == (303, "/sign-in")
    person.cookies.set(SESSION, "x" * 43, domain="127.0.0.1")
    assert person.ask("GET", "/").status_code == 303
    assert "<form" in person.ask("GET", "/sign-in").text


def test_people_sign_in_see_results_and_sign_out_without_a_script(person: Person) -> None:
    found = person.sign_in(NAME, PASSWORD)
    assert (found.status_code, found.headers["location"]) == (303, "/")
    said = found.headers["set-cookie"].lower()
    assert "httponly" in said
    assert "samesite=strict" in said
    assert "secure" not in said
    page = person.ask("GET", "/jobs").text
    assert "loi-2025-09" in page
    assert f'href="/api/results/{1:032x}/files/report.html"' in page
    assert PASSWORD not in page
    assert scripts_within(page) == []
    assert person.ask("POST", "/sign-out", data={"csrf": csrf(page)}).status_code == 303
    assert person.ask("GET", "/").status_code == 303


def test_a_token_signs_in_without_a_name(person: Person, app: Guard) -> None:
    store = app._app.state.desk.room.store  # type: ignore[attr-defined]
    secret = people.issue(store, NAME, "viewer", "of a test").secret
    assert person.sign_in("", secret).status_code == 303
    assert "ada</bdi>, viewer" in person.ask("GET", "/").text


@pytest.mark.parametrize(("name", "secret"), [(NAME, "wrong"), ("nobody", PASSWORD), ("", "gw_" + "x" * 43), ("", "")])
def test_whoever_is_not_let_in_hears_no_more_than_that(person: Person, name: str, secret: str) -> None:
    found = person.sign_in(name, secret)
    assert found.status_code == 401
    assert "set-cookie" not in found.headers
    assert 'role="alert"' in found.text
    assert not secret or secret not in found.text
    assert person.ask("GET", "/").status_code == 303


def test_what_somebody_types_is_shown_as_text(person: Person) -> None:
    text = person.sign_in(HOSTILE, "x", then='/"><script>').text
    assert "<script" not in text
    assert "<img" not in text
    assert "&lt;script&gt;" in text


def test_a_hostile_name_is_text_in_the_list_of_results(person: Person) -> None:
    person.sign_in()
    page = person.ask("GET", "/jobs").text

    seen = Seen()
    seen.feed(page)
    assert not {tag for tag, _ in seen.found} & {"img", "style", "iframe", "object"}
    assert scripts_within(page) == []
    assert not [name for _, name in seen.found if name.startswith("on") or name == "style"]
    assert page.count("&lt;script&gt;") >= 2
    assert "<bdi>&lt;/script&gt;" in page


@pytest.mark.parametrize(
    "asked",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "\\\\evil",
        "javascript:alert(1)",
        "/a\r\nX: 1",
        "/\t/evil",
    ],
)
def test_signing_in_leads_nowhere_else(person: Person, asked: str) -> None:
    assert person.sign_in(then=asked).headers["location"] == "/"
    assert f'value="{asked}"' not in person.ask("GET", "/sign-in", params={"then": asked}).text
    assert person.sign_in(then="/api/results?count=1").headers["location"] == "/api/results?count=1"


def test_signing_out_needs_the_token_of_the_page(person: Person) -> None:
    person.sign_in()
    for data in ({}, {"csrf": ""}, {"csrf": "0" * 64}):
        assert person.ask("POST", "/sign-out", data=data or {"x": "1"}).status_code == 403
    assert person.ask("GET", "/").status_code == 200


def test_a_page_of_somebody_else_signs_nobody_in(person: Person) -> None:
    given = {"data": {"name": NAME, "secret": PASSWORD}, "headers": {"origin": "http://evil.example"}}
    assert person.ask("POST", "/sign-in", **given).status_code == 403


@pytest.mark.parametrize(
    "given",
    [
        {"json": {"name": NAME, "secret": PASSWORD}},
        {"content": b"name=" + b"x" * 20_000, "headers": {"content-type": frame.FORM}},
        {"content": b"&".join(b"a=1" for _ in range(20)), "headers": {"content-type": frame.FORM}},
        {"content": b"name=%ff&secret=x", "headers": {"content-type": frame.FORM}},
        {"content": b"name=\xff", "headers": {"content-type": frame.FORM}},
        {"files": {"name": b"x"}},
    ],
)
def test_what_is_no_form_of_ours_is_refused(person: Person, given: dict[str, Any]) -> None:
    assert person.ask("POST", "/sign-in", **given).status_code == 422


@pytest.mark.parametrize(
    "data", [{"secret": "a\0b"}, {"name": "a\0b", "secret": "x"}, {"name": "x" * 5_000, "secret": "y"}]
)
def test_a_strange_name_or_password_is_wrong_and_no_failure(person: Person, data: dict[str, str]) -> None:
    assert person.ask("POST", "/sign-in", data=data).status_code in (401, 422, 429)


def test_under_tls_a_session_is_bound_to_its_host(app: Guard) -> None:
    person = Person(app, "https://gw.example.org")
    said = person.sign_in().headers["set-cookie"]
    assert said.startswith(f"__Host-{SESSION}=")
    assert "secure" in said.lower()
    assert "path=/" in said.lower()
    assert "domain" not in said.lower()
    page = person.ask("GET", "/")
    assert page.status_code == 200
    secret = person.cookies[f"__Host-{SESSION}"]
    gone = person.ask("POST", "/sign-out", data={"csrf": csrf(page.text)}).headers["set-cookie"]
    assert gone.startswith(f'__Host-{SESSION}=""')
    other = Person(app, "https://gw.example.org")
    other.sign_in()
    unbound = {"cookie": f"{SESSION}={other.cookies[f'__Host-{SESSION}']}"}
    assert Person(app, "https://gw.example.org").ask("GET", "/", headers=unbound).status_code == 303
    assert secret


def test_only_the_bound_cookie_of_several_is_read() -> None:
    given = [(b"cookie", b"a=1; gigawatt_session=planted; __Host-gigawatt_session=ours; gigawatt_session =planted")]
    assert cookies.unbound(given) == [(b"cookie", b"a=1; gigawatt_session=ours")]


def test_static_files_are_ours_alone_and_known_again(person: Person) -> None:
    sheet = person.ask("GET", "/static/site.css")
    assert sheet.headers["content-type"].startswith("text/css")
    assert ".gw .brand" in sheet.text
    again = person.ask("GET", "/static/site.css", headers={"if-none-match": sheet.headers["etag"]})
    assert again.status_code == 304
    for name in ("pages.py", "x", "site.css.map", "..%2fpages.py", "%2e%2e/pages.py"):
        assert person.ask("GET", f"/static/{name}").status_code == 404


CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DESK, TELEPHONE = 1280, 390
WATCH = """
window.broken = [];
document.addEventListener("securitypolicyviolation", (event) => broken.push(event.violatedDirective));
"""


@contextmanager
def served(app: Guard) -> Iterator[str]:
    """The application on loopback, and its address."""
    server = uvicorn.Server(
        uvicorn.Config(app, ws="none", lifespan="off", log_config=None, timeout_graceful_shutdown=1)
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(5)


@pytest.fixture(scope="module")
def opened(app: Guard) -> Iterator[Callable[..., Any]]:
    """Opens a page in a browser that has signed in or not, at a width, light or dark, with scripts or without."""
    playwright_api = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install '.[test]'")
    args = ["--no-sandbox"] if os.geteuid() == 0 else []
    with served(app) as address, playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=args)

        def opens(
            path: str, *, width: int = DESK, scheme: str = "light", signed: bool = False, scripts: bool = True
        ) -> Any:
            size = {"width": width, "height": 900}
            context = browser.new_context(viewport=size, color_scheme=scheme, java_script_enabled=scripts)
            tab = context.new_page()
            tab.add_init_script(WATCH)
            if signed:
                tab.goto(f"{address}/sign-in")
                tab.get_by_label("Name").fill(NAME)
                tab.get_by_label("Password or token").fill(SECRETS[0])
                tab.get_by_role("button", name="Sign in").click()
                tab.wait_for_url(f"{address}/")
            tab.goto(address + path)
            return tab

        yield opens
        browser.close()


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the path: apt-get install chromium")
class TestBrowser:
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize("width", [DESK, TELEPHONE])
    @pytest.mark.parametrize(("path", "signed"), [("/sign-in", False), ("/", True), ("/jobs", True)])
    def test_nothing_keeps_anybody_out(
        self, opened: Callable[..., Any], path: str, signed: bool, width: int, scheme: str
    ) -> None:
        axe_api = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe: pip install '.[test]'")
        tab = opened(path, width=width, scheme=scheme, signed=signed)
        found = axe_api.Axe().run(tab)
        assert found.violations_count == 0, found.generate_report()
        assert tab.evaluate("document.documentElement.scrollWidth") <= width

    def test_a_browser_without_scripts_signs_in_and_out(self, opened: Callable[..., Any]) -> None:
        tab = opened("/", signed=True, scripts=False)
        tab.get_by_role("button", name="Sign out").click()
        tab.wait_for_url("**/sign-in")
        assert tab.get_by_role("heading", name="Sign in").is_visible()

    def test_the_policy_is_kept_and_would_be_enforced(self, opened: Callable[..., Any]) -> None:
        tab = opened("/", signed=True)
        assert tab.evaluate("broken") == []
        assert tab.evaluate("getComputedStyle(document.querySelector('h1')).fontWeight") == "700"
        tab.evaluate("document.body.append(Object.assign(document.createElement('style'), { textContent: 'p {}' }))")
        tab.wait_for_function("broken.length > 0")
        assert tab.evaluate("broken") == ["style-src-elem"]

    def test_who_is_not_let_in_hears_why(self, opened: Callable[..., Any]) -> None:
        tab = opened("/sign-in")
        tab.get_by_label("Password or token").fill("wrong")
        tab.keyboard.press("Enter")
        tab.get_by_role("alert").wait_for()
        assert "Not signed in" in tab.title()
