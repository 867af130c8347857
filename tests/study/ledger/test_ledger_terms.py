"""A ledger is made once, with the terms that a scenario states."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gigawatt.errors import CatalogError, InputError, LedgerError, ScenarioError
from gigawatt.ledger.milestones import TrancheMark

Ask = Callable[..., Any]
SHARED = """extends = "one-campus"
name = "shared"
[capital.tranches]
power_basis = "it"
release = "pro_rata"
every = { value = "25 MW", grade = "assumed" }
"""


def codes(answer: Any) -> list[str]:
    return [note.code for note in answer.head.notes]


def paths(error: InputError) -> set[str]:
    return {fault.path for fault in error.faults}


def test_terms_are_the_scenarios_and_the_planners(ask: Ask) -> None:
    found = ask("init", "one-campus", test_hours="24 h", test_rate=["gb300=50 ktokens/s"])
    terms = found.terms
    assert (found.made, found.added, found.number, found.head.scenario) == (True, True, 1, "one-campus")
    assert terms.milestones == (
        TrancheMark(milestone_w=30e6, amount_usd=300e6),
        TrancheMark(milestone_w=60e6, amount_usd=300e6),
    )
    assert (terms.test_h, terms.test_tokens_per_s, terms.power_basis) == (24.0, {"gb300": 50_000.0}, "facility")
    assert 1.05 < terms.pue_ratio["example-campus"] < 1.3
    assert terms.rack_it_w["gb300"] == pytest.approx(151_140, rel=0.01)


def test_the_same_terms_again_are_not_recorded_and_others_are(ask: Ask) -> None:
    first = ask("init", "one-campus")
    assert first.terms.test_h == 72.0
    again = ask("init", "one-campus")
    assert (again.made, again.added, again.head_, codes(again)) == (False, False, first.head_, ["terms_stand"])
    other = ask("init", "one-campus", test_hours="24 h")
    assert (other.number, codes(other)) == (2, ["terms_changed"])


def test_a_file_with_a_release_pro_rata_at_the_it(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "shared.toml").write_text(SHARED)
    found = ask("init", "shared.toml")
    assert [mark.milestone_w for mark in found.terms.milestones] == [25e6, 50e6]
    assert (found.terms.power_basis, codes(found)) == ("it", ["pro_rata"])


def test_an_empty_ledger_has_no_terms_and_says_so(ask: Ask) -> None:
    found = ask("init")
    assert (found.made, found.terms, found.number) == (True, None, None)
    assert codes(ask("status")) == ["nothing_recorded"]
    ask("record", "racks", ["site=a", "platform=b", "racks=3", "at=2026-01-01"], source="note")
    assert "no_terms" in codes(ask("status"))


def test_terms_under_which_a_disbursed_tranche_was_another_are_refused(met: Ask) -> None:
    for name in ("ada", "ben"):
        met("approve", "1", as_=name)
    met("disburse", "1")
    with pytest.raises(ScenarioError, match="which is disbursed"):
        met("init", "three-sites")
    assert met("status").terms.scenario == "one-campus"


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"test_hours": "24 h"}, {"test_hours"}),
        ({"scenario": "one-campus", "test_hours": "-1 h"}, {"test_hours"}),
        ({"scenario": "one-campus", "test_hours": "9000 h", "test_rate": ["gb300"]}, {"test_hours", "test_rate"}),
        ({"scenario": "one-campus", "test_rate": ["gb30=5 tokens/s"]}, {"test_rate"}),
        ({"scenario": "one-campus", "test_rate": ["gb300=5 MW"], "as_": " "}, {"test_rate", "as"}),
        ({"scenario": "one-campsu"}, {"scenario"}),
        ({"database": "no/such/folder/a.db", "as_": "x" * 81}, {"database", "as"}),
        ({"database": "."}, {"database"}),
        ({"database": "mysql://ada:secret@host/x"}, {"database"}),
    ],
)
def test_what_is_no_terms_and_no_place_is_told_at_once(ask: Ask, asked: dict[str, Any], named: set[str]) -> None:
    with pytest.raises((LedgerError, ScenarioError, CatalogError)) as caught:
        ask("init", **asked)
    assert paths(caught.value) == named
    assert "secret" not in str(caught.value)
    assert not Path("gigawatt.db").exists()


def test_a_machine_without_users_asks_for_a_name(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> str:
        raise KeyError("no user")

    monkeypatch.setattr("gigawatt.study.ledger.given.getpass.getuser", unknown)
    with pytest.raises(LedgerError, match="this machine knows no user"):
        ask("init")
    assert ask("init", as_="ada").made


def test_a_retraction_of_the_terms_does_not_make_a_disbursed_tranche_another(met: Ask) -> None:
    for name in ("ada", "ben"):
        met("approve", "1", as_=name)
    met("disburse", "1")
    met("record", "retraction", ["reason=slip", "at=2026-03-11"], corrects="1")
    with pytest.raises(ScenarioError, match="which is disbursed"):
        met("init", "three-sites")
    assert met("init", "one-campus").added
    assert met("status").milestones[0].disbursed_usd == 300e6


@pytest.mark.parametrize(
    "database", ["", " ", ":memory:", "sqlite:///a.db?mode=ro", "sqlite:///file:a?mode=memory&uri=true"]
)
def test_a_place_that_keeps_nothing_is_no_ledger(ask: Ask, database: str) -> None:
    with pytest.raises(LedgerError) as caught:
        ask("init", database=database)
    assert paths(caught.value) == {"database"}
    assert not list(Path().iterdir())
