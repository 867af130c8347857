"""Quotas as objects of Kueue: flavors, cohorts, a ClusterQueue for each class with its LocalQueue and its priority.

The programme is the root of the cohorts and holds what is spare; below it is a cohort for each group of work. The quota
of a class is its nominalQuota, its floor what it does not lend, its ceiling what it may borrow up to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from gigawatt.readers.quotas import (
    COMPONENT,
    MANAGED,
    PART_OF,
    PLATFORM,
    SITE,
    KubeObject,
    QuotaFlavor,
    QuotaQueue,
    QuotaTable,
)
from gigawatt.study.export.names import group_name

VERSION = "kueue.x-k8s.io/v1beta2"
# Interactive work takes its quota back from whoever has borrowed it, and while it borrows from what matters less; other
# work takes its quota back from what matters less, and waits for the rest.
PREEMPTION: Mapping[bool, Mapping[str, Any]] = {
    True: {
        "reclaimWithinCohort": "Any",
        "borrowWithinCohort": {"policy": "LowerPriority"},
        "withinClusterQueue": "LowerPriority",
    },
    False: {"reclaimWithinCohort": "LowerPriority", "withinClusterQueue": "LowerPriority"},
}
Entry = Callable[[QuotaFlavor], Mapping[str, int]]


def objects(table: QuotaTable) -> list[KubeObject]:
    """Every object, each after what it refers to."""
    found = [
        *(_flavor(table, flavor) for flavor in table.flavors),
        *_cohorts(table),
        *(_priority(table, queue) for queue in table.queues),
        *(_cluster_queue(table, queue) for queue in table.queues),
        *(_local_queue(table, queue) for queue in table.queues),
    ]
    return [KubeObject(body=one) for one in found]


def _object(table: QuotaTable, kind: str, name: str, group: str = "", **rest: Any) -> dict[str, Any]:
    component = {COMPONENT: group} if group else {}
    labels = {MANAGED: "gigawatt", PART_OF: table.programme, **component}
    return {"apiVersion": VERSION, "kind": kind, "metadata": {"name": name, "labels": labels}, **rest}


def _flavor(table: QuotaTable, flavor: QuotaFlavor) -> dict[str, Any]:
    spec = {"nodeLabels": {SITE: flavor.site, PLATFORM: flavor.platform}}
    return _object(table, "ResourceFlavor", flavor.name, spec=spec)


def _cohorts(table: QuotaTable) -> Iterator[dict[str, Any]]:
    """The programme, and a group for each that has a class."""
    spare = _groups(table.flavors, lambda flavor: {"nominalQuota": table.spare_count(flavor)})
    yield _object(table, "Cohort", table.programme, spec={"resourceGroups": spare})
    for group in dict.fromkeys(queue.group for queue in table.queues):
        weight = sum(queue.weight_ratio for queue in table.queues if queue.group == group)
        spec = {"parentName": table.programme, "fairSharing": {"weight": weight}}
        yield _object(table, "Cohort", group_name(table.programme, group), group, spec=spec)


def _groups(flavors: Sequence[QuotaFlavor], entry: Entry) -> list[dict[str, Any]]:
    """A group of flavors for each resource, in the order of the flavors."""
    found = []
    for resource in dict.fromkeys(flavor.resource for flavor in flavors):
        entries = [
            {"name": flavor.name, "resources": [{"name": resource, **entry(flavor)}]}
            for flavor in flavors
            if flavor.resource == resource
        ]
        found.append({"coveredResources": [resource], "flavors": entries})
    return found


def _priority(table: QuotaTable, queue: QuotaQueue) -> dict[str, Any]:
    rest = {"value": queue.priority, "description": queue.title}
    return _object(table, "WorkloadPriorityClass", queue.name, queue.group, **rest)


def _cluster_queue(table: QuotaTable, queue: QuotaQueue) -> dict[str, Any]:
    shares = table.of(queue.name)

    def entry(flavor: QuotaFlavor) -> dict[str, int]:
        share = shares[flavor.name]
        return {
            "nominalQuota": share.nominal_count,
            "borrowingLimit": share.ceiling_count - share.nominal_count,
            "lendingLimit": share.nominal_count - share.floor_count,
        }

    spec = {
        "cohortName": group_name(table.programme, queue.group),
        # Without a selector no namespace may use a queue.
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": queue.name}},
        "queueingStrategy": "BestEffortFIFO",
        "resourceGroups": _groups([flavor for flavor in table.flavors if flavor.name in shares], entry),
        "preemption": PREEMPTION[queue.group == "interactive"],
        "fairSharing": {"weight": queue.weight_ratio},
    }
    return _object(table, "ClusterQueue", queue.name, queue.group, spec=spec)


def _local_queue(table: QuotaTable, queue: QuotaQueue) -> dict[str, Any]:
    found = _object(table, "LocalQueue", queue.name, queue.group, spec={"clusterQueue": queue.name})
    found["metadata"] = {"name": queue.name, "namespace": queue.name, "labels": found["metadata"]["labels"]}
    return found
