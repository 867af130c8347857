"""Stamps become nanoseconds: with 0 to 9 digits of fraction, with an offset or none, many at once as one by one."""

import re
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigawatt.readers.traces.digits import sign_text
from gigawatt.readers.traces.stamps import NO_OFFSET, column_nanoseconds, nanoseconds

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def column(stamps: list[str]) -> tuple[list[int], list[int], list[bool]]:
    data = "\n".join(stamps).encode() + b"\n"
    ends = np.cumsum([len(stamp) + 1 for stamp in stamps]) - 1
    starts = ends - np.array([len(stamp) for stamp in stamps])
    times_ns, offsets_s, read = column_nanoseconds(sign_text(data), starts, ends)
    return times_ns.tolist(), offsets_s.tolist(), read.tolist()


@pytest.mark.parametrize(
    ("text", "time_ns", "offset_s"),
    [
        ("2023-11-16 18:17:03.9799600", 1700158623_979960000, NO_OFFSET),
        ("2023-11-16 18:17:03.9799601", 1700158623_979960100, NO_OFFSET),
        ("2023-11-16T18:17:03.123456789Z", 1700158623_123456789, 0),
        ("2023-11-16 18:17:03 UTC", 1700158623_000000000, 0),
        ("2024-05-12 00:00:00.001163+00:00", 1715472000_001163000, 0),
        ("2024-05-12 00:00:00+00:00", 1715472000_000000000, 0),
        ("2024-05-12 02:00:00+02:00", 1715472000_000000000, 7200),
        ("2024-05-11 19:30:00,5-0430", 1715472000_500000000, -16200),
    ],
)
def test_a_stamp_is_read(text: str, time_ns: int, offset_s: int) -> None:
    assert nanoseconds(text) == (time_ns, offset_s)
    assert column([text, text]) == ([time_ns] * 2, [offset_s] * 2, [True] * 2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("16/11/2023 18:17:03", "a time such as 2023-11-16 18:17:03.9799600"),
        ("2023-11-16", "a time such as"),
        ("2023-11-16 18:17:03.1234567890", "a time such as"),
        ("1700158623", "a time such as"),
        ("", "a time such as"),
        ("2023-W46-4 18:17:03", "a time such as"),
        ("2023-02-30 18:17:03", "a time that there is"),
        ("2023-11-16 24:00:00", "a time that there is"),
        ("2023-11-16 18:17:60", "a time that there is"),
        ("1823-11-16 18:17:03", "a time of the years 2000 to 2099"),
        ("2023-11-16 18:17:03+15:00", "an offset from UTC of -12:00 to +14:00"),
        ("2023-11-16 18:17:03+01:75", "an offset from UTC of -12:00 to +14:00"),
    ],
)
def test_what_is_no_stamp_is_refused_and_never_read_in_a_column(text: str, expected: str) -> None:
    with pytest.raises(ValueError, match=re.escape(expected)):
        nanoseconds(text)
    good = "2023-11-16 18:17:03.9799600"
    assert column([good, text, good])[2] == [True, False, True]


def test_forms_may_change_within_a_column() -> None:
    stamps = ["2024-05-12 00:00:00.001163+00:00", "2024-05-12 00:00:01+00:00", "2024-05-12 00:00:02.000001+00:00"]
    times_ns, offsets_s, read = column(stamps)
    assert times_ns == [nanoseconds(stamp)[0] for stamp in stamps]
    assert (offsets_s, read) == ([0] * 3, [True] * 3)


def test_another_offset_of_the_same_width_is_left_to_be_read_alone() -> None:
    assert column(["2024-05-12 00:00:00+00:00", "2024-05-12 00:00:00+02:00"])[2] == [True, False]


@settings(deadline=None)
@given(st.lists(st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)), min_size=1), st.sampled_from(" T"))
def test_columns_agree_with_the_standard_library(times: list[datetime], between: str) -> None:
    stamps = [f"{time:%Y-%m-%d}{between}{time:%H:%M:%S.%f}7" for time in times]
    times_ns, _, read = column(stamps)
    assert all(read)
    micro = timedelta(microseconds=1)
    assert times_ns == [(time.replace(tzinfo=UTC) - EPOCH) // micro * 1000 + 700 for time in times]


@settings(deadline=None)
@given(st.lists(st.text("0123456789-: T.+Z", min_size=17, max_size=34), min_size=1))
def test_a_column_never_reads_what_is_refused_alone(stamps: list[str]) -> None:
    for text, time_ns, read in zip(stamps, *column(stamps)[::2], strict=True):
        if read:
            assert nanoseconds(text)[0] == time_ns
