"""Batches on a Dask cluster: its scheduler hands them to workers elsewhere, and again where a worker is lost."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import CancelledError, Executor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from gigawatt.errors import ScenarioError
from gigawatt.study.question import wrong

TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Who runs batches, and how many at a time."""

    executor: Executor
    workers_count: int


@contextmanager
def connected(address: str) -> Iterator[Cluster]:
    """The workers of a scheduler such as "tcp://10.0.0.5:8786", which need this version of Gigawatt.

    Raises ScenarioError where there is no such scheduler, it has no workers or some of another version, or the extra
    `dask` is not installed; ChildProcessError where a batch loses one worker after the other, or the scheduler is lost.
    """
    try:
        from distributed import Client
        from distributed.scheduler import KilledWorker
    except ImportError:
        raise _fault(address, "the extra gigawatt[dask] to be installed") from None
    try:
        # A client that is the default of its process stays so when it could not connect (distributed 2026.8), and
        # whatever asks dask from then on, such as xarray when it writes a file, fails by its address.
        client = Client(address, timeout=TIMEOUT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise _fault(address, f"the address of a Dask scheduler ({error})") from error
    with client:
        count = sum(client.nthreads().values())
        if not count:
            raise _fault(address, "a scheduler with at least one worker")
        _check_versions(client, address)
        try:
            yield Cluster(executor=client.get_executor(pure=False), workers_count=count)
        except (KilledWorker, CancelledError) as error:
            raise ChildProcessError(f"lost on the cluster of {address} ({error})") from error


def _check_versions(client: Any, address: str) -> None:
    """Every worker has this version of Gigawatt, for another may find other numbers."""
    try:
        found = client.run(version, "gigawatt")
    except PackageNotFoundError:
        raise _fault(address, f"workers that have gigawatt {here()}") from None
    other = {worker: one for worker, one in found.items() if one != here()}
    if other:
        worker, one = next(iter(other.items()))
        raise _fault(address, f"workers of version {here()}; {worker} has {one}")


def here() -> str:
    """The version of this process."""
    return version("gigawatt")


def _fault(address: str, expected: str) -> ScenarioError:
    return ScenarioError([wrong("scheduler", address, expected)])
