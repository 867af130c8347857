"""Workshops: what the dead leave is cleared, the living are left alone, and nothing that is not ours is touched."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gigawatt.errors import OutputError
from gigawatt.study import workshop
from gigawatt.study.files import check_file, write_whole
from gigawatt.study.workshop import NEW, put, sweep

OURS = "row,measured,p50"
# A process that ends without a word at the point that its last argument names.
DYING = """
import os, signal, sys
from pathlib import Path
from gigawatt.study import workshop
folder, point = Path(sys.argv[1]), sys.argv[2]
replace = os.replace
def dying(source, target):
    if point == "before" or (point == "between" and Path(target) == folder):
        os.kill(os.getpid(), signal.SIGKILL)
    replace(source, target)
workshop.os.replace = dying
with workshop.workshop(folder.parent) as place:
    (place / "new").mkdir()
    (place / "new" / "figures").write_text("second")
    if point == "making":
        os.kill(os.getpid(), signal.SIGKILL)
    workshop.put(place, folder)
    if point == "after":
        os.kill(os.getpid(), signal.SIGKILL)
"""


def killed(folder: Path, point: str) -> None:
    child = subprocess.run([sys.executable, "-c", DYING, str(folder), point], check=False)
    assert child.returncode == -signal.SIGKILL


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("point", "left"), [("making", "first"), ("before", "first"), ("between", "first"), ("after", "second")]
)
def test_a_kill_leaves_one_that_is_whole_and_the_next_clears_the_rest(tmp_path: Path, point: str, left: str) -> None:
    """faults K13: at whatever step of taking the place of a folder a process is killed, one of old and new stands."""
    folder = tmp_path / "result"
    folder.mkdir()
    (folder / "figures").write_text("first")
    killed(folder, point)
    assert any(path.name.startswith(workshop.PREFIX) for path in tmp_path.iterdir())
    assert folder.exists() is (point != "between")
    sweep(tmp_path)
    assert names(tmp_path) == ["result"]
    assert (folder / "figures").read_text() == left


def test_what_was_moved_aside_does_not_come_back_over_what_came_later(tmp_path: Path) -> None:
    """faults K13: killed between the two steps, and another has put its own there since."""
    folder = tmp_path / "result"
    folder.mkdir()
    killed(folder, "between")
    folder.mkdir()
    (folder / "figures").write_text("third")
    sweep(tmp_path)
    assert names(tmp_path) == ["result"]
    assert (folder / "figures").read_text() == "third"


def test_the_workshop_of_the_living_is_left_alone(tmp_path: Path) -> None:
    """faults K13: one that works beside us is not swept, even by the same process."""
    with workshop.workshop(tmp_path) as place:
        (place / NEW).write_text("half")
        sweep(tmp_path)
        write_whole(tmp_path / "other", "whole")
        assert (place / NEW).read_text() == "half"
    assert names(tmp_path) == ["other"]


def test_what_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    """faults K13: a name like ours that holds something else, a file, a link."""
    mine = tmp_path / ".gigawatt-part-00000000"
    mine.mkdir()
    (mine / "letter.txt").write_text("dear")
    (tmp_path / ".gigawatt-part-11111111").write_text("a file")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / ".gigawatt-part-22222222").symlink_to(tmp_path / "elsewhere")
    (tmp_path / ".gigawatt-part-settings.d").mkdir()
    before = names(tmp_path)
    sweep(tmp_path)
    write_whole(tmp_path / "x", "x")
    assert names(tmp_path) == sorted([*before, "x"])
    assert (mine / "letter.txt").read_text() == "dear"


def test_two_that_take_the_same_place_leave_one(tmp_path: Path) -> None:
    folder = tmp_path / "result"
    with workshop.workshop(tmp_path) as one, workshop.workshop(tmp_path) as two:
        for place in (one, two):
            (place / NEW).mkdir()
            (place / NEW / place.name).write_text("")
        put(one, folder)
        put(two, folder)
        assert names(folder) == [two.name]
    assert names(tmp_path) == ["result"]


def test_a_file_that_cannot_be_written_leaves_the_earlier_one(tmp_path: Path) -> None:
    """faults K7: no room on the disk."""
    (tmp_path / "a").write_text("first")
    code = (
        "from pathlib import Path; from gigawatt.study.files import write_whole; write_whole(Path('a'), 'x' * 100000)"
    )
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)); {code}"
    child = subprocess.run([sys.executable, "-c", limited], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "OSError" in child.stderr
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_text() == "first"


def test_a_drawing_takes_the_place_of_a_drawing_only(tmp_path: Path) -> None:
    """faults K1: a file of somebody else's is no place for ours, and neither is a device or a folder."""

    def check(path: Path) -> None:
        check_file(path, "predictions", lambda text: text.startswith(OURS))

    for name, text in (("empty.csv", ""), ("ours.csv", f"{OURS}\n")):
        (tmp_path / name).write_text(text)
        check(tmp_path / name)
    check(tmp_path / "none.csv")
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "theirs.csv").write_text(f"date,{OURS}\n")
    (tmp_path / "link.csv").symlink_to(tmp_path / "notes.txt")
    refused = [tmp_path / name for name in ("notes.txt", "theirs.csv", "link.csv", "no/folder.csv", "x" * 300)]
    for path in (*refused, tmp_path, Path(os.devnull)):
        with pytest.raises(OutputError, match="predictions = "):
            check(path)
    assert (tmp_path / "notes.txt").read_text() == "mine"
