"""A document made by hand, with every kind of part and every form of chart, for tests of the writers."""

from __future__ import annotations

from gigawatt.report import charts
from gigawatt.report.charts import (
    About,
    Bar,
    Chart,
    Mark,
    Peak,
    Place,
    Point,
    Range,
    Reach,
    Series,
    StatedSpan,
    Trace,
    Upright,
)
from gigawatt.report.document import (
    Column,
    Depth,
    Document,
    Exhibit,
    Facts,
    Paragraph,
    Section,
    Sum,
    Table,
    Tile,
    Value,
    united,
)
from gigawatt.report.formats import PERCENT, scale
from gigawatt.study.numbers import CitedSource

QUARTERS = tuple(f"{year}Q{quarter}" for year in range(2026, 2032) for quarter in range(1, 5))
YEARS = tuple(str(year) for year in range(2026, 2038))
PLATFORMS = ("GB300 NVL72", "Vera Rubin NVL144", "Rubin Ultra NVL576", "Feynman NVL576")
INJECTION = '=HYPERLINK("https://example.org")'


def document() -> Document:
    """The document."""
    return Document(
        title="Ten gigawatts by 2031: what to build, where and when",
        names=("loi-2025-09", "hash 2054d171"),
        lead=(
            "The plan takes 10 GW of facility power in service by the end of Q4 2031, and costs 342 billion USD. It is "
            "worth 25.8 billion USD today, if demand grows as assumed."
        ),
        tiles=tuple(Tile(label=label, value=value, note=note) for label, value, note in TILES),
        sections=(
            Section(slug="power", title="Power", lead="Grid power binds until 2029.", parts=_power()),
            Section(slug="money", title="Money: what it costs, what it earns", parts=_money()),
            Section(slug="work", title="Work", lead="Who is served, and for how much.", parts=_work()),
            Section(slug="ground", title="On the ground", parts=_ground()),
            Section(slug="futures", title="In many futures", parts=_futures()),
            Section(slug="nothing", title="Checks", lead="Nothing was checked against anything here.", parts=()),
        ),
        notes=("Demand is as assumed: 12 % a year.", 'What a person wrote: <script>alert("x")</script> & more.'),
        sources=tuple(
            CitedSource(
                title=f"Source number {n}, with a title of some length",
                url=f"https://example.org/{'long-address/' * n}{n}" if n else "",
                date="2025-09-22",
                numbers_count=n + 1,
            )
            for n in range(6)
        ),
        made="Made by Gigawatt 0.1.0 from scenario loi-2025-09, hash 2054d171, seed 0.",
    )


TILES = (
    ("Net present value", "25.8 billion USD", "without terminal value"),
    ("Facility power", "10 GW", "in service, Q4 2031"),
    ("First gigawatt", "end of Q4 2027", "gross installed"),
    ("Capital spending", "342 billion USD", "real, undiscounted"),
    ("Return", "14.2 %", "unlevered, with terminal value"),
    ("Tokens per day", "164 trillion", "mean day of the peak quarter"),
    ("Peak debt", "96.4 billion USD", ""),
    ("Demand unserved", "3.1 %", "of tokens asked for"),
)


def _power() -> tuple[Paragraph | Facts | Table | Exhibit, ...]:
    power = [Series(name=name, values=_ramp(4 * n), colour=n) for n, name in enumerate(PLATFORMS)]
    site = Series(name="Abilene", values=_ramp(0), colour=0)
    return (
        Paragraph(text="The plan holds: every limit is kept in every quarter.", tone="good"),
        Paragraph(text="It holds if the grid keeps its date at Pecos campus.", tone="fair"),
        Paragraph(text="It fails for 1 GW more: there is no grid power.", tone="bad"),
        _exhibit(
            "power-by-platform",
            "Vera Rubin and what follows it fill three of four racks by 2031.",
            charts.columns(_about("power-by-platform"), QUARTERS, power, "GW", ("target", 10.0)),
            _by_year("power-by-platform", PLATFORMS, 1e9),
        ),
        _exhibit(
            "sites",
            "Abilene is full by 2028.",
            charts.heat(_about("sites"), ("Abilene", "Pecos campus"), QUARTERS, [_shares(1), _shares(5)], 2, "in use"),
            _by_year("sites", ("Abilene", "Pecos campus"), 1e8),
        ),
        _exhibit(
            "abilene",
            "Abilene grows by steps.",
            charts.lines(_about("abilene", half=True), QUARTERS, [site], "GW", steps=True, levels=[("granted", 4.0)]),
            _by_year("abilene", ("Abilene",), 1e8),
            half=True,
        ),
        _exhibit(
            "spread",
            "Half of the futures lie close to the plan.",
            charts.ranges(_about("spread", half=True), QUARTERS, _spread(), site, "GW", "all hours"),
            _by_year("spread", ("low", "middle", "high"), 1e8),
            half=True,
        ),
        Facts(
            name="asked",
            title="What was asked",
            pairs=(
                ("Target", "10 GW of facility power"),
                ("Horizon", "Q1 2026 to Q4 2031, solved until Q4 2037"),
                ("Strategy", "wait-for-rubin, with a sentence after it that is long enough to wrap on a telephone"),
                ("", "a line without a term"),
            ),
        ),
    )


