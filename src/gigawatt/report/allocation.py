"""An allocation on a terminal: who gets what, the next gigawatt, abundance, exchange. Figures: `study.allocate`."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from gigawatt.report.accuracy import aligned, screen_width
from gigawatt.report.names import power_of
from gigawatt.report.scale import cell
from gigawatt.report.words import joined
from gigawatt.study.dates import quarter
from gigawatt.study.job import HASH_LENGTH

# Cells of the bar that shows a share, and the marks that fill it.
BAR_CELLS, FULL, EMPTY = 16, "█", "░"
# Values that differ by less are told as one; a gainer of the next gigawatt with less of it is not named.
ONE_VALUE_FRAC, NAMED_FRAC = 1e-4, 0.05
# Sentences of exchange, and classes that a square table of it has room for.
SENTENCES, ACROSS = 3, 9
# What is priceless, or is not known for what is priceless beside it.
UNLIMITED = "without limit"
# Work that is counted by the million and by the exa, and how units.py names it.
COUNTED = {"tokens": ("tokens", 1e6), "FLOP": ("flop", 1e18)}

Figures = Mapping[str, Any]


def show(found: Figures, width: int | None = None) -> None:
    """The whole answer."""
    columns = width or screen_width()
    when = f" · {quarter(found['period'])}" if found["period"] else ""
    print(f"\n{found['title']}\n{found['scenario']} · {found['hash'][:HASH_LENGTH]} · {found['fairness']}{when}\n")
    _paragraphs([headline(found), following(found), abundance(found)], columns)
    print(f"\nWho gets {cell(found['capacity_w'], 'w')}\n{aligned(shares(found), columns)}")
    print(f"\nWhat it would cost to cut a class to its floor\n{aligned(cuts(found), columns)}")
    if len(found["allocation"]) > 1:
        table = aligned(square(found), columns)
        print(f"\nOne point of demand more in a row costs so many points in a column\n{table}")
        _paragraphs(swaps(found), columns)
    print("\nTo keep in mind")
    for note in found["notes"]:
        print(textwrap.fill(note["text"], columns, initial_indent="  – ", subsequent_indent="    "))


def _paragraphs(texts: Sequence[str], width: int) -> None:
    for text in texts:
        print(textwrap.fill(text, width, break_on_hyphens=False))


def value(found: Figures, amount: float | None) -> str:
    """A value of a year, in the question's unit."""
    if amount is None:
        return UNLIMITED
    if found["value_unit"] == "USD":
        return cell(amount, "usd")
    return f"{amount:,.3g}".replace("-", "−") + f" {found['value_unit']}"


def headline(found: Figures) -> str:
    """What the next gigawatt is worth at the margin, on both sides of a kink."""
    unit = power_of(found["capacity_w"])
    left, right = (None if side is None else side * unit.gw for side in (found["lambda_left"], found["lambda_right"]))
    power = cell(found["capacity_w"], "w")
    lead = f"With {power}, one {unit.name} more is worth {value(found, right)} a year at the margin"
    if right is not None and left is not None and abs(left - right) > ONE_VALUE_FRAC * max(left, right):
        return f"{lead}, and one less would cost {value(found, left)}."
    return f"{lead}."


def following(found: Figures) -> str:
    """To whom the next gigawatt, or the next tenth of a smaller capacity, would go."""
    after = found["next"]
    gains = sorted(((power, key) for key, power in after["power_w"].items()), reverse=True)
    total = sum(power for power, _ in gains if power > 0)
    step = cell(after["step_w"], "w")
    if total <= NAMED_FRAC * after["step_w"]:
        return f"The next {step} would go to nobody: all that is asked for is served."
    titles = {row["use_case"]: row["title"] for row in found["allocation"]}
    parts = [f"{titles[key]} ({power / total:.0%})" for power, key in gains if power >= NAMED_FRAC * total]
    worth = "" if after["value"] is None else f" and add {value(found, after['value'])} a year"
    return f"The next {step} would go to {joined(parts)}{worth}."


