"""Claims held against what is computed: all in a table, then each with what it hangs on and where it comes from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from gigawatt.catalog.records import Source
from gigawatt.programme.yardstick import Yardsticks
from gigawatt.report import charts, yardsticks
from gigawatt.report.document import Column, Depth, Document, Exhibit, Facts, Paragraph, Part, Section, Table, table
from gigawatt.report.formats import cell, scale
from gigawatt.report.names import power_of
from gigawatt.study.claims.answer import CheckedClaims
from gigawatt.study.claims.claim import CLOSE_FRAC, Claim, ClaimRow, Computed
from gigawatt.study.dates import by_end, quarter, spoken
from gigawatt.study.job import HASH_LENGTH
from gigawatt.study.numbers import CitedSource
from gigawatt.units import BARE, GIGAWATT_W, SUFFIXES

# How many claims have each verdict, in words.
COUNTED = {"holds": "hold", "holds_if": "hold on a condition", "fails": "fail"}
VERDICTS = {"holds": "holds", "holds_if": "holds if", "fails": "fails"}
TONES = {"holds": "good", "holds_if": "fair", "fails": "bad"}
COLOURS = {"holds": 2, "holds_if": 1, "fails": 5}


def document(found: CheckedClaims) -> Document:
    """An announcement, checked."""
    head, several = found.head, len(found.claims) > 1
    counts = Counter[str](claim.verdict for claim in found.claims)
    lead = ", ".join(f"{counts[verdict]} {word}" for verdict, word in COUNTED.items() if counts[verdict])
    parts: tuple[Part, ...] = (*_ranges(found.claims), _overview(found.claims)) if several else ()
    overview = Section(slug="all", title="All claims", parts=parts)
    return Document(
        title=found.title,
        names=(head.scenario or "", (head.hash or "")[:HASH_LENGTH]),
        lead=f"Of {len(found.claims)} claims {lead}." if several else "",
        sections=(
            overview,
            *(_claim(claim) for claim in found.claims),
            *(_yardsticks(found.yardsticks) if several else ()),
        ),
        notes=tuple(spoken(note.text) for note in head.notes),
        sources=_cited(found.claims),
        made=f"Gigawatt {head.gigawatt}",
    )


def _yardsticks(found: Yardsticks | None) -> tuple[Section, ...]:
    """What power to serve and the cost of a gigawatt are counted by; nothing where no platform is sold."""
    if found is None or not found.rows:
        return ()
    parts = (yardsticks.listed(found.rows, power_of(GIGAWATT_W)), yardsticks.explained(found))
    return (Section(slug="yardsticks", title="What all work takes, and what a gigawatt costs", parts=parts),)


def _ranges(found: Sequence[Claim]) -> tuple[Exhibit, ...]:
    """Computed over stated, for claims of quantities; nothing where there are none."""
    held = [(claim, ratios) for claim in found if (ratios := _over_stated(claim)) is not None]
    if not held:
        return ()
    kinds = list(VERDICTS)
    rows = [
        charts.StatedSpan(
            label=claim.id,
            **dict(zip(("low_ratio", "mid_ratio", "high_ratio"), ratios, strict=True)),
            kind=kinds.index(claim.verdict),
            told=(f"stated: {stated(claim)}", f"computed: {span(claim.computed)}", VERDICTS[claim.verdict]),
        )
        for claim, ratios in held
    ]
    low = sum(ratios[2] < 1 - CLOSE_FRAC for _, ratios in held)
    says = f"Of {len(held)} quantities that were stated, {low} lie above all that is computed."
    about = charts.About(name="ranges", title="Computed over stated", description=says)
    shows = "What is computed, low to high with its middle, over what was stated; each step of the axis is a factor"
    heads = {"Claim": "", "Low": "ratio", "Middle": "ratio", "High": "ratio", "Verdict": ""}
    listed = table("ranges", shows, heads, [(c.id, *ratios, VERDICTS[c.verdict]) for c, ratios in held])
    keys = [(VERDICTS[kind], colour) for kind, colour in COLOURS.items()]
    chart = charts.against(about, rows, keys, "× what was stated")
    return (Exhibit(name="ranges", says=says, shows=shows, table=listed, chart=chart, depth=Depth.FULL),)


def _over_stated(claim: Claim) -> tuple[float, float, float] | None:
    """Low, middle and high over what was stated; None for a date, and for what is not above nothing."""
    said, of = claim.stated.value, claim.computed
    if isinstance(said, str) or isinstance(of.low, str) or isinstance(of.mid, str) or isinstance(of.high, str):
        return None
    if of.low is None or of.mid is None or of.high is None or min(of.low, of.mid, of.high, said) <= 0:
        return None
    return of.low / said, of.mid / said, of.high / said


def _overview(found: Sequence[Claim]) -> Table:
    """Every claim on one line: what is stated, what is computed, the verdict."""
    columns = tuple(Column(title=title) for title in ("Claim", "Stated", "Computed", "Verdict"))
    rows = tuple((claim.id, stated(claim), span(claim.computed), VERDICTS[claim.verdict]) for claim in found)
    return Table(name="claims", title="Stated and computed", columns=columns, rows=rows)


def _claim(claim: Claim) -> Section:
    """One claim: its verdict, and the figures behind it."""
    pairs = [
        ("said by", claim.speaker),
        ("stated", stated(claim)),
        ("computed", span(claim.computed)),
        ("if", claim.assumption),
        *((f"since {one.known_date}", one.text) for one in claim.became),
        *(("source", source.title or source.url) for source in _sources(claim)),
    ]
    said = tuple((term, spoken(text)) for term, text in pairs if text)
    word, slug = VERDICTS[claim.verdict].capitalize(), claim.id.replace("_", "-")
    verdict = Paragraph(text=f"{word}: {claim.claim}", tone=TONES[claim.verdict])
    facts = Facts(name=slug, title="", pairs=said)
    titles = ("Figure", "Computed", "Note") if any(row.note for row in claim.rows) else ("Figure", "Computed")
    rows = tuple((row.label, spoken(span(row)), row.note)[: len(titles)] for row in claim.rows)
    columns = tuple(Column(title=title) for title in titles)
    behind = Table(name=f"{slug}-figures", title=f"Figures behind {claim.id}", columns=columns, rows=rows)
    return Section(slug=slug, title=claim.id, parts=(verdict, facts, *((behind,) if rows else ())))


def _sources(claim: Claim) -> tuple[Source, ...]:
    """Each source of a claim, and of what became of it, once."""
    later = (source for one in claim.became for source in one.sources)
    return tuple(dict.fromkeys((*claim.sources, *later)))


def _cited(found: Sequence[Claim]) -> tuple[CitedSource, ...]:
    """Each source once, with how many claims rest on it."""
    counts = Counter((s.title, s.url, s.date) for claim in found for s in _sources(claim))
    return tuple(
        CitedSource(title=title, url=url, date=date, numbers_count=count)
        for (title, url, date), count in sorted(counts.items())
    )


def stated(claim: Claim) -> str:
    """What was stated, with its unit."""
    return with_unit(claim.stated.value, claim.stated.unit)


def span(found: Computed | ClaimRow) -> str:
    """ "4 to 5 (4.4)" with its unit: low, high and the middle; one figure where they agree."""
    low, high, unit = found.low, found.high, found.unit
    mid = found.mid if isinstance(found, Computed) else None
    if unit == "date" and low is not None and high is None:
        return f"{with_unit(low, unit)} or never"
    if low is None or high is None or low == high:
        return with_unit(mid if mid is not None else low, unit)
    middle = f", {_further(mid, unit)} in the middle" if mid is not None else ""
    return f"{with_unit(low, unit)} to {_further(high, unit)}{middle}"


def _further(value: float | str, unit: str) -> str:
    """A figure of a range whose first one has said what a date is."""
    return quarter(str(value)) if unit == "date" else with_unit(value, unit)


def with_unit(value: float | str | None, unit: str) -> str:
    """A figure of a claim: its unit is a suffix of units.SUFFIXES or written out."""
    if value is None or isinstance(value, str):
        return by_end(value) if value and unit == "date" else value or "–"
    if unit in BARE and abs(value) >= 1e6:
        whole = scale("count", [value])
        return f"{cell(value / whole.size, 'count')} {whole.unit}"
    return cell(value, unit) if unit in SUFFIXES else f"{cell(value, 'count')} {unit}".strip()
