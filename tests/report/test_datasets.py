"""Tidy tables: a column for each label, and text that reads back as it was."""

from __future__ import annotations

import csv
import io
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from gigawatt.report import datasets


def _read(data: xr.Dataset) -> dict[tuple[str, ...], list[list[str]]]:
    return {dims: list(csv.reader(io.StringIO("".join(datasets.lines(one))))) for dims, one in datasets.tidy(data)}


def test_a_table_has_a_column_for_each_label() -> None:
    data = xr.Dataset(
        {"usd": (("site", "period"), np.arange(4.0).reshape(2, 2).T), "w": ("site", [1.0, 2.0]), "none": ("run", [])},
        coords={"period": ["2026Q3", "2026Q4"], "site": ["a", "b"], "name": ("site", ["A", "B"])},
    )
    data = data[["usd", "w", "none"]].transpose("period", "site", "run")
    tables = _read(data)
    assert tables["site",] == [["site", "name", "w"], ["a", "A", "1.0"], ["b", "B", "2.0"]]
    both = next(table for dims, table in tables.items() if set(dims) == {"period", "site"})
    assert {"period", "site", "name", "usd"} == set(both[0])
    at = [both[0].index(name) for name in ("period", "site", "usd")]
    assert {tuple(row[n] for n in at) for row in both[1:]} == {
        ("2026Q3", "a", "0.0"),
        ("2026Q3", "b", "1.0"),
        ("2026Q4", "a", "2.0"),
        ("2026Q4", "b", "3.0"),
    }
    assert len(tables) == 2  # nothing of runs


def test_text_with_commas_quotes_and_lines_reads_back() -> None:
    names = ["plain", "a, b", 'say "so"', "two\nlines", ""]
    data = xr.Dataset({"w": ("site", np.arange(5.0))}, coords={"site": names})
    assert [row[0] for row in _read(data)["site",][1:]] == names


def test_a_table_in_blocks_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    data = xr.Dataset({"w": (("a", "b"), np.arange(35.0).reshape(7, 5))}, coords={"a": range(7), "b": range(5)})
    monkeypatch.setattr(datasets, "BLOCK_ROWS", 10)
    (table,) = _read(data).values()
    assert [row[-1] for row in table[1:]] == [str(value) for value in np.arange(35.0)]


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@given(values=st.lists(st.floats(width=32), min_size=1))
def test_numbers_read_back_as_the_same(kind: Any, values: list[float]) -> None:
    given = np.array(values, dtype=kind)
    back = np.array([kind(text or "nan") for text in datasets.texts(given).tolist()])
    np.testing.assert_array_equal(back, given)
    np.testing.assert_array_equal(np.signbit(back[given == 0]), np.signbit(given[given == 0]))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([1.0, np.nan, -0.0, 1e22, 0.1], ["1.0", "", "-0.0", "1e+22", "0.1"]),
        (np.array([0.1, 3.4959972e7], dtype=np.float32), ["0.1", "3.4959972e+07"]),
        ([3, -1], ["3", "-1"]),
        (np.array(["2028-07-14T05:06:07", "NaT"], dtype="datetime64[ns]"), ["2028-07-14 05:06:07", ""]),
    ],
)
def test_values_are_put_into_words(values: Any, words: list[str]) -> None:
    assert datasets.texts(np.asarray(values)).tolist() == words


def test_pandas_says_the_same(written_moments: xr.Dataset) -> None:
    """The words are those of a table's own writer."""
    (table,) = (one for _, one in datasets.tidy(written_moments))
    expected = table.to_dataframe().reset_index().to_csv(index=False, lineterminator="\n")
    assert "".join(datasets.lines(table)) == expected


@pytest.fixture
def written_moments() -> xr.Dataset:
    """Numbers of both sizes, whole numbers, text and moments."""
    moments = np.datetime64("2028-07-14T05:06:07", "ns") + np.arange(3) * np.timedelta64(977, "s")
    return xr.Dataset(
        {
            "moment": ("outage", moments),
            "rack": ("outage", np.array([3, 1, 2], dtype=np.int32)),
            "wait_h": ("outage", np.array([0.1, 1e-7, 2e9], dtype=np.float32)),
            "usd": ("outage", [1e-9, 123456789.125, 1e17]),
        },
        coords={"outage": ["a", "b,c", "d"]},
    )
