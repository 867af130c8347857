"""Who asks when, and for how much: streams of requests of many clients, drawn by chance and alike for a seed.

A client asks at the events of a stationary renewal process of unit rate whose clock runs as fast as its rate [1]: with
Λ(t) the integral of the rate and τ the events of the process, requests come at Λ⁻¹(τ). So the mean of every window is
the profile's, whatever the gaps, and gaps keep their shape where the rate changes. The first gap is that of a process
that has always run (its density is the survival function of a gap [2]), for one that starts at 0 would bring
(CV² - 1) / 2 requests too many. Prompts and answers have log-normal lengths, rounded and clipped, whose means are those
after clipping. Many clients are superposed [3], some with sessions of turns.

References
----------
[1] I. Gerhardt and B. L. Nelson, "Transforming renewal processes for simulation of nonstationary arrival processes",
    INFORMS J. Comput. 21(4), 2009, doi:10.1287/ijoc.1080.0316.
[2] D. R. Cox, "Renewal Theory", 1962, chapter 2.
[3] Y. Xiang et al., "ServeGen", 2025, arXiv:2505.09999: clients with Gamma and Weibull gaps, in windows of 10 min.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from gigawatt.errors import Fault, ScenarioError
from gigawatt.tokens.serve.lengths import Lengths, drawn_lengths, length_faults
from gigawatt.tokens.serve.pods import Requests
from gigawatt.tokens.serve.sessions import Sessions, Turns, prefix_hashes, session_faults, session_turns, warm_up_s

Floats64 = NDArray[np.float64]
GapFamily = Literal["poisson", "gamma", "weibull"]

WINDOW_S = 600.0
# Requests of a piece in which streams are merged, fewer where each has hundreds of hashes; and of a chunk given out.
MERGED_COUNT, HASHED_COUNT, CHUNK_COUNT = 131_072, 8_192, 16_384
# Gaps drawn at once: first few, for most clients are slow, then more.
FIRST_COUNT, MOST_COUNT, MOST_SESSIONS_COUNT = 64, 65_536, 1024
LEAST_CV_RATIO, MOST_CV_RATIO = 0.01, 100.0
MOST_CLIENTS_COUNT = 1_000
MOST_RATE_PER_S = 1e7


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaps:
    """Gaps between the requests of a client, beside their mean.

    family: distribution of ordinary gaps; cv_ratio: their deviation over their mean, 1 where it is "poisson".
    pause_frac: share of gaps that are pauses instead, which are Gamma; paused_frac: share of time that they take;
    pause_cv_ratio: deviation of pauses over their mean.
    """

    family: GapFamily
    cv_ratio: float = 1.0
    pause_frac: float = 0.0
    paused_frac: float = 0.0
    pause_cv_ratio: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One client, or many that are alike.

    rate_per_s: requests in the mean of its profile; gaps: their burstiness; lengths: of prompts and answers, or of what
    a turn adds where it has sessions; profile_ratio: rate by window, beside each other, from the first on and then
    again; one rate always where it is empty; sessions: requests come in sessions that grow; None: each on its own.
    """

    name: str
    rate_per_s: float
    gaps: Gaps
    lengths: Lengths
    profile_ratio: tuple[float, ...] = ()
    sessions: Sessions | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedLoad:
    """All that a pod is asked: its clients, the windows of their profiles, and the span that a trace of it has."""

    clients: tuple[Client, ...]
    window_s: float = WINDOW_S
    span_s: float = math.inf

    @property
    def rate_per_s(self) -> float:
        """Requests of all clients in the mean of their profiles."""
        return sum(client.rate_per_s for client in self.clients)


# Arrivals of one client up to an instant, with their lengths and their prefixes.
_Piece = tuple[Floats64, Turns]


