"""The door from a user's file to its text: what is no readable file of its kind is one fault, and nobody waits."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gigawatt.errors import CatalogError
from gigawatt.files import read_bytes, read_csv, read_json, read_text
from gigawatt.readers.inference_rows import read_inference_rows
from gigawatt.readers.series import read_price
from gigawatt.readers.training_rows import read_training_rows
from gigawatt.readers.weather import read_weather
from gigawatt.study.catalog import importing
from gigawatt.study.catalog.question import ImportModelQuestion
from gigawatt.study.job import Job


def import_config(file: Path) -> object:
    return importing.answer(ImportModelQuestion(config=str(file)), Job(folder=file.parent))


READERS = (read_price, read_weather, read_training_rows, read_inference_rows, import_config)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("suffix", [".csv", ".epw"])
def test_every_reader_refuses_what_is_no_file(tmp_path: Path, read: Callable[[Path], object], suffix: str) -> None:
    """faults K8: a folder, a pipe, a device, a name with a NUL"""
    os.mkfifo(tmp_path / f"pipe{suffix}")
    (tmp_path / f"folder{suffix}").mkdir()
    (tmp_path / "zero").with_suffix(suffix).symlink_to("/dev/zero")
    seen = {
        "pipe": "a pipe or a device",
        "folder": "a folder",
        "zero": "a pipe or a device",
        "a\0b": "a name that no file can have",
        "a\ud800b": "a name that no file can have",
        "none": "No such file or directory",
    }
    for name, given in seen.items():
        with pytest.raises(CatalogError) as caught:
            read(tmp_path / f"{name}{suffix}")
        (fault,) = caught.value.faults
        assert fault.given == given
        assert fault.expected.startswith("a readable ")
        assert str(fault).isprintable()


def test_a_file_beyond_the_bound_is_told(tmp_path: Path) -> None:
    """faults K8"""
    (tmp_path / "x.csv").write_bytes(b"0" * 1_000_001)
    with pytest.raises(CatalogError, match="more than 1 MB: expected a CSV file of at most 1 MB"):
        read_bytes(tmp_path / "x.csv", "CSV file", 1_000_000)


@pytest.mark.parametrize(("encoding", "given"), [("utf-16", "text in UTF-16"), ("latin-1", "binary data")])
def test_text_is_in_utf_8(tmp_path: Path, encoding: str, given: str) -> None:
    """faults K8"""
    (tmp_path / "x.csv").write_text("größe", encoding=encoding)
    with pytest.raises(CatalogError, match=f"{given}: expected a CSV file in UTF-8"):
        read_text(tmp_path / "x.csv", "CSV file")
    (tmp_path / "x.csv").write_text("größe", encoding="utf-8-sig")
    assert read_text(tmp_path / "x.csv", "CSV file") == "größe"


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ('{"a": 1, "a": 2}', 'the key "a" twice'),
        ("[" * 100_000, "nested too deeply"),
        ("9" * 9000, "Exceeds the limit"),
        ("{", "Expecting property name"),
    ],
)
def test_json_that_is_none(tmp_path: Path, text: str, given: str) -> None:
    """faults K8"""
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(CatalogError, match=f"{given}.*expected a JSON file in UTF-8"):
        read_json(tmp_path / "x.json")


def test_rows_of_a_csv_file_keep_their_lines(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b'\xef\xbb\xbfa,b\r\n\r\n"1\n2",3\r\n')
    assert read_csv(tmp_path / "x.csv") == [["a", "b"], [], ["1\n2", "3"]]
    (tmp_path / "x.csv").write_text('a,"b\n')
    with pytest.raises(CatalogError, match="expected a readable CSV file in UTF-8"):
        read_csv(tmp_path / "x.csv")
