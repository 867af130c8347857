"""Where requests come from: a file that is read anew for each run, or arrivals of the catalog that are generated.

What is short is kept in memory between runs; what is long is read or made again, so that memory does not grow with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from gigawatt.catalog import load, records, to_tokens
from gigawatt.errors import CatalogError, Fault, ScenarioError
from gigawatt.readers.traces import RequestTrace, read_trace
from gigawatt.readers.traces.forms import read_head
from gigawatt.readers.traces.json_lines import json_rows
from gigawatt.readers.traces.requests import HASH_TOKENS
from gigawatt.readers.traces.table import ZonesSeen, table_rows
from gigawatt.study.note import Note
from gigawatt.study.question import wrong
from gigawatt.study.replay.deployed import MeanRequest
from gigawatt.study.replay.question import ReplayQuestion
from gigawatt.study.replay.working import TraceChunk
from gigawatt.tokens.serve.arrivals import generate, part_of
from gigawatt.tokens.serve.pods import Requests

KIND = "arrivals"
# Requests that are kept in memory between runs, of all seeds together.
MOST_KEPT_COUNT = 2_000_000
# Requests that a trace is repeated to at most, and what sets the hashes of its rounds apart.
MOST_REPEATED_COUNT = 300_000
_APART = 0x5851F42D4C957F2D
# Requests that are generated where nobody says how many, and runs of them.
GENERATED_COUNT, REPLICATIONS_COUNT = 10_000, 5


@dataclass(slots=True, kw_only=True)
class RequestSource:
    """Requests that can be had again and again, at any rate.

    name: the file's, or that of arrivals; is_recorded: whether they are those of a file; anew: a stream of them by
    seed; said: what was done to them, once they are through; has_hashes: whether it is known which prompts are alike;
    place: where a request of such lengths stands, "" where nobody knows.
    """

    name: str
    is_recorded: bool
    anew: Callable[[int], Iterator[TraceChunk]]
    said: Callable[[], tuple[Note, ...]]
    has_hashes: bool
    place: Callable[[int, int], str]
    kept: dict[int, list[TraceChunk]] = field(default_factory=dict)

    def chunks(self, seed: int, ratio: float, most_tokens: int, least_s: float = 0.0) -> Iterator[TraceChunk]:
        """The requests by seed, at times the rate; again and again until they last for so long.

        Those of each round are alike, and begin as far behind those before as they are apart in the mean; none of their
        prompts begins as one of another round does. Raises ScenarioError for a request of more tokens than the cache of
        a replica holds, CatalogError for a line that cannot be read.
        """
        count, behind_s, last_s = 0, 0.0, 0.0
        while True:
            before_count = count
            for chunk in self.again(0 if self.is_recorded else seed):
                _check_length(self, chunk.requests, count - before_count, most_tokens)
                made = _moved(chunk.requests, ratio, behind_s, before_count)
                count, last_s = count + len(made), float(made.arrival_s[-1])
                yield replace(chunk, requests=made)
            each_count = count - before_count
            if last_s >= least_s or each_count < 2 or count + each_count > max(MOST_REPEATED_COUNT, each_count):
                return
            behind_s += (last_s - behind_s) * each_count / (each_count - 1)

    def again(self, seed: int) -> Iterator[TraceChunk]:
        """From memory where they are kept; else anew, and kept if they are few."""
        if seed in self.kept:
            yield from self.kept[seed]
            return
        found, left = list[TraceChunk](), MOST_KEPT_COUNT - sum(map(_count, self.kept.values()))
        for chunk in self.anew(seed):
            left -= len(chunk.requests)
            if left >= 0:
                found.append(chunk)
            else:
                found.clear()
            yield chunk
        if left >= 0:
            self.kept[seed] = found

    def mean_request(self, seed: int) -> MeanRequest:
        """The mean of the first requests. Raises CatalogError where they cannot be read."""
        first = next(self.again(seed)).requests
        return MeanRequest(
            input_tokens=float(np.mean(first.input_tokens)),
            output_tokens=float(np.mean(first.output_tokens)),
            most_tokens=float(np.max(first.input_tokens + first.output_tokens)),
        )


def _moved(requests: Requests, ratio: float, behind_s: float, before_count: int) -> Requests:
    """Requests in less time and later, with prompts of their own where others came in rounds before."""
    hashes = requests.hashes
    if hashes is not None and before_count:
        hashes = hashes + np.int64(before_count * _APART & np.iinfo(np.int64).max)
    return replace(requests, arrival_s=requests.arrival_s / ratio + behind_s, hashes=hashes)


def _count(chunks: list[TraceChunk]) -> int:
    return sum(len(chunk.requests) for chunk in chunks)


def _check_length(source: RequestSource, requests: Requests, before_count: int, most_tokens: int) -> None:
    """All of a prompt and of its answer but the last token is in the cache of one rank."""
    long = requests.input_tokens + requests.output_tokens - 1 > most_tokens
    if long.any():
        n = int(np.argmax(long))
        prompt, reply = int(requests.input_tokens[n]), int(requests.output_tokens[n])
        place = source.place(prompt, reply) or f"request {before_count + n + 1:,}"
        given = f"{prompt:,} and {reply:,} tokens"
        expected = f"at most {most_tokens:,} together, which is what the cache of a replica holds"
        raise ScenarioError([Fault(path=f"{source.name} {place}", given=given, expected=expected)])


def _line(path: Path, input_tokens: int, output_tokens: int) -> str:
    """The first line of a file with a request of such lengths."""
    head = read_head(path, None)
    if head.columns:
        rows = table_rows(path, head, head.pieces, ZonesSeen(), HASH_TOKENS)
    else:
        rows = json_rows(path, head, head.pieces, HASH_TOKENS)
    for part in rows:
        alike = (part.input_tokens == input_tokens) & (part.output_tokens == output_tokens)
        if alike.any():
            return f"line {part.line[int(np.argmax(alike))]:,}"
    return ""


def opened(asked: ReplayQuestion) -> RequestSource:
    """The requests that a question names. Raises ScenarioError for what is neither a file nor arrivals that are known,
    CatalogError for a file that cannot be read."""
    path = Path(asked.trace)
    if path.is_file():
        return _recorded(asked, path)
    try:
        return _generated(asked, load.get(KIND, asked.trace))
    except CatalogError as error:
        if any(fault.path != KIND for fault in error.faults):
            raise
    known = ", ".join(load.ids(KIND))
    raise ScenarioError([wrong("trace", asked.trace, f"a file of requests, or arrivals of the catalog: {known}")])


def _recorded(asked: ReplayQuestion, path: Path) -> RequestSource:
    if asked.replications_count not in (None, 1):
        expected = "1, for what was recorded happened once: its intervals are of blocks of it"
        raise ScenarioError([wrong("replications", asked.replications_count, expected)])
    last = [read_trace(path, spread=not asked.as_stamped)]

    def anew(seed: int) -> Iterator[TraceChunk]:
        del seed
        last[0] = read_trace(path, spread=not asked.as_stamped)
        yield from _first(_with_shares(last[0]), asked.requests_count)

    return RequestSource(
        name=path.name,
        is_recorded=True,
        anew=anew,
        said=lambda: tuple(Note(code="trace", path="trace", text=text) for text in last[0].notes),
        has_hashes=last[0].has_hashes,
        place=lambda prompt, reply: _line(path, prompt, reply),
    )


def _with_shares(trace: RequestTrace) -> Iterator[TraceChunk]:
    for requests in trace.chunks:
        yield TraceChunk(requests=requests, share_frac=trace.tally.read_bytes / max(trace.size_bytes, 1))


def _generated(asked: ReplayQuestion, record: records.Arrivals) -> RequestSource:
    offered, count = to_tokens.offered_load(record), asked.requests_count or GENERATED_COUNT

    def anew(seed: int) -> Iterator[TraceChunk]:
        chunks = generate(offered, seed=seed, requests_count=count)
        return _first((TraceChunk(requests=requests) for requests in chunks), count)

    text = (
        f"{record.name}: {count:,} requests are drawn by chance, alike for a seed. They are no recorded ones: rates, "
    )
    text += "gaps, mean and spread of lengths are fitted to those, percentiles and capacity may differ by a third"
    return RequestSource(
        name=record.id,
        is_recorded=False,
        anew=anew,
        said=lambda: (Note(code="trace", path="trace", text=text),),
        has_hashes=any(client.sessions is not None for client in record.clients),
        place=lambda *_: "",
    )


def _first(chunks: Iterator[TraceChunk], count: int | None) -> Iterator[TraceChunk]:
    """The first so many requests, with the share of them that is through where their number is known."""
    taken = 0
    for chunk in chunks:
        if count is None:
            yield chunk
            continue
        here = min(len(chunk.requests), count - taken)
        taken += here
        share_frac = max(chunk.share_frac or 0.0, taken / count)
        yield TraceChunk(requests=part_of(chunk.requests, 0, here), share_frac=share_frac)
        if taken >= count:
            return