def generate(
    load: OfferedLoad,
    *,
    seed: int,
    span_s: float | None = None,
    requests_count: int | None = None,
    rate_ratio: float = 1.0,
    chunk_count: int = CHUNK_COUNT,
) -> Iterator[Requests]:
    """Requests of a load in order of arrival, in chunks of chunk_count, as many as there are in the span or asked for.

    span_s: from 0 on; that of the load where neither it nor requests_count is given, and whatever ends first where both
    are. rate_ratio: times all rates; the draws stay the same, so that gaps shrink in proportion and bursts keep their
    shape, while windows and the pauses within sessions stay as long as they are. A seed stands for the same requests,
    whatever the size of chunks. Memory does not grow with the span, but with what sessions under way have to come.
    Raises ScenarioError, before anything is drawn, for numbers that no load can have.
    """
    end_s = load.span_s if span_s is None and requests_count is None else span_s if span_s is not None else math.inf
    most_count = math.inf if requests_count is None else requests_count
    faults = [*load_faults(load), *_asked_faults(seed, end_s, most_count, rate_ratio, chunk_count)]
    if faults:
        raise ScenarioError(faults)
    pieces = _merged(load, seed, rate_ratio, end_s, most_count)
    return _chunks(pieces, chunk_count, most_count)


def load_faults(load: OfferedLoad) -> list[Fault]:
    """What of a load is not lawful, by the dotted path of its field."""
    found = []
    if not load.clients or len(load.clients) > MOST_CLIENTS_COUNT:
        expected = f"1 to {MOST_CLIENTS_COUNT:,} clients"
        found.append(Fault(path="clients", given=f"{len(load.clients):,}", expected=expected))
    if not (load.window_s > 0 and math.isfinite(load.window_s)):
        found.append(Fault(path="window", given=f"{load.window_s:g} s", expected="a time above 0"))
    if not load.span_s > 0:
        found.append(Fault(path="span", given=f"{load.span_s:g} s", expected="a time above 0"))
    for n, client in enumerate(load.clients):
        found += _client_faults(f"clients[{n}]", client)
    return found


def gap_cv_ratio(gaps: Gaps) -> float:
    """Coefficient of variation of all gaps, pauses among them."""
    ordinary, pause = _means(gaps)
    own = 1.0 if gaps.family == "poisson" else gaps.cv_ratio
    square = (1 - gaps.pause_frac) * ordinary**2 * (1 + own**2)
    return math.sqrt(max(square + gaps.pause_frac * pause**2 * (1 + gaps.pause_cv_ratio**2) - 1, 0.0))


@lru_cache(maxsize=1024)
def weibull_shape(cv_ratio: float) -> float:
    """Shape of the Weibull distribution with a coefficient of variation, by bisection: a larger one varies less."""
    low, high = math.log(0.05), math.log(200.0)
    for _ in range(80):
        middle = (low + high) / 2
        shape = math.exp(middle)
        square = math.lgamma(1 + 2 / shape) - 2 * math.lgamma(1 + 1 / shape)
        low, high = (middle, high) if square > math.log1p(cv_ratio**2) else (low, middle)
    return math.exp((low + high) / 2)


def _client_faults(path: str, client: Client) -> Iterator[Fault]:
    if not 0 < client.rate_per_s <= MOST_RATE_PER_S:
        given = f"{client.rate_per_s:g} /s"
        yield Fault(path=f"{path}.rate", given=given, expected=f"above 0, and at most {MOST_RATE_PER_S:g} /s")
    profile = client.profile_ratio
    if any(not 0 <= ratio < math.inf for ratio in profile) or (profile and not sum(profile) > 0):
        expected = "numbers of at least 0, one of them above it"
        yield Fault(path=f"{path}.profile", given=_shown(profile), expected=expected)
    yield from _gap_faults(path, client.gaps)
    yield from length_faults(path, client.lengths)
    if client.sessions is not None:
        yield from session_faults(f"{path}.sessions", client.sessions)


def _shown(profile: Sequence[float]) -> str:
    return next((f"{ratio:g}" for ratio in profile if not 0 <= ratio < math.inf), "0 in all windows")


