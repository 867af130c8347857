"""Traces of our own making in the forms in which they are published, and whole files read at once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gigawatt.errors import CatalogError, Fault
from gigawatt.readers.traces import read_trace
from gigawatt.tokens.serve.requests import Requests

FILES = Path(__file__).parent / "files"


@pytest.fixture
def files() -> Path:
    return FILES


@pytest.fixture
def trace(tmp_path: Path) -> Callable[..., Path]:
    """Writes lines into a file: `trace("a,b", "1,2")`."""

    def write(*lines: str, name: str = "trace.csv", end: str = "\n") -> Path:
        path = tmp_path / name
        path.write_bytes("".join(line + end for line in lines).encode())
        return path

    return write


@pytest.fixture
def refused() -> Callable[[Callable[[], object]], tuple[Fault, ...]]:
    """What is wrong with an input, once it is refused."""

    def faults(read: Callable[[], object]) -> tuple[Fault, ...]:
        with pytest.raises(CatalogError) as error:
            read()
        return error.value.faults

    return faults


@pytest.fixture
def drained(refused: Callable[..., tuple[Fault, ...]]) -> Callable[[Path], list[str]]:
    """The faults of a trace that is read to its end, as lines of text."""

    def faults(path: Path) -> list[str]:
        def read() -> list[Requests]:
            return list(read_trace(path).chunks)

        return [str(fault) for fault in refused(read)]

    return faults
