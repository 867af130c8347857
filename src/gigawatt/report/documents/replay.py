"""A replay: what users wait for, the pod over time, the rate that it takes within the limits, what a token costs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from gigawatt.report import charts
from gigawatt.report.charts import About, Point, Trace, Upright
from gigawatt.report.document import (
    Column,
    Depth,
    Document,
    Exhibit,
    Facts,
    Paragraph,
    Part,
    Section,
    Table,
    Tile,
    Value,
    table,
    united,
)
from gigawatt.report.documents.inference import UNKNOWN, layout
from gigawatt.report.formats import PERCENT, Scale, cell, number
from gigawatt.study.replay.found import (
    CapacityPoint,
    LatencyFigures,
    LatencyIntervals,
    PodsFound,
    ReplayAnswer,
    WaitCurve,
)
from gigawatt.study.replay.price import TokenPrice

# Times that users wait for, by what each is called.
TIMES: Mapping[str, str] = {"ttft": "TTFT", "tpot": "TPOT", "e2e": "End to end"}
MEANINGS = (
    "TTFT is the time from a request's arrival to its first token, TPOT the mean time per token after it, end to end "
    "the time to its last token, and ITL the time between one token and the next, over all tokens."
)
FIGURES = ("mean", "p50", "p90", "p99")
# Names of powers of ten of a second, and shares of requests that a table has rows of.
DECADES = {-6: "1 µs", -5: "10 µs", -4: "100 µs", -3: "1 ms", -2: "10 ms", -1: "100 ms"}
DECADES |= {0: "1 s", 1: "10 s", 2: "100 s", 3: "1,000 s", 4: "10,000 s", 5: "100,000 s", 6: "1 million s"}
SHARES_FRAC = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999)
# Instants of the curves that a pointer is told of, and windows of time that are shown.
READ_OUTS, WINDOWS = 60, 96
# Units of the axis of time, by the longest span that each is for [s].
CLOCKS = ((300.0, 1.0, "s"), (3 * 3600.0, 60.0, "min"), (72 * 3600.0, 3600.0, "h"), (math.inf, 86400.0, "days"))
# An axis of times ends at so many times a limit, for what is beyond it is as bad.
BEYOND_RATIO = 2.5
RATE = Scale(size=1.0, unit="requests/s", digits=2)


def document(found: ReplayAnswer) -> Document:
    """A replay of requests."""
    sections = [
        Section(slug="waits", title="What users wait for", lead=MEANINGS, parts=tuple(_waits(found))),
        Section(slug="pod", title="The pod", parts=tuple(_pod(found))),
    ]
    if found.curve:
        sections.insert(1, Section(slug="capacity", title="Capacity", parts=tuple(_capacity(found, found.curve))))
    if found.pods is not None:
        pods = Section(slug="pods", title="Replicas that it takes", parts=(_pods(found, found.pods),))
        sections.insert(1, pods)
    if found.price is not None:
        sections.append(Section(slug="price", title="What a token costs", parts=(_price(found.price),)))
    replicas = _replicas(found.replicas_count, found.prefill_replicas_count)
    return Document(
        title=f"{found.trace} on {replicas} of {found.model}, {found.gpu} in {found.precision}",
        lead=_lead(found),
        tiles=_tiles(found),
        sections=tuple(sections),
        notes=tuple(note.text for note in found.head.notes),
        made=f"Gigawatt {found.head.gigawatt}",
    )


def _replicas(count: int, readers_count: int) -> str:
    """Replicas in words, those of two pools apart."""
    one = "1 replica" if count == 1 else f"{count:,} replicas"
    return f"{one} to write and {readers_count:,} to read" if readers_count else one


def _lead(found: ReplayAnswer) -> str:
    begun = "Interrupted: of what was replayed until then, " if found.partial else ""
    whole = found.completed == found.requests
    what = f"{'all' if whole else f'{found.completed:,} of'} {found.requests:,} requests were completed"
    what = what if found.partial else f"{what[0].upper()}{what[1:]}"
    if found.ttft_s.p50 is None:
        return f"{begun}{what}."
    first = f"half of all users saw a first token within {cell(found.ttft_s.p50, 's')}, 99 of 100 within"
    return f"{begun}{what}; {first} {cell(found.ttft_s.p99, 's')}.{_held(found)}"


def _held(found: ReplayAnswer) -> str:
    """How many requests are within the limits that were stated."""
    if found.asked.ttft_s is None and found.asked.tpot_s is None:
        return ""
    return f" Goodput is {_share(found.goodput_frac)} {_goodput(found)}."


def _tiles(found: ReplayAnswer) -> tuple[Tile, ...]:
    asked, price = found.asked, found.price
    tiles = [
        _waited("Time to the first token, P99", found.ttft_s, asked.ttft_s),
        _waited("Time per output token, P99", found.tpot_s, asked.tpot_s),
        Tile(label="Goodput", value=_share(found.goodput_frac), note=_goodput(found)),
    ]
    if found.capacity_requests_per_s is not None:
        note = "highest rate at which P99 is within the limits"
        tiles.append(Tile(label="Capacity", value=_rate(found.capacity_requests_per_s), note=note))
    else:
        cost = None if price is None else price.output_usd_per_mtok
        note = UNKNOWN if price is None else f"a GPU-hour at {cell(price.usd_per_h, 'usd_per_h')}"
        tiles.append(Tile(label="Cost of output", value=cell(cost, "usd_per_mtok"), note=note))
    return tuple(tiles)


def _waited(label: str, of: LatencyFigures, limit_s: float | None) -> Tile:
    limit = "" if limit_s is None else f", limit {cell(limit_s, 's')}"
    return Tile(label=label, value=cell(of.p99, "s"), note=f"P50 {cell(of.p50, 's')}{limit}")


def _goodput(found: ReplayAnswer) -> str:
    """What goodput counts."""
    asked = {"TTFT": found.asked.ttft_s, "TPOT": found.asked.tpot_s}
    stated = [f"{name} of {cell(limit, 's')}" for name, limit in asked.items() if limit is not None]
    if not stated:
        return "of requests are completed; no limit is stated"
    return f"of requests, within a {' and a '.join(stated)}"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{PERCENT.text(value)} %"


def _rate(value: float | None) -> str:
    return "–" if value is None else f"{number(value)} requests/s"


def _waits(found: ReplayAnswer) -> Iterator[Part]:
    """Percentiles with their intervals, and the cumulative curves."""
    if found.completed == 0:
        yield Paragraph(text="No request was completed.", tone="bad")
        return
    yield _latencies(found)
    yield _curves(found)


def _latencies(found: ReplayAnswer) -> Table:
    rows = [
        (title, *_figures(getattr(found, f"{name}_s")), _sure(getattr(found, f"{name}_interval_s")))
        for name, title in TIMES.items()
    ]
    rows.append(("ITL", *_figures(found.itl_s), "–"))
    columns = {"Time": "", **dict.fromkeys(("Mean", "P50", "P90", "P99"), "s"), "95 % of P99": ""}
    return table("latencies", f"Mean and percentiles; {found.interval_basis}", columns, rows)


def _figures(of: LatencyFigures) -> tuple[Value, ...]:
    return tuple(getattr(of, key) for key in FIGURES)


def _sure(of: LatencyIntervals) -> str:
    return "–" if of.p99 is None else f"{cell(max(of.p99[0], 0.0), 's')} – {cell(of.p99[1], 's')}"


def _curves(found: ReplayAnswer) -> Exhibit:
    """Cumulative curves of the times, over a logarithmic axis, with the limits."""
    known = {name: curve for name in TIMES if len((curve := found.waits[name]).value_s) and curve.value_s[-1] > 0}
    traces = [
        Trace(TIMES[name], tuple(Point(x, 100 * y) for x, y in _shown(curve)), list(TIMES).index(name))
        for name, curve in known.items()
    ]
    limits = {"TTFT": found.asked.ttft_s, "TPOT": found.asked.tpot_s}
    uprights = [
        Upright(f"{name} limit, {cell(value, 's')}", value) for name, value in limits.items() if value is not None
    ]
    ends = [x for trace in traces for x in (trace.points[0].x, trace.points[-1].x)]
    says = _says(found)
    about = About(name="waits", title="Share of requests within a time", description=says, height=380)
    rows: tuple[tuple[Value, ...], ...] = tuple(
        (f"{100 * share:g} %", *(float(np.interp(share, c.below_frac, c.value_s)) for c in known.values()))
        for share in SHARES_FRAC
    )
    heads = (Column(title="Share of requests"), *(Column(title=TIMES[name], suffix="s") for name in known))
    shows = "Share of requests that are served within a time, cumulative; the axis of time is logarithmic"
    chart = charts.xy(
        about,
        traces,
        "time, logarithmic",
        "% of requests",
        uprights=uprights,
        spans=DECADES,
        tips=_tips(known, min(ends), max(ends)),
    )
    behind = Table(name="waits", title="Within a time", columns=heads, rows=rows)
    return Exhibit(name="waits", says=says, shows=shows, table=behind, chart=chart, depth=Depth.FULL)


def _shown(curve: WaitCurve) -> Iterator[tuple[float, float]]:
    """Points that a logarithmic axis has."""
    pairs = zip(curve.value_s.tolist(), curve.below_frac.tolist(), strict=True)
    return ((value, share) for value, share in pairs if value > 0)


def _says(found: ReplayAnswer) -> str:
    ttft, tpot = found.ttft_s, found.tpot_s
    first = f"99 of 100 requests have their first token within {cell(ttft.p99, 's')}"
    return f"{first}, and a token every {cell(tpot.p99, 's')} after it." if tpot.p99 is not None else f"{first}."


def _tips(curves: Mapping[str, WaitCurve], low_s: float, high_s: float) -> list[tuple[float, str]]:
    """What a pointer is told at instants all along the axis."""
    tips = []
    for time_s in np.geomspace(low_s, max(high_s, low_s * 1.01), READ_OUTS).tolist():
        shares = {TIMES[name]: _below(curve, time_s) for name, curve in curves.items()}
        told = [f"{name}: {PERCENT.text(share)} %" for name, share in shares.items()]
        tips.append((time_s, "\n".join([f"within {cell(time_s, 's')}", *told])))
    return tips


def _below(curve: WaitCurve, time_s: float) -> float:
    return float(np.interp(time_s, curve.value_s, curve.below_frac, left=0.0, right=1.0))


def _capacity(found: ReplayAnswer, curve: Sequence[CapacityPoint]) -> Iterator[Part]:
    """P99 of both times by the rate, with the limits; the table behind has the goodput as well."""
    at, span = found.capacity_requests_per_s or 0.0, found.capacity_interval_requests_per_s
    sure = "" if span is None else f" (95 % interval {number(max(span[0], 0.0))} to {number(span[1])})"
    text = f"P99 is within the limits up to {_rate(at)}{sure}.{_binds(found, curve, at)}"
    yield Paragraph(text=text, tone="good")
    rows = tuple((one.requests_per_s, one.ttft_p99_s, one.tpot_p99_s, one.goodput_frac) for one in curve)
    columns = (
        Column(title=f"Rate, {RATE.unit}", suffix="per_s", scale=RATE),
        *(Column(title=f"{name} P99", suffix="s") for name in ("TTFT", "TPOT")),
        Column(title="Goodput, %", suffix="frac", scale=PERCENT),
    )
    for n, (name, key, limit_s) in enumerate(
        (("TTFT", "ttft_p99_s", found.asked.ttft_s), ("TPOT", "tpot_p99_s", found.asked.tpot_s))
    ):
        points = [(one.requests_per_s, value) for one in curve if (value := getattr(one, key)) is not None]
        behind = Table(
            name=f"capacity-{name.lower()}",
            title=f"P99 of {name} by rate",
            columns=united(columns, rows),
            rows=rows,
            depth=Depth.FULL if n == 0 else Depth.DATA,
        )
        yield _by_rate(name, points, limit_s, at, behind)


def _binds(found: ReplayAnswer, curve: Sequence[CapacityPoint], at: float) -> str:
    """Which limit is missed first where requests come faster."""
    beyond = next((one for one in curve if one.requests_per_s > at and not one.is_within), None)
    if beyond is None:
        return ""
    asked = ("TTFT", found.asked.ttft_s, beyond.ttft_p99_s), ("TPOT", found.asked.tpot_s, beyond.tpot_p99_s)
    missed = [name for name, limit, value in asked if limit is not None and (value is None or value > limit)]
    return f" Beyond it {' and '.join(missed)} is missed." if missed else ""


def _by_rate(
    name: str, points: Sequence[tuple[float, float]], limit_s: float | None, at: float, behind: Table
) -> Exhibit:
    """P99 of a time by the rate of arrival."""
    high = max((value for _, value in points), default=0.0)
    least = min((value for _, value in points), default=0.0)
    size, unit = (1.0, "s") if max(limit_s or 0.0, least) >= 1 else (1e-3, "ms")
    shown = tuple(Point(rate, value / size, f"{_rate(rate)}\nP99 {name}: {cell(value, 's')}") for rate, value in points)
    most = None if limit_s is None or high <= BEYOND_RATIO * limit_s else BEYOND_RATIO * limit_s / size
    first, last = cell(least, "s"), cell(high, "s")
    says = f"P99 of {name} rises from {first} to {last} as requests come faster."
    if most is not None:
        says = f"P99 of {name} rises from {first} to {last} as requests come faster, beyond the chart."
    if first == last:
        says = f"P99 of {name} is {first} at every rate that was tried."
    about = About(name=behind.name, title=f"P99 of {name} by rate", description=says, height=300, half=True)
    levels = () if limit_s is None else ((f"limit, {cell(limit_s, 's')}", limit_s / size),)
    chart = charts.xy(
        about,
        [Trace("", shown, 0 if name == "TTFT" else 1)],
        "requests/s",
        f"P99 of {name}, {unit}",
        uprights=[Upright(f"capacity, {number(at)}", at)],
        levels=levels,
        most=most,
    )
    shows = f"99th percentile of {name} by the rate at which requests come, those that fail waiting for ever"
    return Exhibit(name=behind.name, says=says, shows=shows, table=behind, chart=chart, half=True, depth=Depth.FULL)


def _pods(found: ReplayAnswer, pods: PodsFound) -> Facts:
    cost = pods.least_usd_per_h
    pairs = [
        ("fewest replicas", _replicas(pods.least_replicas_count, pods.least_prefill_replicas_count)),
        ("GPUs", f"{pods.least_gpus_count:,}"),
        ("cost an hour", UNKNOWN if cost is None else cell(cost, "usd_per_h")),
        ("with them", _p99(pods.with_)),
    ]
    pairs += [] if pods.without is None else [("with one fewer", _p99(pods.without))]
    return Facts(name="pods", title=f"P99 within the limits at {_rate(found.requests_per_s)}", pairs=tuple(pairs))


def _p99(of: CapacityPoint) -> str:
    """What users wait for at a point, in words."""
    times = (
        f"{name} {'without end' if value is None else cell(value, 's')}"
        for name, value in (("TTFT", of.ttft_p99_s), ("TPOT", of.tpot_p99_s))
    )
    return f"P99 of {', of '.join(times)}; goodput {_share(of.goodput_frac)}"


def _pod(found: ReplayAnswer) -> Iterator[Part]:
    yield _served(found)
    if len(found.series.running_count) > 1:
        yield from _over_time(found)


def _served(found: ReplayAnswer) -> Facts:
    readers = found.prefill_layout
    ended = {"rejected": found.rejected, "dropped after a wait": found.shed, "still under way": found.under_way}
    lost = "".join(f", {count:,} {words}" for words, count in ended.items() if count)
    energy, done = found.energy_j_per_request, "all" if found.completed == found.requests else f"{found.completed:,}"
    mean, cached = found.batch_mean_count, found.asked.prefix_cache
    pairs = (
        ("replicas", f"{_replicas(found.replicas_count, found.prefill_replicas_count)}, {found.gpus_count:,} GPUs"),
        ("layout", layout(found.layout)),
        *((("layout that reads", layout(readers)),) if readers is not None else ()),
        ("engine", f"{found.engine}, routing {found.routing}"),
        ("requests", f"{found.requests:,}, {done} completed{lost}"),
        ("rate", f"{_rate(found.requests_per_s)} as they come; the last is done after {_clock(found.span_s)}"),
        ("output", cell(found.tokens_per_s, "tokens_per_s")),
        ("tokens", f"{cell(found.tokens_in, 'tokens')} of prompts, {cell(found.tokens_out, 'tokens')} of answers"),
        *((("found in the cache", f"{_share(found.prefix_hit_frac)} of prompt tokens"),) if cached else ()),
        ("batch", UNKNOWN if mean is None else f"{number(mean)} requests of an engine in the mean"),
        (
            "waiting",
            UNKNOWN if (queue := found.waiting_mean_count) is None else f"{number(queue)} of all engines in the mean",
        ),
        ("cache in use", f"{_share(found.kv_mean_frac)} in the mean, {_share(found.kv_peak_frac)} at most"),
        ("preemptions", f"{found.preemptions:,}, for want of cache"),
        ("engines at work", f"{_share(found.utilisation_frac)} of the time"),
        ("energy", UNKNOWN if energy is None else f"{_energy(energy)} a request, {found.energy_basis}"),
        ("processor time", f"{cell(found.cpu_s, 's')} for {found.replications * found.requests:,} requests"),
    )
    return Facts(name="served", title="", pairs=pairs)


def _energy(joules: float) -> str:
    return f"{number(joules / 1e3)} kJ" if joules >= 1e3 else f"{number(joules)} J"


def _clock(span_s: float) -> str:
    """A span in the unit that an axis of it has."""
    size, unit = _unit(span_s)
    return f"{number(span_s / size)} {unit}"


def _unit(span_s: float) -> tuple[float, str]:
    return next((size, unit) for most, size, unit in CLOCKS if span_s <= most)


def _over_time(found: ReplayAnswer) -> Iterator[Exhibit]:
    """Requests in the pod and cache in use, by windows of time."""
    of, together = found.series, max(-(-len(found.series.running_count) // WINDOWS), 1)
    size, unit = _unit(of.window_s * len(of.running_count))
    width = of.window_s * together / size
    running, waiting, used = (_means(values, together) for values in (of.running_count, of.waiting_count, of.kv_frac))
    starts = [n * width for n in range(len(running))]
    rows: tuple[tuple[Value, ...], ...] = tuple(
        (f"{start:,.4g}", *values) for start, *values in zip(starts, running, waiting, used, strict=True)
    )
    columns = (
        Column(title=f"From, {unit}"),
        *(Column(title=title, suffix="count") for title in ("Served at a time", "Waiting")),
        Column(title="Cache in use, %", suffix="frac", scale=PERCENT),
    )
    behind = Table(name="time", title="The pod over time", columns=columns, rows=rows)
    middles = [start + width / 2 for start in starts]
    yield _requests(behind, middles, running, waiting, unit)
    yield _cache(found, behind, middles, used, unit)


def _means(values: np.ndarray, together: int) -> list[float]:
    """Means of so many windows each."""
    return [float(np.mean(values[first : first + together])) for first in range(0, len(values), together)]


def _requests(
    behind: Table, middles: Sequence[float], running: Sequence[float], waiting: Sequence[float], unit: str
) -> Exhibit:
    most, queue = (number(max(values)) for values in (running, waiting))
    says = f"Up to {most} requests are served at a time, and up to {queue} wait, in the mean of a window of time."
    about = About(name="requests", title="Requests in the pod", description=says, height=300, half=True)
    traces = [
        Trace(name, tuple(map(Point, middles, values)), colour)
        for name, values, colour in (("served", running, 0), ("waiting", waiting, 1))
    ]
    tips = [
        (x, f"{number(x)} {unit}\nserved: {number(serves)}\nwaiting: {number(waits)}")
        for x, serves, waits in zip(middles, running, waiting, strict=True)
    ]
    chart = charts.xy(about, traces, unit, "requests", tips=tips)
    shows = "Requests that are served at a time, and that wait, over the time of the replay"
    return Exhibit(name="requests", says=says, shows=shows, table=behind, chart=chart, half=True, depth=Depth.FULL)


def _cache(found: ReplayAnswer, behind: Table, middles: Sequence[float], used: Sequence[float], unit: str) -> Exhibit:
    says = f"At most {_share(found.kv_peak_frac)} of the cache is in use, {_share(found.kv_mean_frac)} in the mean."
    about = About(name="cache", title="Cache in use", description=says, height=300, half=True)
    points = tuple(Point(x, 100 * share) for x, share in zip(middles, used, strict=True))
    tips = [(x, f"{number(x)} {unit}\nin use: {PERCENT.text(share)} %") for x, share in zip(middles, used, strict=True)]
    chart = charts.xy(about, [Trace("", points, 2, area=True)], unit, "% of blocks", tips=tips)
    shows = "Blocks of cache in use over all of them, in the mean of each window of time"
    brief = Table(
        name="cache",
        title="Cache in use over time",
        columns=(behind.columns[0], behind.columns[3]),
        rows=tuple((row[0], row[3]) for row in behind.rows),
        depth=Depth.DATA,
    )
    return Exhibit(name="cache", says=says, shows=shows, table=brief, chart=chart, half=True, depth=Depth.FULL)


def _price(of: TokenPrice) -> Facts:
    each = (
        ("a prompt token that is read", of.input_usd_per_mtok),
        ("a prompt token that is found", of.cached_usd_per_mtok),
        ("a token of an answer", of.output_usd_per_mtok),
    )
    hour = "" if of.usd_basis is None else f", {of.usd_basis}"
    pairs = (
        *((what, "there is none" if cost is None else _mtok(cost)) for what, cost in each),
        ("all of it", f"{cell(of.usd, 'usd')}: {of.shared_basis}"),
        ("a GPU-hour", f"{number(of.usd_per_h)} USD{hour}"),
    )
    return Facts(name="price", title="", pairs=pairs)


def _mtok(usd_per_mtok: float) -> str:
    return f"{number(usd_per_mtok)} USD/Mtoken"
