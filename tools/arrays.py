"""Write docs/arrays.md: every array of a result with its dimensions, its unit and its meaning.

    python tools/arrays.py [--check]

The page is made of the tables that each stage is checked against where it ends. `--check` writes nothing and fails
where something would change.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from gigawatt.account import declared as books
from gigawatt.plan.declared import DECISIONS
from gigawatt.programme.declared import INPUTS, MONEY, Declarations
from gigawatt.simulation.declared import OUTAGES, STEPS

PAGE = Path(__file__).parents[1] / "docs" / "arrays.md"
HEAD = """# Arrays of a result

What a result holds beside its headline, as `gigawatt.load` and the files of its folder give it. This page is made by
`tools/arrays.py` from the tables in the code that every stage is checked against where it ends. All is in SI units;
money is real USD of the scenario's dollar year, income positive and cost negative where it flows. An array is there in
every scenario: what a scenario lacks is an empty dimension, or zeros. Stocks are those at the end of a quarter, flows
those of the whole of it.
"""
SECTIONS: tuple[tuple[str, str, Declarations], ...] = (
    (
        "Inputs",
        "`plan.inputs`: the scenario as arrays, which planner, simulation and books share. Rates are those of a "
        "working rack: what the plan counts on is times `availability_frac`, and of tokens times `utilisation_frac`.",
        INPUTS,
    ),
    ("Plan", "`plan.data`: what is built and what it does, with the financing of it.", DECISIONS),
    ("Lines of money", "`plan.lines`: on the finest dimensions that cause them.", MONEY),
    (
        "Timeline",
        "`timeline.data`: every step; beside it stand its `quarter`, `step_count` and `weight_h`, the hours that it "
        "stands for. A pair is a site and a platform.",
        STEPS,
    ),
    ("Outages", "`timeline.outages`: faults that took a rack out, where they are drawn one by one.", OUTAGES),
    (
        "Books",
        "`accounts.table`: one row for each period, site, use case, platform and item, which stand beside it. Every "
        "total is a sum of it.",
        books.TABLE,
    ),
    ("Statements", "`accounts.statements`: by quarter.", books.STATEMENTS),
    ("Contracts", "Columns of the statements that are there where a scenario states the contract.", books.OF_CONTRACTS),
    ("Classes", "`accounts.classes`: use cases, training runs and experiments.", books.CLASSES),
    ("Platforms", "`accounts.platforms`: at the price of the first purchase.", books.PLATFORMS),
)


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *("\n".join(_section(*section)) for section in SECTIONS)])


def _section(title: str, lead: str, table: Declarations) -> list[str]:
    rows = [f"| `{name}` | {', '.join(one.dims)} | {one.unit} | {one.meaning} |" for name, one in table.items()]
    return [f"## {title}", "", lead, "", "| array | dimensions | unit | meaning |", "|---|---|---|---|", *rows, ""]


def main(arguments: Sequence[str]) -> int:
    """Write or check the page."""
    text = page()
    if "--check" in arguments:
        return int(PAGE.read_text(encoding="utf-8") != text)
    PAGE.write_text(text, encoding="utf-8")
    print(f"wrote docs/{PAGE.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
