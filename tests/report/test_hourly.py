"""Hours of a timeline as they are shown: names, units, columns of pixels, figures, and every step as a table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gigawatt.report import hourly
from gigawatt.report.charts.chart import NARROW, WIDE
from gigawatt.report.hourly import HOURLY, WAYS, HourlyLines
from gigawatt.report.writers import csv

START = np.datetime64("2027-01-01T00:00", "m")


def hours(count: int = 9_000, lines: int = 1, variable: str = "facility_w", **changed: object) -> HourlyLines:
    moments = np.datetime_as_string(START + 60 * np.arange(count)).astype(str)
    values = 1e9 + 1e8 * np.outer(np.sin(np.arange(count) / 4), np.arange(1, lines + 1))
    found = HourlyLines(
        what=HOURLY[variable],
        by="site" if lines > 1 else "",
        of=(),
        names=tuple(f"Site {n}" for n in range(lines)),
        colours=tuple(range(lines)),
        values=values,
        weight=np.ones_like(values),
        moments=moments,
        first=0,
        count=count,
        step_h=1.0,
    )
    return replace(found, **changed)  # type: ignore[arg-type]


def test_a_title_says_what_of_what_and_told_apart_by_what() -> None:
    assert hours().title == "Facility power"
    assert hours(lines=2, of=("Abilene", "GB300 NVL72")).title == "Facility power, Abilene, GB300 NVL72, by site"


def test_a_peak_of_one_hour_in_five_years_is_drawn_and_told() -> None:
    found = hours(5 * 8760)
    found.values[12_345] = 7e9
    assert "the most 7 GW" in hourly.says(found)
    (row,) = hourly.table(found).rows
    assert (row[3], row[4]) == (7e9, hourly.told_at(str(found.moments[12_345])))
    svg = hourly.chart(found).wide
    assert "most: 7 GW" in svg


def test_a_drawing_has_a_column_for_each_pixel_and_not_more() -> None:
    wide, narrow = (hourly.chart(hours(), width).at(width) for width in (WIDE, NARROW))
    counts = [svg.split('class="line')[0].rsplit("<path", 1)[1].count("L") for svg in (wide, narrow)]
    assert 800 < counts[0] < WIDE
    assert 250 < counts[1] < NARROW
    assert "band their least and most" in hourly.shows(hours(), WIDE)
    assert "band" not in hourly.shows(hours(100), WIDE)
    assert "strip" not in hourly.chart(hours(100)).wide.split("</style>")[-1]


def test_read_outs_are_few_enough_to_walk_through() -> None:
    assert hourly.chart(hours()).wide.count('class="hit"') == hourly.MOST_TIPS


def test_of_several_lines_those_that_hold_nothing_are_not_read_out() -> None:
    found = hours(10, lines=3)
    found.values[:, 1] = 0.0
    assert "Site 1:" not in hourly.chart(found).wide
    assert "Site 2:" in hourly.chart(found).wide


def test_sums_of_steps_are_told_by_the_hour_or_the_day_and_ratios_to_thousandths() -> None:
    water = hours(10, variable="water_l")
    assert "million l/h" in hourly.shows(replace(water, values=water.values / 1e3))
    assert hourly.says(replace(hours(10, variable="failures_count"), values=np.full((10, 1), 3.0))).startswith(
        "The mean is 3 a day, the least"
    )
    pue = replace(hours(10, variable="pue_ratio"), values=np.full((10, 1), 1.0712))
    assert "1.071" in hourly.says(pue)
    assert ">1<" in hourly.chart(pue).wide  # its axis begins where nothing is lost


def test_hours_of_which_nothing_is_known_are_told_so() -> None:
    found = hours(10)
    found.values[:] = np.nan
    assert hourly.says(found) == "Nothing is known of these hours."
    assert hourly.table(found).rows == ()
    assert hourly.chart(found).wide.startswith("<svg")


def test_moments_of_representative_weeks_are_told_by_quarter_day_and_hour() -> None:
    moments = np.array([f"2028Q{quarter} {hour:03d}" for quarter in (1, 2) for hour in range(168)])
    found = hours(336, moments=moments)
    assert "Q1 2028, day 1, 00:00 to Q2 2028, day 7, 23:00; steps" in hourly.shows(found)
    assert ">2028Q1 d3 <" in hourly.chart(hours(168, moments=moments[:168])).wide


def test_lines_that_do_not_add_up_say_how_many_are_left_out() -> None:
    assert "3 that are less are left out" in hourly.shows(hours(10, left_out_count=3))
    assert "1,200 steps with next to nothing running are left out" in hourly.shows(hours(10, slight_count=1200))


def test_a_table_of_every_step_is_in_si_and_names_its_lines() -> None:
    head, first, *rest = csv.text(hourly.csv_table(hours(24, lines=2))).splitlines()
    assert head == '"Begins, UTC","Facility power, Site 0 [W]","Facility power, Site 1 [W]"'
    assert first.startswith("2027-01-01T00:00,1000000000.0,")
    assert len(rest) == 23
    assert csv.text(hourly.csv_table(hours(2))).startswith('"Begins, UTC",Facility power [W]')


@pytest.mark.parametrize("name", HOURLY)
def test_whatever_can_be_drawn_is_drawn(name: str) -> None:
    document = hourly.document(hours(50, lines=2, variable=name), hourly.chart(hours(50, variable=name)))
    assert document.charts()["hours"].wide
    assert WAYS["site"] in document.title
