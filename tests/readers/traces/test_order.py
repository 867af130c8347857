"""Requests come out in order of time within bounded memory, and those of a clock's ticks are laid out over them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigawatt.errors import CatalogError
from gigawatt.readers.traces import order, read_trace, whole
from gigawatt.readers.traces.order import ClockTicks, Disorder, in_order, spread_out, ticks
from gigawatt.readers.traces.rows import TraceRows, joined
from gigawatt.readers.traces.stamps import NS_PER_S

Write = Callable[..., Path]
FILE = Path("trace.csv")
HEAD = "timestamp_ms,input_length,output_length"


def rows(times_s: list[float], line: int = 2) -> TraceRows:
    """Requests at these times, whose lines follow each other; each has as many blocks as its line's last digit."""
    lines = np.arange(line, line + len(times_s))
    return TraceRows(
        line=lines,
        time_ns=np.rint(np.array(times_s) * NS_PER_S).astype(np.int64),
        input_tokens=lines,
        output_tokens=lines,
        hashes=np.repeat(lines, lines % 10),
        hash_counts=lines % 10,
    )


def parts(times_s: list[float], size: int) -> list[TraceRows]:
    return [rows(times_s[n : n + size], line=n + 2) for n in range(0, len(times_s), size)]


@settings(deadline=None)
@given(st.lists(st.integers(0, 50), min_size=1, max_size=60), st.integers(1, 20))
def test_requests_are_sorted_as_the_standard_library_does(times_s: list[int], size: int) -> None:
    seen = Disorder()
    found = joined(list(in_order(FILE, iter(parts([float(t) for t in times_s], size)), seen)))
    lines = sorted(range(2, len(times_s) + 2), key=lambda line: times_s[line - 2])
    assert found.line.tolist() == lines
    assert found.hashes is not None
    assert found.hashes.tolist() == [line for line in lines for _ in range(line % 10)]
    tops = np.maximum.accumulate(times_s)
    assert seen.late_count == (tops > times_s).sum()
    assert seen.most_late_ns == (tops - times_s).max() * NS_PER_S


