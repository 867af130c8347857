"""What schedulers keep is read as it stands, and what is no such file is one fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from gigawatt.errors import CatalogError
from gigawatt.readers.quotas import QosRow, parse_objects, parse_slurm, read_objects, read_slurm

NAMED = "kind: Cohort\nmetadata: {name: a}\n"


def test_documents_lists_and_lists_in_documents_are_all_objects() -> None:
    inner = "kind: List\nitems:\n- kind: CohortList\n  items:\n  - {kind: Cohort, metadata: {name: b}}\n"
    text = f"{NAMED}---\n{inner}---\n"
    assert [one.name for one in parse_objects(text, "file")] == ["a", "b"]
    assert parse_objects('{"kind": "List", "items": [{"kind": "A", "metadata": {"name": "j"}}]}', "file") != []


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("a: b: c", "mapping values are not allowed here"),
        ("- 1", "something without a kind"),
        ("kind: 5", "something without a kind"),
        ("kind: Queue", "a Queue without a name"),
        ("kind: Queue\nmetadata: {name: [a]}", "a Queue without a name"),
        (f"{NAMED}spec: 5", "the Cohort a whose spec is no mapping"),
        (f"{NAMED}kind: Queue", 'the key "kind" twice'),
        (f"x: &x {{}}\ny: *x\n{NAMED}", "an alias"),
        (f"{NAMED}spec: !!python/object:os.system {{}}", "could not determine a constructor"),
        ("[" * 5000, "lists nested too deeply"),
        (f"{NAMED}spec: {{a: \x00}}", "special characters are not allowed"),
    ],
)
def test_what_is_no_object_is_one_fault(text: str, given: str) -> None:
    with pytest.raises(CatalogError) as found:
        parse_objects(text, "live.yaml")
    (fault,) = found.value.faults
    assert fault.path == "live.yaml"
    assert given in fault.given


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    for read in (read_objects, read_slurm):
        with pytest.raises(CatalogError, match="No such file"):
            read(tmp_path / "none")


@pytest.mark.parametrize("text", ["", "nothing of Slurm's\n", "JobID|State\n1|DONE\n", "sacctmgr -i add cluster a\n"])
def test_a_file_without_accounts_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "live").write_text(text)
    with pytest.raises(CatalogError, match="no account and no QOS"):
        read_slurm(tmp_path / "live")


@pytest.mark.parametrize("version", ["22.05.8", "24.11.5", "26.05.5"])
def test_associations_and_dumps_of_every_release_are_read(data_dir: Path, version: str) -> None:
    folder = data_dir / "operator-samples" / "slurm" / version
    shown = {row.name: row for row in read_slurm(folder / "sacctmgr-assoc.psv")}
    assert set(shown) == {"root", "lab", "train"}  # users share in their account
    assert shown["train"].fields["Fairshare"] == "7"
    assert shown["train"].gpus[""] == 12
    dumped = {(row.kind, row.name): row for row in read_slurm(folder / "sacctmgr-dump.cfg")}
    train = dumped["account", "train"]
    assert (train.cluster, train.gpus, train.fields["Fairshare"]) == ("demo", {"h100": 8, "": 12}, "10")
    if version == "26.05.5":
        assert dumped["qos", "high"].fields["Preempt"] == "low"
        assert dumped["qos", "high"].gpus == {"": 6}
    else:
        assert {kind for kind, _ in dumped} == {"account"}  # these dumps carry no QOS


def test_commands_tables_and_dumps_say_the_same() -> None:
    commands = "sacctmgr -i modify account where name=a cluster=c set Fairshare=3 GrpTRES=gres/gpu=5,gres/gpu:gb300=4"
    table = "Cluster|Account|User|Partition|Share|GrpTRES|QOS\nc|a|||3|cpu=1,gres/gpu:gb300=4,gres/gpu=5|normal"
    dump = "Cluster - 'c':Fairshare=1\nAccount - 'a':Description='x: y':Fairshare=3:GrpTRES=gres/gpu:gb300=4,gres/gpu=5"
    for text in (commands, table, dump):
        (row,) = parse_slurm(text)
        assert (row.kind, row.cluster, row.name, row.fields["Fairshare"]) == ("account", "c", "a", "3")
        assert row.gpus == {"": 5, "gb300": 4}


def test_rows_of_users_and_cut_lines_are_passed_over() -> None:
    text = "Cluster|Account|User|Partition|Share\nc|a|ann||1\nc|a\nc|b|||2"
    assert parse_slurm(text) == [
        QosRow(kind="account", cluster="c", name="b", fields={"Fairshare": "2", "GrpTRES": "", "QOS": ""})
    ]


@pytest.mark.parametrize(
    "line",
    ["account where name='a", "qos set", "qos where name=a set GrpTRES", "account where cluster=a set Fairshare=1"],
)
def test_a_command_that_cannot_be_read_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "live").write_text(f"sacctmgr -i modify {line}\n")
    with pytest.raises(CatalogError, match=r"the command .sacctmgr -i modify"):
        read_slurm(tmp_path / "live")


def test_rows_of_accounts_without_their_cluster_are_passed_over() -> None:
    assert not [row for row in parse_slurm("Name|Account|\na|b|\n") if row.kind == "account"]