def _money() -> tuple[Paragraph | Facts | Table | Exhibit, ...]:
    income, cost = Series(name="revenue", values=_ramp(0, 3.0), colour=2), Series(name="cost", values=(), colour=5)
    cost = Series(name="cost", values=tuple(-v / 2 for v in income.values), colour=5)
    past = Series(name="GPU-hour, spot market", values=tuple(4.0 / (1 + n / 8) for n in range(24)), colour=1)
    asked = Series(name="GPU-hour, as planned", values=tuple(3.2 / (1 + n / 12) for n in range(24)), colour=3)
    return (
        _statements(),
        _exhibit(
            "cash",
            "It earns what it costs from 2029 on.",
            charts.columns(_about("cash"), QUARTERS, [income, cost], "billion USD"),
            _by_year("cash", ("revenue", "cost"), 1e9, "usd"),
        ),
        _exhibit(
            "prices",
            "Prices halve in six years, as they did before.",
            charts.lines(
                _about("prices"),
                QUARTERS,
                [past, asked],
                "USD/h",
                bands=[("published range", 1.8, 2.4)],
                levels=[("cost", 1.2)],
                marks=[Mark(at=6, value=2.1, tip="first tranche")],
            ),
            _by_year("prices", ("spot", "planned"), 1.0, "usd_per_h"),
        ),
        Table(name="tranches", title="Tranches: power first, then money", columns=_TRANCHES, rows=_tranches()),
        books(300),
    )


_TRANCHES = (
    Column(title="Milestone", suffix="w"),
    Column(title="Energised"),
    Column(title="Amount", suffix="usd"),
    Column(title="Share, %", suffix="frac", scale=PERCENT),
    Column(title="Power", suffix="usd_per_wh"),
)


def _tranches() -> tuple[tuple[Value, ...], ...]:
    return tuple((n * 1e9, f"Q{n} 2028", 1e10 / n, 0.123 * n, 4.8e-5 + 1e-6 * n if n < 3 else None) for n in (1, 2, 3))


def books(count: int) -> Table:
    """A long table: lines of books, and text that looks like a formula."""
    titles = ("Period", "Site", "Class", "Platform", "Item", "Kind")
    columns = (*(Column(title=title) for title in titles), Column(title="Amount", suffix="usd"))
    rows = tuple(
        (QUARTERS[n % 24], "Abilene", f"class {n % 5}", PLATFORMS[n % 4], item, "capital", 1e6 * (n - 100.5))
        for n, item in enumerate(INJECTION if n == 7 else "racks" for n in range(count))
    )
    return Table(
        name="every-line", title="Every line of the books, solved horizon", columns=columns, rows=rows, depth=Depth.DATA
    )


def _work() -> tuple[Paragraph | Facts | Table | Exhibit, ...]:
    classes = ("chat", "agents", "batch", "training", "video", "search")
    whole = [Series(name="trillion tokens/day", values=_ramp(n), colour=9) for n in range(6)]
    part = [Series(name="served", values=tuple(0.8 * v for v in one.values), colour=n) for n, one in enumerate(whole)]
    bars = [
        Bar(label=name, value=1.0 + n, text=f"{1.0 + n:.2f} USD", colour=n, dot=6.0 - n, dot_text=f"{6.0 - n:.2f} USD")
        for n, name in enumerate(classes)
    ]
    heads = united(_COSTS, _costs(classes))
    return (
        _exhibit(
            "served",
            "Every class is served but for a fifth.",
            charts.multiples(_about("served"), QUARTERS, classes, whole, part),
            _by_year("served", classes, 1e12, "tokens_per_day"),
        ),
        _exhibit(
            "earned",
            "Chat costs least and earns most.",
            charts.bars(_about("earned"), bars),
            Table(name="earned", title="What a class costs and earns", columns=heads, rows=_costs(classes)),
        ),
        Exhibit(
            name="classes",
            says="Six classes share the power.",
            shows="Tokens of the peak quarter",
            table=Table(name="classes", title="Classes of work", columns=heads, rows=_costs(classes), strong=(5,)),
        ),
    )