def test_memory_holds_a_window_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten thousand parts in, and never more than a window and a part held back."""
    monkeypatch.setattr(order, "WINDOW_COUNT", 100)
    given_count = 0

    def endless() -> Iterator[TraceRows]:
        nonlocal given_count
        for n in range(10_000):
            given_count += 10
            yield rows([n + k / 10 for k in range(10)], line=10 * n + 2)

    taken = 0
    for part in in_order(FILE, endless(), Disorder()):
        taken += len(part)
        assert given_count - taken <= 110
    assert taken == given_count == 100_000


def test_a_late_line_within_the_window_is_put_in_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order, "WINDOW_COUNT", 3)
    found = joined(list(in_order(FILE, iter(parts([1.0, 2.0, 3.0, 4.0, 1.5, 5.0], 1)), Disorder())))
    assert found.line.tolist() == [2, 6, 3, 4, 5, 7]


def test_a_line_too_many_lines_late_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order, "WINDOW_COUNT", 3)
    with pytest.raises(CatalogError) as error:
        list(in_order(FILE, iter(parts([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 1.5], 1)), Disorder()))
    assert str(error.value) == (
        "trace.csv line 8 = a time 4.500 s before that of line 7: "
        "expected times in order, or at most 60 s and 3 lines late"
    )


def test_a_line_too_long_late_is_refused_with_all_of_its_part(trace: Write) -> None:
    lines = ["0,1,1", "61000,1,1", "500,1,1", "61000,1,1", "999,1,1", "1000,1,1"]
    with pytest.raises(CatalogError) as error:
        read_trace(trace(HEAD, *lines))
    expected = "expected times in order, or at most 60 s and 65,536 lines late"
    assert str(error.value).split("\n") == [
        f"trace.csv line 4 = a time 60.500 s before that of line 3: {expected}",
        f"trace.csv line 6 = a time 60.001 s before that of line 3: {expected}",
    ]


def test_a_file_of_two_halves_the_wrong_way_round_names_twenty_lines(trace: Write) -> None:
    lines = [f"{n * 1000},1,1" for n in [*range(1000, 1100), *range(100)]]
    with pytest.raises(CatalogError) as error:
        read_trace(trace(HEAD, *lines))
    assert len(error.value.faults) == 21
    assert str(error.value.faults[0]).startswith("trace.csv line 102 = a time 1,099.000 s before that of line 101")
    assert error.value.faults[20].given == "80 more of these lines"


def test_lines_that_are_late_are_sorted_and_said(trace: Write) -> None:
    read = read_trace(trace(HEAD, "1000,1,1", "3500,2,1", "1250,3,1", "1250,4,1", "4000,5,1"))
    found = whole(read.chunks)
    assert found.arrival_s.tolist() == [0.0, 0.25, 0.25, 2.5, 3.0]
    assert found.input_tokens.tolist() == [1, 3, 4, 2, 5]
    assert read.notes == [
        "Written below one that came later: 2 requests, by up to 2.25 s; all are put in order of time."
    ]


def test_times_that_are_the_same_keep_the_order_of_their_lines(trace: Write) -> None:
    read = read_trace(trace(HEAD, *(f"5,{n},1" for n in range(1, 100))))
    found = whole(read.chunks)
    assert found.input_tokens.tolist() == list(range(1, 100))
    assert set(found.arrival_s) == {0.0}
    assert read.notes == []


def stamped(length_ms: int, counts: list[int], jitter_ms: int = 0) -> np.ndarray:
    chance = np.random.default_rng(1)
    starts = np.repeat(np.arange(len(counts)) * length_ms, counts)
    wobble = np.repeat(chance.integers(-jitter_ms, jitter_ms + 1, len(counts)), counts)
    return (5_000 + starts + wobble) * 1_000_000


@pytest.mark.parametrize(("length_ms", "jitter_ms"), [(3000, 1), (3000, 3), (1000, 0), (250, 0), (10_000, 5)])
def test_a_clock_of_ticks_is_found(length_ms: int, jitter_ms: int) -> None:
    counts = np.random.default_rng(2).poisson(4, 400).tolist()
    clock = ticks(np.sort(stamped(length_ms, counts, jitter_ms)))
    assert clock is not None
    assert clock.length_ns == length_ms * 1_000_000
    assert abs(clock.first_ns % (length_ms * 1_000_000) - 5_000_000_000 % (length_ms * 1_000_000)) <= jitter_ms * 1e6


def test_long_silences_between_ticks_hide_no_clock() -> None:
    times_ns = np.sort(np.concatenate([stamped(3000, [5] * 40, 1) + n * 3_000_000_000 * 40_000 for n in range(5)]))
    clock = ticks(times_ns)
    assert clock is not None
    assert clock.length_ns == 3_000_000_000


@pytest.mark.parametrize(
    "times_ns",
    [
        stamped(3000, [5] * 31),  # too few ticks
        stamped(20, [5] * 400),  # a tick shorter than anybody notices
        stamped(60_000, [5] * 400),  # bursts by the minute
        np.append(stamped(3000, [5] * 400, 1), 3000 * 500 * 1_000_000),  # one stamp of another clock
        np.sort(np.random.default_rng(3).integers(0, 10**12, 4000)),
        np.zeros(100, dtype=np.int64),
    ],
)
def test_other_times_are_no_clock_of_ticks(times_ns: np.ndarray) -> None:
    assert ticks(times_ns) is None


@settings(deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=30).filter(any), st.integers(1, 9))
def test_requests_of_a_tick_are_laid_out_evenly_however_they_come(counts: list[int], size: int) -> None:
    times_s = [3.0 * tick + 0.001 * (tick % 2) for tick, count in enumerate(counts) for _ in range(count)]
    clock = ClockTicks(length_ns=3 * NS_PER_S, first_ns=0)
    laid = list(spread_out(FILE, iter(parts(times_s, size)), clock))
    found = np.concatenate([time_ns for _, time_ns in laid]).tolist()
    tick_ns = 3 * NS_PER_S
    expected = [tick * tick_ns + n * tick_ns // count for tick, count in enumerate(counts) for n in range(count)]
    assert found == expected
    assert joined([part for part, _ in laid]).line.tolist() == list(range(2, len(times_s) + 2))


def test_requests_between_ticks_keep_their_times_and_all_stay_in_order() -> None:
    clock = ClockTicks(length_ns=3 * NS_PER_S, first_ns=0)
    laid = list(spread_out(FILE, iter(parts([0.0, 0.0, 0.0, 1.5, 2.0, 2.9, 3.0, 3.0], 1)), clock))
    assert (np.concatenate([time_ns for _, time_ns in laid]) / NS_PER_S).tolist() == [0, 1, 1.5, 2, 2, 2.9, 3, 4.5]
    assert joined([part for part, _ in laid]).line.tolist() == [2, 3, 5, 4, 6, 7, 8, 9]


def test_at_random_is_the_same_for_the_same_seed_and_uniform_over_the_tick() -> None:
    clock = ClockTicks(length_ns=3 * NS_PER_S, first_ns=0)
    times_s = [3.0 * tick for tick in range(2000) for _ in range(5)]

    def laid(seed: int, size: int) -> np.ndarray:
        return np.concatenate([time_ns for _, time_ns in spread_out(FILE, iter(parts(times_s, size)), clock, seed)])

    one = laid(1, 1000)
    assert (one == laid(1, 77)).all()
    assert (one != laid(2, 1000)).any()
    assert (np.diff(one) >= 0).all()
    assert (one // (3 * NS_PER_S) == np.repeat(np.arange(2000), 5)).all()
    within = one % (3 * NS_PER_S) / (3 * NS_PER_S)
    # Means of 10,000 uniform numbers and of their squares, within five standard errors.
    assert abs(within.mean() - 1 / 2) < 5 * np.sqrt(1 / 12 / 10_000)
    assert abs((within**2).mean() - 1 / 3) < 5 * np.sqrt(4 / 45 / 10_000)


def test_a_tick_that_does_not_end_is_refused_before_it_fills_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order, "MOST_OF_A_TICK_COUNT", 50)
    clock = ClockTicks(length_ns=3 * NS_PER_S, first_ns=0)
    with pytest.raises(CatalogError) as error:
        list(spread_out(FILE, iter(parts([0.0] * 100, 10)), clock))
    assert str(error.value) == (
        "trace.csv line 2 = more than 50 requests in a tick of 3 s: expected fewer, or the trace as it stands, "
        "without spreading them"
    )


def test_mooncakes_ticks_are_found_and_spread_by_default(data_dir: Path) -> None:
    path = data_dir / "traces" / "mooncake_conversation_trace.csv"
    raw, read = read_trace(path, spread=False), read_trace(path)
    raw_s, spread_s = whole(raw.chunks).arrival_s, whole(read.chunks).arrival_s
    assert (raw.tick_s, read.tick_s) == (3.0, 3.0)
    assert (np.diff(raw_s) == 0).sum() == 12031 - 1180
    assert (np.diff(spread_s) > 0).all()
    # No request moves by more than its tick and the clock's wobble of 3 ms.
    assert (spread_s - raw_s).min() > -0.0031
    assert (spread_s - raw_s).max() < 3.0031
    clock = (
        "Stamps are of a clock that ticks every 3 s, and 10,851 requests share a tick with one before: those of a tick"
    )
    assert read.notes[1:] == [f"{clock} are spread evenly over it, for they did not come all at once."]
    assert raw.notes[1:] == [f"{clock} arrive at once, as they are stamped."]
    assert read.tally.off_tick_count == 0
    drawn_s = whole(read_trace(path, seed=1).chunks).arrival_s
    gaps_s = np.diff(drawn_s)
    assert 0.9 < gaps_s.std() / gaps_s.mean() < 1.2


def test_a_clock_whose_ticks_nobody_shares_changes_nothing(trace: Write) -> None:
    read = read_trace(trace(HEAD, *(f"{1000 * n},1,1" for n in range(100))))
    assert whole(read.chunks).arrival_s.tolist() == list(range(100))
    assert (read.tick_s, read.notes) == (1.0, [])


def test_sharing_is_counted_across_chunks_and_what_is_between_ticks_is_said(trace: Write) -> None:
    ticked = [f"{1000 * (n // 4)},1,1" for n in range(4 * 20_000)]
    read = read_trace(trace(HEAD, *ticked, "20000500,1,1", "20001000,1,1"), chunk_count=7)
    assert read.tally.sharing_count == 0
    assert whole(read.chunks).arrival_s[-6:].tolist() == [19999, 19999.25, 19999.5, 19999.75, 20000.5, 20001]
    assert read.tally.sharing_count == 60_000
    assert read.notes[1] == "Stamped between two ticks: 1 request, at their own times."
