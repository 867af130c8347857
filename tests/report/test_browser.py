"""The page in a browser: accessible, under its policy, readable at every width, and its charts read out by keyboard."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
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
# A page that scrolls tells so a frame later.
SETTLED = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
# What is wider than its place; left edge, width and drawn width of each chart that is shown.
CLIPPED = """[...document.querySelectorAll(".tile *, h1, h2, p, dd")]
    .filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.textContent)"""
CHARTS = """[...document.querySelectorAll("figure svg.gw-chart")].filter((one) => one.checkVisibility()).map((one) => {
    const { x, width } = one.getBoundingClientRect();
    return [x, width, one.viewBox.baseVal.width];
})"""


@pytest.fixture(scope="module")
def address(handmade: Document, tmp_path_factory: pytest.TempPathFactory) -> str:
    file: Path = tmp_path_factory.mktemp("page") / "report.html"
    file.write_text(page.render(handmade), encoding="utf-8")
    return file.as_uri()


@pytest.fixture(scope="module")
def tab() -> Iterator[Any]:
    args = ["--no-sandbox"] if os.geteuid() == 0 else []
    with playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=args)
        found = browser.new_page()
        found.add_init_script(WATCH)
        yield found
        browser.close()


@pytest.fixture
def opened(tab: Any, address: str) -> Callable[..., Any]:
    """Opens the page anew, at a width, light or dark."""

    def opens(width: int = DESK, scheme: str = "light") -> Any:
        tab.set_viewport_size({"width": width, "height": 900})
        tab.emulate_media(media="screen", color_scheme=scheme)
        tab.goto(address)
        return tab

    return opens


def visible(tab: Any, selector: str) -> list[Any]:
    return [one for one in tab.locator(selector).all() if one.is_visible()]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [DESK, TELEPHONE])
def test_nothing_keeps_anybody_out(opened: Callable[..., Any], width: int, scheme: str) -> None:
    """No violation of what axe knows, contrast of 4.5:1 among it, with the tables behind the charts opened."""
    tab = opened(width, scheme)
    tab.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    found = axe_api.Axe().run(tab)
    assert found.violations_count == 0, found.generate_report()


def test_the_policy_is_kept_and_would_be_enforced(opened: Callable[..., Any]) -> None:
    tab = opened()
    faults: list[str] = []
    tab.on("console", lambda message: faults.append(message.text))
    tab.on("pageerror", lambda error: faults.append(str(error)))
    tab.reload()
    chart = visible(tab, "svg.gw-chart")[0]
    chart.focus()
    tab.keyboard.press("ArrowRight")
    chart.hover()
    assert tab.evaluate("broken") == []
    assert faults == []
    tab.evaluate("document.body.append(Object.assign(document.createElement('style'), { textContent: 'p {}' }))")
    tab.wait_for_function("broken.length > 0")
    assert tab.evaluate("broken") == ["style-src-elem"]


def test_it_is_readable_at_every_width(opened: Callable[..., Any]) -> None:
    """users 6: at 390 pixels tiles were clipped and charts showed their left half."""
    tab = opened()
    for width in (320, TELEPHONE, 720, 768, 820, 960, 1000, DESK):
        tab.set_viewport_size({"width": width, "height": 900})
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        assert tab.evaluate(CLIPPED) == []
        charts = tab.evaluate(CHARTS)
        assert len(charts) == tab.locator("figure:has(svg)").count()
        for left, across, drawn in charts:
            assert left >= 0
            assert left + across <= width
            assert 11.5 * across / drawn >= LETTERS * min(1.0, (width - 36) / 354)
            assert width > 740 or across <= 480


def test_a_telephone_has_two_tiles_in_a_row_and_tables_that_scroll(opened: Callable[..., Any]) -> None:
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
def test_charts_are_read_out_by_keyboard(opened: Callable[..., Any], width: int) -> None:
    tab = opened(width)
    said = tab.locator("[role=status]")
    for chart in visible(tab, "svg.gw-chart"):
        chart.focus()
        tab.evaluate(SETTLED)
        heard = []
        for _ in range(3):
            tab.keyboard.press("ArrowRight")
            heard.append(said.text_content())
            box = said.bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
        assert all(heard)
        assert len(set(heard)) > 1
        tab.keyboard.press("Escape")
        assert said.text_content() == ""


def test_a_touch_is_read_out_after_another_chart_was_touched(opened: Callable[..., Any]) -> None:
    tab = opened(TELEPHONE)
    said = tab.locator("[role=status]")
    for chart in visible(tab, "svg.gw-chart:has(.hit)")[:3]:
        chart.scroll_into_view_if_needed()
        tab.evaluate(SETTLED)
        chart.locator(".hit").first.click()
        assert said.text_content()


def test_every_chart_can_be_reached_by_tab(opened: Callable[..., Any]) -> None:
    tab = opened()
    names = {chart.get_attribute("aria-label") for chart in visible(tab, "svg.gw-chart")}
    reached = set()
    for _ in range(60):
        tab.keyboard.press("Tab")
        reached.add(tab.evaluate("document.activeElement.getAttribute('aria-label')"))
    assert None not in names
    assert names <= reached


def test_paper_is_light_and_shows_no_controls(opened: Callable[..., Any]) -> None:
    tab = opened(688, "dark")
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(16, 22, 31)"
    tab.emulate_media(media="print", color_scheme="dark")
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    for hidden in ("details", "nav", ".narrow"):
        assert not visible(tab, hidden)
    assert len(visible(tab, ".wide")) == tab.locator(".wide").count()
    address = "getComputedStyle(document.querySelector('.sources a'), '::after').content"
    assert "https://example.org" in tab.evaluate(address)
    whole = "[...document.querySelectorAll('figure:has(svg), .lead, .tiles, tr')]"
    assert set(tab.evaluate(f"{whole}.map((one) => getComputedStyle(one).breakInside)")) == {"avoid"}
    assert tab.evaluate("document.documentElement.scrollWidth") <= 688
