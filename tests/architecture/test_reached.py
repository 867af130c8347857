"""What nobody reaches has no place: all that the package defines is named by another part of it, or by a tool."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import gigawatt

SOURCE = Path(gigawatt.__file__).parent
CHECKOUT = Path(__file__).parents[2]
# Reached by a name that is put together, by a framework, or from Python alone (kernels that no verb asks yet).
REACHED_OTHERWISE = {
    "readers/quotas.py": {"from_kueue", "from_kai", "from_slurm"},
    "study/result.py": {"save"},
    "tokens/scaling_law.py": {"of_params", "of_token_ratio", "optimal_budget_flop", "extra_compute_ratio"},
    "tokens/serve/layouts.py": {"best_serving"},
    "tokens/train/whole_runs.py": {"adapter_ratio", "synchronous_update", "asynchronous_update"},
}


def said(tree: ast.Module) -> Counter[str]:
    """Every word that code says, docstrings and what a package passes on left out."""
    passed_on = (ast.Import, ast.ImportFrom)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        first = body[0] if isinstance(body, list) and body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            first.value.value = ""
    exports = [node for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"]
    kept = [node for node in tree.body if not isinstance(node, passed_on) and node not in exports]
    return Counter(word for node in kept for word in re.findall(r"\w+", ast.unparse(node)))


def defined(tree: ast.Module) -> list[str]:
    """Functions and classes of a module that no decorator hands to somebody else."""
    made = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    handed = ("cache", "dataclass", "njit", "exact", "contextmanager")
    return [node.name for node in made if all(any(h in ast.unparse(d) for h in handed) for d in node.decorator_list)]


def unreached(trees: Mapping[str, ast.Module], tools: Counter[str]) -> dict[str, set[str]]:
    """What is defined in a file and said nowhere else, by file."""
    names = {file: defined(tree) for file, tree in trees.items()}
    every = sum((said(tree) for tree in trees.values()), Counter()) + tools
    found = {file: {name for name in some if every[name] <= 1} for file, some in names.items()}
    return {file: some for file, some in found.items() if some}


def test_every_function_and_class_is_reached() -> None:
    trees = {file.relative_to(SOURCE).as_posix(): ast.parse(file.read_text()) for file in SOURCE.rglob("*.py")}
    outside = [file for folder in ("tools", "benchmarks") for file in (CHECKOUT / folder).rglob("*.py")]
    tools = sum((Counter(re.findall(r"\w+", file.read_text())) for file in outside), Counter())
    found = {file: some - REACHED_OTHERWISE.get(file, set()) for file, some in unreached(trees, tools).items()}
    assert {file: some for file, some in found.items() if some} == {}


def test_what_nobody_reaches_is_found() -> None:
    trees = {
        "a.py": ast.parse('def used(): ...\ndef unused():\n    """As `used`."""'),
        "b.py": ast.parse("from a import used, unused\n__all__ = ['unused', 'used']\nprint(used())"),
    }
    assert unreached(trees, Counter()) == {"a.py": {"unused"}}
    assert unreached({"a.py": ast.parse("def unused(): ...")}, Counter(["unused"])) == {}
