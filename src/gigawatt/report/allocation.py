"""An allocation on a terminal: who gets what, the next gigawatt, abundance, exchange."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence

from gigawatt.report.accuracy import aligned, screen_width
from gigawatt.report.formats import cell
from gigawatt.report.names import Power, power_of
from gigawatt.report.words import joined
from gigawatt.study.allocation.answer import AllocatedClass, AllocationAnswer
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


def show(answer: AllocationAnswer, files: Mapping[str, str], width: int | None = None) -> None:
    """Print the whole answer, and where it was drawn."""
    columns = width or screen_width()
    when = f" · {quarter(answer.period)}" if answer.period else ""
    name = f"{answer.head.scenario} · {(answer.head.hash or '')[:HASH_LENGTH]}"
    print(f"\n{answer.title}\n{name} · {answer.fairness}{when}\n")
    _paragraphs([headline(answer), following(answer), abundance(answer)], columns)
    print(f"\nWho gets {cell(answer.capacity_w, 'w')}\n{aligned(shares(answer), columns)}")
    print(f"\nWhat it would cost to cut a class to its floor\n{aligned(cuts(answer), columns)}")
    if len(answer.allocation) > 1:
        table = aligned(square(answer), columns)
        print(f"\nOne point of demand more in a row costs so many points in a column\n{table}")
        _paragraphs(swaps(answer), columns)
    print("\nTo keep in mind")
    for note in answer.head.notes:
        print(textwrap.fill(note.text, columns, initial_indent="  – ", subsequent_indent="    "))
    if "chart" in files:
        print(f"\nDrawn in {files['chart']}")


def _paragraphs(texts: Sequence[str], width: int) -> None:
    for text in texts:
        print(textwrap.fill(text, width, break_on_hyphens=False))


def power_unit(answer: AllocationAnswer) -> Power:
    """What a capacity is told by: gigawatts, or megawatts where it is smaller than one."""
    return power_of(answer.capacity_w)


def value(answer: AllocationAnswer, amount: float) -> str:
    """A value of a year, in the question's unit."""
    if not math.isfinite(amount):
        return UNLIMITED
    if answer.value_unit == "USD":
        return cell(amount, "usd")
    return f"{amount:,.3g}".replace("-", "−") + f" {answer.value_unit}"


def headline(answer: AllocationAnswer) -> str:
    """What a unit of power more is worth at the margin, on both sides of a kink."""
    unit = power_unit(answer)
    left, right = answer.lambda_left * unit.gw, answer.lambda_right * unit.gw
    power = cell(answer.capacity_w, "w")
    lead = f"With {power}, one {unit.name} more is worth {value(answer, right)} a year at the margin"
    if math.isfinite(left) and abs(left - right) > ONE_VALUE_FRAC * max(left, right):
        return f"{lead}, and one less would cost {value(answer, left)}."
    return f"{lead}."


def following(answer: AllocationAnswer) -> str:
    """To whom the next gigawatt, or about a tenth of a smaller capacity, would go."""
    after = answer.next
    gains = sorted(((power, key) for key, power in after.power_w.items()), reverse=True)
    total = sum(power for power, _ in gains if power > 0)
    step = cell(after.step_w, "w")
    if total <= NAMED_FRAC * after.step_w:
        return f"The next {step} would go to nobody: all that is asked for is served."
    titles = {row.use_case: row.title for row in answer.allocation}
    parts = [f"{titles[key]} ({power / total:.0%})" for power, key in gains if power >= NAMED_FRAC * total]
    worth = f" and add {value(answer, after.added_value)} a year" if math.isfinite(after.added_value) else ""
    return f"The next {step} would go to {joined(parts)}{worth}."


