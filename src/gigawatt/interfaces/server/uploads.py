"""Files that were sent: each once, by the digest of what is in it, whole or not at all; its name is only a label."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Row, delete, insert, select
from sqlalchemy.exc import IntegrityError

from gigawatt.interfaces.server import audit, names
from gigawatt.interfaces.server.asked import Caller, Refused
from gigawatt.interfaces.server.jobs import check_unneeded
from gigawatt.interfaces.server.settings import Settings
from gigawatt.interfaces.server.store import ServerStore, now
from gigawatt.interfaces.server.tables import UPLOADS
from gigawatt.study.workshop import NEW, workshop

# Below the server's folder: the files by their digest, and the same files by a name that a verb can show.
FOLDER, NAMED = "uploads", "named"
# How often two that write the same row at once try.
TRIES = 3
MOST_LISTED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadView:
    """A file that was sent."""

    digest: str
    """SHA-256 of what is in it, by which it is named."""
    name: str
    """What whoever sent it first calls it."""
    size_bytes: int
    """How long it is."""
    at: str
    """When it was sent."""
    who: str
    """Who sent it."""


@dataclass(slots=True, kw_only=True)
class Incoming:
    """A file on its way: nobody sees it before it is kept."""

    settings: Settings
    store: ServerStore
    caller: Caller
    name: str
    place: Path
    stream: BinaryIO
    size_bytes: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    def take(self, chunk: bytes) -> None:
        """The next bytes. Raises Refused where the file becomes too long, OSError where the disk is full."""
        self.size_bytes += len(chunk)
        most = self.settings.limits.upload_bytes
        if self.size_bytes > most:
            raise Refused("long", "body", f"more than {most:,} bytes", f"a file of at most {most:,} bytes")
        self.stream.write(chunk)
        self.digest.update(chunk)

    def keep(self, said_bytes: int | None = None) -> UploadView:
        """Keep it, all of it. said_bytes: how long it was said to be. Raises Refused where it was cut off."""
        if said_bytes is not None and said_bytes != self.size_bytes:
            given = f"{self.size_bytes:,} of {said_bytes:,} bytes"
            raise Refused("wrong", "body", given, "all of the file, which did not arrive")
        self.stream.flush()
        os.fsync(self.stream.fileno())
        self.stream.close()
        found = UploadView(
            digest=self.digest.hexdigest(),
            name=self.name,
            size_bytes=self.size_bytes,
            at=now(),
            who=self.caller.name,
        )
        return _noted(self.settings, self.store, self.caller, found, self.place)


@contextmanager
def begin(settings: Settings, store: ServerStore, caller: Caller, name: str) -> Iterator[Incoming]:
    """A file that is about to arrive; whatever is not kept when the block ends is gone. Raises Refused, or OSError."""
    with audit.refusals(store, caller, action="file sent", object=name):
        names.need(caller, "editor", "uploads")
        label = names.label(name)
    folder = settings.data / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with workshop(folder) as place, (place / NEW).open("xb") as stream:
        yield Incoming(settings=settings, store=store, caller=caller, name=label, place=place / NEW, stream=stream)


def receive(
    settings: Settings,
    store: ServerStore,
    caller: Caller,
    name: str,
    chunks: Iterable[bytes],
    said_bytes: int | None = None,
) -> UploadView:
    """Keep a stream of bytes, whole or not at all. Raises Refused, OSError, and whatever the stream raises."""
    with begin(settings, store, caller, name) as incoming:
        for chunk in chunks:
            incoming.take(chunk)
        return incoming.keep(said_bytes)


def listed(store: ServerStore, after: str = "", count: int = MOST_LISTED) -> list[UploadView]:
    """Files by their digest, those after one, a page of them."""
    query = select(UPLOADS).where(UPLOADS.c.digest > names.sayable(after)).order_by(UPLOADS.c.digest)
    with store.reading() as connection:
        return [_view(row) for row in connection.execute(query.limit(max(0, min(count, MOST_LISTED))))]


def find(store: ServerStore, text: str) -> UploadView:
    """The file of a digest, or of a label that one file alone has. Raises Refused where there is none."""
    if names.DIGEST.fullmatch(text):
        query = select(UPLOADS).where(UPLOADS.c.digest == text)
    elif len(text) <= names.MOST_LABEL and text.isprintable():
        query = select(UPLOADS).where(UPLOADS.c.name == unicodedata.normalize("NFC", text)).limit(names.MOST_TOLD)
    else:
        raise _absent(store, text)
    with store.reading() as connection:
        found = [_view(row) for row in connection.execute(query)]
    if not found:
        raise _absent(store, text)
    if len(found) > 1:
        expected = f"the digest of one of them: {', '.join(one.digest for one in found)}"
        raise Refused("wrong", "upload", f"{len(found)} files called {names.quoted(text)}", expected)
    return found[0]


def path(settings: Settings, found: UploadView) -> Path:
    """Where a file lies. Raises Refused where it is gone, or something else is in its place."""
    place = settings.data.absolute() / FOLDER / found.digest
    with suppress(OSError):
        if stat.S_ISREG(place.lstat().st_mode):
            return place
    raise names.refused("absent", "upload", found.digest, "a file that is still there; send it again")


def laid(settings: Settings, found: UploadView) -> Path:
    """A file under a name that verbs can show, whose ending says what it is. Raises Refused, or OSError."""
    source = path(settings, found)
    folder = settings.data.absolute() / NAMED / found.digest
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / names.file_name(found.name, found.digest)
    with suppress(OSError):
        if os.path.samestat(source.lstat(), place.lstat()):
            return place
    with workshop(folder) as shop:
        try:
            os.link(source, shop / NEW)
        except OSError:  # a file system without links of its own
            shutil.copyfile(source, shop / NEW)
        os.replace(shop / NEW, place)
    return place


def remove(settings: Settings, store: ServerStore, caller: Caller, text: str) -> UploadView:
    """Forget a file. Raises Refused where there is none, or where a job that is not over needs it."""
    with audit.refusals(store, caller, action="file removed", object=text):
        return _removed(settings, store, caller, text)


def _removed(settings: Settings, store: ServerStore, caller: Caller, text: str) -> UploadView:
    names.need(caller, "editor", "uploads")
    found = find(store, text)
    with store.writing() as connection:
        check_unneeded(connection, "upload", found.digest)
        connection.execute(delete(UPLOADS).where(UPLOADS.c.digest == found.digest))
        audit.add(connection, caller, action="file removed", object=f"{found.digest}, {found.name}")
        shutil.rmtree(settings.data / NAMED / found.digest, ignore_errors=True)
        (settings.data / FOLDER / found.digest).unlink(missing_ok=True)
    return found


def _noted(settings: Settings, store: ServerStore, caller: Caller, found: UploadView, place: Path) -> UploadView:
    """The row of a file, and the file in its place, together; whoever was first has named it."""
    for tried in range(TRIES):
        try:
            with store.writing() as connection:
                row = connection.execute(select(UPLOADS).where(UPLOADS.c.digest == found.digest)).first()
                if row is None:
                    values = {"bytes": found.size_bytes, "at": found.at, "who": found.who}
                    connection.execute(insert(UPLOADS).values(digest=found.digest, name=found.name, **values))
                    audit.add(connection, caller, action="file sent", object=f"{found.digest}, {found.name}")
                os.replace(place, settings.data / FOLDER / found.digest)
                return found if row is None else _view(row)
        except IntegrityError:
            if tried == TRIES - 1:
                raise
    raise AssertionError("the last try returns or raises")


def _view(row: Row[Any]) -> UploadView:
    return UploadView(digest=row.digest, name=row.name, size_bytes=row.bytes, at=row.at, who=row.who)


def _absent(store: ServerStore, text: str) -> Refused:
    with store.reading() as connection:
        known = connection.execute(select(UPLOADS.c.name).distinct().order_by(UPLOADS.c.name)).scalars().all()
    return names.refused("absent", "upload", text, f"a file that was sent: {names.listed(known, text)}")
