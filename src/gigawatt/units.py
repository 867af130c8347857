"""Names and reading of units.

Every number inside Gigawatt is an SI float whose name ends in a suffix of `SUFFIXES`; text such as
"1.2 GW" or "65 USD/MWh" is read once, at the file boundary, by `parse`. A key in a file is the field's name
without its suffix (`target = "10 GW"` is the field `target_w`); `split` is the one place that maps them.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache, lru_cache

HOUR_S, DAY_S = 3600.0, 86400.0
GIGAWATT_W = 1e9


@dataclass(frozen=True, slots=True)
class Unit:
    """What a suffix stands for: numerator and denominator dimension, size of one unit in SI, examples."""

    over: str
    under: str
    size: float
    example: str


# suffix → unit. The closed list of design.md §2; a test on the syntax tree enforces it.
SUFFIXES: dict[str, Unit] = {
    "w": Unit("W", "", 1.0, "a power (W, kW, MW, GW)"),
    "wh": Unit("Wh", "", 1.0, "an energy (Wh, kWh, MWh, GWh, TWh)"),
    "s": Unit("s", "", 1.0, "a duration (ms, s, min, h, days)"),
    "h": Unit("s", "", 3600.0, "a duration (min, h, days, weeks)"),
    "j": Unit("J", "", 1.0, "an energy (J, kJ, MJ)"),
    "j_per_token": Unit("J", "token", 1.0, "joules per token (J/token)"),
    "usd": Unit("USD", "", 1.0, "money (USD, million USD, billion USD)"),
    "nominal_usd": Unit("USD", "", 1.0, "money (USD, million USD, billion USD)"),
    "usd_per_wh": Unit("USD", "Wh", 1.0, "an energy price (USD/MWh, USD/kWh)"),
    "usd_per_w": Unit("USD", "W", 1.0, "money per power (USD/W, million USD/MW, billion USD/GW)"),
    "per_w": Unit("", "W", 1.0, "a value per power (1.6 /GW)"),
    "usd_per_h": Unit("USD", "s", 1.0 / 3600.0, "money per hour (USD/h)"),
    "usd_per_mtok": Unit("USD", "token", 1e-6, "a token price (USD/Mtoken)"),
    "usd_per_flop": Unit("USD", "FLOP", 1.0, "money per operation (USD/EFLOP)"),
    "bytes": Unit("B", "", 1.0, "bytes (kB, MB, GB, TB)"),
    "bytes_per_s": Unit("B", "s", 1.0, "a bandwidth (GB/s, TB/s)"),
    "flop": Unit("FLOP", "", 1.0, "operations (FLOP, 1e27 FLOP)"),
    "flops": Unit("FLOP", "s", 1.0, "operations per second (TFLOPS, PFLOPS, EFLOPS)"),
    "tokens": Unit("token", "", 1.0, "tokens (tokens, Mtokens)"),
    "tokens_per_s": Unit("token", "s", 1.0, "tokens per second (tokens/s, Mtokens/s, Gtokens/s)"),
    "tokens_per_day": Unit("token", "s", 1.0 / 86400.0, "tokens per day (tokens/day, Ttokens/day)"),
    "count": Unit("", "", 1.0, "a bare number"),
    "frac": Unit("", "", 1.0, "a share from 0 to 1, or a percentage"),
    "ratio": Unit("", "", 1.0, "a bare number or a percentage"),
    "per_s": Unit("", "s", 1.0, "a rate (/s, /h)"),
    "per_h": Unit("", "s", 1.0 / 3600.0, "a rate (/h, /day)"),
    "per_year": Unit("", "year", 1.0, "a yearly rate (%/year)"),
    "per_cpu_s": Unit("", "s", 1.0, "a rate (/s)"),
    "days": Unit("s", "", 86400.0, "a duration (h, days, weeks)"),
    "years": Unit("year", "", 1.0, "years, quarters or months"),
    "m": Unit("m", "", 1.0, "a length (m, km)"),
    "kg": Unit("g", "", 1e3, "a mass (g, kg, t)"),
    "kg_per_wh": Unit("g", "Wh", 1e3, "a carbon intensity (g/kWh, kg/MWh)"),
    "l": Unit("l", "", 1.0, "a volume (l, Ml)"),
    "l_per_wh": Unit("l", "Wh", 1.0, "a water intensity (l/kWh)"),
    "degc": Unit("degC", "", 1.0, "a temperature (degC)"),
    "deg": Unit("deg", "", 1.0, "an angle (deg)"),
    "date": Unit("date", "", 1.0, "a date, 2026-07-01, or a quarter, 2026Q3"),
}
# The most that a figure of a planet can be, in SI units: beyond it somebody has slipped, and a solver would too.
MOST = {
    "w": 1e14,
    "usd": 1e16,
    "nominal_usd": 1e16,
    "usd_per_w": 1e4,
    "per_w": 1e9,
    "usd_per_wh": 1.0,
    "usd_per_mtok": 1e7,
    "usd_per_flop": 1e-6,
    "tokens_per_s": 1e16,
    "flop": 1e35,
    "ratio": 1e12,
    "count": 1e15,
}
BASES = ("it", "facility")
BARE = ("count", "frac", "ratio")
WHOLE_NAMES = (*BARE, "tokens")  # suffixes that may be all of a field's name
SIGNED = ("degc", "deg", "per_year", "h")  # hours among them because clocks are behind UTC as well as ahead

# How far beyond its plausible range a value is absurd, where its field does not say.
ABSURD_RATIO = 1e4

_PREFIXES = {"": 1.0, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18, "Z": 1e21}
_WORDS = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
# unit name → (dimension, size, may take a prefix)
_NAMES: dict[str, tuple[str, float, bool]] = {
    "W": ("W", 1.0, True),
    "Wh": ("Wh", 1.0, True),
    "J": ("J", 1.0, True),
    "USD": ("USD", 1.0, False),
    "B": ("B", 1.0, True),
    "FLOP": ("FLOP", 1.0, True),
    "token": ("token", 1.0, True),
    "tokens": ("token", 1.0, True),
    "s": ("s", 1.0, True),
    "min": ("s", 60.0, False),
    "h": ("s", 3600.0, False),
    "day": ("s", 86400.0, False),
    "days": ("s", 86400.0, False),
    "week": ("s", 604800.0, False),
    "weeks": ("s", 604800.0, False),
    "year": ("year", 1.0, False),
    "years": ("year", 1.0, False),
    "quarter": ("year", 0.25, False),
    "quarters": ("year", 0.25, False),
    "month": ("year", 1.0 / 12.0, False),
    "months": ("year", 1.0 / 12.0, False),
    "m": ("m", 1.0, False),
    "km": ("m", 1e3, False),
    "g": ("g", 1.0, True),
    "t": ("g", 1e6, True),
    "l": ("l", 1.0, True),
    "degC": ("degC", 1.0, False),
    "deg": ("deg", 1.0, False),
    "%": ("", 0.01, False),
    "": ("", 1.0, False),
}
# Prefixes that stand alone in counts and tokens, and what may follow them: 1k, 15T, 15T tokens.
_ALONE = {"": ("",), "token": ("", "token", "tokens")}
_LARGE = {prefix: size for prefix, size in _PREFIXES.items() if size > 1}
_LONGEST = 200  # characters of a quantity
# Digits are those of ASCII: to the eye, others are not the number that they are to Python.
_DIGITS = r"[-+]?(?:[0-9][0-9_]*\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
_NUMBER = re.compile(rf"\s*({_DIGITS})\s*(.*?)\s*$")


@dataclass(frozen=True, slots=True)
class Plausible:
    """What a field could hold in any programme that exists or was seriously proposed: a guard against slips of a unit.

    It is no evidence, and wide: what leaves it is named and used all the same, what is absurd is refused. Where it can
    be, it is so narrow that a slip of a thousand leaves it.

    low, high: as in a file ("50 MW"); years of a date. least, most: beyond these a value is absurd; where they are not
    stated they are `ABSURD_RATIO` beyond. zero: 0 stands for none of it, and is plausible too.
    """

    low: str | float
    high: str | float
    least: str | float | None = None
    most: str | float | None = None
    zero: bool = False


@cache
def bounds(plausible: Plausible, suffix: str) -> tuple[float, float, float, float]:
    """The least that is not absurd, the plausible range, and the most that is not absurd, in the unit of a suffix."""

    def read(given: str | float) -> float:
        return parse(given, suffix) if suffix and suffix != "date" else float(given)

    low, high = read(plausible.low), read(plausible.high)
    least = low / ABSURD_RATIO if plausible.least is None else read(plausible.least)
    most = high * ABSURD_RATIO if plausible.most is None else read(plausible.most)
    return least, low, high, most


@lru_cache(maxsize=4096)
def split(name: str) -> tuple[str, str]:
    """Field name → (key in a file, suffix); the suffix is "" where the name carries none.

    An underscore at its end, which a name has that is a word of Python's own, is no part of the key.

    >>> split("rack_power_w"), split("capex_usd_per_w_it"), split("title"), split("from_")
    (('rack_power', 'w'), ('capex_it', 'usd_per_w'), ('title', ''), ('from', ''))
    """
    name = name.rstrip("_")
    words = name.split("_")
    basis = words.pop() if words[-1] in BASES and len(words) > 1 else ""
    for start in range(1, len(words)):
        suffix = "_".join(words[start:])
        if suffix in SUFFIXES:
            return "_".join([*words[:start], basis] if basis else words[:start]), suffix
    return name, ""


def suffix_at(path: str) -> str:
    """The suffix of the last word of a path that carries one: "w" for "catalog.sites.abilene.ramp_w.2026Q3"."""
    return next(
        (suffix for word in reversed(path.split(".")) if (suffix := word if word in BARE else split(word)[1])), ""
    )


def parse(text: str | float, suffix: str) -> float:
    """Read a quantity written by a person into the SI unit that `suffix` names.

    Raises ValueError with what is expected; the caller adds where.

    >>> parse("1.2 GW", "w"), parse("65 USD/MWh", "usd_per_wh"), parse("10 billion USD", "usd"), parse("1k", "count")
    (1200000000.0, 6.5e-05, 10000000000.0, 1000.0)
    """
    unit = SUFFIXES[suffix]
    value = _parse_text(text, unit) if isinstance(text, str) else _parse_bare(text, suffix)
    if not math.isfinite(value):
        raise ValueError(f"{unit.example}, finite")
    if value < 0 and suffix not in SIGNED:
        raise ValueError(f"{unit.example}, not negative")
    if suffix == "frac" and value > 1:
        raise ValueError(unit.example)
    if value > MOST.get(suffix, math.inf):
        raise ValueError(f"{unit.example}, at most {show(MOST[suffix], suffix)}")
    return value


def pattern(suffix: str) -> str:
    """A regular expression of the quantities that `parse` reads for a suffix, whatever their sign and size.

    >>> [bool(re.search(pattern("w"), text)) for text in ("1.2 GW", "100 million W", "1.2 GWh", "1.2")]
    [True, True, False, False]
    """
    unit = SUFFIXES[suffix]
    names = _spellings(unit.over)
    if not unit.under:
        names += [f"[{''.join(_LARGE)}] *{name}" for name in _ALONE.get(unit.over, ())]
    expression = f"(?:(?:{'|'.join(_WORDS)})(?: +|(?=/|$)))?(?:{'|'.join(names)})"
    if unit.under:
        expression += f" */ *(?:{'|'.join(_spellings(unit.under))})"
    if suffix == "flops":
        expression = f"(?:{expression}|{_spellings('FLOP')[0]}S)"
    return f"^ *{_DIGITS} *{expression} *$"


def _spellings(dimension: str) -> list[str]:
    """The names of a dimension's units, each with the prefixes that it takes."""
    prefixes = f"[{''.join(_PREFIXES)}]?"
    return [f"{prefixes * prefixed}{name}" for name, (of, _, prefixed) in _NAMES.items() if of == dimension]


