"""Results are told in pages, from the files of their own folder and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from gigawatt.interfaces.server import jobs, results
from gigawatt.interfaces.server.asked import Caller, Refused
from gigawatt.interfaces.server.settings import ServerLimits, Settings
from gigawatt.interfaces.server.store import ServerStore
from gigawatt.interfaces.server.tables import JOBS
from gigawatt.study.result import MARKER

ADA = Caller(name="ada", role="editor", door="http")
BEN = Caller(name="ben", role="approver", door="http")
OWNER = Caller(name="ola", role="owner", door="http")
VIEWER = Caller(name="ada", role="viewer", door="http")
ID = "0123456789abcdef0123456789abcdef"
NO_IDS = ["", "..", "../jobs", "/etc", "%2e%2e", "%252e", "\0", "x" * 10_000, ID.upper(), f"{ID}\n", f"{ID}/", "\u202e"]


def done(settings: Settings, store: ServerStore, id_: str = ID, **values: Any) -> Path:
    """A job that is done, with its folder."""
    row = {
        "id": id_,
        "verb": "run",
        "question": '{"scenario": "one-campus"}',
        "order": "{}",
        "who": "ada",
        "state": "done",
        "created": "2026-11-01T00:00:00.000Z",
        "ended": "2026-11-01T00:01:00.000Z",
        "estimate_cpu_s": 1.0,
        "code": 0,
        "scenario": "one-campus",
        "hash": "f" * 64,
    }
    with store.writing() as connection:
        connection.execute(insert(JOBS).values({**row, **values}))
    folder = jobs.folder_of(settings, id_)
    (folder / "tables").mkdir(parents=True)
    (folder / "answer.json").write_text('{"scenario": "one-campus", "notes": []}')
    (folder / "report.html").write_text("<h1>")
    (folder / "tables" / "money.csv").write_text(
        'Year,"Debt [USD]",Note,"Share [share]"\n2026,1.5,a,\n2027,-2e+16,"b, c",0.5\n'
    )
    return folder


def refused(act: Callable[[], object], why: str) -> Refused:
    with pytest.raises(Refused) as raised:
        act()
    assert raised.value.why == why
    assert raised.value.given.isprintable()
    assert len(raised.value.given) < 1_000
    return raised.value


def test_the_answer_is_the_bytes_that_were_kept(settings: Settings, store: ServerStore) -> None:
    done(settings, store)
    assert results.answer(settings, store, ID) == b'{"scenario": "one-campus", "notes": []}'


def test_an_answer_that_is_too_long_is_cut_and_says_so(settings: Settings, store: ServerStore) -> None:
    folder = done(settings, store)
    (folder / "answer.json").write_text(json.dumps({"scenario": "x", "rows": list(range(100_000)), "notes": []}))
    short = replace(settings, limits=ServerLimits(answer_bytes=10_000))
    told = results.answer(short, store, ID)
    assert len(told) <= 10_000
    assert json.loads(told)["notes"][0]["path"] == "rows"


def test_only_what_is_done_and_not_removed_is_a_result(settings: Settings, store: ServerStore) -> None:
    for number, state in enumerate(("waiting", "running", "failed", "cancelled")):
        done(settings, store, str(number) * 32, state=state)
    done(settings, store, "a" * 32, removed="2026-11-02T00:00:00.000Z")
    assert results.listed(store) == []
    for id_ in ("0" * 32, "a" * 32):
        refused(lambda id_=id_: results.answer(settings, store, id_), "absent")


def test_results_are_listed_by_page_the_last_first(each_settings: Settings, each_store: ServerStore) -> None:
    for number in range(5):
        done(each_settings, each_store, f"{number:032x}", created=f"2026-11-0{1 + number // 2}T00:00:00.000Z")
    first = results.listed(each_store, count=2)
    rest = results.listed(each_store, before=first[-1].id)
    assert [int(one.id, 16) for one in (*first, *rest)] == [4, 3, 2, 1, 0]
    assert first[0].question == {"scenario": "one-campus"}
    refused(lambda: results.listed(each_store, before="../x"), "absent")


def test_results_are_listed_by_verb_scenario_and_person(each_settings: Settings, each_store: ServerStore) -> None:
    done(each_settings, each_store, "1" * 32, verb="sweep", scenario="loi", who="ben")
    done(each_settings, each_store, "2" * 32)
    assert [one.id for one in results.listed(each_store, verbs=("sweep", "compare"))] == ["1" * 32]
    assert [one.id for one in results.listed(each_store, scenario="loi")] == ["1" * 32]
    assert [one.id for one in results.listed(each_store, who="ada")] == ["2" * 32]
    assert results.listed(each_store, scenario="\0\ud800'; --") == []


def test_an_id_that_is_none_is_refused_in_one_way(settings: Settings, store: ServerStore) -> None:
    done(settings, store)
    told = {refused(lambda id_=id_: results.get(store, id_), "absent").expected for id_ in (*NO_IDS, "b" * 32)}
    assert len(told) == 1


def test_a_removed_result_is_gone_for_everybody(settings: Settings, store: ServerStore) -> None:
    folder = done(settings, store)
    results.remove(settings, store, ADA, ID)
    assert not folder.exists()
    for act in (results.answer, results.files, results.tables):
        refused(lambda act=act: act(settings, store, ID), "absent")
    refused(lambda: results.remove(settings, store, BEN, ID), "absent")
    with store.reading() as connection:
        assert connection.execute(select(JOBS.c.question)).scalar() == '{"scenario": "one-campus"}'


def test_a_result_is_removed_by_whose_it_is_or_an_owner(settings: Settings, store: ServerStore) -> None:
    folder = done(settings, store)
    for caller in (BEN, VIEWER):
        refused(lambda caller=caller: results.remove(settings, store, caller, ID), "forbidden")
    assert folder.exists()
    results.remove(settings, store, OWNER, ID)
    assert not folder.exists()


def test_a_result_that_a_job_waits_for_stays(settings: Settings, store: ServerStore) -> None:
    folder = done(settings, store)
    done(settings, store, "2" * 32, state="waiting", order=json.dumps({"values": {"result": str(folder)}}))
    refused(lambda: results.remove(settings, store, ADA, ID), "conflict")
    assert folder.exists()


def test_files_are_those_of_the_folder_by_name(settings: Settings, store: ServerStore) -> None:
    folder = done(settings, store)
    assert [view.name for view in results.files(settings, store, ID)] == [
        "answer.json",
        "report.html",
        "tables/money.csv",
    ]
    view, place = results.file(settings, store, ID, "tables/money.csv")
    assert (view.type, place.parent.parent) == ("text/csv; charset=utf-8", folder.absolute())


NO_FILES = [
    "",
    ".",
    "..",
    "../../server.db",
    "/etc/passwd",
    "tables",
    "tables/",
    "tables//money.csv",
    "./answer.json",
    "tables/../answer.json",
    "tables\\money.csv",
    "tables%2fmoney.csv",
    "%2e%2e/server.db",
    "answer.json\0",
    "answer.json\n",
    "ANSWER.JSON",
    "answer.jso\u04bf",
    "x" * 10_000,
    ".hidden.json",
    "lock",
    "secret.json",
    "linked/secret.json",
    "\ud800",
]


def test_no_name_leads_out_of_the_folder(settings: Settings, store: ServerStore, tmp_path: Path) -> None:
    folder, outside = done(settings, store), tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.json").write_text("{}")
    (folder / "secret.json").symlink_to(outside / "secret.json")
    (folder / "linked").symlink_to(outside)
    (folder / ".hidden.json").write_text("{}")
    (folder / "lock").write_text("")
    for name in NO_FILES:
        told = refused(lambda name=name: results.file(settings, store, ID, name), "absent")
        assert "answer.json" in told.expected
        assert "secret" not in told.expected


def test_a_folder_that_is_a_link_is_no_result(settings: Settings, store: ServerStore, tmp_path: Path) -> None:
    folder = done(settings, store)
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    for act in (results.answer, results.files, results.tables):
        refused(lambda act=act: act(settings, store, ID), "absent")
    results.remove(settings, store, ADA, ID)
    assert (tmp_path / "elsewhere" / "answer.json").exists()


def test_tables_that_are_links_are_none(settings: Settings, store: ServerStore, tmp_path: Path) -> None:
    folder = done(settings, store)
    (folder / "tables").rename(tmp_path / "elsewhere")
    (folder / "tables").symlink_to(tmp_path / "elsewhere")
    assert results.tables(settings, store, ID) == []
    refused(lambda: results.table(settings, store, ID, "money"), "absent")


def test_rows_of_a_table_have_types_and_columns_units(settings: Settings, store: ServerStore) -> None:
    done(settings, store)
    found = results.table(settings, store, ID, "money")
    assert [(one.title, one.unit, one.numeric) for one in found.columns] == [
        ("Year", "", False),
        ("Debt", "USD", True),
        ("Note", "", False),
        ("Share", "share", True),
    ]
    assert found.rows == (("2026", 1.5, "a", None), ("2027", -2e16, "b, c", 0.5))
    assert (found.rows_count, found.next) == (2, None)
    (listed,) = results.tables(settings, store, ID)
    assert (listed.name, listed.rows, listed.rows_count) == ("money", (), 2)


def test_figures_of_other_notations_are_text(settings: Settings, store: ServerStore) -> None:
    folder = done(settings, store)
    (folder / "tables" / "odd.csv").write_text("Name,A,B,C,D\nx,nan,1_000,inf,=1+1\n")
    assert results.table(settings, store, ID, "odd").rows == (("x", "nan", "1_000", "inf", "=1+1"),)


def test_pages_of_a_table_follow_each_other(settings: Settings, store: ServerStore) -> None:
    folder = done(settings, store)
    (folder / "tables" / "long.csv").write_text("N,Value\n" + "".join(f"r{n},{n}\n" for n in range(1_000)))
    small = replace(settings, limits=ServerLimits(answer_bytes=4_000))
    rows, offset, pages = [], 0, 0
    while offset is not None:
        page = results.table(small, store, ID, "long", offset, 5_000)
        assert len(json.dumps(page.rows)) <= 4_000
        rows, offset, pages = [*rows, *page.rows], page.next, pages + 1
    assert [row[1] for row in rows] == list(range(1_000))
    assert pages > 3
    assert results.table(settings, store, ID, "long", 10_000).rows == ()
    for offset, count in ((-1, 1), (1, -1)):
        refused(lambda offset=offset, count=count: results.table(settings, store, ID, "long", offset, count), "wrong")


def test_a_table_that_is_none_is_told_with_those_that_are(settings: Settings, store: ServerStore) -> None:
    done(settings, store)
    for name in ("monye", "../answer", "money.csv", "tables/money", "%2e%2e", "x" * 10_000, "\0"):
        assert "money" in refused(lambda name=name: results.table(settings, store, ID, name), "absent").expected


def test_a_result_with_a_plan_is_asked_for_where_one_is_needed(settings: Settings, store: ServerStore) -> None:
    folder = done(settings, store)
    refused(lambda: results.folder(settings, store, ID, whole=True), "wrong")
    (folder / "result.json").write_text("{}")
    assert results.folder(settings, store, ID, whole=True) == folder.absolute()


def test_a_result_with_a_plan_is_known_by_the_name_that_it_has() -> None:
    assert MARKER == results.WHOLE


def test_what_keeps_results_is_loaded_without_what_makes_them() -> None:
    code = "import sys; import gigawatt.interfaces.server.naming, gigawatt.interfaces.server.thinning; "
    code += "print([name for name in ('xarray', 'pandas', 'linopy', 'numba', 'h5py', 'jinja2') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_long_table_is_not_kept_in_memory(
    settings: Settings, store: ServerStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    done(settings, store)
    for most, kept in ((10, 0), (10_000, 1)):
        monkeypatch.setattr(results, "MOST_KEPT_BYTES", most)
        results._read.cache_clear()
        assert results.table(settings, store, ID, "money").rows_count == 2
        assert results._read.cache_info().currsize == kept
