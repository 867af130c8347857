"""Battery, connection, curtailment, prices and files of a site: each mistake is one clear error with its path."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gigawatt.errors import ScenarioError
from gigawatt.scenario.load import load
from gigawatt.scenario.resolve import resolved

SITE = "sites.example-campus"
FLAT = [[1.0] * 24] * 12
WORKS = "experiments, batch, training, interactive"

BATTERY: list[tuple[dict[str, Any], str, str]] = [
    # keys that differ, key at fault, words of what is expected
    ({"energy": "0 MWh"}, "energy", "5 MWh to 480 MWh"),
    ({"energy": "4 GWh"}, "energy", "0.25 h to 24 h at its power"),
    ({"energy": "40 MW"}, "energy", "an energy"),
    ({"energy": "-40 MWh"}, "energy", "not negative"),
    ({"power": "0 MW"}, "power", "at least 10 W"),
    ({"power": 20}, "power", "a power (W, kW, MW, GW)"),
    ({"source": "lithum_batery"}, "source", "such as lithium_battery"),
    ({"source": "gas_turbine"}, "source", "a plant with storage"),
    ({"round_trip": 0.9}, "round_trip", "one of the keys energy, power, source"),
]
CONNECTION: list[tuple[dict[str, Any], str, str]] = [
    ({"minute_ramp": "0 MW"}, "minute_ramp", "at least 1 W"),
    ({"minute_ramp": "-5 MW"}, "minute_ramp", "not negative"),
    ({"minute_ramp": "5 MWh"}, "minute_ramp", "a power"),
    ({"monthly_demand": "15 USD/W"}, "monthly_demand", "at most 1 USD/W"),
    ({"monthly_demand": "-15 USD/kW"}, "monthly_demand", "not negative"),
    ({"monthly_demand": "15 USD"}, "monthly_demand", "money per power"),
    ({"limit": "1 GW"}, "limit", "one of the keys minute_ramp, monthly_demand"),
]
CURTAILMENT: list[tuple[dict[str, Any], str, str]] = [
    ({"hours": "101 %"}, "hours", "a share from 0 to 1"),
    ({"hours": "90 %"}, "hours", "at most 80 %, so that calls of 4 h do not touch"),
    ({"depth": 1.5}, "depth", "a share from 0 to 1"),
    ({"depth": "-10 %"}, "depth", "not negative"),
    ({"longest": "0 h"}, "longest", "at least 1 h"),
    ({"longest": "-1 h"}, "longest", "at least 1 h"),
    ({"longest": "2.5 h"}, "longest", "a whole number"),
    ({"longest": "2 years"}, "longest", "a duration"),
]
RATIOS: list[tuple[list[list[Any]], str]] = [
    (FLAT[:11], "12 rows, one a month, of 24 hours each"),
    ([*FLAT[:11], [1.0] * 23], "12 rows, one a month, of 24 hours each"),
    ([[-1.0] * 24] * 12, "a mean above 0"),
    ([[0.0] * 24] * 12, "a mean above 0"),
    ([[float("nan")] * 24] * 12, "a mean above 0"),
]
TIERS: list[tuple[list[str], str]] = [
    (["experiments", "batch", "training"], "experiments, batch, training"),
    (["experiments", "batch", "training", "interactive", "batch"], "interactive, batch"),
    (["experiments", "batch", "batch", "interactive"], "batch, batch"),
    ([], "none"),
]


def refused(overrides: dict[str, Any], path: str, expected: str) -> str:
    """What was given, of the one fault that there is."""
    with pytest.raises(ScenarioError) as caught:
        load("one-campus", overrides)
    assert [fault.path.startswith(path) for fault in caught.value.faults] == [True], str(caught.value)
    assert expected in caught.value.faults[0].expected, str(caught.value)
    return caught.value.faults[0].given


@pytest.mark.parametrize(("change", "key", "expected"), BATTERY)
def test_nonsense_of_a_battery(change: dict[str, Any], key: str, expected: str) -> None:
    refused({f"{SITE}.battery": {"power": "20 MW", "energy": "80 MWh"} | change}, f"{SITE}.battery.{key}", expected)


@pytest.mark.parametrize("missing", ["power", "energy"])
def test_a_battery_states_power_and_energy(missing: str) -> None:
    table = {"power": "20 MW", "energy": "80 MWh"}
    del table[missing]
    assert refused({f"{SITE}.battery": table}, f"{SITE}.battery.{missing}", "(") == "missing"


@pytest.mark.parametrize(("table", "key", "expected"), CONNECTION)
def test_nonsense_of_a_connection(table: dict[str, Any], key: str, expected: str) -> None:
    refused({f"{SITE}.connection": table}, f"{SITE}.connection.{key}", expected)


@pytest.mark.parametrize(("change", "key", "expected"), CURTAILMENT)
def test_nonsense_of_a_contract(change: dict[str, Any], key: str, expected: str) -> None:
    table = {"hours": "1 %", "depth": "50 %", "longest": "4 h"} | change
    refused({f"{SITE}.curtailment": table}, f"{SITE}.curtailment.{key}", expected)


@pytest.mark.parametrize(("ratios", "expected"), RATIOS)
def test_nonsense_of_price_ratios(ratios: list[list[Any]], expected: str) -> None:
    refused({f"{SITE}.price_ratios": ratios}, f"{SITE}.price_ratios", expected)


@pytest.mark.parametrize(("works", "given"), TIERS)
def test_every_work_is_a_tier_once(works: list[str], given: str) -> None:
    tiers = [{"work": work} for work in works]
    assert given in refused({"simulate.tiers": tiers}, "simulate.tiers", f"each of {WORKS} once")


def test_tiers_may_come_in_any_order() -> None:
    tiers = [{"work": work} for work in ("training", "interactive", "experiments", "batch")]
    assert load("one-campus", {"simulate.tiers": tiers}).asked.simulate.tiers[0].work == "training"


TABLE = {f"{SITE}.battery": {"power": "20 MW", "energy": "80 MWh"}}


class TestResolved:
    def test_the_source_of_a_battery_is_in_the_records_and_its_evidence_with_it(self) -> None:
        scenario = load("one-campus", TABLE)
        assert scenario.records.storage["lithium_battery"].round_trip_frac == 0.86
        assert "catalog.onsite_power.lithium_battery.fade_frac" in scenario.evidence
        stored = resolved(scenario.asked, scenario.records)
        assert stored["records"]["storage"]["lithium_battery"]["fade_frac"] == 4e-5

    @pytest.mark.parametrize(
        "change",
        [
            TABLE,
            {f"{SITE}.connection": {"minute_ramp": "10 MW"}},
            {f"{SITE}.connection": {"monthly_demand": "15 USD/kW"}},
        ],
    )
    def test_each_key_changes_the_identity(self, change: dict[str, Any]) -> None:
        assert load("one-campus", change).hash != load("one-campus").hash

    def test_a_demand_charge_is_per_watt_and_month(self) -> None:
        scenario = load("one-campus", {f"{SITE}.connection": {"monthly_demand": "15 USD/kW"}})
        connection = scenario.asked.sites["example-campus"].connection
        assert connection is not None
        assert connection.monthly_demand_usd_per_w == pytest.approx(0.015)
        assert connection.minute_ramp_w is None


def hours() -> list[datetime]:
    return [datetime(2023, 1, 1) + timedelta(hours=n) for n in range(8760)]


def prices(mean: float = 40.0) -> list[str]:
    return ["time,usd_mwh", *(f"{time},{mean + time.hour / 10}" for time in hours())]


def carbon() -> list[str]:
    return ["time,gco2_kwh_lca", *(f"{time},{300 + time.hour}" for time in hours())]


def weather(times: float = 1.0, plus: float = 0.0) -> list[str]:
    swing = [15 + 8 * np.cos((time.hour - 15) * np.pi / 12) for time in hours()]
    rows = (f"{time:%Y-%m-%dT%H:%M},{times * dry + plus:.1f},60.0" for time, dry in zip(hours(), swing, strict=True))
    return ["time,t_dry_c,rh_pct", *rows]


def with_gap(lines: list[str]) -> list[str]:
    return lines[:100] + lines[103:]


IN_FILES: dict[str, tuple[str, Callable[[], list[str]], str, str]] = {
    "hours that are missing": ("price_file", lambda: with_gap(prices()), "3 hours missing", "every hour"),
    "hours of carbon that are missing": (
        "carbon_file",
        lambda: with_gap(carbon()),
        "3 hours missing",
        "every hour",
    ),
    "hours of weather that are missing": ("weather_file", lambda: with_gap(weather()), "3 hours", "every hour"),
    "Fahrenheit": ("weather_file", lambda: weather(1.8, 32.0), "", "these look like degF"),
    "yen": ("price_file", lambda: prices(12_000.0), "a mean of 12,0", "convert it from its currency"),
    "another column": ("price_file", carbon, "", "usd_mwh"),
    "words": ("price_file", lambda: [*prices()[:-1], "2023-12-31 23:00:00,dear"], "dear", "a number"),
}


class TestFiles:
    """A file that cannot be used is a fault of the key that names it."""

    @pytest.mark.parametrize("name", IN_FILES)
    def test_what_is_wrong_inside(self, tmp_path: Path, name: str) -> None:
        key, lines, given, expected = IN_FILES[name]
        file = tmp_path / "hours.csv"
        file.write_text("\n".join(lines()) + "\n", encoding="utf-8")
        seen = refused({f"{SITE}.{key}": str(file), f"{SITE}.files_offset": "0 h"}, f"{SITE}.{key}: ", expected)
        assert given in seen

    @pytest.mark.parametrize("key", ["weather_file", "price_file", "carbon_file"])
    def test_missing(self, key: str) -> None:
        refused({f"{SITE}.{key}": "nowhere.csv", f"{SITE}.files_offset": "0 h"}, f"{SITE}.{key}: ", "readable CSV file")

    def test_a_clock_that_is_not_stated(self, tmp_path: Path) -> None:
        file = tmp_path / "hours.csv"
        file.write_text("\n".join(prices()) + "\n", encoding="utf-8")
        refused({f"{SITE}.price_file": str(file)}, f"{SITE}.price_file: ", "UTC offset in h")

    def test_all_faults_of_all_files_at_once(self) -> None:
        with pytest.raises(ScenarioError) as caught:
            load(
                "one-campus", {f"{SITE}.{key}": "nowhere.csv" for key in ("weather_file", "price_file", "carbon_file")}
            )
        assert [fault.path.split(":")[0].rpartition(".")[2] for fault in caught.value.faults] == [
            "weather_file",
            "price_file",
            "carbon_file",
        ]

    def test_ratios_beside_a_file(self, tmp_path: Path) -> None:
        file = tmp_path / "hours.csv"
        file.write_text("\n".join(prices()) + "\n", encoding="utf-8")
        keys = {"price_file": str(file), "files_offset": "0 h", "price_ratios": FLAT}
        refused({f"{SITE}.{key}": value for key, value in keys.items()}, f"{SITE}.price_ratios", "either price_file")

    def test_files_that_are_in_order_are_read(self, tmp_path: Path) -> None:
        overrides: dict[str, Any] = {f"{SITE}.files_offset": "0 h"}
        for key, lines in (("price_file", prices()), ("carbon_file", carbon()), ("weather_file", weather())):
            file = tmp_path / f"{key}.csv"
            file.write_text("\n".join(lines) + "\n", encoding="utf-8")
            overrides[f"{SITE}.{key}"] = str(file)
        series = load("one-campus", overrides).records.series["example-campus"]
        assert series.price_usd_per_wh is not None
        assert series.price_usd_per_wh.mean() == pytest.approx(41.15e-6)
        assert series.weather is not None
