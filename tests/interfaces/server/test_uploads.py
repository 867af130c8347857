"""Files that are sent are kept whole or not at all, once each, and what they are called is never a path."""

from __future__ import annotations

import errno
import hashlib
import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import insert

from gigawatt.interfaces.server import uploads
from gigawatt.interfaces.server.asked import Caller, Refused
from gigawatt.interfaces.server.settings import ServerLimits, Settings
from gigawatt.interfaces.server.store import ServerStore, now
from gigawatt.interfaces.server.tables import JOBS

ADA = Caller(name="ada", role="editor", door="http")
VIEWER = Caller(name="vic", role="viewer", door="http")
DATA = b"timestamp,kwh\n2026-01-01T00:00:00Z,1\n"
NAMES_THAT_DECEIVE = [
    "",
    " ",
    ".",
    "..",
    "../meter.csv",
    "/etc/passwd",
    "a\\b.csv",
    "C:\\meter.csv",
    "meter\0.csv",
    "meter\n.csv",
    "meter\x1b[31m.csv",
    "\u202etxt.exe",
    "\u2066meter",
    "\ud800",
    "x" * 10_000,
    "0" * 64,
    "a" * 32,
]


def files_in(settings: Settings) -> set[str]:
    """Every file below the uploads, whoever put it there."""
    return {path.name for path in (settings.data / uploads.FOLDER).rglob("*") if path.is_file()}


def test_a_file_is_kept_by_the_digest_of_what_is_in_it(settings: Settings, store: ServerStore) -> None:
    found = uploads.receive(settings, store, ADA, "meter.csv", [DATA[:5], DATA[5:]], len(DATA))
    assert found.digest == hashlib.sha256(DATA).hexdigest()
    assert (found.size_bytes, found.who, found.name) == (len(DATA), "ada", "meter.csv")
    assert uploads.path(settings, found).read_bytes() == DATA
    assert uploads.find(store, "meter.csv") == uploads.find(store, found.digest) == found
    assert uploads.listed(store) == [found]
    assert files_in(settings) == {found.digest}


def test_the_same_bytes_are_kept_once_and_called_what_the_first_calls_them(
    each_settings: Settings, each_store: ServerStore
) -> None:
    first = uploads.receive(each_settings, each_store, ADA, "meter.csv", [DATA])
    assert uploads.receive(each_settings, each_store, VIEWER_TURNED_EDITOR, "other.csv", [DATA]) == first
    assert uploads.listed(each_store) == [first]


VIEWER_TURNED_EDITOR = replace(VIEWER, role="editor")


def test_two_that_send_the_same_bytes_at_once_both_have_them(each_settings: Settings, each_store: ServerStore) -> None:
    def send(number: int) -> uploads.UploadView:
        return uploads.receive(each_settings, each_store, ADA, f"{number}.csv", [DATA] * 50)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(send, range(16)))
    assert len({one.name for one in found}) == 1
    assert len(uploads.listed(each_store)) == 1
    assert uploads.path(each_settings, found[0]).read_bytes() == DATA * 50


def test_a_name_that_deceives_is_refused_before_a_byte_is_taken(settings: Settings, store: ServerStore) -> None:
    for name in NAMES_THAT_DECEIVE:
        with pytest.raises(Refused) as refused:
            uploads.receive(settings, store, ADA, name, iter_that_fails())
        assert (refused.value.why, refused.value.path) == ("wrong", "name")
        assert refused.value.given.isprintable()
        assert len(refused.value.given) < 1_000


def iter_that_fails() -> Iterator[bytes]:
    pytest.fail("bytes were taken")
    yield b""


