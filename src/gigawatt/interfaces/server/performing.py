"""What runs inside a worker process: orders come over a pipe as JSON, one at a time; replies go back the same way."""

from __future__ import annotations

import ctypes
import json
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gigawatt.errors import Fault
from gigawatt.interfaces.failing import INTERRUPTED, MISSED, Failure, failure, faulty
from gigawatt.interfaces.server import unsaid
from gigawatt.interfaces.server.asked import Reply, WorkOrder
from gigawatt.report.document import LANGUAGES, Language
from gigawatt.study.job import Cancelled, Job
from gigawatt.study.verbs import VERBS, Verb, named

if TYPE_CHECKING:
    from gigawatt.interfaces.answering import VerbOutcome

# What a job's folder holds besides what a report writes: the answer as JSON, and as plain text, and its document by
# language, for pages.
ANSWER, WORDS = "answer.json", "answer.txt"
PAGES: Mapping[Language, str] = {language: f"document.{language}.json" for language in LANGUAGES}
BUG = 1
# What a worker hears besides orders.
CANCEL = b'"cancel"'
_PR_SET_PDEATHSIG = 1

Say = Callable[[str, float | None], None]


def unheard(words: str, share_frac: float | None) -> None:
    """Nobody listens."""


def perform(order: WorkOrder, say: Say = unheard, cancelled: Callable[[], bool] = lambda: False) -> Reply:
    """The reply to an order. Whatever goes wrong is a reply as well."""
    try:
        return _performed(order, say, cancelled)
    except Cancelled:
        return cancelled_reply()
    except Exception as error:
        told = failure(error, unsaid.spelled(order.unsaid))
        return reply_of(told) if told else bug(order.verb, error)


def reply_of(found: Failure) -> Reply:
    """A failure as a reply."""
    return Reply(code=found.code, body=written(found.data()))


def bug(verb: str, error: Exception) -> Reply:
    """The reply where something is wrong with us, which standard error says in full."""
    traceback.print_exception(error)
    fault = Fault(path=verb, given=type(error).__name__, expected="an answer: this is a fault of Gigawatt")
    return reply_of(faulty("Bug", BUG, fault))


def cancelled_reply() -> Reply:
    """The reply to whoever has no more use for one."""
    fault = Fault(path="job", given="cancelled", expected="nothing more: whoever asked has no use for the answer")
    return reply_of(faulty("Cancelled", INTERRUPTED, fault))


def written(value: Any) -> bytes:
    """Strict JSON in UTF-8; where a text has what that cannot say, which is half a character, in ASCII."""
    try:
        return json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()


def _performed(order: WorkOrder, say: Say, cancelled: Callable[[], bool]) -> Reply:
    from gigawatt.interfaces.answering import answered, asked
    from gigawatt.study.files import write_whole

    verb = named(order.verb)
    if order.estimated:
        return Reply(code=0, body=written(_estimated(verb, order)))
    folder = None if order.folder is None else Path(order.folder)
    if folder is not None:
        for name in (ANSWER, WORDS, *PAGES.values()):  # those of a start which was not seen to end
            (folder / name).unlink(missing_ok=True)
    places = {} if folder is None else {"folder": folder}
    question = asked(verb, order.values, places)
    job = Job(progress=say, cancelled=cancelled, folder=folder, who=order.who)
    found = answered(verb, question, places, job, shown=order.told or bool(order.language))
    data = found.data(verb)
    if data.get("files") and folder is not None:
        data["files"] = {name: os.path.relpath(place, folder.resolve()) for name, place in found.files.items()}
    body = unsaid.body(written(data), order.unsaid)
    words = unsaid.words(_words(found), order.unsaid) if order.told or folder is not None else ""
    pages = {one: unsaid.body(_page(found, one), order.unsaid) for one in _languages(order)}
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / WORDS, words.encode(errors="replace"))
        for language, page in pages.items():
            write_whole(folder / PAGES[language], page)
        write_whole(folder / ANSWER, body)
    document = next((page for language, page in pages.items() if language == order.language), b"")
    return Reply(code=MISSED if found.missed else 0, body=body, words=words, document=document)


def _estimated(verb: Verb, order: WorkOrder) -> Mapping[str, Any]:
    from gigawatt.study.estimate import estimate
    from gigawatt.study.question import read

    return asdict(estimate(verb, read(verb.question(), order.values)))


def _languages(order: WorkOrder) -> tuple[Language, ...]:
    """Languages in which the document of an answer is read: all of them where it is kept."""
    return LANGUAGES if order.folder is not None else tuple(one for one in LANGUAGES if one == order.language)


def _page(found: VerbOutcome, language: Language) -> bytes:
    """The document of an answer for a page; nothing where it has none."""
    if found.document is None:
        return b""
    from gigawatt.report.document import Depth
    from gigawatt.report.language import said
    from gigawatt.report.writers import web

    return written(web.plain(said(found.document, language), Depth.FULL))


def _words(found: VerbOutcome) -> str:
    if found.document is None:
        return ""
    from gigawatt.report.writers import text

    return text.written(found.document)


def as_text(order: WorkOrder) -> bytes:
    """An order as it goes over the pipe."""
    return written(asdict(order))


def serve(pipe: Connection) -> None:
    """Do what comes over the pipe until it is closed, which ends this process whatever it is doing."""
    orders, cancel = queue.SimpleQueue[WorkOrder](), threading.Event()
    threading.Thread(target=_listen, args=(pipe, orders, cancel), daemon=True).start()
    _warm(orders)
    while True:
        order = orders.get()
        reply = perform(order, lambda words, share_frac: pipe.send_bytes(written([words, share_frac])), cancel.is_set)
        pipe.send_bytes(written({"code": reply.code, "words": reply.words, "memory_bytes": memory_bytes()}))
        pipe.send_bytes(reply.body)
        pipe.send_bytes(reply.document)


def _listen(pipe: Connection, orders: queue.SimpleQueue[WorkOrder], cancel: threading.Event) -> None:
    with suppress(EOFError, OSError):
        while True:
            text = pipe.recv_bytes()
            if text == CANCEL:
                cancel.set()
            else:
                cancel.clear()
                orders.put(WorkOrder(**json.loads(text)))
    os.killpg(0, signal.SIGKILL)  # with all that this one began


def _warm(orders: queue.SimpleQueue[WorkOrder]) -> None:
    """Load what short verbs need while nobody waits."""
    for module in _modules():
        if not orders.empty():
            return
        import_module(module)


def _modules() -> Iterator[str]:
    yield "gigawatt.interfaces.answering"
    for verb in VERBS:
        if not verb.long:
            yield from (f"gigawatt.study.{place.partition(':')[0]}" for place in (verb.asks, verb.answers))


def memory_bytes() -> int:
    """What this process holds of the machine's memory."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _bind(parent: int) -> None:
    """End with the thread that began this process, even in the middle of native code. Linux only; elsewhere the pipe
    says it."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def main() -> None:
    """What a worker process runs: its words are the number of the pipe, its parent's, and how far it gives way."""
    number, parent, niceness = map(int, sys.argv[1:])
    _bind(parent)
    with suppress(OSError):
        os.nice(niceness)
    os.set_inheritable(number, False)
    with suppress(OSError):  # the pipe is closed: nobody waits
        serve(Connection(number))


if __name__ == "__main__":
    main()
