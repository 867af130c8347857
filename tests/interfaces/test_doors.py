"""The doors: whatever the machine does, one sentence, an exit code of its own, and no traceback."""

from __future__ import annotations

import errno
import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

import pytest

from gigawatt.errors import Conflict, Fault, Infeasible, ScenarioError, SolverFailure
from gigawatt.interfaces import cli, output
from gigawatt.interfaces.console import door
from gigawatt.interfaces.output import OutputLost

SHORT = ["--set", "horizon.report_end=2027Q4", "--set", "horizon.end=2028Q2"]
# A command of every kind that answers within seconds.
QUICK = [
    ["--help"],
    ["sweep", "--help"],
    ["--version"],
    ["check", "one-campus"],
    ["sources", "one-campus"],
    ["catalog", "list", "models"],
    ["catalog", "show", "NVIDIA GB200 NVL72"],
    ["claims", "--only", "largest"],
    ["allocate", "one-campus"],
    ["predict", "bridge", "--power", "300 MW", "--grid-wait", "3 years"],
    ["validate", "facility"],
    ["flywheel", "--backtest"],
]


def gigawatt(*arguments: str, cwd: Path, shell: str = '"$@"', **env: str) -> subprocess.CompletedProcess[str]:
    """A command as a line of bash has it, "$@" being the command; the exit code is that of the first in a pipe."""
    line = ["bash", "-c", f'{shell}; exit "${{PIPESTATUS[0]}}"', "bash", sys.executable, "-m", "gigawatt", *arguments]
    return subprocess.run(line, capture_output=True, text=True, cwd=cwd, env={**os.environ, **env}, check=False)


def fault_of(run: subprocess.CompletedProcess[str]) -> Any:
    error = json.loads(run.stderr.splitlines()[-1])["error"]
    (item,) = error["items"]
    assert set(item) == {"path", "given", "expected"}
    return error["kind"], item


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def left(command: Sequence[str], out: TextIO, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    """The exit code of a command that writes to a stream, and what it says on standard error."""
    told = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["gigawatt", *command])
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", told)
    monkeypatch.setattr(cli.signal, "signal", lambda *_: None)  # not of this process, which runs other tests
    code = 0
    try:
        cli.main()
    except SystemExit as ended:
        code = ended.code or 0
    told.seek(0)
    return code, told.read()


