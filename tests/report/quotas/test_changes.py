"""What would change is said field by field, and nothing is said of what others see to."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from gigawatt.readers.quotas import KubeObject, QosRow, QuotaTable, parse_objects, parse_slurm
from gigawatt.report.quotas import kueue, manifest, slurm
from gigawatt.report.quotas.changes import of_objects, of_rows
from gigawatt.report.quotas.written import written
from gigawatt.study.export.answer import QuotasAnswer

Objects = list[KubeObject]


def lines(changes: object) -> list[str]:
    """Changes as they are shown."""
    return [str(one) for one in changes]  # type: ignore[attr-defined]


def named(objects: Objects, kind: str, name: str) -> Any:
    """The body of an object."""
    (one,) = [one for one in objects if (one.kind, one.name) == (kind, name)]
    return one.body


@pytest.fixture
def want(table: QuotaTable) -> Objects:
    return kueue.objects(table)


@pytest.fixture
def live(want: Objects) -> Objects:
    """The same as a server gives it back: with its own fields, defaults and spellings, in another order."""
    found = parse_objects(manifest.text(want), "text")
    for one in found:
        one.body["metadata"] |= {"uid": "1", "resourceVersion": "2", "managedFields": [{"manager": "kubectl"}]}
        one.body["status"] = {"conditions": []}
    queue = named(found, "ClusterQueue", "chat")
    queue["spec"]["stopPolicy"] = "None"
    queue["spec"]["resourceGroups"][0]["flavors"].reverse()
    queue["spec"]["resourceGroups"][0]["flavors"][0]["resources"][0]["nominalQuota"] = "50"
    return found[::-1]


def test_what_stands_as_it_was_written_changes_nothing(want: Objects, live: Objects) -> None:
    assert of_objects(want, live) == []


def test_a_number_a_missing_flavor_and_an_object_that_is_not_there_are_said(want: Objects, live: Objects) -> None:
    queue = named(live, "ClusterQueue", "run-a")
    groups = queue["spec"]["resourceGroups"]
    groups[0]["flavors"][0]["resources"][0]["nominalQuota"] = "1k"
    groups[1]["flavors"][0]["name"] = "old"
    del queue["spec"]["fairSharing"]
    live.remove(KubeObject(body=named(live, "LocalQueue", "papers")))
    assert lines(of_objects(want, live)) == [
        "change ClusterQueue run-a: spec.resourceGroups[0].flavors[north-gb300].resources[nvidia.com/gpu].nominalQuota "
        "1k → 30",
        'change ClusterQueue run-a: spec.resourceGroups[1].flavors[old] {"name": "old", "resources": [{"name": '
        '"amd.com/gpu", "nominalQuota": 20, "borrowingLimit": 10, "lendingLimit": 0}]} → nothing',
        'change ClusterQueue run-a: spec.resourceGroups[1].flavors[south-mi455x] nothing → {"name": "south-mi455x", '
        '"resources": [{"name": "amd.com/gpu", "nominalQuota": 20, "borrowingLimit": 10, "lendingLimit": 0}]}',
        'change ClusterQueue run-a: spec.fairSharing nothing → {"weight": 10}',
        "add LocalQueue papers",
    ]


def test_a_queue_of_ours_that_is_not_planned_goes_and_others_are_let_be(want: Objects, live: Objects) -> None:
    ours = named(live, "ClusterQueue", "papers")
    other, foreign = deepcopy(ours), deepcopy(ours)
    ours["metadata"]["name"] = "books"
    other["metadata"] |= {"name": "theirs", "labels": {"app.kubernetes.io/managed-by": "somebody"}}
    foreign["metadata"] |= {
        "name": "another",
        "labels": ours["metadata"]["labels"] | {"app.kubernetes.io/part-of": "b"},
    }
    found = lines(of_objects(want, [*live, KubeObject(body=other), KubeObject(body=foreign)]))
    assert [line.split(" (")[0] for line in found] == ["add ClusterQueue papers", "remove ClusterQueue books"]


def test_what_a_server_does_not_let_change_is_said_with_the_way_round(want: Objects, live: Objects) -> None:
    named(live, "LocalQueue", "chat")["spec"]["clusterQueue"] = "papers"
    (line,) = lines(of_objects(want, live))
    assert line.startswith(
        "change LocalQueue chat: spec.clusterQueue papers → chat (papers may not become chat: delete"
    )


@pytest.mark.parametrize(
    "change",
    [
        {"spec": None},
        {"spec": {"resourceGroups": "all"}},
        {"spec": {"resourceGroups": [{"flavors": [{"name": ["a"]}]}]}},
        {"metadata": {"name": "chat", "labels": ["a"]}},
    ],
)
def test_whatever_stands_can_be_compared(want: Objects, live: Objects, change: dict[str, Any]) -> None:
    strange = [KubeObject(body=one.body | change) if one.name == "chat" else one for one in live]
    assert of_objects(want, strange) != []


def as_shown(table: QuotaTable) -> str:
    """What `sacctmgr -P show assoc` and `show qos` would print of a table."""
    rows = slurm.rows(table)
    head = ["Cluster|Account|User|Partition|Share|GrpTRES|QOS", "north|root|||1||normal", "north|chat|ann||1||normal"]
    shown = [
        f"{row.cluster}|{row.name}|||{row.fields['Fairshare']}|{row.fields['GrpTRES']}|{row.fields.get('QOS', '')}"
        for row in rows
        if row.kind == "account"
    ]
    qos = [
        f"{row.name}|{row.fields['Priority']}|{row.fields.get('Preempt', '')}|{row.fields['GrpTRES']}"
        for row in rows
        if row.kind == "qos"
    ]
    return "\n".join([*head, *shown, "Name|Priority|Preempt|GrpTRES", *qos])


def test_slurm_as_it_was_set_changes_nothing(table: QuotaTable) -> None:
    assert of_rows(slurm.rows(table), parse_slurm(as_shown(table))) == []
    assert of_rows(slurm.rows(table), parse_slurm(slurm.text(table))) == []


def test_slurms_limits_are_said_type_by_type(table: QuotaTable) -> None:
    shown = (
        as_shown(table)
        .replace("gres/gpu=80,gres/gpu:gb300=80", "gres/gpu=8,cpu=10")
        .replace("south|run-a|", "east|run-a|")
    )
    shown = shown.replace("|run-a-north-spare,papers-north-spare|", "|papers-north-spare,run-a-north-spare|")
    assert lines(of_rows(slurm.rows(table), parse_slurm(shown))) == [
        "change account chat of north: GrpTRES gres/gpu 8 → 80",
        "change account chat of north: GrpTRES gres/gpu:gb300 nothing → 80",
        "add account run-a of south",
    ]


def test_where_no_qos_is_shown_none_is_missed(table: QuotaTable) -> None:
    shown = as_shown(table).partition("Name|")[0]
    assert of_rows(slurm.rows(table), parse_slurm(shown)) == []
    found = of_rows(slurm.rows(table), [QosRow(kind="qos", cluster="", name="normal", fields={})])
    assert {(one.action, one.thing.split()[0]) for one in found} == {("add", "qos")}


def test_another_quarter_of_a_plan_is_shown_in_place_of_its_file(
    answer: Callable[..., QuotasAnswer], table: QuotaTable
) -> None:
    less = replace(table.shares[0], nominal_count=50)
    then = replace(table, shares=(less, *table.shares[1:]))
    found = written(answer("kueue", table=then, live=kueue.objects(table)))
    where = "spec.resourceGroups[0].flavors[north-gb300].resources[nvidia.com/gpu]"
    assert found.shown.splitlines() == [
        f"change Cohort programme: {where}.nominalQuota 10 → 20",
        f"change ClusterQueue chat: {where}.nominalQuota 60 → 50",
        f"change ClusterQueue chat: {where}.borrowingLimit 20 → 30",
        f"change ClusterQueue chat: {where}.lendingLimit 30 → 20",
    ]
    assert found.text.startswith("# Gigawatt")
    assert written(answer("kueue", live=kueue.objects(table))).shown == "nothing would change\n"
