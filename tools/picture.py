"""Draw the README's pictures from a real run: exhibits of its document, as they stand alone.

    python tools/picture.py [--check]

Writes docs/images/*.svg: the power of `loi-2025-09` by platform, computing power from the DGX-1 to the last gigawatt,
and what each party may lose under three ways of financing. The same plan gives the same bytes. `--check` writes nothing
and fails where a picture would change.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from readme import FINANCED, FINANCING

from gigawatt.report import reports
from gigawatt.report.charts import Chart, marks
from gigawatt.report.documents.run import document
from gigawatt.scenario.load import load
from gigawatt.study import verbs
from gigawatt.study.run.answer import answer_of
from gigawatt.study.run.stages import run

IMAGES = Path(__file__).parents[1] / "docs" / "images"
ABOVE = 50.0
STYLE = (
    "<style>.gw-chart .title { fill: var(--ink); font-size: 17px; font-weight: 650; } "
    ".gw-chart .lead { font-size: 12.5px; }</style>"
)


def picture(chart: Chart, title: str, lead: str) -> str:
    """A chart that stands alone, in a margin, under a title and a lead."""
    drawn = chart.alone
    left, top, width, height = (float(n) for n in re.findall(r'viewBox="(.+?)"', drawn)[0].split())
    size = f'height="{marks.n(height + ABOVE)}" viewBox="{left:g} {top - ABOVE:g} {width:g} {height + ABOVE:g}"'
    drawn = re.sub(r'height="[^"]+" viewBox="[^"]+"', size, drawn, count=1)
    words = marks.text(0, -34, title, "title") + marks.text(0, -14, lead, "lead")
    return f"{drawn.removesuffix('</svg>')}{STYLE}{words}</svg>\n"


def pictures() -> dict[str, str]:
    """Every picture by the name of its file."""
    told = document(answer_of(run(load())))
    charts = told.charts()
    power, compute = charts["power-by-platform"], charts["compute"]
    compared = verbs.ask("compare", list(FINANCING), scenario=FINANCED)
    burdens = reports.document(verbs.named("compare"), compared).charts()["burdens"]
    return {
        "power.svg": picture(power, f"{told.title.partition(':')[0]}, as planned", power.about.title),
        "financing.svg": picture(burdens, burdens.about.title, "billion USD"),
        "compute.svg": picture(compute, compute.about.description.removesuffix("."), compute.about.title),
    }


def main() -> None:
    """Draw every picture, or check that none would change."""
    drawn = pictures()
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
