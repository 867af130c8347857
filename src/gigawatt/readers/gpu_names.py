"""Systems of several kinds of GPU, as benchmarks name them: one text, some kinds, a count after each."""

from __future__ import annotations

import re

from gigawatt.errors import CatalogError, Fault

# What stands between two kinds; a comma within brackets is a remark's own.
_BETWEEN = re.compile(r"\s+(?:and|plus)\s+|\s*[,;&+]\s*(?![^()]*\))", re.IGNORECASE)
# "(x8)" after a name, or "8x " before it.
_AFTER = re.compile(r"\s*\(\s*x\s*(\d{1,6})\s*\)\s*$", re.IGNORECASE)
_BEFORE = re.compile(r"^(\d{1,6})\s*x\s+", re.IGNORECASE)


def mixed(text: str) -> dict[str, float]:
    """The kinds of GPU that a text names, each with its share of the packages; {text: 1} where it names one.

    Raises CatalogError where it names several and does not say how many of each.

    >>> mixed("AMD Instinct MI300X (x8) and AMD Instinct MI325X (x24)")
    {'AMD Instinct MI300X': 0.25, 'AMD Instinct MI325X': 0.75}
    """
    parts = [_counted(part) for part in _BETWEEN.split(text.strip())]
    if len(parts) == 1:
        return {parts[0][0]: 1.0}
    if any(not count for _, count in parts):
        raise CatalogError(
            [Fault(path="gpu", given=f'"{text}"', expected='one kind, or each with its count, as "(x8)"')]
        )
    total = sum(count for _, count in parts)
    shares: dict[str, float] = {}
    for name, count in parts:
        shares[name] = shares.get(name, 0.0) + count / total
    return shares


def _counted(part: str) -> tuple[str, int]:
    """A name without its count, and the count; 0 where none is told."""
    found = _AFTER.search(part) or _BEFORE.search(part)
    if found is None:
        return part.strip(), 0
    return (part[: found.start()] + part[found.end() :]).strip(), int(found[1])