def _ground() -> tuple[Paragraph | Facts | Table | Exhibit, ...]:
    places = [
        Place(
            name=name, lon_deg=lon, lat_deg=lat, value_w=w, now_w=w / 3, binds=binds, real=n < 3, tip=f"{name}: planned"
        )
        for n, (name, lon, lat, w, binds) in enumerate(_PLACES)
    ]
    front = [Point(x=10.0 + 9 * n, y=900.0 / (1 + n / 3), tip=f"point {n}") for n in range(12)]
    dots = [
        Point(x=12.0 + 20 * n, y=300.0 + 90 * n, tip=f"measured {n}", name=f"H100, {8 * n} GPUs") for n in (1, 2, 4)
    ]
    curves = [
        Trace(name="model", points=tuple(front), colour=0),
        Trace(name="measured", points=tuple(dots), colour=1, joined=False),
    ]
    machines = [
        Peak(label=label, date=date, flops=flops, tip=f"{label}, {date}", name=label)
        for label, date, flops in (("DGX-1", "2016-08-01", 1.7e14), ("Selene", "2020-11-01", 2.8e18))
    ]
    plan = [
        Peak(label=f"{n} GW", date=f"{2026 + n}-12-31", flops=2e21 * n, tip=f"{n} GW", name=f"{n} GW" * (n in (1, 5)))
        for n in range(1, 6)
    ]
    return (
        _exhibit(
            "map",
            "Most of the power stands in Texas.",
            charts.sites_map(_about("map"), places),
            _by_year("map", tuple(place.name for place in places), 1e9),
        ),
        _exhibit(
            "speed",
            "A faster answer costs more.",
            charts.xy(
                _about("speed", half=True), curves, "tokens/s for a user", "tokens/s", uprights=[Upright("asked", 50.0)]
            ),
            _by_year("speed", ("model", "measured"), 1.0, "tokens_per_s"),
            half=True,
        ),
        _exhibit(
            "ladder",
            "Ten million times the first machine.",
            charts.ladder(_about("ladder", half=True), machines, plan),
            _by_year("ladder", ("machine", "programme"), 1e18, "flops"),
            half=True,
        ),
    )


def _futures() -> tuple[Paragraph | Facts | Table | Exhibit, ...]:
    shares = {"p10": 0.6, "p25": 0.8, "p50": 1.0, "p75": 1.1, "p90": 1.3}
    quantiles = {name: tuple(share * v for v in _ramp(0)) for name, share in shares.items()}
    reaches = [
        Reach(label=f"input {n}", low_text=f"{n} %", high_text=f"{9 * n} %", low=20.0 - 4 / n, high=20.0 + 9 / n)
        for n in (1, 2, 3)
    ]
    plans = ("as asked", "wait-for-rubin")
    ranges = [
        Range(label=name, p10=-3.0 * n, p50=5.0, p90=9.0 + n, mean=4.0 + n, largest=14.0 + n)
        for n, name in enumerate(plans)
    ]
    held = [
        StatedSpan(label=name, low_ratio=0.1, mid_ratio=0.8, high_ratio=1.0 + n, kind=n, told=("stated: 1 GW",))
        for n, name in enumerate(plans)
    ]
    return (
        _exhibit(
            "claims",
            "One of two claims holds.",
            charts.against(_about("claims"), held, [("holds", 2), ("fails", 5)], "× what was stated"),
            _by_year("claims", plans, 1e9),
        ),
        _exhibit(
            "fan",
            "Four futures in five have two gigawatts.",
            charts.fan(_about("fan"), QUARTERS, quantiles, "GW", "power"),
            _by_year("fan", tuple(shares), 1e9),
        ),
        _exhibit(
            "bands",
            "The first gives most tokens.",
            charts.bands(
                _about("bands"), [charts.Sure(label=name, p10=9.0, p50=12.0, p90=20.0) for name in plans], "tokens/s"
            ),
            _by_year("bands", plans, 1.0, "tokens_per_s"),
        ),
        _exhibit(
            "strips",
            "An hour of five years has no power.",
            charts.strips(
                _about("strips"),
                [f"2028-07-{day:02d}T00:00" for day in range(1, 31)],
                [
                    charts.Strip(
                        name="power", mean=[2.0] * 30, least=[*[1.8] * 20, 0.0, *[1.8] * 9], most=[2.1] * 30, colour=0
                    )
                ],
                "GW",
                tips=[(10, f"week {n}\nmean: 2 GW") for n in range(1, 4)],
            ),
            _by_year("strips", ("mean", "least", "most"), 1e9),
        ),
        _exhibit(
            "tornado",
            "One input moves it by 13 billion USD.",
            charts.tornado(_about("tornado", half=True), reaches, 20.0, "billion USD"),
            _by_year("tornado", ("input 1", "input 2", "input 3"), 1e9, "usd"),
            half=True,
        ),
        _exhibit(
            "regret",
            "Waiting is worth a billion more.",
            charts.spread(_about("regret", half=True), ranges, "billion USD", to_largest=True),
            _by_year("regret", plans, 1e9, "usd"),
            half=True,
        ),
    )