def is_quantity(text: str) -> bool:
    """Whether a text is a number with a unit of any kind."""
    for suffix in SUFFIXES:
        try:
            parse(text, suffix)
        except ValueError:
            continue
        return True
    return False


def _parse_bare(number: object, suffix: str) -> float:
    """A number without a unit, which counts and shares have none of."""
    example = SUFFIXES[suffix].example
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise ValueError(example)
    if suffix not in BARE:
        raise ValueError(f"{example}; number and unit in quotes")
    try:
        return float(number)
    except OverflowError:  # a whole number beyond all floating-point numbers
        return math.inf


def _parse_text(text: str, unit: Unit) -> float:
    match = _NUMBER.match(text) if len(text) <= _LONGEST else None
    if not match:
        raise ValueError(unit.example)
    expression = match[2].replace("FLOPS", "FLOP/s")
    over, stroke, under = expression.partition("/")
    if stroke and not under.strip():
        raise ValueError(unit.example)
    over_dimension, over_size = _parse_part(over, unit, () if unit.under else _ALONE.get(unit.over, ()))
    under_dimension, under_size = _parse_part(under, unit, ())
    if (over_dimension, under_dimension) != (unit.over, unit.under):
        raise ValueError(unit.example)
    # Divide by the inverse where sizes are below one: 65 USD/MWh is then 65/1e6 exactly.
    size = over_size / under_size
    number = float(match[1].replace("_", ""))
    return number * size / unit.size if size >= 1 else number / (under_size / over_size) / unit.size


