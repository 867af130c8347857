"""Write docs/accuracy.md: the models' errors on the measured rows, against the bars that were set for them.

    python tools/accuracy.py FOLDER [--check]

FOLDER holds the measured rows of inference, training and facilities, those of before 2026 and those of 2025 and 2026
(`inference.csv`, `inference-2026.csv`, …), and those of energy; published figures of facilities and of whole runs come
with the package. `--check` writes nothing and fails where something would change.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import accuracy_energy
import accuracy_flywheel
import accuracy_generations
import accuracy_schedules
import accuracy_serving
import numpy as np
from numpy.typing import NDArray

from gigawatt.catalog import load, records, to_tokens
from gigawatt.catalog import to_watts as sites
from gigawatt.readers.training_rows import read_training_rows
from gigawatt.report.document import Table
from gigawatt.report.documents import validation
from gigawatt.report.formats import PERCENT, signed
from gigawatt.study.validate import energy, facility, inference, runs, schedules, serving, training
from gigawatt.study.validate.generations import generations
from gigawatt.study.validate.score import Scores, Validation, shipped

YEAR, REGIONS = "-2026", "facility-2026.csv"
PAGE = Path(__file__).parents[1] / "docs" / "accuracy.md"
HEAD = """# Accuracy

What the models of inference, training, energy, facilities and whole runs say, held against {inference}, {training} and
{energy} measured rows, {facility} published figures and {runs} published runs. This page is made by `tools/accuracy.py`
from the rows themselves; nothing on it is typed in but what is asked of a model and what other tools reach. The same
for a file of one's own: `gigawatt validate inference FILE.csv`, and so `serving`, `training`, `energy`, `facility`,
`runs` and, from a TOML file, `schedules`.

An error is |predicted − measured| / measured. A **bar** is what was asked of the model before it was built; where it is
not reached the reason stands below. Most of these rows were fitted, and what a fitted row shows is no evidence: **left
out** means that the calibration was fitted again without the rows of that model, GPU or source, and then asked about
them, the error to expect on something new. The **baseline** is a constant efficiency: the median share of the roofline
(inference) or of the peak (training) of rows alike.

"""
INFERENCE = """
The physical part has one set of efficiencies for all rows: shares of the peaks, latencies of kernels and collectives,
the scheduler's time. On top stand offsets of families (engine, release of the engine, GPU architecture, kind of
network, format, model), each drawn to nothing by a prior: a family of few rows moves little. Engine, model mix and
age of the software are confounded in these rows: newer rows are other engines on other models. The yearly gain of
software, {yearly:.0f} % less time a year, is mostly its prior. The band P10 to P90 is the spread of the rows of the
same engine, between fitted and left-out ones; it widens by a fixed step for each thing (architecture, kind of network,
format, engine on an architecture) that no fitted row has, and the middle is lower by a factor of {unseen:.2f} each.

Software is a state: each engine on each architecture has its own progress by the year, drawn to that of all, and is
taken to be no younger than its newest row. Rows of servers with a model's own draft blocks may draft; closed loops of
two pools are predicted as two pools. Of the rows of energy, what they served is fitted too.

Where not to trust it: servers with tight limits (the room that the slowest of a hundred requests needs is two fitted
figures), parts held back by their power limit more than watts per operation tell (H100 PCIe and NVL), runs with
speculative decoding that the row does not mention (part of the DeepSeek rows), models in their first weeks on an engine
(DeepSeek-V4 on SGLang, Kimi-K2 in INT4 on AMD: two to ten times slower than the same engine is on older models),
pipelines and replicas across scale-up domains (no row has one).

The bars of TPOT with two pools and of throughput with one are a fifth less than the errors that aiconfigurator 0.12 was
seen to have on the same rows: 18.7 % in the mean and 13.6 % in the median, and 24.2 and 16.7 %. Two pools were 18.8 %
off in the mean and 13.7 % in the median, their TPOT 14.9 and 10.2 %, before any of their rows were fitted.

TPOT in wide groups misses its bar by a tenth of a point: GB200 at thousands of users waits for decode slots, which is
not modelled. Models left out miss theirs: how far an engine is with a model differs by more than any part of physics
(GLM-5 and MiniMax-M2 are slower than fits without them say, DeepSeek-R1 and gpt-oss-120b faster).
Left-out errors are of all rows, those of 2026 and of energy too, which are harder; a "pair" is a sixth of all pairs of
model and GPU.
"""
TRAINING = """
One set of efficiencies for all runs, and offsets of software and architecture drawn to nothing by a prior. Rows with
only a time to train, image models and fine-tuning are other work and not in the coverage. Tokens per second are
compared where a row has them, else achieved FLOP/s, else MFU. A layout that a row does not give is the fastest that
fits.