def _gap_faults(path: str, gaps: Gaps) -> Iterator[Fault]:
    if gaps.family not in get_args(GapFamily):
        expected = f"one of {', '.join(get_args(GapFamily))}"
        yield Fault(path=f"{path}.family", given=f'"{gaps.family}"', expected=expected)
    expected = f"{LEAST_CV_RATIO:g} to {MOST_CV_RATIO:g}"
    for name, value in (("gap_cv", gaps.cv_ratio), ("pause_cv", gaps.pause_cv_ratio)):
        if not LEAST_CV_RATIO <= value <= MOST_CV_RATIO:
            yield Fault(path=f"{path}.{name}", given=f"{value:g}", expected=expected)
    if gaps.family == "poisson" and gaps.cv_ratio != 1:
        yield Fault(path=f"{path}.gap_cv", given=f"{gaps.cv_ratio:g}", expected='1, for the family is "poisson"')
    if not (0 <= gaps.pause_frac < 1 and 0 <= gaps.paused_frac < 1):
        given = f"{gaps.pause_frac:g} of gaps and {gaps.paused_frac:g} of time"
        yield Fault(path=f"{path}.pause", given=given, expected="shares of at least 0 and below 1")
    elif (gaps.pause_frac > 0) != (gaps.paused_frac > 0):
        given = f"{gaps.pause_frac:g} of gaps and {gaps.paused_frac:g} of time"
        yield Fault(path=f"{path}.pause", given=given, expected="both above 0, or neither")


def _asked_faults(seed: int, end_s: float, most_count: float, rate_ratio: float, chunk_count: int) -> Iterator[Fault]:
    if seed < 0:
        yield Fault(path="seed", given=f"{seed}", expected="a whole number of at least 0", asked=True)
    if not end_s > 0 or (math.isinf(end_s) and math.isinf(most_count)):
        given = "without end" if end_s > 0 else f"{end_s:g} s"
        yield Fault(path="span", given=given, expected="a time above 0, or a number of requests", asked=True)
    if not most_count >= 1:
        yield Fault(path="requests", given=f"{most_count:g}", expected="at least 1", asked=True)
    if not 0 < rate_ratio < math.inf:
        yield Fault(path="rate_ratio", given=f"{rate_ratio:g}", expected="a number above 0", asked=True)
    if chunk_count < 1:
        yield Fault(path="chunk", given=f"{chunk_count}", expected="at least 1 request", asked=True)


def _means(gaps: Gaps) -> tuple[float, float]:
    """Mean of an ordinary gap and of a pause, where that of all is 1."""
    pause = gaps.paused_frac / gaps.pause_frac if gaps.pause_frac else 0.0
    return (1 - gaps.paused_frac) / (1 - gaps.pause_frac), pause


def _unit_gaps(family: GapFamily, cv_ratio: float, draw: np.random.Generator, count: int) -> Floats64:
    """Gaps of mean 1."""
    if family == "poisson":
        return draw.standard_exponential(count)
    if family == "gamma":
        return draw.standard_gamma(cv_ratio**-2, count) * cv_ratio**2
    shape = weibull_shape(cv_ratio)
    return draw.standard_exponential(count) ** (1 / shape) / math.gamma(1 + 1 / shape)


def _long_gap(family: GapFamily, cv_ratio: float, draw: np.random.Generator) -> float:
    """The gap of mean 1 that an instant falls into: those that are long are met more often."""
    if family == "weibull":
        shape = weibull_shape(cv_ratio)
        return float(draw.standard_gamma(1 + 1 / shape)) ** (1 / shape) / math.gamma(1 + 1 / shape)
    square = 1.0 if family == "poisson" else cv_ratio**2
    return float(draw.standard_gamma(1 / square + 1)) * square


