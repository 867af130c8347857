"""Computing power on a logarithmic axis, from the DGX-1 of 2016 to the programme's last quarter."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise

from gigawatt.report import charts, names, words
from gigawatt.report.document import Exhibit, table
from gigawatt.report.figures import exhibit
from gigawatt.report.formats import cell
from gigawatt.report.views import View
from gigawatt.study.claims.hardware import Rung, ladder

# Machines whose name stands beside their dot; there is no room for others.
NAMED = {
    "NVIDIA DGX-1 (Tesla P100)": "DGX-1, 8 GPUs",
    "NVIDIA A100 80 GB (8-GPU server)": "A100, 8 GPUs",
    "NVIDIA H100 (DGX H100, 8 GPUs)": "H100, 8 GPUs",
    "NVIDIA GB200 NVL72": "GB200 NVL72, one rack",
    "NVIDIA Vera Rubin NVL72 (Max-P)": "Vera Rubin NVL72",
    "NVIDIA Rubin Ultra NVL144 (Kyber)": "Rubin Ultra Kyber",
    "NVIDIA Feynman (assumed)": "Feynman (assumed)",
}
HEIGHT = 420.0


def compute(v: View) -> Exhibit | None:
    """One machine or rack as it first shipped, and all racks of the plan at the end of each reported quarter; None
    where the plan has none, and for a programme of less than a gigawatt."""
    if not names.of_gigawatts(v.scenario):
        return None
    rungs = ladder(v.scenario, v.result.plan)
    machines = [rung for rung in rungs if rung.kind == "machine"]
    programme = [rung for rung in rungs if rung.kind == "programme" and rung.flops > 0]
    if not programme:
        return None
    ratio = programme[-1].flops / machines[0].flops
    times = f"{ratio / 1e9:.1f} billion times" if ratio >= 1e9 else f"{ratio / 1e6:,.0f} million times"
    says = f"From one DGX-1 to the last quarter's racks: {times} the computing power."
    first, last = machines[0].precision.upper(), programme[-1].precision.upper()
    shows = "Dense peak of one machine or rack as it first shipped, and of all racks of the plan; "
    shows += f"each at its lowest precision: {first} first, {last} last"
    rows = [(rung.label, rung.date, rung.flops, rung.precision) for rung in (*machines, *programme)]
    heads = {"Machine or programme": "", "Date": "", "Peak": "flops", "Precision": ""}
    draw = partial(
        charts.ladder,
        machines=[_drawn(rung, NAMED.get(rung.label, "")) for rung in machines],
        programme=[_drawn(rung, name) for rung, name in zip(programme, _gigawatts(programme), strict=True)],
    )
    return exhibit(table("compute", "Peak computing power", heads, rows), says, shows, draw, height=HEIGHT)


def _drawn(rung: Rung, name: str) -> charts.Peak:
    tip = f"{words.day(rung.date)}: {rung.label}, {cell(rung.flops, 'flops')} ({rung.precision})"
    return charts.Peak(label=rung.label, date=rung.date, flops=rung.flops, tip=tip, name=name)


def _gigawatts(programme: Sequence[Rung]) -> list[str]:
    """What is drawn beside each quarter: the first with a gigawatt, and the first with the most gigawatts."""
    watts = [rung.power_w or 0.0 for rung in programme]
    most, found = max(watts), [""] * len(watts)
    for level, name in ((1e9, "first gigawatt"), (most * (1 - 1e-6), f"{most / 1e9:.3g} GW")):
        crossed = [k + 1 for k, (before, after) in enumerate(pairwise(watts)) if before < level <= after]
        if crossed:
            found[crossed[0]] = f"{name}, {programme[crossed[0]].date[:4]}"
    return found
