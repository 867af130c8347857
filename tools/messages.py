"""Collect what the program says to people into the catalogues of its languages.

    python tools/messages.py [--check]

Every text of report/ and study/, of the pages and of what is wrong with an input is a message: a constant, or a text
with holes, of which the expressions of an f-string are {0}, {1} … Each stands in `report/languages/en.po`, the list,
and in the catalogue of each other language; what is translated already stays. `--check` writes nothing and fails where
a catalogue lacks a message of the code, or has one that the code has no more.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

SOURCE = Path(__file__).parents[1] / "src" / "gigawatt"
LANGUAGES = SOURCE / "report" / "languages"
# The head of a catalogue, without the date and the tool's version: the same code gives the same bytes.
HEAD = 'msgid ""\nmsgstr ""\n"Language: {}\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
# Where messages are, in the order of the catalogues. Single words are messages where everything is shown; names of
# things begin with a capital in modules that have classes, styles and places beside them; elsewhere there are more
# keys than words, and only texts of two words and more are messages.
SHOWN = (
    "report/formats.py",
    "report/names.py",
    "report/words.py",
    "report",
    "study/dates.py",
)
MIXED = ("report/charts", "report/writers", "report/folder.py", "interfaces/http/pages")
ASKED = (
    "study",
    "interfaces",
    "errors.py",
    "units.py",
    "quarters.py",
    "files.py",
    "scenario",
    "ledger",
    "catalog",
    "readers",
    "programme",
    "plan",
    "share",
    "account",
    "simulation",
    "solver.py",
    "dollars",
    "tokens",
    "watts",
)
LEFT_OUT = (
    "report/language.py",
    "report/reports.py",
    "report/charts/__init__.py",
    "report/quotas",
    "report/outlines",
    "interfaces/server/migrations",
    "interfaces/server/tables.py",
    "ledger/tables.py",
    "interfaces/mcp",
    "interfaces/http/openapi.py",
    "interfaces/http/serving.py",
    "interfaces/http/strict.py",
    "interfaces/http/headers.py",
    "interfaces/http/examples.py",
    "interfaces/http/metrics.py",
    "interfaces/completing.py",
    "interfaces/users.py",
    "study/netcdf.py",
    "programme/declared.py",
    "plan/declared.py",
    "simulation/declared.py",
    "account/declared.py",
    "study/validate/inference_cases.py",
    "catalog/model_file.py",
    "catalog/records",
)
# Modules whose records people write, or are asked: the sentence below each of their fields is a message.
DESCRIBED = re.compile(r"/study/\w+/question\.py$|/scenario/schema/\w+\.py$|/ledger/kinds\.py$")
# Calls of which no argument is said.
_CALLS = (
    "getattr hasattr setattr compile fullmatch match search sub split rsplit partition rpartition startswith endswith "
    "removeprefix removesuffix replace strip lstrip rstrip encode decode strftime strptime isel sel transpose einsum "
    "sum mean drop_vars rename add_variables add_constraints filterwarnings import_module joinpath with_suffix "
    "write_text open get_template TypeVar ParamSpec ForeignKey Index execute executescript getLogger Template Option "
    "Response warn warning info debug log "
    "ValueError TypeError RuntimeError AssertionError KeyError NotImplementedError LookupError"
)
SILENT = frozenset(_CALLS.split())
# Names of arguments that hold keys, classes or addresses.
_NAMES = (
    "name slug suffix kind code path tone url template epilog example asks answers counts response_class media_type "
    "dtype dim dims key prefix tags"
)
SILENT_NAMES = frozenset(_NAMES.split())
# Keys of TOML files whose texts people read.
SHOWN_KEYS = ("title", "description", "claim", "speaker", "assumption", "text", "value_unit")
# Words that stand in data as keys, and are shown as they stand.
WORDS = (
    *("and", "or", "to", "yes", "no", "trillion {0}", "billion {0}", "million {0}", "thousand {0}"),
    *(
        "value units",
        "bubble",
        "optimizer",
        "memory",
        "hardware",
        "if",
        "deg",
        "finance",
        "people",
        "quadratic",
        "optimal",
    ),
    *("restart", "tray swap", "rack down", "architecture", "first ship date", "plannable"),
    *("accelerators", "models", "sites", "cooling", "calibrations", "facilities", "history", "measurements"),
    *(
        "onsite power",
        "power curves",
        "reliability",
        "scaling laws",
        "workloads",
        "fact",
        "facts",
        "fitted",
        "tolerance",
    ),
    *(
        "report",
        "workbook",
        "predictions",
        "folder",
        "error",
        "missed",
        "starting",
        "Files",
        "figure",
        "missing",
        "demand and prices",
        "year",
        "day",
        "month",
        "quarter",
        "claim",
        "stated",
        "computed",
        "verdict",
        "version",
        "scenario",
        "A range is low to high, with its middle.",
    ),
    *("gigawatt", "megawatt", "use case", "operating", "investing", "financing", "covenant", "availability"),
    *("measured", "vendor", "press", "derived", "assumed"),
    *("holds", "holds if", "fails", "good", "fair", "bad"),
    *("viewer", "editor", "approver", "owner"),
    *("planned", "mean", "largest", "middle", "together"),
    *("owned", "rented", "queued", "running", "done", "failed", "cancelled"),
    *("test", "retraction", "readings", "approval", "disbursement", "announced", "contracted"),
    *("State", "At", "Held", "Throughput", "Per", "Served", "Trained", "Direction", "Reason", "Change"),
    *("accepted", "retired", "in", "out", "equity", "operation", "interest", "revenue", "other"),
)
# Longer texts are files and no messages.
MOST_CHARACTERS = 2_000
WORD = re.compile(r"[A-Za-z]{2,}")
HOLE = re.compile(r"\{(\d*)\}")
SAID = re.compile(r"""\bsay\(\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')""")
CODE = re.compile(r"<[a-z!/]|\bSELECT\b|\bINSERT\b|\bWHERE\b|\bPRAGMA\b|^\s*(M|L)-?\d|=\"|://|\\[a-z]")
# Classes of charts.css, styles of a terminal, and names of another program's columns.
STYLE = re.compile(
    r".* (halo|rim|inner)|\w+ l\d|bold \w+|[A-Z\d_ ]+|(\w*[a-z][A-Z]\w*(\s|$))+|"
    r"(strip|line|ring|area|range|middle|mean|shade) \{\d+\}.*"
)


def messages() -> dict[str, str]:
    """Every message, and the first file that has it, in the order of the catalogues."""
    found = dict.fromkeys(WORDS, "tools/messages.py")
    for place, single in _places():
        if place.suffix == ".py":
            texts = _of_code(ast.parse(place.read_text(encoding="utf-8")), place, single)
        elif place.suffix == ".j2":
            texts = _of_template(place.read_text(encoding="utf-8"))
        else:
            texts = _of_data(tomllib.loads(place.read_text(encoding="utf-8")))
        for text in texts:
            if (message := normal(text)) and _is_message(message):
                found.setdefault(message, place.relative_to(SOURCE.parents[1]).as_posix())
    return found


def _places() -> Iterator[tuple[Path, str]]:
    """Files in order, and which of their single words are messages: all, names or none."""
    seen = set[Path]()
    mixed = [SOURCE / part for part in MIXED]
    for part in (*SHOWN, *MIXED, *ASKED):
        place = SOURCE / part
        inside = [place] if place.is_file() else sorted(p for p in place.rglob("*") if p.suffix in (".py", ".j2"))
        for path in inside:
            name = path.relative_to(SOURCE).as_posix()
            if path not in seen and not any(name == out or name.startswith(f"{out}/") for out in LEFT_OUT):
                seen.add(path)
                named = any(path.is_relative_to(one) for one in mixed)
                yield path, "names" if named else "all" if part in SHOWN else "none"
    yield from ((SOURCE / "study" / "claims" / name, "none") for name in ("stated.toml", "ports_pike.toml"))
    for folder in ("presets", "strategies"):
        yield from ((path, "none") for path in sorted((SOURCE / "scenario" / folder).rglob("*.toml")))


def normal(text: str) -> str:
    """A message as catalogues have it: holes numbered from 0, space around it and a leading sentence taken away.

    >>> normal(" of {} and {}")
    'of {0} and {1}'
    """
    text = re.sub(r"^\{\d*\}(?=[A-Z][a-z ])", "", " ".join(text.split()))
    holes = HOLE.findall(text)
    order = {name: n for n, name in enumerate(dict.fromkeys(holes))} if all(holes) else {}
    count = iter(range(len(holes)))
    return HOLE.sub(lambda hole: f"{{{order.get(hole[1], next(count)) if not order else order[hole[1]]}}}", text)


def _is_message(text: str) -> bool:
    bare = HOLE.sub("", text)
    return bool(WORD.search(bare)) and not CODE.search(text) and not re.search(r"\{[^\d}]|\{\d+[^}]|^\W*--", text)


def _of_template(text: str) -> Iterator[str]:
    for found in SAID.finditer(text):
        yield found[1] if found[1] is not None else found[2]


def _of_data(data: Any) -> Iterator[str]:
    """Titles, descriptions, claims and who made them, and what work is counted in; titles of sources are names."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            counted = key == "unit" and "amount" in data
            if isinstance(value, str) and (counted or (key in SHOWN_KEYS and "url" not in data)):
                yield value
            elif key == "demand" and isinstance(value, Mapping) and "price_scale" in value:
                yield str(value.get("note", ""))
            else:
                yield from _of_data(value)
    elif isinstance(data, list):
        for value in data:
            yield from _of_data(value)


def _of_code(tree: ast.Module, place: Path, single: str) -> Iterator[str]:
    """What a module says, from top to bottom."""
    found = list[tuple[int, int, str]]()
    for node, is_sentence in _strings(tree, described=bool(DESCRIBED.search(place.as_posix()))):
        whole = _texts(node)
        lines = whole if is_sentence else [line for text in whole for line in text.split("\n")]
        found += [(node.lineno, node.col_offset, text) for text in lines if _says(text, single)]
    yield from (text for _, _, text in sorted(found, key=lambda one: one[:2]))


def _strings(node: ast.AST, *, described: bool) -> Iterator[tuple[ast.Constant | ast.JoinedStr, bool]]:
    """Every constant and f-string that may be said, and whether it is a statement of its own."""
    silent = {id(part) for part in _unsaid(node, described=described)}
    for child in ast.iter_child_nodes(node):
        if id(child) not in silent:
            if isinstance(child, ast.Constant | ast.JoinedStr):
                yield child, isinstance(node, ast.Expr)
            yield from _strings(child, described=described)


def _texts(node: ast.AST) -> list[str]:
    """The texts of a constant or an f-string: one for each choice of constants in a hole."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    parts = list[list[str]]()
    for n, value in enumerate(node.values if isinstance(node, ast.JoinedStr) else []):
        if isinstance(value, ast.Constant):
            parts.append([str(value.value).replace("{", "{{").replace("}", "}}")])
        elif isinstance(value, ast.FormattedValue):
            parts.append(_choices(value.value) or [f"{{{n}}}"])
    return ["".join(words) for words in product(*parts)]


def _choices(node: ast.expr) -> list[str]:
    """Constants between which an expression chooses; none where it is something else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.IfExp):
        sides = [_choices(node.body), _choices(node.orelse)]
        return [*sides[0], *sides[1]] if all(sides) else []
    return []


def _says(text: str, single: str) -> bool:
    """Whether a text is one that people read."""
    bare = HOLE.sub(" ", text)
    if not WORD.search(bare) or STYLE.fullmatch(text) or len(text) > MOST_CHARACTERS:
        return False
    if re.search(r"\s", HOLE.sub("", text).strip()) or (" " in text.strip() and HOLE.search(text)):
        return bool(re.search(r"(^|[\s(\"'])[A-Za-z]{2,}([\s,.;:)\"'?]|$)", bare))
    names, words = r"[A-Z][a-z]+[a-z:.]*|[A-Z][\w-]+/[\w-]+", r" ?[a-z]{3,}(/[a-z]+)? ?"
    return single != "none" and bool(re.fullmatch(names if single == "names" else f"{names}|{words}", text))


def _unsaid(node: ast.AST, *, described: bool) -> Iterator[ast.AST | None]:
    """Children of a node that are not said: docstrings, annotations, keys, what is compared, looked up, or raised as
    our own bug; and of an f-string what is said with all of it."""
    match node:
        case ast.Expr(value=ast.Constant()) if not described:
            yield node.value
        case ast.Module() | ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
            yield from (part for part in node.body[:1] if isinstance(part, ast.Expr))
            yield from [getattr(node, "returns", None), *getattr(node, "decorator_list", ())]
        case ast.arg() | ast.AnnAssign():
            yield node.annotation
        case ast.Subscript():
            yield node.slice
        case ast.Compare():
            yield from [node.left, *node.comparators]
        case ast.JoinedStr():
            yield from (part for part in node.values if isinstance(part, ast.Constant))
        case ast.FormattedValue():
            yield from [node.format_spec, node.value if _choices(node.value) else None]
        case ast.Call():
            yield from _arguments(node)
        case ast.Dict():
            yield from filter(_key, node.keys)


def _key(node: ast.AST | None) -> bool:
    """Whether it is a constant in small letters without a space."""
    return isinstance(node, ast.Constant) and bool(re.fullmatch(r"[a-z0-9_.-]+", str(node.value)))


def _arguments(call: ast.Call) -> Iterator[ast.AST]:
    """Arguments of a call that are keys, and all of them where nothing of it is said."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name in SILENT:
        yield from [*call.args, *call.keywords]
    elif name == "get" or (len(call.args) > 1 and _key(call.args[0])):
        yield from call.args[:1]
    yield from (word for word in call.keywords if word.arg in SILENT_NAMES)


def merged(place: Path, language: str, found: Mapping[str, str]) -> bytes:
    """A catalogue with every message, in order, and what was translated of them; its comment stays."""
    before = place.read_bytes() if place.exists() else b""
    old = read_po(io.BytesIO(before), locale=language)
    new = Catalog(locale=language)
    for text, where in found.items():
        known = old.get(text)
        new.add(text, known.string if known is not None else "", locations=[(where, 1)])
    out = io.BytesIO()
    write_po(out, new, width=0, omit_header=True, include_lineno=False)
    comment = old.header_comment if before else "# What Gigawatt says, in its own words."
    return f"{comment}\n{HEAD.format(language)}\n".encode() + out.getvalue()


def main() -> None:
    """Write the catalogues, or check that nothing would change in them."""
    found, stale = messages(), list[str]()
    for language in ("en", "id"):
        place = LANGUAGES / f"{language}.po"
        new = merged(place, language, found)
        if not place.exists() or place.read_bytes() != new:
            stale.append(place.name)
            if "--check" not in sys.argv[1:]:
                place.write_bytes(new)
    if "--check" in sys.argv[1:]:
        raise SystemExit(f"{' and '.join(stale)} stale: run tools/messages.py" if stale else 0)
    print(f"{len(found):,} messages; written: {', '.join(stale) or 'nothing'}")


if __name__ == "__main__":
    main()