@pytest.mark.parametrize(
    "name", ["%2e%2e", "%252e%252e%2fmeter.csv", "<script>alert(1)</script>.csv", "März 'x' \".csv"]
)
def test_a_name_is_a_label_and_leaves_no_trace_on_the_disk(settings: Settings, store: ServerStore, name: str) -> None:
    name = name.replace("/", "")
    found = uploads.receive(settings, store, ADA, name, [DATA])
    assert found.name == name
    assert uploads.find(store, name) == found
    place = uploads.laid(settings, found)
    assert place.parent == (settings.data / uploads.NAMED / found.digest).absolute()
    assert not set(place.name) & set("%<>/'\" \\")
    assert place.read_bytes() == DATA


def test_a_name_is_found_in_either_form_of_unicode_but_not_by_a_lookalike(
    settings: Settings, store: ServerStore
) -> None:
    found = uploads.receive(settings, store, ADA, "M\u00e4rz.csv", [DATA])
    assert uploads.find(store, "Ma\u0308rz.csv") == found
    with pytest.raises(Refused, match=r"did you mean \"M.*rz\.csv\""):
        uploads.find(store, "M\u00e4rz.\u0441sv")


def test_a_file_keeps_the_ending_that_says_what_it_is(settings: Settings, store: ServerStore) -> None:
    found = uploads.receive(settings, store, ADA, f"{'x' * 150}.epw", [DATA])
    place = uploads.laid(settings, found)
    assert place.suffix == ".epw"
    assert len(place.name) <= 80
    assert uploads.laid(settings, found) == place


def test_a_file_that_is_cut_off_is_not_kept(settings: Settings, store: ServerStore) -> None:
    def broken() -> Iterator[bytes]:
        yield DATA
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        uploads.receive(settings, store, ADA, "meter.csv", broken())
    with pytest.raises(Refused) as refused:
        uploads.receive(settings, store, ADA, "meter.csv", [DATA], len(DATA) + 1)
    assert refused.value.why == "wrong"
    assert uploads.listed(store) == []
    assert files_in(settings) == set()


def test_a_file_that_is_too_long_is_refused_as_soon_as_it_is(settings: Settings, store: ServerStore) -> None:
    small = replace(settings, limits=ServerLimits(upload_bytes=100))
    taken = []

    def endless() -> Iterator[bytes]:
        while True:
            taken.append(1)
            yield b"x" * 60

    with pytest.raises(Refused) as refused:
        uploads.receive(small, store, ADA, "meter.csv", endless())
    assert refused.value.why == "long"
    assert len(taken) == 2
    assert files_in(settings) == set()


