"""Whole scenarios against their headline of record: at most 30 numbers each, to a thousandth.

    python tests/goldens/test_goldens.py     # writes goldens.json anew; read the difference before you commit it

The gap is closed in each, so that the optimum is compared and not the luck of the search.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import gigawatt as gw

FILE = Path(__file__).with_name("goldens.json")
CLOSED = {"solver.gap": 0.0, "solver.gap_of_capex": 1e-7, "solver.nodes": 10_000}
SCENARIOS: dict[str, tuple[str, dict[str, Any]]] = {
    "one campus": ("one-campus", {}),
    "one campus, pro rata": ("one-campus", {"capital.tranches.release": "pro_rata"}),
    "one campus, welfare": ("one-campus", {"objective": "welfare"}),
    "one campus, leased and taxed": ("one-campus", {"sites.example-campus.ownership": "lease", "finance.tax": 0.25}),
    "one campus, power late": ("one-campus", {"sites.example-campus.ramp": {"2027Q2": "0 MW", "2028Q2": "60 MW"}}),
}
# Sensitive to which of several equal optima the solver ends at.
LEFT_OUT = ("racks_count", "packages_count", "dies_count")
# Of which the return of record is one.
ROOTS = ("irr_roots_frac", "equity_irr_roots_frac")


def headline(name: str) -> dict[str, Any]:
    scenario, overrides = SCENARIOS[name]
    found = gw.run(scenario, CLOSED | overrides).headline
    return {key: value for key, value in found.items() if key not in (*LEFT_OUT, *ROOTS)}


@pytest.mark.parametrize("name", SCENARIOS)
def test_headline_of_record(name: str) -> None:
    golden = json.loads(FILE.read_text())[name]
    found = headline(name)
    assert len(golden) <= 30
    assert set(found) == set(golden)
    for key, value in golden.items():
        if isinstance(value, float):
            assert found[key] == pytest.approx(value, rel=1e-3, abs=1e-9), key
        else:
            assert found[key] == value, key


if __name__ == "__main__":
    FILE.write_text(json.dumps({name: headline(name) for name in SCENARIOS}, indent=1) + "\n")
