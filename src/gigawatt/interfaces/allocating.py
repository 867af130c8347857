"""`allocate`: who gets the compute, what the next gigawatt is worth, and when it is enough."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from gigawatt.interfaces.console import door, say

DEFAULT = "loi-2025-09"


def allocate(
    scenario: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="An allocation, a scenario, a TOML file, or a saved result.")
    ] = DEFAULT,
    capacity: Annotated[
        str | None, typer.Option(help='Power to divide, such as "10 GW".', show_default="the scenario's")
    ] = None,
    period: Annotated[
        str | None, typer.Option(help="Quarter of a scenario, such as 2030Q3.", show_default="the last reported")
    ] = None,
    fairness: Annotated[str, typer.Option(help="quadratic, log, alpha=X (such as alpha=2) or max-min.")] = "quadratic",
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Override one value of the scenario."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.svg", help="Draw value and shares against capacity.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Divide power among classes of work: who gets what, what the next gigawatt is worth, and when it is enough."""
    with door(json):
        from gigawatt.scenario.load import parse_overrides
        from gigawatt.study.allocation import AllocationQuestion
        from gigawatt.study.allocation import allocate as study
        from gigawatt.study.files import check_drawing

        check_drawing(out)
        overrides = parse_overrides(set_ or [])
        question = AllocationQuestion(
            source=scenario, overrides=overrides, capacity=capacity, period=period, fairness=fairness
        )
        _show(study(question), out, json)


def _show(found: dict[str, Any], out: Path | None, json: bool) -> None:
    from gigawatt.report import allocation
    from gigawatt.report.allocation_chart import chart
    from gigawatt.study.files import write_whole

    if out is not None:
        write_whole(out, chart(found))
    if json:
        say(found | ({} if out is None else {"files": {"chart": str(out)}}))
        return
    allocation.show(found)
    if out is not None:
        print(f"\nDrawn in {out}")
