"""A question, its plan and what happened: made from a preset, or from a preset with research."""

from dataclasses import dataclass

from gigawatt.plan.plan import Plan, plan
from gigawatt.scenario.schema import Scenario
from gigawatt.simulate import Timeline, simulate

RESEARCH = """
name = "campus-with-research"
extends = "one-campus"

[training_runs.small]
title = "A small run"
grade = "assumed"
model = "llama-3.1-70b"
precision = "fp8"
volume = "1e26 FLOP"
start = "2027Q3"
end = "2028Q4"
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
    made = plan(scenario, with_worth=False)
    return Lived(scenario=scenario, plan=made, timeline=simulate(scenario, made))