def _parse_part(text: str, unit: Unit, alone: tuple[str, ...]) -> tuple[str, float]:
    """Dimension and size of what stands above or below the stroke. alone: what a prefix may stand before by itself."""
    words = text.split()
    scale = _WORDS[words.pop(0)] if words and words[0] in _WORDS else 1.0
    name = " ".join(words)
    if name in _NAMES:
        dimension, size, _ = _NAMES[name]
        return dimension, scale * size
    prefix, rest = name[:1], name[1:]
    if prefix in _LARGE and rest.strip() in alone:
        return unit.over, scale * _LARGE[prefix]
    if prefix in _PREFIXES and rest in _NAMES and _NAMES[rest][2]:
        return _NAMES[rest][0], scale * _PREFIXES[prefix] * _NAMES[rest][1]
    raise ValueError(unit.example)


def show(value: float | None, suffix: str, figures: int = 3) -> str:
    """A quantity as a person writes it, to so many significant figures; None is a dash.

    >>> show(1.2e9, "w"), show(4.65e10, "usd"), show(0.215, "frac"), show(6.5e-5, "usd_per_wh")
    ('1.2 GW', '46.5 billion USD', '21.5 %', '65 USD/MWh')
    >>> show(3_803_800.0, "usd", 4), show(132_132.0, "w", 6)
    ('3.804 million USD', '132.132 kW')
    """
    if value is None or not math.isfinite(value):
        return "–"
    if suffix == "frac" or (suffix == "per_year" and abs(value) < 1):
        return f"{100 * value:.{figures}g} %" + ("/year" if suffix == "per_year" else "")
    if suffix in ("usd", "nominal_usd"):
        for word, size in (("trillion ", 1e12), ("billion ", 1e9), ("million ", 1e6)):
            if abs(value) >= size:
                return f"{value / size:,.{figures}g} {word}USD"
        return f"{value:,.0f} USD"
    fixed = {
        "usd_per_wh": (1e6, "USD/MWh"),
        "usd_per_w": (1.0, "billion USD/GW"),
        "per_w": (1e9, "/GW"),
        "usd_per_mtok": (1.0, "USD/Mtoken"),
        "usd_per_h": (1.0, "USD/h"),
        "usd_per_flop": (1e18, "USD/EFLOP"),
        "j_per_token": (1.0, "J/token"),
        "kg_per_wh": (1e6, "g/kWh"),
        "l_per_wh": (1e3, "l/kWh"),
        "years": (1.0, "years"),
        "h": (1.0, "h"),
        "days": (1.0, "days"),
        "degc": (1.0, "degC"),
        "deg": (1.0, "deg"),
        "ratio": (1.0, ""),
        "count": (1.0, ""),
    }
    if suffix in fixed:
        factor, name = fixed[suffix]
        return f"{_short(value * factor, figures)} {name}".strip()
    return _show_prefixed(value, suffix, figures)


