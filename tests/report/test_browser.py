"""The page in a browser: accessible, under its policy, readable at every width, and its charts read out by keyboard."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gigawatt.report.document import Document
from gigawatt.report.writers import page

playwright_api = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install '.[test]'")
axe_api = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe: pip install '.[test]'")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the path: apt-get install chromium"),
]

DESK, TELEPHONE = 1280, 390
# Pixels of the smallest letters of a chart, at the least.
LETTERS = 10.0
WATCH = """
window.broken = [];
document.addEventListener("securitypolicyviolation", (event) => broken.push(event.violatedDirective));
"""


@pytest.fixture(scope="module")
def address(handmade: Document, tmp_path_factory: pytest.TempPathFactory) -> str:
    file: Path = tmp_path_factory.mktemp("page") / "report.html"
    file.write_text(page.render(handmade), encoding="utf-8")
    return file.as_uri()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    args = ["--no-sandbox"] if os.geteuid() == 0 else []
    with playwright_api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=args)
        yield found
        found.close()


@pytest.fixture
def opened(browser: Any, address: str) -> Iterator[Any]:
    """Opens the page at a width, light or dark; its faults are collected."""
    contexts = []

    def opens(width: int = DESK, scheme: str = "light") -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        tab = context.new_page()
        tab.add_init_script(WATCH)
        tab.faults = []
        tab.on("console", lambda message: tab.faults.append(message.text))
        tab.on("pageerror", lambda error: tab.faults.append(str(error)))
        tab.goto(address)
        return tab

    yield opens
    for context in contexts:
        context.close()


def visible(tab: Any, selector: str) -> list[Any]:
    return [one for one in tab.locator(selector).all() if one.is_visible()]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [DESK, TELEPHONE])
def test_nothing_keeps_anybody_out(opened: Any, width: int, scheme: str) -> None:
    """No violation of what axe knows, contrast of 4.5:1 among it, with the tables behind the charts opened."""
    tab = opened(width, scheme)
    tab.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    found = axe_api.Axe().run(tab)
    assert found.violations_count == 0, found.generate_report()


def test_the_policy_is_kept_and_would_be_enforced(opened: Any) -> None:
    tab = opened()
    chart = visible(tab, "svg.gw-chart")[0]
    chart.focus()
    tab.keyboard.press("ArrowRight")
    chart.hover()
    assert tab.evaluate("broken") == []
    assert tab.faults == []
    tab.evaluate("document.body.append(Object.assign(document.createElement('style'), { textContent: 'p {}' }))")
    tab.wait_for_function("broken.length > 0")
    assert tab.evaluate("broken") == ["style-src-elem"]


@pytest.mark.parametrize("width", [320, TELEPHONE, 768, 820, 1000, DESK])
def test_it_is_readable_at_every_width(opened: Any, width: int) -> None:
    """users 6: at 390 pixels tiles were clipped and charts showed their left half."""
    tab = opened(width)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    clipped = "[...document.querySelectorAll('.tile *, h1, h2, p, dd')].filter((one) => one.scrollWidth > one.clientWidth + 1)"
    assert tab.evaluate(f"{clipped}.map((one) => one.textContent)") == []
    charts = visible(tab, "figure svg.gw-chart")
    assert len(charts) == tab.locator("figure:has(svg)").count()
    for chart in charts:
        box, drawn = chart.bounding_box(), float(chart.get_attribute("viewBox").split()[2])
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert 11.5 * box["width"] / drawn >= LETTERS * min(1.0, (width - 36) / 354)
        assert width >= 760 or box["width"] <= 480


def test_a_telephone_has_two_tiles_in_a_row_and_tables_that_scroll(opened: Any) -> None:
    tab = opened(TELEPHONE)
    tops = [round(tile.bounding_box()["y"]) for tile in visible(tab, ".tile")]
    assert [tops.count(top) for top in sorted(set(tops))] == [2, 2, 2, 2]
    wide = [one for one in visible(tab, ".scroll") if one.evaluate("(one) => one.scrollWidth > one.clientWidth")]
    assert wide
    for one in wide:
        one.focus()
        before = one.evaluate("(one) => one.scrollLeft")
        tab.keyboard.press("ArrowRight")
        tab.wait_for_function("(x) => document.activeElement.scrollLeft > x", arg=before)
        assert "gradient" in one.evaluate("(one) => getComputedStyle(one).backgroundImage")


@pytest.mark.parametrize("width", [DESK, TELEPHONE])
def test_charts_are_read_out_by_keyboard(opened: Any, width: int) -> None:
    tab = opened(width)
    said = tab.get_by_role("status")
    for chart in visible(tab, "svg.gw-chart"):
        chart.focus()
        heard = []
        for _ in range(3):
            tab.keyboard.press("ArrowRight")
            heard.append(said.inner_text())
            box = said.bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
        assert all(heard)
        assert len(set(heard)) > 1
        tab.keyboard.press("Escape")
        assert said.inner_text() == ""


def test_every_chart_can_be_reached_by_tab(opened: Any) -> None:
    tab = opened()
    names = {chart.get_attribute("aria-label") for chart in visible(tab, "svg.gw-chart")}
    reached = set()
    for _ in range(80):
        tab.keyboard.press("Tab")
        reached.add(tab.evaluate("document.activeElement.getAttribute('aria-label')"))
    assert None not in names
    assert names <= reached


def test_paper_is_light_and_shows_no_controls(opened: Any) -> None:
    tab = opened(688, "dark")
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(16, 22, 31)"
    tab.emulate_media(media="print", color_scheme="dark")
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    for hidden in ("details", "nav", ".narrow"):
        assert not visible(tab, hidden)
    assert len(visible(tab, ".wide")) == tab.locator(".wide").count()
    address = "getComputedStyle(document.querySelector('.sources a'), '::after').content"
    assert "https://example.org" in tab.evaluate(address)
    whole = "[...document.querySelectorAll('figure, .tiles, tr')].map((one) => getComputedStyle(one).breakInside)"
    assert set(tab.evaluate(whole)) == {"avoid"}
    assert tab.evaluate("document.documentElement.scrollWidth") <= 688
