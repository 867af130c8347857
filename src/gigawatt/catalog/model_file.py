"""A model's configuration as the text of a model file of the catalog, with where it comes from."""

from __future__ import annotations

import json

from gigawatt import units
from gigawatt.catalog import records, to_tokens
from gigawatt.catalog.tables import Reader, check_plain
from gigawatt.errors import CatalogError
from gigawatt.readers.huggingface import ModelConfig
from gigawatt.tokens.model.blocks import active_params_count, total_params_count


def model_toml(
    config: ModelConfig, *, name: str, source: str, read: str, vendor: str = "unknown", release: str = ""
) -> str:
    """The text of a model file that `catalog.load.read_file` takes.

    source: address or file name of the configuration; read: the day it was read on (2026-11-24); release: the day of
    the model's release, that of reading where it is not known. Parameters are those of the blocks. Raises CatalogError
    for a name that no file can hold.
    """
    names = Reader()
    check_plain(name, "name", False, names)
    if names.faults:
        raise CatalogError(names.faults)
    model = records.Model(
        id="",
        name=name,
        vendor=vendor,
        release_date=release or read,
        hidden_count=config.hidden_count,
        vocabulary_count=config.vocabulary_count,
        tied_embeddings=config.tied_embeddings,
        total_params_count=0.0,
        active_params_count=0.0,
        lookup_params_count=config.lookup_params_count,
        draft_blocks_count=config.draft_blocks_count,
        blocks=tuple(records.ModelBlock(**block) for block in config.blocks),
    )
    return _written(model, source, read)


def _written(model: records.Model, source: str, read: str) -> str:
    transformer = to_tokens.transformer(model)
    total, active = total_params_count(transformer), active_params_count(transformer)
    lines = [
        f"name = {_quoted(model.name)}",
        f"vendor = {_quoted(model.vendor)}",
        f"release = {_quoted(model.release_date)}",
        'grade = "vendor"',
        'source = "config"',
        "",
        f"hidden = {model.hidden_count}",
        f"vocabulary = {model.vocabulary_count}",
        *(["tied_embeddings = true"] if model.tied_embeddings else []),
        *([f"lookup_params = {model.lookup_params_count}"] if model.lookup_params_count else []),
        f'total_params = {{ value = {total:.6g}, grade = "derived", note = "the blocks" }}',
        f'active_params = {{ value = {active:.6g}, grade = "derived", note = "the blocks" }}',
        *([f"draft_blocks = {model.draft_blocks_count}"] if model.draft_blocks_count else []),
    ]
    for block in model.blocks:
        lines += ["", "[[blocks]]", *_block_lines(block)]
    on_the_web = source.startswith(("https://", "http://"))
    title = f"Configuration of {model.name}" + ("" if on_the_web else f", {source}")
    lines += ["", "[sources.config]", *([f"url = {_quoted(source)}"] if on_the_web else [])]
    return "\n".join([*lines, f"date = {_quoted(read)}", f"title = {_quoted(title)}", ""])


def _block_lines(block: records.ModelBlock) -> list[str]:
    """The keys of a block that say something: all but those at their defaults."""
    plain = records.ModelBlock(count=0, attention="none", ffn_count=-1)
    stated = {name: getattr(block, name) for name in records.ModelBlock.__slots__}
    said = {name: value for name, value in stated.items() if value != getattr(plain, name) or name == "attention"}
    return [f"{units.split(name)[0]} = {_value(value)}" for name, value in said.items()]


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _quoted(value) if isinstance(value, str) else str(value)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
