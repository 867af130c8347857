"""Nothing that is read can run: no pickles, no arrays of objects, no code in a text."""

from __future__ import annotations

import ast
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "gigawatt"
MODULES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
CALLS = {"eval", "exec", "compile", "__import__"}
READERS = {"np.load", "numpy.load", "yaml.load", "yaml.unsafe_load", "yaml.full_load", "pd.read_pickle"}


def found(tree: ast.AST) -> list[str]:
    """What a module has that runs what it reads."""
    odd = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            odd += [name.name for name in node.names if name.name.partition(".")[0] in MODULES]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in MODULES:
            odd.append(str(node.module))
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            odd += [called] if called in CALLS | READERS else []
            odd += [word.arg for word in node.keywords if word.arg == "allow_pickle"]
    return odd


def test_no_module_reads_what_could_run() -> None:
    odd = {str(file.relative_to(SOURCE)): found(ast.parse(file.read_text("utf-8"))) for file in SOURCE.rglob("*.py")}
    assert len(odd) > 400
    assert {file: what for file, what in odd.items() if what} == {}


def test_what_could_run_is_found() -> None:
    text = "import pickle\nfrom joblib import load\neval('1')\nnp.load(x, allow_pickle=True)"
    assert found(ast.parse(text)) == ["pickle", "joblib", "eval", "np.load", "allow_pickle"]