def test_a_disk_that_is_full_leaves_nothing(
    settings: Settings, store: ServerStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with uploads.begin(settings, store, ADA, "meter.csv") as incoming:
        incoming.stream.close()
        incoming.stream = open("/dev/full", "wb", buffering=0)  # noqa: SIM115 (closed where the block ends)
        with incoming.stream, pytest.raises(OSError, match="No space left"):
            incoming.take(DATA)
    monkeypatch.setattr(uploads.os, "fsync", lambda _: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
    with pytest.raises(OSError, match="full"):
        uploads.receive(settings, store, ADA, "meter.csv", [DATA])
    assert uploads.listed(store) == []
    assert files_in(settings) == set()


def _send_and_hang(settings: Settings, ready: multiprocessing.synchronize.Event) -> None:
    with uploads.begin(settings, ServerStore(settings), ADA, "meter.csv") as incoming:
        incoming.take(DATA)
        incoming.stream.flush()
        ready.set()
        signal.pause()


def test_a_server_that_is_killed_in_the_middle_leaves_nothing_half(settings: Settings, store: ServerStore) -> None:
    context = multiprocessing.get_context("fork")
    ready = context.Event()
    child = context.Process(target=_send_and_hang, args=(settings, ready))
    child.start()
    assert ready.wait(20)
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    assert uploads.listed(store) == []
    found = uploads.receive(settings, store, ADA, "meter.csv", [DATA])
    assert files_in(settings) == {found.digest}  # what the dead left was cleared away


def test_a_link_in_the_place_of_a_file_is_not_followed(settings: Settings, store: ServerStore, tmp_path: Path) -> None:
    found = uploads.receive(settings, store, ADA, "meter.csv", [DATA])
    secret = tmp_path / "secret"
    secret.write_text("of the machine")
    place = settings.data / uploads.FOLDER / found.digest
    place.unlink()
    place.symlink_to(secret)
    for use in (uploads.path, uploads.laid):
        with pytest.raises(Refused) as refused:
            use(settings, found)
        assert refused.value.why == "absent"


def test_a_link_in_the_place_of_a_named_file_is_replaced(
    settings: Settings, store: ServerStore, tmp_path: Path
) -> None:
    found = uploads.receive(settings, store, ADA, "meter.csv", [DATA])
    secret = tmp_path / "secret"
    secret.write_text("of the machine")
    place = uploads.laid(settings, found)
    place.unlink()
    place.symlink_to(secret)
    assert uploads.laid(settings, found).read_bytes() == DATA
    assert secret.read_text() == "of the machine"


def test_what_was_not_sent_is_refused_in_the_same_words_whatever_the_machine_has(
    settings: Settings, store: ServerStore
) -> None:
    uploads.receive(settings, store, ADA, "meter.csv", [DATA])
    for text in ("../server.db", "/etc/passwd", "\0", "x" * 10_000, "%2e%2e", "\ud800", "f" * 64):
        with pytest.raises(Refused) as refused:
            uploads.find(store, text)
        assert (refused.value.why, refused.value.path) == ("absent", "upload")
        assert refused.value.expected == "a file that was sent: meter.csv"


def test_a_label_of_two_files_names_neither(settings: Settings, store: ServerStore) -> None:
    digests = {uploads.receive(settings, store, ADA, "meter.csv", [data]).digest for data in (b"1", b"2")}
    with pytest.raises(Refused) as refused:
        uploads.find(store, "meter.csv")
    assert refused.value.why == "wrong"
    assert all(digest in refused.value.expected for digest in digests)


def test_a_file_is_removed_with_its_names(settings: Settings, store: ServerStore) -> None:
    found = uploads.receive(settings, store, ADA, "meter.csv", [DATA])
    named = uploads.laid(settings, found)
    assert uploads.remove(settings, store, ADA, "meter.csv") == found
    assert uploads.listed(store) == []
    assert files_in(settings) == set()
    assert not named.parent.exists()


def test_a_file_that_a_job_waits_for_stays(each_settings: Settings, each_store: ServerStore) -> None:
    found = uploads.receive(each_settings, each_store, ADA, "meter.csv", [DATA])
    with each_store.writing() as connection:
        job = {
            "id": "1" * 32,
            "verb": "ledger import",
            "question": "{}",
            "order": str(uploads.laid(each_settings, found)),
        }
        connection.execute(insert(JOBS).values(**job, who="ada", state="waiting", created=now(), estimate_cpu_s=1.0))
    with pytest.raises(Refused) as refused:
        uploads.remove(each_settings, each_store, ADA, found.digest)
    assert refused.value.why == "conflict"
    assert uploads.path(each_settings, found).read_bytes() == DATA


def test_who_may_only_look_sends_and_removes_nothing(settings: Settings, store: ServerStore) -> None:
    with pytest.raises(Refused) as refused:
        uploads.receive(settings, store, VIEWER, "meter.csv", iter_that_fails())
    assert refused.value.why == "forbidden"
    found = uploads.receive(settings, store, ADA, "meter.csv", [DATA])
    with pytest.raises(Refused) as refused:
        uploads.remove(settings, store, VIEWER, found.digest)
    assert refused.value.why == "forbidden"
    assert uploads.listed(store) == [found]


def test_a_page_of_files_goes_on_after_the_last(settings: Settings, store: ServerStore) -> None:
    sent = {uploads.receive(settings, store, ADA, f"{n}.csv", [bytes([n])]).digest for n in range(5)}
    first = uploads.listed(store, count=3)
    rest = uploads.listed(store, after=first[-1].digest)
    assert [one.digest for one in (*first, *rest)] == sorted(sent)
