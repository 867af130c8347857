"""Samples of metrics as readings: increments of counters, power over time, edges of codes; nothing is made up.

Samples may come in any order. One that stands there twice is one; two that say different things of one moment are not
both right, and the later is refused. A counter that goes back counts from 0 only where that can be: a GPU's energy by
its power, other counters where they fall to half or less. What a GPU's power was is not carried over gaps.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from gigawatt.ndarrays import Floats, Ints
from gigawatt.readers.blocks import blocks
from gigawatt.readers.clock import MS_PER_S, S_PER_H
from gigawatt.readers.exporters import PASSED_OVER, Meaning, is_part, meaning_of, series_of
from gigawatt.readers.readings import QUANTITIES, ReadingBlock, ReadingSeries, Rejected, Remark

# Times from September 2001 on, which are no milliseconds of this century.
FIRST_S = 1e9
# Samples of GPUs that are compared with each other, at most: 24 bytes each.
MOST_HELD_COUNT = 1_000_000
# Twice the power of any board to come, for a counter's samples may lie apart by less than their times.
MOST_GPU_W = 10_000.0
# A gap is longer than so many usual steps.
_GAP_STEPS = 5.0
# What DCGM writes for a field that a board has not, or may not be asked for: 2^63 − 16 and a few above it.
_BLANK = 2.0**63 - 2.0**11
_RESTART_FRAC = 0.5
_NAMED_COUNT = 20
_MS_PER_H = MS_PER_S * S_PER_H
_ENERGY_SAMPLED = "gpu_energy_sampled"


@dataclass(slots=True)
class SampleStream:
    """Samples of one thing by one metric, as they came: lines, milliseconds, values."""

    meaning: Meaning
    series: ReadingSeries
    lines: array[int] = field(default_factory=lambda: array("q"))
    times_ms: array[int] = field(default_factory=lambda: array("q"))
    values: array[float] = field(default_factory=lambda: array("d"))
    carried: int = 0
    """Samples at its begin, at most one, that have been read already, and that what follows begins at."""
    alone: bool = False
    """Whether it has one reading, between which and others nothing can be."""

    def extend(self, lines: Ints, times_ms: Ints, values: Floats) -> None:
        """More samples."""
        for held, more in ((self.lines, lines), (self.times_ms, times_ms), (self.values, values)):
            held.frombytes(more.tobytes())


@dataclass(slots=True)
class Scrape:
    """What is kept of a file of metrics while it is read."""

    site: str
    streams: dict[tuple[Meaning, ReadingSeries, str], SampleStream] = field(default_factory=dict)
    passed: Counter[str] = field(default_factory=Counter)
    """Samples by the name of a metric without a meaning."""
    told: Counter[str] = field(default_factory=Counter)
    """How often something was passed over, by its reason."""
    codes: Counter[int] = field(default_factory=Counter)

    def stream(self, name: str, labels: Mapping[str, str]) -> SampleStream | Rejected | str:
        """Where samples of a metric go; its name where they are not counted, a refusal of line 0 where none can be."""
        meaning = meaning_of(name)
        if meaning is None:
            return name
        found = series_of(meaning, labels, self.site)
        if isinstance(found, str):
            return Rejected(line=0, reason=f"{name} {found}") if found else name
        series, apart = found
        return self.streams.setdefault((meaning, series, apart), SampleStream(meaning, series))


@dataclass(frozen=True, slots=True)
class _Samples:
    """Samples in the order of time, each moment once but for repeats, which `again` marks."""

    lines: Ints
    times_ms: Ints
    values: Floats
    again: NDArray[np.bool_]
    carried: int

    def take(self, which: NDArray[np.bool_]) -> _Samples:
        return replace(self, **{name: getattr(self, name)[which] for name in ("lines", "times_ms", "values", "again")})


def settle(scrape: Scrape, last: bool) -> Iterator[ReadingBlock | Rejected | Remark]:
    """Readings of what is held: of GPUs at any time, each one's last sample kept; of all else where nothing follows."""
    gpus = {"power": _powers, "energy": _energies, "errors": _errors}
    for stream in scrape.streams.values():
        if stream.meaning.how in gpus and len(stream.times_ms) > stream.carried:
            samples, refused = _ordered(stream)
            yield from refused
            yield from gpus[stream.meaning.how](stream, samples, scrape)
            _carry(stream, samples)
    if last:
        yield from _served(scrape)
        yield from _said(scrape)


