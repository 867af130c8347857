"""Prices of energy from files: what a file says is paid, and its shape alone where a scenario asks for that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gigawatt.account.accounts import account
from gigawatt.errors import ScenarioError
from gigawatt.plan import plan
from gigawatt.plan.plan import Plan
from gigawatt.scenario.load import load
from gigawatt.scenario.schema import Scenario
from gigawatt.scenario.series import energy_price_usd_per_wh
from gigawatt.simulation import Timeline, simulate
from gigawatt.simulation.outdoors import site_years
from gigawatt.study import verbs
from gigawatt.study.check.answer import outline
from gigawatt.study.run.stages import run
from gigawatt.study.site_notes import file_notes

SITE = "sites.example-campus"
SHORT = {"horizon.report_end": "2027Q4", "horizon.end": "2028Q2"}
CATALOG_USD_MWH = 65.0
Write = Callable[[str, float], dict[str, Any]]


@pytest.fixture(scope="module")
def priced(tmp_path_factory: pytest.TempPathFactory) -> Write:
    """A file whose prices swing through days and seasons, so much higher in every hour; the override that names it."""
    folder = tmp_path_factory.mktemp("prices")

    def write(name: str, above_usd_mwh: float) -> dict[str, Any]:
        hours = [datetime(2025, 1, 1) + timedelta(hours=n) for n in range(8760)]
        prices = [25 + above_usd_mwh + 20 * np.cos(time.month) + 30 * np.sin(time.hour) for time in hours]
        rows = (f"{time}+00:00,{price:.2f}" for time, price in zip(hours, prices, strict=True))
        (folder / name).write_text("\n".join(["time,usd_mwh", *rows]), encoding="utf-8")
        return {**SHORT, f"{SITE}.price_file": str(folder / name)}

    return write


@pytest.fixture(scope="module")
def planned() -> Plan:
    return plan.make(load("one-campus", SHORT), with_worth=False)


def lived(scenario: Scenario, planned: Plan, mode: str) -> Timeline:
    changed = replace(scenario.asked.simulate, mode=mode)
    return simulate(replace(scenario, asked=replace(scenario.asked, simulate=changed)), planned)


@pytest.mark.parametrize("mode", ["expected", "stochastic"])
def test_dear_is_100_usd_per_mwh_above_low(priced: Write, planned: Plan, mode: str) -> None:
    """reports 6: the bill is Σ price × energy of the file, hour by hour (hif2k1/battery_sim#172)."""
    scenarios = [load("one-campus", priced(f"{name}.csv", above)) for name, above in (("low", 0), ("dear", 100))]
    low, dear = (lived(scenario, planned, mode) for scenario in scenarios)
    assert dear.summary.energy_wh == low.summary.energy_wh > 0
    above_usd = dear.summary.energy_usd - low.summary.energy_usd
    assert above_usd == pytest.approx(100e-6 * low.summary.energy_wh, rel=1e-9)
    data = low.data.isel(site=0).astype(float)
    bill = float((data.grid_w * data.price_usd_per_wh * data.weight_h).isel(time=_reported(low)).sum())
    assert low.summary.energy_usd == pytest.approx(bill, rel=1e-5)


def _reported(timeline: Timeline) -> np.ndarray:
    return np.flatnonzero(timeline.data.quarter.values <= SHORT["horizon.report_end"])


def test_a_week_pays_what_its_quarter_does(priced: Write, planned: Plan) -> None:
    """reports 6: the first week of a quarter is not its price; the hours of a week have the mean of its days."""
    scenario = load("one-campus", priced("low.csv", 0))
    data = lived(scenario, planned, "expected").data
    hours = [datetime(2025, 1, 1) + timedelta(hours=n) for n in range(8760)]
    series = scenario.records.series["example-campus"].price_usd_per_wh
    assert series is not None
    for quarter in (1, 2, 3, 4):
        here = np.array([(time.month + 2) // 3 == quarter for time in hours])
        week = data.price_usd_per_wh.values[data.quarter.values == f"2027Q{quarter}", 0]
        assert week.mean() == pytest.approx(series[here].mean(), rel=1e-6)


def test_plan_and_books_pay_the_mean_of_the_file(priced: Write) -> None:
    """reports 6, users 5: in the planner's rows, in the books, in `check` and in a note that says what is not used."""
    overrides = priced("low.csv", 0)
    scenario = load("one-campus", overrides)
    series = scenario.records.series["example-campus"].price_usd_per_wh
    assert series is not None
    mean = energy_price_usd_per_wh(scenario, "example-campus")
    assert mean == pytest.approx(float(series.mean()))
    found = plan.make(scenario, with_worth=False)
    assert float(found.inputs.energy_price_usd_per_wh[0]) == mean
    books = account(scenario, found)
    plain = account(load("one-campus", SHORT), plan.make(load("one-campus", SHORT)))
    worth, less = (
        each.npv_usd + each.terminal_value_usd - each.penalties_usd for each in (books.headline, plain.headline)
    )
    assert worth > less
    assert outline(scenario).sites[0].power_price_usd_per_wh == mean
    text = file_notes(scenario)[0].text
    assert f"low.csv says, {mean * 1e6:.2f} USD/MWh on average" in text
    assert f"the catalog's price of {CATALOG_USD_MWH:.2f} is not used" in text
    both = load("one-campus", {**overrides, f"{SITE}.power_price": "48 USD/MWh"})
    assert "power_price of 48.00 is not used" in file_notes(both)[0].text


def test_a_shape_alone_is_asked_for_and_said(priced: Write, planned: Plan) -> None:
    """users 5: price_level = "plan" moves the file's prices to the site's own."""
    scenario = load("one-campus", {**priced("low.csv", 0), f"{SITE}.price_level": "plan"})
    other = load("one-campus", {**priced("dear.csv", 100), f"{SITE}.price_level": "plan"})
    assert energy_price_usd_per_wh(scenario, "example-campus") == pytest.approx(CATALOG_USD_MWH * 1e-6)
    bills = [lived(one, planned, "stochastic").summary.energy_usd for one in (scenario, other)]
    assert bills[0] == pytest.approx(bills[1], rel=1e-9)
    assert 'only the shape is taken, as price_level = "plan" asks' in file_notes(scenario)[0].text
    assert scenario.hash != load("one-campus", priced("low.csv", 0)).hash


def test_a_level_without_a_file_is_a_fault() -> None:
    with pytest.raises(ScenarioError) as caught:
        load("one-campus", {f"{SITE}.price_level": "plan"})
    assert [fault.path for fault in caught.value.faults] == [f"{SITE}.price_level"]


def test_the_identity_holds_what_the_file_says(priced: Write) -> None:
    low, dear = load("one-campus", priced("same.csv", 0)), load("one-campus", priced("same.csv", 100))
    assert low.toml == dear.toml
    assert low.hash != dear.hash


def test_notes_reach_run_and_simulate(priced: Write, tmp_path: Path) -> None:
    """users 5: and a saved result that is lived through at other prices says those."""
    result = run("one-campus", priced("low.csv", 0))
    said = [note.text for note in result.notes if note.code == "price_file"]
    assert len(said) == 1
    assert "energy is paid as low.csv says" in said[0]
    folder = result.save(tmp_path / "low")
    dear = {key: value for key, value in priced("dear.csv", 100).items() if key not in SHORT}
    again = verbs.ask("simulate", str(folder), set=dear, mode="expected").result
    said = [note.text for note in again.notes if note.code == "price_file"]
    assert len(said) == 1
    assert "dear.csv" in said[0]


def test_the_price_of_texas_stays_what_it_was(data_dir: Path) -> None:
    """users 5: ERCOT's 28 USD/MWh became 48."""
    file = data_dir / "grid" / "price_US-TEX-ERCO_2024.csv"
    if not file.is_file():
        pytest.skip(f"no grid files in {data_dir}")
    scenario = load("one-campus", {f"{SITE}.price_file": str(file), f"{SITE}.power_price": "48 USD/MWh"})
    assert energy_price_usd_per_wh(scenario, "example-campus") * 1e6 == pytest.approx(28.09, abs=0.01)


def test_an_offset_that_is_not_said_names_its_key(tmp_path: Path) -> None:
    """users 5: the key that says it was in no page."""
    file = tmp_path / "carbon.csv"
    hours = (datetime(2023, 1, 1) + timedelta(hours=n) for n in range(8760))
    file.write_text("\n".join(["time,gco2_kwh_lca", *(f"{time},300" for time in hours)]), encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load("one-campus", {f"{SITE}.carbon_file": str(file)})
    assert f'{SITE}.files_offset, such as "-6 h", or "0 h" for UTC' in caught.value.faults[0].expected
    said = load("one-campus", {f"{SITE}.carbon_file": str(file), f"{SITE}.files_offset": "-6 h"})
    assert said.records.series["example-campus"].carbon_kg_per_wh is not None


def test_an_offset_that_the_file_states_otherwise_is_said(priced: Write) -> None:
    scenario = load("one-campus", {**priced("low.csv", 0), f"{SITE}.files_offset": "-6 h"})
    assert "its times state UTC+0, so that files_offset is not used" in file_notes(scenario)[0].text


def test_ratios_are_a_shape_about_the_price() -> None:
    """users 5: whatever their mean, energy costs the site's price on average, and hours keep their ratios."""
    ratios = [[1.2] * 12 + [2.4] * 12] * 12
    (year,) = site_years(load("one-campus", {f"{SITE}.price_ratios": ratios}))
    assert year.price_usd_per_wh.mean() == pytest.approx(CATALOG_USD_MWH * 1e-6)
    assert year.price_usd_per_wh[0, 12] == pytest.approx(2 * year.price_usd_per_wh[0, 0])
