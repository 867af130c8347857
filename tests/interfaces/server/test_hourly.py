"""Hours of a result over a window: lines summed or told apart, of all or of one; refusals say what there is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from sqlalchemy import insert
from tests.interfaces.server.lived import COUNT, NAMES, timeline

from gigawatt.interfaces.server import hourly, jobs
from gigawatt.interfaces.server.asked import Refused
from gigawatt.interfaces.server.hourly import HourQuestion, Memory
from gigawatt.interfaces.server.settings import Settings
from gigawatt.interfaces.server.store import ServerStore
from gigawatt.interfaces.server.tables import JOBS
from gigawatt.report.hourly import MOST_LINES, HourlyLines
from gigawatt.study import netcdf

ID = "0123456789abcdef0123456789abcdef"


def keep(settings: Settings, store: ServerStore, data: xr.Dataset) -> None:
    row = {"id": ID, "verb": "run", "question": "{}", "order": "{}", "who": "ada", "state": "done", "created": "2026"}
    with store.writing() as connection:
        connection.execute(insert(JOBS).values(**row, estimate_cpu_s=1.0))
    folder = jobs.folder_of(settings, ID)
    folder.mkdir(parents=True)
    (folder / "timeline.nc").write_bytes(netcdf.written(data))
    (folder / "resolved.json").write_text(json.dumps(NAMES), encoding="utf-8")


@pytest.fixture
def hours(settings: Settings, store: ServerStore) -> Callable[..., HourlyLines]:
    """What a question about a result with hours finds."""
    keep(settings, store, timeline())
    return lambda **asked: hourly.hours(settings, store, ID, HourQuestion(**asked))


def refused(act: Callable[[], object]) -> Refused:
    with pytest.raises(Refused) as raised:
        act()
    return raised.value


def test_what_can_be_drawn_is_listed_with_its_ways_and_names(settings: Settings, store: ServerStore) -> None:
    keep(settings, store, timeline())
    found = hourly.offers(settings, store, ID)
    ways = {one.variable: one.ways for one in found.variables}
    assert ways["facility_w"] == ("", "site")
    assert ways["price_usd_per_wh"] == ("site",)
    assert ways["out_frac"] == ("", "site", "platform")
    assert ways["served_tokens_per_s"] == ("", "site", "platform", "use_case")
    assert "train_flops" not in ways
    assert list(found.labels) == ["site", "platform", "use_case", "kind"]
    assert (found.labels["site"]["s0"], found.labels["platform"]["gb300"]) == ("Abilene", "GB300 NVL72")
    assert found.moments[0] == "2027-01-01T00:00"


def test_what_adds_up_is_one_line_unless_it_is_told_apart(hours: Callable[..., HourlyLines]) -> None:
    whole = hours()
    assert (whole.names, whole.by) == (("Facility power",), "")
    np.testing.assert_allclose(whole.values[0], [1.2 * 45e9])
    apart = hours(variable="served_tokens_per_s", by="platform")
    assert apart.names == ("GB300 NVL72", "vr")
    np.testing.assert_allclose(apart.values[0], [3, 7])
    one = hours(variable="served_tokens_per_s", by="use_case", only={"site": "s1"})
    assert (one.names, one.of) == (("Chat", "media"), ("Milam",))
    np.testing.assert_allclose(one.values[0], [3, 4])


def test_of_many_lines_those_that_hold_least_are_one_and_empty_ones_none(hours: Callable[..., HourlyLines]) -> None:
    found = hours(by="site")
    assert found.names == ("s3", "s4", "s5", "s6", "s7", "s8", "s9", "all others")
    assert len(found.names) == MOST_LINES
    np.testing.assert_allclose(found.values[0], [*(1.2e9 * n for n in range(3, 10)), 1.2 * 3e9], rtol=1e-6)
    assert found.colours[:2] == (3, 4)
    prices = hours(variable="price_usd_per_wh")
    assert (prices.by, len(prices.names), prices.left_out_count) == ("site", MOST_LINES - 1, 3)


def test_shares_are_of_sums_and_count_by_what_they_are_of(hours: Callable[..., HourlyLines]) -> None:
    pue = hours(variable="pue_ratio")
    np.testing.assert_allclose(pue.values[0], [1.2], rtol=1e-6)
    np.testing.assert_allclose(pue.weight[0], [45e9])
    out = hours(variable="out_frac", by="site")
    np.testing.assert_allclose(out.values[0], [0.1, 0.0], atol=1e-7)
    np.testing.assert_allclose(hours(variable="out_frac").values[0], [1 / 40], rtol=1e-6)
    assert np.isnan(hours(variable="pue_ratio", only={"site": "s0"}).values).all()


def test_a_ratio_to_next_to_nothing_is_not_told(settings: Settings, store: ServerStore) -> None:
    data = timeline()
    data.it_w[7] = 1e-4 * data.it_w[7]
    keep(settings, store, data)
    found = hourly.hours(settings, store, ID, HourQuestion(variable="pue_ratio", by="site", to="step:24"))
    assert np.isnan(found.values[7]).all()
    assert found.slight_count == 1
    np.testing.assert_allclose(found.values[8], 1.2, rtol=1e-6)


def test_faults_of_an_hour_are_told_by_the_day(hours: Callable[..., HourlyLines]) -> None:
    found = hours(variable="failures_count", by="kind")
    assert found.names == ("tray",)
    np.testing.assert_allclose(found.values[0], [24])


@pytest.mark.parametrize(
    ("from_", "to", "first", "last"),
    [
        ("", "", "2027-01-01T00:00", "2028-02-04T23:00"),
        ("2027-03", "2027-03", "2027-03-01T00:00", "2027-03-31T23:00"),
        ("2027Q2", "2027Q3", "2027-04-01T00:00", "2027-09-30T23:00"),
        ("2027-07-14", "2027-07-14T16", "2027-07-14T00:00", "2027-07-14T16:00"),
        ("2027-07-14T16:00Z", "2027-07-15T03:00", "2027-07-14T16:00", "2027-07-15T03:00"),
        ("2028", "2099", "2028-01-01T00:00", "2028-02-04T23:00"),
        ("step:24", "step:48", "2027-01-02T00:00", "2027-01-02T23:00"),
        ("2027-07-14T16:00", "2027-07-14T16:00", "2027-07-14T13:00", "2027-07-14T18:00"),
        ("step:0", "step:1", "2027-01-01T00:00", "2027-01-01T05:00"),
    ],
)
def test_a_window_is_named_by_moments_both_included(
    hours: Callable[..., HourlyLines], from_: str, to: str, first: str, last: str
) -> None:
    found = hours(from_=from_, to=to)
    assert (str(found.moments[0]), str(found.moments[-1])) == (first, last)
    assert str(found.moments[0]) == str(hours().moments[found.first])


def test_representative_weeks_are_named_by_quarter_and_hour(settings: Settings, store: ServerStore) -> None:
    keep(settings, store, timeline(weeks=True))
    found = hourly.hours(settings, store, ID, HourQuestion(from_="2028Q1", to="2028Q2 003"))
    assert (str(found.moments[0]), str(found.moments[-1]), found.dated) == ("2028Q1 000", "2028Q2 003", False)


@pytest.mark.parametrize(
    ("asked", "path", "expected"),
    [
        ({"variable": "facilty_w"}, "variable", "facility_w"),
        ({"variable": "train_flops"}, "variable", "facility_w"),
        ({"by": "platform"}, "by", "one of site, for facility_w"),
        ({"only": {"platform": "gb300"}}, "only", "one of site"),
        ({"only": {"site": "s11"}}, "only", "one of s0, s1"),
        ({"from_": "yesterday"}, "from", "2028-07-14T16:00"),
        ({"to": "2027Q1 003"}, "to", "2028-07-14T16:00"),
        ({"from_": "2027-05", "to": "2027-04"}, "from", "the first before the last"),
        ({"from_": "2030"}, "from", "2027-01-01T00:00 to 2028-02-04T23:00"),
    ],
)
def test_what_is_not_there_is_refused_with_what_is(
    hours: Callable[..., HourlyLines], asked: dict[str, object], path: str, expected: str
) -> None:
    error = refused(lambda: hours(**asked))
    assert error.path == path
    assert expected in error.expected


def test_a_result_that_was_not_lived_through_is_refused(settings: Settings, store: ServerStore) -> None:
    keep(settings, store, xr.Dataset({"debt_usd": ("period", [1.0])}, coords={"period": ["2027Q1"]}))
    assert "lived through" in refused(lambda: hourly.offers(settings, store, ID)).expected
    assert refused(lambda: hourly.hours(settings, store, "0" * 32, HourQuestion())).why == "absent"


def test_a_table_longer_than_a_response_may_be_is_refused(
    hours: Callable[..., HourlyLines], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = hours(by="site")
    hourly.check_table(found)
    monkeypatch.setattr(hourly, "MOST_FIGURES", found.values.size - 1)
    assert refused(lambda: hourly.check_table(found)).why == "long"


def test_a_file_is_read_once_however_often_it_is_zoomed(
    hours: Callable[..., HourlyLines], monkeypatch: pytest.MonkeyPatch
) -> None:
    hours(by="site")
    monkeypatch.setattr(netcdf, "opened", lambda _: pytest.fail("read again"))
    assert len(hours(by="site", from_="2027-05", to="2027-05").moments) == 31 * 24


def test_memory_gives_up_what_was_read_longest_ago() -> None:
    memory, read = Memory(80), list[str]()

    def reading(name: str, count: int = 5) -> Callable[[], np.ndarray]:
        return lambda: (read.append(name), np.zeros(count))[1]

    for name in ("a", "b", "a", "c", "a", "b"):
        memory.get(name, reading(name))
    assert read == ["a", "b", "c", "b"]
    memory.get("long", reading("long", 100))
    memory.get("a", reading("a"))
    assert read == ["a", "b", "c", "b", "long"]


def test_what_is_kept_cannot_be_changed(hours: Callable[..., HourlyLines], settings: Settings) -> None:
    hours()
    state = Path(jobs.folder_of(settings, ID).absolute() / "timeline.nc").stat()
    key = (jobs.folder_of(settings, ID).absolute() / "timeline.nc", state.st_mtime_ns, state.st_size)
    kept = hourly._MEMORY.get((key, "facility_w"), lambda: np.zeros(1))
    assert kept.shape == (COUNT, 10)
    assert not kept.flags.writeable
