"""The house holds: imports go down only, names carry their units, `--help` is light, the public surface is chosen."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

import gigawatt
from gigawatt import units

SOURCE = Path(gigawatt.__file__).parent
KERNELS = ("watts", "tokens", "dollars")
# Bounds of a range are in the unit of the number that they bound.
UNITS_OF_ANOTHER = ("low", "high")
# Class names used twice, on purpose: what a file or a scenario states, and the record of the kernel that works with it.
TWINS = {
    "Battery": {"scenario/schema/sites.py", "watts/battery.py"},
    "Climate": {"catalog/records/sites.py", "watts/weather.py"},
    "Connection": {"scenario/schema/sites.py", "watts/grid.py"},
    "Curtailment": {"scenario/schema/sites.py", "watts/grid.py"},
    "OnsitePower": {"catalog/records/sites.py", "watts/onsite.py"},
    "PowerCurve": {"catalog/records/hardware.py", "watts/capping.py"},
    "TrainingRun": {"scenario/schema/demand.py", "tokens/train/records.py"},
}
# What changes the process for everybody in it, and the only place that may.
GLOBAL = {"set_options": "exact.py", "linopy.options": "exact.py", "dup2": "interfaces/"}
HEAVY = ("xarray", "pandas", "linopy", "numba", "sqlalchemy", "alembic")


def test_imports_go_down_only() -> None:
    checkout = Path(__file__).parents[2]
    run = subprocess.run([Path(sys.executable).with_name("lint-imports")], cwd=checkout, capture_output=True)
    assert run.returncode == 0, run.stdout.decode()


def plain(hint: ast.expr) -> str:
    """An annotation without what `Annotated` adds, such as its plausible range."""
    if isinstance(hint, ast.Subscript) and ast.unparse(hint.value) == "Annotated" and isinstance(hint.slice, ast.Tuple):
        return ast.unparse(hint.slice.elts[0])
    return ast.unparse(hint)


def floats_without_unit(tree: ast.Module) -> list[str]:
    """Dataclass fields and parameters annotated as float (or None) whose name has no suffix of units.SUFFIXES."""
    named: list[tuple[str, ast.expr | None]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            named += [(n.target.id, n.annotation) for n in node.body if isinstance(n, ast.AnnAssign)]
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            named += [(a.arg, a.annotation) for a in (*node.args.args, *node.args.kwonlyargs)]
    floats = [name for name, hint in named if hint is not None and plain(hint) in ("float", "float | None")]
    return [name for name in floats if not units.split(name)[1] and name not in UNITS_OF_ANOTHER]


@pytest.mark.parametrize("kernel", [*KERNELS, "catalog/records", "scenario/schema", "scenario/allocation.py"])
def test_every_number_says_its_unit(kernel: str) -> None:
    path = SOURCE / kernel
    for file in sorted(path.glob("*.py")) if path.is_dir() else [path]:
        assert floats_without_unit(ast.parse(file.read_text())) == [], file.name


def test_a_float_without_unit_is_found() -> None:
    assert floats_without_unit(ast.parse("class A:\n    power: float\n    power_w: float")) == ["power"]
    assert floats_without_unit(ast.parse('class A:\n    power: Annotated[float | None, Plausible("1 W")]')) == ["power"]


def test_help_loads_nothing_heavy() -> None:
    code = """
import sys
sys.argv = ["gigawatt", "--help"]
try:
    import gigawatt.__main__ as entry
    entry.main()
except SystemExit:
    pass
"""
    code += f"print([name for name in {HEAVY!r} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip().endswith("[]"), run.stdout[-300:]


def test_nothing_is_compiled_where_nothing_is_drawn() -> None:
    """`check`, and `run` with representative weeks, do without numba."""
    code = """
