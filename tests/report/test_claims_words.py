"""Claims in words: by when something is there, and under which name a claim is asked for."""

from __future__ import annotations

import pytest

from gigawatt.report.documents import claims
from gigawatt.study.answer import Head
from gigawatt.study.claims.answer import CheckedClaims
from gigawatt.study.claims.claim import Claim, Computed, Stated


@pytest.mark.parametrize(
    ("computed", "said"),
    [
        (("2027-07-01", "2027-10-01", "2028-01-01"), "by the end of Q3 2027 to Q1 2028, Q4 2027 in the middle"),
        (("2027-07-01", "2027-07-01", None), "by the end of Q3 2027 or never"),
        (("2027-07-01", "2027-07-01", "2027-07-01"), "by the end of Q3 2027"),
        ((None, None, None), "–"),
    ],
)
def test_claims_say_by_when(computed: tuple[str | None, ...], said: str) -> None:
    """users 4: "2027-07-01 to 2028-01-01" for the ends of quarters."""
    low, mid, high = computed
    assert claims.span(Computed(low=low, mid=mid, high=high, unit="date")) == said


def test_a_claim_is_shown_under_the_name_that_only_takes() -> None:
    """users 17: "ten gw" shown where `--only` needs ten_gw."""
    claim = Claim(
        id="ten_gw",
        claim="At least ten gigawatts.",
        speaker="someone",
        stated=Stated(value=1e10, unit="w"),
        computed=Computed(low=1e10, mid=1e10, high=1e10, unit="w"),
        verdict="holds",
        assumption="",
        sources=(),
        rows=(),
    )
    told = claims.document(CheckedClaims(head=Head(), claims=(claim, claim)))
    assert told.tables()["claims"].rows[0][0] == "ten_gw"
