"""What then happens: a plan lived through hour by hour. Scenario + Plan → Timeline."""

from gigawatt.simulation.summary import Difference, Summary
from gigawatt.simulation.timeline import Timeline, simulate

__all__ = ["Difference", "Summary", "Timeline", "simulate"]
