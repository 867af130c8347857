"""A gang's hours: the goodput of renewal theory, hours that add up, and the same as a walk from event to event."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from closed_forms import segment_s
from hypothesis import given, settings
from hypothesis import strategies as st

from gigawatt import tokens
from gigawatt.simulation.gangs import GangHours, walk
from gigawatt.tokens.train.goodput import best_interval_s
from gigawatt.units import HOUR_S

FAILURES_PER_PACKAGE_H = 1.973e-5
REPLICATIONS_COUNT = 40
# Half width of a 99.9 % interval, in standard errors, for 39 degrees of freedom.
ERRORS_COUNT = 3.56
KEPT, LOST, CHECKPOINT, RESTART, WAITING = range(5)


def parts(hours: GangHours) -> np.ndarray:
    return np.stack([hours.kept_h, hours.lost_h, hours.checkpoint_h, hours.restart_h, hours.waiting_h])


def steady(hours: int, events: np.ndarray | None = None, **changes: Any) -> dict[str, Any]:
    """Arguments of a gang on one rack that is always up, which every event hits."""
    event = np.zeros(0) if events is None else events
    given = {
        "event_h": event,
        "draw_frac": np.zeros(event.size),
        "working_count": np.ones(hours),
        "up_count": np.ones(hours),
        "speed_ratio": np.ones(hours),
        "interval_h": 0.4,
        "checkpoint_h": 0.1,
        "restart_h": 0.2,
        "starts_cold": False,
    }
    return given | changes


def poisson(draw: np.random.Generator, rate_per_h: float, hours: int) -> np.ndarray:
    return np.sort(draw.uniform(0, hours, draw.poisson(rate_per_h * hours)))


@pytest.mark.parametrize(("checkpoint_s", "restart_s"), [(2.0, 60.0), (10.0, 180.0), (30.0, 600.0), (60.0, 60.0)])
@pytest.mark.parametrize("packages", [16_384, 32_768, 65_536, 131_072, 262_144, 524_288])
def test_goodput_is_that_of_exact_renewal(packages: int, checkpoint_s: float, restart_s: float) -> None:
    """The gang works on 3 of 4 racks up, so that failures are thinned on the way."""
    rate = packages * FAILURES_PER_PACKAGE_H
    hours = int(max(2000, 2000 / rate))
    interval_s = float(best_interval_s(rate / HOUR_S, checkpoint_s))
    exact = interval_s / float(segment_s(rate / HOUR_S, interval_s, checkpoint_s, restart_s))
    assert exact == pytest.approx(
        float(tokens.effective_frac(packages, FAILURES_PER_PACKAGE_H, checkpoint_s, restart_s)), rel=1e-9
    )
    found = []
    for seed in np.random.SeedSequence([packages, int(restart_s)]).spawn(REPLICATIONS_COUNT):
        draw = np.random.Generator(np.random.Philox(seed))
        events = poisson(draw, rate * 4 / 3, hours)
        case = steady(
            hours,
            events,
            draw_frac=draw.random(events.size),
            working_count=np.full(hours, 3),
            up_count=np.full(hours, 4),
            interval_h=interval_s / HOUR_S,
            checkpoint_h=checkpoint_s / HOUR_S,
            restart_h=restart_s / HOUR_S,
        )
        found.append(walk(**case).progress_h.mean())
    error = np.std(found, ddof=1) / np.sqrt(REPLICATIONS_COUNT)
    assert abs(np.mean(found) - exact) < ERRORS_COUNT * error, f"{np.mean(found):.5f} ± {error:.5f}, exact {exact:.5f}"


@pytest.mark.parametrize("interval_s", [60.0, 7200.0, 36_000.0])
def test_any_interval_gives_its_own_renewal_share(interval_s: float) -> None:
    """The first-order loss λτ/2 is far from small here."""
    rate, checkpoint_s, restart_s, hours = 0.25, 20.0, 900.0, 4000
    exact = interval_s / float(segment_s(rate / HOUR_S, interval_s, checkpoint_s, restart_s))
    found = []
    for seed in np.random.SeedSequence(int(interval_s)).spawn(REPLICATIONS_COUNT):
        events = poisson(np.random.Generator(np.random.Philox(seed)), rate, hours)
        durations = {"interval_h": interval_s, "checkpoint_h": checkpoint_s, "restart_h": restart_s}
        case = steady(hours, events, **{name: value / HOUR_S for name, value in durations.items()})
        found.append(walk(**case).progress_h.mean())
    error = np.std(found, ddof=1) / np.sqrt(REPLICATIONS_COUNT)
    assert abs(np.mean(found) - exact) < ERRORS_COUNT * error, f"{np.mean(found):.5f} ± {error:.5f}, exact {exact:.5f}"


def by_events(case: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Parts and hits by hour, from phase to phase in plain Python: spans first, and who kept what at the end."""
    working, up = case["working_count"], case["up_count"]
    hits = [
        time
        for time, draw in zip(case["event_h"], case["draw_frac"], strict=True)
        if draw < working[int(time)] / up[int(time)]
    ]
    lasts = {RESTART: case["restart_h"], KEPT: case["interval_h"], CHECKPOINT: case["checkpoint_h"]}
    follows = {RESTART: KEPT, KEPT: CHECKPOINT, CHECKPOINT: KEPT}
    spans, lost, hit_count = [], set(), np.zeros(len(working), dtype=int)
    now, segment, phase = 0.0, 0, RESTART if case["starts_cold"] else KEPT
    phase_end = now + lasts[phase]
    while now < len(working):
        hour = int(now)
        if working[hour] == 0:
            spans.append((now, hour + 1, WAITING, segment))
            now, segment, phase = hour + 1.0, segment + 1, RESTART
            phase_end = now + lasts[phase]
            continue
        hit = hits[0] if hits else np.inf
        until = min(hit, hour + 1, phase_end)
        spans.append((now, until, phase, segment))
        now = until
        if until == hit:
            lost.add(segment)
            hit_count[int(hits.pop(0))] += 1
            segment, phase = segment + 1, RESTART
            phase_end = now + lasts[phase]
        elif until == phase_end:
            segment += phase == CHECKPOINT
            phase = follows[phase]
            phase_end = now + lasts[phase]
    found = np.zeros((5, len(working)))
    for start, end, kind, of in spans:
        found[LOST if kind == KEPT and of in lost else kind, int(start)] += end - start
    return found, hit_count


