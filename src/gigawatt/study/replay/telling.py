"""What was found of a replay as its answer: figures of its runs, what they cost, and what a reader has to know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from gigawatt.catalog import load, to_tokens
from gigawatt.study.answer import Head
from gigawatt.study.note import Note
from gigawatt.study.predict.serving_layout import layout_of
from gigawatt.study.replay.capacity import Capacity
from gigawatt.study.replay.figures import between_tokens, latency, series, sureness, waits
from gigawatt.study.replay.found import PodsFound, ReplayAnswer
from gigawatt.study.replay.intervals import of_runs
from gigawatt.study.replay.price import TokenPrice, WorkDone, priced
from gigawatt.study.replay.tally import TIMES
from gigawatt.study.replay.trial import PodSize, Trial
from gigawatt.study.replay.working import Run
from gigawatt.study.validate.serving import SERVING


@dataclass(slots=True, kw_only=True)
class ReplayFound:
    """What is there so far: with how many replicas, their runs, the fewest, and the capacity by run."""

    size: PodSize
    runs: list[Run] = field(default_factory=list)
    pods: PodsFound | None = None
    capacities: list[Capacity] = field(default_factory=list)
    partial: bool = False


def told(trial: Trial, found: ReplayFound) -> ReplayAnswer:
    """The answer."""
    asked, replicas, first = trial.asked, trial.replicas, found.runs[0]
    sure, totals = sureness(found.runs, is_recorded=trial.source.is_recorded, seed=asked.seed), found.runs[0].totals
    gpus = replicas.gpus_count(found.size.replicas_count, found.size.prefill_replicas_count)
    times, spans = zip(*(latency(sure, name) for name in TIMES), strict=True)
    goodput, goodput_span = sure.counted(lambda tally, drawn: tally.good_frac(drawn))
    energy, energy_span = sure.figure(lambda one: _energy_j(trial, one, gpus))
    rates = [] if found.partial else [one.requests_per_s for one in found.capacities]
    span_s = totals.span_s
    return ReplayAnswer(
        head=Head(notes=tuple(_notes(trial, found))),
        trace=trial.source.name,
        model=replicas.model.id,
        gpu=replicas.accelerator.id,
        precision=asked.precision,
        engine=asked.engine or to_tokens.engine_of(replicas.accelerator),
        routing=asked.routing,
        layout=layout_of(replicas.layout),
        prefill_layout=None if replicas.prefill_layout is None else layout_of(replicas.prefill_layout),
        replicas_count=found.size.replicas_count,
        prefill_replicas_count=found.size.prefill_replicas_count,
        gpus_count=gpus,
        requests=totals.arrived_count,
        completed=totals.completed_count,
        rejected=totals.rejected_count,
        shed=totals.shed_count,
        under_way=totals.under_way_count,
        span_s=span_s,
        requests_per_s=first.arrivals_per_s,
        **{f"{name}_s": figures for name, figures in zip(TIMES, times, strict=True)},
        **{f"{name}_interval_s": intervals for name, intervals in zip(TIMES, spans, strict=True)},
        itl_s=between_tokens([one.totals for one in found.runs]),
        interval_basis=sure.basis,
        replications=len(found.runs),
        tokens_in=totals.tokens_in,
        tokens_cached=totals.tokens_cached,
        tokens_out=totals.tokens_out,
        prefix_hit_frac=totals.tokens_cached / totals.tokens_in if totals.tokens_in else 0.0,
        tokens_per_s=totals.tokens_out / span_s if span_s > 0 else None,
        goodput_frac=goodput,
        goodput_interval_frac=goodput_span,
        utilisation_frac=totals.utilisation_frac,
        batch_mean_count=totals.running_mean_count / totals.engines_count,
        waiting_mean_count=totals.waiting_mean_count,
        kv_peak_frac=totals.kv_peak_frac,
        kv_mean_frac=totals.kv_mean_frac,
        preemptions=totals.preemptions_count,
        energy_j_per_request=energy,
        energy_interval_j_per_request=energy_span,
        energy_basis=replicas.energy_basis,
        price=_price(trial, first, found.size, gpus),
        cpu_s=sum(one.cpu_s for one in found.runs),
        partial=found.partial,
        capacity_requests_per_s=float(np.mean(rates)) if rates else None,
        capacity_interval_requests_per_s=of_runs(rates) if rates else None,
        curve=found.capacities[0].curve if rates else None,
        pods=found.pods,
        asked=asked,
        waits=waits(first),
        series=series(totals),
    )


def _energy_j(trial: Trial, one: Run, gpus_count: int) -> float | None:
    """Energy per request that was completed [J], with the share of the rack's other parts where that is known."""
    totals, others_w = one.totals, trial.replicas.others_w
    if trial.replicas.power is None or not totals.completed_count:
        return None
    return (totals.energy_j + (others_w or 0.0) * gpus_count * totals.span_s) / totals.completed_count


def _price(trial: Trial, one: Run, size: PodSize, gpus_count: int) -> TokenPrice | None:
    """What the tokens of a run cost; None where no price of a GPU-hour is known."""
    replicas, totals, usd_per_gpu_hour = trial.replicas, one.totals, trial.replicas.usd_per_gpu_hour
    if usd_per_gpu_hour is None:
        return None
    readers = trial.replicas.gpus_count(0, size.prefill_replicas_count)
    work = WorkDone(
        gpus_count=gpus_count,
        readers_count=readers,
        span_s=totals.span_s,
        prefill_s=totals.prefill_s,
        decode_s=totals.decode_s,
        requests_count=totals.completed_count,
        read_tokens=totals.tokens_in - totals.tokens_cached,
        cached_tokens=totals.tokens_cached,
        output_tokens=totals.tokens_out,
    )
    engine = replicas.engine if replicas.prefill_engine is None else replicas.prefill_engine
    return priced(work, engine.times, usd_per_gpu_hour, replicas.hour_basis)


def _notes(trial: Trial, found: ReplayFound) -> Iterator[Note]:
    """What a reader has to know, most of all what figures leave out."""
    yield from trial.source.said()
    yield from trial.replicas.notes
    yield _clients()
    if found.partial:
        yield _note("partial", "partial", "interrupted: all figures are of what was replayed until then")
    under_way = found.runs[0].totals.under_way_count
    if under_way:
        text = f"{under_way:,} requests are still under way, and in no time and no share: waits look shorter for it"
        yield _note("under_way", "under_way", text)
    yield from _prefixes(trial.asked.prefix_cache, trial.source.has_hashes)


def _clients() -> Note:
    """What clients of measured servers waited for beside what an engine takes."""
    measured = load.load("serving_calibrations", SERVING)
    text = (
        f"times are those of the engine: clients of measured servers waited for prompts {measured.prefill_ratio:.2f} "
    )
    text += f"times as long and {1e3 * measured.frontend_s:.0f} ms more, in the middle of all; how far single servers "
    text += "are from it, `gigawatt validate serving` tells"
    return _note("clients", "ttft", text)


def _note(code: str, path: str, text: str) -> Note:
    return Note(code=code, path=path, text=text)


def _prefixes(is_cached: bool, is_known: bool) -> Iterator[Note]:
    """A cache of prefixes without a trace that tells them, or the other way about."""
    if is_known and not is_cached:
        text = "the trace tells which prompts begin alike; all are read whole, for no prefix cache is asked for"
        yield _note("prefix_cache", "prefix_cache", text)
    if is_cached and not is_known:
        text = "the trace does not tell which prompts begin alike: nothing is found in the prefix cache"
        yield _note("prefix_cache", "prefix_cache", text)