_PLACES = (
    ("Abilene", -99.7, 32.4, 1.2e9, "grid power"),
    ("Pecos campus", -103.5, 31.4, 2.4e9, "water"),
    ("Shackelford County", -99.3, 32.7, 1.0e9, ""),
    ("Example campus", -83.0, 40.0, 0.6e9, "capital"),
    ("Abu Dhabi", 54.4, 24.4, 1.0e9, ""),
)
_COSTS = (
    Column(title="Class"),
    Column(title="Cost", suffix="usd_per_mtok"),
    Column(title="Earned", suffix="usd_per_mtok"),
    Column(title="Served", suffix="tokens"),
    Column(title="Energy", suffix="usd_per_wh"),
    Column(title="What limits it, in words that need some room"),
)


def _costs(classes: tuple[str, ...]) -> tuple[tuple[Value, ...], ...]:
    why = ("memory bandwidth of the decode stage", "demand", "–", "the power that the site is granted", "price", "")
    return tuple(
        (name, 0.64 * (n + 1), 2.65 / (n + 1), 1.6e14 * n, 4.1e-5 + 1e-6 * n, why[n]) for n, name in enumerate(classes)
    )


def _statements() -> Table:
    """Statements by year, whose subtotals are sums and whose balance carries from year to year."""
    unit = scale("usd", [9e10])
    revenue = [1e10 * (n + 1) for n in range(len(YEARS))]
    cost = [-4e9 * (n + 1) for n in range(len(YEARS))]
    capital = [-3e10 if n < 4 else -1e9 for n in range(len(YEARS))]
    free = [a + b + c for a, b, c in zip(revenue, cost, capital, strict=True)]
    cash = [5e10 + sum(free[: n + 1]) for n in range(len(YEARS))]
    lines = {"Revenue": revenue, "Cost": cost, "Capital spending": capital, "Free cash flow": free, "Cash": cash}
    return Table(
        name="statements",
        title="Statements by year, real USD of 2025",
        columns=(Column(title=unit.unit), *(Column(title=year, suffix="usd", scale=unit) for year in YEARS)),
        rows=tuple((name, *values) for name, values in lines.items()),
        strong=(3,),
        sums={3: Sum(rows=(0, 1, 2)), 4: Sum(rows=(3,), carried=True)},
        thin=True,
    )


def _by_year(name: str, labels: tuple[str, ...], size: float, suffix: str = "w") -> Table:
    rows = tuple((label, *(size * (n + 1) * (k + 1) / 8 for k in range(6))) for n, label in enumerate(labels))
    unit = scale(suffix, [v for row in rows for v in row if not isinstance(v, str)])
    columns = (Column(title=unit.unit), *(Column(title=year, suffix=suffix, scale=unit) for year in YEARS[:6]))
    return Table(name=name, title=f"{labels[0]} and others by year", columns=columns, rows=rows, thin=True)


def _exhibit(name: str, says: str, chart: Chart, table: Table, *, half: bool = False) -> Exhibit:
    return Exhibit(name=name, says=says, shows="GW at the end of each quarter", chart=chart, table=table, half=half)


def _about(name: str, *, half: bool = False) -> About:
    return About(name=name, title=f"Chart of {name}", description="Rises from left to right.", half=half)


def _ramp(start: int, most: float = 2.5) -> tuple[float, ...]:
    return tuple(max(0.0, min(most, most * (n - start) / 8)) for n in range(len(QUARTERS)))


def _shares(start: int) -> tuple[float, ...]:
    return tuple(max(0.0, min(1.0, (n - start) / 12)) for n in range(len(QUARTERS)))


def _spread() -> list[Series]:
    parts = (("low", 0.7, 0), ("middle", 0.9, 0), ("high", 1.2, 0))
    return [
        Series(name=name, values=tuple(share * v for v in _ramp(0)), colour=colour) for name, share, colour in parts
    ]
