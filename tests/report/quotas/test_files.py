"""Files for schedulers say what the table says, can be read back to it, and never give away more than stands."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gigawatt.errors import ScenarioError
from gigawatt.readers.quotas import (
    KubeObject,
    QosRow,
    QuotaFlavor,
    QuotaQueue,
    QuotaShare,
    QuotaTable,
    from_kai,
    from_kueue,
    from_slurm,
    parse_objects,
    parse_slurm,
)
from gigawatt.report.quotas import kai, kueue, manifest, slurm
from gigawatt.report.quotas.rules import check_all
from gigawatt.report.quotas.written import told, written
from gigawatt.study.export.answer import QuotasAnswer, check_flavors
from gigawatt.study.export.names import MOST, label, labels
from gigawatt.study.export.quotas import GROUPS, apportioned

Answer = Callable[..., QuotasAnswer]
TITLES = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=20)


@st.composite
def tables(draw: st.DrawFn) -> QuotaTable:
    """Any table that a plan could give."""
    sites = labels(draw(st.lists(st.sampled_from(["A", "a", "b_1", "1e3", "no"]), min_size=1, max_size=3, unique=True)))
    kinds = ["gb300", "mi455x"]
    pairs = [(site, kind) for site in sites for kind in kinds]
    flavors = tuple(
        QuotaFlavor(
            name=f"{site}-{kind}",
            site=site,
            platform=kind,
            resource=draw(st.sampled_from(["nvidia.com/gpu", "amd.com/gpu"])),
            packages_count=draw(st.integers(1, 10**7)),
        )
        for site, kind in pairs
    )
    names = labels(draw(st.lists(TITLES, min_size=1, max_size=4)))
    queues, shares = [], []
    left = {flavor.name: flavor.packages_count for flavor in flavors}
    for name in names:
        queue = QuotaQueue(
            name=name,
            title=draw(TITLES).strip() or "-",
            group=draw(st.sampled_from(GROUPS)),
            priority=100 * draw(st.integers(1, 9)),
            weight_ratio=draw(st.integers(1, 100)),
        )
        own = []
        for flavor in flavors:
            nominal = draw(st.integers(0, left[flavor.name]))
            ceiling = draw(st.integers(nominal, flavor.packages_count))
            if ceiling > 0:
                left[flavor.name] -= nominal
                floor = draw(st.integers(0, nominal))
                own.append(
                    QuotaShare(
                        queue=name,
                        flavor=flavor.name,
                        nominal_count=nominal,
                        floor_count=floor,
                        ceiling_count=ceiling,
                    )
                )
        if own:
            queues.append(queue)
            shares += own
    return QuotaTable(programme="programme", flavors=flavors, queues=tuple(queues), shares=tuple(shares))


@settings(max_examples=25, deadline=None)
@given(tables())
def test_kueue_is_read_back_as_it_was_written_and_no_rule_is_broken(table: QuotaTable) -> None:
    objects = kueue.objects(table)
    assert check_all(objects) == []
    assert from_kueue(parse_objects(manifest.text(objects), "text")) == table


@settings(max_examples=25, deadline=None)
@given(tables())
def test_kai_is_read_back_as_it_was_written_and_no_rule_is_broken(table: QuotaTable) -> None:
    objects = kai.objects(table)
    assert check_all(objects) == []
    assert from_kai(parse_objects(manifest.text(objects), "text")) == table


@settings(max_examples=25, deadline=None)
@given(tables())
def test_slurm_is_read_back_as_it_was_written(table: QuotaTable) -> None:
    assert from_slurm(slurm.text(table)) == table


@given(st.integers(0, 10**8), st.lists(st.floats(0, 1), max_size=8))
def test_whole_parts_sum_to_the_total_and_none_is_a_package_off(total: int, shares: list[float]) -> None:
    scale = max(1.0, sum(shares))
    parts = apportioned(total, shares)
    assert sum(parts) == total
    for part, share in zip(parts, shares, strict=False):
        assert abs(part - total * share / scale) <= 1 + 1e-6


def test_what_no_class_has_is_the_programmes_own_and_all_that_stands_is_in_the_cohorts(table: QuotaTable) -> None:
    objects = {(one.kind, one.name): one.spec for one in kueue.objects(table)}
    sums: dict[str, int] = {}
    for (kind, _), spec in objects.items():
        for group in spec.get("resourceGroups", []) if kind in ("Cohort", "ClusterQueue") else []:
            for flavor in group["flavors"]:
                sums[flavor["name"]] = sums.get(flavor["name"], 0) + flavor["resources"][0]["nominalQuota"]
    assert sums == {flavor.name: flavor.packages_count for flavor in table.flavors}


def test_a_class_of_kueue_has_quota_floor_and_ceiling(table: QuotaTable) -> None:
    (chat,) = [one.spec for one in kueue.objects(table) if one.kind == "ClusterQueue"][:1]
    assert chat["cohortName"] == "programme-interactive"
    entries = {one["name"]: one["resources"][0] for one in chat["resourceGroups"][0]["flavors"]}
    expected = {"name": "nvidia.com/gpu", "nominalQuota": 60, "borrowingLimit": 20, "lendingLimit": 30}
    assert entries["north-gb300"] == expected
    assert chat["preemption"]["reclaimWithinCohort"] == "Any"
    assert chat["namespaceSelector"] == {"matchLabels": {"kubernetes.io/metadata.name": "chat"}}


def test_two_kinds_of_accelerators_are_two_groups_of_resources(table: QuotaTable) -> None:
    (run,) = [one for one in kueue.objects(table) if one.key == ("ClusterQueue", None, "run-a")]
    found = [
        (group["coveredResources"], [one["name"] for one in group["flavors"]]) for group in run.spec["resourceGroups"]
    ]
    assert found == [(["nvidia.com/gpu"], ["north-gb300"]), (["amd.com/gpu"], ["south-mi455x"])]


def test_batch_work_takes_nothing_back_from_what_goes_before_it(table: QuotaTable) -> None:
    rules = {one.name: one.spec["preemption"] for one in kueue.objects(table) if one.kind == "ClusterQueue"}
    assert rules["papers"]["reclaimWithinCohort"] == "LowerPriority"
    values = {one.name: one.body["value"] for one in kueue.objects(table) if "value" in one.body}
    assert values["chat"] > values["run-a"] > values["papers"]


def test_all_nine_numbers_of_a_queue_of_kai_are_written(table: QuotaTable) -> None:
    for one in kai.objects(table):
        resources = one.spec["resources"]
        assert set(resources) == {"gpu", "cpu", "memory"}
        for numbers in resources.values():
            assert set(numbers) == {"quota", "limit", "overQuotaWeight"}
            assert numbers["limit"] != 0


def test_more_flavors_than_a_queue_of_kueue_takes_are_one_fault(table: QuotaTable) -> None:
    def of(count: int) -> QuotaTable:
        flavors = tuple(replace(table.flavors[0], name=f"flavor-{n}") for n in range(count))
        return replace(table, flavors=(*flavors, table.flavors[-1]), shares=())

    check_flavors(of(64))
    with pytest.raises(ScenarioError, match="65 pairs of site and platform"):
        check_flavors(of(65))


def test_slurm_gets_commands_that_add_before_they_modify(table: QuotaTable) -> None:
    lines = [line for line in slurm.text(table).splitlines() if not line.startswith("#")]
    words = [shlex.split(line) for line in lines]
    assert all(one[:2] == ["sacctmgr", "-i"] for one in words)
    actions = [one[2] for one in words]
    assert actions == sorted(actions)  # every add before every modify
    assert [one[4] for one in words if one[3] == "cluster"] == ["north", "south"]
    added = {one[4] for one in words if one[2:4] == ["add", "account"]} | {"root"}
    for one in words:
        if one[2:4] == ["add", "account"]:
            assert one[6].removeprefix("parent=") in added


def test_a_type_that_a_class_may_not_use_is_limited_to_none(table: QuotaTable) -> None:
    rows = {(row.kind, row.cluster, row.name): row for row in slurm.rows(table)}
    assert rows["account", "south", "chat"].gpus == {"": 50, "gb300": 50, "mi455x": 0}
    assert rows["qos", "", "chat-north"].gpus == {"": 60, "gb300": 60}
    assert rows["qos", "", "chat-north-spare"].gpus == {"": 20, "gb300": 20}


def test_what_is_spare_gives_way_to_every_quota_and_to_what_goes_before_it(table: QuotaTable) -> None:
    rows = {row.name: row.fields for row in slurm.rows(table) if row.kind == "qos"}
    spares = {"chat-north-spare", "run-a-north-spare", "papers-north-spare"}
    assert set(rows["papers-north"]["Preempt"].split(",")) == spares
    assert set(rows["chat-north-spare"]["Preempt"].split(",")) == {"run-a-north-spare", "papers-north-spare"}
    assert "Preempt" not in rows["papers-north-spare"]  # an empty one is taken for a loop
    assert int(rows["papers-north"]["Priority"]) > int(rows["chat-north-spare"]["Priority"])


def test_a_file_for_slurm_is_read_as_rows(table: QuotaTable) -> None:
    wanted = {(row.kind, row.cluster, row.name) for row in slurm.rows(table)}
    assert {(row.kind, row.cluster, row.name) for row in parse_slurm(slurm.text(table))} == wanted


@pytest.mark.parametrize(
    "value",
    [
        {"a": "no", "yes": "1e3", "b": ["0x1f", "12:30", "~", "null", "", " x", "a: b", "# c", "é\u2028"]},
        {"empty": {}, "none": None, "nested": [[1, [2]], [{"a": 1, "b": [{"c": "- d"}]}]], "list": []},
        {"n": -5, "f": 0.5, "t": True},
    ],
)
def test_a_manifest_is_read_by_a_reader_of_yaml_as_it_was(value: dict[str, Any]) -> None:
    text = manifest.text([KubeObject(body=value)], ["a remark\nof two lines"])
    assert list(yaml.safe_load_all(text)) == [value]
    assert text.startswith("# a remark of two lines\n---\n")


def test_names_are_labels_each_once() -> None:
    texts = ["A_b", "a-b", "a b", "root", "x" * 80, "x" * 81, "日本", "-", "a-b"]
    found = labels(texts)
    assert len(set(found)) == len(texts)
    assert found[1] == "a-b"
    assert all(name == label(name) and len(name) <= MOST for name in found)
    assert found[3] != "root"
    assert labels(["0", "a.b"]) == ["0", "a-b"]


def test_a_written_answer_says_what_it_is_of(answer: Answer) -> None:
    found = written(answer("kueue"))
    first = found.text.splitlines()[:3]
    assert first[0].endswith("programme in 2027Q3, 0123")
    assert "# What stands is shared." in first
    assert "Not it." not in found.text
    assert found.shown == found.text
    assert written(answer("slurm")).text.startswith("#!/bin/sh\n")


@pytest.mark.parametrize("format_", ["kueue", "kai", "slurm"])
def test_an_answer_is_one_object_with_its_file(answer: Answer, format_: str) -> None:
    data = told(answer(format_))
    assert data["text"] == written(answer(format_)).text
    assert (data["objects"] is None) == (format_ == "slurm")
    assert data["changes"] is None
    assert data["shares"][0] == {
        "queue": "chat",
        "flavor": "north-gb300",
        "nominal_count": 60,
        "floor_count": 30,
        "ceiling_count": 80,
    }
    live = () if format_ != "slurm" else (QosRow(kind="account", cluster="a", name="root", fields={}),)
    assert told(answer(format_, live=live))["changes"][0]["action"] == "add"


def test_what_a_server_would_not_take_is_refused_and_not_written(answer: Answer, table: QuotaTable) -> None:
    shares = [replace(one, nominal_count=-1) if n == 0 else one for n, one in enumerate(table.shares)]
    with pytest.raises(ScenarioError) as caught:
        written(answer("kueue", table=replace(table, shares=tuple(shares))))
    assert "nominalQuota" in str(caught.value)
