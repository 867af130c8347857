"""The flywheel: the past predicted, what the wheel is made of, the loop turn by turn, and its chain by year."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from gigawatt import units
from gigawatt.report import charts
from gigawatt.report.charts import About, Point, Trace
from gigawatt.report.charts.ladder import year
from gigawatt.report.document import (
    Depth,
    Document,
    Exhibit,
    Facts,
    Paragraph,
    Part,
    Section,
    Table,
    Tile,
    Unit,
    Value,
    in_units,
    table,
)
from gigawatt.report.formats import PERCENT, Scale, cell, scale, signed
from gigawatt.study.dates import MONTH_NAMES
from gigawatt.study.flywheel.answer import FixedPoint, FlywheelAnswer, TurnedYear, WheelNumber
from gigawatt.study.flywheel.backtest import BacktestRow, PastCurve, PastSetting
from gigawatt.study.flywheel.loop import Turn
from gigawatt.study.job import HASH_LENGTH
from gigawatt.study.numbers import CitedSource

PREDICTED, HELD_OUT, OTHERWISE, SET = 0, 1, 2, 9
RESEARCH = Scale(size=1e27, unit="1e27 FLOP", digits=2)
# How far the axis of turns goes beyond the most demand.
ROOM_RATIO = 1.1
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
    'Errors are predicted over published, less 1. "set": the point set an elasticity. "Given power": with the power '
    'that was published. "Trend": growth at the rate of the points that set, continued in time.'
)
SETTINGS_KEY = (
    "What came after the last of these settings, by each of them: the wheel as the past sets it, whatever the scenario "
    "has. The first is on the points that the history does not hold out, later ones are on every figure to their day. "
    "More than two of a series are met by least squares of logarithms, by the wheel and by its trend."
)
CHAIN_KEY = (
    "Power and factors at the year's end; research since the plan began, and its share of what the scenario asks for, "
    "what was done before included; orders of magnitude of effective compute since then; revenue and capital of the "
    "year."
)


def document(answer: FlywheelAnswer) -> Document:
    """All that is said of a wheel, and of a plan that it was turned with."""
    point = answer.fixed_point
    loop = () if point is None else _loop(point, answer.iterations)
    sections = [
        Section(slug="past", title=f"Held against {answer.company}'s past", parts=tuple(_past(answer))),
        Section(slug="settings", title="Set on more years", parts=tuple(_settings(answer.settings))),
        Section(slug="wheel", title="What the wheel is made of", parts=_wheel(answer.elasticities)),
        Section(slug="loop", title="Turned with a plan", parts=loop),
    ]
    name = f"{answer.head.scenario} · {(answer.head.hash or '')[:HASH_LENGTH]}"
    said = [past_words(answer.backtest), *([loop_words(point, answer.iterations)] if point else [])]
    return Document(
        title=f"The flywheel, held against {answer.company}'s past",
        names=(name,),
        lead=" ".join(said),
        tiles=tuple(_tiles(answer)),
        sections=tuple(section for section in sections if section.parts),
        notes=tuple(note.text for note in answer.head.notes),
        sources=tuple(_sources(answer.elasticities)),
        made=f"Gigawatt {answer.head.gigawatt}, {name}",
    )


def _tiles(answer: FlywheelAnswer) -> Iterator[Tile]:
    for row in _last(answer.backtest).values():
        label = f"{row.what.capitalize()}, {_day(row.date)}"
        note = f"predicted; {_figure(row.published, row.unit)} published, error {signed(row.error_frac)}"
        yield Tile(label=label, value=_figure(row.predicted, row.unit), note=note)
    if answer.fixed_point is not None:
        ratio = cell(answer.fixed_point.demand_ratio, "ratio")
        yield Tile(label="Demand at rest", value=f"× {ratio}", note="of the scenario's, in its last reported quarter")


def _last(rows: Sequence[BacktestRow]) -> dict[str, BacktestRow]:
    """The last held-out figure of each series."""
    return {row.what: row for row in rows if row.held_out}


def past_words(rows: Sequence[BacktestRow]) -> str:
    """The last held-out figure of each series, predicted and published, in one sentence."""
    parts = "; ".join(_predicted(row) for row in _last(rows).values())
    days = sorted(row.date for row in rows if not row.held_out)
    years = _years(days[0], days[-1])
    return f"Set on {len(days)} figures of {years} alone, the wheel predicts {parts or 'nothing that is published'}."


def _years(first: str, last: str) -> str:
    """2023 to 2024; with months where the last is not of a year's end."""
    return f"{first[:4]} to {last[:4]}" if last[5:7] == "12" else f"{_day(first)} to {_day(last)}"


