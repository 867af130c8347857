"""Plan against actual: as planned there is nothing to tell, else the causes add up to the whole difference."""

from __future__ import annotations

import random
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from campus_ledgers import END, OVER, SITE, Kept, as_planned, closing, fact, known, middle

from gigawatt.errors import LedgerError, ScenarioError
from gigawatt.ledger import book as books
from gigawatt.ledger.readings import Total
from gigawatt.readers.readings import ReadingSeries
from gigawatt.study import verbs
from gigawatt.study.answer import plain
from gigawatt.study.result import Result
from gigawatt.study.track.causes import Deviation
from gigawatt.study.track.known import read
from gigawatt.study.track.reconcile import Reconciliation, reconciled
from gigawatt.study.track.slips import terms_of


def deviations(found: Reconciliation) -> dict[str, Deviation]:
    """Every deviation of an answer by where it stands."""
    rows = {
        f"{row.site} {row.period} {name}": getattr(row, name)
        for row in found.sites
        for name in ("it_w", "energy_wh", "tokens", "revenue_usd")
    }
    rows |= {f"{row.use_case} {row.period}": row.tokens for row in found.classes}
    rows |= {f"{row.direction} {row.item} {row.period}": row.usd for row in found.money}
    assert found.bridge is not None
    names = ("it_w", "energy_wh", "tokens", "revenue_usd", "cash_usd")
    rows |= {name: one for name in names if (one := getattr(found.bridge, name)) is not None}
    return rows


def adds_up(one: Deviation) -> bool:
    """Whether the parts of a difference are the whole of it."""
    if one.whole is None:
        return True
    parts = sum(getattr(one, name) or 0.0 for name in ("power", "racks", "per_rack", "price", "other"))
    return parts == pytest.approx(one.whole, rel=1e-9, abs=1e-9 * max(abs(one.planned), 1.0))


def test_as_planned_nothing_differs(result: Result) -> None:
    found = reconciled(result, known(as_planned(result, OVER)))
    for where, one in deviations(found).items():
        size = 1e-9 * max(abs(one.planned), 1.0)
        for name in ("power", "racks", "per_rack", "price", "other"):
            assert (getattr(one, name) or 0.0) == pytest.approx(0.0, abs=size), f"{where} {name}"
    assert found.earned is not None
    assert found.earned.spi_ratio == pytest.approx(1.0)
    assert found.earned.cpi_ratio == pytest.approx(1.0)
    assert found.earned.spi_time_ratio == 1.0
    assert found.earned.behind_years == 0.0
    assert (found.from_, found.to) == ("2024Q1", "2025Q3")


@pytest.mark.parametrize(
    ("late", "rate", "price"), [(0.0, 0.7, 1.0), (0.4, 1.1, 0.8), (1.0, 1.0, 1.0), (2.5, 0.5, 2.0)]
)
def test_the_causes_add_up_to_the_whole_difference(result: Result, late: float, rate: float, price: float) -> None:
    found = reconciled(result, known(as_planned(result, OVER, late=late, rate=rate, price=price, until=END)))
    assert all(map(adds_up, deviations(found).values()))


def test_power_that_comes_late_is_the_cause(result: Result) -> None:
    found = reconciled(result, known(as_planned(result, OVER, late=1.0, until=END)))
    assert found.bridge is not None
    assert found.bridge.it_w is not None
    assert found.bridge.it_w.power < 0
    assert found.bridge.it_w.whole == pytest.approx(found.bridge.it_w.power + found.bridge.it_w.racks)
    assert abs(found.bridge.it_w.racks) < 1e-6 * found.bridge.it_w.planned
    assert found.earned is not None
    assert found.earned.behind_years == pytest.approx(0.25)


def test_racks_that_come_late_are_the_cause_where_power_is_there(result: Result) -> None:
    on_time = [one for one in as_planned(result, OVER) if one.kind == "site"]
    late = [one for one in as_planned(result, OVER, late=1.0, until=END) if one.kind == "racks"]
    found = reconciled(result, known([*on_time, *late]))
    assert found.bridge is not None
    assert found.bridge.it_w is not None
    assert found.bridge.it_w.power == 0
    assert found.bridge.it_w.racks < 0
    assert found.bridge.tokens is None


