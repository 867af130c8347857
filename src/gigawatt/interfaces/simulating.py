"""`simulate`: what happens to a plan, and what an event of the grid does to it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gigawatt.interfaces.console import door, progress, say

if TYPE_CHECKING:
    from gigawatt.study.simulation.simulation import LivedResult

Source = Annotated[
    str, typer.Argument(metavar="RESULT_OR_SCENARIO", help="Folder of a result, a preset's name or a TOML file.")
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Override one value, such as --set operations.restart=5min."),
]
Event = Annotated[
    list[str] | None,
    typer.Option(
        "--event",
        metavar="EVENT",
        help='The grid gives a site less: "2028-07-14T16:00/4h site=abilene -300 MW", or -50%, or <=100 MW.',
    ),
]


def simulate(
    source: Source = "loi-2025-09",
    seed: Annotated[
        int | None, typer.Option(help="Of everything drawn by chance.", show_default="the scenario's")
    ] = None,
    from_: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="WHEN", help="First quarter, month or day.", show_default="the start of the plan"
        ),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="WHEN", help="Last one, included.", show_default="the end of what is reported"),
    ] = None,
    step: Annotated[
        str | None, typer.Option(help="A duration that divides an hour.", show_default="1h, or 5min with --event")
    ] = None,
    event: Event = None,
    events: Annotated[
        str | None, typer.Option(metavar="all", help="Keep every outage in --out, not only the longest.")
    ] = None,
    mode: Annotated[
        str | None,
        typer.Option(help="stochastic or expected.", show_default="the scenario's where stated, else stochastic"),
    ] = None,
    set_: Set = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Write the whole result there.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Live through a plan hour by hour: weather, failures, repairs, and what events of the grid cost."""
    with door(json):
        from gigawatt.scenario.load import parse_overrides
        from gigawatt.study.result import check_out
        from gigawatt.study.simulation.question import SimulationQuestion
        from gigawatt.study.simulation.simulation import simulate_result

        question = SimulationQuestion(
            source=source,
            overrides=parse_overrides(set_ or []),
            seed=seed,
            mode=mode,
            first=from_,
            last=to,
            step=step,
            events=tuple(event or ()),
            outages=events,
            out=out,
        )
        if out is not None:
            check_out(out)
        with progress() as tell:
            found = simulate_result(question, tell)
            files = _written(found, out, tell)
        _show(found, files, json)


def _written(found: LivedResult, out: Path | None, tell: Callable[[str], None]) -> dict[str, str] | None:
    if out is None:
        return None
    from gigawatt.report import folder

    tell("writing the report")
    return folder.write(found.result, out)


def _show(found: LivedResult, files: dict[str, str] | None, json: bool) -> None:
    if json:
        from gigawatt.study.simulation.answer import summary

        say(summary(found) | {"files": files})
        return
    from gigawatt.report import terminal

    terminal.show_simulation(found, files or {})
