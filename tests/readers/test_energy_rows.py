"""Measured energy from files: what is read, and every mistake named."""

from __future__ import annotations

from pathlib import Path

import pytest

from gigawatt.errors import CatalogError
from gigawatt.readers.energy_rows import NUMBERS, TEXTS, EnergyRow, read_energy_rows

HEADER = ",".join((*TEXTS, *NUMBERS))
# source, task, model, gpu, precision, engine, date, GPUs, tp, ep, dp, input, output, batch, tokens/s, W, J/token
ROW = "made up (a@b),chat,llama-3.1-8b,H100,bf16,vllm,2025-12,1,1,1,1,200,400,64,5000,600,0.12"


def read(folder: Path, *rows: str, header: str = HEADER) -> list[EnergyRow]:
    path = folder / "energy.csv"
    path.write_text("\n".join((header, *rows)) + "\n")
    return read_energy_rows(path)


def faults(folder: Path, *rows: str, header: str = HEADER) -> list[tuple[str, str]]:
    with pytest.raises(CatalogError) as error:
        read(folder, *rows, header=header)
    return [(fault.path, fault.given) for fault in error.value.faults]


def test_a_row(tmp_path: Path) -> None:
    (row,) = read(tmp_path, ROW)
    assert (row.packages_count, row.batch_count, row.energy_j_per_token) == (1, 64, 0.12)
    assert (row.campaign, row.cells["power_w_total"]) == ("made up, chat", "600")


def test_empty_cells_are_nothing_where_a_row_may_lack_them(tmp_path: Path) -> None:
    (row,) = read(tmp_path, "made up,,llama-3.1-8b,H100,bf16,vllm,,1,,,,,400,,,,0.12")
    assert (row.tensor_count, row.input_tokens, row.batch_count, row.tokens_per_s) == (None, None, None, None)
    assert row.campaign == "made up"


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    wrong = ROW.replace(",64,", ",many,").replace(",0.12", ",-1").replace(",H100,", ",,")
    assert faults(tmp_path, ROW, wrong) == [
        ("energy.csv row 3 column gpu", '""'),
        ("energy.csv row 3 column batch_measured", '"many"'),
        ("energy.csv row 3 column energy_j_per_token", '"-1"'),
    ]


@pytest.mark.parametrize("cell", ["nan", "inf", "0", "1_0"])
def test_no_number_is_no_energy(tmp_path: Path, cell: str) -> None:
    found = faults(tmp_path, ROW.replace(",0.12", f",{cell}"))
    assert found == [("energy.csv row 2 column energy_j_per_token", f'"{cell}"')]


def test_energy_that_contradicts_power_and_rate_is_a_fault(tmp_path: Path) -> None:
    assert faults(tmp_path, ROW.replace(",0.12", ",0.24")) == [("energy.csv row 2 column energy_j_per_token", '"0.24"')]
    assert len(read(tmp_path, ROW.replace(",0.12", ",0.123"))) == 1


def test_columns_that_are_missing_are_named(tmp_path: Path) -> None:
    ((path, given),) = faults(tmp_path, ROW, header=HEADER.replace("batch_measured", "batch"))
    assert (path, given) == ("energy.csv", "no column batch_measured")


def test_a_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(CatalogError):
        read_energy_rows(tmp_path / "none.csv")
