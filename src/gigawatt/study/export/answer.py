"""A saved result as quotas for Kueue, KAI or Slurm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from gigawatt.errors import MOST_NAME
from gigawatt.exact import exact
from gigawatt.readers.quotas import KubeObject, QosRow, QuotaTable, read_objects, read_slurm
from gigawatt.study.answer import SPREAD, UNTOLD, Head, head_of
from gigawatt.study.export.question import QuotasQuestion
from gigawatt.study.export.quotas import packages_count, table
from gigawatt.study.job import Job
from gigawatt.study.note import Note
from gigawatt.study.question import refuse, wrong
from gigawatt.study.result import Result, load

Format = Literal["kueue", "kai", "slurm"]
# Flavors that a group of a ClusterQueue has at most.
MOST_FLAVORS = 64
# Whose objects a format's are.
GROUPS = {"kueue": "kueue.x-k8s.io", "kai": "scheduling.run.ai"}
# What a format says that the plan does not.
SAYS_NOTHING = {
    "kueue": "The plan knows no CPU and no memory: let Kueue leave them out (excludeResourcePrefixes), or nothing is "
    "admitted; namespaces are named as classes, and nodes carry the labels of their flavor.",
    "kai": "The plan knows no CPU and no memory, which are unlimited; each flavor is a node pool, with a scheduling "
    "shard of its own, and its nodes carry the pool's label.",
    "slurm": "Sites are clusters and platforms types of gres/gpu; slurmctld has to have registered the types "
    "(AccountingStorageTRES) before a limit can name them.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotasAnswer:
    """Quotas of a quarter, and what stands now where that was asked about.

    A door shows the file that report/quotas makes of it.
    """

    head: Head = field(metadata=SPREAD)
    period: str
    format: Format
    table: QuotaTable = field(metadata=SPREAD)
    live: Sequence[KubeObject] | Sequence[QosRow] | None = field(default=None, metadata=UNTOLD)


def kueue(question: QuotasQuestion, job: Job) -> QuotasAnswer:
    """Objects of Kueue. Raises ScenarioError for bad input, CatalogError for a file that cannot be read."""
    return _answer(question, job, "kueue", read_objects)


def kai(question: QuotasQuestion, job: Job) -> QuotasAnswer:
    """Queues of KAI. Raises as `kueue`."""
    return _answer(question, job, "kai", read_objects)


def slurm(question: QuotasQuestion, job: Job) -> QuotasAnswer:
    """Commands for Slurm's sacctmgr. Raises as `kueue`."""
    return _answer(question, job, "slurm", read_slurm)


@exact()
def _answer(
    question: QuotasQuestion, job: Job, format_: Format, reads: Callable[[Path], Sequence[Any]]
) -> QuotasAnswer:
    job.say("reading the result")
    saved = load(question.result)
    period = standing_period(saved, question.period)
    live = None if question.diff is None else reads(Path(question.diff))
    check_group(live or (), format_, str(question.diff))
    found, notes = table(saved, period)
    if format_ == "kueue":
        check_flavors(found)
    said = Note(code="unsaid", path="", text=SAYS_NOTHING[format_])
    scenario = saved.scenario
    return QuotasAnswer(
        head=head_of(scenario, (*saved.notes, *notes, said)),
        period=period,
        format=format_,
        table=found,
        live=live,
    )


def check_group(live: Sequence[Any], format_: Format, file: str) -> None:
    """Raises ScenarioError where a file holds objects and none of them is of the format: it is another's."""
    group = GROUPS.get(format_)
    if group and live and not any(str(one.body.get("apiVersion")).startswith(group) for one in live):
        refuse([wrong("diff", f"{file[:MOST_NAME]}: nothing of {group}", f"objects of {group}, or an empty file")])


def check_flavors(found: QuotaTable) -> None:
    """Raises ScenarioError where there are more flavors of a resource than a queue of Kueue can have."""
    for resource, count in Counter(flavor.resource for flavor in found.flavors).items():
        if count > MOST_FLAVORS:
            given = f"{count} pairs of site and platform with {resource}"
            refuse([wrong("result", given, f"at most {MOST_FLAVORS}, which a queue of Kueue takes")])


def check_period(saved: Result, period: str | None) -> None:
    """Raises ScenarioError where a quarter is none of the plan's."""
    periods = [str(one) for one in saved.plan.data.period.values]
    if period is not None and period not in periods:
        refuse([wrong("period", period, f"a quarter from {periods[0]} to {periods[-1]}")])


def standing_period(saved: Result, asked: str | None) -> str:
    """The quarter asked for, or that of most power. Raises ScenarioError where nothing stands in it."""
    check_period(saved, asked)
    period = asked or str(saved.accounts.headline.peak_period or saved.plan.data.period.values[-1])
    if not packages_count(saved, period):
        refuse([wrong("period", f"{period}: nothing stands", "a quarter at whose end racks stand")])
    return period
