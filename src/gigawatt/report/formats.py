"""How figures are shown, everywhere: one unit for a whole column or axis, and a quantity with its unit."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from gigawatt.units import show

# Sizes of a unit: from which largest value on, divided by what, under which name.
_Sizes = tuple[tuple[float, float, str], ...]


def _sizes(*steps: tuple[float, str]) -> _Sizes:
    return tuple((size, size, name) for size, name in steps)


_WORDS = _sizes((1e12, "trillion "), (1e9, "billion "), (1e6, "million "), (1.0, ""))
# Money keeps up to four digits before the point, for small lines stand beside large ones.
_MONEY: _Sizes = ((1e13, 1e12, "trillion "), (1e10, 1e9, "billion "), (1e7, 1e6, "million "), (0.0, 1.0, ""))
_PREFIXES = _sizes((1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""))
_NUMBERS: _Sizes = ((1e9, 1e9, "billion"), (1e6, 1e6, "million"), (1e4, 1e3, "thousand"), (1.0, 1.0, ""))
_PLAIN = _sizes((1.0, ""))
# suffix → name of its unit, its sizes, and digits after the point where they are fixed.
_NAMES: dict[str, tuple[str, _Sizes, int | None]] = {
    "w": ("W", _PREFIXES, None),
    "wh": ("Wh", _PREFIXES, None),
    "usd": ("USD", _MONEY, None),
    "usd_per_h": ("USD/h", _PLAIN, 2),
    "usd_per_mtok": ("USD/Mtoken", _PLAIN, 2),
    "usd_per_wh": ("USD/MWh", ((0.0, 1e-6, ""),), 0),
    "usd_per_w": ("billion USD/GW", _PLAIN, 1),
    "tokens": ("tokens", _WORDS, None),
    "tokens_per_day": ("tokens/day", _WORDS, None),
    "tokens_per_s": ("tokens/s", _PREFIXES, None),
    "flops": ("FLOP/s", _PREFIXES, None),
    "s": ("s", ((1.0, 1.0, ""), (0.0, 1e-3, "m")), None),
    "days": ("days", _PLAIN, None),
    "years": ("years", _PLAIN, 2),
    "l": ("l", _WORDS, None),
    "kg": ("t", _sizes((1e9, "million "), (1e3, "")), None),
    "kg_per_wh": ("g/kWh", ((0.0, 1e-6, ""),), 0),
    "frac": ("%", ((0.0, 0.01, ""),), 0),
    "ratio": ("", _PLAIN, 3),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """What figures are divided by, and the name of the unit that they are then in; `digits` after the point."""

    size: float
    unit: str
    digits: int

    def text(self, value: float | None) -> str:
        """A figure in this unit, without its name."""
        if value is None or not math.isfinite(value):
            return "–"
        if abs(value) < 1e-9 * self.size:
            return "0"
        shown = f"{abs(value) / self.size:,.{self.digits}f}"
        return f"−{shown}" if value < 0 and any(digit in shown for digit in "123456789") else shown


# Shares of which tenths of a percent matter.
PERCENT = Scale(size=0.01, unit="%", digits=1)
# Things that are counted, to the last one.
WHOLE = Scale(size=1.0, unit="", digits=0)


def scale(suffix: str, values: Iterable[float | None]) -> Scale:
    """The unit in which the largest of some values has one to three digits before the point.

    suffix: of units.SUFFIXES.
    """
    largest = max((abs(v) for v in values if v is not None and math.isfinite(v)), default=0.0)
    largest = float(f"{largest:.6g}")  # ten gigawatts but for rounding are ten
    name, sizes, fixed = _NAMES.get(suffix, ("", _NUMBERS, None))
    _, size, prefix = next((step for step in sizes if largest >= step[0]), sizes[-1])
    most = largest / size
    digits = 0 if most >= 100 else 1 if most >= 10 else 2
    return Scale(size=size, unit=f"{prefix}{name}".strip(), digits=digits if fixed is None else fixed)


# One of a thing is no plural.
_SAID = {"1 years": "1 year", "1 days": "1 day"}


def cell(value: float | str | None, suffix: str) -> str:
    """A quantity with its unit, text as it is, nothing as a dash."""
    if isinstance(value, str):
        return value
    if suffix in ("tokens", "tokens_per_day") and value is not None:
        unit = scale(suffix, [value])
        return f"{unit.text(value)} {unit.unit}"
    if suffix == "flop" and value is not None and abs(value) >= 1e21:
        number, exponent = f"{value:.2e}".split("e")
        return f"{float(number):g}e{int(exponent)} FLOP"
    if suffix == "kg" and value is not None and abs(value) >= 1e9:
        return f"{show(value / 1e9, 'count')} million t"
    if suffix == "s" and value is not None and 0 < value < 1:
        return f"{show(1e3 * value, 'count')} ms"
    shown = _SAID.get(found := show(value, suffix).replace(" degC", " °C"), found)
    return f"−{shown[1:]}" if shown.startswith("-") else shown


def pue(value: float | None) -> str:
    """A PUE, of which thousandths matter; a dash where there is none."""
    return "–" if value is None else f"{value:.3f}"


# What a part of a suffix is called; others are words already.
_SYMBOLS = {
    "w": "W",
    "wh": "Wh",
    "j": "J",
    "usd": "USD",
    "nominal_usd": "nominal USD",
    "mtok": "Mtoken",
    "flop": "FLOP",
    "flops": "FLOP/s",
    "bytes": "B",
    "degc": "°C",
    "frac": "share",
    "count": "",
    "ratio": "",
    "date": "",
}


def si(suffix: str) -> str:
    """The unit that figures of a suffix are in, "USD/Mtoken" for "usd_per_mtok"; nothing for bare numbers."""
    return "/".join(_SYMBOLS.get(part, part) for part in re.sub("^per_", "1_per_", suffix).split("_per_"))


def signed(value_frac: float | None) -> str:
    """A share with its sign, a dash where there is none: "+12.3 %"."""
    return "–" if value_frac is None else f"{100 * value_frac:+.1f} %".replace("-", "−")


def number(value: float) -> str:
    """A bare figure: three digits, whole ones where there are more, a minus as such."""
    size = float(f"{abs(value):.3g}")
    text = f"{size:,.0f}" if size >= 100 else f"{size:.1f}" if size >= 10 else f"{size:.2f}"
    return f"−{text}" if value < 0 and any(digit in text for digit in "123456789") else text


def share(value_frac: float) -> str:
    """A share in whole percent: "23 %"."""
    return f"{100 * value_frac:.0f} %"
