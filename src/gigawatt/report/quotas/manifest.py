"""Objects of Kubernetes as text: YAML whose texts are written as JSON's, which every reader of YAML takes alike."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gigawatt.readers.quotas import KubeObject

_PLAIN_KEY = re.compile(r"[A-Za-z][A-Za-z0-9./-]*")


def text(objects: Sequence[KubeObject], remarks: Sequence[str] = ()) -> str:
    """A document for each object, below remarks as comments."""
    head = "".join(f"# {' '.join(line.split())}\n" for line in remarks)
    return head + "".join("---\n" + "".join(f"{line}\n" for line in _lines(one.body)) for one in objects)


def _lines(value: Any) -> Iterator[str]:
    """A mapping or a list in blocks; what is neither, or is empty, on one line."""
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _under(f"{_key(key)}:", item)
    elif isinstance(value, list | tuple) and value:
        for item in value:
            first, *rest = _lines(item)
            yield f"- {first}"
            yield from (f"  {line}" for line in rest)
    else:
        yield json.dumps(value, ensure_ascii=False, allow_nan=False)


def _under(head: str, item: Any) -> Iterator[str]:
    first, *rest = _lines(item)
    if isinstance(item, Mapping | list | tuple) and item:
        yield head
        yield from (f"  {line}" for line in (first, *rest))
    else:
        yield f"{head} {first}"


def _key(key: str) -> str:
    # Words that YAML 1.1 takes for true or false are never plain.
    return (
        key
        if _PLAIN_KEY.fullmatch(key) and key.lower() not in ("y", "n", "yes", "no", "on", "off")
        else json.dumps(key)
    )