The Megatron rows miss their bar because of Megatron-Core 0.8 on H100 (9 %): its table gives sizes and no shapes, so
the depth and width of those models are assumed. Megatron-LM itself is within 5 %. Small families (single figures quoted
in papers) are off by more, and some of them by more than a constant MFU of their own few rows would be. Rows that
disagree with each other bound what a model can reach: InternEvo has pairs equal in every column that differ by 1.6
times, Megatron-Bridge 26.02 and 26.02.01 by 1.8 in equal layouts. Rows of whole runs are held against whole runs, and
not fitted. Errors with models, parts and sources left out are printed by `tools/fit_training.py --leave-out`.
"""
FACILITY = """
PUE and water use that operators publish, against plants of the catalog in the climate of typical years. Which plant,
places and load stand for an operator is in `catalog/facilities/`; the plants are those that scenarios plan with, of
2026 and with cold plates. Rows are judged as they are published: a range by its middle, a course by its last figure.
Where about no water is used, the error is a share of what cooling towers use. The baseline is the median of the other
rows. The band is what the plant's numbers and the load, each from its low to its high, do to the figure.

What is missed, and why: fleets hold halls of many ages, and the plants here are new, so fleets of the past (Google
2008, Microsoft 2013) and mixed ones (Microsoft, AWS) lie 7 to 13 % above the model. Rooms of enterprises are put
together from assumed parts and come out a tenth too good. Microsoft's water use fell by two fifths from 2021 to 2024 in
the same climates, which one plant for all years cannot show; AWS reports half of what pads that are wet above 25 degC
would use. Only the water use of towers and of dry coolers was set from rows here, which are marked as fitted. An error
of PUE looks small because most of a PUE is the 1 of the IT itself.
"""
RUNS = """
GPU-hours from the first token to the last, predicted over stated: steps and interruptions explain a share of a run, and
evaluation, ramps of batch and length, slow nodes and what was tried on the way the rest. The share is fitted to these
very runs; `tools/fit_runs.py` prints what a fit without a run says of it. The GPUs of some runs are assumed.
"""
REGION = """
Cloud regions, by the fleet of the operator in the climate of the place: normals of 97 places (`catalog/climates/`),
rounded by hand from public normals and graded assumed. Ten numbers of three fleets are fitted to these rows. With the
region left out the overhead is 29.5 % off at AWS, 14.1 % at Microsoft and 13.6 % at Google, and water 52.1 % in the
median, above its bar; thresholds of the plants were picked in view of the rows, so that regions nobody had seen may be
a little worse. Missed most: halls that are leased or chilled all year (Frankfurt, Hyderabad), and water of regions that
use about none. Errors with a region or an operator left out are printed by `tools/fit_facility.py FILE.csv`, those of
the climates themselves by `tools/check_climates.py FOLDER`.
"""
CAPS = """
Performance under a power cap, perf = 1 − a (1 − p)^b, for inference and for training: published points of data-centre
and workstation parts, p the power drawn over that without a cap. Every source counts alike in the common curve, which
plans use; a part of which points were fitted has its own, drawn to the common one. Points that are not marked were kept
out of both. A range is missed by its distance. Serving at large batches is bound by matrix units for a part of its
time: there the times of both curves add, each for its share. Four servers of MLPerf under a cap (H200 Max-Q at 500 W,
MI355X at 1000 W) are predicted so, and none of them was fitted.

The two points of the H100 at 600 W are rules of thumb from a glossary without a measurement; measured parts lose less
at that cap. A100 and V100 disagree below three quarters of the power, so each has its own curve.

