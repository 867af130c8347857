"""A configuration that was read becomes a model file: any name, its evidence, and nothing that steers a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from gigawatt.catalog import load
from gigawatt.catalog.model_file import model_toml
from gigawatt.catalog.records import Model
from gigawatt.errors import CatalogError
from gigawatt.readers.huggingface import ModelConfig

ADDRESS = "https://example.org/config.json"
HEADS = {"attention": "gqa", "heads_count": 32, "kv_heads_count": 8, "head_dim_count": 128}
MIXED = {"ffn_count": 2048, "experts_count": 256, "experts_active_count": 8}
CONFIG = ModelConfig(
    hidden_count=4096,
    vocabulary_count=128256,
    tied_embeddings=False,
    draft_blocks_count=1,
    blocks=({**HEADS, "ffn_count": 14336, "count": 3}, {**HEADS, **MIXED, "window_count": 1024, "count": 29}),
)


def written(tmp_path: Path, name: str = "An imported model", source: str = ADDRESS) -> Model:
    file = tmp_path / "model.toml"
    file.write_text(model_toml(CONFIG, name=name, source=source, read="2026-11-24"), encoding="utf-8")
    return load.read_file(Model, file)


def test_a_file_says_what_was_read(tmp_path: Path) -> None:
    model = written(tmp_path)
    for name in ("hidden_count", "vocabulary_count", "tied_embeddings", "draft_blocks_count"):
        assert getattr(model, name) == getattr(CONFIG, name), name
    for block, row in zip(model.blocks, CONFIG.blocks, strict=True):
        assert {name: getattr(block, name) for name in row} == row
    assert (model.vendor, model.release_date) == ("unknown", "2026-11-24")


def test_numbers_come_from_the_configuration(tmp_path: Path) -> None:
    evidence = written(tmp_path).evidence["blocks.1.experts_count"]
    assert evidence.grade == "vendor"
    assert evidence.source
    assert (evidence.source.url, evidence.source.date) == (ADDRESS, "2026-11-24")


@pytest.mark.parametrize("name", ['a "quoted" name', "back\\slash", "Größe 模型"])
def test_any_name_is_written(tmp_path: Path, name: str) -> None:
    assert written(tmp_path, name).name == name


@pytest.mark.parametrize("name", ["two\nlines", "\x7f", "\x1b[31mred", "\u202eevil"])
def test_a_name_with_control_characters_is_refused(name: str) -> None:
    """faults K10: nothing that steers a terminal or turns a line round is written into a model file."""
    with pytest.raises(CatalogError, match=r"name = .* one line of text without control characters"):
        model_toml(CONFIG, name=name, source=ADDRESS, read="2026-11-24")


def test_a_file_is_no_address(tmp_path: Path) -> None:
    """faults K10: the address of a source is one of the web; a file's name stands in the title."""
    source = written(tmp_path, "m", "config.json").evidence["hidden_count"].source
    assert source is not None
    assert (source.url, source.title) == ("", "Configuration of m, config.json")