def _ordered(stream: SampleStream) -> tuple[_Samples, list[Rejected]]:
    """Samples in the order of time, and those that cannot be."""
    lines, values = np.array(stream.lines, np.int64), np.array(stream.values)
    times_ms = np.array(stream.times_ms, np.int64)
    late = times_ms < (times_ms[0] if stream.carried else times_ms.min(initial=0))
    refused = [Rejected(line=n, reason="is far older than the lines before it") for n in lines[late].tolist()]
    # Of one moment, what was read stands first, and a number before a marker that there is none.
    ranks = np.where(np.arange(len(lines)) < stream.carried, -1, ~np.isfinite(values))
    order = np.lexsort((ranks, times_ms))
    order = order[~late[order]]
    lines, times_ms, values = lines[order], times_ms[order], values[order]
    again = np.concatenate([[False], np.diff(times_ms) == 0])[: len(lines)]
    first = np.maximum.accumulate(np.where(again, 0, np.arange(len(lines))))
    number = np.isfinite(values)
    other = again & number & (values != values[first])
    reason = "says something else than an earlier line of the same series and time"
    refused += [Rejected(line=n, reason=reason) for n in lines[other].tolist()]
    samples = _Samples(lines, times_ms, values, again, stream.carried)
    return samples.take(~other & ~(again & ~number)), refused


def _carry(stream: SampleStream, samples: _Samples) -> None:
    """Keep the last sample alone, which those to come begin at."""
    at = len(samples.lines) - 1
    if stream.meaning.how != "power":
        numbers = np.flatnonzero(_known(samples.values))
        at = int(numbers[-1]) if numbers.size else -1
    kept = slice(at, at + 1) if at >= 0 else slice(0, 0)
    stream.lines = array("q", samples.lines[kept].tolist())
    stream.times_ms = array("q", samples.times_ms[kept].tolist())
    stream.values = array("d", samples.values[kept].tolist())
    stream.carried = len(stream.lines)


def _known(values: Floats) -> NDArray[np.bool_]:
    """Which values are readings at all."""
    return np.isfinite(values) & (np.abs(values) < _BLANK)


def _numbers(stream: SampleStream, samples: _Samples, scrape: Scrape) -> _Samples:
    """Samples of different moments that are readings."""
    known = _known(samples.values)
    scrape.told["blank"] += int(np.count_nonzero(~known[samples.carried :]))
    kept = samples.take(known & ~samples.again)
    stream.alone = len(kept.lines) == 1 and (stream.alone or not samples.carried)
    return kept


def _powers(stream: SampleStream, samples: _Samples, scrape: Scrape) -> Iterator[ReadingBlock | Rejected]:
    """Power as it was, and as energy until the next sample of any kind."""
    values = samples.values
    known = _known(values)
    scrape.told["blank"] += int(np.count_nonzero(~known[samples.carried :]))
    good = known & (values >= 0) & (values <= MOST_GPU_W)
    new = np.arange(len(values)) >= samples.carried
    odd = known & ~good & new
    for line, value in zip(samples.lines[odd].tolist(), values[odd].tolist(), strict=True):
        yield Rejected(line=line, reason=f"{value:g} W is no power of one GPU, which is at most {MOST_GPU_W:,.0f} W")
    shown = samples.take(good & new)
    yield from blocks(stream.series, shown.lines, shown.times_ms, shown.times_ms, shown.values)
    once = samples.take(~samples.again)
    lengths_ms = np.diff(once.times_ms)
    if not lengths_ms.size:
        return
    bridged = lengths_ms <= _GAP_STEPS * np.median(lengths_ms)
    held = good[~samples.again][:-1]
    scrape.told["gap"] += int(np.count_nonzero(held & ~bridged))
    held &= bridged
    series = replace(stream.series, quantity=_ENERGY_SAMPLED, unit=QUANTITIES[_ENERGY_SAMPLED][0])
    starts_ms, ends_ms = once.times_ms[:-1][held], once.times_ms[1:][held]
    energies = once.values[:-1][held] * lengths_ms[held] / _MS_PER_H
    yield from blocks(series, once.lines[:-1][held], starts_ms, ends_ms, energies)