def _gap_blocks(gaps: Gaps, draw: np.random.Generator, most_count: int) -> Iterator[Floats64]:
    """Gaps of mean 1, without end; the first is what is left of the one that 0 falls into."""
    ordinary, pause = _means(gaps)
    paused = draw.random() < gaps.paused_frac
    met = _long_gap("gamma", gaps.pause_cv_ratio, draw) * pause if paused else 0.0
    met = met if paused else _long_gap(gaps.family, gaps.cv_ratio, draw) * ordinary
    yield np.array([met * draw.random()])
    count = FIRST_COUNT
    while True:
        drawn = _unit_gaps(gaps.family, gaps.cv_ratio, draw, count) * ordinary
        if gaps.pause_frac:
            pauses = np.flatnonzero(draw.random(count) < gaps.pause_frac)
            drawn[pauses] = _unit_gaps("gamma", gaps.pause_cv_ratio, draw, len(pauses)) * pause
        yield drawn
        count = min(2 * count, most_count)


def _time_blocks(
    client: Client, window_s: float, rate_per_s: float, start_s: float, draw: np.random.Generator
) -> Iterator[Floats64]:
    """Instants of a client's requests, or of its sessions, from start_s on, without end."""
    most_count = MOST_SESSIONS_COUNT if client.sessions else MOST_COUNT
    at, elapsed = clock(client.profile_ratio, window_s, rate_per_s)
    passed = elapsed(start_s)
    for gaps in _gap_blocks(client.gaps, draw, most_count):
        events = passed + np.cumsum(gaps)
        passed = float(events[-1])
        yield at(events)


def clock(
    profile_ratio: tuple[float, ...], window_s: float, rate_per_s: float
) -> tuple[Callable[[Floats64], Floats64], Callable[[float], float]]:
    """From expected requests since 0 to instants [s], and back, where the rate goes by a profile that comes again."""
    if len(profile_ratio) < 2:
        return lambda events: events / rate_per_s, lambda instant: instant * rate_per_s
    profile = np.asarray(profile_ratio) / np.mean(profile_ratio)
    times = np.arange(len(profile) + 1) * window_s
    sums = np.concatenate(([0.0], np.cumsum(profile * rate_per_s * window_s)))

    def at(events: Floats64) -> Floats64:
        rounds = np.floor(events / sums[-1])
        return np.interp(events - rounds * sums[-1], sums, times) + rounds * times[-1]

    def elapsed(instant: float) -> float:
        rounds = math.floor(instant / times[-1])
        return float(np.interp(instant - rounds * times[-1], times, sums)) + rounds * float(sums[-1])

    return at, elapsed


def _until(blocks: Iterator[Floats64], ends_s: Iterator[float]) -> Iterator[Floats64]:
    """Instants of ordered blocks, parted at the ends."""
    held = next(blocks)
    for end_s in ends_s:
        parts = [held]
        while not parts[-1].size or parts[-1][-1] < end_s:
            parts.append(next(blocks))
        held = np.concatenate(parts) if len(parts) > 1 else held
        cut = int(np.searchsorted(held, end_s))
        yield held[:cut]
        held = held[cut:]


def _plain(client: Client, times: Iterator[Floats64], draw: np.random.Generator) -> Iterator[_Piece]:
    """Requests that stand on their own."""
    for arrival_s in times:
        inputs, outputs = drawn_lengths(client.lengths, draw, len(arrival_s))
        yield arrival_s, Turns(input_tokens=inputs, output_tokens=outputs)


def _pieces(
    load: OfferedLoad, number: int, seed: int, rate_ratio: float, ends_s: Callable[[], Iterator[float]]
) -> Iterator[_Piece]:
    """The requests of one client, piece by piece."""
    client = load.clients[number]
    arrivals, lengths = (np.random.default_rng([seed, number, part]) for part in (0, 1))
    rate_per_s = client.rate_per_s * rate_ratio
    if client.sessions is None:
        blocks = _time_blocks(client, load.window_s, rate_per_s, 0.0, arrivals)
        return _plain(client, _until(blocks, ends_s()), lengths)
    sessions = client.sessions
    starts = _time_blocks(client, load.window_s, rate_per_s / sessions.turns_count, -warm_up_s(sessions), arrivals)
    return session_turns(sessions, client.lengths, starts, ends_s(), lengths)


