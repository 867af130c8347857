"""Pieces of a file: together they are its text, none cuts a line, and what is no text is refused."""

import os
from pathlib import Path

import pytest

from gigawatt.errors import CatalogError
from gigawatt.readers import lines
from gigawatt.readers.lines import pieces


@pytest.mark.parametrize("piece_bytes", [1, 4, 7, 1_000])
@pytest.mark.parametrize("text", ["", "a\n", "a", "one\ntwö\n\nthree", "\r\nx\r\ny"])
def test_pieces_are_whole_lines_and_together_the_text(tmp_path: Path, text: str, piece_bytes: int) -> None:
    file = tmp_path / "a.csv"
    for mark in ("", "\ufeff"):
        file.write_bytes((mark + text).encode())
        found = list(pieces(file, "file", piece_bytes))
        assert all(piece.endswith("\n") for piece in found)
        expected = text.replace("\r\n", "\n")
        assert "".join(found) == (expected if expected.endswith("\n") or not expected else expected + "\n")


def test_what_cannot_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.csv"
    os.mkfifo(tmp_path / "pipe")
    places = {file: "No such file", tmp_path: "a folder", tmp_path / "pipe": "a pipe", Path("\0"): "name"}
    for path, given in places.items():
        with pytest.raises(CatalogError, match=given):
            list(pieces(path, "table"))
    for data, given in (("a,b\n".encode("utf-16"), "UTF-16"), (b"a\xff\n", "binary data")):
        file.write_bytes(data)
        with pytest.raises(CatalogError, match=f"{given}: expected a readable table in UTF-8"):
            list(pieces(file, "table"))
    monkeypatch.setattr(lines, "MOST_LINE_BYTES", 10)
    file.write_text("short\n" + "long" * 4)
    with pytest.raises(CatalogError, match="a line of more than"):
        list(pieces(file, "table", 4))
