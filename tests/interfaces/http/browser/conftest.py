"""A real server with real people, and Chromium to read it with; whatever a page does that it must not is noted."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

import pytest

from gigawatt.study import verbs

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ABSENT = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the path: apt-get install chromium")
JOB_S, PATIENCE_MS = 300.0, 30_000
DESK, TELEPHONE = 1280, 390
# Violations of the policy, heard before any script of a page runs.
WATCH = """
window.broken = [];
document.addEventListener("securitypolicyviolation",
  (event) => broken.push(`${event.violatedDirective} ${event.blockedURI}`));
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of these take a browser, and a server that plans."""
    here = Path(__file__).parent
    for item in items:
        if here in Path(item.path).parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.slow)
            item.add_marker(
                pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the path: apt-get install chromium")
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A server that runs: where it is, by which tokens people come, and what it has done already."""

    url: str
    tokens: dict[str, str]
    """Of each person, by name."""
    plans: list[str] = field(default_factory=list)
    """Results of two plans of one campus, with and without a change."""

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """What its data say to its owner."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.tokens['owner']}", "Content-Type": "application/json"}
        with urlopen(Request(self.url + path, data, headers, method=method), timeout=JOB_S) as answer:
            return json.loads(answer.read() or b"null")

    def cookie(self, name: str) -> dict[str, str]:
        """A new session of somebody, as a browser keeps it."""
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=JOB_S)
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", "/sign-in", urlencode({"name": "", "secret": self.tokens[name], "then": "/"}), kind)
        key, _, rest = (connection.getresponse().getheader("Set-Cookie") or "").partition("=")
        connection.close()
        return {"name": key, "value": rest.partition(";")[0], "url": self.url}

    def done(self, verb: str, values: dict[str, Any]) -> str:
        """Id of a job of a verb that is done."""
        id_ = self.ask("POST", f"/api/verbs/{verb}", values)["id"]
        until = time.monotonic() + JOB_S
        while (view := self.ask("GET", f"/api/jobs/{id_}"))["state"] != "done":
            assert view["ended"] is None, view
            assert time.monotonic() < until, view
            time.sleep(0.2)
        return id_


# Who there is besides the owner whose machine it is.
PEOPLE = {"Ada": "editor", "Ben": "approver", "Cleo": "approver", "Dan": "viewer"}


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A server with people of every role, two plans of one campus, and a ledger whose first milestone is met."""
    folder = tmp_path_factory.mktemp("dashboard")
    _ledger(folder / "gigawatt.db")
    command = [sys.executable, "-m", "gigawatt", "serve", "--port", "0", "--json", "--data", str(folder / "data")]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [*command, "--database", str(folder / "gigawatt.db")], stdout=subprocess.PIPE, stderr=log
        )
        try:
            assert process.stdout is not None
            told = json.loads(process.stdout.readline())
            found = Place(url=told["url"], tokens={"owner": told["token"]})
            while found.ask("GET", "/health")["status"] != "ok":
                time.sleep(0.1)
            _people(found)
            for change in ({}, {"demand.price_scale": 1.1}):
                found.plans.append(found.done("run", {"scenario": "one-campus", "set": change}))
            yield found
        finally:
            process.terminate()
            process.wait(30)
            process.stdout.close()


def _people(found: Place) -> None:
    for name, role in PEOPLE.items():
        found.ask("POST", "/api/people", {"name": name, "role": role, "password": f"{name} and a long password"})
        issued = found.ask("POST", "/api/tokens", {"person": name, "role": role})
        found.tokens[name] = issued["secret"]


def _ledger(file: Path) -> None:
    """A ledger of one campus: its terms, and 40 MW that stand where the first milestone is 30 MW."""
    where = {"database": str(file), "as_": "Ada"}
    verbs.ask("ledger init", "one-campus", **where)
    site = "site=example-campus"
    stage = [site, "state=energised", "power=40 MW", "basis=facility", "at=2026-03-01"]
    racks = [site, "platform=gb300", "racks=200", "at=2026-03-02"]
    test = [site, "platform=gb300", "racks=200", "throughput=10 Mtokens/s", "held=80 h", "at=2026-03-10"]
    for kind, said in (("site", stage), ("racks", racks), ("test", test)):
        verbs.ask("ledger record", kind, said, source="letter", **where)


@dataclass(slots=True, kw_only=True)
class Seen:
    """What a tab did that a page of ours must not, and the tab."""

    tab: Any
    outside: list[str] = field(default_factory=list)
    """Requests to anybody else."""
    said: list[str] = field(default_factory=list)
    """Errors and warnings of the console, and errors that no script caught."""

    def wrongs(self) -> list[str]:
        """All of it, violations of the policy on the page that is shown included."""
        return [*self.outside, *self.said, *self.tab.evaluate("window.broken ?? []")]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A browser, for one module's tests: playwright runs a loop in this thread, and other tests need their own."""
    api = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install '.[test]'")
    args = ["--no-sandbox"] if os.geteuid() == 0 else []
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=args)
        yield browser
        browser.close()


@pytest.fixture
def enter(place: Place, chromium: Any) -> Iterator[Callable[..., Seen]]:
    """Opens a tab of somebody who has signed in, or of nobody; in the end no tab may have done wrong."""
    opened: list[Seen] = []

    def entered(name: str | None = "Ada", *, width: int = DESK, scheme: str = "light", language: str = "en") -> Seen:
        tongue = {"en": "en-GB", "id": "id-ID"}[language]
        size = {"width": width, "height": 900}
        context = chromium.new_context(viewport=size, color_scheme=scheme, locale=tongue, reduced_motion="reduce")
        context.add_init_script(WATCH)
        context.set_default_timeout(PATIENCE_MS)
        seen = Seen(tab=context.new_page())
        _watch(seen, place.url)
        opened.append(seen)
        if name is not None:
            context.add_cookies([place.cookie(name)])
        return seen

    yield entered
    wrongs = [wrong for seen in opened for wrong in seen.wrongs()]
    for seen in opened:
        seen.tab.context.close()
    assert wrongs == []


def _watch(seen: Seen, url: str) -> None:
    def asked(request: Any) -> None:
        if not request.url.startswith((f"{url}/", "data:", "blob:")):
            seen.outside.append(request.url)

    def heard(message: Any) -> None:
        # A page that is refused tells so by its status, which Chromium writes down as well.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            seen.said.append(message.text)

    seen.tab.on("request", asked)
    seen.tab.on("console", heard)
    seen.tab.on("pageerror", lambda error: seen.said.append(str(error)))