def test_what_a_rack_does_and_what_it_earns_are_told_apart(result: Result) -> None:
    found = reconciled(result, known(as_planned(result, OVER, rate=0.8, price=0.9)))
    assert found.bridge is not None
    tokens, revenue = found.bridge.tokens, found.bridge.revenue_usd
    assert tokens is not None
    assert tokens.per_rack == pytest.approx(-0.2 * tokens.planned)
    assert revenue is not None
    assert revenue.per_rack == pytest.approx(-0.2 * revenue.planned)
    assert revenue.price == pytest.approx(-0.08 * revenue.planned)
    assert revenue.power == revenue.racks * 0


def test_order_and_repetition_of_facts_say_nothing(result: Result, kept: Kept) -> None:
    found = as_planned(result, OVER, late=0.6, rate=0.9, until=END)
    shuffled = [*found, *found[:20]]
    random.Random(1).shuffle(shuffled)
    told = [
        plain(reconciled(result, read(kept(facts, f"{n}.db"), None, "2025-09-30")))
        for n, facts in enumerate((found, shuffled))
    ]
    assert told[0].pop("ledger")["head"] != told[1].pop("ledger")["head"]
    assert _rounded(told[0]) == _rounded(told[1])


def _rounded(value: Any) -> Any:
    """Figures without the last digits, which hang on the order of a sum."""
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return float(f"{value:.6g}") if isinstance(value, float) and abs(value) > 1e-3 else 0 if value == 0 else value


def test_an_answer_carries_the_head_and_what_was_known(result: Result, saved: Path, kept: Kept) -> None:
    place = kept(as_planned(result, 3))
    with books.reading(books.address(place)) as book:
        number, head = books.head(book)
    told = verbs.ask("track reconcile", str(saved), database=place)
    assert (told.ledger.head, told.ledger.number) == (head, number)
    before = reconciled(result, read(place, "2025-01-01", None))
    assert (before.ledger.number, before.to) == (0, "2024Q4")
    assert all(row.energised_w == 0 for row in before.sites)


def test_a_correction_counts_once(result: Result) -> None:
    found = as_planned(result, OVER)
    wrong = next(one for one in found if one.kind == "racks")
    right = replace(wrong, body={**wrong.body, "racks_count": wrong.body["racks_count"] - 5}, corrects=wrong.identity)
    rows = reconciled(result, known([*found, right])).sites
    due = sum(row.planned_racks_count for row in rows)
    assert sum(row.racks_count for row in rows) == pytest.approx(due - 5 * OVER)


def test_power_on_the_basis_of_it_is_counted_at_the_facility(result: Result) -> None:
    at = middle("2024Q1")
    found = reconciled(result, known([fact("site", at, site=SITE, state="it_loaded", power_w=8e6, basis="it")]))
    ratio = float(result.plan.inputs.pue_peak_ratio.sel(site=SITE))
    assert found.sites[0].energised_w == pytest.approx(8e6 * ratio)


def test_one_sided_names_are_notes(result: Result) -> None:
    at = middle("2024Q2")
    found = reconciled(
        result,
        known(
            [
                fact("racks", at, site="elsewhere", platform="gb200", racks_count=3, change="accepted"),
                fact("work", at, use_case="poems", served_tokens=1e12, trained_flop=0.0, site=""),
            ]
        ),
    )
    told = {note.code: note.text for note in found.head.notes}
    assert "elsewhere" in told["not_planned_site"]
    assert "gb200" in told["not_planned_platform"]
    assert "poems" in told["not_planned_use_case"]
    assert SITE in told["not_recorded_site"]
    assert all(map(adds_up, deviations(found).values()))
    assert {row.site for row in found.sites} == {SITE, "elsewhere"}


def test_what_nobody_recorded_is_null_and_said(result: Result) -> None:
    found = reconciled(result, known([one for one in as_planned(result, OVER) if one.kind in ("site", "racks")]))
    assert found.bridge is not None
    assert (found.bridge.tokens, found.bridge.energy_wh, found.bridge.cash_usd) == (None, None, None)
    assert found.earned is not None
    assert found.earned.spi_ratio == pytest.approx(1.0)
    assert (found.earned.cpi_ratio, found.earned.actual_usd, found.earned.paid_for) == (None, None, ())
    assert {"no_tokens", "no_money", "not_metered", "no_terms"} <= {note.code for note in found.head.notes}


