"""Sessions of agents and of talks: turn upon turn, each with all that was said before in its prompt.

The prompt of a turn is that of the turn before, its answer, and new tokens. So it shares the full blocks of what went
before, and all sessions of a kind share those of a system prompt. One that would be longer than the context starts
anew from the system prompt (what agents call compaction), and shares nothing else with what was before.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from gigawatt.errors import Fault
from gigawatt.tokens.serve.lengths import Lengths, drawn_lengths

Floats64 = NDArray[np.float64]
Ints64 = NDArray[np.int64]

HASH_TOKENS = 512
# Mean lifetimes of a session that are drawn before the first instant, so that sessions of all ages are under way then.
WARM_UP_RATIO = 10.0
# Bits of the identity of a block: of its place in the prompt, and of the context or the system prompt.
PLACE_BITS, CONTEXT_BITS = 20, 32
MOST_TURNS_COUNT = 10_000
MOST_CV_RATIO = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """Sessions of turns.

    turns_count: turns of a session in the mean, whose number is geometric; pause_s: from one turn's arrival to that of
    the next, in the mean, Gamma with a coefficient of variation of pause_cv_ratio; system_tokens: the prompt that every
    session begins with; systems_count: how many of those there are, equally usual; most_context_tokens: longest prompt.
    """

    turns_count: float
    pause_s: float
    pause_cv_ratio: float
    system_tokens: int
    systems_count: int
    most_context_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """Requests of one client, and what their prompts begin with where they are turns of sessions.

    context: number of the request with which the context of each began; system: number of its system prompt;
    system_tokens: length of that.
    """

    input_tokens: Ints64
    output_tokens: Ints64
    context: Ints64 | None = None
    system: Ints64 | None = None
    system_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pending:
    """Turns of sessions that have begun which have not come yet, an entry each."""

    arrival_s: Floats64
    input_tokens: Ints64
    output_tokens: Ints64
    context: Ints64
    system: Ints64


def session_faults(path: str, sessions: Sessions) -> Iterator[Fault]:
    """What of sessions is not lawful."""
    if not 1 <= sessions.turns_count <= MOST_TURNS_COUNT:
        expected = f"1 to {MOST_TURNS_COUNT:,} in the mean"
        yield Fault(path=f"{path}.turns", given=f"{sessions.turns_count:g}", expected=expected)
    if not 0 < sessions.pause_s < math.inf:
        yield Fault(path=f"{path}.pause", given=f"{sessions.pause_s:g} s", expected="a time above 0")
    if not 0 < sessions.pause_cv_ratio <= MOST_CV_RATIO:
        expected = f"above 0, and at most {MOST_CV_RATIO:g}"
        yield Fault(path=f"{path}.pause_cv", given=f"{sessions.pause_cv_ratio:g}", expected=expected)
    if sessions.systems_count < 1:
        yield Fault(path=f"{path}.systems", given=f"{sessions.systems_count}", expected="at least 1")
    most = HASH_TOKENS << PLACE_BITS
    if not 0 <= sessions.system_tokens < sessions.most_context_tokens <= most:
        given = f"{sessions.system_tokens:,} of {sessions.most_context_tokens:,} tokens"
        expected = f"a system prompt below the longest context, and that at most {most:,} tokens"
        yield Fault(path=f"{path}.system", given=given, expected=expected)


def warm_up_s(sessions: Sessions) -> float:
    """How long before an instant those sessions began that may be under way then."""
    return WARM_UP_RATIO * sessions.turns_count * sessions.pause_s


def session_turns(
    sessions: Sessions,
    lengths: Lengths,
    starts: Iterator[Floats64],
    ends_s: Iterator[float],
    draw: np.random.Generator,
) -> Iterator[tuple[Floats64, Turns]]:
    """Turns in order of arrival, parted at the ends; none before 0.

    starts: instants at which sessions begin, in ordered blocks without end; lengths: of what a turn adds to the prompt,
    and of its answer.
    """
    empty = np.empty(0, dtype=np.int64)
    pending = _Pending(arrival_s=np.empty(0), input_tokens=empty, output_tokens=empty, context=empty, system=empty)
    begun_s, number = -math.inf, 0
    for end_s in ends_s:
        parts = [pending]
        while begun_s < end_s:
            block = next(starts)
            parts.append(_begun(sessions, lengths, block, number, draw))
            begun_s, number = float(block[-1]), number + len(parts[-1].arrival_s)
        pending = _ordered(parts) if len(parts) > 1 else pending
        low, cut = np.searchsorted(pending.arrival_s, [0.0, end_s])
        due = _part(pending, slice(low, cut))
        yield (
            due.arrival_s,
            Turns(
                input_tokens=due.input_tokens,
                output_tokens=due.output_tokens,
                context=due.context,
                system=due.system,
                system_tokens=sessions.system_tokens,
            ),
        )
        pending = _part(pending, slice(cut, None))


def _ordered(parts: Sequence[_Pending]) -> _Pending:
    joined = {entry.name: np.concatenate([getattr(part, entry.name) for part in parts]) for entry in fields(_Pending)}
    order = np.argsort(joined["arrival_s"], kind="stable")
    return _Pending(**{name: values[order] for name, values in joined.items()})


def _part(pending: _Pending, which: slice) -> _Pending:
    return _Pending(**{entry.name: getattr(pending, entry.name)[which] for entry in fields(_Pending)})


def _begun(
    sessions: Sessions, lengths: Lengths, starts_s: Floats64, number: int, draw: np.random.Generator
) -> _Pending:
    """All turns of the sessions that begin at some instants; number: turns of the client so far."""
    turns = draw.geometric(1 / sessions.turns_count, len(starts_s))
    systems = draw.integers(sessions.systems_count, size=len(starts_s))
    total = int(turns.sum())
    firsts = np.cumsum(turns) - turns
    square = sessions.pause_cv_ratio**2
    pauses = draw.standard_gamma(1 / square, total) * (square * sessions.pause_s)
    pauses[firsts] = 0.0
    added, answers = drawn_lengths(lengths, draw, total)
    passed = np.cumsum(pauses)
    prompts, contexts = _grown(sessions, added, answers, firsts, turns)
    return _Pending(
        arrival_s=np.repeat(starts_s - passed[firsts], turns) + passed,
        input_tokens=prompts,
        output_tokens=answers,
        context=contexts + number,
        system=np.repeat(systems, turns),
    )


def _grown(sessions: Sessions, added: Ints64, answers: Ints64, firsts: Ints64, turns: Ints64) -> tuple[Ints64, Ints64]:
    """Prompts of turns, and the turn with which the context of each began."""
    fresh = np.minimum(sessions.system_tokens + added, sessions.most_context_tokens)
    prompts, contexts = fresh.copy(), np.zeros(len(added), dtype=np.int64)
    contexts[firsts] = firsts
    longest_first = np.argsort(-turns, kind="stable")
    places, lasting = firsts[longest_first], turns[longest_first]
    for turn in range(1, int(lasting[0]) if lasting.size else 0):
        here = places[: int(np.searchsorted(-lasting, -turn))] + turn
        longer = prompts[here - 1] + answers[here - 1] + added[here]
        anew = longer > sessions.most_context_tokens
        prompts[here] = np.where(anew, fresh[here], longer)
        contexts[here] = np.where(anew, here, contexts[here - 1])
    return prompts, contexts


def prefix_hashes(clients: Sequence[Turns], order: NDArray[np.int64] | slice) -> tuple[Ints64, Ints64]:
    """Identities of the full blocks of prompts, one request after the other, and where those of each end.

    clients: requests of each; order: in which they come, of all of them one client after the other. A block of a
    context is known by the client, the turn that began the context, and its place; one of a system prompt by the
    client, the number of that prompt and its place. Requests that are no turns have none.
    """
    counts, systems, own, shared = (
        np.concatenate(parts)[order] for parts in zip(*map(_identities, range(len(clients)), clients), strict=True)
    )
    ends = np.cumsum(counts)
    places = np.arange(int(ends[-1]) if ends.size else 0) - np.repeat(ends - counts, counts)
    named = np.where(places < np.repeat(systems, counts), np.repeat(shared, counts), np.repeat(own, counts))
    return named | places, ends


def _identities(client: int, turns: Turns) -> tuple[Ints64, Ints64, Ints64, Ints64]:
    """By request: its full blocks, those of the system prompt, and what is known of a block beside its place."""
    count = len(turns.input_tokens)
    if turns.context is None or turns.system is None:
        return (np.zeros(count, dtype=np.int64),) * 4
    kind = 1 << (CONTEXT_BITS + PLACE_BITS)
    own = (turns.context << PLACE_BITS) | (2 * client * kind)
    shared = (turns.system << PLACE_BITS) | ((2 * client + 1) * kind)
    systems = np.full(count, turns.system_tokens // HASH_TOKENS, dtype=np.int64)
    return turns.input_tokens // HASH_TOKENS, systems, own, shared
