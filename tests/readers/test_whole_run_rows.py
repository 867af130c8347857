"""Published training runs from a file: text to numbers, and every fault of every column named at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from gigawatt.errors import CatalogError
from gigawatt.readers.whole_run_rows import read_whole_run_rows

HEAD = "model,gpu,gpus,precision,trillion_tokens,sequence,million_batch,million_gpu_hours,source"
LLAMA = "llama-2-7b,a100,1024,bf16,2,4096,4,0.184320,paper"


def file_of(folder: Path, *rows: str, head: str = HEAD) -> Path:
    file = folder / "runs.csv"
    file.write_text("\n".join([head, *rows]) + "\n")
    return file


def refused(file: Path) -> list[str]:
    with pytest.raises(CatalogError) as error:
        read_whole_run_rows(file)
    return [str(fault) for fault in error.value.faults]


def test_a_row_is_read_into_numbers_of_one_unit(tmp_path: Path) -> None:
    (row,) = read_whole_run_rows(file_of(tmp_path, LLAMA))
    assert (row.model, row.gpu, row.precision, row.source) == ("llama-2-7b", "a100", "bf16", "paper")
    assert (row.packages_count, row.run_tokens, row.sequence_tokens) == (1024, 2e12, 4096)
    assert (row.batch_tokens, row.package_hours_count) == (4e6, 184320)
    assert row.where == "runs.csv row 2"


def test_recipe_format_and_source_may_be_left_out(tmp_path: Path) -> None:
    (row,) = read_whole_run_rows(file_of(tmp_path, "llama-2-7b,a100,1024,,2,,,0.18,"))
    assert (row.sequence_tokens, row.batch_tokens, row.precision, row.source) == (None, None, "", "")


def test_other_columns_are_kept(tmp_path: Path) -> None:
    (row,) = read_whole_run_rows(file_of(tmp_path, f"{LLAMA},mine", head=f"{HEAD},remark"))
    assert row.cells["remark"] == "mine"


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (",a100,1024,bf16,2,4096,4,0.18,", 'runs.csv row 2 column model = "": expected a value'),
        ("llama-2-7b,,1024,bf16,2,4096,4,0.18,", 'column gpu = "": expected a value'),
        ("llama-2-7b,a100,,bf16,2,4096,4,0.18,", 'column gpus = "": expected a value'),
        ("llama-2-7b,a100,10.5,bf16,2,4096,4,0.18,", 'column gpus = "10.5": expected a whole number'),
        ("llama-2-7b,a100,1024,bf16,0,4096,4,0.18,", 'column trillion_tokens = "0": expected a number above 0'),
        ("llama-2-7b,a100,1024,bf16,many,4096,4,0.18,", 'column trillion_tokens = "many": expected a number'),
        ("llama-2-7b,a100,1024,bf16,2,-1,4,0.18,", 'column sequence = "-1": expected a number above 0'),
        ("llama-2-7b,a100,1024,bf16,2,4096,nan,0.18,", 'column million_batch = "nan": expected a number'),
        ("llama-2-7b,a100,1024,bf16,2,4096,4,,", 'column million_gpu_hours = "": expected a value'),
        ('llama-2-7b,a100,1024,bf16,2,4096,4,"0,18",', "expected a number with a decimal point"),
        ("llama-2-7b,a100,1024", "3 cells: expected 9 as in the header"),
    ],
)
def test_a_row_that_is_no_run_is_named(tmp_path: Path, row: str, fault: str) -> None:
    (told,) = refused(file_of(tmp_path, LLAMA.replace("llama-2-7b", "first"), row))[:1]
    assert fault.replace("row 2", "row 3") in told


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    told = refused(file_of(tmp_path, ",a100,x,bf16,2,4096,4,0.18,", "llama-2-7b,a100,0,bf16,y,4096,4,0.18,"))
    assert len(told) == 4
    assert all("runs.csv row" in fault for fault in told)


def test_a_file_without_the_columns_is_refused(tmp_path: Path) -> None:
    (told,) = refused(file_of(tmp_path, "a,b", head="model,gpu"))
    assert "no column precision, source, gpus, trillion_tokens" in told
