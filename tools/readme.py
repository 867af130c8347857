"""Write what the README takes from real runs: tables of claims and of ways of financing, an excerpt of the terminal.

    python tools/readme.py [--check]

Runs `gigawatt claims --json` of each set, `gigawatt compare --json` of the ways of financing and `gigawatt run`, and
replaces what stands between their markers in README.md, and in README.id.md in its language. `--check` writes nothing
and fails where something would change.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from gigawatt.report import burdens
from gigawatt.report.document import Language
from gigawatt.report.documents.claims import span, with_unit
from gigawatt.report.language import words
from gigawatt.study.claims.claim import Computed

ROOT = Path(__file__).parents[1]
PAGES: dict[str, Language] = {"README.md": "en", "README.id.md": "id"}
# What stands between the markers of a name, where a page has them: a set of claims.
TABLES = {"claims": "letter", "claims of ports-pike": "ports-pike"}
VERDICTS = {"holds": "holds", "holds_if": "holds if", "fails": "fails"}
HEADS = ("claim", "stated", "computed", "verdict")
# The three ways of the same money, on the sites of one programme.
FINANCING = ("hundred-by-milestones", "thirty-up-front", "guarantee-of-105")
FINANCED = "ports-pike-2026-08"
# The excerpt ends before this section.
UNTIL = "Balances at the end of each year"


def gigawatt(*words: str) -> str:
    """What a command prints on standard output."""
    command = [sys.executable, "-m", "gigawatt", *words]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def claims_table(found: dict[str, Any], language: Language) -> str:
    """Each claim with what was stated, what is computed, and the verdict with what it rests on."""
    say = words(language)
    rows = [f"| {' | '.join(map(say, HEADS))} |", "|---|---|---|---|"]
    for claim in found["claims"]:
        text = f"{_plain(say(claim['claim']))}<br>`{claim['id']}`"
        colon = "" if claim["verdict"] == "holds_if" else ":"
        verdict = f"**{say(VERDICTS[claim['verdict']])}{colon}** {_plain(say(claim['assumption']))}"
        stated = _unbroken(say(with_unit(claim["stated"]["value"], claim["stated"]["unit"])))
        rows.append(f"| {text} | {stated} | {_computed(Computed(**claim['computed']), say)} | {verdict} |")
    command = "gigawatt claims" if found["of"] == "letter" else f"gigawatt claims --of {found['of']}"
    asked = f"`{command}`, {say('version')} {found['gigawatt']}, {say('scenario')} {found['scenario']}"
    kept = f"{asked}-{found['hash'][:8]}. {say('A range is low to high, with its middle.')}"
    return "\n".join([*rows, "", f"<sub>{kept}</sub>"])


def _computed(found: Computed, say: Callable[..., str]) -> str:
    low, mid, high, unit = found.low, found.mid, found.high, found.unit
    if unit == "date":
        return say(span(found))
    shown = [_unbroken(say(with_unit(value, unit))) for value in (low, mid, high)]
    if low == high or low is None:
        return shown[1]
    ends = f"{shown[0]} {say('to')} {shown[2]}"
    return ends if mid in (None, low, high) else f"{ends} ({shown[1]})"


def financing_table(found: SimpleNamespace, language: Language) -> str:
    """Each way of financing in a column: value, cost of capital, when the target stands, and who bears what."""
    say, by_name = words(language), {row.name: row for row in found.strategies}
    rows = [by_name[name] for name in FINANCING]
    table = burdens.table(rows, [row.title for row in rows], found.target_w)
    lines = [[column.title for column in table.columns], *table.rows]
    first, *others = [f"| {' | '.join(_plain(say(str(cell))) for cell in line)} |" for line in lines]
    asked = f"`gigawatt compare {' '.join(FINANCING)} --scenario {FINANCED}`, {say('version')} {found.gigawatt}"
    kept = f"{asked}, {found.hash[:8]}. {say(table.title)}."
    return "\n".join([first, f"|{'---|' * len(table.columns)}", *others, "", f"<sub>{kept}</sub>"])


def _plain(text: str) -> str:
    return text.replace("|", "\\|")


def _unbroken(text: str) -> str:
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def excerpt(language: Language) -> str:
    """The first sections of what `gigawatt run` prints."""
    with tempfile.TemporaryDirectory() as folder:
        printed = gigawatt("run", "--lang", language, "--out", str(Path(folder) / "result"))
    return shortened(printed, language)


def shortened(printed: str, language: Language) -> str:
    """What is printed up to the section that is too much."""
    lines = [line.rstrip() for line in printed.splitlines()]
    end = next(n for n, line in enumerate(lines) if line.startswith(words(language)(UNTIL)))
    return "```text\n" + "\n".join(lines[:end]).strip("\n") + "\n```"


def between(page: str, name: str, text: str) -> str:
    """The page with what stands between the markers `name` and `end name` replaced."""
    start, end = f"<!-- {name} -->", f"<!-- end {name} -->"
    before, after = page.index(start) + len(start), page.index(end)
    return f"{page[:before]}\n{text}\n{page[after:]}"


def main() -> None:
    """Replace all parts of both pages, or check that none would change."""
    claims, stale = {of: json.loads(gigawatt("claims", "--of", of, "--json")) for of in TABLES.values()}, list[str]()
    told = gigawatt("compare", *FINANCING, "--scenario", FINANCED, "--json")
    financing = json.loads(told, object_hook=lambda found: SimpleNamespace(**found))
    for name, language in PAGES.items():
        page = (ROOT / name).read_text(encoding="utf-8")
        new = between(page, "excerpt", excerpt(language))
        for mark, of in TABLES.items():
            if f"<!-- {mark} -->" in new:
                new = between(new, mark, claims_table(claims[of], language))
        new = between(new, "financing", financing_table(financing, language))
        stale += [name] if new != page else []
        if "--check" not in sys.argv[1:]:
            (ROOT / name).write_text(new, encoding="utf-8")
    if "--check" in sys.argv[1:]:
        raise SystemExit(f"{' and '.join(stale)} stale: run tools/readme.py" if stale else 0)
    print(f"written: {', '.join(stale) or 'nothing new'}")


if __name__ == "__main__":
    main()
