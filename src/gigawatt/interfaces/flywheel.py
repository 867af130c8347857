"""`flywheel`: compute, capability, users, revenue, capital and compute again; held against the past, and to a plan."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gigawatt.interfaces.console import door, progress, say


def flywheel(
    scenario: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="A preset's name, a TOML file, or a saved result.")
    ] = "loi-2025-09",
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Override one value, such as --set flywheel.users_odds=2."),
    ] = None,
    start: Annotated[
        float, typer.Option(help="First guess of demand over the scenario's; the other start is the scenario.")
    ] = 0.5,
    damping: Annotated[float, typer.Option(help="Share of each step that is taken, above 0 and at most 1.")] = 0.8,
    backtest: Annotated[bool, typer.Option("--backtest", help="Only the past: nothing is planned.")] = False,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.svg", help="Draw past and loop.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Compute brings capability, users, revenue and compute again: the past predicted, and the plan's fixed point."""
    with door(json):
        from gigawatt.report import flywheel as report
        from gigawatt.scenario.load import parse_overrides
        from gigawatt.study.files import check_drawing, write_whole
        from gigawatt.study.flywheel.answer import figures
        from gigawatt.study.opened import scenario_of

        check_drawing(out)
        question, _ = scenario_of(scenario, parse_overrides(set_ or []))
        with progress() as step:
            found = figures(question, start_ratio=start, damping_frac=damping, only_backtest=backtest, progress=step)
        if out is not None:
            write_whole(out, report.chart(found))
        if json:
            say(found | {"files": {} if out is None else {"chart": str(out)}})
            return
        report.show(found)
        if out is not None:
            print(f"\nDrawn in {out}")
