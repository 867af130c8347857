"""What a GPU serves: its figures, those of a facility where one is asked for, and the Pareto front."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace

from gigawatt.report import charts
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
    united,
)
from gigawatt.report.formats import WHOLE, Scale, cell, number
from gigawatt.study.predict.band import Band
from gigawatt.study.predict.drafting import DraftingPrediction
from gigawatt.study.predict.inference import FrontPoint, InferencePrediction, pareto_front
from gigawatt.study.predict.measured import NEAR, MeasuredPoint, measured_near
from gigawatt.study.predict.pools import PoolsPrediction, ServingPool
from gigawatt.study.predict.serving_layout import ReplicaLayout
from gigawatt.study.predict.serving_power import ServingEnergy, ServingFacility

# What the catalog or the question does not tell.
UNKNOWN = "not known"
LIMITS = {
    "tpot": "the limit on TPOT keeps the batch where it is",
    "ttft": "the limit on TTFT keeps the batch where it is",
    "capacity": "the batch is what memory holds",
    "prefill": "the pool that reads prompts takes no more",
}
AXES = ("tensor", "data", "expert", "pipeline")
# Both axes of the front in one unit, and tenths of a cent.
RATE, MTOK = Scale(size=1.0, unit="tokens/s", digits=1), Scale(size=1.0, unit="USD/Mtoken", digits=3)
# A point of a front as a row of a table.
POINT_KEYS = ("tokens_per_s_per_user", "tokens_per_s_per_gpu", "batch_count", "tpot_s", "ttft_s", "usd_per_mtok")
POINT = (
    Column(title="Layout"),
    *(Column(title=f"Per {who}, {RATE.unit}", suffix="tokens_per_s", scale=RATE) for who in ("user", "GPU")),
    *(Column(title=title, suffix=suffix) for title, suffix in (("Batch", "count"), ("TPOT", "s"), ("TTFT", "s"))),
    Column(title=f"Cost, {MTOK.unit}", suffix="usd_per_mtok", scale=MTOK),
)
# An axis of cost ends at so many times the least of the dearest accelerator.
DEAR_RATIO = 8.0


def document(found: InferencePrediction) -> Document:
    """A prediction of serving."""
    sections = [Section(slug="served", title="What a GPU serves", parts=(_served(found),))]
    if found.disaggregated is not None:
        sections.append(Section(slug="pools", title="Two pools", parts=(_pools(found, found.disaggregated),)))
    if found.drafting is not None:
        sections.append(Section(slug="drafting", title="Drafting", parts=(_drafting(found.drafting),)))
    if found.facility is not None:
        sections.append(Section(slug="facility", title="A facility", parts=(_facility(found.facility),)))
    if found.beside:
        sections.insert(0, Section(slug="beside", title="Side by side", parts=side_by_side((found, *found.beside))))
    elif found.disaggregated is None:
        front = found.pareto or pareto_front(found.asked)
        parts = (_front(found, front), *_measured((found,)))
        sections.append(Section(slug="front", title="Throughput against interactivity", parts=parts))
    return Document(
        title=f"{found.model} on {found.gpu} in {found.precision}, engine {found.engine}",
        tiles=_tiles(found),
        sections=tuple(sections),
        notes=tuple(note.text for note in found.head.notes),
        made=f"Gigawatt {found.head.gigawatt}",
    )


def _tiles(found: InferencePrediction) -> tuple[Tile, ...]:
    rate, basis = found.tokens_per_s_per_gpu, (found.usd_basis or "").partition(":")[0]
    price = "" if found.usd_per_h is None else f"a GPU-hour at {cell(found.usd_per_h, 'usd_per_h')}, {basis}"
    p10, p90 = (cell(value, "count") for value in (rate.p10, rate.p90))
    return (
        Tile(label="Output of a GPU", value=f"{cell(rate.p50, 'count')} tokens/s", note=f"P10 {p10}, P90 {p90}"),
        Tile(label="Time per output token", value=cell(found.tpot_s, "s"), note=_speed(found.tpot_s)),
        Tile(label="Time to the first token", value=cell(found.ttft_s, "s"), note="in the mean"),
        Tile(label="Cost of output", value=cell(found.usd_per_mtok, "usd_per_mtok"), note=price or UNKNOWN),
    )


def _served(found: InferencePrediction) -> Facts:
    cost, price = found.usd_per_mtok, found.usd_per_h
    at = f"{cell(cost, 'usd_per_mtok')} of output, at the GPU-hour below"
    cached = found.asked.cached_frac
    pairs = (
        ("output tokens/s per GPU", band(found.tokens_per_s_per_gpu, "count")),
        *([("prompts", f"{cell(cached, 'frac')} of each in a prefix cache, not read again")] if cached else []),
        ("layout", layout(found.layout) + _idle(found)),
        ("batch", f"{cell(found.batch_count, 'count')} requests in flight per replica"),
        ("TPOT", f"{cell(found.tpot_s, 's')}, {_speed(found.tpot_s)}"),
        ("TTFT", cell(found.ttft_s, "s")),
        ("what binds", f"most of the time goes to {found.binds}; {LIMITS[found.limited_by]}"),
        ("memory per GPU", cell(found.memory_bytes, "bytes")),
        ("users per MW", _users(found)),
        *_energy(found.energy),
        ("cost", UNKNOWN if cost is None else at),
        ("price of a GPU-hour", UNKNOWN if price is None else f"{number(price)} USD, {found.usd_basis}"),
        *_rent(found),
    )
    return Facts(name="served", title="", pairs=pairs)


def _rent(found: InferencePrediction) -> Iterator[tuple[str, str]]:
    """For how much the part is rented, where anybody says."""
    if found.rent_usd_per_h is not None:
        yield "rent of a GPU-hour", f"{number(found.rent_usd_per_h)} USD, {found.rent_basis}; no part of the cost above"


def _users(found: InferencePrediction) -> str:
    """Requests in service at a time for a megawatt of IT and of a facility."""
    it, of_facility = found.users_count_per_mw_it, found.users_count_per_mw_facility
    if it is None or of_facility is None:
        return UNKNOWN
    return f"{cell(it, 'count')} of IT, as servers are rated; {cell(of_facility, 'count')} of a facility at peak PUE"


def _energy(of: ServingEnergy) -> Iterator[tuple[str, str]]:
    """Energy per output token, and power, of the GPU alone, with its share of the rack, and of the facility."""
    figures = (
        ("energy, GPU alone", of.package_j_per_token, of.package_w, of.package_basis),
        ("energy, share of the rack", of.rack_j_per_token, of.rack_w, of.rack_basis),
        ("energy, facility", of.facility_j_per_token, of.facility_w, of.facility_basis),
    )
    for title, energy, power, basis in figures:
        known = energy is not None and power is not None
        yield title, f"{cell(energy, 'j_per_token')} at {cell(power, 'w')}, {basis}" if known else UNKNOWN


def _speed(tpot_s: float) -> str:
    return f"{cell(1 / tpot_s, 'tokens_per_s')} for a user"


def layout(of: ReplicaLayout) -> str:
    """Packages by axis, in words."""
    if of.packages == 1:
        return "1 GPU a replica"
    parts = [f"{of.packages} GPUs a replica"]
    parts += [f"tensor parallel over {of.tensor}"] if of.tensor > 1 else []
    parts += [f"{of.data} copies of attention"] if of.data > 1 else []
    parts += [f"experts over {of.expert}"] if of.expert > 1 else []
    parts += [f"{of.pipeline} pipeline stages"] if of.pipeline > 1 else []
    return ", ".join(parts)


def _idle(found: InferencePrediction) -> str:
    """What whole replicas leave idle, in words."""
    count = found.idle_packages_count
    return f"; {count} GPUs of a scale-up domain stand idle" if count else ""


def band(of: Band, suffix: str) -> str:
    """A figure with its tenth and ninetieth percentile."""
    return f"{cell(of.p50, suffix)} (P10 {cell(of.p10, suffix)}, P90 {cell(of.p90, suffix)})"


def _pools(found: InferencePrediction, both: PoolsPrediction) -> Facts:
    """Layout, size and load of two pools, the parts of the time to the first token, and what they bring."""
    times = {"a queue": both.queue_s, "prefill": both.prefill_s, "the cache's transfer": both.transfer_s}
    parts = [f"{name} {cell(time, 's')}" for name, time in times.items()]
    ratio = f"{number(both.decode_gpus_ratio)} GPUs that write answers for each that reads prompts"
    pairs = (
        ("reads prompts", _pool(both.prefill)),
        ("writes answers", _pool(both.decode)),
        ("ratio", ratio),
        ("TTFT", f"{cell(found.ttft_s, 's')}: {', '.join(parts)}"),
        ("instead of both in one", _beside(both.aggregated_tokens_per_s, both.gain_frac)),
    )
    return Facts(name="pools", title="", pairs=pairs)


def _pool(one: ServingPool) -> str:
    """A pool in words."""
    return (
        f"{one.gpus_count:,} GPUs in {one.replicas_count:,} replicas, {layout(one.layout)}; "
        f"{cell(one.busy_frac, 'frac')} busy"
    )


def _drafting(found: DraftingPrediction) -> Facts:
    """What steps draft, what of it holds, and what it brings."""
    chances = ", ".join(cell(chance, "frac") for chance in found.acceptance_frac)
    pairs = (
        ("drafted per step", f"{found.drafted_count} tokens"),
        ("chance to hold, by position", f"{chances}; {found.acceptance_basis}"),
        ("added per step", f"{number(found.tokens_per_step_ratio)} tokens"),
        ("without drafting", _beside(found.plain_tokens_per_s, found.gain_frac)),
    )
    return Facts(name="drafting", title="", pairs=pairs)


def _beside(plain: float | None, gain: float | None) -> str:
    """What the other way of serving gives, and by how much this one differs."""
    if plain is None or gain is None:
        return "cannot be served"
    more = f"{cell(abs(gain), 'frac')} {'more' if gain > 0 else 'less'}"
    return f"{cell(plain, 'tokens_per_s')} a GPU; this way {more}"


def _facility(found: ServingFacility) -> Facts:
    month = found.monthly_usd
    pairs = (
        ("GPUs", f"{found.gpus_count:,} in {found.replicas_count:,} replicas"),
        ("power of each", f"{cell(found.rated_w, 'w')} as rated, with its share of its server"),
        ("GPUs if capped", f"{found.capped_gpus_count:,} by their mean draw"),
        ("output", band(found.tokens_per_s, "tokens_per_s")),
        ("users at a time", cell(found.users_count, "count")),
        ("energy per month", f"{cell(found.monthly_energy_wh, 'wh')} of IT, without PUE"),
        ("cost per month", UNKNOWN if month is None else f"{cell(month, 'usd')}, at the GPU-hour above"),
    )
    return Facts(name="facility", title=f"On {cell(found.it_power_w, 'w')} of IT power", pairs=pairs)


def _front(found: InferencePrediction, front: Sequence[FrontPoint]) -> Exhibit:
    """Throughput of a GPU against the speed that a user sees."""
    fast, slow = front[0], front[-1]
    rates = [cell(value, "count") for one in (slow, fast) for value in (one.tokens_per_s_per_gpu, 1 / one.tpot_s)]
    title = f"{found.model} on {found.gpu} in {found.precision}: throughput against interactivity"
    about = charts.About(name="front", title=title, description=f"{len(front)} points", height=420)
    points = tuple(charts.Point(x=p.tokens_per_s_per_user, y=p.tokens_per_s_per_gpu, tip=_tip(p)) for p in front)
    asked = charts.Point(1 / found.tpot_s, found.tokens_per_s_per_gpu.p50, _asked(found), name="as asked")
    curves = [charts.Trace("predicted", points, 0), charts.Trace("", (asked,), 1, joined=False), *_rings(found, 2)]
    return Exhibit(
        name="front",
        says=f"A GPU gives {rates[0]} tokens/s where a user sees {rates[1]}, and {rates[2]} where a user sees "
        f"{rates[3]}.",
        shows=f"{title}; output tokens per second, no point is beaten in both; rings are measured",
        table=_points(found, front),
        chart=charts.xy(about, curves, "tokens/s per user", "tokens/s per GPU"),
    )


def side_by_side(sides: Sequence[InferencePrediction]) -> tuple[Part, ...]:
    """Predictions that differ in their accelerator alone: figures with their bands, and the fronts in one chart."""
    if sides[0].disaggregated is not None:
        return (_bands(sides),)
    fronts = {side.gpu: side.pareto or pareto_front(side.asked) for side in sides}
    parts = [_bands(sides), _fronts(sides, fronts, "tokens_per_s_per_gpu"), *_measured(sides)]
    if all(point.usd_per_mtok is not None for front in fronts.values() for point in front):
        parts.append(_fronts(sides, fronts, "usd_per_mtok"))
    return tuple(parts)


def _bands(sides: Sequence[InferencePrediction]) -> Exhibit:
    """What each serves, and how sure that is."""
    rates = sorted(sides, key=lambda side: -side.tokens_per_s_per_gpu.p50)
    best, least = (cell(side.tokens_per_s_per_gpu.p50, "count") for side in (rates[0], rates[-1]))
    title = "Output tokens per second of a GPU, as asked"
    says = f"As asked, a GPU of {rates[0].gpu} gives {best} tokens/s, one of {rates[-1].gpu} {least}."
    about = charts.About(name="sides", title=title, description=says)
    rows = [charts.Sure(label=one.gpu, **asdict(one.tokens_per_s_per_gpu)) for one in rates]
    columns = (
        *(Column(title=title) for title in ("GPU", "Layout")),
        *(Column(title=title, suffix="tokens_per_s", scale=RATE) for title in (f"P50, {RATE.unit}", "P10", "P90")),
        *(Column(title=title, suffix=suffix) for title, suffix in (("TPOT", "s"), ("TTFT", "s"), ("Batch", "count"))),
        Column(title="Energy, J/token", suffix="j_per_token", scale=Scale(size=1.0, unit="J/token", digits=3)),
        Column(title=f"Cost, {MTOK.unit}", suffix="usd_per_mtok", scale=MTOK),
    )
    figures = tuple(
        (
            *(side.gpu, _axes(side.layout)),
            *(getattr(side.tokens_per_s_per_gpu, name) for name in ("p50", "p10", "p90")),
            *(side.tpot_s, side.ttft_s, side.batch_count, side.energy_j_per_token, side.usd_per_mtok),
        )
        for side in sides
    )
    heads = united(columns, figures)
    table = Table(name="sides", title="Side by side", columns=heads, rows=figures, brief_columns=(0, 2, 3, 4, 6, 9))
    return Exhibit(name="sides", says=says, shows=title, table=table, chart=charts.bands(about, rows, "tokens/s"))


def _fronts(sides: Sequence[InferencePrediction], fronts: Mapping[str, Sequence[FrontPoint]], what: str) -> Exhibit:
    """The fronts of several accelerators in one chart, by throughput or by cost, against the speed that a user sees."""
    found, costs = sides[0], what == "usd_per_mtok"
    name, up = ("costs", MTOK.unit) if costs else ("fronts", "tokens/s per GPU")
    title = f"{found.model} in {found.precision}: throughput against interactivity; dots as asked, rings measured"
    if costs:
        title = f"{found.model} in {found.precision}: cost against interactivity"
    says = _cheapest(fronts) if costs else _strongest(fronts)
    traces = [
        charts.Trace(gpu, tuple(charts.Point(p.tokens_per_s_per_user, getattr(p, what), _tip(p)) for p in front), n)
        for n, (gpu, front) in enumerate(fronts.items())
    ]
    if not costs:
        traces += [
            charts.Trace(
                "", (charts.Point(1 / one.tpot_s, one.tokens_per_s_per_gpu.p50, _asked(one)),), n, joined=False
            )
            for n, one in enumerate(sides)
        ]
        traces += [replace(ring, name="") for n, one in enumerate(sides) for ring in _rings(one, n)]
    rows = tuple((gpu, *_row(point)) for gpu, front in fronts.items() for point in front)
    heads = united((Column(title="GPU"), *POINT), rows)
    table = Table(name=name, title=title, columns=heads, rows=rows, brief_columns=(0, 2, 3, 4, 7))
    about = charts.About(name=name, title=title, description=says, height=420)
    chart = charts.xy(about, traces, "tokens/s per user", up, most=_ceiling(fronts) if costs else None)
    depth = Depth.FULL if costs else Depth.BRIEF
    return Exhibit(name=name, says=says, shows=title, table=table, chart=chart, depth=depth)


def _points_near(found: InferencePrediction) -> tuple[MeasuredPoint, ...]:
    return measured_near(found.asked) if found.measured is None else found.measured


def _rings(found: InferencePrediction, colour: int) -> Iterator[charts.Trace]:
    """Measured points near a question, as rings."""
    points = tuple(
        charts.Point(p.tokens_per_s_per_user, p.tokens_per_s_per_gpu, _measured_tip(p)) for p in _points_near(found)
    )
    if points:
        yield charts.Trace("measured", points, colour, joined=False, hollow=True)


def _measured_tip(point: MeasuredPoint) -> str:
    how = [*(["two pools"] if point.disaggregated else []), *(["drafted"] if point.drafted else [])]
    lengths = f"{point.input_tokens:,.0f} in, {point.output_tokens:,.0f} out"
    speed, rate = (f"{cell(of, 'count')} tokens/s" for of in (point.tokens_per_s_per_user, point.tokens_per_s_per_gpu))
    return "\n".join(
        [", ".join(["measured", *how]), f"per user: {speed}", f"per GPU: {rate}", lengths, point.engine, point.source]
    )


def _measured(sides: Sequence[InferencePrediction]) -> Iterator[Part]:
    """The measured points near a question, or that there are none."""
    rows = tuple((side.gpu, *_measured_row(point)) for side in sides for point in _points_near(side))
    if not rows:
        text = f"No row that was measured is near: {NEAR}, and a speed of users that it tells."
        yield Paragraph(text=text, depth=Depth.FULL)
        return
    heads = (
        Column(title="GPU"),
        *(Column(title=f"Per {who}, {RATE.unit}", suffix="tokens_per_s", scale=RATE) for who in ("user", "GPU")),
        *(Column(title=title, suffix="count", scale=WHOLE) for title in ("Requests", "GPUs", "Prompt", "Answer")),
        *(Column(title=title) for title in ("Engine", "Measured", "Source")),
    )
    title = f"Measured near it: {NEAR}"
    yield Table(name="measured", title=title, columns=heads, rows=rows, brief_columns=(0, 1, 2, 3, 5, 6, 8))


def _measured_row(point: MeasuredPoint) -> tuple[Value, ...]:
    how = [point.engine, *(["two pools"] if point.disaggregated else []), *(["drafted"] if point.drafted else [])]
    return (
        point.tokens_per_s_per_user,
        point.tokens_per_s_per_gpu,
        point.requests_count,
        point.gpus_count,
        point.input_tokens,
        point.output_tokens,
        ", ".join(how),
        point.measured_date,
        point.source,
    )


def _strongest(fronts: Mapping[str, Sequence[FrontPoint]]) -> str:
    gpu, most = max(((gpu, front[-1].tokens_per_s_per_gpu) for gpu, front in fronts.items()), key=lambda pair: pair[1])
    quick, fast = max(
        ((gpu, front[0].tokens_per_s_per_user) for gpu, front in fronts.items()), key=lambda pair: pair[1]
    )
    says = f"{gpu} gives most where users wait, {cell(most, 'count')} tokens/s a GPU"
    fastest = f"the fastest for a user, {cell(fast, 'count')} tokens/s"
    return f"{says}, and is {fastest}." if gpu == quick else f"{says}; {quick} is {fastest}."


def _cheapest(fronts: Mapping[str, Sequence[FrontPoint]]) -> str:
    least, gpu = min((min(point.usd_per_mtok or 0.0 for point in front), gpu) for gpu, front in fronts.items())
    return f"{gpu} serves at the least cost, {MTOK.text(least)} {MTOK.unit} of output."


def _ceiling(fronts: Mapping[str, Sequence[FrontPoint]]) -> float:
    """Where an axis of cost ends: what the fastest user costs is many times what most pay."""
    least = max(min(point.usd_per_mtok or 0.0 for point in front) for front in fronts.values())
    highest = max(point.usd_per_mtok or 0.0 for front in fronts.values() for point in front)
    return min(highest, DEAR_RATIO * least)


def _points(found: InferencePrediction, front: Sequence[FrontPoint]) -> Table:
    rows = tuple(_row(point) for point in front)
    priced = "" if found.usd_per_h is None else f"; cost at {number(found.usd_per_h)} USD a GPU-hour"
    title = f"Pareto front: throughput against interactivity{priced}"
    return Table(name="front", title=title, columns=united(POINT, rows), rows=rows)


def _row(point: FrontPoint) -> tuple[Value, ...]:
    """A point of a front as a row under POINT."""
    return (_axes(point.layout), *(getattr(point, key) for key in POINT_KEYS))


def _axes(of: ReplicaLayout) -> str:
    """Axes over more than one package: "tensor 4, expert 8"."""
    return ", ".join(f"{axis} {size}" for axis in AXES if (size := getattr(of, axis)) > 1) or "1 GPU"


def _tip(point: FrontPoint) -> str:
    pairs = {
        "per user": f"{cell(point.tokens_per_s_per_user, 'count')} tokens/s",
        "per GPU": f"{cell(point.tokens_per_s_per_gpu, 'count')} tokens/s",
        "TPOT": cell(point.tpot_s, "s"),
        "TTFT": cell(point.ttft_s, "s"),
        "batch": cell(point.batch_count, "count"),
    }
    pairs |= {} if point.usd_per_mtok is None else {"cost": f"{MTOK.text(point.usd_per_mtok)} {MTOK.unit}"}
    return "\n".join([_axes(point.layout), *(f"{name}: {text}" for name, text in pairs.items())])


def _asked(found: InferencePrediction) -> str:
    rates = (1 / found.tpot_s, found.tokens_per_s_per_gpu.p50)
    user, gpu = (f"{cell(rate, 'count')} tokens/s" for rate in rates)
    return f"as asked\nper user: {user}\nper GPU: {gpu}"
