"""Files that a user asked for: written whole or not at all, over nothing but what is ours, and known again."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from gigawatt.errors import Fault, OutputError
from gigawatt.study.workshop import whole_file

# What is read of a file to know whose it is.
HEAD_BYTES = 100_000
# Files of a folder that an error names before it only counts.
NAMED = 3


def write_whole(path: Path, content: str | bytes, beside: Path | None = None) -> None:
    """A file, whole or not at all; beside: the folder for the workshop, that of the file where none is given.

    Raises OSError, with what was there untouched, where the machine does not let it be written.
    """
    with whole_file(path, beside) as new:
        new.write_bytes(content.encode() if isinstance(content, str) else content)


def check_file(path: Path, option: str, is_ours: Callable[[str], bool]) -> None:
    """Refuse, before any work is done, a place where no file can be, and a file that is not an earlier one of ours.

    is_ours: whether a text is what we write there. An empty file is nobody's. Raises OutputError, naming the field, and
    PermissionError where the folder takes no new files.
    """
    try:
        path = path.resolve()
        if not path.parent.is_dir() or (path.exists() and not path.is_file()):
            raise refused(option, path, "a file in a folder that exists")
        free = _is_free(path, is_ours)
    except (OSError, ValueError, RuntimeError) as error:
        raise refused(option, _impossible(path, error), "a file that can be written") from error
    check_writable(path.parent)
    if not free:
        raise refused(option, f"{path}: not written here", "a new file, or an earlier one of the same kind")


def _is_free(path: Path, is_ours: Callable[[str], bool]) -> bool:
    with suppress(FileNotFoundError), path.open("rb") as stream:
        head = stream.read(HEAD_BYTES).decode(errors="replace")
        return not head or is_ours(head)
    return True


def check_folder(folder: Path) -> Path:
    """Where the folder that is named is or can be, whatever links lead there.

    Raises OutputError where none can be, PermissionError where the folder that would hold it takes no new files.
    """
    expected = "a folder that can be written"
    try:
        folder = folder.resolve()
        with suppress(FileNotFoundError):
            folder.stat()  # a name that is too long, a link that leads to itself
        nearest = next(parent for parent in (folder, *folder.parents) if parent.exists())
    except (OSError, ValueError, RuntimeError) as error:
        raise refused("out", _impossible(folder, error), expected) from error
    if not nearest.is_dir():
        given = f"{folder}: a file" if folder == nearest else f"{folder}: {nearest} cannot hold a folder"
        raise refused("out", given, expected)
    check_writable(nearest)
    return folder


def is_writable(folder: Path) -> bool:
    """Whether a folder is there and takes new files."""
    return os.path.isdir(folder) and os.access(folder, os.W_OK | os.X_OK)


def check_writable(folder: Path) -> None:
    """Raises PermissionError where a folder takes no new files."""
    if not is_writable(folder):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))


def refused(option: str, given: object, expected: str) -> OutputError:
    """A place that a field names and that is not taken."""
    return OutputError([Fault(path=option, given=str(given), expected=expected, asked=True)])


def _impossible(path: Path, error: Exception) -> str:
    return f"{str(path)[:80]!r}: {getattr(error, 'strerror', None) or error}"


def foreign(folder: Path, is_ours: Callable[[str], bool]) -> str:
    """What stands in a folder under names that are not ours, in words; nothing where all is ours. Links never are."""
    found = (
        path for path in folder.rglob("*") if path.is_symlink() or not is_ours(path.relative_to(folder).as_posix())
    )
    names = [path.relative_to(folder).as_posix() for path, _ in zip(found, range(NAMED + 1), strict=False)]
    return ", ".join(names[:NAMED]) + (" and more" if len(names) > NAMED else "")


def sha256(content: bytes) -> str:
    """The digest by which a file is known again."""
    return hashlib.sha256(content).hexdigest()


def sealed(values: Mapping[str, Any]) -> str:
    """Values as JSON that carries a digest of itself."""
    plain = json.loads(json.dumps(values, allow_nan=False))
    return json.dumps({**plain, "digest": _digest(plain)}, indent=1, allow_nan=False) + "\n"


def unsealed(text: str) -> dict[str, Any]:
    """What was sealed. Raises ValueError where it is no such JSON, or is not as it was written."""
    values = json.loads(text)
    if not isinstance(values, dict) or "digest" not in values:
        raise ValueError("not a file that was written here")
    digest = values.pop("digest")
    if digest != _digest(values):
        raise ValueError("changed after it was written")
    return values


def _digest(values: Mapping[str, Any]) -> str:
    return sha256(json.dumps(values, sort_keys=True).encode())
