"""A Pareto front as a drawing of its own: throughput of a GPU against the speed that a user sees."""

from __future__ import annotations

from gigawatt.report import svg
from gigawatt.study.predict.inference import FrontPoint, InferencePrediction, pareto_front

# A chart that stands alone brings its own colours.
STYLE = (
    "<style>svg{background:#fff;font:12px sans-serif}text{fill:#526173}.tick,.unit{fill:#8593a3;font-size:11.5px}"
    ".grid{stroke:#dfe5ec}.zero{stroke:#8593a3}.line{fill:none;stroke-width:2}.l0{stroke:#2a6fdb}.f0{fill:#2a6fdb}</style>"
)
ROOM = 40.0


def chart(found: InferencePrediction) -> str:
    """The front as SVG text; each point tells its batch and layout on hovering."""
    front = found.pareto or pareto_front(found.asked)
    title = f"{found.model} on {found.gpu} in {found.precision}: throughput against interactivity"
    frame = svg.Frame(slug="front", title=title, description=f"{len(front)} points", bottom=ROOM, right=ROOM, left=64)
    across = svg.axis(0, max(point.tokens_per_s_per_user for point in front), frame.left, frame.right_edge)
    up = svg.axis(0, max(point.tokens_per_s_per_gpu for point in front), frame.floor, frame.top)
    places = [(across.at(point.tokens_per_s_per_user), up.at(point.tokens_per_s_per_gpu)) for point in front]
    marks = [STYLE, *svg.grid(frame, up, "output tokens/s per GPU"), svg.path(places, f"line {svg.stroke(0)}")]
    marks += [svg.text(across.at(tick), frame.floor + 16, svg.number(tick), "tick", "middle") for tick in across.ticks]
    marks.append(svg.text(frame.right_edge, frame.floor + 32, "tokens/s per user", "unit", "end"))
    marks += [svg.dot(x, y, 4, svg.fill(0), _tip(point)) for (x, y), point in zip(places, front, strict=True)]
    return svg.drawing(frame, marks)


def _tip(point: FrontPoint) -> str:
    axes = ", ".join(f"{axis} {getattr(point.layout, axis)}" for axis in ("tensor", "data", "expert", "pipeline"))
    rates = f"{point.tokens_per_s_per_gpu:.4g} per GPU, {point.tokens_per_s_per_user:.4g} per user"
    return f"{rates}: batch {point.batch_count:.4g}, {axes}"
