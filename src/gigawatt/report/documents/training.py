"""What a training run takes: its speed, days, energy and cost with their bands, and what a step is made of."""

from __future__ import annotations

from collections.abc import Mapping

from gigawatt.report import charts
from gigawatt.report.document import Column, Document, Exhibit, Facts, Section, Table, Tile, united
from gigawatt.report.formats import PERCENT, cell
from gigawatt.study.predict.band import Band
from gigawatt.study.predict.training import TrainingPrediction
from gigawatt.study.predict.training_whole_run import RunPrediction
from gigawatt.tokens.train.records import Layout

BANDS = ("p10", "p50", "p90")
# What a step, and what the memory of a package, goes to; as people say it.
PARTS = {"optimizer": "optimiser", "buffers": "logits of a micro-batch"}
AMOUNTS = {"s": "Time", "days": "Time", "bytes": "Memory"}
CONVENTIONS = {
    "causal": "attention to earlier tokens alone",
    "full": "attention as if there were no mask",
    "parameters": "parameters alone",
}


def document(found: TrainingPrediction) -> Document:
    """A prediction of training."""
    return Document(
        title=f"{found.model} on {found.gpus_count:,} {found.gpu} in {found.precision}, engine {found.engine}",
        tiles=_tiles(found),
        sections=(
            Section(slug="run", title="The run", parts=(_facts(found), _bands(found), *_whole(found.run))),
            Section(slug="step", title="One step", parts=(_step(found), _memory(found))),
        ),
        notes=tuple(note.text for note in found.head.notes),
        made=f"Gigawatt {found.head.gigawatt}",
    )


def _tiles(found: TrainingPrediction) -> tuple[Tile, ...]:
    run, rate = found.run, found.tokens_per_s_per_gpu
    speed = (
        Tile(label="A GPU trains", value=cell(rate.p50, "tokens_per_s"), note=f"MFU {cell(found.mfu_frac, 'frac')}"),
        Tile(label="Goodput", value=cell(run.goodput_frac, "frac"), note="of the time, interruptions taken out"),
    )
    if run.run_days is None:
        return (*speed, Tile(label="A step", value=cell(found.step_s, "s"), note="of the whole batch"))
    days = f"P10 {cell(run.run_days.p10, 'days')}, P90 {cell(run.run_days.p90, 'days')}"
    tiles = (Tile(label="The run", value=cell(run.run_days.p50, "days"), note=days), *speed)
    if run.usd is None:
        return tiles
    return (*tiles, Tile(label="Cost", value=cell(run.usd.p50, "usd"), note=run.usd_basis or ""))


def _facts(found: TrainingPrediction) -> Facts:
    run = found.run
    asked = run.run_days is not None
    conventions = "; ".join(
        f"{name} {cell(share, 'frac')}: {CONVENTIONS[name]}" for name, share in found.mfu_by_frac.items()
    )
    pairs = (
        ("tokens of the run", cell(run.run_tokens, "tokens") if asked else "not stated: no days, energy or cost"),
        ("MFU", f"{cell(found.mfu_frac, 'frac')}: {found.mfu_basis}"),
        ("MFU by convention", conventions),
        ("layout", layout(found.layout)),
        ("what binds", found.binds),
        ("memory per GPU", cell(found.memory_bytes, "bytes")),
        ("goodput", cell(run.goodput_frac, "frac")),
        ("energy", _figure(run.energy_wh, "wh", run.energy_basis) or _lacking("the power of the part", asked=asked)),
        ("cost", _figure(run.usd, "usd", run.usd_basis) or _lacking("a price of a GPU-hour", asked=asked)),
    )
    return Facts(name="run", title="", pairs=pairs)


def _figure(band: Band | None, suffix: str, basis: str | None) -> str:
    """The middle of a figure with what is in it; nothing where it is not known."""
    return "" if band is None else f"{cell(band.p50, suffix)}: {basis}"


def _lacking(what: str, *, asked: bool) -> str:
    return f"not known without {what if asked else 'tokens or a budget'}"