def test_revenue_without_tokens_is_not_told_apart(result: Result) -> None:
    found = reconciled(result, known([one for one in as_planned(result, OVER, price=0.5) if one.kind != "work"]))
    assert found.bridge is not None
    revenue = found.bridge.revenue_usd
    assert revenue is not None
    assert revenue.other == pytest.approx(-0.5 * revenue.planned)


def test_meters_give_energy_and_pue(result: Result) -> None:
    months = ("2024-01", "2024-02", "2024-03")
    sums = {"facility_energy": 1.2e9, "energy_returned": 1e8, "it_energy": 1e9}
    totals = [
        Total(series=ReadingSeries(quantity=name, unit="Wh", site=SITE), month=month, count=1, total=total)
        for month in months
        for name, total in sums.items()
    ]
    totals = [one for one in totals if (one.series.quantity, one.month) != ("it_energy", "2024-03")]
    found = reconciled(result, known(as_planned(result, OVER), totals=totals))
    first = found.sites[0]
    assert first.energy_wh.actual == pytest.approx(3.3e9)
    assert first.pue_ratio == pytest.approx(1.1)
    assert adds_up(first.energy_wh)
    assert found.sites[1].energy_wh.actual is None


def test_tokens_that_facts_tell_are_not_counted_again_where_they_are_read(result: Result) -> None:
    series = ReadingSeries(quantity="tokens_out", unit="tokens", site=SITE, use_case="assistant")
    totals = [Total(series=series, month=month, count=1, total=1e12) for month in ("2024-02", "2024-08")]
    spoken = fact("work", closing("2024Q1"), use_case="assistant", served_tokens=5e12, trained_flop=0.0, site="")
    found = reconciled(result, known([spoken], totals=totals))
    told = {row.period: row.tokens.actual for row in found.classes if row.use_case == "assistant"}
    assert (told["2024Q1"], told["2024Q2"], told["2024Q3"]) == (5e12, None, 1e12)


def test_a_quarter_that_is_not_over_is_not_judged(result: Result) -> None:
    at = middle("2024Q1")
    found = reconciled(result, known(as_planned(result, 1, until=at), at))
    assert (found.to, found.bridge, found.earned, found.sites) == (None, None, None, ())
    assert "nothing_over" in {note.code for note in found.head.notes}
    assert found.forecast is not None


def test_bad_input_is_told_at_once(result: Result, tmp_path: Path, kept: Kept) -> None:
    with pytest.raises(ScenarioError) as missing:
        verbs.ask("track reconcile", "one-campus", database=str(tmp_path / "no.db"))
    assert [fault.path for fault in missing.value.faults] == ["result"]
    place = kept([])
    with pytest.raises(ScenarioError) as moments:
        read(place, "yesterday", "2025-01-01T12:00")
    assert [fault.path for fault in moments.value.faults] == ["as_of", "at"]
    with pytest.raises(LedgerError, match="no ledger at"):
        read(str(tmp_path / "no.db"), None, None)
    with pytest.raises(ScenarioError, match="in which the plan begins"):
        reconciled(result, read(place, None, "2023-12-31"))


def test_tranches_paid_after_the_last_quarter_are_a_note(result: Result) -> None:
    terms = fact("terms", closing("2026Q1"), **asdict(terms_of(known([]), result)[0]))
    planned = as_planned(result, OVER)
    told = []
    for at in (middle("2025Q2"), middle("2025Q4")):
        paid = fact("disbursement", at, milestone=1, milestone_w=30e6, amount_usd=3e8)
        found = reconciled(result, known([terms, *planned, paid]))
        usd = sum(row.usd.actual or 0.0 for row in found.money if row.item == "tranches")
        told.append((usd, [note.text for note in found.head.notes if note.code == "tranches_later"]))
    assert told[0] == (3e8, [])
    usd, (text,) = told[1]
    assert usd == 0.0
    assert text == "Tranches paid after the end of 2025Q3, and not in its money: 30 MW, together 300 million USD."
