"""A sweep or a comparison as one page that stands alone: words, tables, and the charts in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from gigawatt.report import uncertainty
from gigawatt.report.accuracy import Rows
from gigawatt.study.futures.compare import Comparison
from gigawatt.study.futures.sweep import Sweep

STYLE = (
    "body{font:16px/1.5 sans-serif;color:#27313d;max-width:62rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;margin:.5rem 0 1.5rem}th,td{padding:.25rem .75rem;border-bottom:1px solid #dfe5ec;"
    "text-align:right;font-variant-numeric:tabular-nums}th:first-child,td:first-child{text-align:left}"
    "svg{width:100%;height:auto;margin-bottom:1.5rem}h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:2rem}"
)


def sweep(found: Sweep, drawn: Mapping[str, str]) -> str:
    """The page of a sweep."""
    return _page(
        f"{found.draws:,} futures of {found.head.scenario}",
        [
            _paragraph(uncertainty.sweep_words(found)),
            drawn["value"],
            _table("What may come of it", uncertainty.outcome_rows(found)),
            drawn["power"],
            drawn["debt"],
            _table(uncertainty.quantity_title(found), uncertainty.quantity_rows(found)),
            _paragraph(uncertainty.QUANTITY_WORDS),
            drawn["tornado"],
            _paragraph(uncertainty.information_words(found)),
        ],
        found,
    )


def comparison(found: Comparison, drawn: Mapping[str, str]) -> str:
    """The page of a comparison."""
    return _page(
        f"{len(found.strategies)} strategies in {found.futures:,} futures of {found.head.scenario}",
        [
            _paragraph(uncertainty.comparison_words(found)),
            _table(uncertainty.VALUE_TITLE, uncertainty.strategy_rows(found)),
            drawn["value"],
            _table(uncertainty.REGRET_TITLE, uncertainty.regret_rows(found)),
            drawn["regret"],
            _list("Which futures break which strategy", uncertainty.break_words(found)),
            _paragraph(uncertainty.information_words(found)),
        ],
        found,
    )


def _page(title: str, parts: Sequence[str], found: Sweep | Comparison) -> str:
    notes = _list("To keep in mind", [note.text for note in found.head.notes])
    made = _paragraph(f"Gigawatt {found.head.gigawatt}, scenario {(found.head.hash or '')[:8]}, seed {found.seed}.")
    head = f"<meta charset='utf-8'><title>{escape(title)}</title><style>{STYLE}</style>"
    body = "\n".join([f"<h1>{escape(title)}</h1>", *parts, notes, made])
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n'


def _paragraph(words: str) -> str:
    return f"<p>{escape(words)}</p>"


def _table(title: str, rows: Rows) -> str:
    head, *body = rows
    titles = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    lines = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in body)
    return f"<h2>{escape(title)}</h2><table><thead><tr>{titles}</tr></thead><tbody>{lines}</tbody></table>"


def _list(title: str, lines: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<h2>{escape(title)}</h2><ul>{items}</ul>" if lines else ""
