"""The flywheel on a terminal and as a drawing: the past predicted, the loop turn by turn, and its chain by year."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from datetime import date

from gigawatt import units
from gigawatt.report.accuracy import aligned, screen_width, share, signed
from gigawatt.report.charts import marks as svg
from gigawatt.report.charts.marks import Frame
from gigawatt.report.formats import cell
from gigawatt.report.names import power_of
from gigawatt.study.flywheel.answer import FixedPoint, FlywheelAnswer, TurnedYear, WheelNumber
from gigawatt.study.flywheel.backtest import BacktestRow, PastCurve
from gigawatt.study.flywheel.loop import Turn

NOTHING = "–"
GW, BILLION, MILLION = 1e9, 1e9, 1e6
# Series of the past: size and name of the unit.
SERIES = {
    "compute": (GW, "GW"),
    "yearly revenue": (BILLION, "billion USD"),
    "weekly users": (MILLION, "million"),
}
STYLE = (
    "<style>svg{background:#fff;font:12px sans-serif}text{fill:#526173}.tick,.unit{fill:#8593a3;font-size:11.5px}"
    ".head{fill:#1c2733;font-weight:600}.grid{stroke:#dfe5ec}.zero{stroke:#8593a3}.line{fill:none;stroke-width:2}"
    ".l0{stroke:#2a6fdb}.l1{stroke:#e08a1e}.f0{fill:#2a6fdb}.f1{fill:#e08a1e}.set{fill:#1c2733}"
    ".held{fill:#fff;stroke:#1c2733;stroke-width:2}.level{stroke:#8593a3;stroke-dasharray:4 4}</style>"
)
WIDTH, PANEL_HEIGHT, GAP = 1000.0, 260.0, 28.0

# Numbers of the wheel in words; a factor is for each order of magnitude of effective training compute.
NAMES = {
    "users_odds": "odds of a user, × per order",
    "user_tokens": "tokens a user, × per order",
    "token_price": "price of a token, × per order",
    "research_elasticity": "research, power of demand",
    "capital_per_revenue": "capital per yearly revenue",
    "algorithmic_progress": "progress of algorithms",
    "hardware_progress": "progress of hardware",
    "compute_cost": "capital for compute",
    "people": "people who could be users",
    "research_before": "research before the plan",
}
BACKTEST_KEY = (
    'Errors are predicted over published, less 1. "set": the point set an elasticity. "given GW": with the power '
    'that was published. "trend": growth at the rate of the points that set, continued in time.'
)
CHAIN_KEY = (
    "Power and factors at the year's end; research since the plan began, FLOP, and its share of what the scenario asks "
    "for, what was done before included; orders of magnitude of effective compute since then; revenue and capital of "
    "the year, {}."
)


def show(answer: FlywheelAnswer, files: Mapping[str, str], width: int | None = None) -> None:
    """Print the answer as tables under sentences, and where it was drawn."""
    columns = width or screen_width()
    print(f"\nThe flywheel of {answer.head.scenario}, held against {answer.company}'s past\n")
    print(textwrap.fill(past_words(answer.backtest), columns))
    _table(
        "What was published, and what the wheel says: GW, billion USD, million users",
        backtest_rows(answer.backtest),
        columns,
    )
    print(f"\n{textwrap.fill(BACKTEST_KEY, columns)}")
    _table("What the wheel is made of", elasticity_rows(answer.elasticities), columns)
    if answer.fixed_point is not None:
        print(f"\n{textwrap.fill(loop_words(answer.fixed_point, answer.iterations), columns)}")
        _table("Turn by turn, to the last reported quarter", turn_rows(answer.iterations), columns)
        _table("Once around, at the end of each year", chain_rows(answer.fixed_point.chain), columns)
        money = power_of(max(row.power_w for row in answer.fixed_point.chain)).money
        print(f"\n{textwrap.fill(CHAIN_KEY.format(money), columns)}")
    print("\nTo keep in mind")
    for note in answer.head.notes:
        print(textwrap.fill(note.text, columns, initial_indent="  – ", subsequent_indent="    "))
    if "chart" in files:
        print(f"\nDrawn in {files['chart']}")


def _table(title: str, rows: list[list[str]], columns: int) -> None:
    print(f"\n{title}\n{aligned(rows, columns)}")


def past_words(rows: Sequence[BacktestRow]) -> str:
    """The last held-out figure of each series, predicted and published, in one sentence."""
    last = {row.what: row for row in rows if row.held_out}
    days = sorted(row.date for row in rows if not row.held_out)
    parts = "; ".join(_predicted(row) for row in last.values())
    return f"Set on {days[0][:4]} to {days[-1][:4]} alone, the wheel predicts {parts}."


def _predicted(row: BacktestRow) -> str:
    of = "" if row.unit == "count" else "of "
    return (
        f"{_figure(row, row.predicted)} {of}{row.what} for {_day(row.date)} "
        f"(published: {_figure(row, row.published)}, error {signed(row.error_frac)})"
    )


def loop_words(point: FixedPoint, turns: Sequence[Turn]) -> str:
    """Where the loop ends, from which starts, and what that does to the plan."""
    starts = sorted({turn.start_ratio for turn in turns})
    counts = {start: sum(turn.start_ratio == start for turn in turns) for start in starts}
    tries = " and ".join(f"{counts[start]} from {start:g}" for start in starts)
    if point.same_from_every_start is None:
        return f"The loop does not come to rest: turns {tries} times the scenario's demand were made."
    where = {
        True: "one fixed point",
        False: "different fixed points: where it starts decides whether it stalls or takes off",
    }[point.same_from_every_start]
    gain = point.gain_ratio
    left = "" if gain is None else f" After a turn {gain:.0%} of a difference in demand is left: {_momentum(gain)}."
    return (
        f"The loop comes to rest ({tries} times the scenario's demand, in turns) at {where}: demand ends at "
        f"{point.demand_ratio:.3g} times the scenario's, {cell(point.peak_w, 'w')} at the peak instead of "
        f"{cell(point.first_peak_w, 'w')}, worth {cell(point.npv_usd, 'usd')} instead of "
        f"{cell(point.first_npv_usd, 'usd')}.{left}"
    )


def _momentum(gain: float) -> str:
    if gain < 1:
        return "it dies out, and the wheel neither takes off nor stalls by itself"
    return "it grows, and the wheel takes off or stalls"


def backtest_rows(rows: Sequence[BacktestRow]) -> list[list[str]]:
    """Published figures and what the wheel says, as rows of text under their titles."""
    head = ["", "date", "published", "predicted", "error", "given GW", "trend"]
    return [head] + [
        [
            row.what,
            row.date,
            *(f"{value / SERIES[row.what][0]:,.4g}" for value in (row.published, row.predicted)),
            signed(row.error_frac) if row.held_out else "set",
            *(
                signed(error) if row.held_out else ""
                for error in (row.with_published_power_error_frac, row.trend_error_frac)
            ),
        ]
        for row in rows
    ]


def elasticity_rows(rows: Sequence[WheelNumber]) -> list[list[str]]:
    """Numbers of the wheel with the grade of each, as rows of text under their titles; elasticities first."""
    head = ["", "value", "past gives", "range", "grade"]
    ordered = sorted(rows, key=lambda row: not row.elasticity)
    return [head] + [
        [
            NAMES[row.name],
            *(_value(value, row.unit) for value in (row.value, row.fitted)),
            _range(row),
            row.grade or "no grade",
        ]
        for row in ordered
    ]


def _range(row: WheelNumber) -> str:
    if row.low is None and row.high is None:
        return NOTHING
    return " to ".join("" if value is None else _value(value, row.unit) for value in (row.low, row.high)).strip()


def turn_rows(turns: Sequence[Turn]) -> list[list[str]]:
    """Turns of the loop as rows of text under their titles."""
    unit = power_of(max(turn.peak_w for turn in turns))
    head = ["from", "turn", f"peak, {unit.symbol}", f"NPV, {unit.money}", "demand", "comes back", "change"]
    return [head] + [
        [
            f"{turn.start_ratio:g}",
            f"{turn.number}",
            f"{turn.peak_w / (GW * unit.gw):.3g}",
            f"{turn.npv_usd / (BILLION * unit.gw):,.1f}".replace("-", "−"),
            f"{turn.demand_ratio:.3f}",
            f"{turn.response_ratio:.3f}",
            share(turn.change_frac),
        ]
        for turn in turns
    ]


def chain_rows(chain: Sequence[TurnedYear]) -> list[list[str]]:
    """The chain from power to capital by year as rows of text under their titles."""
    unit = power_of(max(row.power_w for row in chain))
    head = ["year", unit.symbol, "research", "of asked", "orders", "users, M", "demand", "revenue", "capital"]
    return [head] + [
        [
            row.year,
            f"{row.power_w / (GW * unit.gw):.3g}",
            f"{row.research_flop:.2g}",
            share(row.research_of_asked_ratio),
            f"{row.orders_count:.2f}",
            NOTHING if row.weekly_users_count is None else f"{row.weekly_users_count / MILLION:,.0f}",
            f"{row.demand_ratio:.3f}",
            f"{row.revenue_usd / (BILLION * unit.gw):,.3g}",
            f"{abs(row.capex_usd) / (BILLION * unit.gw):,.3g}",
        ]
        for row in chain
    ]


def _figure(row: BacktestRow, value: float) -> str:
    return f"{value / MILLION:,.0f} million" if row.unit == "count" else units.show(value, row.unit)


def _value(value: float | None, unit: str) -> str:
    if value is not None and unit == "flop":
        return cell(value, unit)
    if value is not None and unit in ("per_year", "usd_per_w"):
        return f"{value:.0%}/year" if unit == "per_year" else f"{value:g} USD/W"
    return f"{value / BILLION:g} billion" if value is not None and unit == "count" else units.show(value, unit)


def _day(text: str) -> str:
    return f"{date.fromisoformat(text):%B %Y}"


def chart(answer: FlywheelAnswer) -> str:
    """The past with its prediction, a panel a series, and under it the loop turn by turn; SVG text."""
    loop = bool(answer.iterations)
    height = PANEL_HEIGHT * (2 if loop else 1) + GAP + 24
    title = f"The flywheel of {answer.head.scenario}: {answer.company}'s past and its prediction"
    frame = Frame(slug="flywheel", title=title, description=past_words(answer.backtest), width=WIDTH, height=height)
    marks = [STYLE, *_legend()]
    width = (WIDTH - GAP * (len(SERIES) - 1)) / len(SERIES)
    for n, (what, (size, unit)) in enumerate(SERIES.items()):
        x = n * (width + GAP)
        panel = _panel(x, 24.0, width)
        rows = [row for row in answer.backtest if row.what == what]
        marks += _past(panel, x, f"{what}, {unit}", size, rows, next(one for one in answer.curves if one.what == what))
    if loop:
        marks += _turns(_panel(0.0, 24.0 + PANEL_HEIGHT + GAP, WIDTH), answer.iterations)
    return svg.drawing(frame, marks)


def _panel(x: float, y: float, width: float) -> Frame:
    """The room of a panel inside the drawing: its axes' edges in the drawing's own coordinates."""
    return Frame(
        slug="panel",
        title="",
        description="",
        width=x + width,
        height=y + PANEL_HEIGHT,
        left=x + 44,
        right=10,
        top=y + 34,
        bottom=26,
    )


def _legend() -> list[str]:
    keys = (("set", "published, set an elasticity"), ("held", "published, held out"), ("f0", "predicted"))
    marks, x = [], 6.0
    for kind, label in keys:
        marks += [svg.dot(x, 8, 4, kind), svg.text(x + 10, 12, label)]
        x += 26 + svg.CHARACTER * len(label)
    return marks


def _past(
    panel: Frame,
    x: float,
    name: str,
    size: float,
    rows: Sequence[BacktestRow],
    curve: PastCurve,
) -> list[str]:
    """One series: a line for what is predicted, dots for what was published."""
    most = max(*(row.published for row in rows), *(point.value for point in curve.points)) / size
    up = svg.axis(0.0, most, panel.floor, panel.top, most=4)
    first, last = int(curve.points[0].year), int(curve.points[-1].year) + 1
    pixels = (panel.right_edge - panel.left) / (last - first)

    def across(year: float) -> float:
        return panel.left + (year - first) * pixels

    marks = [svg.text(x, panel.top - 16, name, "head"), *svg.grid(panel, up, "")]
    marks += [svg.text(across(y + 1 / 2), panel.floor + 17, str(y), "tick", "middle") for y in range(first, last)]
    marks += [svg.line(across(y), panel.floor, across(y), panel.floor + 5, "zero") for y in range(first, last)]
    marks.append(svg.path([(across(point.year), up.at(point.value / size)) for point in curve.points], "line l0"))
    for row in rows:
        tip = f"{row.date}: published {_figure(row, row.published)}, predicted {_figure(row, row.predicted)}"
        kind = "held" if row.held_out else "set"
        marks.append(svg.dot(across(_year(row.date)), up.at(row.published / size), 4.5, kind, tip))
    return marks


def _year(text: str) -> float:
    day = date.fromisoformat(text)
    first, last = date(day.year, 1, 1), date(day.year + 1, 1, 1)
    return day.year + (day - first).days / (last - first).days


def _turns(panel: Frame, turns: Sequence[Turn]) -> list[str]:
    """Demand of each turn from each start, and the scenario's own as a level."""
    starts = sorted({turn.start_ratio for turn in turns})
    count = max(turn.number for turn in turns)
    up = svg.axis(0.0, max(1.0, *(turn.demand_ratio for turn in turns)), panel.floor, panel.top, most=4)
    pixels = (panel.right_edge - panel.left) / count

    def across(turn: float) -> float:
        return panel.left + (turn - 1 / 2) * pixels

    name = "demand over the scenario's in the last reported quarter, turn by turn"
    marks = [svg.text(0, panel.top - 16, name, "head"), *svg.grid(panel, up, "")]
    marks += [svg.text(across(n), panel.floor + 17, str(n), "tick", "middle") for n in range(1, count + 1)]
    marks.append(svg.line(panel.left, up.at(1.0), panel.right_edge, up.at(1.0), "level"))
    for n, start in enumerate(starts):
        mine = [turn for turn in turns if turn.start_ratio == start]
        places = [(across(turn.number), up.at(turn.demand_ratio)) for turn in mine]
        marks.append(svg.path(places, f"line {svg.stroke(n)}"))
        for (px, py), turn in zip(places, mine, strict=True):
            tip = f"turn {turn.number} from {start:g}: {turn.demand_ratio:.3f}, {cell(turn.peak_w, 'w')}"
            marks.append(svg.dot(px, py, 4, svg.fill(n), tip))
        px, py = places[0]
        marks.append(svg.text(px - 9, py + 16, f"from {start:g}", anchor="end"))
    return marks
