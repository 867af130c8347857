"""Settings of xarray and linopy: held while somebody needs them, as they were found before and after."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import linopy
import pytest
import xarray as xr

from gigawatt.exact import exact

pytestmark = pytest.mark.as_found
WATCHED = ("arithmetic_join", "keep_attrs")
HELD = {"arithmetic_join": "exact", "keep_attrs": False, "semantics": "v1"}
MINE = {"arithmetic_join": "left", "keep_attrs": True, "semantics": "legacy"}


def settings() -> dict[str, Any]:
    found = xr.get_options()
    return {name: found[name] for name in WATCHED} | {"semantics": linopy.options["semantics"]}


@pytest.fixture(autouse=True)
def mine() -> Iterator[None]:
    """Settings of a user, other than those of the libraries."""
    with xr.set_options(arithmetic_join="left", keep_attrs=True):
        yield


def test_held_inside_and_put_back() -> None:
    assert settings() == MINE
    with exact():
        assert settings() == HELD
        with exact():
            assert settings() == HELD
        assert settings() == HELD
    assert settings() == MINE


def test_put_back_after_an_error() -> None:
    one, two = (xr.DataArray([1.0, 2.0], dims="site", coords={"site": sites}) for sites in (["a", "b"], ["b", "c"]))
    with pytest.raises(ValueError, match="exact"), exact():
        one * two  # (that it raises is the test)
    assert settings() == MINE


def test_what_is_not_ours_is_left_as_others_set_it() -> None:
    width, rows = xr.get_options()["display_width"], linopy.options["display_max_rows"]
    try:
        with exact():
            xr.set_options(display_width=width + 1)
            linopy.options["display_max_rows"] = rows + 1
        assert xr.get_options()["display_width"] == width + 1
        assert linopy.options["display_max_rows"] == rows + 1
    finally:
        xr.set_options(display_width=width)
        linopy.options["display_max_rows"] = rows


def test_the_last_of_two_threads_puts_back() -> None:
    first_in, second_in, first_out = (threading.Event() for _ in range(3))
    seen: list[dict[str, Any]] = []

    def first() -> None:
        with exact():
            first_in.set()
            assert second_in.wait(30)
        first_out.set()

    def second() -> None:
        assert first_in.wait(30)
        with exact():
            second_in.set()
            assert first_out.wait(30)
            seen.append(settings())

    threads = [threading.Thread(target=each) for each in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [HELD]
    assert settings() == MINE


def test_no_import_sets_anything() -> None:
    """Every module of the house, in a process of its own."""
    code = """
import pkgutil
from importlib import import_module
import linopy, xarray
before = dict(xarray.get_options()), repr(linopy.options)
import gigawatt
names = [module.name for module in pkgutil.walk_packages(gigawatt.__path__, "gigawatt.")]
for name in names:
    # Those that end so are Alembic's, which runs them with a connection at hand.
    if name != "gigawatt.__main__" and not name.endswith(".migrations.env"):
        import_module(name)
print(len(names) > 200, before == (dict(xarray.get_options()), repr(linopy.options)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True"], done.stdout


def test_linopy_is_loaded_by_those_who_state_equations_and_has_its_semantics_from_then_on() -> None:
    code = """
import sys
from gigawatt.exact import equations, exact
with exact():
    print("linopy" in sys.modules)
    with equations():
        import linopy
        print(linopy.options["semantics"])
    print(linopy.options["semantics"])
print(linopy.options["semantics"])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "v1", "v1", "legacy"], done.stdout


def test_arrays_of_a_question_do_not_load_dask_and_those_of_others_do_as_ever() -> None:
    code = """
import sys
from gigawatt.exact import exact
with exact():
    import xarray as xr
    print(xr.DataArray([1.0, None], dims="site").isnull().values.tolist())
    print("dask" in sys.modules)
import dask.array
print(xr.DataArray(dask.array.ones(3, chunks=1)).chunks)
with exact():
    print(xr.DataArray(dask.array.ones(3, chunks=1)).chunks)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[False, True]", "False", "((1, 1, 1),)", "((1, 1, 1),)"], done.stdout
