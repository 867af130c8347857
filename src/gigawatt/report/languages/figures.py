"""Figures as a language writes them: 1,234.5 is 1.234,5 in Indonesian; names, versions and dates stay."""

from __future__ import annotations

import re

# A figure as English has it, by itself: no part of a name, a version, a date, a path or an address.
_FIGURE = re.compile(r"(?<![\w.,/:@#=-])(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+)(?![\w]*\w)(?!\.\d)(?![/=-]\w)")
# Letters of which one is a unit or a word of it, where a figure stands before them.
_UNIT = re.compile(
    r"\s?(%|×|°|[kMGTPE]?(?:W|Wh|J|B|VA|FLOPS?|tokens?)\b|USD|EUR|[munµ]?s\b|h\b|years?\b|days?\b|months?\b|quarters?\b|"
    r"billion\b|trillion\b|million\b|thousand\b|GPU|FLOP|e\d|kg\b|t\b|l\b|g/|times\b)"
)
# Words of capital letters that are measures, and no names; the word before a figure.
_MEASURES = ("PUE", "MFU", "IRR", "P10", "P50", "P90", "USD")
_BEFORE = re.compile(r"([^\s(\[]+)[\s(\[]*$")
_OTHERWISE = str.maketrans({",": ".", ".": ","})
_CODE = re.compile(r"(`[^`]*`|\"[^\"]*\")")


def swapped(figure: str) -> str:
    """A figure with a comma before its decimals.

    >>> swapped("1,234.5")
    '1.234,5'
    """
    return figure.translate(_OTHERWISE)


def told(text: str) -> str:
    """A text with its figures written so; those of names, such as "Llama 3.1", of code and of quotations stay.

    >>> told("Llama 3.1 405B at 1,234.5 tokens/s")
    'Llama 3.1 405B at 1.234,5 tokens/s'
    """
    if "." not in text and "," not in text:
        return text
    parts = _CODE.split(text)
    return "".join(part if n % 2 else _FIGURE.sub(_written, part) for n, part in enumerate(parts))


def _written(found: re.Match[str]) -> str:
    if "," not in found[1] and _named(found):
        return found[0]
    return swapped(found[0])


def _named(found: re.Match[str]) -> bool:
    """Whether a figure with a point is the last word of a name: behind a capital letter, and before no unit."""
    before = _BEFORE.search(found.string[: found.start()])
    if before is None or _UNIT.match(found.string, found.end()):
        return False
    word = before[1]
    return (
        bool(re.search(r"[A-Z]|\d", word))
        and word[-1] not in ":;,.–→·="
        and not re.fullmatch(r"PUE|[A-Z][a-z]+:", word)
    )
