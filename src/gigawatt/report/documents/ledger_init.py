"""A ledger that is there now, and the terms that stand in it."""

from __future__ import annotations

from gigawatt.ledger.milestones import TrancheTerms
from gigawatt.report import booked
from gigawatt.report.document import Document, Part, Section, Table, in_units, table
from gigawatt.report.formats import cell, pue
from gigawatt.study.ledger.init import MadeLedger


def document(found: MadeLedger) -> Document:
    """What was made, and what is agreed."""
    lead = f"{'There is a ledger now' if found.made else 'The ledger was there'} at {found.database}. {_said(found)}"
    tail = [] if found.terms is None else [_terms(found.terms)]
    return booked.told("A ledger", found.head, lead, [booked.kept(found.database, found.head_)], tail)


def _said(found: MadeLedger) -> str:
    if found.terms is None:
        return "It has no terms yet: a scenario states them."
    return f"Its terms are recorded as fact {found.number}." if found.added else "Its terms stand as they were."


def _terms(terms: TrancheTerms) -> Section:
    """Milestones, and how power is counted and tested."""
    parts: list[Part] = [_milestones(terms)] if terms.milestones else []
    racks = [(name, power_w, terms.test_tokens_per_s.get(name, "any")) for name, power_w in terms.rack_it_w.items()]
    heads = {"Platform": "", "IT power of a rack": "w", "In its test, at least": "tokens_per_s"}
    sites = [(name, pue(ratio)) for name, ratio in terms.pue_ratio.items()]
    parts += [
        table("racks", f"Racks, tested for {cell(terms.test_h, 'h')}", heads, racks),
        table("pue", "PUE in the warmest hours", {"Site": "", "PUE": ""}, sites),
    ]
    return Section(slug="terms", title="Terms", parts=tuple(parts))


def _milestones(terms: TrancheTerms) -> Table:
    rows = [(str(n), mark.milestone_w, mark.amount_usd) for n, mark in enumerate(terms.milestones, 1)]
    title = f"Milestones, in {'facility' if terms.power_basis == 'facility' else 'IT'} power that counts"
    return in_units(table("milestones", title, {"Milestone": "", "Power": "w", "Tranche": "usd"}, rows))