def _show_prefixed(value: float, suffix: str, figures: int) -> str:
    unit = SUFFIXES[suffix]
    name = {"token": "tokens", "g": "kg", "FLOP": "FLOP"}.get(unit.over, unit.over)
    under = {"": "", "s": "/s", "year": "/year"}[unit.under]
    under = {"tokens_per_day": "/day", "per_h": "/h"}.get(suffix, under)
    if suffix == "kg" and abs(value) >= 1e3:
        return f"{_short(value / 1e3, figures)} t"
    if abs(value) >= 1e3 * max(_PREFIXES.values()):
        return f"{value:.{figures}g} {name}{under}".replace("e+", "e")
    if suffix == "s" or not name:
        return f"{_short(value, figures)} {name}{under}".strip()
    for prefix, size in reversed(_PREFIXES.items()):
        if abs(value) >= size >= 1:
            return f"{_short(value / size, figures)} {prefix}{name}{under}"
    return f"{_short(value, figures)} {name}{under}"


def _short(value: float, figures: int) -> str:
    """Significant figures, thousands separated, no exponent where a planner would not write one."""
    if value == 0:
        return "0"
    if abs(value) >= 1e15 or abs(value) < 1e-4:
        return f"{value:.{figures}g}"
    digits = max(0, figures - 1 - math.floor(math.log10(abs(value))))
    rounded = f"{value:,.{digits}f}"
    return rounded.rstrip("0").rstrip(".") if "." in rounded else rounded
