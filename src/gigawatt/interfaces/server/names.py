"""The one rule for what may be called how: names, ids, digests and labels, none of which is ever taken for a path."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from gigawatt.catalog.tables import KEY, Reader, check_plain
from gigawatt.errors import MOST_NAME, near, plain
from gigawatt.interfaces.server.asked import Caller, Refused, Role, Why

# An id of a job, which is that of its result, and the digest of what is in a file.
ID = re.compile(r"[0-9a-f]{32}")
DIGEST = re.compile(r"[0-9a-f]{64}")
# Between the name of a kept text and its version.
AT = "@"
MOST_LABEL = 200
MOST_VERSION = 999_999_999
# Names that are told where another was asked for, and those among which the nearest is looked for: each takes 0.1 ms.
MOST_TOLD, MOST_COMPARED = 40, 500
_VERSION = re.compile(r"[1-9][0-9]{0,8}")
_APART = re.compile(r"[^A-Za-z0-9._-]+")
_SLASHES = re.compile(r"[/\\]")


def split(text: str) -> tuple[str, int | None] | None:
    """Name and version of "plan", which is its last, or of "plan@3"; None where a text is neither.

    >>> split("plan@3"), split("plan"), split("../plan")
    (('plan', 3), ('plan', None), None)
    """
    name, at, version = text.partition(AT)
    if not KEY.fullmatch(name) or (at and not _VERSION.fullmatch(version)):
        return None
    return name, int(version) if at else None


def label(text: str) -> str:
    """What a file that is sent is called, in the one form that Unicode has for it. Raises Refused for what deceives the
    eye, or reads as a path, a digest or an id."""
    found, reader = unicodedata.normalize("NFC", text).strip(), Reader()
    check_plain(found, "name", False, reader)
    if (
        reader.faults
        or not 0 < len(found) <= MOST_LABEL
        or _SLASHES.search(found)
        or not found.strip(".")
        or DIGEST.fullmatch(found)
        or ID.fullmatch(found)
    ):
        expected = f"the name of a file without its folder: one line, at most {MOST_LABEL} characters"
        raise refused("wrong", "name", text, expected)
    return found


def file_name(label_: str, otherwise: str) -> str:
    """A label as the name of a file that any system takes; otherwise: where nothing is left of it.

    >>> file_name("März 2026 (Zähler).csv", "file"), file_name("..%2e/", "file")
    ('M-rz-2026-Z-hler-.csv', '2e-')
    """
    found = _APART.sub("-", label_).lstrip(".-")
    stem, dot, ending = found.rpartition(".")
    cut = f"{stem[: MOST_NAME - len(ending) - 1]}.{ending}" if dot and len(ending) < 10 else found[:MOST_NAME]
    return cut if cut.strip(".-") else otherwise


def quoted(text: str) -> str:
    """A text as a fault shows it: cut, and fit for a terminal."""
    return f'"{plain(text[:MOST_NAME])}"'


def listed(known: Iterable[str], given: str) -> str:
    """The names that are known, as many as somebody reads, and the nearest of them; of very many, those are compared
    first that begin alike."""
    found = list(known)
    alike = sorted(found, key=lambda name: name[:1] != given[:1])[:MOST_COMPARED]
    more = f" and {len(found) - MOST_TOLD:,} more" if len(found) > MOST_TOLD else ""
    return f"{', '.join(found[:MOST_TOLD]) or 'none yet'}{more}{near(given, alike)}"


def sayable(text: str) -> str:
    """A text that any database can be asked for: nothing that we keep has what this leaves out."""
    return text.replace("\0", "").encode(errors="ignore").decode()


def refused(why: Why, path: str, given: str, expected: str) -> Refused:
    """A refusal that shows what was given as a fault does."""
    return Refused(why, path, quoted(given), expected)


def need(caller: Caller, role: Role, what: str) -> None:
    """Raises Refused where whoever asks may not."""
    if not caller.may(role):
        raise Refused("forbidden", what, f"the role {caller.role}", f"the role {role}, or one that may do more")
