"""What stands, as it was known and as it had happened; facts with their numbers; the proof."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gigawatt.errors import LedgerError, ScenarioError
from gigawatt.ledger import facts
from gigawatt.ledger.readings import Total
from gigawatt.readers.readings import ReadingSeries
from gigawatt.study.ledger.measured import energy, measured
from gigawatt.study.ledger.taking import totals

Ask = Callable[..., Any]


def test_what_stands_and_what_counts(met: Ask) -> None:
    met("record", "money", ["direction=out", "item=racks", "amount=750 million USD", "at=2026-03-02"], source="bank")
    met("record", "work", ["use_case=assistant", "served=3 Ttokens", "at=2026-03-31"], source="books")
    found = met("status")
    assert (found.head.scenario, found.facts_count, found.next_milestone) == ("one-campus", 6, 1)
    (site,) = found.sites
    assert [(one.state, one.power_w) for one in site.stages] == [("energised", 40e6)]
    assert site.counted.counted_w == pytest.approx(200 * 151_140 * found.terms.pue_ratio["example-campus"])
    assert [(one.platform, one.racks_count) for one in found.racks] == [("gb300", 200)]
    assert [(one.direction, one.item, one.amount_usd) for one in found.money] == [("out", "racks", 750e6)]
    assert found.served_tokens == {"assistant": 3e12}
    assert (found.milestones[0].met, found.milestones[0].met_at) == (True, "2026-03-10T00:00:00.000Z")
    assert found.milestones[1].short_by_w > 0
    assert found.counted[0].period == "2026Q1"
    assert found.counted[0].counted_w == found.counted[-1].counted_w == site.counted.counted_w


def test_what_had_happened_by_a_day(met: Ask) -> None:
    before = met("status", at="2026-03-01")
    assert (before.at, before.racks) == ("2026-03-01T23:59:59.999Z", ())
    assert [stage.power_w for stage in before.sites[0].stages] == [40e6]
    assert not before.milestones[0].met
    assert met("status", at="2026-03-10").milestones[0].met


def test_what_was_metered_is_told_to_the_end_of_the_month_of_a_day(met: Ask, tmp_path: Path) -> None:
    days = ("2026-03-31T22:00:00Z", "2026-03-31T23:00:00Z", "2026-04-01T00:00:00Z")
    lines = [f"{at},main,example-campus,{kwh}" for at, kwh in zip(days, (10, 20, 40), strict=True)]
    (tmp_path / "meter.csv").write_text("\n".join(["timestamp,meter,site,kwh", *lines]) + "\n")
    assert met("import", "meter.csv", kind="meter").added == 3
    told = {at: met("status", at=at) for at in ("2026-02-28", "2026-03-31", "2026-04-15")}
    assert [[row.value for row in found.measured] for found in told.values()] == [[], [30e3], [30e3, 40e3]]
    notes = {at: [note.code for note in found.head.notes] for at, found in told.items()}
    assert ["whole_month" in codes for codes in notes.values()] == [False, False, True]


def test_what_was_known_on_a_day(met: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    known = met("status")
    early = met("status", as_of="2026-02-01")
    assert (early.facts_count, early.milestones, early.head_) == (0, (), None)
    (note,) = early.head.notes
    assert (note.code, known.as_of[:10] in note.text) == ("nothing_recorded", True)
    later = facts.moment(facts.milliseconds(facts.now()) + 86_400_000)
    monkeypatch.setattr(facts, "now", lambda: later)
    met("record", "racks", ["site=example-campus", "platform=gb300", "racks=9", "at=2026-03-20"], source="late")
    assert met("status").racks[0].racks_count == 209
    assert met("status", as_of=known.as_of).racks[0].racks_count == 200


@pytest.mark.parametrize("text", ["2026-03-01T12:00", "soon", "2026-02-30", "1700-01-01"])
def test_a_moment_is_a_day_or_has_an_offset(met: Ask, text: str) -> None:
    with pytest.raises(LedgerError) as caught:
        met("status", as_of=text, at=text)
    assert {fault.path for fault in caught.value.faults} == {"as_of", "at"}


def test_facts_are_listed_by_kind_and_site(met: Ask) -> None:
    every = met("facts")
    assert [fact.number for fact in every.facts] == [1, 2, 3, 4]
    assert every.facts[-1].hash == every.head_
    assert [fact.kind for fact in met("facts", kind="racks").facts] == ["racks"]
    assert met("facts", site="nowhere").facts_count == 0
    last = met("facts", last=2)
    assert ([fact.number for fact in last.facts], last.facts_count) == ([3, 4], 4)
    assert [note.code for note in last.head.notes] == ["more_facts"]
    with pytest.raises(LedgerError, match="at least 1"):
        met("facts", last=0)
    with pytest.raises(ScenarioError, match="'site', 'racks'"):
        met("facts", kind="raks")


def test_a_whole_chain_is_proved_and_one_without_a_head_says_what_it_cannot_know(met: Ask) -> None:
    found = met("verify")
    assert (found.ok, found.facts, found.first_bad, found.head.missed) == (True, 4, None, ())
    assert [note.code for note in found.head.notes] == ["truncation"]
    held = met("verify", head=found.head_[:16].upper())
    assert (held.ok, held.head_number, held.head.notes) == (True, 4, ())


def test_a_ledger_edited_by_hand_is_found_and_a_head_that_is_gone(met: Ask, tmp_path: Path) -> None:
    gone = met("verify", head="0" * 16)
    assert (gone.ok, gone.first_bad) == (False, None)
    assert "no longer there" in gone.head.missed[0]
    raw = sqlite3.connect(tmp_path / "gigawatt.db")
    for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        raw.execute(f"DROP TRIGGER {name}")
    raw.execute("UPDATE facts SET body = replace(body, '200', '900') WHERE number = 3")
    raw.commit()
    raw.close()
    found = met("verify")
    assert (found.ok, found.first_bad, found.facts) == (False, 3, 2)
    assert found.head.missed == ("the ledger is not what it was: fact 3: its content is not what its hash says",)


@pytest.mark.parametrize("head", ["123", "g" * 16, "0" * 65, ""])
def test_what_is_no_head(met: Ask, head: str) -> None:
    with pytest.raises(LedgerError, match="the digits of a head"):
        met("verify", head=head)


def total(quantity: str, value: float, site: str = "a", subject: str = "", month: str = "2026-05") -> Total:
    series = ReadingSeries(quantity=quantity, unit="Wh", site=site, subject=subject)
    return Total(series=series, month=month, count=2, total=value)


def test_what_flows_back_is_taken_off_energy_and_pue_as_an_import_does() -> None:
    rows = [total("facility_energy", 120.0), total("energy_returned", 10.0), total("it_energy", 100.0)]
    (found,) = energy(rows)
    assert found.facility_wh == totals({row.series: row.total for row in rows}).energy_wh == 110.0
    assert found.pue_ratio == pytest.approx(1.1)


def test_energy_is_by_quarter_and_a_gpu_counts_once() -> None:
    rows = [
        total("facility_energy", 120.0, month="2026-04"),
        total("facility_energy", 120.0),
        total("it_energy", 200.0),
        total("gpu_energy", 90.0, subject="one"),
        total("gpu_energy_sampled", 88.0, subject="one"),
        total("gpu_energy_sampled", 50.0, subject="two"),
        total("it_energy", 7.0, site="b"),
    ]
    first, second = energy(rows)
    assert (first.period, first.facility_wh, first.it_wh, first.gpu_wh) == ("2026Q2", 240.0, 200.0, 140.0)
    assert first.pue_ratio == pytest.approx(1.2)
    assert (second.site, second.facility_wh, second.pue_ratio) == ("b", None, None)
    told = {(one.site, one.quantity): (one.value, one.readings) for one in measured([*rows, total("ttft", 3.0)])}
    assert told["a", "facility_energy"] == (240.0, 4)
    assert told["a", "ttft"] == (1.5, 2)
