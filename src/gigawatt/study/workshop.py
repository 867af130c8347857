"""Workshops: temporary folders beside the place of what is made in them, and moved there in one step.

A lock tells the workshops of the living from those of the dead: it ends with its process, however that ends, and the
next to write beside it clears the workshop away.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, where nothing can be told of the dead, and their workshops stay
    fcntl = None  # type: ignore[assignment]

PREFIX = ".gigawatt-part-"
NAME = re.compile(re.escape(PREFIX) + "[a-z0-9_]{8}")
# What a workshop holds: its lock, what is being made, and the folder that this takes the place of.
LOCK, NEW, OLD = "lock", "new", "old"
TRIES = 20
# What a file system says that knows no locks.
LOCKLESS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL}


@contextmanager
def workshop(parent: Path) -> Iterator[Path]:
    """A temporary folder that is gone when the block ends; those that the dead left in `parent` are cleared first."""
    sweep(parent)
    place, lock = _begun(parent)
    try:
        yield place
    except OSError as error:
        if error.errno is not None and error.filename is None:
            error.filename = str(parent)  # a disk that is full does not say which
        raise
    finally:
        _clear(place)
        if lock is not None:
            os.close(lock)


@contextmanager
def whole_file(path: Path, beside: Path | None = None) -> Iterator[Path]:
    """The place of a file that becomes `path` when the block ends well, and is gone when it does not.

    beside: the folder for the workshop, that of the file where none is given.
    """
    path = path.resolve()
    with workshop(beside or path.parent) as place:
        yield place / NEW
        os.replace(place / NEW, path)


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """A new folder that becomes `folder`, in place of what is there, when the block ends well, and is gone when it does
    not.
    """
    folder = folder.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with workshop(folder.parent) as place:
        (place / NEW).mkdir()
        yield place / NEW
        put(place, folder)


def put(place: Path, folder: Path) -> None:
    """Make what is new in a workshop the folder, which is its neighbour. Should this process end between the two steps,
    the next to look gives back what was moved aside.
    """
    aside = place / OLD / folder.name
    for last in range(TRIES):
        shutil.rmtree(place / OLD, ignore_errors=True)
        aside.parent.mkdir()
        with suppress(FileNotFoundError):
            os.replace(folder, aside)
        try:
            os.replace(place / NEW, folder)
        except OSError as error:
            # Another put its own there in between: the last one stays.
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST) or last == TRIES - 1:
                raise
        else:
            return


def sweep(parent: Path) -> None:
    """Clear what the dead left in a folder: a folder that was moved aside stands again, all else goes."""
    with suppress(OSError):
        for place in [path for path in parent.iterdir() if fcntl is not None and _is_workshop(path)]:
            with suppress(OSError):
                lock = _locked(place)
                try:
                    _clear(place)
                finally:
                    os.close(lock)


def _is_workshop(path: Path) -> bool:
    return (
        NAME.fullmatch(path.name) is not None
        and path.is_dir()
        and not path.is_symlink()
        and {inner.name for inner in path.iterdir()} <= {LOCK, NEW, OLD}
    )


def _begun(parent: Path) -> tuple[Path, int | None]:
    """A new workshop with its lock; None where the file system, or the system, knows no locks."""
    for _ in range(TRIES):
        place = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        if fcntl is None:
            return place, None
        try:
            return place, _locked(place)
        except (BlockingIOError, FileNotFoundError):
            continue  # another took it for a dead one's in the moment before it had its lock
        except OSError as error:
            if error.errno in LOCKLESS:
                return place, None
            _clear(place)
            raise
    raise BlockingIOError(errno.EAGAIN, "no temporary folder can be held", str(parent))


def _locked(place: Path) -> int:
    """The lock of a workshop. Raises BlockingIOError where another has it or had it, and cleared the workshop away."""
    lock = os.open(place / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not os.path.samestat(os.fstat(lock), (place / LOCK).stat()):
            raise BlockingIOError(errno.EAGAIN, "cleared away", str(place))
    except OSError:
        os.close(lock)
        raise
    return lock


def _clear(place: Path) -> None:
    """Give back what was moved aside for something that never came, and take a workshop away."""
    aside = list((place / OLD).iterdir()) if (place / OLD).is_dir() and (place / NEW).exists() else []
    for old in aside:
        if not os.path.lexists(place.parent / old.name):
            os.replace(old, place.parent / old.name)
    shutil.rmtree(place, ignore_errors=True)
