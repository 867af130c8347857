"""What a server would say of an object is known before it is asked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gigawatt.readers.quotas import KubeObject, QuotaTable, parse_objects, read_objects
from gigawatt.report.quotas import kai, kueue, manifest
from gigawatt.report.quotas.fields import Finding, fields_of, quantity
from gigawatt.report.quotas.rules import check, check_all, check_update, is_refused

CRDS = {
    "ResourceFlavor": "resourceflavors",
    "Cohort": "cohorts",
    "ClusterQueue": "cq",
    "LocalQueue": "localqueues",
    "WorkloadPriorityClass": "workloadpriorityclasses",
}
GPU = "nvidia.com/gpu"


def crd(data_dir: Path, kind: str) -> Mapping[str, Any]:
    """The schema that the server has of a kind."""
    file = data_dir / "schemas" / f"kueue_{CRDS[kind]}.yaml"
    (whole,) = read_objects(file)
    (version,) = [one for one in whole.spec["versions"] if one["name"] == "v1beta2"]
    schema: Mapping[str, Any] = version["schema"]["openAPIV3Schema"]
    return schema


def queue(**spec: Any) -> dict[str, Any]:
    """A ClusterQueue that a server takes, with what the test changes."""
    return {"apiVersion": kueue.VERSION, "kind": "ClusterQueue", "metadata": {"name": "train"}, "spec": spec}


def groups(*, covered: list[str] | None = None, names: tuple[str, ...] = (GPU,), **entry: Any) -> list[dict[str, Any]]:
    """One group of one flavor."""
    entries = [{"name": name, "nominalQuota": 8, **entry} for name in names]
    return [{"coveredResources": covered or [GPU], "flavors": [{"name": "gb300", "resources": entries}]}]


def cohort(**spec: Any) -> dict[str, Any]:
    return queue(**spec) | {"kind": "Cohort"}


def found(one: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Layer and path of everything that is found of an object."""
    return [(item.layer, item.path) for item in check(KubeObject(body=one))]


@pytest.mark.parametrize(
    ("file", "layers"),
    [
        ("valid-cohort-borrowing", set()),
        ("pruned-old-field-cohort", {"pruned"}),
        ("refused-schema-float-quota", {"schema"}),
        ("refused-cel-after-defaults-borrow-within-cohort", {"CEL"}),
        ("refused-cel-borrowing-without-cohort", {"CEL", "webhook"}),
        ("refused-webhook-order", {"webhook"}),
    ],
)
def test_what_a_server_says_of_a_sample_is_said_by_the_same_layer(data_dir: Path, file: str, layers: set[str]) -> None:
    path = data_dir / "operator-samples" / "kueue" / f"{file}.yaml"
    (one,) = read_objects(path)
    findings = check(one)
    assert {item.layer for item in findings} == layers
    assert is_refused(findings) == file.startswith("refused")
    verdict = path.read_text().splitlines()[0]
    assert "pruned" not in layers or findings[0].path == "spec.cohort"
    assert "must match" not in verdict or "must match the name in coveredResources" in findings[0].text


