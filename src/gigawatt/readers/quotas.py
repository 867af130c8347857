"""Quotas as schedulers keep them: a table of who may use how many accelerators where, and the files it is read from.

Kueue and KAI keep objects in YAML, Slurm rows of accounts and of qualities of service (QOS).
"""

from __future__ import annotations

import re
import shlex
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gigawatt.errors import CatalogError, Fault
from gigawatt.files import MOST_TABLE_BYTES, read_text

# Labels of our objects that are Kubernetes' own, and two of ours; nodes carry the site's and the platform's.
MANAGED, PART_OF, NAME = (f"app.kubernetes.io/{word}" for word in ("managed-by", "part-of", "name"))
COMPONENT = "app.kubernetes.io/component"
SITE, PLATFORM = "topology.kubernetes.io/zone", "gigawatt/platform"
# Annotations of KAI's queues, for what they have no field for.
FLOOR, RESOURCE = "gigawatt/floor", "gigawatt/resource"
NODE_POOL = "kai.scheduler/node-pool"
# Behind the name of a QOS: of what may be used beyond the quota, and taken back at any time.
SPARE = "-spare"
# Slurm's priority of whatever is within its quota, above that of its class.
WITHIN = 10_000
# A line of ours in a file for Slurm: what no command can say.
_FLOOR_LINE = re.compile(r"# floor: (\S+) on (\S+): (\d+)")
_FLAVOR_LINE = re.compile(r"# flavor: (\S+) is (\S+) at (\S+), (\S+), (\d+)")
_QUEUE_LINE = re.compile(r"# class: (\S+) is (\S+): (.*)")
_TRES = re.compile(r"gres/gpu(?::([^=,]+))?=(-?\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaFlavor:
    """Accelerators of one platform at one site, and what a scheduler calls one of them."""

    name: str
    site: str
    platform: str
    resource: str
    packages_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaQueue:
    """A class of work as its own queue.

    group: interactive, training, experiments or batch. priority: higher goes first. weight_ratio: its part of what is
    spare, against that of others.
    """

    name: str
    title: str
    group: str
    priority: int
    weight_ratio: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaShare:
    """What a class has of a flavor: what the plan gives it, what of that is never lent, the most that it may use."""

    queue: str
    flavor: str
    nominal_count: int
    floor_count: int
    ceiling_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaTable:
    """Who may use how many packages where; what of a flavor no class has is spare, and anybody's."""

    programme: str
    flavors: tuple[QuotaFlavor, ...]
    queues: tuple[QuotaQueue, ...]
    shares: tuple[QuotaShare, ...]

    def spare_count(self, flavor: QuotaFlavor) -> int:
        """Packages of a flavor that no class has."""
        return flavor.packages_count - sum(one.nominal_count for one in self.shares if one.flavor == flavor.name)

    def of(self, queue: str) -> dict[str, QuotaShare]:
        """What a class has, by flavor."""
        return {one.flavor: one for one in self.shares if one.queue == queue}


@dataclass(frozen=True, slots=True, kw_only=True)
class KubeObject:
    """An object of Kubernetes as it stands in a file: a mapping with a kind, and a name in its metadata."""

    body: Any

    @property
    def kind(self) -> str:
        return str(self.body.get("kind"))

    @property
    def name(self) -> str:
        return str(self.body["metadata"]["name"])

    @property
    def key(self) -> tuple[str, str | None, str]:
        """What no other object has in common with it: kind, namespace and name."""
        return self.kind, self.body["metadata"].get("namespace"), self.name

    @property
    def labels(self) -> Mapping[str, str]:
        labels = self.body["metadata"].get("labels")
        return labels if isinstance(labels, Mapping) else {}

    @property
    def spec(self) -> Any:
        return self.body.get("spec") or {}


def read_objects(file: Path) -> list[KubeObject]:
    """Every object of a file of Kubernetes: of each document of it, and of lists among them.

    Raises CatalogError where it cannot be read, is no YAML, has a key twice or an alias, or holds what is no object.
    """
    return parse_objects(read_text(file, "YAML file", MOST_TABLE_BYTES), str(file))


def parse_objects(text: str, path: str) -> list[KubeObject]:
    """Every object of a text, as `read_objects` does."""
    import yaml

    try:
        documents = list(yaml.load_all(text, Loader=_loader()))
        return [one for document in documents if document is not None for one in _objects(document)]
    except RecursionError:
        given = "lists nested too deeply"
    except (yaml.YAMLError, ValueError) as error:
        given = " ".join(str(error).split())[:160]
    raise CatalogError([Fault(path=path, given=given, expected="objects of Kubernetes in YAML")])


def _loader() -> Any:
    """A loader that takes neither a key twice nor an alias, both of which change what stands there in silence."""
    import yaml

    def compose_node(self: Any, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise ValueError("an alias")
        return yaml.SafeLoader.compose_node(self, parent, index)

    def construct_mapping(self: Any, node: Any, deep: bool = False) -> Any:
        keys = [key.value for key, _ in node.value]
        twice = next((key for n, key in enumerate(keys) if key in keys[:n]), None)
        if twice is not None:
            raise ValueError(f'the key "{twice}" twice')
        return yaml.SafeLoader.construct_mapping(self, node, deep)

    return type("Once", (yaml.SafeLoader,), {"compose_node": compose_node, "construct_mapping": construct_mapping})


def _objects(document: Any) -> Iterator[KubeObject]:
    if not isinstance(document, dict) or not isinstance(document.get("kind"), str):
        raise ValueError("something without a kind")
    kind, metadata = document["kind"], document.get("metadata")
    if kind.endswith("List") and isinstance(document.get("items"), list):
        for item in document["items"]:
            yield from _objects(item)
    elif not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str):
        raise ValueError(f"a {kind} without a name")
    elif not isinstance(document.get("spec", {}), dict):
        raise ValueError(f"the {kind} {metadata['name']} whose spec is no mapping")
    else:
        yield KubeObject(body=document)


def from_kueue(objects: Sequence[KubeObject]) -> QuotaTable:
    """The table that Kueue's objects of ours were made of. Raises KeyError where they are not ours."""
    of = _by_kind(objects)
    root = next(one for one in of["Cohort"] if "parentName" not in one.spec)
    spare = {name: entry["nominalQuota"] for name, _, entry in _quotas(root)}
    queues, shares = [], []
    resources: dict[str, str] = {}
    priorities = {one.name: one.body for one in of["WorkloadPriorityClass"]}
    for one in of["ClusterQueue"]:
        name = one.name
        queues.append(
            QuotaQueue(
                name=name,
                title=priorities[name]["description"],
                group=one.labels[COMPONENT],
                priority=priorities[name]["value"],
                weight_ratio=one.spec["fairSharing"]["weight"],
            )
        )
        for flavor, resource, entry in _quotas(one):
            nominal = entry["nominalQuota"]
            shares.append(
                QuotaShare(
                    queue=name,
                    flavor=flavor,
                    nominal_count=nominal,
                    floor_count=nominal - entry["lendingLimit"],
                    ceiling_count=nominal + entry["borrowingLimit"],
                )
            )
            resources[flavor] = resource
    resources |= {flavor: resource for flavor, resource, _ in _quotas(root)}
    flavors = tuple(
        _flavor(one.name, one.spec["nodeLabels"], resources[one.name], shares, spare) for one in of["ResourceFlavor"]
    )
    return QuotaTable(
        programme=root.name,
        flavors=flavors,
        queues=tuple(queues),
        shares=_in_order(shares, [queue.name for queue in queues], flavors),
    )


def _flavor(
    name: str, labels: Mapping[str, str], resource: str, shares: Sequence[QuotaShare], spare: Mapping[str, int]
) -> QuotaFlavor:
    packages = spare[name] + sum(one.nominal_count for one in shares if one.flavor == name)
    return QuotaFlavor(
        name=name, site=labels[SITE], platform=labels[PLATFORM], resource=resource, packages_count=packages
    )


def _by_kind(objects: Sequence[KubeObject]) -> dict[str, list[KubeObject]]:
    found: dict[str, list[KubeObject]] = defaultdict(list)
    for one in objects:
        found[one.kind].append(one)
    return found


def _quotas(one: KubeObject) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Flavor, resource and entry of each quota of a ClusterQueue or a Cohort."""
    for group in one.spec.get("resourceGroups", []):
        for flavor in group["flavors"]:
            for entry in flavor["resources"]:
                yield flavor["name"], entry["name"], entry


def from_kai(objects: Sequence[KubeObject]) -> QuotaTable:
    """The table that KAI's queues of ours were made of. Raises KeyError where they are not ours."""
    flavors, shares = [], []
    queues: dict[str, QuotaQueue] = {}
    for one in objects:
        labels, notes, spec = one.labels, one.body["metadata"]["annotations"], one.spec
        gpu = spec["resources"]["gpu"]
        if "parentQueue" not in spec:
            flavors.append(
                QuotaFlavor(
                    name=labels[NODE_POOL],
                    site=labels[SITE],
                    platform=labels[PLATFORM],
                    resource=notes[RESOURCE],
                    packages_count=gpu["quota"],
                )
            )
            continue
        name = labels[NAME]
        queues[name] = QuotaQueue(
            name=name,
            title=spec["displayName"],
            group=labels[COMPONENT],
            priority=spec["priority"],
            weight_ratio=gpu["overQuotaWeight"],
        )
        shares.append(
            QuotaShare(
                queue=name,
                flavor=labels[NODE_POOL],
                nominal_count=gpu["quota"],
                floor_count=int(notes[FLOOR]),
                ceiling_count=gpu["limit"],
            )
        )
    return QuotaTable(
        programme=objects[0].labels[PART_OF],
        flavors=tuple(flavors),
        queues=tuple(queues.values()),
        shares=_in_order(shares, list(queues), flavors),
    )


def _in_order(
    shares: Sequence[QuotaShare], queues: Sequence[str], flavors: Sequence[QuotaFlavor]
) -> tuple[QuotaShare, ...]:
    """Shares class by class and flavor by flavor, as a table has them."""
    names = [flavor.name for flavor in flavors]
    return tuple(sorted(shares, key=lambda one: (queues.index(one.queue), names.index(one.flavor))))


@dataclass(frozen=True, slots=True, kw_only=True)
class QosRow:
    """An account of a cluster, or a QOS, which is of every cluster ("").

    fields: by Slurm's names; a limit on accelerators as what its GrpTRES says of gres/gpu and of each type.
    """

    kind: str
    cluster: str
    name: str
    fields: Mapping[str, str]

    @property
    def gpus(self) -> dict[str, int]:
        """The limit on accelerators by type, "" for all of them together."""
        return {match[1] or "": int(match[2]) for match in _TRES.finditer(self.fields.get("GrpTRES", ""))}


def read_slurm(file: Path) -> list[QosRow]:
    """Accounts and QOS of a file: of our commands, of `sacctmgr -P show assoc` and `show qos`, or of `sacctmgr dump`.

    One file may hold several of them, one after another. Raises CatalogError where none is in it, or a command that
    cannot be read.
    """
    text, given = read_text(file, "file of sacctmgr", MOST_TABLE_BYTES), "no account and no QOS"
    try:
        rows = parse_slurm(text)
    except ValueError as error:
        rows, given = [], str(error)
    if not rows:
        expected = "what `sacctmgr -P show assoc`, `sacctmgr -P show qos` or `sacctmgr dump CLUSTER` prints"
        raise CatalogError([Fault(path=str(file), given=given, expected=expected)])
    return rows


def parse_slurm(text: str) -> list[QosRow]:
    """Accounts and QOS of a text, as `read_slurm` does; of users, which share in their account, there are none.

    Raises ValueError for a command that cannot be read.
    """
    rows: list[QosRow] = []
    heads: list[str] = []
    cluster = ""
    for line in text.splitlines():
        if line.startswith(("Cluster|Account|", "Name|")):
            heads = line.split("|")
        elif line.startswith("sacctmgr "):
            try:
                rows += _of_command(line)
            except (ValueError, KeyError):
                raise ValueError(f"the command {line[:80]!a}, which cannot be read") from None
        elif found := _DUMPED.fullmatch(line):
            cluster = found[2] if found[1] == "Cluster" else cluster
            rows += _of_dump(found, cluster)
        elif heads and line.count("|") + 1 >= len(heads):
            rows += _of_table(dict(zip(heads, line.split("|"), strict=False)))
    return rows


_DUMPED = re.compile(r"(Cluster|Account|QOS) - '([^']*)':?(.*)")
_SET = re.compile(r"([A-Za-z]+)=('[^']*'|[^:]*(?::[^=:,]+=\d+[^:]*)*)")


def _of_table(row: Mapping[str, str]) -> Iterator[QosRow]:
    if {"Account", "Cluster"} <= row.keys() and not row.get("User") and not row.get("Partition"):
        fields = {"Fairshare": row.get("Share", ""), "GrpTRES": row.get("GrpTRES", ""), "QOS": row.get("QOS", "")}
        yield QosRow(kind="account", cluster=row["Cluster"], name=row["Account"], fields=fields)
    elif "Name" in row:
        fields = {name: row[name] for name in ("Priority", "Preempt", "GrpTRES") if name in row}
        yield QosRow(kind="qos", cluster="", name=row["Name"], fields=fields)


def _of_dump(found: re.Match[str], cluster: str) -> Iterator[QosRow]:
    fields = {name: value.strip("'") for name, value in _SET.findall(found[3])}
    if found[1] == "Account":
        yield QosRow(kind="account", cluster=cluster, name=found[2], fields=fields)
    elif found[1] == "QOS":
        yield QosRow(kind="qos", cluster="", name=found[2], fields=fields)


def _of_command(line: str) -> Iterator[QosRow]:
    """What `sacctmgr -i modify account|qos where … set …` sets."""
    words = shlex.split(line)
    if words[:3] != ["sacctmgr", "-i", "modify"] or "set" not in words:
        return
    where, values = words[4 : words.index("set")], words[words.index("set") + 1 :]
    of = dict(word.split("=", 1) for word in where if "=" in word)
    fields = dict(word.split("=", 1) for word in values)
    yield QosRow(kind=words[3], cluster=of.get("cluster", ""), name=of["name"], fields=fields)


def from_slurm(text: str) -> QuotaTable:
    """The table that our commands for Slurm were made of. Raises KeyError where they are not ours."""
    rows = parse_slurm(text)
    qos = {row.name: row for row in rows if row.kind == "qos"}
    accounts = [row for row in rows if row.kind == "account"]
    classes = {name: (group, title) for name, group, title in _QUEUE_LINE.findall(text)}
    floors = {(queue, flavor): int(count) for queue, flavor, count in _FLOOR_LINE.findall(text)}
    flavors = {
        name: QuotaFlavor(name=name, platform=platform, site=site, resource=resource, packages_count=int(count))
        for name, platform, site, resource, count in _FLAVOR_LINE.findall(text)
    }
    queues: dict[str, QuotaQueue] = {}
    shares = []
    for row in accounts:
        if row.name not in classes:
            continue
        own = qos[row.fields["QOS"].split(",")[0]]
        queues[row.name] = QuotaQueue(
            name=row.name,
            title=classes[row.name][1],
            group=classes[row.name][0],
            priority=int(own.fields["Priority"]) - WITHIN,
            weight_ratio=int(row.fields["Fairshare"]),
        )
        for flavor in flavors.values():
            if flavor.site == row.cluster and (row.name, flavor.name) in floors:
                shares.append(
                    QuotaShare(
                        queue=row.name,
                        flavor=flavor.name,
                        nominal_count=own.gpus[flavor.platform],
                        floor_count=floors[row.name, flavor.name],
                        ceiling_count=row.gpus[flavor.platform],
                    )
                )
    return QuotaTable(
        programme=accounts[0].name,
        flavors=tuple(flavors.values()),
        queues=tuple(queues[name] for name in classes),
        shares=_in_order(shares, list(classes), list(flavors.values())),
    )
