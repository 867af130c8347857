"""What a server says of objects of Kueue and KAI beyond their schema: its rules after defaults, webhooks, references.

Rules of Kueue are those of kubernetes-sigs/kueue ff69552 for what a quota is made of: groups of resources, cohorts,
preemption, flavors and queues; those of admission checks and of concurrent admission are not among them.

1. https://github.com/kubernetes-sigs/kueue/blob/main/pkg/webhooks/clusterqueue_webhook.go
2. https://github.com/kubernetes-sigs/kueue/blob/main/pkg/webhooks/cohort_webhook.go
3. https://github.com/NVIDIA/KAI-Scheduler/blob/main/docs/queues/README.md
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gigawatt.readers.quotas import KubeObject
from gigawatt.report.quotas.fields import Finding, checked, quantity

MOST_FLAVORS = 256
Entry = tuple[str, Mapping[str, Any]]


def check(one: KubeObject) -> list[Finding]:
    """All that a server says of an object by itself; where its schema refuses it, no rule is asked."""
    findings, kept = checked(one)
    if is_refused(findings):
        return findings
    rules = {
        "ClusterQueue": _cluster_queue,
        "Cohort": _cohort,
        "ResourceFlavor": _flavor,
        "Queue": _kai_queue,
    }.get(kept["kind"], lambda _: iter(()))
    return [*findings, *rules({"spec": {}, **kept}["spec"])]


def is_refused(findings: Sequence[Finding]) -> bool:
    """Whether a server refuses what these were found of."""
    return any(one.layer not in ("pruned", "unusable") for one in findings)


def check_all(objects: Sequence[KubeObject]) -> list[Finding]:
    """What a server says of objects together: each by itself, and what they name of each other."""
    found, formed = [], []
    for one in objects:
        at, said = f"{one.kind}/{one.name}", check(one)
        found += [Finding(layer=item.layer, path=f"{at}: {item.path}", text=item.text) for item in said]
        # What breaks its schema has no shape in which to look for names.
        formed += [] if any(item.layer == "schema" for item in said) else [one]
    return [*found, *_references(formed, objects), *_children(formed)]


def check_update(now: KubeObject, then: KubeObject) -> list[Finding]:
    """What a server says of an object that is to become another: fields that may not change."""
    fixed = {"LocalQueue": "clusterQueue", "ResourceFlavor": "topologyName"}.get(then.kind)
    before, after = (one.spec.get(fixed) for one in (now, then))
    if fixed is None or before is None or before == after:
        return []
    text = f"{before} may not become {after}: delete it, and make it anew"
    return [Finding(layer="update", path=f"spec.{fixed}", text=text)]


def _cluster_queue(spec: Mapping[str, Any]) -> Iterator[Finding]:
    has_cohort = bool(spec.get("cohortName"))
    yield from _resource_groups(spec)
    for path, entry in _entries(spec):
        yield from _quantities(path, entry)
        if "borrowingLimit" in entry and not has_cohort:
            yield Finding(
                layer="CEL", path=f"{path}.borrowingLimit", text="borrowingLimit must be nil when cohort is empty"
            )
        if "lendingLimit" not in entry:
            continue
        if not has_cohort:
            yield Finding(layer="webhook", path=f"{path}.lendingLimit", text="must be nil when cohort is empty")
        if quantity(entry["lendingLimit"]) > quantity(entry["nominalQuota"]):
            text = "must be less than or equal to the nominalQuota"
            yield Finding(layer="webhook", path=f"{path}.lendingLimit", text=text)
    yield from _weight(spec)
    # Defaults are those of a spec that is there.
    yield from _preemption(spec) if spec else ()


def _preemption(spec: Mapping[str, Any]) -> Iterator[Finding]:
    preemption = spec["preemption"]
    if preemption["reclaimWithinCohort"] == "Never" and preemption["borrowWithinCohort"]["policy"] != "Never":
        text = "reclaimWithinCohort=Never and borrowWithinCohort.Policy!=Never"
        yield Finding(layer="CEL", path="spec.preemption", text=text)
    fungibility = spec.get("flavorFungibility", {})
    nexts = [fungibility.get(name) == "TryNextFlavor" for name in ("whenCanBorrow", "whenCanPreempt")]
    if "preference" in fungibility and not all(nexts):
        text = "preference can only be set when both whenCanBorrow and whenCanPreempt are TryNextFlavor"
        yield Finding(layer="CEL", path="spec.flavorFungibility", text=text)


def _cohort(spec: Mapping[str, Any]) -> Iterator[Finding]:
    yield from _resource_groups(spec)
    yield from _weight(spec)
    for path, entry in _entries(spec):
        yield from _quantities(path, entry)
        for name in ("borrowingLimit", "lendingLimit"):
            if name in entry and not spec.get("parentName"):
                yield Finding(layer="webhook", path=f"{path}.{name}", text="must be nil when parent is empty")


def _flavor(spec: Mapping[str, Any]) -> Iterator[Finding]:
    if "topologyName" in spec and not spec.get("nodeLabels"):
        text = "at least one nodeLabel is required when topology is set"
        yield Finding(layer="CEL", path="spec", text=text)


def _entries(spec: Mapping[str, Any]) -> Iterator[Entry]:
    """Every quota of a group, with its path."""
    for n, group in enumerate(spec.get("resourceGroups", [])):
        for m, flavor in enumerate(group["flavors"]):
            for i, entry in enumerate(flavor["resources"]):
                yield f"spec.resourceGroups[{n}].flavors[{m}].resources[{i}]", entry


def _resource_groups(spec: Mapping[str, Any]) -> Iterator[Finding]:
    """Resources in the order of coveredResources, each once; each flavor in one group."""
    resources: set[str] = set()
    flavors: set[str] = set()
    for n, group in enumerate(spec.get("resourceGroups", [])):
        path, covered = f"spec.resourceGroups[{n}]", group["coveredResources"]
        names = [flavor["name"] for flavor in group["flavors"]]
        for kind, found, seen in (("coveredResources", covered, resources), ("flavors", names, flavors)):
            for i, name in enumerate(found):
                if name in seen:
                    yield Finding(layer="webhook", path=f"{path}.{kind}[{i}]", text=f"{name}: there is one already")
                seen.add(name)
        for m, flavor in enumerate(group["flavors"]):
            yield from _in_order(f"{path}.flavors[{m}].resources", flavor["resources"], covered)
    if len(flavors) > MOST_FLAVORS:
        text = f"{len(flavors)} flavors: at most {MOST_FLAVORS} in all groups"
        yield Finding(layer="webhook", path="spec.resourceGroups", text=text)


def _in_order(path: str, entries: Sequence[Mapping[str, Any]], covered: Sequence[str]) -> Iterator[Finding]:
    if len(entries) != len(covered):
        text = "flavors must have the same number of resources as the coveredResources"
        yield Finding(layer="CEL", path=path, text=text)
    for i, (entry, name) in enumerate(zip(entries, covered, strict=False)):
        if entry["name"] != name:
            text = f"{entry['name']}: must match the name in coveredResources, {name}"
            yield Finding(layer="webhook", path=f"{path}[{i}].name", text=text)


def _quantities(path: str, entry: Mapping[str, Any]) -> Iterator[Finding]:
    for name in ("nominalQuota", "borrowingLimit", "lendingLimit"):
        if name in entry and quantity(entry[name]) < 0:
            yield Finding(layer="webhook", path=f"{path}.{name}", text="must be greater than or equal to 0")


def _weight(spec: Mapping[str, Any]) -> Iterator[Finding]:
    if quantity(spec.get("fairSharing", {}).get("weight", 1)) < 0:
        yield Finding(layer="webhook", path="spec.fairSharing.weight", text="must be greater than or equal to 0")


def _kai_queue(spec: Mapping[str, Any]) -> Iterator[Finding]:
    """All nine numbers, a limit that lets something run, and no quota above it."""
    resources = spec.get("resources", {})
    for kind in ("gpu", "cpu", "memory"):
        numbers = resources.get(kind, {})
        for name in ("quota", "limit", "overQuotaWeight"):
            if name not in numbers:
                text = "missing: it counts as 0" + (", which lets nothing run" if name == "limit" else "")
                yield Finding(layer="unusable", path=f"spec.resources.{kind}.{name}", text=text)
        quota, limit = numbers.get("quota", 0), numbers.get("limit", 0)
        if limit == 0 and "limit" in numbers:
            yield Finding(layer="unusable", path=f"spec.resources.{kind}.limit", text="0 lets nothing run; -1 is none")
        if limit >= 0 and (quota > limit or quota == -1):
            text = f"{quota} is more than the limit of {limit}"
            yield Finding(layer="unusable", path=f"spec.resources.{kind}.quota", text=text)


# What an object names of others: its kind, where, and the kind that has to be there.
_NAMED = (
    ("Cohort", ("spec", "parentName"), "Cohort"),
    ("ClusterQueue", ("spec", "cohortName"), "Cohort"),
    ("LocalQueue", ("spec", "clusterQueue"), "ClusterQueue"),
    ("Queue", ("spec", "parentQueue"), "Queue"),
)


def _references(formed: Sequence[KubeObject], objects: Sequence[KubeObject]) -> Iterator[Finding]:
    """Names that are not there, and names that are there twice; what is named may itself be malformed."""
    there: dict[str, set[str]] = {}
    seen = set()
    for one in objects:
        if one.key in seen:
            yield Finding(layer="unusable", path=f"{one.kind}/{one.name}", text="there is one already")
        seen.add(one.key)
        there.setdefault(one.kind, set()).add(one.name)
    for one in formed:
        at = f"{one.kind}/{one.name}"
        for kind, path, other in _NAMED:
            name = _at(one.body, path) if one.kind == kind else None
            if name is not None and name not in there.get(other, set()):
                yield Finding(layer="unusable", path=f"{at}: {'.'.join(path)}", text=f"no {other} is called {name}")
        for group in _at(one.body, ("spec", "resourceGroups")) or []:
            for flavor in group["flavors"]:
                if flavor["name"] not in there.get("ResourceFlavor", set()):
                    text = f"no ResourceFlavor is called {flavor['name']}"
                    yield Finding(layer="unusable", path=f"{at}: spec.resourceGroups", text=text)


def _at(one: Mapping[str, Any], path: Sequence[str]) -> Any:
    for name in path:
        one = one.get(name) or {}
    return one or None


def _children(objects: Sequence[KubeObject]) -> Iterator[Finding]:
    """KAI guarantees no more below a queue than the queue itself has."""
    queues = {one.name: one.spec for one in objects if one.kind == "Queue"}
    for name, spec in queues.items():
        below = [one for one in queues.values() if one.get("parentQueue") == name]
        quotas = [_at(one, ("resources", "gpu", "quota")) or 0 for one in (spec, *below)]
        if quotas[0] != -1 and sum(quotas[1:]) > quotas[0]:
            text = f"its queues have {sum(quotas[1:])} together, it has {quotas[0]}"
            yield Finding(layer="unusable", path=f"Queue/{name}: spec.resources.gpu.quota", text=text)