Held against what NVIDIA shows of MaxLPS (1 GW holds 3,819 racks unmanaged and 5,543 managed, and earns a third more),
curve and racks agree within 0.2 % and half a point. That is consistency and no validation: the overhead and one point
of the curve are from that table.
"""
Bar = tuple[str, float, Callable[[float], bool], str]


def page(folder: Path) -> str:
    """The whole page."""
    served, newer = (inference.validate_inference(folder / f"inference{of}.csv") for of in ("", YEAR))
    trained, younger = (training.validate_training(folder / f"training{of}.csv") for of in ("", YEAR))
    published, regions = facility.validate_facility(shipped("pue")), facility.validate_facility(folder / REGIONS)
    drawn, whole = energy.validate_energy(folder / accuracy_energy.FILE), runs.validate_runs(shipped("runs"))
    waited = [serving.validate_serving(folder / f"inference{of}.csv") for of in ("", YEAR)]
    calibration = load.get("inference_calibrations", inference.CALIBRATION)
    waits = load.get("serving_calibrations", serving.SERVING)
    power = load.get("power_calibrations", energy.POWER)
    parts = [
        HEAD.format(
            inference=served.scores.evaluated + newer.scores.evaluated,
            training=trained.scores.evaluated + younger.scores.evaluated,
            energy=drawn.scores.evaluated,
            facility=published.scores.evaluated + regions.scores.evaluated,
            runs=whole.scores.evaluated,
        ),
        "## Inference\n\n",
        _bars(_inference_bars(served, newer, calibration)),
        INFERENCE.format(yearly=100 * (1 - calibration.yearly_time_ratio), unseen=1 / calibration.unseen_time_ratio),
        _left_out(calibration.left_out),
        _figures(served),
        "\n## Inference, rows of 2025 and 2026\n",
        _figures(newer),
        "\n## One generation against another\n",
        _generations(),
        "\n## Serving, request by request\n\n",
        _bars(accuracy_serving.bars(waited, waits)),
        accuracy_serving.text(waits),
        _left_out(waits.left_out),
        _figures(waited[0], "by-source"),
        "\n## Serving, request by request, rows of 2025 and 2026\n",
        _figures(waited[1], "by-source"),
        "\n## Training\n\n",
        _bars(_training_bars(trained.scores, younger.scores, folder)),
        TRAINING,
        _figures(trained),
        "\n## Training, rows of 2024 to 2026\n",
        _figures(younger),
        "\n## Whole runs\n\n",
        _bars(_run_bars(whole)),
        RUNS,
        _figures(whole, "by-gpu", "by-model", "by-engine", "by-source"),
        "\n## Energy\n\n",
        _bars(accuracy_energy.bars(drawn, power)),
        accuracy_energy.text(power),
        _figures(drawn),
        "\n## Facility\n\n",
        _published(published),
        FACILITY,
        _figures(published, "by-facility", "by-source"),
        "\n## Facility, by region\n\n",
        _bars(_region_bars(regions.scores)),
        REGION,
        _figures(regions, "by-facility", "by-source"),
        "\n## Dates promised for power\n\n",
        promised(),
        "\n## Power caps\n\n",
        *(_caps(name) for name in load.ids("power_curves")),
        CAPS,
        "\n## The flywheel\n",
        _flywheel(),
    ]
    return "".join(parts).rstrip() + "\n"


def _generations() -> str:
    """What is published of one generation over another, with what is predicted of it."""
    found = generations()
    return accuracy_generations.text(found) + markdown(accuracy_generations.figures(found)) + "\n"


def _flywheel() -> str:
    """The wheel set on some years, held against what came after."""
    found = accuracy_flywheel.found()
    tables = [markdown(rows) for rows in (accuracy_flywheel.figures(found), accuracy_flywheel.means(found))]
    return accuracy_flywheel.TEXT + "\n\n".join(tables) + "\n" + accuracy_flywheel.after(found)


def _errors(found: Validation, *strata: str) -> NDArray[np.float64]:
    """Sizes of the errors of the rows of some scenarios."""
    return np.array([abs(row.p50 / row.measured - 1) for row in found.scored if row.stratum in strata])


def _inference_bars(served: Validation, newer: Validation, calibration: Any) -> list[Bar]:
    def mean(stratum: str) -> float:
        return float(np.mean(_errors(served, stratum)))

    figures, inside = served.scores, served.scores.band_coverage_frac
    pooled, plain = _errors(newer, "closed loop disagg", "closed loop disagg mtp"), _errors(served, "closed loop agg")
    wide, pools = newer.also["tpot_wide"], newer.also["tpot_disaggregated"]
    return [
        ("rows of 2026: coverage", newer.scores.coverage_frac, _least(0.93), "≥ 93 %"),
        ("rows of 2026: mean error", newer.scores.mape_frac, _most(0.25), "≤ 25 %"),
        ("rows of 2026: median error", newer.scores.median_frac, _most(0.14), "≤ 14 %"),
        ("rows of 2026: inside P10 to P90", newer.scores.band_coverage_frac, _within, "70 to 90 %"),
        ("two pools: mean error of throughput", float(np.mean(pooled)), _most(0.22), "≤ 22 %"),
        ("two pools: median error of throughput", float(np.median(pooled)), _most(0.14), "≤ 14 %"),
        ("TPOT in groups wider than 16", wide.mape_frac, _most(0.15), "≤ 15 %"),
        ("two pools: mean error of TPOT", pools.mape_frac, _most(0.8 * 0.187), "≤ 15.0 %"),
        ("two pools: median error of TPOT", pools.median_frac, _most(0.8 * 0.136), "≤ 10.9 %"),
        ("one pool: mean error of throughput", float(np.mean(plain)), _most(0.8 * 0.242), "≤ 19.4 %"),
        ("one pool: median error of throughput", float(np.median(plain)), _most(0.8 * 0.167), "≤ 13.4 %"),
        ("mean error, all rows", figures.mape_frac, lambda x: x <= 0.13, "≤ 13 %"),
        ("median error, all rows", figures.median_frac, lambda x: x <= 0.08, "≤ 8 %"),
        ("coverage of language-model rows", figures.coverage_frac, lambda x: x >= 0.97, "≥ 97 %"),
        ("mean error, model left out", calibration.left_out_model_mape_frac, lambda x: x <= 0.2, "≤ 20 %"),
        ("mean error, GPU left out", calibration.left_out_gpu_mape_frac, lambda x: x <= 0.2, "≤ 20 %"),
        ("mean error, TensorRT-LLM tables", mean("offline max load"), lambda x: x <= 0.2, "≤ 20 %"),
        ("mean error, MLPerf offline", mean("Offline"), lambda x: x <= 0.2, "≤ 20 %"),
        ("rank correlation within scenarios", figures.rank_correlation, lambda x: x >= 0.98, "≥ 98 %"),
        ("rows inside P10 to P90", inside, _within, "70 to 90 %"),
    ]


def _most(frac: float) -> Callable[[float], bool]:
    return lambda value: value <= frac


def _least(frac: float) -> Callable[[float], bool]:
    return lambda value: value >= frac


def _within(value: float) -> bool:
    return 0.7 <= value <= 0.9


def _left_out(figures: Sequence[records.LeftOut]) -> str:
    """Errors on what a fit had not seen, by file."""
    rows = [["left out", "rows", "mean error", "median error"]]
    rows += [
        [one.name, f"{one.rows_count:,}", f"{PERCENT.text(one.mape_frac)} %", f"{PERCENT.text(one.median_frac)} %"]
        for one in figures
    ]
    return f"\n{markdown(rows)}\n"


def _run_bars(whole: Validation) -> list[Bar]:
    ratio = float(np.median([row.p50 / row.measured for row in whole.scored]))
    return [
        ("median of predicted over stated GPU-hours", ratio, lambda x: 0.9 <= x <= 1.1, "90 to 110 %"),
        ("runs inside P10 to P90", whole.scores.band_coverage_frac, _least(0.8), "≥ 80 %"),
    ]


def _region_bars(figures: Scores) -> list[Bar]:
    water = next(one for one in figures.by["metric"] or () if one.name == "water")
    return [
        ("mean error of the overhead, PUE − 1", figures.overhead_mape_frac, _most(0.3), "≤ 30 %"),
        ("median error of water", water.median_frac, _most(0.5), "≤ 50 %"),
        ("rows inside P10 to P90", figures.band_coverage_frac, _within, "70 to 90 %"),
    ]


def _training_bars(figures: Scores, younger: Scores, folder: Path) -> list[Bar]:
    families = _training_families(folder)

    def mean(*names: tuple[str, str]) -> float:
        return float(np.mean([error for name in names for error in families[name]]))

    megatron = mean(("Megatron-LM", "dense"), ("Megatron-Core", "dense"))
    return [
        ("rows of 2026: coverage", younger.coverage_frac, _least(0.95), "≥ 95 %"),
        ("rows of 2026: mean error", younger.mape_frac, _most(0.22), "≤ 22 %"),
        ("mean error, all pre-training rows", figures.mape_frac, _most(0.08), "≤ 8 %"),
        ("coverage", figures.coverage_frac, lambda x: x >= 0.95, "≥ 95 %"),
        ("mean error, Megatron on A100 and H100", megatron, lambda x: x <= 0.05, "≤ 5 %"),
        ("mean error, NeMo dense", mean(("Megatron-Bridge", "dense")), lambda x: x <= 0.08, "≤ 8 %"),
        ("mean error, NeMo MoE", mean(("Megatron-Bridge", "moe")), lambda x: x <= 0.15, "≤ 15 %"),
    ]


def _training_families(folder: Path) -> dict[tuple[str, str], list[float]]:
    """Errors by software and kind of network."""
    calibration = load.get("training_calibrations", training.CALIBRATION)
    rows, _ = training.read_measured(read_training_rows(folder / "training.csv"), calibration)
    found: dict[tuple[str, str], list[float]] = {}
    for row, scored in zip(rows, training.scores(rows, calibration), strict=True):
        family = row.case.engine, to_tokens.training_structure(row.case.model)
        found.setdefault(family, []).append(abs(scored.p50 / scored.measured - 1))
    return found


def _bars(bars: Sequence[Bar]) -> str:
    rows = [["", "figure", "bar", "reached"]]
    rows += [
        [title, f"{PERCENT.text(value)} %", bar, "yes" if reached(value) else "**no**"]
        for title, value, reached, bar in bars
    ]
    return markdown(rows) + "\n"


def _published(found: Validation) -> str:
    """Every published figure with what is predicted of it."""
    rows = [["", "metric", "period", "published", "predicted", "low to high", "error", "fitted"]]
    for scored in found.scored:
        cells = {name: text.strip() for name, text in found.cells[scored.line].items()}
        numbers = [f"{value:.3g}" for value in (scored.p50, scored.p10, scored.p90)]
        error = signed(scored.error_frac(scored.p50))
        metric = f"{cells['metric']} {cells['unit']}".strip()
        words = [cells["operator_or_case"], metric, cells["period"] or "not said", cells["value"]]
        rows.append([*words, numbers[0], f"{numbers[1]} to {numbers[2]}", error, scored.groups["fitted"]])
    return markdown(rows) + "\n"


def promised() -> str:
    """The part about dates that owners promised, with every point of it."""
    found, record = schedules.validate_schedules(), load.get("schedules", schedules.SHIPPED)
    tables = (accuracy_schedules.stage_rows(record), accuracy_schedules.point_rows(found))
    by_stage, points = (markdown(rows) for rows in tables)
    words = accuracy_schedules.text(found, record)
    return f"{by_stage}\n{words}\n### Every date that is judged\n\n{points}\n{_figures(found, 'by-source')}"


def _caps(name: str) -> str:
    """Every published point of a power curve with what the curve says there."""
    record = load.get("power_curves", name)
    rows = [[record.name, "power", "published", "predicted", "missed by", "fitted"]]
    for n, point in enumerate(record.points):
        evidence = record.evidence[f"points.{n}.performance_frac"]
        low, high = evidence.low or point.performance_frac, evidence.high or point.performance_frac
        predicted = sites.point_performance(record, point, load.get("power_curves", "training"))
        shown = f"{low:.3f}" if low == high else f"{low:.3f} to {high:.3f}"
        missed = predicted - float(np.clip(predicted, low, high))
        fitted = "yes" if point.fitted else "no"
        rows.append([point.name, f"{point.power_frac:.3f}", shown, f"{predicted:.3f}", signed(missed), fitted])
    return markdown(rows) + "\n\n"


def _figures(found: Validation, *left: str) -> str:
    """The tables of a validation that a page shows; left: names of those that it does not."""
    tables = validation.document(found).tables()
    shown = [table for name, table in tables.items() if name not in ("predictions", *left)]
    return "".join(f"\n### {table.title or 'All rows'}\n\n{_table(table)}\n" for table in shown)


def _table(table: Table) -> str:
    return markdown([[column.title for column in table.columns], *table.texts()])


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """A table of a page: the first row is its head, all columns but the first to the right."""
    head, *body = rows
    rule = ["---", *["---:"] * (len(head) - 1)]
    cells = [[cell.replace("|", "\\|") for cell in row] for row in (head, rule, *body)]
    return "\n".join("| " + " | ".join(row) + " |" for row in cells)


def main(arguments: Sequence[str]) -> int:
    """Write or check the page."""
    text = page(Path(arguments[0]))
    if "--check" in arguments:
        return int(PAGE.read_text(encoding="utf-8") != text)
    PAGE.write_text(text, encoding="utf-8")
    print(f"wrote docs/{PAGE.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
