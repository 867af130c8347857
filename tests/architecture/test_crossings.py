"""What crosses from floor to floor: typed records from study/ to report/, and no word of a command line upwards."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import get_type_hints

import pytest

import gigawatt
from gigawatt.report import reports
from gigawatt.study import verbs

SOURCE = Path(gigawatt.__file__).parent
MAPPINGS = ("dict", "Dict", "Mapping", "MutableMapping", "OrderedDict", "defaultdict")
# The door's floor, where flags are at home, and the examples that help shows.
FLAGS_AT_HOME = ("interfaces/", "study/verbs.py")
# A flag: two dashes and a word, at the beginning of a text or of a word in it; the custom properties of CSS are none.
FLAG = re.compile(r"""(?:^|[\s`'"(=])--[a-z]""")
CSS = re.compile(r"var\(--[a-z-]+\)")
# A command of another program, which has its own.
OTHERS = re.compile(r"`(?:sacct|sacctmgr|kubectl|promtool)\b[^`]*`")

# What is read from a file that may hold anything, before it is checked; no report sees it.
UNCHECKED = ("study/files.py: unsealed()",)

Trees = Mapping[str, ast.Module]


@cache
def trees(*folders: str) -> dict[str, ast.Module]:
    """The syntax tree of every file below the source, or below folders of it, by its path."""
    files = [file for folder in folders or ("",) for file in (SOURCE / folder).rglob("*.py")]
    return {file.relative_to(SOURCE).as_posix(): ast.parse(file.read_text()) for file in sorted(files)}


Names = Mapping[str, ast.expr]


def aliases(of: Trees) -> dict[str, Names]:
    """By file, the names of types that a module gives (`Rows = list[list[str]]`) or takes from another of ours."""
    own = {file: named_types(tree) for file, tree in of.items()}
    return {
        file: {name: hint for module, name in taken_from(tree) if (hint := own.get(module, {}).get(name))} | own[file]
        for file, tree in of.items()
    }


def named_types(tree: ast.Module) -> dict[str, ast.expr]:
    """Names that stand for types in a module, with TypeAlias or without."""
    found: dict[str, ast.expr] = {}
    for node in tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        stands = isinstance(value, ast.Subscript | ast.BinOp | ast.Name)
        if isinstance(node, ast.AnnAssign):
            stands = value is not None and ast.unparse(node.annotation).endswith("TypeAlias")
        if isinstance(target, ast.Name) and stands:
            found[target.id] = value
    return found


def taken_from(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """File and name of all that a module imports from others of ours."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("gigawatt."):
            file = str(node.module).removeprefix("gigawatt.").replace(".", "/")
            yield from ((f"{file}{end}", name.name) for end in (".py", "/__init__.py") for name in node.names)


def untyped(hint: ast.expr | None, known: Names, depth: int = 0) -> bool:
    """Whether an annotation holds a mapping of which nobody says what is in it: bare, or of Any."""
    if hint is None or depth > 9:
        return False
    if isinstance(hint, ast.Constant) and isinstance(hint.value, str):
        return untyped(ast.parse(hint.value, mode="eval").body, known, depth + 1)
    if isinstance(hint, ast.Name):
        return hint.id in MAPPINGS or untyped(known.get(hint.id), known, depth + 1)
    if isinstance(hint, ast.Subscript):
        name = ast.unparse(hint.value).rpartition(".")[2]
        args = hint.slice.elts if isinstance(hint.slice, ast.Tuple) else [hint.slice]
        if name in ("Literal", "Annotated"):
            return name == "Annotated" and untyped(args[0], known, depth + 1)
        of_any = any(isinstance(arg, ast.Name) and arg.id in ("Any", "object") for arg in args)
        return (name in MAPPINGS and of_any) or any(untyped(arg, known, depth + 1) for arg in args)
    if isinstance(hint, ast.BinOp):
        return any(untyped(side, known, depth + 1) for side in (hint.left, hint.right))
    return isinstance(hint, ast.List) and any(untyped(item, known, depth + 1) for item in hint.elts)


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    """Public functions, and public methods of public classes."""
    for node in tree.body:
        inside = node.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_") else [node]
        yield from (one for one in inside if isinstance(one, ast.FunctionDef) and not one.name.startswith("_"))


def taken(of: Trees, known: Mapping[str, Names]) -> list[str]:
    """Public functions with a parameter that holds an untyped mapping."""
    return [
        f"{file}: {function.name}({parameter.arg})"
        for file, tree in of.items()
        for function in functions(tree)
        for parameter in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
        if untyped(parameter.annotation, known[file])
    ]


def given(of: Trees, known: Mapping[str, Names]) -> list[str]:
    """Public functions that return, and public fields of records that hold, an untyped mapping."""
    returned = [
        f"{file}: {function.name}()"
        for file, tree in of.items()
        for function in functions(tree)
        if untyped(function.returns, known[file])
    ]
    held = [
        f"{file}: {record.name}.{ast.unparse(entry.target)}"
        for file, tree in of.items()
        for record in tree.body
        if isinstance(record, ast.ClassDef) and not record.name.startswith("_")
        for entry in record.body
        if isinstance(entry, ast.AnnAssign) and untyped(entry.annotation, known[file])
    ]
    return returned + held


def test_no_report_takes_a_mapping_of_anything() -> None:
    assert taken(trees("report"), aliases(trees())) == []


def test_no_study_gives_a_mapping_of_anything() -> None:
    """Questions hold what somebody asks to be overridden, which may be anything."""
    studies = {file: tree for file, tree in trees("study").items() if not file.endswith("question.py")}
    assert [name for name in given(studies, aliases(trees())) if name not in UNCHECKED] == []


@pytest.mark.parametrize(
    "hint",
    [
        "Mapping[str, Any]",
        "dict[str, Any]",
        "dict",
        "Mapping",
        "Sequence[Mapping[str, Any]]",
        "list[dict[str, Any]] | None",
        "Callable[[Mapping[str, Any]], str]",
        "tuple[str, typing.Mapping[str, object]]",
        "Figures",
        "'Mapping[str, Any]'",
        "Mapping[str, Mapping[str, Any]]",
    ],
)
def test_a_mapping_of_anything_is_found(hint: str) -> None:
    module = ast.parse(f"Figures = Mapping[str, Any]\ndef show(of: {hint}) -> {hint}: ...\nclass A:\n    of: {hint}")
    known = aliases({"a.py": module})
    assert taken({"a.py": module}, known) == ["a.py: show(of)"]
    assert given({"a.py": module}, known) == ["a.py: show()", "a.py: A.of"]


@pytest.mark.parametrize("hint", ["Mapping[str, float]", "Any", "Sequence[str]", "Rows", "Mapping[str, Row] | None"])
def test_what_says_what_it_holds_is_not(hint: str) -> None:
    module = ast.parse(f"Rows = list[list[str]]\ndef show(of: {hint}) -> {hint}: ...\nclass A:\n    of: {hint}")
    known = aliases({"a.py": module})
    assert taken({"a.py": module}, known) == given({"a.py": module}, known) == []


TOLD = [verb for verb in verbs.VERBS if reports.told(verb)]


@pytest.mark.parametrize("verb", TOLD, ids=lambda verb: verb.name)
def test_a_document_is_made_of_what_its_verb_answers(verb: verbs.Verb) -> None:
    answered = get_type_hints(named("study", verb.answers))["return"]
    assert isinstance(answered, type), f"{verb.answers} answers {answered}"
    made = signature(reports.maker(verb))
    assert made.return_annotation == "Document"
    (first,) = (one.annotation for one in made.parameters.values())
    assert {kind.__name__ for kind in answered.__mro__} & set(re.findall(r"\w+", str(first))), f"it takes {first}"


def test_every_document_is_one_of_a_verb() -> None:
    modules = {path.stem for path in (SOURCE / "report" / "documents").glob("*.py")} - {"__init__"}
    assert modules == set(reports.DOCUMENTS.values())
    assert set(reports.DOCUMENTS) == {verb.name for verb in verbs.VERBS} - {"schema", *reports.WRITTEN}


def named(floor: str, reference: str) -> Callable[..., object]:
    module, _, name = reference.partition(":")
    found: Callable[..., object] = getattr(import_module(f"gigawatt.{floor}.{module}"), name)
    return found


def flags(of: Trees) -> list[str]:
    """Texts that hold a flag of a command line, by file and line."""
    return [
        f"{file}:{node.lineno}: {node.value.strip()[:60]}"
        for file, tree in of.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and FLAG.search(OTHERS.sub("", CSS.sub("", node.value)))
    ]


def test_nothing_below_the_doors_knows_a_flag() -> None:
    assert flags({file: tree for file, tree in trees().items() if not file.startswith(FLAGS_AT_HOME)}) == []


@pytest.mark.parametrize("text", ["--draws", "a longer --step", "name it (`--out`)", 'of="--draws"', "try --set a=1"])
def test_a_flag_is_found(text: str) -> None:
    assert flags({"a.py": ast.parse(f"x = {text!r}")}) == [f"a.py:1: {text}"]
    assert flags({"a.py": ast.parse(f"x = f{text + '{y}'!r}")}) == [f"a.py:1: {text}"]


@pytest.mark.parametrize(
    "text", ["color: var(--ink)", "`sacct -P --json`", "a -- b", "<!-- x -->", "---", "the option draws"]
)
def test_what_is_no_flag_is_not(text: str) -> None:
    assert flags({"a.py": ast.parse(f"x = {text!r}")}) == []


def test_only_what_is_about_every_answer_takes_any() -> None:
    names = [name for file, tree in trees("report").items() for name in bare(file, tree)]
    assert {name.partition(":")[0] for name in names} == {"report/reports.py", "report/folder.py"}, names


def bare(file: str, tree: ast.Module) -> list[str]:
    """Public functions with a parameter of which nothing is said."""
    return [
        f"{file}: {function.name}({parameter.arg})"
        for function in functions(tree)
        for parameter in (*function.args.args, *function.args.kwonlyargs)
        if parameter.annotation is not None and ast.unparse(parameter.annotation) == "Any"
    ]


def test_a_name_means_what_it_does_where_it_stands() -> None:
    house = {
        "study/a.py": ast.parse("Figures = Mapping[str, Any]"),
        "study/b.py": ast.parse("class Figures: ...\ndef one() -> Figures: ..."),
        "study/c.py": ast.parse("from gigawatt.study.a import Figures\ndef other() -> Figures: ..."),
        "study/d.py": ast.parse("Told: TypeAlias = 'Mapping[str, Any]'\ndef third() -> Told: ..."),
    }
    assert given(house, aliases(house)) == ["study/c.py: other()", "study/d.py: third()"]
