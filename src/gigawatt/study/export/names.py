"""Names that schedulers take: labels of RFC 1123, each once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

# A label of RFC 1123 has at most so many characters; Slurm's names of clusters have fewer.
MOST, MOST_CLUSTER = 63, 40
# Names that a scheduler has given away already.
RESERVED = frozenset({"root", "normal", "default"})
_DIGITS_COUNT = 6


def label(text: str, most: int = MOST) -> str:
    """A text as a label: small letters, digits and dashes, a letter or digit at both ends.

    >>> label("Vera_Rubin, Max-P")
    'vera-rubin-max-p'
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:most].strip("-") or "x"


def group_name(programme: str, group: str) -> str:
    """The name of a group of a programme's work.

    >>> group_name("one-campus", "batch")
    'one-campus-batch'
    """
    return f"{programme[: MOST - 1 - len(group)].strip('-')}-{group}"


def labels(texts: Sequence[str], most: int = MOST) -> list[str]:
    """Labels of texts, no two alike: of texts that come to the same, one that is its label already keeps it.

    Otherwise the first does; the others have a dash and six digits of their own behind it.

    >>> labels(["a_b", "a-b"])
    ['a-b-f7e648', 'a-b']
    """
    found = [label(text, most) for text in texts]
    taken = {text for text, name in zip(texts, found, strict=True) if text == name} - RESERVED
    for n, (text, name) in enumerate(zip(texts, found, strict=True)):
        first = text == name and name in taken and name not in found[:n]
        if not first and (name in taken or name in RESERVED):
            digits = hashlib.sha256(f"{text}\n{texts[:n].count(text)}".encode()).hexdigest()[:_DIGITS_COUNT]
            found[n] = f"{label(name, most - _DIGITS_COUNT - 1)}-{digits}"
        taken.add(found[n])
    return found
