"""Draw the README's pictures from real runs, with the report's own charts.

    python tools/picture.py [--check]

Writes docs/images/*.svg: the power of `loi-2025-09` by platform, and computing power from the DGX-1 to the last
gigawatt. The same plan gives the same bytes. `--check` writes nothing and fails where a picture would change.
"""

from __future__ import annotations

import re
import sys
from importlib.resources import files
from pathlib import Path

from gigawatt.report import figures, ladder, svg
from gigawatt.scenario.load import load
from gigawatt.study.result import Result
from gigawatt.study.run.stages import run

IMAGES = Path(__file__).parents[1] / "docs" / "images"
MARGIN = 18.0


def style() -> str:
    """The report's colours and classes for a picture that stands alone, light or dark as its reader is."""
    sheet = (files("gigawatt.report") / "templates" / "report.css").read_text(encoding="utf-8")
    light = _between(sheet, ":root {", "}")
    dark = _between(sheet[sheet.index("prefers-color-scheme: dark") :], ":root {", "}")
    rules = [line for line in sheet.splitlines() if line.startswith("svg") and "{" in line]
    colours = "".join(
        f".f{k} {{ fill: var(--c{k}); }} .l{k} {{ stroke: var(--c{k}); }} svg text.t{k} {{ fill: var(--c{k}); }}\n"
        for k in range(svg.COLOURS)
    )
    return (
        f"<style>svg {{{light}}}\n@media (prefers-color-scheme: dark) {{ svg {{{dark}}} }}\n"
        + "\n".join(rules)
        + f"\n{colours}</style>"
    )


def _between(text: str, start: str, end: str) -> str:
    at = text.index(start) + len(start)
    return text[at : text.index(end, at)]


def alone(chart: str, title: str, lead: str) -> str:
    """A chart of the report as a picture that stands alone: with its own style, paper, margin, title and lead."""
    width, height = (float(n) for n in re.findall(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', chart)[0])
    above = 62.0
    box = f"{svg.n(-MARGIN)} {svg.n(-above)} {svg.n(width + 2 * MARGIN)} {svg.n(height + above + MARGIN)}"
    paper = svg.box(-MARGIN, -above, width + 2 * MARGIN, height + above + MARGIN, "paper")
    words = svg.text(0, -36, title, "title") + svg.text(0, -16, lead, "lead")
    extra = "<style>.paper { fill: var(--paper); } svg .title { fill: var(--ink); font-size: 17px; font-weight: 650; } "
    extra += "svg .lead { fill: var(--soft); font-size: 12.5px; }</style>"
    chart = re.sub(r'viewBox="[^"]+"', f'viewBox="{box}"', chart, count=1)
    return chart.replace("</desc>", f"</desc>{style()}{extra}{paper}{words}", 1) + "\n"


def power(result: Result) -> str:
    """Facility power in service by platform."""
    exhibit = figures.platforms(result)
    title = f"{result.scenario.asked.title.partition(':')[0]}, as planned"
    return alone(exhibit.svg, title, exhibit.shows)


def compute(result: Result) -> str:
    """Peak computing power from the DGX-1 of 2016 to the programme's last quarter, on a logarithmic axis."""
    exhibit = ladder.exhibit(result)
    assert exhibit is not None, "the default scenario builds something"
    return alone(exhibit.svg, exhibit.takeaway.removesuffix("."), exhibit.shows)


def main() -> None:
    """Draw every picture, or check that none would change."""
    result = run(load())
    drawn = {"power.svg": power(result), "compute.svg": compute(result)}
    stale = [name for name, text in drawn.items() if not _same(IMAGES / name, text)]
    if "--check" in sys.argv[1:]:
        raise SystemExit(f"stale: {', '.join(stale)}" if stale else 0)
    IMAGES.mkdir(parents=True, exist_ok=True)
    for name, text in drawn.items():
        (IMAGES / name).write_text(text, encoding="utf-8")
        print(f"docs/images/{name}{'' if name in stale else ' (unchanged)'}")


def _same(file: Path, text: str) -> bool:
    return file.exists() and file.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    main()
