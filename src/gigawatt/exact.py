"""Arrays that meet by their labels exactly, or not at all: settings of xarray and linopy while a question is answered.

Both libraries have one set of settings for the whole process. By default `a * b` drops in silence what does not match,
so every question that works with arrays holds these while it is answered, and puts back what it found. linopy takes a
third of a second to load: it is loaded by those who state equations in its terms, and by nobody else.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from types import SimpleNamespace


@dataclass(slots=True)
class _Holders:
    """How many hold the settings now, whether those of linopy are among them, and what puts back what was found."""

    count: int = 0
    equations: bool = False
    back: ExitStack = field(default_factory=ExitStack)


_HOLDERS = _Holders()
_LOCK = threading.Lock()


@contextmanager
def exact() -> Iterator[None]:
    """Exact joins and no attributes carried along in xarray, and v1 semantics in linopy, where it is loaded; also a
    decorator.

    May be nested, and held by several threads at once: the first in sets, the last out puts back what the first found.
    Meanwhile all other code of the process sees these settings too, and where it changes one of them, that change is
    lost when the last is out: a program with array work of its own beside a question asks it in a process of its own.
    """
    with _LOCK:
        _hold(_HOLDERS)
        _HOLDERS.count += 1
    try:
        yield
    finally:
        with _LOCK:
            _HOLDERS.count -= 1
            if not _HOLDERS.count:
                _HOLDERS.back.close()
                _HOLDERS.equations = False


@contextmanager
def equations() -> Iterator[None]:
    """As `exact`, and loads linopy before, for a function that states equations in its terms; also a decorator."""
    import_module("linopy")
    with exact():
        yield


def _hold(held: _Holders) -> None:
    import xarray as xr  # here, so that what only names a question does not load it

    if not held.count:
        held.back.enter_context(xr.set_options(arithmetic_join="exact", keep_attrs=False))
        _leave_dask(held.back)
    if not held.equations and "linopy" in sys.modules:
        # Not as `with linopy.options`, which at its end puts back every setting, those that others made meanwhile too.
        options = import_module("linopy").options
        held.back.callback(options.set_value, semantics=options["semantics"])
        options["semantics"] = "v1"
        held.equations = True


def _leave_dask(back: ExitStack) -> None:
    """Keep xarray from loading dask, which it does to ask of the first arrays that it sees whether they are dask's.

    To load it takes a third of a second and 28 MB, and no array here is. What has loaded dask before keeps it. xarray
    has no setting for this: where what it asks (in 2026.9) is no longer there, it loads dask as ever.
    """
    from xarray.namedarray import pycompat, utils

    types = getattr(pycompat, "_cached_duck_array_modules", None)
    asks = getattr(utils, "is_dask_collection", None)
    if types is None or asks is None or "dask" in types or "dask" in sys.modules:
        return
    types["dask"] = SimpleNamespace(type=(), available=False, module=None)
    back.callback(types.pop, "dask", None)
    utils.is_dask_collection = _is_none_of_dask  # type: ignore[assignment] # a guard of types that narrows nothing
    back.callback(setattr, utils, "is_dask_collection", asks)


def _is_none_of_dask(_: object) -> bool:
    return False