def abundance(found: Figures) -> str:
    """When nobody has to choose, and when more is not worth its cost."""
    full, enough, cost = found["physical_abundance_w"], found["economic_abundance_w"], found["cost_per_gw"]
    physical = (
        "No amount of this power serves everybody."
        if full is None
        else f"From {cell(full, 'w')} on, nobody has to choose (physical abundance)."
    )
    if enough is None:
        return physical
    price = f"A gigawatt costs {value(found, cost)} a year"
    if enough == 0:
        return f"{physical} {price}, and none is worth that."
    side = "less" if found["capacity_w"] < enough else "more"
    return (
        f"{physical} {price}, which the last one is worth up to {cell(enough, 'w')} (economic abundance); "
        f"{cell(found['capacity_w'], 'w')} is {side} than that."
    )


def shares(found: Figures) -> list[list[str]]:
    """Power, share served and marginal value by class, with a bar; tiers where there are several."""
    rows = found["allocation"]
    tiers = len({row["tier"] for row in rows}) > 1
    head = ["class", *(["tier"] if tiers else []), "power", "of demand", "", "floor", "marginal"]
    body = [
        [
            row["title"],
            *([str(row["tier"])] if tiers else []),
            cell(row["power_w"], "w"),
            f"{row['served_frac']:.0%}",
            bar(row["served_frac"]),
            f"{row['floor_frac']:.0%}",
            value(found, row["marginal"]).removesuffix(found["value_unit"]).strip(),
        ]
        for row in rows
    ]
    return [head, *body]


def bar(share_frac: float) -> str:
    """A share as a bar of fixed width."""
    full = round(BAR_CELLS * share_frac)
    return FULL * full + EMPTY * (BAR_CELLS - full)


def cuts(found: Figures) -> list[list[str]]:
    """What each class would lose at its floor, and what would remain of that once the others have its power."""
    body = [
        [
            row["title"],
            value(found, row["loss_to_floor"]),
            value(found, row["loss_to_floor_net"]),
        ]
        for row in found["allocation"]
    ]
    return [["class", "it loses a year", "all lose, power used by others"], *body]


def square(found: Figures) -> list[list[str]]:
    """Points of demand for a point of demand, of the classes with most power where there are many."""
    rows = sorted(found["allocation"], key=lambda row: -row["power_w"])[:ACROSS]
    kept = [row for row in found["allocation"] if row in rows]
    ratio = {(row["gains"], row["gives"]): row["share_ratio"] for row in found["exchange"]}
    head = ["", *(str(n + 1) for n in range(len(kept)))]
    body = [
        [f"{n + 1} {gains['title']}", *(_points(ratio.get((gains["use_case"], gives["use_case"]))) for gives in kept)]
        for n, gains in enumerate(kept)
    ]
    return [head, *body]


def _points(ratio: float | None) -> str:
    return "–" if ratio is None else f"{ratio:.2f}" if ratio >= 1e-2 else f"{ratio:.0e}"


def swaps(found: Figures) -> list[str]:
    """A few exchanges in units of the classes: what the dearest class gives up for the others."""
    rows = {row["use_case"]: row for row in found["allocation"]}
    known = [row for row in found["exchange"] if row["amount_ratio"] is not None]
    givers = sorted({row["gives"] for row in known}, key=lambda key: -rows[key]["weight"])
    if not givers:
        return []
    taken = sorted((row for row in known if row["gives"] == givers[0]), key=lambda row: -rows[row["gains"]]["power_w"])
    return [_swap(rows[row["gains"]], rows[row["gives"]], row["amount_ratio"]) for row in taken[:SENTENCES]]


def _swap(gains: Figures, gives: Figures, ratio: float) -> str:
    least = COUNTED.get(gains["unit"], ("", 1.0))[1]
    count = max(least, 10.0 ** math.ceil(-math.log10(ratio)))
    return (
        f"{_amount(count, gains['unit'])} more of {gains['title']} cost {_amount(count * ratio, gives['unit'])} "
        f"of {gives['title']}."
    )


def _amount(count: float, unit: str) -> str:
    if unit in COUNTED:
        return cell(count, COUNTED[unit][0])
    return f"{count:,.0f} {unit}" if count >= 100 else f"{count:.3g} {unit}"
