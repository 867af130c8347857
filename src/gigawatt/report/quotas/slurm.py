"""Quotas as commands for Slurm's sacctmgr: accounts with fair share and a ceiling, and two QOS for each class and site.

What is within the quota of a class goes first and is never preempted; what is beyond it, up to the ceiling of the
account, runs in the spare QOS and is requeued when somebody wants their quota. A limit that is not written is none, so
each type of a site is written, with 0 where a class may use none.

Commands, and no dump: up to 24.11 `sacctmgr load` cuts a limit on a type at its colon and drops the account.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence

from gigawatt.readers.quotas import SPARE, WITHIN, QosRow, QuotaFlavor, QuotaQueue, QuotaShare, QuotaTable
from gigawatt.study.export.names import group_name, labels

Counts = Callable[[QuotaShare], int]
Pairs = Mapping[str, tuple[str, str]]


def rows(table: QuotaTable) -> list[QosRow]:
    """Accounts and QOS, each after what it refers to."""
    pairs = _pairs(table)
    found = [row for site, own in pairs.items() for row in _tree(table, site, own)]
    qos = [row for site, own in pairs.items() for row in _qos_of(table, site, own)]
    return [*qos, *found]


def text(table: QuotaTable, remarks: Sequence[str] = ()) -> str:
    """A script that makes what is missing and sets what is there: it may run twice.

    `add` of what is there already does nothing and says so.
    """
    lines = ["#!/bin/sh", *(f"# {' '.join(line.split())}" for line in remarks), *_settings(table), *_told(table)]
    for site in dict.fromkeys(flavor.site for flavor in table.flavors):
        lines.append(f"sacctmgr -i add cluster {site}")
    found = rows(table)
    lines += [_add(row) for row in found]
    lines += [_modify(row) for row in found]
    return "".join(f"{line}\n" for line in lines)


def _settings(table: QuotaTable) -> Iterator[str]:
    """What slurm.conf of each cluster has to say, as comments."""
    for site in dict.fromkeys(flavor.site for flavor in table.flavors):
        types = [flavor.platform for flavor in table.flavors if flavor.site == site]
        tres = ",".join(["gres/gpu", *(f"gres/gpu:{kind}" for kind in types)])
        yield f"# slurm.conf of {site}: AccountingStorageTRES={tres}"
        yield f"# slurm.conf of {site}: AccountingStorageEnforce=associations,limits,qos,safe"
        yield f"# slurm.conf of {site}: PreemptType=preempt/qos"
        yield f"# slurm.conf of {site}: PreemptMode=REQUEUE"
        yield f"# slurm.conf of {site}: PriorityType=priority/multifactor"
        for kind in types:
            yield f"# slurm.conf of {site}: PartitionName={kind} Nodes=... (those with Gres=gpu:{kind}:N) Default=NO"


def _told(table: QuotaTable) -> Iterator[str]:
    """What no command can say, as comments that are read back."""
    for flavor in table.flavors:
        where = f"{flavor.platform} at {flavor.site}, {flavor.resource}, {flavor.packages_count}"
        yield f"# flavor: {flavor.name} is {where}"
    for queue in table.queues:
        yield f"# class: {queue.name} is {queue.group}: {queue.title}"
    for share in table.shares:
        yield f"# floor: {share.queue} on {share.flavor}: {share.floor_count}"


def _add(row: QosRow) -> str:
    if row.kind == "qos":
        return f"sacctmgr -i add qos {row.name}"
    return f"sacctmgr -i add account {row.name} cluster={row.cluster} parent={row.fields['Parent']}"


def _modify(row: QosRow) -> str:
    where = f"name={row.name}" + (f" cluster={row.cluster}" if row.cluster else "")
    # Slurm takes no account to be moved below the parent that it has.
    values = [f"{name}={shlex.quote(value)}" for name, value in row.fields.items() if name != "Parent"]
    return f"sacctmgr -i modify {row.kind} where {where} set {' '.join(values)}"


def _tree(table: QuotaTable, site: str, pairs: Pairs) -> Iterator[QosRow]:
    """The programme, its groups and its classes as accounts of a cluster."""
    flavors = [flavor for flavor in table.flavors if flavor.site == site]
    standing = {flavor.platform: flavor.packages_count for flavor in flavors}
    yield _account(site, table.programme, "root", 1, standing, table.programme)
    for group in dict.fromkeys(queue.group for queue in table.queues):
        members = [queue for queue in table.queues if queue.group == group]
        weight = sum(queue.weight_ratio for queue in members)
        yield _account(
            site, group_name(table.programme, group), table.programme, weight, standing, f"{table.programme} {group}"
        )
        for queue in members:
            most = _counts(table, queue, flavors, lambda share: share.ceiling_count)
            account = _account(
                site, queue.name, group_name(table.programme, group), queue.weight_ratio, most, queue.title
            )
            own, spare = pairs[queue.name]
            yield QosRow(
                kind="account",
                cluster=site,
                name=queue.name,
                fields={**account.fields, "QOS": f"{own},{spare}", "DefaultQOS": own},
            )


def _account(site: str, name: str, parent: str, weight: int, most: Mapping[str, int], title: str) -> QosRow:
    fields = {"Parent": parent, "Description": _said(title), "Fairshare": str(weight), "GrpTRES": _tres(most)}
    return QosRow(kind="account", cluster=site, name=name, fields=fields)


def _said(title: str) -> str:
    """A title without what sacctmgr and its dumps give a meaning."""
    return re.sub(r"[\"'=|:\\]+", " ", title).strip() or "none"


def _tres(counts: Mapping[str, int]) -> str:
    """A limit on all accelerators together, for who asks for no type, and one on each type."""
    whole = f"gres/gpu={sum(counts.values())}"
    return ",".join([whole, *(f"gres/gpu:{kind}={count}" for kind, count in counts.items())])


def _counts(table: QuotaTable, queue: QuotaQueue, flavors: Sequence[QuotaFlavor], counts: Counts) -> dict[str, int]:
    shares = table.of(queue.name)
    return {one.platform: counts(shares[one.name]) if one.name in shares else 0 for one in flavors}


def _pairs(table: QuotaTable) -> dict[str, Pairs]:
    """The two QOS of each class at each site: within its quota, and beyond it."""
    sites = list(dict.fromkeys(flavor.site for flavor in table.flavors))
    texts = [f"{queue.name}-{place}{end}" for place in sites for queue in table.queues for end in ("", SPARE)]
    names = iter(labels(texts))
    return {place: {queue.name: (next(names), next(names)) for queue in table.queues} for place in sites}


def _qos_of(table: QuotaTable, site: str, pairs: Pairs) -> Iterator[QosRow]:
    """Quality of service of each class at a site; spare ones first, which the others preempt."""
    flavors = [flavor for flavor in table.flavors if flavor.site == site]
    by_priority = sorted(table.queues, key=lambda queue: queue.priority)
    for queue in by_priority:
        lower = [pairs[other.name][1] for other in by_priority if other.priority < queue.priority]
        most = _counts(table, queue, flavors, lambda share: share.ceiling_count - share.nominal_count)
        yield _quality(pairs[queue.name][1], queue.priority, most, lower)
    for queue in by_priority:
        most = _counts(table, queue, flavors, lambda share: share.nominal_count)
        spares = [pairs[other.name][1] for other in by_priority]
        yield _quality(pairs[queue.name][0], WITHIN + queue.priority, most, spares)


def _quality(name: str, priority: int, most: Mapping[str, int], preempts: Sequence[str]) -> QosRow:
    # An empty Preempt makes slurmdbd 22.05 see a loop in whatever preempts this QOS.
    others = {"Preempt": ",".join(preempts)} if preempts else {}
    fields = {"Priority": str(priority), "PreemptMode": "requeue", **others, "GrpTRES": _tres(most)}
    return QosRow(kind="qos", cluster="", name=name, fields=fields)
