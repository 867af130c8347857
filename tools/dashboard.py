"""Pictures of the dashboard as its readers see it, for a person to look at and for the docs.

    python tools/dashboard.py --out DIR [--scenario NAME] [--docs]

Starts a server that plans, compares and lives through what its pages show, with a ledger of a generated year, and draws
every page at 1,280 and 390 pixels, light and dark, and on paper: NAME-1280-light.png, NAME-390-dark.png, NAME-print.png
and so on. `--docs` draws the few that stand in docs/images, as WebP, and those alone. Needs Chromium and Playwright
(`pip install '.[test]'`).
"""

from __future__ import annotations

import argparse
import base64
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from exhibits import SCHEMES, SHEET, WIDTHS, chromium, shoot

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
from server import Served, finished, served, session

from gigawatt.interfaces.http.pages.frame import NAVIGATION

IMAGES = Path(__file__).parents[1] / "docs" / "images"
# Pages of the docs: page, width, scheme, and pixels from the top.
DOCS = (("programme", 1280, "light", 1600), ("compute", 1280, "dark", 1300), ("fleet", 390, "light", 844))
QUALITY = 80
# A year of three sites, whose milestones of 20 MW and 40 MW are met.
YEAR = (
    "ledger example --out year",
    "ledger init three-sites",
    "ledger import year/sites.csv --kind sites",
    "ledger import year/records.csv --kind records",
    "ledger import year/facility-meter.csv --kind meter",
    "ledger import year/it-meter.csv --kind meter --quantity it_energy",
)


def year(folder: Path) -> None:
    """The ledger of a folder."""
    for command in YEAR:
        subprocess.run(
            [sys.executable, "-m", "gigawatt", *command.split()], cwd=folder, check=True, capture_output=True
        )


def results(server: Served, scenario: str) -> dict[str, str]:
    """What the pages show: ids of results, by what they are of."""

    def done(verb: str, **values: Any) -> str:
        print(f"{verb} …", file=sys.stderr, flush=True)
        job = str(server.ask("POST", f"/api/verbs/{verb}", values)["id"])
        finished(server, job)
        return job

    found = {"sites": done("run", scenario="three-sites")}
    found["other"] = done("run", scenario=scenario, set={"demand.price_scale": 0.8})
    found["plan"] = done("run", scenario=scenario)
    found["sweep"] = done("sweep", scenario=scenario, draws=100)
    found["compare"] = done("compare", scenario=scenario, futures=10)
    found["claims"] = done("claims")
    return found


def places(found: Mapping[str, str], scenario: str) -> dict[str, str]:
    """Where each page is, by what its pictures are called."""
    pages = {name: place for name, place, _ in NAVIGATION}
    of_plan = {name: f"{pages[name]}?result={found['plan']}" for name in ("programme", "money", "fleet")}
    more = {
        "form": f"/scenario/{scenario}",
        "job": f"/jobs/{found['plan']}",
        "pair": f"/compare?a={found['plan']}&b={found['other']}",
        "fault": "/nowhere",
        "sign-in": "/sign-in",
    }
    return pages | of_plan | more


def opened(browser: Any, server: Served, place: str, width: int, scheme: str) -> Any:
    """A page of the server, for its owner."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    name, secret = session(server)
    context.add_cookies([{"name": name, "value": secret, "url": server.url}])
    page = context.new_page()
    page.goto(server.url + place, wait_until="networkidle")
    return page


def draw(browser: Any, server: Served, place: str, name: str, out: Path) -> Iterator[Path]:
    """Every picture of a page."""
    for width in WIDTHS:
        for scheme in SCHEMES:
            page = opened(browser, server, place, width, scheme)
            yield from shoot(page, out / f"{name}-{width}-{scheme}")
            page.context.close()
    page = opened(browser, server, place, SHEET[0], "dark")
    page.emulate_media(media="print")
    yield from shoot(page, out / f"{name}-print")
    page.context.close()


def docs(browser: Any, server: Served, where: Mapping[str, str]) -> Iterator[Path]:
    """The pictures of the docs: what stands first on a page."""
    for name, width, scheme, height in DOCS:
        page = opened(browser, server, where[name], width, scheme)
        page.set_viewport_size({"width": width, "height": height})
        given = {"format": "webp", "quality": QUALITY}
        shot = page.context.new_cdp_session(page).send("Page.captureScreenshot", given)
        file = IMAGES / f"dashboard-{name}-{scheme}.webp"
        file.write_bytes(base64.b64decode(shot["data"]))
        page.context.close()
        yield file


def main() -> None:
    """Draw every page, or those of the docs."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, metavar="DIR")
    parser.add_argument("--scenario", default="loi-2025-09", metavar="NAME")
    parser.add_argument("--docs", action="store_true")
    asked = parser.parse_args()
    if asked.out is None and not asked.docs:
        parser.error("--out DIR, or --docs")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        year(Path(folder))
        with served(Path(folder)) as (server, _):
            where = places(results(server, asked.scenario), asked.scenario)
            browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
            for picture in docs(browser, server, where) if asked.docs else ():
                print(picture)
            for name, place in where.items() if asked.out else ():
                asked.out.mkdir(parents=True, exist_ok=True)
                for picture in draw(browser, server, place, name, asked.out):
                    print(picture)
            browser.close()


if __name__ == "__main__":
    main()
