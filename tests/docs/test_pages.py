"""The pages beside the code: links lead somewhere, and the README keeps the promises that programs rely on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gigawatt.study.claims.sets import SETS

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]


def anchors(page: str) -> set[str]:
    """Anchors of a page's headings, as they are made for Markdown on the web."""
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for address in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if address.startswith(("http:", "https:")):
            continue
        name, _, anchor = address.partition("#")
        target = page.parent / name if name else page
        assert target.exists(), address
        assert not anchor or anchor in anchors(target.read_text(encoding="utf-8")), address


def test_the_two_commands_stand_between_their_markers() -> None:
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    part = page.partition("<!-- two commands -->")[2].partition("<!-- end -->")[0]
    found = [line for line in part.splitlines() if line.startswith("pip install")]
    assert found == ["pip install . && gigawatt run", "pip install '.[test]' && pytest"]


def test_the_table_has_every_claim_in_order() -> None:
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    part = page.partition("<!-- claims -->")[2].partition("<!-- end claims -->")[0]
    assert re.findall(r"<br>`(\w+)` \|", part) == list(SETS["letter"].ids)


@pytest.mark.parametrize("name", ["README.md", "README.id.md", "docs/autumn-2026.md"])
def test_what_tools_write_between_marks_is_there(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    marked = re.findall(r"<!-- end (.+?) -->", text)
    assert marked
    for mark in marked:
        if f"<!-- {mark} -->" in text:
            assert len(text.partition(f"<!-- {mark} -->")[2].partition("<!-- end")[0].split()) > 20, mark
