"""Computing power on a logarithmic axis, from the DGX-1 of 2016 to the programme's last quarter."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

from gigawatt.report import names, svg
from gigawatt.report.charts.marks import Axis, Frame
from gigawatt.report.figures import Exhibit
from gigawatt.report.tables import Column, Table
from gigawatt.study.claims.hardware import Rung, ladder
from gigawatt.study.result import Result

# Machines whose name stands beside their dot; the others would cover it.
NAMED = {
    "NVIDIA DGX-1 (Tesla P100)": "DGX-1, 8 GPUs",
    "NVIDIA A100 80 GB (8-GPU server)": "A100, 8 GPUs",
    "NVIDIA H100 (DGX H100, 8 GPUs)": "H100, 8 GPUs",
    "NVIDIA GB200 NVL72": "GB200 NVL72, one rack",
    "NVIDIA Vera Rubin NVL72 (Max-P)": "Vera Rubin NVL72",
    "NVIDIA Rubin Ultra NVL144 (Kyber)": "Rubin Ultra Kyber",
    "NVIDIA Feynman (assumed)": "Feynman (assumed)",
}
# Named on the left, where the next machine is near.
BEFORE = ("NVIDIA GB200 NVL72", "NVIDIA Rubin Ultra NVL144 (Kyber)")
PREFIXES = {15: "PFLOPS", 18: "EFLOPS", 21: "ZFLOPS", 24: "YFLOPS"}


def exhibit(result: Result) -> Exhibit | None:
    """One machine or rack as it first shipped, and all racks of the plan at the end of each reported quarter; None
    where the plan has none, and for a programme of less than a gigawatt."""
    if not names.of_gigawatts(result.scenario):
        return None
    rungs = ladder(result.scenario, result.plan)
    machines = [rung for rung in rungs if rung.kind == "machine"]
    programme = [rung for rung in rungs if rung.kind == "programme" and rung.flops > 0]
    if not programme:
        return None
    ratio = programme[-1].flops / machines[0].flops
    takeaway = f"From one DGX-1 to the last quarter's racks: {_times(ratio)} the computing power."
    first, last = machines[0].precision.upper(), programme[-1].precision.upper()
    shows = "Dense peak of one machine or rack as it first shipped (orange), and of all racks of the plan (blue); "
    shows += f"each at its lowest precision: {first} first, {last} last"
    frame = Frame(slug="ladder", title=shows, description=takeaway, height=420, left=70, right=30, top=14)
    columns = (Column(title="Machine or programme"), Column(title="Date"), Column(title="Peak", suffix="flops"))
    rows = tuple((rung.label, rung.date, rung.flops) for rung in (*machines, *programme))
    table = Table(title="Peak computing power", columns=columns, rows=rows)
    chart = svg.drawing(frame, list(_marks(frame, machines, programme)))
    return Exhibit(takeaway=takeaway, shows=shows, svg=chart, table=table)


def _times(ratio: float) -> str:
    return f"{ratio / 1e9:.1f} billion times" if ratio >= 1e9 else f"{ratio / 1e6:,.0f} million times"


def _marks(frame: Frame, machines: list[Rung], programme: list[Rung]) -> Iterator[str]:
    everything = [math.log10(rung.flops) for rung in (*machines, *programme)]
    low, high = math.floor(min(everything)), math.ceil(max(everything))
    values = Axis(low, high, frame.floor, frame.top, ())
    first, last = int(machines[0].date[:4]), int(programme[-1].date[:4]) + 1
    times = Axis(first, last, frame.left, frame.right_edge, ())
    for exponent in range(low, high + 1):
        y = values.at(exponent)
        yield svg.line(frame.left, y, frame.right_edge, y, "grid")
        if exponent in PREFIXES:
            yield svg.text(frame.left - 8, y + 4, f"1 {PREFIXES[exponent]}", "tick", "end")
    for year in range(first, last + 1):
        yield svg.line(times.at(year), frame.floor, times.at(year), frame.floor + 5, "axis")
        if year < last:
            yield svg.text(times.at(year + 0.5), frame.floor + 18, str(year), "tick", "middle")
    line = [(times.at(_year(rung.date)), values.at(math.log10(rung.flops))) for rung in programme]
    yield svg.path(line, f"line {svg.stroke(0)}")
    for (x, y), rung in zip(line, programme, strict=True):
        yield svg.dot(x, y, 3, svg.fill(0), f"{rung.date}: {rung.label}, {rung.flops:.3g} FLOPS ({rung.precision})")
    yield from _gigawatts(programme, line)
    for rung in machines:
        x, y = times.at(_year(rung.date)), values.at(math.log10(rung.flops))
        yield svg.dot(x, y, 5, svg.fill(1), f"{rung.date}: {rung.label}, {rung.flops:.3g} FLOPS ({rung.precision})")
        if rung.label in NAMED:
            before = rung.label in BEFORE
            yield svg.text(x - 9 if before else x + 9, y + 4, NAMED[rung.label], "label", "end" if before else "start")


def _gigawatts(programme: list[Rung], line: list[tuple[float, float]]) -> Iterator[str]:
    """The quarters in which the plan first has one, and first its most gigawatts."""
    watts = [rung.power_w or 0.0 for rung in programme]
    most = max(watts)
    for level, name in ((1e9, "first gigawatt"), (most * (1 - 1e-6), f"{most / 1e9:.3g} GW")):
        crossed = [k + 1 for k, (before, after) in enumerate(pairwise(watts)) if before < level <= after]
        if crossed:
            x, y = line[crossed[0]]
            yield svg.dot(x, y, 5, "mark", programme[crossed[0]].label)
            yield svg.text(x - 10, y - 8, f"{name}, {programme[crossed[0]].date[:4]}", "value", "end")


def _year(date: str) -> float:
    return int(date[:4]) + (int(date[5:7]) - 1) / 12 + (int(date[8:10]) - 1) / 365
