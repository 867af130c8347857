"""Two people approve what is met, and a tranche is paid once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gigawatt.errors import LedgerError

Ask = Callable[..., Any]


def refused(ask: Ask, word: str, milestone: str, **values: Any) -> Any:
    with pytest.raises(LedgerError) as caught:
        ask(word, milestone, **values)
    (fault,) = caught.value.faults
    return fault


def codes(answer: Any) -> list[str]:
    return [note.code for note in answer.head.notes]


def test_two_people_approve_and_the_tranche_is_disbursed_once(met: Ask) -> None:
    first = met("approve", "30 MW", as_="ada")
    assert (first.added, first.authenticated, first.milestone.approved_by) == (True, False, ("ada",))
    assert codes(first) == ["approval_needed", "unauthenticated"]
    second = met("approve", "1", as_="ben")
    assert second.milestone.due
    assert met("status").due_usd == 300e6
    paid = met("disburse", "1", as_="cleo")
    assert (paid.added, paid.milestone.disbursed_usd, paid.milestone.disbursed_by) == (True, 300e6, "cleo")
    again = met("disburse", "30 MW", as_="dan")
    assert (again.added, again.number, again.head_, again.milestone) == (False, None, paid.head_, paid.milestone)
    assert codes(again) == ["disbursed_before"]
    now = met("status")
    assert (now.disbursed_usd, now.due_usd, now.next_milestone) == (300e6, 0.0, 2)


def test_one_person_in_two_spellings_is_one_approval(met: Ask) -> None:
    met("approve", "1", as_="Ada Lovelace")
    again = met("approve", "1", as_="  ADA\u00a0 lovelace ")
    assert (again.added, codes(again)) == (False, ["approved_before"])
    assert refused(met, "disburse", "1").expected == "the approval of 2 people"


def test_what_is_not_met_is_neither_approved_nor_disbursed(met: Ask) -> None:
    for word in ("approve", "disburse"):
        fault = refused(met, word, "60 MW")
        assert (fault.path, fault.asked) == ("milestone", True)
        assert fault.given.endswith("of 60 MW counts")


def test_nothing_is_disbursed_before_its_approvals(met: Ask) -> None:
    assert refused(met, "disburse", "1").given == "approved by nobody"


@pytest.mark.parametrize("name", ["3", "1 GW", "30", "thirty", "0", "-1", "30 MWh"])
def test_a_milestone_that_there_is_not(met: Ask, name: str) -> None:
    assert "1 (30 MW), 2 (60 MW)" in refused(met, "approve", name).expected


def test_a_ledger_without_terms_has_no_milestone(ask: Ask) -> None:
    ask("init")
    assert "gigawatt ledger init SCENARIO" in refused(ask, "approve", "1").expected


def test_approving_makes_no_ledger(ask: Ask) -> None:
    assert "no ledger at" in refused(ask, "approve", "1").given
    assert "no ledger at" in refused(ask, "approve", "1").given


def test_a_correction_voids_approvals_and_is_told_of_what_is_paid(met: Ask) -> None:
    for name in ("ada", "ben"):
        met("approve", "1", as_=name)
    met("disburse", "1")
    met("record", "retraction", ["reason=the letter was wrong", "at=2026-04-01"], corrects="2")
    found = met("status")
    assert {"approval_void", "disbursed_not_met"} <= {note.code for note in found.head.notes}
    row = found.milestones[0]
    assert (row.met, row.disbursed_usd, row.void_approvals) == (False, 300e6, ("ada", "ben"))
