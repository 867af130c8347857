"""Write what pages take from real runs: tables of claims, of plans, of ways of financing, an excerpt of the terminal.

    python tools/readme.py [--check]

Runs the commands that `PARTS` names and replaces what stands between their markers in each of `PAGES`, in its language.
`--check` writes nothing and fails where something would change.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from gigawatt.report import burdens, reports
from gigawatt.report.document import Language
from gigawatt.report.documents.claims import span, with_unit
from gigawatt.report.language import words
from gigawatt.study import dates, verbs
from gigawatt.study.claims.claim import Computed

ROOT = Path(__file__).parents[1]
PAGES: dict[str, Language] = {"README.md": "en", "README.id.md": "id", "docs/autumn-2026.md": "en"}
VERDICTS = {"holds": "holds", "holds_if": "holds if", "fails": "fails"}
HEADS = ("claim", "stated", "computed", "verdict")
# The three ways of the same money, on the sites of one programme.
FINANCING = ("hundred-by-milestones", "thirty-up-front", "guarantee-of-105")
FINANCED = "ports-pike-2026-08"
LETTER, LETTER_DAY = "loi-2025-09", "2025-09-22"
# Plans that stand side by side: what is asked, and in which words.
WORLDS = {
    (LETTER, "--as-of", LETTER_DAY): "the letter, by what was known when it was signed",
    (LETTER,): "the letter, by what came since",
    ("equity-2026-02",): "30 billion up front, five gigawatts",
    (FINANCED,): "PORTS-Pike",
    ("stargate-2026-11",): "nine campuses as they stood in November 2026",
}
# The excerpt ends before this section.
UNTIL = "Balances at the end of each year"


def gigawatt(*words: str) -> str:
    """What a command prints on standard output."""
    command = [sys.executable, "-m", "gigawatt", *words]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


@cache
def told(*words: str) -> Any:
    """What a command answers as JSON."""
    return json.loads(gigawatt(*words, "--json"))


@cache
def planned(*words: str) -> Any:
    """What a run answers."""
    with tempfile.TemporaryDirectory() as folder:
        return json.loads(gigawatt("run", *words, "--out", str(Path(folder) / "result"), "--json"))


def claims_table(language: Language, of: str) -> str:
    """Each claim of a set with what was stated, what is computed, and the verdict with what it rests on."""
    say, found = words(language), told("claims", "--of", of)
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


def financing_table(language: Language) -> str:
    """Each way of financing in a column: value, cost of capital, when the target stands, and who bears what."""
    answer = json.dumps(told("compare", *FINANCING, "--scenario", FINANCED))
    found = json.loads(answer, object_hook=lambda entry: SimpleNamespace(**entry))
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


def worlds_table(language: Language) -> str:
    """Each plan of `WORLDS` in a row: when its gigawatts stand, what it costs and is worth, and what binds."""
    say = words(language)
    heads = ("what is planned", "first gigawatt", "most power", "from", "capital", "worth today", "what binds longest")
    rows = [f"| {' | '.join(map(say, heads))} |", "|---|---|---|---|---|---|---|"]
    for asked, title in WORLDS.items():
        found = planned(*asked)
        head = found["headline"]
        cells = (
            f"{say(title)}<br>`gigawatt run {' '.join(asked)}`",
            say(with_unit(head["first_gw_date"], "date")),
            _unbroken(say(with_unit(head["installed_facility_w"], "w"))),
            say(dates.quarter(head["peak_period"])),
            _unbroken(say(with_unit(head["capex_usd"], "usd"))),
            _unbroken(say(with_unit(head["npv_usd"], "usd"))),
            ", ".join(map(say, _binding(found["binds"]))),
        )
        rows.append(f"| {' | '.join(map(_plain, cells))} |")
    kept = say("Facility power; present value without what stands at the end; capital of the reported window.")
    return "\n".join([*rows, "", f"<sub>{kept}</sub>"])


def _binding(binds: list[dict[str, Any]]) -> list[str]:
    """The limits that bind in most quarters, demand aside, up to three."""
    counts = Counter(bind["limit"] for bind in {(b["limit"], b["period"]): b for b in binds}.values())
    return [limit for limit, _ in counts.most_common() if not limit.startswith("demand")][:3]


def since_table(language: Language) -> str:
    """Every number of the letter's scenario that is another than when it was signed."""
    say = words(language)
    found = reports.document(verbs.named("sources"), verbs.ask("sources", LETTER))
    listed = found.tables()["changes"]
    lines = [[column.title for column in listed.columns], *listed.rows]
    first, *others = [f"| {' | '.join(_plain(say(str(cell))) for cell in line)} |" for line in lines]
    return "\n".join([first, f"|{'---|' * len(listed.columns)}", *others])


# What stands between the markers of a name, where a page has them.
PARTS: dict[str, Callable[[Language], str]] = {
    "excerpt": excerpt,
    "claims": lambda language: claims_table(language, "letter"),
    "claims of ports-pike": lambda language: claims_table(language, "ports-pike"),
    "financing": financing_table,
    "worlds": worlds_table,
    "since": since_table,
}


def main() -> None:
    """Replace all parts of every page, or check that none would change."""
    stale = []
    for name, language in PAGES.items():
        page = new = (ROOT / name).read_text(encoding="utf-8")
        for mark, part in PARTS.items():
            if f"<!-- {mark} -->" in page:
                new = between(new, mark, part(language))
        stale += [name] if new != page else []
        if "--check" not in sys.argv[1:]:
            (ROOT / name).write_text(new, encoding="utf-8")
    if "--check" in sys.argv[1:]:
        raise SystemExit(f"{' and '.join(stale)} stale: run tools/readme.py" if stale else 0)
    print(f"written: {', '.join(stale) or 'nothing new'}")


if __name__ == "__main__":
    main()