def _merged(load: OfferedLoad, seed: int, rate_ratio: float, end_s: float, most_count: float) -> Iterator[Requests]:
    """Requests of all clients in order, in pieces of time in which about MERGED_COUNT come."""
    hashed = any(client.sessions for client in load.clients)
    piece_s = min(HASHED_COUNT if hashed else MERGED_COUNT, most_count) / (load.rate_per_s * rate_ratio)

    def ends_s() -> Iterator[float]:
        number = 1
        while number * piece_s < end_s:
            yield number * piece_s
            number += 1
        yield end_s

    streams = [_pieces(load, number, seed, rate_ratio, ends_s) for number in range(len(load.clients))]
    for pieces in zip(*streams, strict=True):
        arrival_s = np.concatenate([times for times, _ in pieces])
        order = np.argsort(arrival_s, kind="stable") if len(pieces) > 1 else slice(None)
        turns = [turns for _, turns in pieces]
        hashes, hash_ends = prefix_hashes(turns, order) if hashed else (None, None)
        yield Requests(
            arrival_s=arrival_s[order],
            input_tokens=np.concatenate([part.input_tokens for part in turns])[order],
            output_tokens=np.concatenate([part.output_tokens for part in turns])[order],
            hashes=hashes,
            hash_ends=hash_ends,
        )


def _chunks(pieces: Iterator[Requests], chunk_count: int, most_count: float) -> Iterator[Requests]:
    """The same requests in chunks of equal size but for the last, up to a number of them."""
    held: list[Requests] = []
    held_count, given_count = 0, 0
    for piece in pieces:
        held.append(piece)
        held_count += len(piece)
        while held_count >= chunk_count and given_count < most_count:
            whole = joined(held)
            low = 0
            while held_count - low >= chunk_count and given_count < most_count:
                count = int(min(chunk_count, most_count - given_count))
                yield part_of(whole, low, low + count)
                low, given_count = low + count, given_count + count
            held = [part_of(whole, low, held_count)]
            held_count -= low
        if given_count + held_count >= most_count:
            break
    count = int(min(held_count, most_count - given_count))
    if count:
        yield part_of(joined(held), 0, count)


def joined(parts: Sequence[Requests]) -> Requests:
    """Requests one after the other."""
    if len(parts) == 1:
        return parts[0]
    hashes = hash_ends = None
    if parts[0].hashes is not None:
        hashes = np.concatenate([part.hashes for part in parts if part.hashes is not None])
        ends = [part.hash_ends for part in parts if part.hash_ends is not None]
        before = np.cumsum([0, *(end[-1] if end.size else 0 for end in ends)])
        hash_ends = np.concatenate([end + shift for end, shift in zip(ends, before[:-1], strict=True)])
    return Requests(
        arrival_s=np.concatenate([part.arrival_s for part in parts]),
        input_tokens=np.concatenate([part.input_tokens for part in parts]),
        output_tokens=np.concatenate([part.output_tokens for part in parts]),
        hashes=hashes,
        hash_ends=hash_ends,
        hash_tokens=parts[0].hash_tokens,
    )


def part_of(requests: Requests, low: int, high: int) -> Requests:
    """Requests from one place to another, without the latter."""
    hashes = hash_ends = None
    if requests.hashes is not None and requests.hash_ends is not None:
        first = int(requests.hash_ends[low - 1]) if low else 0
        hash_ends = requests.hash_ends[low:high] - first
        hashes = requests.hashes[first : first + (int(hash_ends[-1]) if hash_ends.size else 0)]
    return Requests(
        arrival_s=requests.arrival_s[low:high],
        input_tokens=requests.input_tokens[low:high],
        output_tokens=requests.output_tokens[low:high],
        hashes=hashes,
        hash_ends=hash_ends,
        hash_tokens=requests.hash_tokens,
    )
