"""Predictions of serving, training and power on site on a terminal: terms beside what they are, and tables."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence

from gigawatt import units
from gigawatt.report.accuracy import aligned, screen_width, share
from gigawatt.report.formats import cell
from gigawatt.study.note import Note
from gigawatt.study.predict.band import Band
from gigawatt.study.predict.bridge import BridgeComparison
from gigawatt.study.predict.inference import FrontPoint, InferencePrediction, ReplicaLayout, ServingFacility
from gigawatt.study.predict.training import TrainingPrediction
from gigawatt.tokens.training_run import Layout

TERM_WIDTH = 26
# What the catalog or the question does not tell.
UNKNOWN = "not known"
NOTHING = "–"
MONTHS, WH_PER_MWH, BILLION = 12, 1e6, 1e9
LIMITS = {
    "tpot": "the limit on TPOT keeps the batch where it is",
    "ttft": "the limit on TTFT keeps the batch where it is",
    "capacity": "the batch is what memory holds",
}


def show_inference(found: InferencePrediction, files: Mapping[str, str], width: int | None = None) -> None:
    """A prediction of serving, with a facility and a Pareto front where they were asked for."""
    columns = width or screen_width()
    print(f"\n{found.model} on {found.gpu} in {found.precision}, engine {found.engine}\n")
    energy, cost, price = found.energy_j_per_token, found.usd_per_mtok, found.usd_per_h
    pairs = [
        ("output tokens/s per GPU", band(found.tokens_per_s_per_gpu)),
        ("layout", serving_layout(found.layout)),
        ("batch", f"{found.batch_count:.4g} requests in flight per replica"),
        ("TPOT", f"{milliseconds(found.tpot_s)}, {1 / found.tpot_s:.3g} tokens/s for a user"),
        ("TTFT", milliseconds(found.ttft_s)),
        ("what binds", f"most of the time goes to {found.binds}; {LIMITS[found.limited_by]}"),
        ("memory per GPU", units.show(found.memory_bytes, "bytes")),
        ("energy", UNKNOWN if energy is None else f"{energy:.3g} J/token, {found.energy_basis}"),
        ("cost", UNKNOWN if cost is None else f"{cost:.3g} USD/Mtoken of output, at the GPU-hour below"),
        ("price of a GPU-hour", UNKNOWN if price is None else f"{price:.3g} USD, {found.usd_basis}"),
    ]
    _show(pairs, columns)
    if found.facility is not None:
        _show_facility(found.facility, columns)
    _show_notes(found.head.notes, columns)
    if found.pareto is not None:
        print(f"\nPareto front: throughput against interactivity\n{aligned(front_rows(found.pareto), columns)}")
    if "chart" in files:
        print(f"\nDrawn in {files['chart']}")


def front_rows(front: Sequence[FrontPoint]) -> list[list[str]]:
    """A Pareto front as rows of text under their titles."""
    axes = ["tensor", "data", "expert", "pipeline"]
    return [["tokens/s per user", "tokens/s per GPU", "batch", *axes]] + [
        [f"{point.tokens_per_s_per_user:.4g}", f"{point.tokens_per_s_per_gpu:.4g}", f"{point.batch_count:.4g}"]
        + [f"{getattr(point.layout, axis)}" for axis in axes]
        for point in front
    ]


def serving_layout(layout: ReplicaLayout) -> str:
    """Packages by axis, in words."""
    if layout.packages == 1:
        return "1 GPU a replica"
    parts = [f"{layout.packages} GPUs a replica"]
    parts += [f"tensor parallel over {layout.tensor}"] if layout.tensor > 1 else []
    parts += [f"{layout.data} copies of attention"] if layout.data > 1 else []
    parts += [f"experts over {layout.expert}"] if layout.expert > 1 else []
    parts += [f"{layout.pipeline} pipeline stages"] if layout.pipeline > 1 else []
    return ", ".join(parts)


def _show_facility(found: ServingFacility, width: int) -> None:
    month = found.monthly_usd
    print(f"\nOn {units.show(found.it_power_w, 'w')} of IT power\n")
    pairs = [
        ("GPUs", f"{found.gpus_count:,} in {found.replicas_count:,} replicas"),
        ("output tokens/s", between(found.tokens_per_s, lambda value: _amount(value, "tokens_per_s"))),
        ("users at a time", f"{found.users_count:,.0f}"),
        ("energy per month", f"{units.show(found.monthly_energy_wh, 'wh')} of IT, without PUE"),
        ("cost per month", UNKNOWN if month is None else f"{units.show(month, 'usd')}, at the GPU-hour above"),
    ]
    _show(pairs, width)


def show_training(found: TrainingPrediction, files: Mapping[str, str], width: int | None = None) -> None:
    """A prediction of training."""
    del files  # it writes none
    columns, run = width or screen_width(), found.run
    usd, energy = run.usd, run.energy_wh
    print(f"\n{found.model} on {found.gpus_count:,} {found.gpu} in {found.precision}, engine {found.engine}\n")
    shares = ", ".join(f"{name} {share(value)}" for name, value in found.step_frac.items())
    pairs = [
        ("tokens/s per GPU", band(found.tokens_per_s_per_gpu)),
        ("MFU", f"{share(found.mfu_frac)}: {found.mfu_basis}"),
        ("layout", training_layout(found.layout)),
        ("one step", f"{units.show(found.step_s, 's')}: {shares}"),
        ("what binds", found.binds),
        ("memory per GPU", units.show(found.memory_bytes, "bytes")),
        ("run", f"{_amounts(run.run_days, 'days')} for {cell(run.run_tokens, 'tokens')}"),
        ("goodput", share(run.goodput_frac)),
        ("energy", UNKNOWN if energy is None else f"{_amounts(energy, 'wh')}, {run.energy_basis}"),
        (
            "cost",
            f"{UNKNOWN} without a price of a GPU-hour" if usd is None else f"{_amounts(usd, 'usd')}, {run.usd_basis}",
        ),
    ]
    _show(pairs, columns)
    _show_notes(found.head.notes, columns)


def show_bridge(found: BridgeComparison, files: Mapping[str, str], width: int | None = None) -> None:
    """Plants on site against a wait for the grid."""
    del files  # it writes none
    columns = width or screen_width()
    power, wait = units.show(found.power_w, "w"), units.show(found.grid_years, "years")
    print(f"\n{power} at {found.site}, where the grid comes in {wait}\n")
    _show(
        [
            ("energy of the grid", units.show(found.grid_usd_per_wh, "usd_per_wh")),
            ("carbon of the grid", units.show(found.grid_carbon_kg_per_wh, "kg_per_wh")),
            ("worth of IT energy", units.show(found.worth_usd_per_wh, "usd_per_wh")),
            ("mean load", share(found.load_frac)),
        ],
        columns,
    )
    print(f"\nOn site until then, the best first\n{aligned(bridge_rows(found), columns)}")
    text = (
        "Years to power, months of power gained; USD/MWh over the plant's life, over the wait alone, and above the "
        "grid's price; g CO2/kWh; capital, worth of the months gained and what is left of it, in billion USD."
    )
    print(f"\n{textwrap.fill(text, columns)}")
    _show_notes(found.head.notes, columns)


def bridge_rows(found: BridgeComparison) -> list[list[str]]:
    """Plants on site as rows of text under their titles; a dash where a plant is not sooner than the grid."""
    head = ["plant", "years", "gained", "life", "wait", "extra", "CO2", "capital", "worth", "net"]
    return [head] + [
        [
            plant.name,
            f"{plant.lead_years:.3g}",
            f"{MONTHS * plant.gained_years:.3g}",
            *(
                NOTHING if cost is None else f"{cost * WH_PER_MWH:,.0f}"
                for cost in (plant.levelised_usd_per_wh, plant.cost_usd_per_wh, plant.extra_usd_per_wh)
            ),
            f"{plant.carbon_kg_per_wh * WH_PER_MWH:,.0f}",
            *(f"{usd / BILLION:,.2f}" for usd in (plant.capex_usd, plant.worth_usd, plant.net_usd)),
        ]
        for plant in found.plants
    ]


def training_layout(layout: Layout) -> str:
    """Packages by axis, and what is kept or computed again, in words."""
    parts = [f"{layout.data_count:,.4g} copies, each tensor parallel over {layout.tensor_count:g}"]
    parts += [f"{layout.pipeline_count:g} pipeline stages"]
    parts[-1] += f" in {layout.chunk_count:g} chunks each" if layout.chunk_count > 1 else ""
    parts += [f"context over {layout.context_count:g}"] if layout.context_count > 1 else []
    parts += [f"experts over {layout.expert_count:g}"] if layout.expert_count > 1 else []
    parts += [f"micro-batches of {layout.micro_batch_count:g}"]
    parts += [f"{share(float(layout.recompute_frac))} computed again"] if layout.recompute_frac > 0 else []
    parts += ["weights spread over the copies"] if layout.sharded_frac > 0 else []
    return ", ".join(parts)


def band(found: Band) -> str:
    """A figure with its tenth and ninetieth percentile, as bare numbers."""
    return between(found, lambda value: f"{value:,.4g}")


def between(found: Band, shown: Callable[[float], str]) -> str:
    """A figure as it is shown, with its tenth and ninetieth percentile."""
    return f"{shown(found.p50)} (P10 {shown(found.p10)}, P90 {shown(found.p90)})"


def _amounts(found: Band, suffix: str) -> str:
    return between(found, lambda value: units.show(value, suffix))


def milliseconds(value_s: float) -> str:
    """A short time; seconds from one on."""
    return f"{value_s:.3g} s" if value_s >= 1 else f"{1e3 * value_s:.3g} ms"


def _amount(value: float, suffix: str) -> str:
    """A rate without its second, which its term has."""
    return units.show(value, suffix).removesuffix("/s")


def _show(pairs: Sequence[tuple[str, str]], width: int) -> None:
    """Terms and what they are, the second hanging beside the first."""
    for term, text in pairs:
        head = f"  {term:<{TERM_WIDTH}}"
        wrap = textwrap.TextWrapper(max(width, 2 * len(head)), initial_indent=head, break_on_hyphens=False)
        wrap.subsequent_indent = " " * len(head)
        print(wrap.fill(text))


def _show_notes(notes: Sequence[Note], width: int) -> None:
    if notes:
        print("\nTo keep in mind")
    for note in notes:
        print(textwrap.fill(note.text, width, initial_indent="  – ", subsequent_indent="    "))
