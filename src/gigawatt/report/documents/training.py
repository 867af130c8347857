"""What a training run takes: its speed, days, energy and cost with their bands, and what a step is made of."""

from __future__ import annotations

from gigawatt.report import charts
from gigawatt.report.document import Column, Document, Exhibit, Facts, Section, Table, Tile, united
from gigawatt.report.formats import PERCENT, cell
from gigawatt.study.predict.training import TrainingPrediction
from gigawatt.tokens.training_run import Layout

BANDS = ("p10", "p50", "p90")


def document(found: TrainingPrediction) -> Document:
    """A prediction of training."""
    return Document(
        title=f"{found.model} on {found.gpus_count:,} {found.gpu} in {found.precision}, engine {found.engine}",
        tiles=_tiles(found),
        sections=(
            Section(slug="run", title="The run", parts=(_facts(found), _bands(found))),
            Section(slug="step", title="One step", parts=(_step(found),)),
        ),
        notes=tuple(note.text for note in found.head.notes),
        made=f"Gigawatt {found.head.gigawatt}",
    )


def _tiles(found: TrainingPrediction) -> tuple[Tile, ...]:
    run, rate = found.run, found.tokens_per_s_per_gpu
    days = f"P10 {cell(run.run_days.p10, 'days')}, P90 {cell(run.run_days.p90, 'days')}"
    tiles = (
        Tile(label="The run", value=cell(run.run_days.p50, "days"), note=days),
        Tile(label="A GPU trains", value=cell(rate.p50, "tokens_per_s"), note=f"MFU {cell(found.mfu_frac, 'frac')}"),
        Tile(label="Goodput", value=cell(run.goodput_frac, "frac"), note="of the time, interruptions taken out"),
    )
    if run.usd is None:
        return tiles
    return (*tiles, Tile(label="Cost", value=cell(run.usd.p50, "usd"), note=run.usd_basis or ""))


def _facts(found: TrainingPrediction) -> Facts:
    run = found.run
    pairs = (
        ("tokens of the run", cell(run.run_tokens, "tokens")),
        ("MFU", f"{cell(found.mfu_frac, 'frac')}: {found.mfu_basis}"),
        ("layout", layout(found.layout)),
        ("what binds", found.binds),
        ("memory per GPU", cell(found.memory_bytes, "bytes")),
        ("goodput", cell(run.goodput_frac, "frac")),
        ("energy", run.energy_basis or "not known"),
        ("cost", run.usd_basis or "not known without a price of a GPU-hour"),
    )
    return Facts(name="run", title="", pairs=pairs)


def _bands(found: TrainingPrediction) -> Table:
    run = found.run
    bands = (found.tokens_per_s_per_gpu, run.run_days, run.energy_wh, run.usd)
    rows = tuple((name.upper(), *(None if one is None else getattr(one, name) for one in bands)) for name in BANDS)
    titles = {"Percentile": "", "Per GPU": "tokens_per_s", "Run": "days", "Energy": "wh", "Cost": "usd"}
    columns = [Column(title=title, suffix=suffix) for title, suffix in titles.items()]
    return Table(name="bands", title="The whole run", columns=united(columns, rows), rows=rows, strong=(1,))


def _step(found: TrainingPrediction) -> Exhibit:
    """What the time of a step goes to."""
    shares = found.step_frac.items()
    columns = (
        Column(title="Goes to"),
        Column(title="Share, %", suffix="frac", scale=PERCENT),
        Column(title="Time", suffix="s"),
    )
    rows = tuple((name, share, share * found.step_s) for name, share in shares)
    bars = [charts.Bar(label=name, value=share, text=f"{PERCENT.text(share)} %", colour=0) for name, share in shares]
    largest, most = max(shares, key=lambda item: item[1])
    about = charts.About(name="step", title="What a step goes to", description=f"Most of it is {largest}.")
    return Exhibit(
        name="step",
        says=f"A step takes {cell(found.step_s, 's')}; {cell(most, 'frac')} of it is {largest}.",
        shows="Share of the time of a step",
        table=Table(name="step", title="One step", columns=columns, rows=rows),
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