def _bands(found: TrainingPrediction) -> Table:
    run = found.run
    bands = (found.tokens_per_s_per_gpu, run.run_days, run.gpu_h, run.energy_wh, run.usd)
    rows = tuple((name.upper(), *(None if one is None else getattr(one, name) for one in bands)) for name in BANDS)
    titles = {
        "Percentile": "",
        "Per GPU": "tokens_per_s",
        "Run": "days",
        "GPU-hours": "h",
        "Energy": "wh",
        "Cost": "usd",
    }
    columns = [Column(title=title, suffix=suffix) for title, suffix in titles.items()]
    return Table(
        name="bands",
        title="The whole run" if run.run_days else "How fast it trains",
        columns=united(columns, rows),
        rows=rows,
        strong=(1,),
    )


def _whole(run: RunPrediction) -> tuple[Exhibit, ...]:
    """What the days of a run go to; nothing where none was asked for."""
    if run.run_days is None or run.step_days is None or run.run_share_frac is None:
        return ()
    bare_days = run.step_days / run.goodput_frac
    parts = {
        "steps": run.step_days,
        "interruptions": bare_days - run.step_days,
        "everything else": run.run_days.p50 - bare_days,
    }
    says = (
        f"The middle run takes {cell(run.run_days.p50, 'days')}, of which {cell(run.step_days, 'days')} are its steps: "
        f"the goodput is {cell(run.goodput_frac, 'frac')}, and what is neither step nor interruption takes "
        f"{cell(1 - run.run_share_frac, 'frac')}."
    )
    return (_shared("whole", "What a run goes to", says, "Days of a whole run", parts, "days"),)


def _memory(found: TrainingPrediction) -> Exhibit:
    """What the memory of a package holds."""
    parts = {PARTS.get(name, name): size for name, size in found.memory_parts_bytes.items()}
    largest = max(parts, key=lambda name: parts[name])
    says = f"A GPU holds {cell(found.memory_bytes, 'bytes')}; most of it is {largest}."
    return _shared("memory", "What memory holds", says, "Memory of a GPU of the first stage", parts, "bytes")


def _step(found: TrainingPrediction) -> Exhibit:
    """What the time of a step goes to."""
    parts = {PARTS.get(name, name): share * found.step_s for name, share in found.step_frac.items()}
    largest, most = max(found.step_frac.items(), key=lambda item: item[1])
    says = f"A step takes {cell(found.step_s, 's')}; {cell(most, 'frac')} of it is {PARTS.get(largest, largest)}."
    return _shared("step", "What a step goes to", says, "Share of the time of a step", parts, "s")


def _shared(name: str, title: str, says: str, shows: str, parts: Mapping[str, float], suffix: str) -> Exhibit:
    """Parts of a whole, with the share of each."""
    total = sum(parts.values())
    columns = (
        Column(title="Goes to"),
        Column(title="Share, %", suffix="frac", scale=PERCENT),
        Column(title=AMOUNTS[suffix], suffix=suffix),
    )
    rows = tuple((part, amount / total, amount) for part, amount in parts.items())
    bars = [
        charts.Bar(label=part, value=share, text=f"{PERCENT.text(share)} %, {cell(amount, suffix)}", colour=0)
        for part, share, amount in rows
    ]
    about = charts.About(name=name, title=title, description=says)
    return Exhibit(
        name=name,
        says=says,
        shows=shows,
        table=Table(name=name, title=title, columns=columns, rows=rows),
        chart=charts.bars(about, bars),
    )


def layout(of: Layout) -> str:
    """Packages by axis, and what is kept or computed again, in words."""
    parts = [f"{of.data_count:,.4g} copies, each tensor parallel over {of.tensor_count:g}"]
    parts += [f"{of.pipeline_count:g} pipeline stages"]
    parts[-1] += f" in {of.chunk_count:g} chunks each" if of.chunk_count > 1 else ""
    parts += [f"context over {of.context_count:g}"] if of.context_count > 1 else []
    parts += [f"experts over {of.expert_count:g}"] if of.expert_count > 1 else []
    parts += [f"micro-batches of {of.micro_batch_count:g}"]
    parts += [f"{cell(float(of.recompute_frac), 'frac')} computed again"] if of.recompute_frac > 0 else []
    parts += ["weights spread over the copies"] if of.sharded_frac > 0 else []
    return ", ".join(parts)
