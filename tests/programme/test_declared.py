"""Tables of arrays: every one is declared, with the unit that its name says, and what a scenario lacks is empty."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from gigawatt.account import declared as books
from gigawatt.plan.declared import DECISIONS
from gigawatt.programme import counted
from gigawatt.programme.arrays import arrays
from gigawatt.programme.declared import INPUTS, MONEY, check, declared
from gigawatt.programme.money import LINES
from gigawatt.scenario.load import load
from gigawatt.simulation.declared import OUTAGES, STEPS

PAIR = declared(power_w=("site", "W", "power of a site"), share_frac=("", "1", "share of all power"))
TABLES = (INPUTS, MONEY, DECISIONS, STEPS, OUTAGES, books.TABLE, books.CLASSES, books.PLATFORMS)
NAMED = [(name, one.unit, one.meaning) for table in TABLES for name, one in table.items()]
# What a name ends with → its units.
UNITS = {
    "_usd_per_wh": {"USD/Wh"},
    "_usd_per_w": {"USD/W"},
    "_usd_per_w_facility": {"USD/W"},
    "_usd_per_mtok": {"USD/Mtoken"},
    "_usd_per_flop": {"USD/FLOP"},
    "_usd_per_package_h": {"USD/h"},
    "_tokens_per_s": {"tokens/s"},
    "_per_year": {"1/year"},
    "_count": {"racks", "packages", "dies", "quarters", "faults", "1"},
    "_tokens": {"tokens"},
    "_usd": {"USD"},
    "usd": {"USD"},
    "_flops": {"FLOP/s"},
    "_flop": {"FLOP"},
    "_frac": {"1"},
    "_ratio": {"1"},
    "_wh": {"Wh"},
    "_w": {"W"},
    "_h": {"h"},
    "water_l": {"l/h"},
    "carbon_kg": {"kg/h"},
    "moment": {"UTC"},
}
# Names of marks and of places in a list, which have no unit.
PLAIN = {"interactive", "hard", "run_window", "run_hard", "pair", "kind", "rack"}


def pair(**changed: xr.Variable) -> xr.Dataset:
    lines = {"power_w": xr.Variable(("site",), [1.0, 2.0]), "share_frac": xr.Variable((), 0.5)}
    return xr.Dataset(lines | changed, coords={"site": ["a", "b"]})


def test_a_dataset_as_it_is_declared_is_handed_on() -> None:
    data = pair()
    assert check(data, PAIR) is data


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (pair().drop_vars("share_frac"), "no share_frac"),
        (pair(more_w=xr.Variable((), 1.0)), "more_w is not declared"),
        (pair(share_frac=xr.Variable(("site",), [0.5, 0.5])), r"share_frac has \(site\), declared \(\)"),
    ],
    ids=["lacks one", "has one more", "other dimensions"],
)
def test_what_differs_from_its_table_is_named(data: xr.Dataset, told: str) -> None:
    with pytest.raises(TypeError, match=told):
        check(data, PAIR)


def test_what_may_be_there_too_is_known_and_no_more() -> None:
    more = pair(more_w=xr.Variable((), 1.0))
    assert check(more, PAIR, declared(more_w=("", "W", "more of it"))) is more
    assert check(pair(), PAIR, declared(more_w=("", "W", "more of it"))) is not None


@pytest.mark.parametrize(("name", "unit", "meaning"), NAMED)
def test_the_unit_is_what_the_name_says(name: str, unit: str, meaning: str) -> None:
    """The longest end of the name that is known says it."""
    end = max((end for end in UNITS if name.endswith(end)), key=len, default=None)
    assert unit == "1" if end is None and name in PLAIN else end is not None and unit in UNITS[end]
    assert len(meaning.split()) >= 3


def test_lines_of_money_are_those_that_are_summed() -> None:
    assert tuple(MONEY) == LINES


@pytest.mark.parametrize("preset", ["one-campus", "loi-2025-09"])
def test_what_a_scenario_lacks_is_empty_and_never_absent(preset: str) -> None:
    """A campus has no training, nobody starts with racks, no lease asks for a minimum; all of that is there."""
    data = arrays(load(preset))
    assert set(data.data_vars) == set(INPUTS)
    assert data.sizes["run"] == len(load(preset).asked.training_runs)
    assert data.sizes["before"] == 0
    assert data.opening_count.shape == (0, data.sizes["site"], data.sizes["platform"])
    assert not data.minimum_take_frac.values.any()
    assert {data[name].dtype.kind for name in data.coords} == {"U"}


def test_the_planner_counts_on_a_share_of_the_racks_and_arrays_do_not() -> None:
    whole, half = (arrays(load("loi-2025-09", {"operations.availability": share})) for share in (1.0, 0.5))
    for name in ("rack_tokens_per_s", "run_rack_flops", "experiment_rack_flops"):
        assert np.array_equal(whole[name].values, half[name].values)
    for rate in (counted.tokens_per_s, counted.run_flops, counted.experiment_flops):
        assert rate(half).values == pytest.approx(rate(whole).values / 2, rel=1e-15)
    most = whole.rack_tokens_per_s * whole.utilisation_frac
    assert counted.tokens_per_s(whole).equals(most)