DURATION = st.floats(0.01, 3)


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    hours = draw(st.integers(1, 10))
    rng = np.random.Generator(np.random.Philox(draw(st.integers(0, 2**32))))
    events = poisson(rng, draw(st.floats(0, 5)), hours)
    up = rng.integers(1, 5, hours)
    working = rng.integers(0, up + 1) * (rng.random(hours) < draw(st.sampled_from([0.6, 1.0])))
    return steady(
        hours,
        events,
        draw_frac=rng.random(events.size),
        working_count=working,
        up_count=up,
        speed_ratio=rng.random(hours),
        interval_h=draw(st.one_of(DURATION, st.just(np.inf))),
        checkpoint_h=draw(st.one_of(st.just(0.0), DURATION)),
        restart_h=draw(st.one_of(st.just(0.0), DURATION)),
        starts_cold=draw(st.booleans()),
    )


@settings(max_examples=300)
@given(case=cases())
def test_as_from_event_to_event(case: dict[str, Any]) -> None:
    found, (expected, hits) = walk(**case), by_events(case)
    assert parts(found) == pytest.approx(expected, abs=1e-9)
    assert found.hits_count.tolist() == hits.tolist()


@given(case=cases())
def test_hours_add_up_and_none_is_negative(case: dict[str, Any]) -> None:
    found = walk(**case)
    assert parts(found).sum(axis=0) == pytest.approx(np.ones(len(case["up_count"])), abs=1e-9)
    assert parts(found).min() >= 0
    assert np.array_equal(found.progress_h, found.kept_h * case["speed_ratio"])


@pytest.mark.parametrize("rate_per_h", [1e3, 1e5])
@pytest.mark.parametrize("restart_h", [0.0, 0.2])
def test_absurd_failure_rates_leave_progress_bounded(rate_per_h: float, restart_h: float) -> None:
    events = poisson(np.random.Generator(np.random.Philox(5)), rate_per_h, 20)
    found = walk(**steady(20, events, restart_h=restart_h))
    assert parts(found).min() >= 0
    assert parts(found).sum(axis=0) == pytest.approx(np.ones(20), abs=1e-9)
    assert found.progress_h[:-1].max() == 0
    assert found.hits_count.sum() == events.size


@pytest.mark.parametrize("interval_h", [1e-4, 0.013, 0.4, 7.0])
def test_without_failures_only_checkpoints_cost(interval_h: float) -> None:
    hours = 2000
    found = walk(**steady(hours, interval_h=interval_h))
    assert found.progress_h.mean() == pytest.approx(interval_h / (interval_h + 0.1), abs=8 / hours)
    assert found.restart_h.sum() == found.lost_h.sum() == found.waiting_h.sum() == 0