def _energies(stream: SampleStream, samples: _Samples, scrape: Scrape) -> Iterator[ReadingBlock | Rejected]:
    """Increments of a counter of energy, none of which is more than a GPU can take in its time."""
    samples = _numbers(stream, samples, scrape)
    steps = np.diff(samples.values)
    most = MOST_GPU_W * np.diff(samples.times_ms) / _MS_PER_H
    added = np.where(steps < 0, samples.values[1:], steps) * stream.meaning.factor
    odd = (added > most) | (added < 0)
    for line, back in zip(samples.lines[1:][odd].tolist(), (steps < 0)[odd].tolist(), strict=True):
        how = "goes back, and not to begin anew at 0" if back else "goes up by more than one GPU takes in this time"
        yield Rejected(line=line, reason=f"{how}; this step is passed over")
    starts_ms, ends_ms = samples.times_ms[:-1][~odd], samples.times_ms[1:][~odd]
    yield from blocks(stream.series, samples.lines[1:][~odd], starts_ms, ends_ms, added[~odd])


def _errors(stream: SampleStream, samples: _Samples, scrape: Scrape) -> Iterator[ReadingBlock]:
    """One error at each change to another code than 0."""
    samples = _numbers(stream, samples, scrape)
    edge = (samples.values[1:] != samples.values[:-1]) & (samples.values[1:] != 0)
    scrape.codes.update(int(code) for code in samples.values[1:][edge])
    times_ms = samples.times_ms[1:][edge]
    yield from blocks(stream.series, samples.lines[1:][edge], times_ms, times_ms, np.ones(len(times_ms)))


@dataclass(frozen=True, slots=True)
class _Added:
    """What came between samples of a series' counters: arrays of one shape, by start and end."""

    lines: Ints
    starts_ms: Ints
    ends_ms: Ints
    values: Floats


def _served(scrape: Scrape) -> Iterator[ReadingBlock | Rejected]:
    """Readings of counters of requests: their increments, and means of sums over numbers."""
    found: dict[tuple[str, ReadingSeries], list[_Added]] = defaultdict(list)
    for stream in _counted(scrape):
        samples, refused = _ordered(stream)
        yield from refused
        samples = _numbers(stream, samples, scrape)
        steps, values = np.diff(samples.values), samples.values[1:]
        odd = (steps < 0) & ((values > _RESTART_FRAC * samples.values[:-1]) | (values < 0))
        reason = "goes back, but not to begin anew; this step is passed over"
        yield from (Rejected(line=line, reason=reason) for line in samples.lines[1:][odd].tolist())
        added = np.where(steps < 0, values, steps)[~odd]
        lines, starts_ms, ends_ms = samples.lines[1:][~odd], samples.times_ms[:-1][~odd], samples.times_ms[1:][~odd]
        found[stream.meaning.how, stream.series].append(_Added(lines, starts_ms, ends_ms, added))
    for (how, series), parts in found.items():
        whole = _summed(parts)
        if how == "count":
            yield from blocks(series, whole.lines, whole.starts_ms, whole.ends_ms, whole.values)
        elif how == "sum of":
            yield from _means(series, whole, found.get(("number of", series), []), scrape)