def test_no_sample_is_left_out(data_dir: Path) -> None:
    files = (data_dir / "operator-samples" / "kueue").glob("*.yaml")
    assert {path.stem.split("-")[0] for path in files} == {"valid", "pruned", "refused"}


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (queue(resourceGroups=groups(), cohortName="site"), []),
        (queue(resourceGroups=groups(nominalQuota="500m")), []),
        (queue(resourceGroups=groups(nominalQuota=True)), [("schema", "{entry}.nominalQuota")]),
        (queue(resourceGroups=groups(nominalQuota="8 GPUs")), [("schema", "{entry}.nominalQuota")]),
        (queue(resourceGroups=groups(nominalQuota=-1)), [("webhook", "{entry}.nominalQuota")]),
        (queue(resourceGroups=groups(lendingLimit=2)), [("webhook", "{entry}.lendingLimit")]),
        (queue(cohortName="a", resourceGroups=groups(lendingLimit="9")), [("webhook", "{entry}.lendingLimit")]),
        (queue(cohortName="a", resourceGroups=groups(lendingLimit="8000m")), []),
        (queue(cohortName="a", resourceGroups=groups(borrowingLimit=-1)), [("webhook", "{entry}.borrowingLimit")]),
        (queue(cohortName="", resourceGroups=groups()), [("schema", "spec.cohortName")]),
        (queue(cohortName="A_b"), [("schema", "spec.cohortName")]),
        (queue(resourceGroups=groups(names=(GPU, "cpu"))), [("CEL", "{flavor}.resources")]),
        (
            queue(resourceGroups=groups(covered=[GPU, GPU], names=(GPU, GPU))),
            [("webhook", "spec.resourceGroups[0].coveredResources[1]")],
        ),
        (
            queue(resourceGroups=[*groups(), *groups(covered=["cpu"], names=("cpu",))]),
            [("webhook", "spec.resourceGroups[1].flavors[0]")],
        ),
        (
            queue(resourceGroups=[{"flavors": []}]),
            [("schema", "spec.resourceGroups[0].flavors"), ("schema", "spec.resourceGroups[0].coveredResources")],
        ),
        (queue(resourceGroups={}), [("schema", "spec.resourceGroups")]),
        (queue(fairSharing={"weight": -1}), [("webhook", "spec.fairSharing.weight")]),
        (queue(stopPolicy="Stop"), [("schema", "spec.stopPolicy")]),
        (queue(flavorFungibility={"preference": "BorrowingOverPreemption"}), [("CEL", "spec.flavorFungibility")]),
        (queue(namespaceSelector={"matchLabels": {"a": 1}}), [("schema", "spec.namespaceSelector.matchLabels")]),
        (queue(cohort="site"), [("pruned", "spec.cohort")]),
        (queue(preemption={"maxAge": 1}), [("pruned", "spec.preemption.maxAge")]),
        (queue() | {"apiVersion": "kueue.x-k8s.io/v1beta1"}, [("schema", "kind")]),
        (queue() | {"kind": "Pod"}, [("schema", "kind")]),
        (queue() | {"metadata": {"name": "Train_1"}}, [("schema", "metadata.name")]),
        (cohort(resourceGroups=groups(borrowingLimit=1)), [("webhook", "{entry}.borrowingLimit")]),
        (cohort(parentName="a", resourceGroups=groups(borrowingLimit=1, lendingLimit=99)), []),
        (queue(topologyName="t") | {"kind": "ResourceFlavor"}, [("CEL", "spec")]),
        (
            {"apiVersion": kueue.VERSION, "kind": "WorkloadPriorityClass", "metadata": {"name": "a"}},
            [("schema", "value")],
        ),
    ],
)
def test_each_rule_says_where_it_is_broken(one: dict[str, Any], said: list[tuple[str, str]]) -> None:
    flavor = "spec.resourceGroups[0].flavors[0]"
    expected = [(layer, path.format(flavor=flavor, entry=f"{flavor}.resources[0]")) for layer, path in said]
    assert found(one) == expected


def test_more_flavors_than_a_queue_takes_are_found() -> None:
    many = [
        {
            "coveredResources": [f"r{n}"],
            "flavors": [{"name": f"f{n}-{m}", "resources": [{"name": f"r{n}", "nominalQuota": 1}]} for m in range(52)],
        }
        for n in range(5)
    ]
    assert found(queue(resourceGroups=many)) == [("webhook", "spec.resourceGroups")]
    many[0]["flavors"] += [{"name": f"x{m}", "resources": [{"name": "r0", "nominalQuota": 1}]} for m in range(13)]
    assert found(queue(resourceGroups=many)) == [("schema", "spec.resourceGroups[0].flavors")]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (5, 5),
        ("5", 5),
        ("1500m", "1.5"),
        ("1k", 1000),
        ("2Ki", 2048),
        ("1e3", 1000),
        ("12E2", 1200),
        (".5", "0.5"),
        ("1E", 10**18),
    ],
)
def test_a_quantity_is_read_as_kubernetes_reads_it(text: Any, value: Any) -> None:
    assert quantity(text) == Decimal(value)