def _predicted(row: BacktestRow) -> str:
    of = "" if row.unit == "count" else "of "
    return (
        f"{_figure(row.predicted, row.unit)} {of}{row.what} for {_day(row.date)} "
        f"(published: {_figure(row.published, row.unit)}, error {signed(row.error_frac)})"
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
    left = ""
    if gain is not None:
        grows = "grows, and the wheel takes off or stalls"
        if gain < 1:
            grows = "dies out, and the wheel neither takes off nor stalls by itself"
        left = f" After a turn {cell(round(gain, 2), 'frac')} of a difference in demand is left: it {grows}."
    return (
        f"The loop comes to rest ({tries} times the scenario's demand, in turns) at {where}: demand ends at "
        f"{cell(point.demand_ratio, 'ratio')} times the scenario's, {cell(point.peak_w, 'w')} at the peak instead of "
        f"{cell(point.first_peak_w, 'w')}, worth {cell(point.npv_usd, 'usd')} instead of "
        f"{cell(point.first_npv_usd, 'usd')}.{left}"
    )


def _past(answer: FlywheelAnswer) -> Iterator[Part]:
    """One exhibit a series, and what its table says."""
    own = max(row.date for row in answer.backtest if not row.held_out)
    others = [one for one in answer.settings if one.fitted_until_date != own]
    for n, curve in enumerate(answer.curves):
        rows = [row for row in answer.backtest if row.what == curve.what]
        lines = {_set_on(one): one.curves[n] for one in others}
        yield _series(curve, lines, rows, half=n > 0)
    yield Paragraph(text=BACKTEST_KEY)


def _set_on(one: PastSetting) -> str:
    return f"if set on {_years(one.fitted_from_date, one.fitted_until_date)}"


def _series(curve: PastCurve, others: Mapping[str, PastCurve], rows: Sequence[BacktestRow], *, half: bool) -> Exhibit:
    """A line for what is predicted, one for each other setting of the wheel, dots for what was published."""
    unit = rows[0].unit
    shown = scale(unit, [row.published for row in rows])
    last = ([row for row in rows if row.held_out] or rows)[-1]
    predicted, published = (_figure(value, unit) for value in (last.predicted, last.published))
    says = f"{predicted} predicted for {_day(last.date)}, {published} published."
    name = curve.what.replace(" ", "-")
    dots = {False: "published, set the wheel", True: "published, held out"}
    return Exhibit(
        name=name,
        says=says,
        shows=f"{curve.what.capitalize()}, {shown.unit}",
        chart=charts.xy(
            About(name=name, title=f"{curve.what.capitalize()}, published and predicted", description=says, half=half),
            [
                Trace("predicted", _line(curve, shown.size), PREDICTED),
                *(Trace(of, _line(one, shown.size), OTHERWISE + n) for n, (of, one) in enumerate(others.items())),
                Trace(dots[False], _dots(rows, shown.size, held_out=False), SET, joined=False),
                Trace(dots[True], _dots(rows, shown.size, held_out=True), HELD_OUT, joined=False),
            ],
            "",
            shown.unit,
            years=True,
        ),
        table=past(name, rows),
        half=half,
    )


def _line(curve: PastCurve, size: float) -> tuple[Point, ...]:
    return tuple(
        Point(
            p.year,
            p.value / size,
            f"{MONTH_NAMES[int(12 * (p.year % 1))]} {int(p.year)}\npredicted: {_figure(p.value, curve.unit)}",
        )
        for p in curve.points
    )


def _dots(rows: Sequence[BacktestRow], size: float, *, held_out: bool) -> tuple[Point, ...]:
    return tuple(
        Point(
            year(row.date),
            row.published / size,
            f"{row.date}\npublished: {_figure(row.published, row.unit)}\npredicted: {_figure(row.predicted, row.unit)}",
        )
        for row in rows
        if row.held_out == held_out
    )


def past(name: str, rows: Sequence[BacktestRow]) -> Table:
    """Published figures of a series, and what the wheel says."""
    what, unit = rows[0].what.capitalize(), rows[0].unit
    errors = dict.fromkeys(("Error, %", "Given power, %", "Trend, %"), ("frac", PERCENT))
    found: list[tuple[Value, ...]] = []
    for row in rows:
        missed = (row.error_frac, row.with_published_power_error_frac, row.trend_error_frac)
        found.append((row.date, row.published, row.predicted, *(missed if row.held_out else ("set", None, None))))
    title = f"{what}: what was published, and what the wheel says"
    return in_units(table(name, title, {what: "", "Published": unit, "Predicted": unit, **errors}, found))


def _settings(settings: Sequence[PastSetting]) -> Iterator[Part]:
    """What came after the last of several settings, by each of them, a table a series; nothing where there is one."""
    if len(settings) < 2:
        return
    until = settings[-1].fitted_until_date
    for what, unit in dict.fromkeys((row.what, row.unit) for row in settings[-1].rows):
        heads: dict[str, Unit] = {"Set on": "", what.capitalize(): "", "Published": unit, "Predicted": unit}
        heads |= dict.fromkeys(("Error, %", "Trend, %"), ("frac", PERCENT))
        found: list[tuple[Value, ...]] = [
            (
                _years(one.fitted_from_date, one.fitted_until_date),
                *(row.date, row.published, row.predicted, row.error_frac, row.trend_error_frac),
            )
            for one in settings
            for row in one.rows
            if row.what == what and row.date > until
        ]
        name = f"settings-{what.replace(' ', '-')}"
        yield in_units(table(name, f"{what.capitalize()}, by the years that the wheel is set on", heads, found))
    yield Paragraph(text=SETTINGS_KEY)


def _wheel(rows: Sequence[WheelNumber]) -> tuple[Part, ...]:
    """Numbers of the wheel with the grade of each, elasticities first, and what each rests on."""
    ordered = sorted(rows, key=lambda row: not row.elasticity)
    cells = []
    for row in ordered:
        value, fitted = _figure(row.value, row.unit), _figure(row.fitted, row.unit)
        cells.append((NAMES[row.name], value, fitted, _range(row), row.grade or "no grade"))
    heads = dict.fromkeys(("Number", "Value", "Past gives", "Range", "Grade"), "")
    notes = tuple((NAMES[row.name], row.note) for row in ordered if row.note)
    rests_on = Facts(name="rests-on", title="What they rest on", pairs=notes, depth=Depth.FULL)
    return table("elasticities", "Numbers of the wheel", heads, cells), rests_on


def _sources(rows: Sequence[WheelNumber]) -> Iterator[CitedSource]:
    counts = Counter(row.source for row in rows if row.source)
    yield from (CitedSource(title="", url=url, date="", numbers_count=counts[url]) for url in sorted(counts))


def _range(row: WheelNumber) -> str | None:
    if row.low is None and row.high is None:
        return None
    return " to ".join("" if value is None else _figure(value, row.unit) for value in (row.low, row.high)).strip()


def _loop(point: FixedPoint, made: Sequence[Turn]) -> tuple[Part, ...]:
    says = f"Demand ends at {cell(point.demand_ratio, 'ratio')} times the scenario's."
    if point.same_from_every_start is None:
        says = "Demand does not come to rest."
    starts = sorted({turn.start_ratio for turn in made})
    curves = []
    for n, start in enumerate(starts):
        points = tuple(
            Point(turn.number, turn.demand_ratio, f"turn {turn.number}\nfrom {start:g}: {turn.demand_ratio:.3f}")
            for turn in made
            if turn.start_ratio == start
        )
        curves += [Trace(f"from {start:g}", points, n), Trace("", points, n, joined=False)]
    return (
        Exhibit(
            name="turns",
            says=says,
            shows="Demand over the scenario's in the last reported quarter, by the demand that the loop starts from",
            chart=charts.xy(
                About(name="turns", title="Demand over the scenario's, turn by turn", description=says, height=260),
                curves,
                "turn",
                "",
                levels=[("the scenario's demand", 1.0)],
                most=ROOM_RATIO * max(1.0, *(turn.demand_ratio for turn in made)),
            ),
            table=turns(made),
        ),
        chain(point.chain),
        Paragraph(text=CHAIN_KEY),
    )


def turns(made: Sequence[Turn]) -> Table:
    """Turns of the loop."""
    heads = {"From": "", "Turn": "", "Peak": "w", "NPV": "usd", "Demand": "ratio", "Comes back": "ratio"}
    rows = [
        (f"{t.start_ratio:g}", f"{t.number}", t.peak_w, t.npv_usd, t.demand_ratio, t.response_ratio, t.change_frac)
        for t in made
    ]
    title = "Turn by turn, to the last reported quarter"
    return in_units(table("turns", title, {**heads, "Change, %": ("frac", PERCENT)}, rows))


def chain(years: Sequence[TurnedYear]) -> Table:
    """The chain from power to capital by year; a terminal has just room for it."""
    power, users = scale("w", [row.power_w for row in years]), scale("count", [row.weekly_users_count for row in years])
    money = scale("usd", [amount for row in years for amount in (row.revenue_usd, row.capex_usd)])
    heads: dict[str, Unit] = {"Year": "", power.unit: ("w", power), "Research": ("flop", RESEARCH)}
    heads |= {"Of asked, %": ("frac", PERCENT), "Orders": "ratio", "Users": ("count", users), "Demand": "ratio"}
    heads |= dict.fromkeys(("Revenue", "Capital"), ("usd", money))
    rows: list[tuple[Value, ...]] = [
        (
            *(row.year, row.power_w, row.research_flop, row.research_of_asked_ratio, row.orders_count),
            *(row.weekly_users_count, row.demand_ratio, row.revenue_usd, abs(row.capex_usd)),
        )
        for row in years
    ]
    people = f"{users.unit} users".strip()
    title = f"Once around, at the end of each year: {RESEARCH.unit}, {people}, {money.unit}"
    return in_units(table("chain", title, heads, rows))


def _figure(value: float | None, unit: str) -> str:
    """A number of the past or of the wheel; people are counted in words."""
    if value is not None and unit == "per_year":
        return f"{cell(value, 'frac')}/year"
    if value is not None and unit == "count":
        shown = scale(unit, [value])
        return f"{units.show(value / shown.size, unit)} {shown.unit}".strip()
    return cell(value, unit)


def _day(text: str) -> str:
    return f"{date.fromisoformat(text):%B %Y}"