def abundance(answer: AllocationAnswer) -> str:
    """When nobody has to choose, and when more is not worth its cost."""
    full, enough, cost = answer.physical_abundance_w, answer.economic_abundance_w, answer.cost_value_per_gw_year
    physical = (
        "No amount of this power serves everybody."
        if full is None
        else f"From {cell(full, 'w')} on, nobody has to choose (physical abundance)."
    )
    if enough is None or cost is None:
        return physical
    unit = power_unit(answer)
    price = f"A {unit.name} costs {value(answer, cost * unit.gw)} a year"
    if enough == 0:
        return f"{physical} {price}, and none is worth that."
    side = "less" if answer.capacity_w < enough else "more"
    return (
        f"{physical} {price}, which the last one is worth up to {cell(enough, 'w')} (economic abundance); "
        f"{cell(answer.capacity_w, 'w')} is {side} than that."
    )


def shares(answer: AllocationAnswer) -> list[list[str]]:
    """Power, share served and value of a unit more by class, with a bar; tiers where there are several."""
    rows, unit = answer.allocation, power_unit(answer)
    tiers = len({row.tier for row in rows}) > 1
    head = ["class", *(["tier"] if tiers else []), "power", "of demand", "", "floor", f"a {unit.symbol} more"]
    body = [
        [
            row.title,
            *([str(row.tier)] if tiers else []),
            cell(row.power_w, "w"),
            f"{row.served_frac:.0%}",
            bar(row.served_frac),
            f"{row.floor_frac:.0%}",
            value(answer, row.marginal * unit.gw).removesuffix(answer.value_unit).strip(),
        ]
        for row in rows
    ]
    return [head, *body]


def bar(share_frac: float) -> str:
    """A share as a bar of fixed width."""
    full = round(BAR_CELLS * share_frac)
    return FULL * full + EMPTY * (BAR_CELLS - full)


def cuts(answer: AllocationAnswer) -> list[list[str]]:
    """What each class would lose at its floor, and what would remain of that once the others have its power."""
    body = [
        [
            row.title,
            value(answer, row.loss_to_floor_value),
            value(answer, row.loss_to_floor_net_value),
        ]
        for row in answer.allocation
    ]
    return [["class", "it loses a year", "all lose, power used by others"], *body]


def square(answer: AllocationAnswer) -> list[list[str]]:
    """Points of demand for a point of demand, of the classes with most power where there are many."""
    rows = sorted(answer.allocation, key=lambda row: -row.power_w)[:ACROSS]
    kept = [row for row in answer.allocation if row in rows]
    ratio = {(row.gains, row.gives): row.share_ratio for row in answer.exchange}
    head = ["", *(str(n + 1) for n in range(len(kept)))]
    body = [
        [f"{n + 1} {gains.title}", *(_points(ratio.get((gains.use_case, gives.use_case))) for gives in kept)]
        for n, gains in enumerate(kept)
    ]
    return [head, *body]


def _points(ratio: float | None) -> str:
    return "–" if ratio is None else f"{ratio:.2f}" if ratio >= 1e-2 else f"{ratio:.0e}"


def swaps(answer: AllocationAnswer) -> list[str]:
    """A few exchanges in units of the classes: what the dearest class gives up for the others."""
    rows = {row.use_case: row for row in answer.allocation}
    known = {(row.gains, row.gives): row.amount_ratio for row in answer.exchange if row.amount_ratio is not None}
    if not known:
        return []
    giver = max((gives for _, gives in known), key=lambda key: rows[key].weight_value_per_gw_year)
    taken = sorted((gains for gains, gives in known if gives == giver), key=lambda key: -rows[key].power_w)
    return [_swap(rows[gains], rows[giver], known[gains, giver]) for gains in taken[:SENTENCES]]


def _swap(gains: AllocatedClass, gives: AllocatedClass, ratio: float) -> str:
    least = COUNTED.get(gains.unit or "", ("", 1.0))[1]
    count = max(least, 10.0 ** math.ceil(-math.log10(ratio)))
    return (
        f"{_amount(count, gains.unit)} more of {gains.title} cost {_amount(count * ratio, gives.unit)} "
        f"of {gives.title}."
    )


def _amount(count: float, unit: str | None) -> str:
    if unit in COUNTED:
        return cell(count, COUNTED[unit][0])
    return f"{count:,.0f} {unit}" if count >= 100 else f"{count:.3g} {unit}"
