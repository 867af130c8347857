"""The fleet on the page: in both modes, over years and around an event, with few points and true figures."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from gigawatt.report import charts, event, fleet, hours, views
from gigawatt.report.charts import About, Series
from gigawatt.report.document import Depth, Document, Exhibit
from gigawatt.report.documents import simulation as lived
from gigawatt.report.writers import page, terminal
from gigawatt.scenario.load import loads
from gigawatt.simulation import simulate
from gigawatt.simulation.timeline import Window
from gigawatt.study.result import Result
from gigawatt.study.simulation import answer as simulation
from gigawatt.study.simulation.event import outcome
from gigawatt.study.simulation.notes import mode_text
from gigawatt.study.simulation.question import SimulationQuestion
from gigawatt.study.simulation.window import window

EVENT = "2028-07-14T16:00/4h site=example-campus -50%"
AROUND = SimulationQuestion(scenario="one-campus", event=(EVENT,))


@pytest.fixture(scope="module")
def drawn(result: Result) -> Result:
    """The same plan with every hour lived through."""
    scenario = loads(result.scenario.toml, {"simulate.mode": "stochastic"})
    return replace(result, scenario=scenario, timeline=simulate(scenario, result.plan))


@pytest.fixture(scope="module")
def eventful(drawn: Result) -> Result:
    """Five-minute steps around an event."""
    asked = window(AROUND, drawn.scenario)
    timeline, plain = (simulate(drawn.scenario, drawn.plan, window=w) for w in (asked, replace(asked, events=())))
    return replace(drawn, timeline=timeline, outcome=outcome((EVENT,), asked, timeline, plain, drawn.plan))


@pytest.fixture(scope="module", params=["result", "drawn", "eventful"])
def each(request: pytest.FixtureRequest) -> Result:
    found: Result = request.getfixturevalue(request.param)
    return found


def document(result: Result) -> Document:
    """The document of a simulation."""
    asked = Window() if result.outcome is None else window(AROUND, result.scenario)
    return lived.document(simulation.answer_of(result, asked))


def test_few_points_carry_all_of_it(each: Result) -> None:
    found, data = hours.fleet(each), hours.shown(each)
    assert 1 < found.sizes["when"] <= hours.MOST_POINTS
    assert np.nanmin(found.availability_frac.values) >= 0
    assert np.nanmax(found.availability_frac.values) <= 1
    mean = float(np.average(data.facility_w.values.sum(axis=1), weights=data.weight_h.values))
    assert float(found.facility_w.min()) <= mean <= float(found.facility_w.max())


def test_grains_follow_the_window(result: Result, drawn: Result, eventful: Result) -> None:
    assert [hours.grain(one) for one in (result, drawn, eventful)] == ["quarter", "month", "hour"]


def test_faults_by_the_hour_add_up(drawn: Result) -> None:
    found = hours.fleet(drawn)
    days = pd.to_datetime(found.when.values).days_in_month.to_numpy()
    total = float((found.failures_per_h.sum("kind").values * days * 24).sum())
    assert total == pytest.approx(sum(drawn.timeline.summary.failures.values()), rel=1e-9)


def test_hours_stay_within_their_quantiles(each: Result) -> None:
    found = hours.power_span(each)
    assert bool((found.p1_w <= found.p50_w).all())
    assert bool((found.p50_w <= found.p99_w).all())
    assert found.period.values.tolist() == hours.quarters(each)


def test_the_page_stays_small_and_whole(each: Result) -> None:
    html = page.render(document(each))
    assert len(html) < 600_000
    words = re.sub(r"<style>.*?</style>|<script>.*?</script>|<[^>]*>", " ", html, flags=re.DOTALL)
    assert not re.search(r"\b(nan|inf|None)\b", words)
    assert ("What the event cost" in words) == (each.outcome is not None)
    assert ("The longest outages" in words) == hours.dated(each)
    assert ("failures as a rate" in words) == (not hours.dated(each))


def test_outages_are_listed_longest_first(drawn: Result, result: Result) -> None:
    assert fleet.outages(views.view(result)) is None
    table = fleet.outages(views.view(drawn))
    assert table is not None
    length = [float(row[-1]) for row in table.rows]  # type: ignore[arg-type]
    assert length == sorted(length, reverse=True)
    assert len(length) == fleet.LISTED_COUNT


def test_the_event_is_shown_where_it_is(eventful: Result) -> None:
    found, v = eventful.outcome, views.view(eventful)
    assert found is not None
    around = hours.event_power(eventful)
    assert around.sizes["when"] <= hours.MOST_POINTS
    least = float((around.lived_w / around.without_w).min())
    assert least == pytest.approx(0.5, abs=5e-3)
    costs = event.cut(v, found)
    assert costs.table is not None
    assert len(costs.table.rows) == len(found.cut)
    assert "worth" in event.cost(v, found)
    assert any(str(row[0]).startswith("PUE, ") for row in event.phases(v, found).rows)


def test_what_happened_comes_first(eventful: Result, drawn: Result) -> None:
    """A simulation is no report of the plan again: its event, the plan it was held against, the fleet, the energy."""
    slugs = [section.slug for section in document(eventful).sections]
    assert slugs == ["event", "against", "fleet", "energy", "plan"]
    assert [section.slug for section in document(drawn).sections] == slugs[1:]
    found = document(eventful)
    assert len(found.tiles) % 4 == 0
    exhibit = next(part for part in found.parts() if isinstance(part, Exhibit) and part.chart is not None)
    assert exhibit.name == "event-power"


def test_every_chart_has_its_table(each: Result) -> None:
    found = document(each)
    exhibits = [part for part in found.parts() if isinstance(part, Exhibit)]
    assert all(part.table is not None and part.table.rows for part in exhibits)
    names = [part.table.name for part in exhibits if part.table is not None]
    assert len(names) == len(set(names))
    assert len(found.charts()) > 4


def test_long_timelines_are_listed_by_day(drawn: Result) -> None:
    days = hours.daily(drawn.timeline.data)
    assert days.sizes["day"] == drawn.timeline.data.sizes["time"] / 24
    assert float(days.failures_count.sum()) == pytest.approx(float(drawn.timeline.data.failures_count.sum()), rel=1e-5)


def test_a_simulation_is_told_to_people(eventful: Result) -> None:
    out = io.StringIO()
    terminal.show(document(eventful), {}, Console(file=out, width=80, highlight=False, markup=False, emoji=False))
    said = out.getvalue()
    assert "gives up" in said
    assert "from 13 July 2028 to 17 July 2028" in re.sub(r"\s+", " ", said)
    assert max(map(len, said.splitlines())) <= 80
    assert "seed 1" in mode_text(eventful.scenario)


def test_causes_leave_out_what_agrees(each: Result) -> None:
    causes = [text for _, text in lived.differences(views.view(each))]
    assert causes
    assert all("as planned" not in text for text in causes)


def test_causes_name_sites_rather_than_keys(each: Result) -> None:
    causes = " ".join(text for _, text in lived.differences(views.view(each)))
    assert "at Example campus in Q" in causes
    assert "example-campus" not in causes
    assert "-0.0000" not in causes.replace("−", "-")


def test_crumbs_of_racks_have_no_availability(result: Result) -> None:
    """What rounding leaves of racks that are gone was drawn as lost in full."""
    data = result.timeline.data.copy(deep=True)
    last = data.quarter.values == hours.quarters(result)[-1]
    data.stock_count.values[last], data.up_count.values[last] = 4e-12, 0.0
    found = hours.fleet(replace(result, timeline=replace(result.timeline, data=data))).availability_frac
    assert np.isnan(found.values[-1]).all()
    assert np.isfinite(found.values[-2]).any()


def test_a_terminal_shows_what_a_terminal_has_room_for(drawn: Result) -> None:
    brief = [part for part in document(drawn).parts() if part.depth == Depth.BRIEF]
    assert {getattr(part, "name", "") for part in brief} >= {"availability", "faults", "outages", "causes"}


@pytest.mark.parametrize(
    ("periods", "labels"),
    [
        ([f"2028-07-{day:02d}" for day in range(1, 21)], ["2028-07-01", "2028-07-03"]),
        ([f"2028-07-14T{hour:02d}" for hour in range(24)], ["00:00", "02:00"]),
        (["2028Q3", "2028Q4", "2029Q1"], ["2028"]),
        ([f"2028-{month:02d}" for month in range(1, 13)], ["2028-01", "2028-02"]),
    ],
)
def test_the_axis_names_what_is_there(periods: list[str], labels: list[str]) -> None:
    line = Series(name="one", values=tuple(float(n) for n in range(len(periods))), colour=0)
    drawn = charts.lines(About(name="a", title="t", description="d"), periods, [line], "W").wide
    shown = re.findall(r'class="tick" text-anchor="middle">([^<]*)<', drawn)
    assert shown[: len(labels)] == labels


def test_ranges_stand_under_their_staircase() -> None:
    low, mid, high, level = (
        Series(name=name, values=values, colour=k)
        for k, (name, values) in enumerate(
            {"low": (1.0, 0.0), "middle": (2.0, 0.0), "high": (3.0, 0.0), "level": (4.0, 5.0)}.items()
        )
    )
    about = About(name="a", title="t", description="d")
    drawn = charts.ranges(about, ["2028Q3", "2028Q4"], (low, mid, high), level, "GW", "all hours").wide
    assert drawn.count('class="hit"') == 2
    assert ">all hours</text>" in drawn
    for said in ("low: 1 GW", "middle: 2 GW", "high: 3 GW", "level: 4 GW"):
        assert said in drawn
