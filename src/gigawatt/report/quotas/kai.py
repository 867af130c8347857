"""Quotas as queues of KAI: of each flavor, which is a node pool, a queue that is all of it, and one for each class.

KAI's quotas know no kinds of accelerator; a queue is of the pool whose label it carries. All nine numbers of a queue
are written: a limit that is 0 or missing lets nothing run, and only -1 is none.
"""

from __future__ import annotations

from typing import Any

from gigawatt.readers.quotas import (
    COMPONENT,
    FLOOR,
    MANAGED,
    NAME,
    NODE_POOL,
    PART_OF,
    PLATFORM,
    RESOURCE,
    SITE,
    KubeObject,
    QuotaFlavor,
    QuotaQueue,
    QuotaShare,
    QuotaTable,
)
from gigawatt.study.export.names import labels

VERSION = "scheduling.run.ai/v2"
UNLIMITED = {"quota": -1, "limit": -1, "overQuotaWeight": 1}


def objects(table: QuotaTable) -> list[KubeObject]:
    """Every queue, each after its parent."""
    flavors = {flavor.name: flavor for flavor in table.flavors}
    queues = {queue.name: queue for queue in table.queues}
    joint = [f"{share.flavor}-{share.queue}" for share in table.shares]
    names = labels([*flavors, *joint])[len(flavors) :]
    leaves = [
        _leaf(table, name, flavors[share.flavor], queues[share.queue], share)
        for name, share in zip(names, table.shares, strict=True)
    ]
    found = [*(_root(table, flavor) for flavor in table.flavors), *leaves]
    return [KubeObject(body=one) for one in found]


def _root(table: QuotaTable, flavor: QuotaFlavor) -> dict[str, Any]:
    count = flavor.packages_count
    spec = {"displayName": f"{table.programme}: {flavor.platform} at {flavor.site}", "priority": 100}
    gpu = {"quota": count, "limit": count, "overQuotaWeight": 1}
    places = {SITE: flavor.site, PLATFORM: flavor.platform}
    return _queue(table, flavor.name, flavor, places, {RESOURCE: flavor.resource}, spec, gpu)


def _leaf(table: QuotaTable, name: str, flavor: QuotaFlavor, queue: QuotaQueue, share: QuotaShare) -> dict[str, Any]:
    spec = {"displayName": queue.title, "parentQueue": flavor.name, "priority": queue.priority}
    gpu = {"quota": share.nominal_count, "limit": share.ceiling_count, "overQuotaWeight": queue.weight_ratio}
    names = {NAME: queue.name, COMPONENT: queue.group}
    return _queue(table, name, flavor, names, {FLOOR: str(share.floor_count)}, spec, gpu)


def _queue(
    table: QuotaTable,
    name: str,
    flavor: QuotaFlavor,
    own: dict[str, str],
    annotations: dict[str, str],
    spec: dict[str, Any],
    gpu: dict[str, int],
) -> dict[str, Any]:
    labels_ = {MANAGED: "gigawatt", PART_OF: table.programme, NODE_POOL: flavor.name, **own}
    resources = {"gpu": gpu, "cpu": dict(UNLIMITED), "memory": dict(UNLIMITED)}
    return {
        "apiVersion": VERSION,
        "kind": "Queue",
        "metadata": {"name": name, "labels": labels_, "annotations": annotations},
        "spec": {**spec, "resources": resources},
    }
