"""`hedge`: what to order now when the future is not known."""

from __future__ import annotations

from typing import Annotated

import typer

from gigawatt.interfaces.console import door, progress, say


def hedge(
    scenario: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="A preset's name, a TOML file, or a saved result.")
    ] = "loi-2025-09",
    futures: Annotated[int, typer.Option(help="How many futures are planned for at once.")] = 6,
    decided: Annotated[int, typer.Option(help="Quarters whose orders are the same in all futures.")] = 6,
    tail_weight: Annotated[float, typer.Option(help="Weight of the worst futures, 0 to below 1 (CVaR).")] = 0.0,
    tail: Annotated[float, typer.Option(help="Share of the futures that are the worst.")] = 0.2,
    seed: Annotated[int | None, typer.Option(help="Of the futures.", show_default="the scenario's")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="Override one value of the scenario.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Plan for several futures at once: what to order now, and what it would be worth to know."""
    with door(json):
        from gigawatt.report import terminal
        from gigawatt.scenario.load import parse_overrides
        from gigawatt.study.futures import hedging as study
        from gigawatt.study.opened import scenario_of

        question, _ = scenario_of(scenario, parse_overrides(set_ or []))
        with progress() as step:
            found = study.hedging(
                question,
                futures_count=futures,
                decided_count=decided,
                tail_weight_frac=tail_weight,
                tail_frac=tail,
                seed=seed,
                progress=step,
            )
        told = study.summary(found)
        say(told) if json else terminal.show_hedging(question, told)
