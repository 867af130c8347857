"""Draw report pages as pictures, as readers see them, for a person to look at.

    python tools/exhibits.py FOLDER... --out DIR

FOLDER: what a verb wrote with `--out`, or a page. Each becomes NAME-1280-light.png, NAME-390-dark.png and so on, and
NAME-print-1.png …, the sheets of paper. Needs Chromium and Playwright (`pip install '.[test]'`).
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import Any

WIDTHS = (1280, 390)
SCHEMES = ("light", "dark")
# Pixels of a sheet of A4 inside its margins, at 96 to the inch.
SHEET = (688, 1006)
# A picture is no taller than this; a longer page goes on in the next.
TALLEST = 12_000


def chromium() -> str | None:
    """Where Debian, or a user, has put the browser."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def draw(browser: Any, file: Path, name: str, out: Path) -> list[Path]:
    """Every picture of a page."""
    drawn = []
    for width in WIDTHS:
        for scheme in SCHEMES:
            page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
            page.goto(file.resolve().as_uri())
            drawn += shoot(page, out / f"{name}-{width}-{scheme}")
            page.close()
    page = browser.new_page(viewport={"width": SHEET[0], "height": SHEET[1]}, color_scheme="dark")
    page.goto(file.resolve().as_uri())
    page.pdf(path=out / f"{name}.pdf", prefer_css_page_size=True, print_background=True)
    page.emulate_media(media="print")
    drawn += shoot(page, out / f"{name}-print")
    page.close()
    return drawn


def shoot(page: Any, stem: Path) -> list[Path]:
    """The whole page, in as many pictures as it takes."""
    height = int(page.evaluate("document.documentElement.scrollHeight"))
    width = page.viewport_size["width"]
    page.set_viewport_size({"width": width, "height": min(height, TALLEST)})
    tops = range(0, height, TALLEST)
    files = [stem.parent / f"{stem.name}{f'-{n}' if len(tops) > 1 else ''}.png" for n in range(1, len(tops) + 1)]
    for top, file in zip(tops, files, strict=True):
        clip = {"x": 0, "y": top, "width": width, "height": min(TALLEST, height - top)}
        page.screenshot(path=file, full_page=True, clip=clip)
    return files


def main() -> None:
    """Draw every page that is named."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("places", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        for place in asked.places:
            file = place / "report.html" if place.is_dir() else place
            name = place.resolve().name if place.is_dir() else place.stem
            for picture in draw(browser, file, name, asked.out):
                print(picture)
        browser.close()


if __name__ == "__main__":
    main()
