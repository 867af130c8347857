"""The sentence that stands below each field of a record, for schemas, forms, help and the reference."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from functools import cache
from itertools import pairwise


@cache
def descriptions(cls: type) -> dict[str, str]:
    """Field of a dataclass → its sentence: the text that stands right below the field, on one line.

    Fields that another record passes on are among them. Raises OSError where the source of the class is not at hand.
    """
    records = [part for part in reversed(cls.__mro__) if "__dataclass_fields__" in vars(part)]
    return {name: text for record in records for name, text in _own(record)}


def _own(record: type) -> Iterator[tuple[str, str]]:
    body = ast.parse(textwrap.dedent(inspect.getsource(record))).body[0].body  # type: ignore[attr-defined]
    for entry, below in pairwise(body):
        if isinstance(entry, ast.AnnAssign) and isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            yield ast.unparse(entry.target), " ".join(str(below.value.value).split())
