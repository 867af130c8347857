"""Arrays that meet by their labels exactly, or not at all: settings of xarray and linopy while a question is answered.

Both libraries have one set of settings for the whole process. By default `a * b` drops in silence what does not match,
so every question that works with arrays holds these while it is answered, and puts back what it found.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Holders:
    """How many hold the settings now, and what puts back what the first of them found."""

    count: int = 0
    back: ExitStack = field(default_factory=ExitStack)


_HOLDERS = _Holders()
_LOCK = threading.Lock()


@contextmanager
def exact() -> Iterator[None]:
    """Exact joins and no attributes carried along in xarray, and v1 semantics in linopy; also a decorator.

    May be nested, and held by several threads at once: the first in sets, the last out puts back what the first found.
    Meanwhile all other code of the process sees these settings too, and where it changes one of them, that change is
    lost when the last is out: a program with array work of its own beside a question asks it in a process of its own.
    """
    with _LOCK:
        if not _HOLDERS.count:
            _hold(_HOLDERS.back)
        _HOLDERS.count += 1
    try:
        yield
    finally:
        with _LOCK:
            _HOLDERS.count -= 1
            if not _HOLDERS.count:
                _HOLDERS.back.close()


def _hold(back: ExitStack) -> None:
    import linopy  # here, so that what only names a question loads neither
    import xarray as xr

    back.enter_context(xr.set_options(arithmetic_join="exact", keep_attrs=False))
    # Not as `with linopy.options`, which at its end puts back every setting, those that others made meanwhile too.
    back.callback(linopy.options.set_value, semantics=linopy.options["semantics"])
    linopy.options["semantics"] = "v1"
