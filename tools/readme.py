"""Write what the README takes from real runs: the table of claims and the excerpt of the terminal.

    python tools/readme.py [--check]

Runs `gigawatt claims --json` and `gigawatt run`, and replaces what stands between their markers in README.md. `--check`
writes nothing and fails where something would change.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from gigawatt.report.documents.claims import span, with_unit
from gigawatt.study.claims.claim import Computed

README = Path(__file__).parents[1] / "README.md"
VERDICTS = {"holds": "holds:", "holds_if": "holds if", "fails": "fails:"}
# The excerpt ends before this section.
UNTIL = "Balances at the end of each year"


def gigawatt(*words: str) -> str:
    """What a command prints on standard output."""
    command = [sys.executable, "-m", "gigawatt", *words]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def claims_table() -> str:
    """Each claim with what was stated, what is computed, and the verdict with what it rests on."""
    found = json.loads(gigawatt("claims", "--json"))
    rows = ["| claim | stated | computed | verdict |", "|---|---|---|---|"]
    for claim in found["claims"]:
        text = f"{_plain(claim['claim'])}<br>`{claim['id']}`"
        verdict = f"**{VERDICTS[claim['verdict']]}** {_plain(claim['assumption'])}"
        stated = _unbroken(with_unit(claim["stated"]["value"], claim["stated"]["unit"]))
        rows.append(f"| {text} | {stated} | {_computed(Computed(**claim['computed']))} | {verdict} |")
    scenario = f"`gigawatt claims`, version {found['gigawatt']}, scenario {found['scenario']}-{found['hash'][:8]}"
    return "\n".join([*rows, "", f"<sub>{scenario}. A range is low to high, with its middle.</sub>"])


def _computed(found: Computed) -> str:
    low, mid, high, unit = found.low, found.mid, found.high, found.unit
    if unit == "date":
        return span(found)
    if low == high or low is None:
        return _unbroken(with_unit(mid, unit))
    ends = " to ".join(_unbroken(with_unit(value, unit)) for value in (low, high))
    return ends if mid in (None, low, high) else f"{ends} ({_unbroken(with_unit(mid, unit))})"


def _plain(text: str) -> str:
    return text.replace("|", "\\|")


def _unbroken(text: str) -> str:
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def excerpt() -> str:
    """The first sections of what `gigawatt run` prints."""
    with tempfile.TemporaryDirectory() as folder:
        printed = gigawatt("run", "--out", str(Path(folder) / "result"))
    lines = [line.rstrip() for line in printed.splitlines()]
    end = next(n for n, line in enumerate(lines) if line.startswith(UNTIL))
    return "```text\n" + "\n".join(lines[:end]).strip("\n") + "\n```"


def between(page: str, name: str, text: str) -> str:
    """The page with what stands between the markers `name` and `end name` replaced."""
    start, end = f"<!-- {name} -->", f"<!-- end {name} -->"
    before, after = page.index(start) + len(start), page.index(end)
    return f"{page[:before]}\n{text}\n{page[after:]}"


def main() -> None:
    """Replace both parts, or check that neither would change."""
    page = README.read_text(encoding="utf-8")
    new = between(between(page, "claims", claims_table()), "excerpt", excerpt())
    if "--check" in sys.argv[1:]:
        raise SystemExit("README.md is stale: run tools/readme.py" if new != page else 0)
    README.write_text(new, encoding="utf-8")
    print("README.md" + (" (unchanged)" if new == page else ""))


if __name__ == "__main__":
    main()