def _counted(scrape: Scrape) -> Iterator[SampleStream]:
    """Streams of requests, each thing once: not at engines behind a frontend, nor under an older name as well."""
    streams = [stream for stream in scrape.streams.values() if stream.meaning.how in ("count", "sum of", "number of")]
    fronted = {_served_by(stream) for stream in streams if stream.meaning.frontend}
    newer = {stream.series for stream in streams if not stream.meaning.renamed}
    for stream in streams:
        if not stream.meaning.frontend and _served_by(stream) in fronted:
            scrape.told["behind"] += 1
        elif not (stream.meaning.renamed and stream.series in newer):
            yield stream


def _served_by(stream: SampleStream) -> tuple[str, str]:
    return stream.series.quantity, stream.series.use_case


def _summed(parts: Iterable[_Added]) -> _Added:
    """Increments of several counters added up where they are of the same time."""
    names = ("lines", "starts_ms", "ends_ms", "values")
    lines, starts_ms, ends_ms, values = (np.concatenate([getattr(part, name) for part in parts]) for name in names)
    spans, first, which = np.unique(np.stack([starts_ms, ends_ms]), axis=1, return_index=True, return_inverse=True)
    sums = np.bincount(which.ravel(), weights=values, minlength=spans.shape[1])
    return _Added(lines[first], spans[0], spans[1], np.asarray(sums, float))


def _means(series: ReadingSeries, sums: _Added, parts: list[_Added], scrape: Scrape) -> Iterator[ReadingBlock]:
    """Means of what came between two samples, at the later of them; none where nothing came."""
    if not parts:
        scrape.told["half"] += 1
        return
    numbers = _summed(parts)
    at = {span: n for n, span in enumerate(zip(numbers.starts_ms.tolist(), numbers.ends_ms.tolist(), strict=True))}
    spans = zip(sums.starts_ms.tolist(), sums.ends_ms.tolist(), strict=True)
    count = np.array([numbers.values[at[span]] if span in at else 0.0 for span in spans])
    some = count > 0
    ends_ms = sums.ends_ms[some]
    yield from blocks(series, sums.lines[some], ends_ms, ends_ms, sums.values[some] / count[some])


def _said(scrape: Scrape) -> Iterator[Remark]:
    """What of a file was passed over, and why."""
    unknown = {name: count for name, count in scrape.passed.items() if not (meaning_of(name) or is_part(name))}
    passed: list[str] = []
    for begin, why in PASSED_OVER.items():
        names = sorted(name for name in unknown if name.startswith(begin))
        passed += [f"{', '.join(names)} {why}"] if names else []
        unknown = {name: count for name, count in unknown.items() if name not in names}
    if passed:
        yield Remark(code="passed over", text=f"{'; '.join(passed)}.")
    if unknown:
        most = sorted(unknown, key=lambda name: (-unknown[name], name))
        named = ", ".join(f"{name} ({unknown[name]:,})" for name in most[:_NAMED_COUNT])
        rest = ", …" if len(most) > _NAMED_COUNT else ""
        text = f"metrics without a meaning here, by their samples: {named}{rest}."
        yield Remark(code="unknown", text=text)
    for code, text in _REMARKS.items():
        if scrape.told[code]:
            yield Remark(code=code, text=text.format(count=f"{scrape.told[code]:,}"))
    if alone := sum(stream.alone for stream in scrape.streams.values()):
        yield Remark(
            code="alone", text=f"{alone:,} series have one sample, so that nothing is known of what came between."
        )
    if scrape.codes:
        named = ", ".join(f"{code} ({count:,})" for code, count in sorted(scrape.codes.items()))
        yield Remark(code="codes", text=f"XID errors by their code: {named}.")


_REMARKS = {
    "blank": "{count} samples are NaN, infinite or blank: no reading.",
    "gap": "{count} gaps of more than five usual steps: power is not carried over them.",
    "behind": "{count} series of engines stand behind a frontend that counts the same requests, and are passed over.",
    "half": "{count} series have a sum without its count beside it, and give no mean.",
}
