"""A question, its plan and what happened: made from a preset, or from a preset with a second site and research."""

from dataclasses import dataclass, replace
from typing import Any

from gigawatt.plan import plan
from gigawatt.plan.plan import Plan
from gigawatt.scenario.schema import Scenario
from gigawatt.simulation import Timeline, calendar, expected, racks, simulate
from gigawatt.simulation.hours import Hours, live_span, world
from gigawatt.simulation.timeline import Window

RESEARCH = """
name = "two-campuses-with-research"
extends = "one-campus"

[programme]
target = { value = "160 MW", grade = "assumed" }

[sites.uae]

[pools.blackwell]
supply = { 2026Q3 = 150, 2027Q4 = 150, 2028Q1 = 0, grade = "assumed" }

[training_runs.small]
title = "A small run"
grade = "assumed"
model = "llama-3.1-70b"
precision = "fp8"
volume = "5e26 FLOP"
start = "2029Q1"
end = "2030Q4"
largest_gang = 5000
penalty = "10 billion USD"

[experiments.daily]
title = "Daily experiments"
grade = "assumed"
model = "llama-3.1-70b"
precision = "fp8"
gang = 1000
wish = { 2026Q3 = "1e25 FLOP", 2031Q4 = "1e26 FLOP" }
worth = { 2026Q3 = "0.30 USD/EFLOP", 2031Q4 = "0.2 USD/EFLOP" }
floor = "30 %"
floor_penalty = { 2026Q3 = "3 USD/EFLOP", 2031Q4 = "2 USD/EFLOP" }
"""


@dataclass(frozen=True)
class Lived:
    """A question, its plan, and what happened."""

    scenario: Scenario
    plan: Plan
    timeline: Timeline


def live(scenario: Scenario) -> Lived:
    made = plan.make(scenario, with_worth=False)
    return Lived(scenario=scenario, plan=made, timeline=simulate(scenario, made))


def weeks_of(lived: Lived) -> list[Hours]:
    """Every representative week of a plan, in float64."""
    scenario, made = lived.scenario, lived.plan
    at, spans = racks.pairs(made), calendar.weeks(scenario.quarters)
    of = world(scenario, made, at, (), weekly=True)
    fleet = expected.fleet(scenario, made, at, spans)
    return [live_span(of, span, here) for span, here in zip(spans, fleet, strict=True)]


def stochastic(scenario: Scenario, **changes: Any) -> Scenario:
    """The same question, lived through hour by hour."""
    return replace(
        scenario, asked=replace(scenario.asked, simulate=replace(scenario.asked.simulate, mode="stochastic", **changes))
    )


def quarters(lived: Lived, first: int, last: int, **changes: Any) -> Window:
    """Some quarters of the plan, by their places in it."""
    edges_h = calendar.edges_h(lived.scenario.quarters)
    return Window(**{"first_h": float(edges_h[first]), "last_h": float(edges_h[last])} | changes)


def by_hour(lived: Lived, window: Window | None = None, seed: int = 1) -> Timeline:
    """What happens in every hour, by the draws of a seed."""
    return simulate(stochastic(lived.scenario), lived.plan, window=window, seed=seed)
