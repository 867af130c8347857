"""Lines of CSV become requests; every mistake in them is named by line and column, up to 20 at once."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gigawatt.readers.traces import read_trace, whole

Write = Callable[..., Path]
Drained = Callable[[Path], list[str]]
HEAD = "timestamp_ms,input_length,output_length"
AZURE = "TIMESTAMP,ContextTokens,GeneratedTokens"


def test_plain_lines_are_read(trace: Write) -> None:
    found = whole(read_trace(trace(HEAD, "0,5,6", "250,2147483647,1", "1000.25,7,8")).chunks)
    assert found.arrival_s.tolist() == [0.0, 0.25, 1.00025]
    assert found.input_tokens.tolist() == [5, 2147483647, 7]
    assert found.output_tokens.tolist() == [6, 1, 8]
    assert found.hashes is None


@pytest.mark.parametrize(
    "lines",
    [
        ("0,5,6", "250,7,8"),
        ("0, 5, 6", " 250 ,7,8"),
        ('"0","5","6"', '250,"7",8'),
        ("0,5.0,6", "2.5e2,7,8.0"),
        ("", "0,5,6", "", "250,7,8", ""),
        ("+0,5,6", "000250,07,8"),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_same_numbers_in_other_clothes(trace: Write, lines: tuple[str, ...], end: str) -> None:
    found = whole(read_trace(trace(HEAD, *lines, end=end)).chunks)
    assert found.arrival_s.tolist() == [0.0, 0.25]
    assert found.input_tokens.tolist() == [5, 7]
    assert found.output_tokens.tolist() == [6, 8]


def test_a_last_line_without_an_end_is_read(trace: Write) -> None:
    assert len(whole(read_trace(trace(f"{HEAD}\n0,5,6\n1,7,8", end="")).chunks)) == 2


def test_columns_may_stand_in_any_order_among_others(trace: Write) -> None:
    read = read_trace(trace("user,output_length,Timestamp_MS,input_length", "a,6,0,5", '"b,c",8,500,7'))
    found = whole(read.chunks)
    assert found.arrival_s.tolist() == [0.0, 0.5]
    assert found.input_tokens.tolist() == [5, 7]
    assert read.notes == ["Columns that are not read: user."]


TOKENS = "a whole number of tokens from {} to 2,147,483,647"


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("1,-5,6", f'trace.csv line 3 input_length = "-5": expected {TOKENS.format(1)}'),
        ("1,0,6", f'trace.csv line 3 input_length = "0": expected {TOKENS.format(1)}'),
        ("1,5.5,6", f'trace.csv line 3 input_length = "5.5": expected {TOKENS.format(1)}'),
        ("1,2147483648,6", f'trace.csv line 3 input_length = "2147483648": expected {TOKENS.format(1)}'),
        ("1,1e300,6", f'trace.csv line 3 input_length = "1e300": expected {TOKENS.format(1)}'),
        ("1,NaN,6", f'trace.csv line 3 input_length = "NaN": expected {TOKENS.format(1)}'),
        ("1,inf,6", f'trace.csv line 3 input_length = "inf": expected {TOKENS.format(1)}'),
        ("1,,6", f'trace.csv line 3 input_length = "": expected {TOKENS.format(1)}'),
        ("1,1_000,6", f'trace.csv line 3 input_length = "1_000": expected {TOKENS.format(1)}'),
        ("1,5,-6", f'trace.csv line 3 output_length = "-6": expected {TOKENS.format(0)}'),
        ("-1,5,6", 'trace.csv line 3 timestamp_ms = "-1": expected milliseconds, a number of at least 0'),
        ("nan,5,6", 'trace.csv line 3 timestamp_ms = "nan": expected milliseconds, a number of at least 0'),
        ("1e13,5,6", 'trace.csv line 3 timestamp_ms = "1e13": expected milliseconds, a number of at least 0'),
        (
            "2023-11-16 18:17:03,5,6",
            'trace.csv line 3 timestamp_ms = "2023-11-16 18:17:03": expected milliseconds, a number of at least 0',
        ),
        ("1,5", "trace.csv line 3 = 2 cells: expected 3 as in the header"),
        ("1,5,6,7", "trace.csv line 3 = 4 cells: expected 3 as in the header"),
        ('1,"5,6', "trace.csv line 3 = quotes that do not close (unexpected end of data): expected a line of CSV"),
    ],
)
def test_a_mistake_is_named_by_line_and_column(trace: Write, drained: Drained, line: str, fault: str) -> None:
    assert drained(trace(HEAD, "0,5,6", line, "2,5,6")) == [fault]


def test_a_line_may_have_several_mistakes(trace: Write, drained: Drained) -> None:
    assert len(drained(trace(HEAD, "x,y,z"))) == 3


def test_twenty_mistakes_are_told_at_once_in_their_order(trace: Write, drained: Drained) -> None:
    lines = [f"{n},{'x' if n % 2 else 5},6" + (",7" if n == 30 else "") for n in range(60)]
    faults = drained(trace(HEAD, *lines))
    assert [fault.split(" = ")[0] for fault in faults[:2]] == [
        "trace.csv line 3 input_length",
        "trace.csv line 5 input_length",
    ]
    assert "trace.csv line 32 = 4 cells: expected 3 as in the header" in faults
    assert faults[20:] == ["and = 11 more of these lines: expected these 20 mended first"]


def test_mistakes_far_below_are_found_where_they_are_read(trace: Write, drained: Drained) -> None:
    lines = [f"{n},5,6" for n in range(200_000)]
    lines[199_990] = "199990,-5,6"
    assert drained(trace(HEAD, *lines))[0].startswith("trace.csv line 199992 input_length")


def test_blocks_of_prompts_are_read(files: Path) -> None:
    found = whole(read_trace(files / "own.csv").chunks)
    assert found.arrival_s.tolist() == [0.0, 0.2505, 1.0]
    assert found.hashes is not None
    assert found.hash_ends is not None
    assert found.hashes.tolist() == [7, 8, 7, 8, 9, 11]
    assert found.hash_ends.tolist() == [2, 5, 6]
    assert found.hash_tokens == 512


def test_blocks_of_another_size_are_said(trace: Write, drained: Drained) -> None:
    path = trace(f"{HEAD},hash_ids", "0,33,6,1 2 3")
    assert drained(path) == [
        "trace.csv line 2 hash_ids = 3 blocks: expected 1 for a prompt of 33 tokens in blocks of 512"
    ]
    found = next(read_trace(path, hash_tokens=16).chunks)
    assert found.hash_tokens == 16
    assert found.hash_ends is not None
    assert found.hash_ends.tolist() == [3]


@pytest.mark.parametrize(
    ("ids", "given"),
    [
        ("1", "1 blocks: expected 2 for a prompt of 1024 tokens in blocks of 512"),
        ("1 2 3", "3 blocks: expected 2 for a prompt of 1024 tokens in blocks of 512"),
        ("", "0 blocks: expected 2 for a prompt of 1024 tokens in blocks of 512"),
        ("1 -2", '"1 -2": expected whole numbers of at least 0 with blanks between them'),
        ("1 2.5", '"1 2.5": expected whole numbers of at least 0 with blanks between them'),
        ("1 99999999999999999999", '"1 99999999999999999999": expected whole numbers of at least 0'),
        ("[1 2", '"[1 2": expected whole numbers of at least 0 with blanks between them'),
    ],
)
def test_blocks_that_are_not_those_of_the_prompt_are_refused(
    trace: Write, drained: Drained, ids: str, given: str
) -> None:
    (fault,) = drained(trace(f"{HEAD},hash_ids", f"0,1024,6,{ids}"))
    assert fault.startswith(f"trace.csv line 2 hash_ids = {given}")


def test_a_count_of_blocks_is_checked_and_said_not_to_name_them(trace: Write, drained: Drained) -> None:
    read = read_trace(trace(f"{HEAD},n_blocks", "0,1024,6,2", "1,1025,6,3"))
    assert next(read.chunks).hashes is None
    assert read.notes == ["n_blocks says how many blocks a prompt has, not which: no prefix is known to be shared."]
    assert drained(trace(f"{HEAD},n_blocks", "0,1024,6,2", "1,1025,6,2")) == [
        'trace.csv line 3 n_blocks = "2": expected 3 for a prompt of 1025 tokens in blocks of 512'
    ]


def test_stamps_of_seven_digits_are_read(files: Path) -> None:
    read = read_trace(files / "azure_2023.csv")
    found = whole(read.chunks)
    assert found.arrival_s.tolist() == [0.0, 1e-7, 63.31941]
    assert found.input_tokens.tolist() == [374, 396, 879]
    assert found.output_tokens.tolist() == [44, 109, 55]
    assert read.notes == ["Stamps state no offset from UTC: the time between them is that of one clock."]


def test_stamps_with_and_without_a_fraction_are_of_one_column(files: Path) -> None:
    read = read_trace(files / "azure_2024.csv")
    assert whole(read.chunks).arrival_s.tolist() == [0.0, 0.001163, 1.251163]
    assert read.notes == []


def test_several_offsets_are_taken_to_utc_and_said(trace: Write) -> None:
    read = read_trace(trace(AZURE, "2024-05-12 00:00:00+00:00,5,6", "2024-05-12 02:00:01.5+02:00,7,8"))
    assert whole(read.chunks).arrival_s.tolist() == [0.0, 1.5]
    assert read.notes == ["Stamps state several offsets from UTC (+00:00, +02:00): all were taken to UTC."]


@pytest.mark.parametrize(
    ("first", "second", "fault"),
    [
        ("Z", "", "without an offset from UTC: expected one with an offset, as in the lines above"),
        ("", "+00:00", "with an offset from UTC: expected one without an offset, as in the lines above"),
    ],
)
def test_stamps_with_and_without_offset_are_not_mixed(
    trace: Write, drained: Drained, first: str, second: str, fault: str
) -> None:
    path = trace(AZURE, f"2024-05-12 00:00:00{first},5,6", f"2024-05-12 00:00:01{second},7,8")
    assert drained(path) == [f"trace.csv line 3 TIMESTAMP = a stamp {fault}"]


def test_a_stamp_that_there_is_not_is_refused(trace: Write, drained: Drained) -> None:
    (fault,) = drained(trace(AZURE, "2024-05-12 00:00:00,5,6", "2024-05-32 00:00:01,7,8"))
    assert fault.startswith('trace.csv line 3 TIMESTAMP = "2024-05-32 00:00:01": expected a time that there is (')


def test_requests_that_failed_are_kept_apart_and_counted(files: Path) -> None:
    read = read_trace(files / "burstgpt_1.csv")
    found = whole(read.chunks)
    assert found.arrival_s.tolist() == [0.0, 40.0, 116.0]
    assert found.input_tokens.tolist() == [472, 1087, 31]
    assert (read.tally.failed_count, read.tally.failed_input_tokens) == (2, 417)
    assert read.tally.promptless_count == 1
    assert read.notes == [
        "Columns that are not read: Model, Total tokens, Log Type.",
        "Failed, without an answer: 2 requests (33.3%), kept apart.",
        "With an answer and no prompt: 1 request, left out.",
    ]


def test_columns_between_the_others_are_no_lengths(files: Path) -> None:
    found = whole(read_trace(files / "burstgpt_3.csv").chunks)
    assert found.arrival_s.tolist() == [0.0, 51.5]
    assert found.input_tokens.tolist() == [906, 36]
    assert found.output_tokens.tolist() == [446, 29]


def test_a_trace_of_failures_alone_is_refused(trace: Write, drained: Drained) -> None:
    assert drained(trace(HEAD, "0,5,0", "1,5,0")) == [
        "trace.csv = 2 requests without an answer, 0 without a prompt: expected lines of requests with an answer"
    ]


def test_the_traces_here_are_read_whole(data_dir: Path) -> None:
    """Counts and sums by pandas: 19,366 and 8,819 requests; burstiness as the gaps' coefficient of variation."""
    seen = {}
    for name in ("conv", "code"):
        read = read_trace(data_dir / "traces" / f"AzureLLMInferenceTrace_2023_{name}.csv")
        gaps_s = np.diff(whole(read.chunks).arrival_s)
        tally = read.tally
        seen[name] = (tally.requests_count, tally.input_tokens, tally.output_tokens, round(tally.span_s, 6))
        assert round(gaps_s.std() / gaps_s.mean(), 1) == {"conv": 1.1, "code": 13.2}[name]
    assert seen == {
        "conv": (19366, 22361870, 4088665, 3501.721937),
        "code": (8819, 18059974, 245896, 3435.948056),
    }