@pytest.mark.parametrize("command", QUICK, ids=" ".join)
def test_an_output_that_takes_no_more(command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """faults K7: a full and a closed standard output are 74, with one sentence."""
    reader, writer = os.pipe()
    os.close(reader)
    with open("/dev/full", "w") as full, os.fdopen(writer, "w") as closed:
        ends = [left(command, stream, monkeypatch) for stream in (full, closed)]
    for code, told in ends:
        assert code == 74, told
        *progress, line = told.splitlines()
        assert line.startswith("error: standard output = ")
        assert all(text.endswith("…") for text in progress)


@pytest.mark.parametrize("shell", ['"$@" > /dev/full', '"$@" | true'])
def test_the_end_of_a_process_whose_output_is_lost(tmp_path: Path, shell: str) -> None:
    """faults K7: no crash at exit, for which the exit code would be 120."""
    run = gigawatt("catalog", "list", cwd=tmp_path, shell=shell)
    assert run.returncode == 74, run.stderr
    (line,) = run.stderr.splitlines()
    assert line.startswith("error: standard output = ")


@pytest.mark.parametrize("command", [["check", "one-campus"], ["run", "--bogus"]], ids=" ".join)
def test_streams_that_are_closed(tmp_path: Path, command: list[str]) -> None:
    """faults K7: without a standard output there is no answer; without a standard error it is given all the same."""
    run = gigawatt(*command, cwd=tmp_path, shell='"$@" >&-')
    assert run.returncode == (2 if "--bogus" in command else 74)
    assert "Traceback" not in run.stderr
    for shell in ('"$@" 2>&-', '"$@" 2>/dev/full'):
        silent = gigawatt(*command, cwd=tmp_path, shell=shell)
        assert silent.returncode == (2 if "--bogus" in command else 0)
        assert bool(silent.stdout) is ("--bogus" not in command)


def test_a_full_output_is_json_where_that_is_asked(tmp_path: Path) -> None:
    """faults K7: JSON under --json."""
    run = gigawatt("check", "one-campus", "--json", cwd=tmp_path, shell='"$@" > /dev/full')
    assert run.returncode == 74
    kind, item = fault_of(run)
    assert (kind, item["path"], item["given"]) == ("MachineFault", "standard output", "no space left on device")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
@pytest.mark.parametrize("command", QUICK, ids=" ".join)
def test_an_encoding_that_lacks_our_characters(
    command: list[str], encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """faults K7: a terminal or redirection that knows no minus, dash or middle dot still says all there is to say."""
    raw = io.BytesIO()
    code, told = left(command, io.TextIOWrapper(raw, encoding=encoding), monkeypatch)
    assert code == 0, told
    assert len(raw.getvalue().decode(encoding)) > 10
    assert encoding != "ascii" or raw.getvalue().isascii()


def test_json_in_any_encoding_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """faults K7: ensure_ascii where the encoding is not UTF-8."""
    found = []
    for encoding in ("ascii", "utf-8"):
        raw = io.BytesIO()
        assert left(["sources", "one-campus", "--json"], io.TextIOWrapper(raw, encoding=encoding), monkeypatch)[0] == 0
        found.append(raw.getvalue().decode(encoding))
    assert found[0].isascii()
    assert not found[1].isascii()
    assert json.loads(found[0]) == json.loads(found[1])


@pytest.mark.parametrize(
    ("text", "said"), [("−5 · 3–4 × 2 ≤ 9 … é λ", "-5 . 3-4 x 2 <= 9 ... e lambda"), ("\udcff漢", "??")]
)
def test_what_is_said_where_an_encoding_lacks_a_character(text: str, said: str) -> None:
    """faults K7: a minus is never lost."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    output.codecs.register_error(output.PLAIN, output.plain)
    output.Stream(stream, loud=True).write(text)
    stream.flush()
    assert raw.getvalue().decode() == said


@pytest.mark.parametrize(
    ("error", "code", "kind", "path", "given"),
    [
        (SolverFailure("HiGHS stopped with status Unbounded"), 70, "SolverFailure", "solver", "Unbounded"),
        (OSError(errno.ENOSPC, "no room", "/data/x"), 74, "MachineFault", "/data/x", "no space left"),
        (PermissionError(errno.EACCES, "denied", "/data/x"), 74, "MachineFault", "/data/x", "permission denied"),
        (MemoryError(), 74, "MachineFault", "memory", "not enough"),
        (ImportError("x.so: failed to map segment from shared object"), 74, "MachineFault", "memory", "failed to map"),
        (RuntimeError("can't start new thread"), 74, "MachineFault", "memory", "thread"),
        (ChildProcessError("3 workers in a row"), 74, "MachineFault", "workers", "3 workers"),
        (OutputLost("broken pipe"), 74, "MachineFault", "standard output", "broken pipe"),
        (ScenarioError([Fault(path="a", given="b", expected="c")]), 2, "ScenarioError", "a", "b"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_each_has_its_code_and_sentence(
    capsys: pytest.CaptureFixture[str], error: Exception, code: int, kind: str, path: str, given: str
) -> None:
    """faults K7: what a door knows, for people and for programs."""
    for json_asked in (True, False):
        with pytest.raises(SystemExit) as caught, door(json_asked):
            raise error
        assert caught.value.code == code
        told = capsys.readouterr()
        assert told.out == ""
        if json_asked:
            found = json.loads(told.err)["error"]
            assert (found["kind"], found["items"][0]["path"]) == (kind, path)
            assert given in found["items"][0]["given"]
        else:
            (line,) = told.err.splitlines()
            assert line.startswith(f"error: {path} = ")


@pytest.mark.parametrize("error", [RuntimeError("a bug"), ValueError("a bug"), ImportError("no module"), KeyError(1)])
def test_our_bugs_are_not_dressed_up(error: Exception) -> None:
    with pytest.raises(type(error)), door(True):
        raise error


def test_infeasible_is_as_before(capsys: pytest.CaptureFixture[str]) -> None:
    conflict = Conflict(limit="supply", period="2026Q3", site="", short_by=float("nan"), unit="racks")
    with pytest.raises(SystemExit) as caught, door(True):
        raise Infeasible([conflict])
    assert caught.value.code == 3
    assert json.loads(capsys.readouterr().err)["error"]["items"][0]["short_by"] is None


@pytest.mark.slow
def test_a_disk_that_is_full_leaves_the_earlier_result(tmp_path: Path) -> None:
    """faults K7: no room while a result is written: the earlier one stands, nothing is left beside it, and it is 74."""
    asked = ["run", "one-campus", *SHORT, "--out", "p", "--json"]
    assert gigawatt(*asked, cwd=tmp_path).returncode == 0
    before = tree(tmp_path)
    run = gigawatt(*asked, cwd=tmp_path, shell='ulimit -f 20; "$@"')
    assert run.returncode == 74, run.stderr
    kind, item = fault_of(run)
    assert (kind, item["path"]) == ("MachineFault", str(tmp_path.resolve()))
    assert "Traceback" not in run.stderr
    assert tree(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == ["p"]
    sweep = gigawatt(
        *["sweep", "one-campus", *SHORT, "--draws", "2", "--workers", "1", "--out", "s", "--json"],
        cwd=tmp_path,
        shell='ulimit -f 20; "$@"',
    )
    assert sweep.returncode == 74, sweep.stderr
    assert fault_of(sweep)[0] == "MachineFault"
    assert [path.name for path in (tmp_path / "s").iterdir() if path.name.startswith(".")] == []


def test_too_little_memory_is_said(tmp_path: Path) -> None:
    """faults K7: memory that ends in the middle of the work, for which an allocation of ours is made to fail."""
    code = (
        "import resource, sys; from gigawatt.interfaces import cli; from gigawatt.study.check import answer\n"
        "import numpy as np; answer.outline = lambda *_: np.ones(2**50)\n"
        "sys.argv = ['gigawatt', 'check', 'one-campus', '--json']; cli.main()"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert run.returncode == 74, run.stderr
    assert fault_of(run)[1]["path"] == "memory"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "name", "new"),
    [
        (["allocate", "one-campus", "--out"], "notes.svg", "drawn"),
        (["flywheel", "--backtest", "--out"], "notes.svg", "drawn"),
        (["validate", "facility", "--predictions"], "notes.csv", "new-notes.csv"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else value,
)
def test_a_file_of_somebody_else_is_refused_and_one_of_ours_replaced(
    tmp_path: Path, command: Sequence[str], name: str, new: str
) -> None:
    """faults K1: the place that an option names, such as the measurements that were read."""
    (tmp_path / name).write_text("mine, all mine\n1,2\n")
    run = gigawatt(*command, name, "--json", cwd=tmp_path)
    assert run.returncode == 2
    assert fault_of(run)[1]["path"] == command[-1]
    assert (tmp_path / name).read_text() == "mine, all mine\n1,2\n"
    for _ in range(2):
        assert gigawatt(*command, new, cwd=tmp_path).returncode == 0
    assert {path.name for path in tmp_path.iterdir()} == {new, name}


@pytest.mark.slow
def test_results_and_sweeps_do_not_take_each_others_places(tmp_path: Path) -> None:
    """faults K1: a run into a sweep's folder, a sweep into a result's, either into anybody's."""
    run = ["run", "one-campus", *SHORT, "--json", "--out"]
    sweep = ["sweep", "one-campus", *SHORT, "--draws", "2", "--workers", "1", "--vary", "demand", "--json", "--out"]
    assert gigawatt(*run, "r", cwd=tmp_path).returncode == 0
    assert gigawatt(*sweep, "s", cwd=tmp_path).returncode == 0
    (tmp_path / "p" / "thesis").mkdir(parents=True)
    (tmp_path / "p" / "result.json").write_text('{"mine": true}')
    (tmp_path / "p" / "thesis" / "chapter").write_text("years")
    before = tree(tmp_path)
    for asked in ([*run, "s"], [*sweep, "r"], [*run, "p"], [*sweep, "p"], [*run, "p/result.json"]):
        refused = gigawatt(*asked, cwd=tmp_path)
        assert refused.returncode == 2, asked
        assert fault_of(refused)[1]["path"] == "--out"
        assert "solving" not in refused.stderr
    assert tree(tmp_path) == before


def test_a_limit_that_is_missed_by_nobody_knows_how_much_says_so_without_a_place() -> None:
    conflict = Conflict(limit="capital.minimum_cash", period="", site="", short_by=float("nan"), unit="USD")
    assert str(conflict) == "capital.minimum_cash: short, by how much is not known"
