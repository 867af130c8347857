"""Names tell the truth: numbers and arrays end in their unit, and what a docstring names is there."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import gigawatt
from gigawatt import units

SOURCE = Path(gigawatt.__file__).parent
NUMBERS = ("float", "Floats", "NDArray[np.float64]", "xr.DataArray", "ArrayLike", "np.ndarray")
# A unit of the closed list, or a value in the unit beside it, of one thing or per another ("usd_per_gpu_hour").
UNIT = "|".join(sorted((*units.SUFFIXES, "value"), key=len, reverse=True))
SAYS_ITS_UNIT = re.compile(rf"(.*_)?({UNIT})(_per_[a-z_]+)?(_({'|'.join(units.BASES)}))?")
# On a drawing a number is a place.
DRAWN = "report/charts/"

# Statistics of what the record or the argument beside them is, in its unit.
STATISTICS = "p10 p50 p90 p99 mean median mid middle worst total usual base pue_mean pue_p99"
# Bounds, steps and scales of what they bound.
BOUNDS = "low high least most lower upper bound gap limit start end step size width height scale factor by else_by over"
# Values, in the unit of what they are of.
VALUES = """
values amount amount_per_gw_year figures line flow stock level part whole column columns old new a b
now planned actual measured predicted published stated simulated plan fitted baseline one_pool two_pools argument unit
earned behind ahead released drawn shares costs objective curve profile shocks logs rates effective gw
"""
# Bare numbers whose name is the usual one: weights, ranks, a letter of a formula, moments and places in a list.
BARE = """
weight weights share interactive entries right by_age mark
availability pace tide strength rank_correlation k cutoff discount lambda_ lambda_left lambda_right marginal
near compressed picked load gaps under free closing time instant until moments months period year start_year seconds
edges_ms ages slips allowed short_by objective_vs_accounts_rel price_week carbon_week users classes
"""
# Causes and quantities of a table that holds money, energy and tokens alike.
OF_ANY_UNIT = "power racks per_rack price other delivered"
NOT_SAID = frozenset(" ".join((STATISTICS, BOUNDS, VALUES, BARE, OF_ANY_UNIT)).split())

# Names in docstrings that are not ours: of other programs, of libraries, and endings of names.
FOREIGN = """
asdict futures dask strptime limit_concurrency query_range duration_min vllm_ sglang_ idle_draw _powered _racked
of_period
"""
# Names that many need, by the one file that makes them.
HOMES = {
    "Floats": "ndarrays.py",
    "Ints": "ndarrays.py",
    "Progress": "progress.py",
    "HOUR_S": "units.py",
    "DAY_S": "units.py",
    "GIGAWATT_W": "units.py",
    "DAYS_PER_YEAR": "quarters.py",
    "HOURS_PER_YEAR": "quarters.py",
    "HOURS_PER_QUARTER": "quarters.py",
    "SECONDS_PER_YEAR": "quarters.py",
    "SECONDS_PER_QUARTER": "quarters.py",
}
# In the kernel of tokens, Floats are numbers and arrays alike.
OF_BOTH = "tokens/model/blocks.py: Floats"
NAMED = re.compile(r"(?<!`)`([A-Za-z_][\w.]*)`(?!`)")


@cache
def sources() -> dict[str, ast.Module]:
    """The syntax tree of every file of the package, by its path."""
    return {file.relative_to(SOURCE).as_posix(): ast.parse(file.read_text()) for file in sorted(SOURCE.rglob("*.py"))}


def is_number(hint: ast.expr | None) -> bool:
    """Whether an annotation is a number, an array of numbers, or either or None."""
    if isinstance(hint, ast.Subscript) and ast.unparse(hint.value) == "Annotated" and isinstance(hint.slice, ast.Tuple):
        hint = hint.slice.elts[0]
    parts = [] if hint is None else ast.unparse(hint).split(" | ")
    return any(part in NUMBERS for part in parts) and all(part in (*NUMBERS, "None") for part in parts)


def numbers(tree: ast.Module) -> Iterator[str]:
    """Fields of classes and parameters of public functions that are numbers or arrays."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            fields = (one for one in node.body if isinstance(one, ast.AnnAssign) and is_number(one.annotation))
            yield from (name for one in fields if not (name := ast.unparse(one.target)).startswith("_"))
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield from (arg.arg for arg in (*node.args.args, *node.args.kwonlyargs) if is_number(arg.annotation))


def unsaid(tree: ast.Module) -> list[str]:
    """Numbers and arrays whose name says no unit and is none of those that need not."""
    return [name for name in numbers(tree) if not SAYS_ITS_UNIT.fullmatch(name.strip("_")) and name not in NOT_SAID]


def test_every_number_and_array_says_its_unit() -> None:
    found = [
        f"{file}: {name}" for file, tree in sources().items() if not file.startswith(DRAWN) for name in unsaid(tree)
    ]
    assert found == []


@pytest.mark.parametrize("hint", ["float", "Floats | None", "xr.DataArray | float", 'Annotated[float, Plausible("1")]'])
def test_a_number_without_unit_is_found(hint: str) -> None:
    tree = ast.parse(f"class A:\n    cost: {hint}\n    cost_usd: {hint}\ndef f(heat: {hint}, heat_w: {hint}): ...")
    assert unsaid(tree) == ["cost", "heat"]


@pytest.mark.parametrize("name", ["usd", "tokens_per_s", "usd_per_gpu_hour", "capex_usd_per_w_it", "cost_value", "p90"])
def test_what_says_its_unit_is_not(name: str) -> None:
    assert unsaid(ast.parse(f"class A:\n    {name}: float")) == []


def names(tree: ast.Module) -> Iterator[str]:
    """Everything that a module calls by a name, texts of one word among it."""
    for node in ast.walk(tree):
        for part in ("id", "attr", "name", "arg", "value"):
            text = getattr(node, part, None)
            if isinstance(text, str) and re.fullmatch(r"[\w.]+", text):
                yield from text.split(".")


def named(tree: ast.Module) -> Iterator[str]:
    """What the docstrings of a module name in backticks."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield from NAMED.findall(node.value.value)


def test_what_a_docstring_names_is_there() -> None:
    every = sources()
    known = {name for tree in every.values() for name in names(tree)} | {*sys.stdlib_module_names, *FOREIGN.split()}
    known |= {part for file in every for part in Path(file).with_suffix("").parts}
    found = [f"{file}: {name}" for file, tree in every.items() for name in named(tree) if {*name.split(".")} - known]
    assert found == []


def test_a_name_that_is_not_there_is_found() -> None:
    tree = ast.parse('"""As `gone.away` does, and `f`; ``code`` is none."""\ndef f(x): return x')
    assert [name for name in named(tree) if {*name.split(".")} - {*names(tree)}] == ["gone.away"]


def made(tree: ast.Module) -> set[str]:
    """Names that a module gives a value."""
    targets = [target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
    return {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}


def test_what_many_need_is_made_in_one_place() -> None:
    found = [f"{file}: {name}" for file, tree in sources().items() for name in HOMES.keys() & made(tree)]
    assert sorted(found) == sorted([OF_BOTH, *(f"{file}: {name}" for name, file in HOMES.items())])


def test_a_second_maker_is_found() -> None:
    assert made(ast.parse("HOUR_S, DAY_S = 3600.0, 86400.0")) == {"HOUR_S", "DAY_S"}
