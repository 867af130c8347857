"""The catalog as it is listed and shown: everything that is there, under any of its names, or nearly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gigawatt.catalog import load as catalog
from gigawatt.errors import CatalogError, OutputError, ScenarioError
from gigawatt.scenario import strategy
from gigawatt.scenario.load import allocation_presets, presets
from gigawatt.study import verbs
from gigawatt.study.answer import plain
from gigawatt.study.catalog.entry import CatalogEntry
from gigawatt.study.catalog.listing import KINDS, CatalogListing
from gigawatt.study.job import Job

CONFIG: dict[str, Any] = {
    "model_type": "llama",
    "architectures": ["LlamaForCausalLM"],
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "vocab_size": 128256,
    "tie_word_embeddings": False,
}


@pytest.fixture(scope="module")
def listing() -> CatalogListing:
    found: CatalogListing = verbs.catalog_list()
    return found


def test_a_listing_holds_the_whole_catalog(listing: CatalogListing) -> None:
    ids = {kind: [row.id for row in rows] for kind, rows in listing.catalog.items()}
    assert {kind: ids[kind] for kind in catalog.KINDS} == {kind: catalog.ids(kind) for kind in catalog.KINDS}
    assert tuple(ids) == KINDS
    assert list(verbs.catalog_list("sites").catalog) == ["sites"]


def test_a_listing_says_what_can_be_run(listing: CatalogListing) -> None:
    """users 7: presets and strategies stood in no list."""
    ids = {kind: [row.id for row in rows] for kind, rows in listing.catalog.items()}
    assert ids["presets"] == presets()
    assert ids["allocations"] == allocation_presets()
    assert ids["strategies"] == strategy.shipped()
    named = {row.id: row.name for kind in ("presets", "strategies") for row in listing.catalog[kind]}
    assert named["one-campus"] == "One campus of 100 MW that serves two classes"
    assert named["wait-for-rubin"] == "Wait for Rubin"


def test_a_line_counts_numbers_and_what_is_assumed_of_them(listing: CatalogListing) -> None:
    row = next(row for row in listing.catalog["accelerators"] if row.id == "gb300-nvl72")
    grades = [item.grade for item in catalog.get("accelerators", "gb300-nvl72").evidence.values()]
    assert (row.numbers_count, row.assumed_count) == (len(grades), grades.count("assumed"))
    assert row.by == "NVIDIA"
    assert plain(row)["plannable"] is True


def test_an_unknown_kind_says_which_there_are() -> None:
    with pytest.raises(ScenarioError, match='did you mean "models"') as caught:
        verbs.catalog_list("model")
    (fault,) = caught.value.faults
    assert (fault.path, fault.asked) == ("kind", True)


@pytest.mark.parametrize("name", ["GB300", "abilene", "DeepSeek-R1", "dry_cooler", "llama-3.1-70b"])
def test_an_entry_is_found_under_its_names(name: str) -> None:
    found: CatalogEntry = verbs.catalog_show(name)
    json.dumps(plain(found), allow_nan=False)
    assert found.numbers
    assert all(row.value is not None and row.unit for row in found.numbers)
    assert {source.title for source in found.sources} == {row.source.title for row in found.numbers if row.source}


def test_a_number_has_its_range_and_its_source() -> None:
    found = {row["path"]: row for row in plain(verbs.catalog_show("gb300-nvl72"))["numbers"]}
    row, evidence = found["rack_power_w"], catalog.get("accelerators", "gb300-nvl72").evidence["rack_power_w"]
    assert (row["value"], row["unit"]) == (132e3, "w")
    assert (row["grade"], row["low"], row["high"]) == (evidence.grade, evidence.low, evidence.high)
    assert set(row["source"]) == {"url", "date", "title"}


def test_a_name_that_is_nearly_right() -> None:
    with pytest.raises(CatalogError, match="gb300-nvl72"):
        verbs.catalog_show("gb-300-nvl-7")
    with pytest.raises(CatalogError, match="gigawatt catalog list"):
        verbs.catalog_show("zzzzzzzz")


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("one-campus", "gigawatt check one-campus"),
        ("six-classes", "gigawatt allocate six-classes"),
        ("wait-for-rubin", "gigawatt compare wait-for-rubin"),
    ],
)
def test_what_is_listed_and_no_thing_says_what_shows_it(name: str, command: str) -> None:
    with pytest.raises(CatalogError, match=f"`{command}` shows this one"):
        verbs.catalog_show(name)


class TestImportModel:
    """A public configuration becomes a file of the catalog."""

    @staticmethod
    def imported(folder: Path, config: Any, **values: Any) -> Any:
        (folder / "mine.json").write_text(config if isinstance(config, str) else json.dumps(config))
        return verbs.catalog_import_model(folder / "mine.json", job=Job(folder=folder), **values)

    def test_a_model_file_is_written_and_can_be_used(self, tmp_path: Path) -> None:
        found = self.imported(tmp_path, CONFIG)
        assert (found.path, found.name) == (tmp_path / "mine.toml", "mine")
        assert found.total_params_count == pytest.approx(8.03e9, rel=0.01)
        looked_up = CONFIG["vocab_size"] * CONFIG["hidden_size"]  # a row of which a token takes
        assert found.active_params_count == pytest.approx(found.total_params_count - looked_up, rel=1e-3)
        assert set(plain(found)) == {
            *plain(found.head),
            "path",
            "name",
            "total_params_count",
            "active_params_count",
            "cached_values_per_token_count",
        }
        assert catalog.read_file(catalog.KINDS["models"], found.path).name == "mine"
        with pytest.raises(OutputError, match="no file of that name"):
            self.imported(tmp_path, CONFIG)
        assert self.imported(tmp_path, CONFIG, name="My own").path == tmp_path / "my-own.toml"

    def test_its_cached_values_are_those_of_the_shared_index(self, tmp_path: Path, data_dir: Path) -> None:
        """reports 10: blocks that share an index keep no index keys."""
        config = json.loads((data_dir / "cases" / "reports" / "shared_index.json").read_text())
        assert self.imported(tmp_path, config).cached_values_per_token_count == 8 * 576 + 2 * 128

    def test_keys_that_were_not_read_are_named(self, tmp_path: Path) -> None:
        """reports 10: and a file of many is named in a line, without what steers a terminal."""
        unknown = {"odd\x1b[31m": 1} | {f"unknown_{n}": n for n in range(1000)}
        (note,) = [note for note in self.imported(tmp_path, CONFIG | unknown).head.notes if note.code == "unread"]
        assert "unknown_7" in note.text
        assert "and 962 more" in note.text
        assert note.text.isprintable()

    def test_what_the_class_sets_is_named(self, tmp_path: Path) -> None:
        part = {key: value for key, value in CONFIG.items() if key != "num_key_value_heads"}
        notes = self.imported(
            tmp_path, {"model_type": "gemma3", "text_config": part | {"model_type": "gemma3_text"}}
        ).head.notes
        (note,) = [note for note in notes if note.code == "assumed"]
        assert "num_key_value_heads = 4" in note.text

    def test_it_is_written_where_one_is(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "llama").mkdir()
        (tmp_path / "llama" / "config.json").write_text(json.dumps(CONFIG))
        found = verbs.catalog_import_model("llama/config.json")
        assert (str(found.path), found.name) == ("llama.toml", "llama")
        assert (tmp_path / "llama.toml").is_file()

    def test_a_folder_that_is_none(self, tmp_path: Path) -> None:
        (tmp_path / "mine.json").write_text(json.dumps(CONFIG))
        with pytest.raises(OutputError, match="a folder that exists") as caught:
            verbs.catalog_import_model(tmp_path / "mine.json", job=Job(folder=tmp_path / "none"))
        assert [(fault.path, fault.asked) for fault in caught.value.faults] == [("out", True)]

    @pytest.mark.parametrize("text", ["{", "[]", '{"model_type": "abacus"}', '{"model_type": "llama"}'])
    def test_nothing_is_half_written(self, tmp_path: Path, text: str) -> None:
        with pytest.raises(CatalogError):
            self.imported(tmp_path, text)
        assert [path.name for path in tmp_path.iterdir()] == ["mine.json"]