def test_checkpoints_that_cost_nothing_lose_nothing() -> None:
    """The best interval is then nothing, and without failures it is infinite."""
    events = np.array([0.5, 3.25])
    found = walk(**steady(5, events, interval_h=0.0, checkpoint_h=0.0))
    assert found.kept_h == pytest.approx([0.8, 1, 1, 0.8, 1])
    assert found.lost_h == pytest.approx(np.zeros(5), abs=1e-12)
    never = walk(**steady(5, events, interval_h=np.inf, checkpoint_h=0.0))
    assert never.lost_h == pytest.approx([0.8, 1, 1, 0.25, 0])
    assert never.kept_h == pytest.approx([0, 0, 0, 0.55, 1])


def test_a_hit_takes_back_the_work_of_earlier_hours() -> None:
    found = walk(**steady(4, np.array([2.5]), interval_h=2.2, checkpoint_h=0.2))
    assert found.kept_h == pytest.approx([1, 1, 0.5, 1])
    assert found.lost_h == pytest.approx([0, 0, 0.1, 0])
    assert found.restart_h == pytest.approx([0, 0, 0.2, 0])
    cut_off = walk(**steady(4, np.array([2.3]), interval_h=2.2, checkpoint_h=0.2))
    assert cut_off.lost_h == pytest.approx([1, 1, 0.2, 0])
    assert cut_off.checkpoint_h == pytest.approx([0, 0, 0.1, 0])


def test_a_hit_in_a_restart_begins_it_anew() -> None:
    found = walk(**steady(2, np.array([0.1, 0.25]), interval_h=9.0))
    assert found.restart_h == pytest.approx([0.35, 0])
    assert found.kept_h == pytest.approx([0.55, 1])
    assert found.hits_count.tolist() == [2, 0]


def test_waiting_gives_nothing_keeps_what_was_done_and_ends_in_a_restart() -> None:
    working = np.array([1.0, 1, 0, 0, 1, 0])
    found = walk(**steady(6, np.array([2.5]), working_count=working, interval_h=9.0))
    assert found.progress_h == pytest.approx([1, 1, 0, 0, 0.8, 0])
    assert found.waiting_h.tolist() == [0, 0, 1, 1, 0, 1]
    assert found.restart_h == pytest.approx([0, 0, 0, 0, 0.2, 0])
    assert not found.hits_count.any()


def test_only_draws_below_the_share_of_racks_hit() -> None:
    case = steady(2, np.array([0.5, 1.5]), working_count=np.full(2, 3), up_count=np.full(2, 4))
    assert walk(**case | {"draw_frac": np.array([0.75, 0.7499])}).hits_count.tolist() == [0, 1]


def test_a_cold_start_restarts_first() -> None:
    assert walk(**steady(1, starts_cold=True, interval_h=9.0)).kept_h == pytest.approx([0.8])
    long = walk(**steady(4, starts_cold=True, restart_h=2.5, interval_h=9.0))
    assert long.restart_h == pytest.approx([1, 1, 0.5, 0])


@given(case=cases(), capped_ratio=st.floats(0, 1))
def test_progress_is_in_proportion_to_speed(case: dict[str, Any], capped_ratio: float) -> None:
    full, capped = (
        walk(**case | {"speed_ratio": np.full(len(case["up_count"]), ratio)}) for ratio in (1.0, capped_ratio)
    )
    assert np.array_equal(capped.progress_h, full.progress_h * capped_ratio)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"event_h": np.array([1.0, 0.5])}, "event_h: expected times in order"),
        ({"event_h": np.array([-0.5, 0.5])}, "event_h"),
        ({"event_h": np.array([0.5, 3.0])}, "below 3 h"),
        ({"event_h": np.array([0.5, np.nan])}, "event_h"),
        ({"event_h": np.array([0.5])}, "one draw an event"),
        ({"draw_frac": np.array([0.5, 1.0])}, "draw_frac"),
        ({"draw_frac": np.array([np.nan, 0.0])}, "draw_frac"),
        ({"working_count": np.full(3, -1.0)}, "working_count"),
        ({"working_count": np.full(3, 2.0)}, "working_count"),
        ({"up_count": np.full(3, np.nan)}, "working_count"),
        ({"up_count": np.full(3, np.inf)}, "finite"),
        ({"up_count": np.ones(2)}, "one value for each hour"),
        ({"speed_ratio": np.full(3, 1.1)}, "speed_ratio"),
        ({"speed_ratio": np.full(3, np.nan)}, "speed_ratio"),
        ({"interval_h": -1.0}, "interval_h = -1"),
        ({"interval_h": np.nan}, "interval_h = nan"),
        ({"checkpoint_h": -1.0}, "checkpoint_h = -1"),
        ({"restart_h": np.inf}, "restart_h = inf"),
        ({"restart_h": np.nan}, "restart_h = nan"),
    ],
)
def test_mistakes_are_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        walk(**steady(3, np.array([0.5, 1.5])) | changes)
