"""A table of quotas made by hand: two sites, three flavors of two vendors, a class of each group."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from gigawatt.readers.quotas import QuotaFlavor, QuotaQueue, QuotaShare, QuotaTable
from gigawatt.study.answer import Head
from gigawatt.study.export.answer import QuotasAnswer
from gigawatt.study.note import Note

FLAVORS = (
    QuotaFlavor(name="north-gb300", site="north", platform="gb300", resource="nvidia.com/gpu", packages_count=100),
    QuotaFlavor(name="south-gb300", site="south", platform="gb300", resource="nvidia.com/gpu", packages_count=50),
    QuotaFlavor(name="south-mi455x", site="south", platform="mi455x", resource="amd.com/gpu", packages_count=30),
)
QUEUES = (
    QuotaQueue(name="chat", title="Chat: \"what\" | 'now'", group="interactive", priority=400, weight_ratio=60),
    QuotaQueue(name="run-a", title="A run", group="training", priority=300, weight_ratio=10),
    QuotaQueue(name="papers", title="Papers, no haste", group="batch", priority=100, weight_ratio=1),
)


def share(queue: str, flavor: str, nominal: int, floor: int, ceiling: int) -> QuotaShare:
    """What a class has of a flavor."""
    return QuotaShare(queue=queue, flavor=flavor, nominal_count=nominal, floor_count=floor, ceiling_count=ceiling)


SHARES = (
    share("chat", "north-gb300", 60, 30, 80),
    share("chat", "south-gb300", 50, 25, 50),
    share("run-a", "north-gb300", 30, 30, 40),
    share("run-a", "south-mi455x", 20, 20, 30),
    share("papers", "north-gb300", 0, 0, 100),
)


@pytest.fixture
def table() -> QuotaTable:
    """Ten packages in the north and ten in the south are spare."""
    return QuotaTable(programme="programme", flavors=FLAVORS, queues=QUEUES, shares=SHARES)


@pytest.fixture
def answer(table: QuotaTable) -> Callable[..., QuotasAnswer]:
    """An answer of a format about that table, with what the test changes."""
    notes = (Note(code="basis", path="", text="What stands\nis shared."), Note(code="other", path="", text="Not it."))

    def made(format_: Any, **changes: Any) -> QuotasAnswer:
        head = Head(scenario="programme", hash="0123", notes=notes)
        return replace(QuotasAnswer(head=head, period="2027Q3", format=format_, table=table), **changes)

    return made
