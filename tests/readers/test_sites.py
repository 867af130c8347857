"""Timelines of sites: what has happened becomes an event with its power and basis, and plans are no facts.

Epoch's rows are tested on tables with its columns; the whole file is not at hand.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gigawatt.errors import CatalogError
from gigawatt.ledger import kinds
from gigawatt.readers.readings import FileAsked
from gigawatt.readers.sites import read, slug

TODAY = 1_782_864_000_000  # 2026-07-01
JAN_1 = 1_767_225_600_000
OWN = "site,date,state,power,basis,source\n"
EPOCH = "Data center,Date,Construction status,Buildings operational,IT power (MW),Power (MW),H100 equivalents\n"
OLDER = "Date,Data center,Construction status,Power (MW),H100 equivalents,Buildings operational\n"
Taken = Callable[[Any], Any]


def write(folder: Path, text: str) -> Path:
    path = folder / "sites.csv"
    path.write_text(text)
    return path


def test_rows_of_ones_own_are_events_that_the_ledger_takes(tmp_path: Path, taken: Taken) -> None:
    rows = "abilene,2026-01-01,IT-loaded,0.3 GW,Facility,letter\nhyperion_1,2026-01-01T00:00-06:00,announced,2 GW,it,\n"
    first, second = taken(read(write(tmp_path, OWN + rows), FileAsked(), TODAY)).events
    assert (first.line, first.kind, first.happened_ms) == (2, "site", JAN_1)
    said = {"site": "abilene", "state": "it_loaded", "power": "0.3 GW", "basis": "facility", "source": "letter"}
    assert first.values == said
    assert second.happened_ms == JAN_1 + 6 * 3_600_000
    assert "source" not in second.values
    for event in (first, second):
        values = {key: value for key, value in event.values.items() if key != "source"}
        assert kinds.read("site", values | {"at": "2026-01-01"})[1]["site"] == event.values["site"]


def test_epochs_rows_are_states_with_the_power_of_the_facility(tmp_path: Path, taken: Taken) -> None:
    rows = (
        "OpenAI Stargate Abilene,2024-05-31,Land clearing begins,0.0,0.0,0.0,0.0\n"
        'OpenAI Stargate Abilene,2025-11-02,"Buildings 1, 2",2.0,206.0,294.5,1\n'
        "Pryor (North),2025-01-01,Only IT power is known,1,53,,1\n"
        "Pryor (North),2025-02-01,Nothing is known,1,,,1\n"
        "Pryor (North),2026-12-01,Expected,2,368,442,1\n"
    )
    found = taken(read(write(tmp_path, EPOCH + rows), FileAsked(), TODAY))
    assert [tuple(event.values.values())[:4] for event in found.events] == [
        ("openai-stargate-abilene", "under_construction", "0 MW", "facility"),
        ("openai-stargate-abilene", "it_loaded", "294.5 MW", "facility"),
        ("pryor-north", "it_loaded", "53 MW", "it"),
    ]
    assert found.rejected == {5: "no power is stated"}
    assert found.events[0].values["source"] == "Epoch AI, Frontier data centers: OpenAI Stargate Abilene"
    assert found.remarks["planned"] == "Dates to come are plans and no facts; passed over: 1, the first in line 6."
    assert "Epoch's estimate" in found.remarks["estimates"]


def test_one_site_is_taken_under_the_name_of_the_scenario(tmp_path: Path, taken: Taken) -> None:
    rows = "2025-06-23,New Carlisle,Operational,478,1,7\n2025-06-01,Prometheus,Roof,0,0,0\n"
    path = write(tmp_path, OLDER + rows)
    found = taken(read(path, FileAsked(subject="New Carlisle", site="new_carlisle"), TODAY))
    assert [event.values["site"] for event in found.events] == ["new_carlisle"]
    assert taken(read(path, FileAsked(subject="new carlisle", site="x"), TODAY)).events == []


def test_a_row_without_a_site_is_of_the_one_that_is_asked_for(tmp_path: Path, taken: Taken) -> None:
    path = write(tmp_path, f"{OWN},2026-01-01,contracted,1 GW,it,\n")
    assert taken(read(path, FileAsked(site="abilene"), TODAY)).events[0].values["site"] == "abilene"
    assert taken(read(path, FileAsked(), TODAY)).rejected == {2: "no site"}


def test_today_is_a_fact_and_tomorrow_none(tmp_path: Path, taken: Taken) -> None:
    days = {"1 MW": "2026-07-01", "2 MW": "2026-07-02", "3 MW": "2099-01-01"}
    path = write(tmp_path, OWN + "".join(f"abilene,{day},energised,{power},it,\n" for power, day in days.items()))
    assert [event.values["power"] for event in taken(read(path, FileAsked(), TODAY)).events] == ["1 MW"]
    assert "3 MW" not in str(taken(read(path, FileAsked())).events)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("abilene,2026-01-01,energized,1 MW,it,", 'the state "energized"'),
        (
            "abilene,2026-01-01,live,1 MW,it,",
            "expected announced, contracted, under_construction, energised, it_loaded",
        ),
        ("abilene,2026-01-01,energised,1 MWh,it,", 'the power "1 MWh": expected a power (W, kW, MW, GW)'),
        ("abilene,2026-01-01,energised,300,it,", 'the power "300": expected a power'),
        ("abilene,2026-01-01,energised,-1 MW,it,", 'the power "-1 MW": expected a power (W, kW, MW, GW), not negative'),
        ("abilene,2026-01-01,energised,,it,", 'the power "": expected a power'),
        ("abilene,2026-01-01,energised,1 MW,,", 'the basis of power "": expected facility or it'),
        ("abilene,1/2/2026,energised,1 MW,it,", "does not say which is day and which is month"),
        ("abilene,2026Q3,energised,1 MW,it,", '"2026Q3" is no time'),
        ("abilene,2026-01-01T12:00,energised,1 MW,it,", "states no offset from UTC"),
        ("abilene,2026-01-01,energised,1 MW,it", "5 cells, and the header has 6"),
    ],
)
def test_a_row_that_cannot_be_read_is_told_alone(tmp_path: Path, taken: Taken, row: str, reason: str) -> None:
    found = taken(read(write(tmp_path, f"{OWN}{row}\nabilene,2026-01-02,energised,1 MW,it,\n"), FileAsked(), TODAY))
    assert list(found.rejected) == [2]
    assert reason in found.rejected[2]
    assert len(found.events) == 1


@pytest.mark.parametrize("power", ["-5", "nan", "about 300", "1e999"])
def test_a_power_of_epochs_that_is_none_is_told(tmp_path: Path, taken: Taken, power: str) -> None:
    found = taken(read(write(tmp_path, f"{OLDER}2025-06-23,A,B,{power},1,7\n"), FileAsked(), TODAY))
    assert found.rejected == {2: f'Power (MW) "{power}" is no power'}


@pytest.mark.parametrize("text", ["", "a,b\n", "site,date,state\n", "Data center,Date,Power (MW)\n"])
def test_other_tables_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(CatalogError, match="expected a table with the columns site, date, state, power, basis, source"):
        read(write(tmp_path, text), FileAsked())


def test_a_table_without_rows_has_no_events(tmp_path: Path, taken: Taken) -> None:
    found = taken(read(write(tmp_path, "\ufeff" + OWN), FileAsked(), TODAY))
    assert (found.events, found.rejected, found.remarks) == ([], {}, {"sites": "States taken: 0."})


def test_a_name_of_no_latin_letters_has_no_slug() -> None:
    assert slug("Zürich-Oerlikon №2") == "zurich-oerlikon-no2"
    assert slug("北京") == ""