import sys
from gigawatt.scenario.load import load
from gigawatt.study.check.answer import outline
from gigawatt.study.run.stages import run
outline(load("one-campus"))
run("one-campus", {"horizon.report_end": "2026Q4", "horizon.end": "2027Q2"})
print("numba" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False", done.stdout[-300:]


def test_public_names_are_sorted_and_there() -> None:
    assert gigawatt.__all__ == sorted(gigawatt.__all__)
    for name in gigawatt.__all__:
        assert getattr(gigawatt, name) is not None
    with pytest.raises(AttributeError, match="no_such_name"):
        gigawatt.no_such_name  # noqa: B018 (the access is the test)


def test_no_room_takes_the_place_of_a_public_name() -> None:
    """Python puts a package into its parent when it is imported: `gigawatt.simulate` would then be no function."""
    rooms = {path.stem for path in SOURCE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert not rooms & set(gigawatt.__all__)


def test_modules_fit_the_house() -> None:
    for file in SOURCE.rglob("*.py"):
        lines = [line for line in file.read_text().splitlines() if line.strip()]
        assert len(lines) <= 500, f"{file.relative_to(SOURCE)} has {len(lines)} lines"


def classes(trees: Mapping[str, ast.Module]) -> dict[str, list[str]]:
    """Names of classes by the files that define them, a file once for each definition."""
    found: dict[str, list[str]] = {}
    for file, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                found.setdefault(node.name, []).append(file)
    return found


def test_a_class_name_is_used_once() -> None:
    trees = {file.relative_to(SOURCE).as_posix(): ast.parse(file.read_text()) for file in SOURCE.rglob("*.py")}
    twice = {name: set(files) for name, files in classes(trees).items() if len(files) > 1}
    assert twice == TWINS


def test_a_class_name_used_twice_is_found() -> None:
    one, two = ast.parse("class A: ..."), ast.parse("class A: ...\nclass B: ...")
    assert classes({"one.py": one, "two.py": two}) == {"A": ["one.py", "two.py"], "B": ["two.py"]}


def reaching(tree: ast.Module) -> set[str]:
    """What of `GLOBAL` a module uses."""
    names = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    return {of for of in GLOBAL for name in names if name == of or name.endswith(f".{of}")}


def test_what_holds_for_the_whole_process_is_set_in_one_place() -> None:
    for file in SOURCE.rglob("*.py"):
        where = file.relative_to(SOURCE).as_posix()
        found = [name for name in reaching(ast.parse(file.read_text())) if not where.startswith(GLOBAL[name])]
        assert found == [], where


def test_what_holds_for_the_whole_process_is_found() -> None:
    assert reaching(ast.parse("import os\nos.dup2(0, 1)")) == {"dup2"}
    assert reaching(ast.parse("xr.set_options(keep_attrs=True)\nlinopy.options['a'] = 1")) == {
        "set_options",
        "linopy.options",
    }


# Who makes lines of money: the planner of its decisions, a future of what it makes of them, and what opens the folder
# of an earlier version, which did not keep them. Everybody else reads `Plan.lines`.
MAKE_LINES = {"plan/plan.py", "study/futures/evaluate.py", "study/former.py"}


def calls(tree: ast.Module, function: str) -> int:
    """How often a module calls a function, as `module.function`."""
    return sum(isinstance(node, ast.Call) and ast.unparse(node.func) == function for node in ast.walk(tree))


def test_lines_of_money_are_made_once() -> None:
    trees = {file.relative_to(SOURCE).as_posix(): ast.parse(file.read_text()) for file in SOURCE.rglob("*.py")}
    made = {file: calls(tree, "money.lines") for file, tree in trees.items()}
    assert {file: count for file, count in made.items() if count} == dict.fromkeys(MAKE_LINES, 1)


def test_a_call_is_found() -> None:
    assert calls(ast.parse("a = money.lines(b)\nlines(c)\nmoney.lines"), "money.lines") == 1


# Solver units are those of the equations and of the solver's door; everybody else counts in SI.
SOLVER_UNITS = ("solver.py", "plan/", "share/")


def takes(tree: ast.Module, module: str, name: str) -> bool:
    """Whether a module takes a name from another."""
    return any(
        isinstance(node, ast.ImportFrom) and node.module == module and name in [alias.name for alias in node.names]
        for node in ast.walk(tree)
    )


def test_solver_units_stay_where_equations_are() -> None:
    trees = {file.relative_to(SOURCE).as_posix(): ast.parse(file.read_text()) for file in SOURCE.rglob("*.py")}
    found = [file for file, tree in trees.items() if takes(tree, "gigawatt.solver", "UNITS")]
    assert found
    assert [file for file in found if not file.startswith(SOLVER_UNITS)] == []


def test_taking_a_name_is_found() -> None:
    assert takes(ast.parse("from gigawatt.solver import UNITS, Program"), "gigawatt.solver", "UNITS")
    assert not takes(ast.parse("from gigawatt.solver import Program"), "gigawatt.solver", "UNITS")
