"""The claims of August 2026 about PORTS-Pike: what is checked, on which scenario, and which plans that needs."""

from __future__ import annotations

from collections.abc import Callable

from gigawatt.study.claims import backing, campus, supplier
from gigawatt.study.claims.cases import Cases
from gigawatt.study.claims.claim import Claim
from gigawatt.study.claims.letter import AS_ASKED

BASE = "ports-pike-2026-08"
CHECKS: dict[str, Callable[[Cases], Claim]] = {
    "eight_gw_it_is_ten_gw_load": campus.eight_gw_it_is_ten_gw_load,
    "first_800_mw_2028": campus.first_800_mw_2028,
    "complete_2032": campus.complete_2032,
    "guarantee_covers_lease_value": backing.guarantee_covers_lease_value,
    "hundred_five_billion": backing.hundred_five_billion,
    "exclusive": supplier.exclusive,
    "first_gw_vera_rubin_2026h2": supplier.first_gw_vera_rubin_2026h2,
}
PLANS: dict[str, tuple[str, ...]] = {
    "first_800_mw_2028": (AS_ASKED,),
    "complete_2032": (AS_ASKED, "without the gas plants"),
    "hundred_five_billion": (AS_ASKED,),
    "first_gw_vera_rubin_2026h2": ("the letter", "the letter, as its sites have it"),
}
