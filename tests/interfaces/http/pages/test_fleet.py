"""The fleet: what was lived through, any window of its hours, and what an event would do, without a script."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.interfaces.http.pages.kept import exhibit, keep
from tests.interfaces.server.lived import NAMES, timeline

from gigawatt.errors import Fault, ScenarioError
from gigawatt.interfaces.http.pages import fleet
from gigawatt.interfaces.http.pages.fleet import EventAsked
from gigawatt.interfaces.server import jobs, results
from gigawatt.interfaces.server.asked import Caller
from gigawatt.report.document import Document, Facts, Section, Tile
from gigawatt.study import netcdf

Browser = Callable[..., TestClient]
OWNER = Caller(name="owner", role="owner", door="http")
EVENT = {"site": "s0", "kind": "share", "amount": "50", "when": "2027-07-14T16:00", "hours": "4"}


def simulation() -> Document:
    """A simulation as it is told."""
    names = {"event": ("event-power",), "against": ("against",), "fleet": ("availability",), "plan": ("plan",)}
    sections = (
        Section(slug=slug, title=f"Section {slug}", parts=tuple(map(exhibit, parts))) for slug, parts in names.items()
    )
    return Document(title="Lived", names=("one",), tiles=(Tile(label="PUE", value="1.07"),), sections=tuple(sections))


def run() -> Document:
    """A run as it is told."""
    seen = Facts(name="lived-figures", title="", pairs=(("PUE", "1.08"), ("Water", "0 l")))
    sections = (
        Section(slug="money", title="Section money", parts=(exhibit("money"),)),
        Section(slug="lived", title="Section lived", parts=(seen, exhibit("hours-of-power"))),
    )
    return Document(title="Planned", tiles=(Tile(label="NPV", value="9"),), sections=sections)


def lived(server: Any, document: Document | None = None, verb: str = "simulate", *, weeks: bool = False) -> str:
    id_ = keep(server, verb, document or simulation())
    folder = jobs.folder_of(server.settings, id_)
    (folder / "timeline.nc").write_bytes(netcdf.written(timeline(weeks=weeks)))
    (folder / "resolved.json").write_text(json.dumps(NAMES), encoding="utf-8")
    (folder / "result.json").write_text("{}", encoding="utf-8")
    return id_


@pytest.fixture(scope="module")
def result(server: Any) -> str:
    return lived(server)


def test_a_server_without_a_simulation_says_so(browser: Browser, server: Any) -> None:
    for view in results.listed(server.store):
        results.remove(server.settings, server.store, OWNER, view.id)
    assert "No plan has been lived through" in browser("viewer").get("/fleet").text


def test_a_simulation_shows_first_figures_its_event_its_hours_and_what_was_lived_through(
    browser: Browser, result: str
) -> None:
    text = browser("viewer").get(f"/fleet?result={result}").text
    order = ["PUE", "Section event", "Hour by hour", "What if", "Section against", "Section fleet"]
    places = [text.index(f">{name}<" if name == "PUE" else f'head">{name}') for name in order]
    assert places == sorted(places)
    assert "Section plan" not in text
    assert "Whoever may run jobs" in text
    assert "style=" not in text


def test_a_run_shows_the_figures_of_what_it_lived_through_and_no_money(browser: Browser, server: Any) -> None:
    text = browser("viewer").get(f"/fleet?result={lived(server, run(), 'run', weeks=True)}").text
    assert "<dt>PUE</dt><dd>1.08</dd>" in text
    assert "NPV" not in text
    assert "Section money" not in text
    assert "2027Q1 000" in text
    assert "an hour of its representative week" in text


def test_another_kind_of_result_or_none_is_refused(browser: Browser, server: Any) -> None:
    client = browser("viewer")
    assert client.get(f"/fleet?result={keep(server, 'sweep', simulation())}").status_code == 422
    assert client.get("/fleet?result=nothing").status_code == 404
    assert client.get(f"/fleet/series?result={keep(server, 'simulate', simulation())}").status_code == 422


def test_a_window_is_drawn_at_a_width_and_says_its_own_address(browser: Browser, result: str) -> None:
    asked = f"/fleet/series?result={result}&variable=it_w&by=site&from=2027-07&to=2027-07-14&width=700"
    found = browser("viewer").get(asked)
    assert found.status_code == 200
    assert "<html" not in found.text
    assert found.text.count("<svg") == 1
    assert 'viewBox="0 0 700 ' in found.text
    place = unescape(re.findall(r'data-place="([^"]*)"', found.text)[0])
    window = "from=2027-07-01T00%3A00&to=2027-07-14T23%3A00"
    assert place == f"/fleet?result={result}&variable=it_w&by=site&{window}"
    assert (
        f"/fleet/series.csv?result={result}&amp;variable=it_w&amp;by=site&amp;{window.replace('&', '&amp;')}"
        in found.text
    )


def test_steps_lead_nearer_farther_earlier_later_and_back_without_a_script(browser: Browser, result: str) -> None:
    client = browser("viewer")

    def window(place: str) -> tuple[int, int]:
        text = client.get(place).text
        first, last = (int(re.findall(rf'data-{name}="(\d+)"', text)[0]) for name in ("first", "last"))
        found = re.findall(r'href="([^"]*)" data-step="(\w+)"', text)
        links.update({name: unescape(place).partition("#")[0] for place, name in found})
        return first, last

    links: dict[str, str] = {}
    assert window(f"/fleet?result={result}&from=step:2400&to=step:4800") == (2400, 4800)
    nearer, farther, earlier, later, whole = (links[name] for name in ("in", "out", "earlier", "later", "all"))
    assert window(nearer) == (3000, 4200)
    assert window(farther) == (1200, 6000)
    assert window(earlier) == (1200, 3600)
    assert window(later) == (3600, 6000)
    assert window(whole) == (0, 9600)
    assert "from" not in whole
    assert window(f"/fleet?result={result}&from=step:0&to=step:6") == (0, 6)
    assert window(links["in"]) == (0, 6)
    assert window(links["earlier"]) == (0, 6)


def test_a_form_sends_what_and_by_what_as_one(browser: Browser, result: str) -> None:
    text = browser("viewer").get(f"/fleet?result={result}&variable=served_tokens_per_s:use_case&only=site%3Ds1").text
    assert '<option value="served_tokens_per_s:use_case" selected>' in text
    assert '<option value="site=s1" selected>Milam</option>' in text
    assert "Tokens served, Milam, by class" in text


def test_what_is_not_there_is_told_where_it_was_asked_and_nothing_is_lost(browser: Browser, result: str) -> None:
    found = browser("viewer").get(f"/fleet?result={result}&variable=<b>&only=site%3Ds1")
    assert found.status_code == 404
    assert "<code>variable</code>" in found.text
    assert "<b>" not in found.text
    assert '<option value="site=s1" selected>' in found.text
    assert browser("viewer").get(f"/fleet/series?result={result}&only=nonsense").status_code == 422
    assert browser("viewer").get(f"/fleet/series?result={result}&width=wide").status_code == 422


def test_a_window_is_saved_as_every_step_and_as_a_drawing(browser: Browser, result: str) -> None:
    client = browser("viewer")
    table = client.get(f"/fleet/series.csv?result={result}&variable=it_w&from=2027-07-14&to=2027-07-14")
    assert 'filename="it-w.csv"' in table.headers["content-disposition"]
    assert table.text.splitlines()[:2] == ['"Begins, UTC",IT power [W]', "2027-07-14T00:00,45000000000.0"]
    assert len(table.text.splitlines()) == 25
    svg = client.get(f"/fleet/series.svg?result={result}&variable=it_w")
    assert svg.text.startswith("<svg")
    assert "<style>" in svg.text
    assert svg.headers["content-type"] == "image/svg+xml"


def test_nobody_who_has_not_signed_in_sees_anything(browser: Browser, result: str) -> None:
    client = browser("viewer")
    client.cookies.clear()
    for place in ("/fleet", "/fleet/series", "/fleet/series.csv"):
        found = client.get(f"{place}?result={result}")
        assert found.status_code == 303
        assert found.headers["location"].startswith("/sign-in")


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch, server: Any) -> list[Any]:
    """What was begun; an event of this site is wrong in every way."""
    found: list[Any] = []

    def start(caller: Any, verb: str, values: Any) -> Any:
        found.append((caller.name, verb, values))
        (text,) = values["event"]
        if "site=s9" in text:
            raise ScenarioError(
                [
                    Fault(path="event", given=given, expected=f"another {given}")
                    for given in ("site=s9", "-x%", "soon", "4h", "elsewhere")
                ]
            )
        return jobs.JobView(**dict.fromkeys(jobs.JobView.__dataclass_fields__, None) | {"id": "j"})

    monkeypatch.setattr(server.room, "start", start)
    return found


def posted(client: TestClient, **fields: str) -> Any:
    return client.post("/fleet/event", data={"csrf": client.csrf, **fields})  # type: ignore[attr-defined]


def test_an_event_is_begun_as_a_job_of_the_plan(browser: Browser, result: str, begun: list[Any]) -> None:
    found = posted(browser("editor"), result=result, **EVENT)
    assert (found.status_code, found.headers["location"]) == (303, "/jobs/j")
    assert begun == [("editor", "simulate", {"scenario": result, "event": ["2027-07-14T16:00/4h site=s0 -50%"]})]


@pytest.mark.parametrize(("kind", "text"), [("share", "-50%"), ("power", "-50 MW"), ("most", "<=50 MW")])
def test_an_event_takes_a_share_or_power_or_leaves_some(kind: str, text: str) -> None:
    assert EventAsked(**EVENT | {"kind": kind}).text.endswith(f"site=s0 {text}")


def test_what_is_wrong_with_an_event_stands_at_its_fields_and_they_keep_what_they_had(
    browser: Browser, result: str, begun: list[Any]
) -> None:
    found = posted(browser("editor"), result=result, **EVENT | {"site": "s9", "amount": "x", "when": "soon"})
    assert found.status_code == 422
    assert len(begun) == 1
    for name, given in (("site", "site=s9"), ("amount", "-x%"), ("when", "soon"), ("hours", "4h")):
        assert re.search(rf'id="fault-{name}"[^>]*>.*?: "?{re.escape(given)}', found.text)
        assert f'name="{name}" aria-invalid="true" aria-errormessage="fault-{name}"' in found.text
    assert ": elsewhere" in found.text
    assert 'value="soon"' in found.text


def test_who_may_not_or_sends_no_token_begins_nothing(browser: Browser, result: str) -> None:
    assert posted(browser("viewer"), result=result, **EVENT).status_code == 403
    assert browser("editor").post("/fleet/event", data={"result": result, **EVENT}).status_code == 403


def test_an_event_to_begin_with_is_an_afternoon_in_summer_at_the_first_site(browser: Browser, result: str) -> None:
    text = browser("editor").get(f"/fleet?result={result}").text
    assert 'value="2027-07-14T16:00" min="2027-01-01T00:00"' in text
    assert '<option value="s0" selected>Abilene</option>' in text


def test_faults_go_to_the_field_that_they_are_about() -> None:
    items = [{"path": "event", "given": given, "expected": ""} for given in ("2027-07-14T16:00/4h", "-50%", "what")]
    found = fleet.placed(EventAsked(**EVENT), items)
    assert {name: [item["given"] for item in of] for name, of in found.items()} == {
        "when": ["2027-07-14T16:00/4h"],
        "amount": ["-50%"],
        "": ["what"],
    }