@pytest.mark.parametrize("text", [0.5, True, None, "", "five", "1 k", "1kk", "--1"])
def test_what_is_no_quantity_is_refused(text: Any) -> None:
    with pytest.raises(ValueError, match="a quantity"):
        quantity(text)


def words(spec: Mapping[str, Any], required: bool) -> str:
    """A field of a server's schema as `fields.toml` writes it."""
    kinds = {"integer": "whole", "object": "object", "array": "list", "number": "number"}
    if spec.get("x-kubernetes-int-or-string"):
        said = "quantity"
    elif "enum" in spec:
        said = "|".join(spec["enum"])
    elif spec["type"] == "string":
        said = "name" if "pattern" in spec else "text"
    elif spec["type"] == "object" and "properties" not in spec:
        said = f"map {spec.get('minProperties', 0)}..{spec.get('maxProperties', '')}"
    else:
        said = kinds[spec["type"]]
        said += f" {spec.get('minItems', 0)}..{spec.get('maxItems', '')}" if said == "list" else ""
    said += " required" if required else ""
    return said if spec.get("default", {}) == {} else f"{said} = {spec['default']}"


def of_schema(schema: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Every field of a server's schema by path."""
    for name, spec in schema.get("properties", {}).items():
        here = f"{path}.{name}".lstrip(".")
        yield here, words(spec, name in schema.get("required", ()))
        yield from of_schema(spec, here)
        if spec.get("type") == "array":
            yield f"{here}[]", words(spec["items"], False)
            yield from of_schema(spec["items"], f"{here}[]")


@pytest.mark.parametrize("kind", CRDS)
def test_the_table_of_fields_is_that_of_the_server(data_dir: Path, kind: str) -> None:
    import tomllib

    from gigawatt.report.quotas import fields

    own = {"apiVersion", "kind", "metadata", "status"}
    there = {path: said for path, said in of_schema(crd(data_dir, kind)) if path.split(".")[0] not in own}
    table = tomllib.loads(Path(fields.__file__).with_name("fields.toml").read_text())[kind]["fields"]
    assert table == there
    assert set(fields_of(kind) or ()) == set(there)


def test_what_is_written_is_valid_by_the_servers_own_schema(data_dir: Path, table: QuotaTable) -> None:
    import jsonschema

    for one in parse_objects(manifest.text(kueue.objects(table)), "text"):
        schema = crd(data_dir, one.kind)
        jsonschema.Draft202012Validator(closed(schema)).validate(one.body)


def closed(schema: Any) -> Any:
    """A schema that takes no field that it does not name: a server would drop it in silence."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, Mapping):
        return schema
    found = {key: closed(value) for key, value in schema.items() if key != "x-kubernetes-validations"}
    if "properties" in found and isinstance(schema.get("properties"), Mapping) and schema.get("type") == "object":
        found["additionalProperties"] = False
    return found


def test_a_closed_schema_refuses_what_is_pruned(data_dir: Path) -> None:
    import jsonschema

    (one,) = read_objects(data_dir / "operator-samples" / "kueue" / "pruned-old-field-cohort.yaml")
    schema = crd(data_dir, "ClusterQueue")
    jsonschema.validate(one.body, schema)
    with pytest.raises(jsonschema.ValidationError, match="cohort"):
        jsonschema.validate(one.body, closed(schema))


@pytest.mark.parametrize("objects", [kueue.objects, kai.objects])
def test_nothing_is_found_of_what_is_written(table: QuotaTable, objects: Any) -> None:
    assert check_all(objects(table)) == []


def test_a_name_that_is_not_there_and_one_that_is_there_twice_are_found(table: QuotaTable) -> None:
    objects = kueue.objects(table)
    left = [one for one in objects if one.name not in ("programme", "north-gb300")]
    paths = {(item.layer, item.path) for item in check_all([*left, left[0]])}
    assert ("unusable", "Cohort/programme-batch: spec.parentName") in paths
    assert ("unusable", "ClusterQueue/papers: spec.resourceGroups") in paths
    assert ("unusable", "ResourceFlavor/south-gb300") in paths


@pytest.mark.parametrize(
    ("one", "path"),
    [
        (queue(resourceGroups="all"), "ClusterQueue/train: spec.resourceGroups"),
        (queue(resourceGroups=["all"]), "ClusterQueue/train: spec.resourceGroups[0]"),
        (queue(resourceGroups=[{"coveredResources": [GPU], "flavors": ["gb300"]}]), None),
        ({"apiVersion": kai.VERSION, "kind": "Queue", "metadata": {"name": "a"}, "spec": {"resources": [1]}}, None),
    ],
)
def test_what_has_no_shape_is_found_and_asked_for_no_names(one: dict[str, Any], path: str | None) -> None:
    findings = check_all([KubeObject(body=one)])
    assert {item.layer for item in findings} == {"schema"}
    assert path is None or path in {item.path for item in findings}


def test_a_queue_without_a_spec_has_no_defaults_and_breaks_no_rule() -> None:
    one = queue()
    del one["spec"]
    assert found(one) == []


def test_a_local_queue_does_not_move(table: QuotaTable) -> None:
    now = kueue.objects(table)[-1]
    then = KubeObject(body=json.loads(json.dumps(now.body)))
    assert check_update(now, then) == []
    then.body["spec"]["clusterQueue"] = "chat"
    ((layer, path),) = [(item.layer, item.path) for item in check_update(now, then)]
    assert (layer, path) == ("update", "spec.clusterQueue")


def kai_queue(**gpu: Any) -> dict[str, Any]:
    """A queue of KAI whose processors and memory are unlimited."""
    resources = {"gpu": gpu, "cpu": kai.UNLIMITED, "memory": kai.UNLIMITED}
    return {"apiVersion": kai.VERSION, "kind": "Queue", "metadata": {"name": "a"}, "spec": {"resources": resources}}


@pytest.mark.parametrize(
    ("gpu", "where"),
    [
        ({"quota": 1, "limit": 2, "overQuotaWeight": 1}, []),
        ({"quota": 1, "limit": -1, "overQuotaWeight": 1}, []),
        ({"quota": 1, "limit": 0, "overQuotaWeight": 1}, ["limit", "quota"]),
        ({"quota": 0, "overQuotaWeight": 1}, ["limit"]),
        ({"quota": 3, "limit": 2, "overQuotaWeight": 1}, ["quota"]),
        ({"quota": -1, "limit": 2, "overQuotaWeight": 1}, ["quota"]),
        ({"quota": 1, "limit": 2}, ["overQuotaWeight"]),
    ],
)
def test_a_queue_of_kai_that_lets_nothing_run_is_found(gpu: dict[str, int], where: list[str]) -> None:
    assert found(kai_queue(**gpu)) == [("unusable", f"spec.resources.gpu.{name}") for name in where]


def test_children_of_kai_with_more_than_their_parent_are_found(table: QuotaTable) -> None:
    objects = kai.objects(table)
    objects[0].body["spec"]["resources"]["gpu"] |= {"quota": 80, "limit": 80}
    assert [item.path for item in check_all(objects)] == ["Queue/north-gb300: spec.resources.gpu.quota"]


def test_a_finding_is_no_refusal_where_the_server_is_silent() -> None:
    assert not is_refused([Finding(layer="pruned", path="a", text="")])
    assert not is_refused([Finding(layer="unusable", path="a", text="")])
    assert is_refused([Finding(layer="schema", path="a", text="")])
