"""A file is taken once, whole or not at all, and what of it was refused is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest

from gigawatt.errors import CatalogError, LedgerError
from gigawatt.ledger.importing import READERS
from gigawatt.ledger.kinds import KINDS
from gigawatt.readers.readings import FileEvent, ReadingSeries, Rejected, Remark
from gigawatt.study.answer import plain
from gigawatt.study.job import Cancelled, Job
from gigawatt.study.ledger.question import FactKind, FileKind
from gigawatt.study.ledger.recognised import kind_of
from gigawatt.study.ledger.taking import offset_of, totals

from .conftest import START_MS, block

Ask = Callable[..., Any]
# Other tests add a kind of their own, of a module that is none of the package's.
OF_TESTS = {"plain"}
METER = ReadingSeries(quantity="facility_energy", unit="Wh", site="example-campus", subject="main")


@pytest.fixture(autouse=True)
def file(tmp_path: Path) -> Path:
    path = tmp_path / "meter.csv"
    path.write_text("a file of the reader of these tests\n")
    return path


def codes(answer: Any) -> set[str]:
    return {note.code for note in answer.head.notes}


def test_kinds_of_questions_are_those_of_the_ledger() -> None:
    assert set(get_args(FileKind)) == set(READERS) - OF_TESTS
    assert set(get_args(FactKind)) == set(KINDS)


def test_a_file_is_added_once(ask: Ask, reads: Callable[..., None]) -> None:
    reads(block([5.0, 6.0, 7.0], METER), Rejected(line=9, reason="no number"), Remark(code="odd", text="Odd."))
    first = ask("import", "meter.csv", kind="meter")
    assert (first.added, first.duplicates, first.rejected_count) == (3, 0, 1)
    assert (first.rejected[0].line, first.rejected[0].reason) == (9, "no number")
    assert plain(first.totals) == {"gpu_h": None, "energy_wh": 18.0, "usd": None, "tokens": None}
    assert (first.first, first.last) == ("2026-01-01T00:00:00.000Z", "2026-01-01T03:00:00.000Z")
    assert (first.numbers, codes(first)) == (("1",), {"odd", "ledger_made"})
    again = ask("import", "meter.csv", kind="meter")
    assert (again.added, again.duplicates, again.totals.energy_wh, again.head_) == (0, 3, 0.0, first.head_)
    assert ask("status").energy[0].facility_wh == 18.0


def test_what_flows_back_through_a_meter_is_taken_off() -> None:
    taken, back = (ReadingSeries(quantity=name, unit="Wh", site="a") for name in ("facility_energy", "energy_returned"))
    assert totals({taken: 12_000.0, back: 5_000.0}).energy_wh == 7_000.0
    assert totals({back: 5_000.0}).energy_wh == -5_000.0


def test_a_trial_keeps_nothing(ask: Ask, reads: Callable[..., None]) -> None:
    reads(block([5.0], METER))
    found = ask("import", "meter.csv", kind="meter", dry_run=True)
    assert (found.added, found.numbers, codes(found)) == (1, (), {"dry_run"})
    assert not Path("gigawatt.db").exists()


def test_events_become_facts_of_their_own(met: Ask, reads: Callable[..., None]) -> None:
    said = {"site": "elsewhere", "platform": "gb300", "racks": "3"}
    bad = {**said, "racks": "many"}
    reads(*(FileEvent(line=n, kind="racks", happened_ms=START_MS, values=v) for n, v in enumerate((said, bad), 2)))
    found = met("import", "meter.csv", kind="meter")
    assert (found.added, found.rejected_count, found.numbers) == (1, 1, ("5",))
    assert codes(found) == {"unknown_site"}


def test_a_correction_names_the_batch_that_it_corrects(ask: Ask, reads: Callable[..., None], file: Path) -> None:
    reads(block([5.0, 6.0], METER))
    ask("import", "meter.csv", kind="meter")
    file.write_text("another file\n")
    reads(block([5.0, 8.0], METER))
    refused = ask("import", "meter.csv", kind="meter")
    assert (refused.added, refused.rejected_count) == (0, 1)
    found = ask("import", "meter.csv", kind="meter", corrects="1")
    assert (found.added, found.corrected, found.totals.energy_wh) == (1, 1, 2.0)
    assert ask("status").energy[0].facility_wh == 13.0
    with pytest.raises(LedgerError, match="no fact"):
        ask("import", "meter.csv", kind="meter", corrects="7")


def test_an_import_says_how_far_it_is_and_may_be_cancelled(ask: Ask, reads: Callable[..., None]) -> None:
    reads(block([5.0, 6.0], METER))
    heard: list[str] = []
    ask("init")
    with pytest.raises(Cancelled):
        ask("import", "meter.csv", kind="meter", job=Job(cancelled=lambda: True))
    assert ask("status").facts_count == 0
    ask("import", "meter.csv", kind="meter", job=Job(progress=lambda words, _: heard.append(words)))
    assert heard == ["reading meter.csv, 2 readings"]


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"utc_offset": "15 h"}, {"utc_offset"}),
        ({"site": "a b", "utc_offset": "-20 h", "quantity": "facility_enrgy"}, {"site", "utc_offset", "quantity"}),
        ({"kind": None}, {"kind"}),
        ({"kind": None, "database": "no/such/a.db"}, {"kind", "database"}),
        ({"corrects": "1"}, {"corrects"}),
    ],
)
def test_what_is_asked_wrongly_is_told_at_once(
    ask: Ask, reads: Callable[..., None], asked: dict[str, Any], named: set[str]
) -> None:
    reads(block([5.0], METER))
    with pytest.raises(LedgerError) as caught:
        ask("import", "meter.csv", **{"kind": "meter", **asked})
    assert {fault.path for fault in caught.value.faults} == named
    assert ask("init").made or ask("status").facts_count == 0


def test_a_file_that_is_not_there(ask: Ask) -> None:
    with pytest.raises(CatalogError, match="a readable meter file"):
        ask("import", "none.csv", kind="meter")
    with pytest.raises(LedgerError, match="a readable file"):
        ask("import", "none.csv")
    assert not Path("gigawatt.db").exists()


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        ('{"status":"success","data":{"resultType":"matrix","result":[]}}', "prometheus"),
        ("# HELP up Whether it is.\n# TYPE up gauge\n", "openmetrics"),
        ("JobID|JobIDRaw|User|State|Elapsed\n1|1|ada|COMPLETED|00:01:00\n", "sacct"),
        ("BilledCost,ChargePeriodStart,ChargePeriodEnd\n", "focus"),
        ("\ufeffkind,at,site\n", "records"),
        ('<?xml version="1.0"?><feed><x xmlns="http://naesb.org/espi"/>', "greenbutton"),
        ('<?xml version="1.0"?><Publication_MarketDocument>', "entsoe"),
        ('{"code": 200, "data": [{"a": {"gpuHours": 1}}]}', "opencost"),
    ],
)
def test_a_file_that_says_what_it_is(file: Path, head: str, kind: str) -> None:
    file.write_text(head)
    assert kind_of(file) == kind


@pytest.mark.parametrize("head", ["time,kwh\n", "", "{}", "JobID State\n", "\x00\x01"])
def test_a_file_that_does_not_say_what_it_is(file: Path, head: str) -> None:
    file.write_text(head)
    with pytest.raises(LedgerError, match="does not say which"):
        kind_of(file)


def test_totals_count_everything_once() -> None:
    def of(quantity: str, site: str, unit: str = "Wh", subject: str = "") -> ReadingSeries:
        return ReadingSeries(quantity=quantity, unit=unit, site=site, subject=subject)

    found = totals(
        {
            of("facility_energy", "a"): 100.0,
            of("it_energy", "a"): 80.0,
            of("it_energy", "b"): 7.0,
            of("gpu_energy", "c", subject="one"): 3.0,
            of("gpu_energy_sampled", "c", subject="one"): 2.5,
            of("gpu_energy_sampled", "c", subject="two"): 2.0,
            of("cost", "", "USD"): 12.0,
            of("cost", "", "EUR"): 9.0,
            of("tokens_in", "", "tokens"): 5.0,
            of("tokens_out", "", "tokens"): 6.0,
            of("gpu_time", "", "h"): 4.0,
        }
    )
    assert (found.energy_wh, found.usd, found.tokens, found.gpu_h) == (112.0, 12.0, 11.0, 4.0)


def test_money_of_another_currency_is_no_dollars(ask: Ask, reads: Callable[..., None]) -> None:
    reads(block([9.0], ReadingSeries(quantity="cost", unit="EUR")))
    found = ask("import", "meter.csv", kind="meter")
    assert (found.totals.usd, "other_currency" in codes(found)) == (None, True)


@pytest.mark.parametrize(
    ("text", "hours"), [("-6 h", -6.0), ("-06:00", -6.0), ("+0530", 5.5), ("UTC", 0.0), ("z", 0.0), ("330 min", 5.5)]
)
def test_a_clocks_offset_is_said_in_any_common_form(text: str, hours: float) -> None:
    assert offset_of(text) == 3600 * hours


@pytest.mark.parametrize("text", ["", "-6", "CET", "-25:00", "15 h", "nan h", "6 MW"])
def test_what_is_no_offset_of_a_clock_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="an offset such as"):
        offset_of(text)
