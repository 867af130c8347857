"""The dashboard as its readers meet it: figures of benchmarks/run.py, in Chromium where something is drawn.

What takes a browser is left out, and said so, where there is neither Playwright nor Chromium; what takes a hundred
readers, where there is no `ab` (see server.py).
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from server import Figures, Served, finished, percentile_s, served, session

VIEWERS_COUNT, TRIES_COUNT = 100, 9
SHARED, CAMPUS = "loi-2025-09", "one-campus"
FIVE_YEARS = {"from": "2028Q1", "to": "2032Q4", "mode": "stochastic"}
PATIENCE_MS = 60_000
# Until what an event changes within an element has been drawn, in seconds: two frames after its last change.
DRAWN = """([of, within, cause]) => new Promise((done) => {
  const began = performance.now(), place = document.querySelector(within);
  new MutationObserver((_, watch) => {
    if (place.matches("[aria-busy]")) return;
    watch.disconnect();
    requestAnimationFrame(() => requestAnimationFrame(() => done((performance.now() - began) / 1000)));
  }).observe(place, { childList: true, subtree: true, attributes: true, attributeFilter: ["aria-busy"] });
  const one = document.querySelector(of);
  if (cause === "click") { one.click(); return; }
  one.value = Number(one.min) + cause * (Number(one.max) - Number(one.min));
  one.dispatchEvent(new Event("input", { bubbles: true }));
})"""


def dashboard() -> Figures:
    """A default plan, what a hundred viewers of it wait, and what one waits who looks, asks, moves and zooms."""
    with tempfile.TemporaryDirectory() as folder:
        with served(Path(folder)) as (server, _):
            job = server.ask("POST", "/api/verbs/run", {})["id"]
            finished(server, job)
            lived = server.ask("POST", "/api/verbs/simulate", {"scenario": job, **FIVE_YEARS})["id"]
            finished(server, lived)
            found = viewers(server, job) | quick_plan(server)
        with served(Path(folder)) as (server, _), browser() as new:
            if new is None:
                return found
            while server.ask("GET", "/health")["status"] != "ok":
                time.sleep(0.05)
            return found | first_page(server, new) | moves(server, new, lived)


def viewers(server: Served, job: str) -> Figures:
    """A hundred viewers at once of the first page of a plan, which take it as browsers do."""
    if shutil.which("ab") is None:
        print("dashboard_100_viewers: left out, for `ab` (Debian: apache2-utils) is not installed", file=sys.stderr)
        return {}
    headers = [f"Cookie: {'='.join(session(server))}", "Accept-Encoding: gzip"]
    took_s = percentile_s(server, f"/?result={job}", readers=VIEWERS_COUNT, share=99, headers=headers)
    return {"dashboard_100_viewers_p99_s": took_s}


def quick_plan(server: Served) -> Figures:
    """A change to a scenario of one campus, answered by a plan in a hurry: the median of some, after one."""

    def asked(scale: float) -> float:
        began = time.perf_counter()
        server.ask("POST", "/api/verbs/preview", {"scenario": CAMPUS, "set": {"demand.price_scale": scale}})
        return time.perf_counter() - began

    asked(0.9)
    return {"dashboard_fast_plan_wall_s": statistics.median(asked(1 + at / 100) for at in range(TRIES_COUNT))}


@contextmanager
def browser() -> Iterator[Callable[..., Any] | None]:
    """Opens a page in a browser that knows nothing yet, with a session; None where there is no browser."""
    place = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        place = None
    if place is None:
        print("dashboard: what is drawn is left out, for Playwright or Chromium is not installed", file=sys.stderr)
        yield None
        return
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=place, args=["--no-sandbox"])

        def opened(server: Served) -> Any:
            name, secret = session(server)
            context = chromium.new_context(viewport={"width": 1280, "height": 900})
            context.add_cookies([{"name": name, "value": secret, "url": server.url}])
            page = context.new_page()
            page.set_default_timeout(PATIENCE_MS)
            return page

        yield opened
        chromium.close()


def first_page(server: Served, new: Callable[..., Any]) -> Figures:
    """The first page that a server shows since it started, in a browser that has seen none: until it is loaded, and all
    that came over the wire for it, heads of answers included."""
    page, sizes = new(server), list[float]()
    page.goto("about:blank")
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    began = time.perf_counter()
    page.goto(server.url, wait_until="load")
    took_s = time.perf_counter() - began
    page.wait_for_load_state("networkidle")
    return {"dashboard_first_page_wall_s": took_s, "dashboard_first_page_bytes": sum(sizes)}


def moves(server: Served, new: Callable[..., Any], lived: str) -> Figures:
    """A slider moved until the new division is drawn; five years of hours, zoomed and moved in, until they are."""
    page = new(server)
    page.goto(f"{server.url}/compute")
    shares = [0.3 + 0.5 * at / TRIES_COUNT for at in range(TRIES_COUNT + 1)]
    slid = [_drawn(page, "form[data-answer] [type=range]", "#answer", share) for share in shares]
    page.goto(f"{server.url}/fleet?result={lived}")
    steps = ["all", *["in", "in", "later", "earlier", "in", "later", "out", "out", "all"][:TRIES_COUNT]]
    zoomed = [_drawn(page, f'[data-step="{step}"]', "[data-series]", "click") for step in steps]
    # The first of each is not counted: it loads what the others need.
    return {
        "dashboard_slider_wall_s": statistics.median(slid[1:]),
        "dashboard_series_wall_s": statistics.median(zoomed[1:]),
    }


def _drawn(page: Any, of: str, within: str, cause: float | str) -> float:
    return float(page.evaluate(DRAWN, [of, within, cause]))
