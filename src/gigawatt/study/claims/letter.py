"""The claims of September 2025 and after: what is checked, on which scenario, and which plans that needs."""

from __future__ import annotations

from collections.abc import Callable

from gigawatt.study.claims import hardware, programme, work
from gigawatt.study.claims.cases import Cases
from gigawatt.study.claims.claim import Claim

CHECKS: dict[str, Callable[[Cases], Claim]] = {
    "ten_gw": programme.ten_gw,
    "million_gpus": hardware.million_gpus,
    "four_to_five_million": hardware.four_to_five_million,
    "hundred_billion": programme.hundred_billion,
    "first_gw_2026h2": programme.first_gw_2026h2,
    "tokens_per_day_first_gw": work.tokens_per_day_first_gw,
    "weekly_users_power": work.weekly_users_power,
    "billion_times": hardware.billion_times,
    "compute_as_fuel": work.compute_as_fuel,
    "cancer_or_education": work.cancer_or_education,
    "only_nvidia": programme.only_nvidia,
    "largest": programme.largest,
    "first_of_more": programme.first_of_more,
}
# The plans that statements need, by the labels of `Cases`; the others need none.
AS_ASKED = "as asked"
PLANS: dict[str, tuple[str, ...]] = {
    "ten_gw": (AS_ASKED, "announced sites only", "pro rata", "prices of the past"),
    "hundred_billion": (AS_ASKED, "pro rata", "prices of the past", "no tranches"),
    "first_gw_2026h2": (AS_ASKED, "as announced", "late"),
    "compute_as_fuel": ("pro rata", "one gigawatt more"),
    "cancer_or_education": ("pro rata", "welfare"),
    "only_nvidia": ("pro rata", "AMD alone"),
    "first_of_more": ("pro rata", "second", "third", "third, with sites for it"),
}
