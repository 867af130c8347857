"""What then happens: a plan lived through hour by hour. Scenario + Plan → Timeline."""

from gigawatt.simulate.summary import Difference, Summary
from gigawatt.simulate.timeline import Timeline, simulate

__all__ = ["Difference", "Summary", "Timeline", "simulate"]
