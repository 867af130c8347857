"""Every page, by whoever reads it: it keeps nobody out, is no wider than a telephone, and keys reach all of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gigawatt.interfaces.http.pages.frame import NAVIGATION

axe_api = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe: pip install '.[test]'")

# Width, scheme and language: each of one with each of the others, in few passes.
READERS = [(1280, "light", "en"), (1280, "dark", "id"), (390, "light", "id"), (390, "dark", "en")]
# Pages by what they are called; {plan} is a result that is there.
PAGES = {name: place for name, place, _ in NAVIGATION} | {
    "form": "/scenario/one-campus",
    "job": "/jobs/{plan}",
    "pair": "/compare?a={plan}&b={other}",
    "fault": "/fleet?result=nothing",
    "absent": "/nowhere",
}
# What a reader can do something with, each with a number, but for what is hidden and what arrows lead to.
REACHED = """(() => {
  const all = [...document.querySelectorAll(
    "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]:not([tabindex='-1'])")];
  const radios = new Set();
  return all.filter((one) => one.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true })
    && !one.matches(":disabled") && one.tabIndex >= 0
    && !(one.type === "radio" && (radios.has(one.name) || !radios.add(one.name))))
    .map((one, at) => { one.dataset.reach = at; return one.outerHTML.slice(0, 120); });
})()"""
FOCUSED = """(() => {
  window.reached = [];
  document.addEventListener("focusin", ({ target }) => {
    const shown = getComputedStyle(target), own = target.matches(":focus-visible");
    reached.push([target.dataset.reach ?? "", own && (shown.outlineStyle !== "none" || shown.boxShadow !== "none")]);
  });
})()"""


def open_(enter: Callable[..., Any], place: Any, page: str, width: int, scheme: str, language: str) -> Any:
    who = None if page == "sign-in" else "Ada"
    seen = enter(who, width=width, scheme=scheme, language=language)
    where = "/sign-in" if page == "sign-in" else PAGES[page].format(plan=place.plans[0], other=place.plans[1])
    seen.tab.goto(place.url + where, wait_until="load")
    return seen


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: "-".join(map(str, reader)))
@pytest.mark.parametrize("page", [*PAGES, "sign-in"])
def test_a_page_keeps_nobody_out_at_any_width_in_any_light_and_language(
    enter: Callable[..., Any], place: Any, page: str, reader: tuple[int, str, str]
) -> None:
    """No violation of what axe knows, with what is folded opened; no sideways scroll; the language that it says."""
    tab = open_(enter, place, page, *reader).tab
    assert tab.locator("html").get_attribute("lang") == reader[2]
    for summary in tab.locator("details:not([open]) > summary").all():
        if summary.is_visible():
            summary.click()
    assert tab.evaluate("document.documentElement.scrollWidth") <= reader[0]
    found = axe_api.Axe().run(tab)
    assert found.response["violations"] == [], found.generate_report()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("page", [*PAGES, "sign-in"])
def test_keys_alone_reach_all_of_a_page_and_show_where_they_are(
    enter: Callable[..., Any], place: Any, page: str, width: int
) -> None:
    tab = open_(enter, place, page, width, "light", "en").tab
    there = tab.evaluate(REACHED)
    tab.evaluate(FOCUSED)
    for _ in range(len(there) + 40):  # what scrolls takes the focus as well
        tab.keyboard.press("Tab")
        if len({at for at, _ in tab.evaluate("reached") if at}) == len(there):
            break
    reached = tab.evaluate("reached")
    missed = [text for at, text in enumerate(there) if str(at) not in {number for number, _ in reached}]
    assert missed == []
    assert [there[int(at)] for at, shown in reached if at and not shown] == []
    assert there != []


def test_the_first_key_leads_past_the_navigation_to_the_content(enter: Callable[..., Any], place: Any) -> None:
    tab = open_(enter, place, "jobs", 1280, "light", "en").tab
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    assert tab.url.endswith("#main")
    assert tab.evaluate("document.activeElement === document.body || document.activeElement.id === 'main'")


@pytest.mark.parametrize("page", [name for name, _, _ in NAVIGATION])
def test_a_page_is_read_without_any_script(place: Any, chromium: Any, page: str) -> None:
    """Links, forms, tables and charts stand in the page as it comes."""
    context = chromium.new_context(java_script_enabled=False)
    context.add_cookies([place.cookie("Dan")])
    tab = context.new_page()
    tab.goto(place.url + PAGES[page])
    assert tab.locator("h1").count() == 1
    assert tab.locator("main").inner_text().strip()
    assert tab.locator(f'nav.pages [aria-current="page"][href="{PAGES[page]}"]').count() == 1
    context.close()
