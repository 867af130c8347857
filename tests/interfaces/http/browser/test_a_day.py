"""What people do with the dashboard, from a change of a scenario to a tranche that two of them approve."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

JOB_MS = 240_000
TARGET = '[name="set.programme.target"]'


def slide(tab: Any, slider: Any) -> None:
    """Move a slider by its keys, as everybody can."""
    slider.focus()
    for _ in range(8):
        tab.keyboard.press("ArrowRight")


def ask(enter: Callable[..., Any], place: Any, target: str) -> Any:
    """The form of one campus, in which the target is changed and a plan asked for."""
    tab = enter("Ada").tab
    tab.goto(f"{place.url}/scenario/one-campus?find=target")
    tab.locator(TARGET).fill(target)
    tab.locator('#asking button[value="run"]').click()
    return tab


def test_a_scenario_is_changed_planned_watched_and_its_programme_read(enter: Callable[..., Any], place: Any) -> None:
    tab = ask(enter, place, "60 MW")
    tab.wait_for_url(f"{place.url}/jobs/*")
    id_ = tab.url.rpartition("/")[2].partition("#")[0]
    assert tab.locator("progress").is_visible()
    tab.locator(f'main a[href="/?result={id_}"]').click(timeout=JOB_MS)
    assert tab.locator("main figure svg.gw-chart:visible").count() > 0
    asked = place.ask("GET", "/api/results")["results"][0]
    assert (asked["id"], asked["question"]["set"]) == (id_, {"programme.target": "60 MW"})


def test_a_value_that_cannot_be_is_told_at_its_field_and_nothing_is_lost(enter: Callable[..., Any], place: Any) -> None:
    tab = ask(enter, place, "60 MWh")
    told = tab.locator('.field[data-path="programme.target"] .tone.bad').first
    assert "60 MWh" in told.inner_text()
    assert tab.locator(TARGET).get_attribute("aria-invalid") == "true"
    assert tab.locator(TARGET).input_value() == "60 MWh"


def test_a_slider_moved_divides_the_compute_anew_and_the_address_says_so(enter: Callable[..., Any], place: Any) -> None:
    tab = enter("Dan").tab
    tab.goto(f"{place.url}/compute")
    before = tab.locator("#answer").inner_text()
    slide(tab, tab.locator("form[data-answer] [type=range]").first)
    tab.wait_for_function("before => document.querySelector('#answer').innerText !== before", arg=before)
    tab.wait_for_function("() => location.search.includes('capacity=')")
    after = tab.locator("#answer h2").first.inner_text()
    tab.reload()
    assert tab.locator("#answer h2").first.inner_text() == after


def test_two_results_are_set_side_by_side(enter: Callable[..., Any], place: Any) -> None:
    tab = enter("Dan").tab
    tab.goto(f"{place.url}/compare")
    tab.select_option("#a", place.plans[0])
    tab.select_option("#b", place.plans[1])
    tab.locator("#two button[type=submit]").click()
    tab.wait_for_url("**/compare?a=*&b=*")
    assert tab.locator("main table:visible").count() > 0
    assert tab.locator('main [role="alert"]').count() == 0


def test_what_an_event_of_the_grid_would_do_is_lived_through(enter: Callable[..., Any], place: Any) -> None:
    tab = enter("Ada").tab
    tab.goto(f"{place.url}/fleet?result={place.plans[0]}")
    tab.fill("#event-amount", "50")
    tab.locator('form[action^="/fleet/event"] button[type=submit]').click()
    tab.wait_for_url(f"{place.url}/jobs/*")
    id_ = tab.url.rpartition("/")[2].partition("#")[0]
    tab.locator(f'main a[href="/fleet?result={id_}"]').wait_for(timeout=JOB_MS)
    tab.locator(f'main a[href="/fleet?result={id_}"]').click()
    assert tab.locator("#event").count() == 1


def test_hours_are_zoomed_by_a_button_and_by_keys_and_the_address_tells(enter: Callable[..., Any], place: Any) -> None:
    tab = enter("Dan").tab
    tab.goto(f"{place.url}/fleet?result={place.plans[0]}")
    count = int(tab.locator(".series").get_attribute("data-count"))

    def shown() -> int:
        one = tab.locator(".series")
        return int(one.get_attribute("data-last")) - int(one.get_attribute("data-first"))

    tab.locator('[data-step="in"]').click()
    tab.wait_for_function(
        "count => { const { first, last } = document.querySelector('.series').dataset; return last - first < count; }",
        arg=count,
    )
    tab.wait_for_function("() => location.search.includes('from=')")
    near = shown()
    tab.locator(".series svg.gw-chart:visible").focus()
    tab.keyboard.press("0")
    tab.wait_for_function(
        "count => { const { first, last } = document.querySelector('.series').dataset; "
        "return last - first === count; }",
        arg=count,
    )
    assert near < count


def test_two_people_approve_a_tranche_and_one_alone_cannot(enter: Callable[..., Any], place: Any) -> None:
    def approves(name: str) -> Any:
        tab = enter(name).tab
        tab.goto(f"{place.url}/ledger")
        tab.locator('#milestone-1 button[value="approve"]').click()
        tab.wait_for_load_state("load")
        return tab

    reader = enter("Dan").tab
    reader.goto(f"{place.url}/ledger")
    assert reader.locator('button[value="approve"]').count() == 0
    first = approves("Ben")
    assert first.locator('#milestone-1 button[value="approve"]').count() == 0
    assert first.locator('#milestone-1 button[value="disburse"]').count() == 0
    second = approves("Cleo")
    assert "Ben" in second.locator("#milestone-1 .who-approved").inner_text()
    second.locator('#milestone-1 button[value="disburse"]').click()
    second.wait_for_load_state("load")
    (milestone, *_) = place.ask("POST", "/api/verbs/ledger/status", {})["milestones"]
    assert milestone["approved_by"] == ["Ben", "Cleo"]
    assert milestone["disbursed_usd"] > 0


@pytest.mark.parametrize(("name", "begins"), [("Kueue", "apiVersion:"), ("Slurm", "#!")])
def test_a_plan_is_exported_as_a_file_of_another_program(
    enter: Callable[..., Any], place: Any, name: str, begins: str
) -> None:
    tab = enter("Dan").tab
    tab.goto(f"{place.url}/jobs/{place.plans[0]}")
    with tab.expect_download() as saved:
        tab.get_by_role("button", name=name, exact=True).click()
    assert begins in saved.value.path().read_text()


def test_a_chart_is_saved_as_a_picture_and_its_figures_as_a_table(enter: Callable[..., Any], place: Any) -> None:
    tab = enter("Dan").tab
    tab.goto(f"{place.url}/?result={place.plans[0]}")
    figure = tab.locator("main figure").first
    for name, begins in (("CSV", None), ("SVG", b"<svg"), ("PNG", b"\x89PNG")):
        with tab.expect_download() as saved:
            figure.locator(".saving").get_by_text(name, exact=True).click()
        data = saved.value.path().read_bytes()
        assert data.startswith(begins) if begins else b"," in data


def test_a_page_is_read_in_another_language_and_back(enter: Callable[..., Any], place: Any) -> None:
    tab = enter("Dan").tab
    tab.goto(f"{place.url}/compute")
    tab.locator('button[name="language"][value="id"]').click()
    tab.wait_for_load_state("load")
    assert tab.url == f"{place.url}/compute"
    assert tab.locator("html").get_attribute("lang") == "id"
    tab.locator('button[name="language"][value="en"]').click()
    tab.wait_for_load_state("load")
    assert tab.locator("html").get_attribute("lang") == "en"


def test_whoever_signs_in_comes_to_where_they_wanted_and_signs_out_of_every_tab(
    enter: Callable[..., Any], place: Any
) -> None:
    tab = enter(None).tab
    tab.goto(f"{place.url}/compute?fairness=log")
    assert tab.url.startswith(f"{place.url}/sign-in?then=")
    tab.fill("#name", "Dan")
    tab.fill("#secret", "Dan and a wrong password")
    tab.press("#secret", "Enter")
    tab.locator('[role="alert"]').wait_for()
    tab.fill("#secret", "Dan and a long password")
    tab.press("#secret", "Enter")
    tab.wait_for_url(f"{place.url}/compute?fairness=log")
    other = tab.context.new_page()
    other.goto(f"{place.url}/jobs")
    tab.locator('form[action="/sign-out"] button').click()
    tab.wait_for_url(f"{place.url}/sign-in")
    other.reload()
    assert other.url.startswith(f"{place.url}/sign-in")
