"""`predict` and `validate`: what a machine does, and how far that was from what was measured."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from gigawatt import __version__
from gigawatt.interfaces.console import door, fall_short, say

predict_app = typer.Typer(
    help="Tokens per second, energy and cost of a model on a GPU; power on site until the grid comes.",
    no_args_is_help=True,
)
validate_app = typer.Typer(help="Hold the models against measurements; the error is shown.", no_args_is_help=True)

# What every answer begins with; these commands ask of no scenario.
HEAD = {"gigawatt": __version__, "scenario": None, "hash": None}

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
Model = Annotated[str, typer.Option("--model", help="A model of the catalog, by any of its names.")]
Gpu = Annotated[str, typer.Option("--gpu", help="An accelerator of the catalog, by any of its names.")]
File = Annotated[Path | None, typer.Argument(metavar="FILE.csv", help="Measured rows.", show_default="those shipped")]
Bar = Annotated[str | None, typer.Option(metavar="X", help='A share, such as 0.13 or "13%"; exit code 4 beyond it.')]
Predictions = Annotated[Path | None, typer.Option(metavar="OUT.csv", help="Write every row with its prediction.")]


@validate_app.command("inference")
def validate_inference(
    file: File = None,
    max_mape: Bar = None,
    min_coverage: Bar = None,
    predictions: Predictions = None,
    json: Json = False,
) -> None:
    """Serving throughput against measured rows (MLPerf, TensorRT-LLM tables, engines)."""
    with door(json):
        from gigawatt.study.validate import inference

        bars = _bars(max_mape, min_coverage, predictions)
        _show(inference.figures_of(file or inference.shipped(), predictions), "inference", bars, json)


@validate_app.command("training")
def validate_training(
    file: File = None,
    max_mape: Bar = None,
    min_coverage: Bar = None,
    predictions: Predictions = None,
    json: Json = False,
) -> None:
    """Training throughput against measured runs (Megatron, NeMo, MLPerf, llm-foundry, MaxText)."""
    with door(json):
        from gigawatt.study.validate import training

        bars = _bars(max_mape, min_coverage, predictions)
        _show(training.validate_training(file, predictions=predictions), "training", bars, json)


@validate_app.command("facility")
def validate_facility(
    file: File = None,
    max_mape: Bar = None,
    min_coverage: Bar = None,
    predictions: Predictions = None,
    json: Json = False,
) -> None:
    """PUE and water use against what operators publish of fleets, campuses and kinds of plant."""
    with door(json):
        from gigawatt.study.validate import facility

        bars = _bars(max_mape, min_coverage, predictions)
        _show(facility.figures_of(file, predictions), "facility", bars, json)


def _bars(max_mape: str | None, min_coverage: str | None, predictions: Path | None) -> dict[str, float]:
    from gigawatt.study.validate.score import check_predictions, read_bars

    check_predictions(predictions)
    return read_bars({"--max-mape": max_mape, "--min-coverage": min_coverage})


def _show(figures: dict[str, Any], what: str, bars: dict[str, float], json: bool) -> None:
    from gigawatt.report import accuracy
    from gigawatt.study.validate.score import missed

    if json:
        say(HEAD | {"notes": []} | figures)
    else:
        accuracy.show(what, figures)
    fall_short(missed(figures, bars))


@predict_app.command("inference")
def predict_inference(  # one option per thing that can be asked
    model: Model,
    gpu: Gpu,
    input: Annotated[str, typer.Option("--input", help="Mean tokens of a prompt.")],
    output: Annotated[str, typer.Option("--output", help="Mean tokens of an answer.")],
    precision: Annotated[str, typer.Option(help="bf16, fp8, fp4, mxfp4 or int4.")] = "fp8",
    tpot: Annotated[str, typer.Option(help="Limit on the mean time per output token.")] = "50 ms",
    ttft: Annotated[str | None, typer.Option(help="Limit on the mean time to the first token.")] = None,
    engine: Annotated[str, typer.Option(help="trtllm, vllm, sglang, mlperf-trtllm, …", show_default="the part's")] = "",
    tp: Annotated[int | None, typer.Option(help="Tensor-parallel packages.", show_default="searched")] = None,
    dp: Annotated[int | None, typer.Option(help="Copies of attention.")] = None,
    ep: Annotated[int | None, typer.Option(help="Groups of packages that experts are spread over.")] = None,
    pp: Annotated[int | None, typer.Option(help="Pipeline stages.")] = None,
    draft: Annotated[int, typer.Option(help="Tokens drafted per step (speculation, MTP).")] = 0,
    acceptance: Annotated[float, typer.Option(help="Chance that a drafted token holds.")] = 0.0,
    usd_per_gpu_hour: Annotated[
        float | None, typer.Option(help="Price of a GPU-hour.", show_default="its hardware")
    ] = None,
    usd_per_mtok: Annotated[float | None, typer.Option(help="Find the best interactivity under this cost.")] = None,
    power: Annotated[str | None, typer.Option(help='Scale to a facility\'s IT power, such as "96 MW".')] = None,
    pareto: Annotated[bool, typer.Option("--pareto", help="Throughput per GPU against interactivity.")] = False,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.svg", help="Draw the Pareto front.")] = None,
    json: Json = False,
) -> None:
    """Output tokens per second of a GPU with band, layout, batch, what binds, J/token and USD/Mtoken."""
    with door(json):
        from gigawatt.study.files import check_drawing
        from gigawatt.study.predict import inference
        from gigawatt.study.predict import question as asking

        check_drawing(out)
        question = asking.inference_question(
            {"model": model, "gpu": gpu, "precision": precision, "engine": engine},
            {"input": input, "output": output, "tpot": tpot, "ttft": ttft, "power": power},
            layout={"tensor": tp, "data": dp, "expert": ep, "pipeline": pp},
            drafting=(draft, acceptance),
            usd_per_gpu_hour=usd_per_gpu_hour,
        )
        if usd_per_mtok is not None:
            asking.positive("usd_per_mtok", usd_per_mtok, "usd_per_mtok")
            found = inference.cheapest_front(question, usd_per_mtok)
        else:
            found = inference.predict_inference(question)
        _show_inference(found, inference.pareto_front(question) if pareto or out else None, out, json)


def _show_inference(found: dict[str, Any], front: list[dict[str, float]] | None, out: Path | None, json: bool) -> None:
    from gigawatt.report import prediction
    from gigawatt.report.front import chart
    from gigawatt.study.files import write_whole

    if front is not None and out is not None:
        write_whole(out, chart(found, front))
    if json:
        drawn = {} if out is None else {"files": {"chart": str(out)}}
        say(HEAD | found | ({} if front is None else {"pareto": front}) | drawn)
        return
    prediction.show_inference(found, front)
    if out is not None:
        print(f"\nDrawn in {out}")


@predict_app.command("training")
def predict_training(
    model: Model,
    gpu: Gpu,
    gpus: Annotated[int, typer.Option(help="Packages of the run.")],
    precision: Annotated[str, typer.Option(help="bf16, fp8, mxfp8 or fp4.")] = "bf16",
    tokens: Annotated[str | None, typer.Option(help='Tokens of the run, such as "15 Ttokens".')] = None,
    budget: Annotated[str | None, typer.Option(help='Operations instead, such as "1e26 FLOP".')] = None,
    sequence: Annotated[str | None, typer.Option(help="Tokens of a sequence.", show_default="the recipe")] = None,
    batch: Annotated[str | None, typer.Option(help="Tokens of a step.", show_default="the recipe")] = None,
    engine: Annotated[str | None, typer.Option(help="Software.", show_default="the one that plans assume")] = None,
    usd_per_gpu_hour: Annotated[float | None, typer.Option(help="Price of a GPU-hour.")] = None,
    json: Json = False,
) -> None:
    """Tokens per second and MFU of a training run with band, layout, memory, days, goodput, energy and cost."""
    with door(json):
        from gigawatt.report import prediction
        from gigawatt.study.predict import question as asking

        question = asking.training_question(
            {"model": model, "gpu": gpu, "precision": precision, "engine": engine},
            {"tokens": tokens, "budget": budget, "sequence": sequence, "batch": batch},
            packages_count=gpus,
            usd_per_gpu_hour=usd_per_gpu_hour,
        )
        found = asking.training_figures(question)
        say(HEAD | found) if json else prediction.show_training(found)


@predict_app.command("bridge")
def predict_bridge(
    power: Annotated[str, typer.Option(help='Facility power to be fed, such as "300 MW".')],
    grid_wait: Annotated[str, typer.Option(help='Until the grid feeds it, such as "3 years" or "30 months".')],
    site: Annotated[
        str, typer.Option(help="A site of the catalog: its sun, cooling, and price of energy.")
    ] = "abilene",
    grid_price: Annotated[str | None, typer.Option(help="Energy of the grid.", show_default="the site's")] = None,
    worth: Annotated[
        str | None, typer.Option(help="What a MWh of IT energy earns.", show_default="a stated revenue per GW-year")
    ] = None,
    load: Annotated[str, typer.Option(help="Mean over full power.")] = "90 %",
    resale: Annotated[str, typer.Option(help="Capital that comes back when the grid arrives.")] = "50 %",
    discount: Annotated[str, typer.Option(help="Rate of discount.")] = "8 %/year",
    json: Json = False,
) -> None:
    """Waiting for the grid against power on site: time, capital, USD/MWh, carbon, worth of the months gained."""
    with door(json):
        from gigawatt.report import prediction
        from gigawatt.study.predict import bridge

        texts = {"power": power, "grid_wait": grid_wait, "grid_price": grid_price, "worth": worth}
        question = bridge.bridge_question(site, texts | {"load": load, "resale": resale, "discount": discount})
        found = bridge.bridge(question)
        say(HEAD | found) if json else prediction.show_bridge(found)
