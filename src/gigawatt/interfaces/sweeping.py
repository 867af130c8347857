"""`sweep` and `compare`: one plan, or several strategies, in many futures."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from gigawatt.interfaces.console import INTERRUPTED, door, progress, say

Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Override one value, such as --set uncertainty.demand.p10=0.5."),
]
Seed = Annotated[int | None, typer.Option(help="Of the futures.", show_default="the scenario's")]
Workers = Annotated[int | None, typer.Option(help="Processes.", show_default="one a core")]
Scheduler = Annotated[
    str | None, typer.Option(metavar="ADDRESS", help='Of a Dask cluster to run on instead: "tcp://10.0.0.5:8786".')
]
Vary = Annotated[
    list[str] | None, typer.Option("--vary", metavar="NAME", help="Let only these quantities differ; may be repeated.")
]
Budget = Annotated[
    str | None,
    typer.Option(metavar="TIME", help='Refuse what is estimated to take longer: "10 min", or hours of CPU, "0.5".'),
]
PlanTime = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="Guards each search, which ends by work.", show_default="the scenario's"),
]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="Keep every batch there, go on from what is there, write a report."),
]
Replan = Annotated[bool, typer.Option("--replan", help="Plan anew in each future, as if it were known.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]


def sweep(
    scenario: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="A preset's name, a TOML file, or a saved result.")
    ] = "loi-2025-09",
    draws: Annotated[int, typer.Option(help="How many futures.")] = 1000,
    seed: Seed = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    vary: Vary = None,
    budget: Budget = None,
    saltelli: Annotated[
        int, typer.Option(metavar="N", help="Full Saltelli indices from N × (quantities + 2) more futures.")
    ] = 0,
    plan_time: PlanTime = None,
    replan: Replan = False,
    set_: Set = None,
    out: Out = None,
    json: Json = False,
) -> None:
    """Live through one plan in many futures: what may come of it, what that hangs on, what is worth knowing."""
    with door(json):
        from gigawatt.report import uncertainty
        from gigawatt.study.futures import sweep as study
        from gigawatt.study.opened import scenario_of

        question, _ = scenario_of(scenario, _overrides(set_))
        asking = _asking(draws, seed, workers, vary, budget, plan_time, out, saltelli, replan)
        with _kept(out), _workers(asking, scheduler) as (spread, executor), progress() as step:
            found = study.sweep(question, spread, step, executor)
        told = study.summary(found)
        files = {} if out is None else uncertainty.write_sweep(found, told, out)
        say(told | {"files": files or None}) if json else uncertainty.show_sweep(told, files)


def compare(
    strategies: Annotated[
        list[str] | None,
        typer.Argument(metavar="STRATEGY…", help="TOML files of overrides, or names.", show_default="those shipped"),
    ] = None,
    scenario: Annotated[
        str, typer.Option("--scenario", metavar="SCENARIO", help="What the strategies are laid over.")
    ] = "loi-2025-09",
    futures: Annotated[int, typer.Option(help="How many futures.")] = 200,
    seed: Seed = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    vary: Vary = None,
    budget: Budget = None,
    plan_time: PlanTime = None,
    replan: Replan = False,
    set_: Set = None,
    out: Out = None,
    json: Json = False,
) -> None:
    """Live through several strategies in the same futures: what may come of each, its regret, and what breaks it."""
    with door(json):
        from gigawatt.report import uncertainty
        from gigawatt.scenario.load import load
        from gigawatt.scenario.strategy import load_strategies
        from gigawatt.study.futures import compare as study

        over = _overrides(set_)
        chosen = load_strategies(strategies or (), scenario, over)
        asking = _asking(futures, seed, workers, vary, budget, plan_time, out, 0, replan)
        with _kept(out), _workers(asking, scheduler) as (spread, executor), progress() as step:
            found = study.compare(load(scenario, over), chosen, spread, step, executor)
        told = study.summary(found)
        files = {} if out is None else uncertainty.write_comparison(found, told, out)
        say(told | {"files": files or None}) if json else uncertainty.show_comparison(told, files)


@contextmanager
def _kept(out: Path | None) -> Iterator[None]:
    """Say, where a sweep with a folder is interrupted, that nothing whole is lost."""
    try:
        yield
    except KeyboardInterrupt:
        if out is None:
            raise
        print(f"interrupted; what was lived through is kept in {out}: the same command goes on", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None


@contextmanager
def _workers(asking: Any, scheduler: str | None) -> Iterator[tuple[Any, Any]]:
    """How it is asked, and the executor: processes of this machine, or a cluster with as many workers as it has."""
    if scheduler is None:
        yield asking, None
        return
    from gigawatt.study.futures.cluster import connected

    with connected(scheduler) as cluster:
        yield replace(asking, workers_count=cluster.workers_count), cluster.executor


def _asking(
    count: int,
    seed: int | None,
    workers: int | None,
    vary: list[str] | None,
    budget: str | None,
    plan_time: str | None,
    out: Path | None,
    saltelli: int,
    replan: bool,
) -> Any:
    from gigawatt.study.futures.question import Asking

    return Asking(
        futures_count=count,
        seed=seed,
        workers_count=workers,
        vary=tuple(vary or ()),
        budget=budget,
        plan_time=plan_time,
        saltelli_count=saltelli,
        replan=replan,
        out=out,
    )


def _overrides(pairs: list[str] | None) -> dict[str, Any]:
    from gigawatt.scenario.load import parse_overrides

    return parse_overrides(pairs or [])
