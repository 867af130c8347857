"""Clocks of files: every form of a time is one moment, columns read as single cells do, and nothing is guessed."""

import re
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigawatt.readers import clock
from gigawatt.readers.clock import column_milliseconds, epoch_milliseconds, milliseconds

NEW_YEAR_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z
H_MS = 3_600_000


@pytest.mark.parametrize(
    ("text", "since_new_year_ms"),
    [
        ("2026-01-01T00:00:00Z", 0),
        ("2026-01-01t00:00:00z", 0),
        ("2026-01-01 00:00", 0),
        ("2026-01-01", 0),
        ("2026-01-01 00:00:00 UTC", 0),
        ("2026-01-01T01:00:00+01:00", 0),
        ("2026-01-01T05:30+0530", 0),
        ("2025-12-31T18:00:00-06", 0),
        ("  2026-01-01T00:00:01.5Z ", 1_500),
        ("2026-01-01T00:00:00,25Z", 250),
        ("2026-01-01T00:00:00.9999Z", 999),
        ("2026-01-01T00:00:00.123456789Z", 123),
        ("2026-01-02T00:00:00Z", 24 * H_MS),
    ],
)
def test_every_form_of_a_time_is_the_same_moment(text: str, since_new_year_ms: int) -> None:
    assert milliseconds(text, 0.0) == NEW_YEAR_MS + since_new_year_ms
    for texts in ([text], [text, text], [text, "2026-01-01T00:00:00Z"]):
        found, reasons = column_milliseconds(texts, 0.0)
        assert reasons == {}
        assert found[0] == NEW_YEAR_MS + since_new_year_ms


def test_a_time_without_offset_is_on_the_clock_that_is_asked_for_and_another_keeps_its_own() -> None:
    assert milliseconds("2025-12-31 18:00", -6 * 3_600.0) == NEW_YEAR_MS
    assert milliseconds("2026-01-01T00:00:00Z", -6 * 3_600.0) == NEW_YEAR_MS
    found, _ = column_milliseconds(["2025-12-31 18:00", "2025-12-31 19:00"], -6 * 3_600.0)
    assert found.tolist() == [NEW_YEAR_MS, NEW_YEAR_MS + H_MS]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2026-01-01T00:00:00", "states no offset from UTC, and none is guessed: say it (utc_offset)"),
        ("2026-01-01", "(utc_offset)"),
        ("2026-01-01T24:00:00Z", "the end of a day: write 00:00"),
        ("2016-12-31T23:59:60Z", "a leap second"),
        ("01/02/2026 00:15", "which is day and which is month"),
        ("1.2.2026", "which is day and which is month"),
        ("1767225600", "a bare number"),
        ("", "no time"),
        ("2026-02-30T00:00Z", "is no time: day is out of range"),
        ("2026-01-01T25:00Z", "is no time: hour must be in"),
        ("20260101T000000Z", "is no time"),
        ("2026-W01-1", "is no time"),
        ("2026-01-01x00:00Z", "is no time"),
        ("٢٠٢٦-٠١-٠١T00:00Z", "is no time"),
        ("1970-01-20T00:00Z", "outside of the years 2000 to 2099"),
        ("2100-01-01T00:00Z", "outside of the years"),
        ("2026-01-01T00:00+15:00", "no clock on Earth"),
        ("2026-01-01T00:00+01:75", "no clock on Earth"),
    ],
)
def test_what_is_no_time_is_refused_with_a_reason_alone_and_in_a_column(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        milliseconds(text)
    found, reasons = column_milliseconds(["2026-01-01T00:00:00Z", text, "2026-01-01T00:00:00Z"])
    assert list(reasons) == [1]
    assert reason in reasons[1]
    assert found.tolist() == [NEW_YEAR_MS, 0, NEW_YEAR_MS]
    _, reasons = column_milliseconds([text, text])
    assert list(reasons) == [0, 1]


def test_an_empty_column_has_no_times() -> None:
    found, reasons = column_milliseconds([])
    assert (found.tolist(), reasons) == ([], {})


@settings(deadline=None)
@given(
    st.lists(
        st.datetimes(datetime(2000, 1, 2), datetime(2099, 12, 30)),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from(["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M+0200", "%Y-%m-%d"]),
    st.integers(-12 * 60, 14 * 60),
)
def test_a_column_of_one_form_reads_as_its_cells_do(moments: list[datetime], form: str, offset_min: int) -> None:
    texts = [moment.strftime(form) for moment in moments]
    found, reasons = column_milliseconds(texts, 60.0 * offset_min)
    assert reasons == {}
    assert found.tolist() == [milliseconds(text, 60.0 * offset_min) for text in texts]


def test_numbers_since_1970_are_seconds_or_milliseconds_as_the_caller_says() -> None:
    moment = datetime(2026, 11, 28, 7, 59, 10, 312_000, tzinfo=UTC)
    assert epoch_milliseconds("1795852750.312", "s") == round(moment.timestamp() * 1_000)
    assert epoch_milliseconds("1795852750312", "ms") == round(moment.timestamp() * 1_000)
    assert epoch_milliseconds("1.795852750312e9", "s") == round(moment.timestamp() * 1_000)


@pytest.mark.parametrize(
    ("text", "unit", "reason"),
    [
        ("1795852750", "ms", "outside of the years"),
        ("1795852750312", "s", "outside of the years"),
        ("4294967294", "s", "outside of the years"),
        ("1e999", "s", "outside of the years"),
        ("nan", "s", "no number of s"),
        ("-1", "s", "no number of s"),
        ("1_795_852_750", "s", "no number of s"),
        ("", "ms", "no number of ms"),
    ],
)
def test_a_number_in_the_wrong_unit_is_refused(text: str, unit: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        epoch_milliseconds(text, unit)  # type: ignore[arg-type]


def test_a_column_of_one_form_is_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "milliseconds", None)
    hours = np.datetime64("2026-01-01T00:00:00") + np.arange(48) * np.timedelta64(1, "h")
    found, _ = column_milliseconds([f"{hour}+01:00" for hour in hours])
    assert found.tolist() == [NEW_YEAR_MS + (n - 1) * H_MS for n in range(48)]


def test_a_long_column_of_several_forms_and_faults_reads_as_its_cells_do() -> None:
    hours = np.datetime64("2026-01-01T00:00:00") + np.arange(300) * np.timedelta64(1, "h")
    texts = [f"{hour}{'+01:00' if n < 100 else '+02:00'}" for n, hour in enumerate(hours)]
    texts[50] = texts[250] = "2026-01-01T24:00:00+02:00"
    found, reasons = column_milliseconds(texts)
    assert list(reasons) == [50, 250]
    good = [n for n in range(300) if n not in reasons]
    assert found[good].tolist() == [milliseconds(texts[n]) for n in good]
