"""The fleet on the page: in both modes, over years and around an event, with few points and true figures."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gigawatt.report import charts, event, fleet, folder, hours, page, tables, terminal
from gigawatt.report.charts import Series
from gigawatt.report.charts.marks import Frame
from gigawatt.scenario.load import loads
from gigawatt.simulation import simulate
from gigawatt.study.result import Result
from gigawatt.study.run.answer import answer_of
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
    html = page.render(each)
    assert len(html) < 600_000
    words = re.sub(r"<style>.*?</style>|<[^>]*>", " ", html, flags=re.DOTALL)
    assert not re.search(r"\b(nan|inf|None)\b", words)
    assert ("What the event cost" in words) == (each.outcome is not None)
    assert ("The longest outages" in words) == hours.dated(each)
    assert ("failures as a rate" in words) == (not hours.dated(each))


def test_outages_are_listed_longest_first(drawn: Result, result: Result) -> None:
    assert fleet.outages(result) is None
    table = fleet.outages(drawn)
    assert table is not None
    length = [float(str(row[-1]).replace(",", "")) for row in table.rows]
    assert length == sorted(length, reverse=True)
    assert len(length) == fleet.LISTED_COUNT


def test_the_event_is_shown_where_it_is(eventful: Result) -> None:
    found = eventful.outcome
    assert found is not None
    around = hours.event_power(eventful)
    assert around.sizes["when"] <= hours.MOST_POINTS
    least = float((around.lived_w / around.without_w).min())
    assert least == pytest.approx(0.5, abs=5e-3)
    costs = event.cut(eventful, found)
    assert len(costs.rows) == len(found.cut)
    assert "worth" in event.cost(eventful, found)
    assert any(str(row[0]).startswith("PUE, ") for row in event.phases(eventful, found).rows)


def test_long_timelines_are_listed_by_day(drawn: Result, tmp_path: Path) -> None:
    folder.write(answer_of(drawn), tmp_path / "drawn")
    listed = tmp_path / "drawn" / "csv"
    assert not list(listed.glob("timeline.time*"))
    days = pd.read_csv(listed / "timeline.daily.day.site.csv")
    assert len(days) == drawn.timeline.data.sizes["time"] / 24
    faults = pd.read_csv(listed / "timeline.daily.day.kind.csv").failures_count.sum()
    assert faults == pytest.approx(float(drawn.timeline.data.failures_count.sum()), rel=1e-5)
    outages = pd.read_csv(listed / "outages.csv")
    assert set(outages.kind) <= set(drawn.timeline.data.kind.values)
    assert outages.pair.str.startswith("example-campus/").all()


def test_a_simulation_is_told_to_people(eventful: Result, capsys: pytest.CaptureFixture[str]) -> None:
    terminal.show_simulation(simulation.answer_of(eventful, window(AROUND, eventful.scenario)), {})
    said = capsys.readouterr().out
    assert "gives up" in said
    assert "from 13 July 2028 to 17 July 2028" in re.sub(r"\s+", " ", said)
    assert max(map(len, said.splitlines())) <= 80
    assert "seed 1" in mode_text(eventful.scenario)


def test_causes_leave_out_what_agrees(each: Result) -> None:
    assert all("as planned" not in cause for _, cause in tables.causes(each))


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
    frame = Frame(slug="a", title="t", description="d")
    line = Series(name="one", values=tuple(float(n) for n in range(len(periods))), colour=0)
    drawn = charts.lines(frame, periods, [line], "W")
    shown = re.findall(r'class="tick" text-anchor="middle">([^<]*)<', drawn)
    assert shown[: len(labels)] == labels


def test_ranges_stand_under_their_staircase() -> None:
    frame = Frame(slug="a", title="t", description="d")
    low, mid, high, level = (
        Series(name=name, values=values, colour=k)
        for k, (name, values) in enumerate(
            {"low": (1.0, 0.0), "middle": (2.0, 0.0), "high": (3.0, 0.0), "level": (4.0, 5.0)}.items()
        )
    )
    drawn = charts.ranges(frame, ["2028Q3", "2028Q4"], (low, mid, high), level, "GW")
    assert drawn.count("fill-opacity") == 1
    assert "Q3 2028: low 1 GW, middle 2 GW, high 3 GW" in drawn
