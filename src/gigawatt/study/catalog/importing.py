"""Make a catalog's model file from a public configuration."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from gigawatt.catalog import load, records, to_tokens
from gigawatt.catalog.model_file import model_toml
from gigawatt.files import MOST_TABLE_BYTES, read_json
from gigawatt.readers.configs.keys import TRANSFORMERS
from gigawatt.readers.huggingface import ModelConfig, read_config
from gigawatt.study.answer import SPREAD, Head
from gigawatt.study.catalog.question import ImportModelQuestion
from gigawatt.study.files import check_writable, refused
from gigawatt.study.job import Job
from gigawatt.study.note import Note
from gigawatt.study.workshop import whole_file
from gigawatt.tokens.model.blocks import cache_width_count

# How many keys a note names, and how much of each.
MOST_WORDS_COUNT = 40
MOST_WORD_COUNT = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedModel:
    """The file that was written, and what the model in it comes to."""

    head: Head = field(metadata=SPREAD)
    path: Path
    name: str
    total_params_count: float
    active_params_count: float
    cached_values_per_token_count: int
    """Values that all blocks cache for a token, those of windows included, which stop growing."""


def answer(question: ImportModelQuestion, job: Job) -> ImportedModel:
    """Read a Hugging Face config.json and write NAME.toml into the job's folder: whole, or not at all.

    The folder is the one that we are in where the job has none; the name is given, or that of the file, or of its
    folder where the file is called config.json. Raises CatalogError where the configuration cannot be read or is of no
    known family, OutputError where the folder does not exist or holds a file of that name.
    """
    config, folder = Path(question.config), job.folder or Path()
    table = read_json(config, MOST_TABLE_BYTES)
    name = question.name or (config.resolve().parent.name if config.stem == "config" else config.stem)
    target = folder / f"{re.sub(r'[^a-z0-9.]+', '-', name.lower())[:64].strip('-.') or 'model'}.toml"
    if not folder.is_dir():
        raise refused("out", folder, "a folder that exists")
    check_writable(folder)
    if target.exists():
        raise refused("out", f"{target}: a file", "no file of that name, or another name")
    found = read_config(table)
    text = model_toml(found, name=name, source=config.name, read=datetime.now(UTC).date().isoformat())
    with whole_file(target) as new:
        new.write_text(text, encoding="utf-8")
        model = load.read_file(records.Model, new)
    blocks = to_tokens.transformer(model).blocks
    return ImportedModel(
        head=Head(notes=_notes(found)),
        path=target,
        name=name,
        total_params_count=model.total_params_count,
        active_params_count=model.active_params_count,
        cached_values_per_token_count=sum(block.count * cache_width_count(block) for block in blocks),
    )


def _notes(config: ModelConfig) -> tuple[Note, ...]:
    """What the file says that was not read, and what its class said in its place."""
    notes = []
    if config.unread:
        text = f"keys of the configuration that were not read: {_few(config.unread)}"
        notes.append(Note(code="unread", path="config", text=text))
    if config.assumed:
        sizes = _few([f"{key} = {value}" for key, value in config.assumed])
        text = f"left out by the file, taken from the defaults of its class in transformers {TRANSFORMERS}: {sizes}"
        notes.append(Note(code="assumed", path="config", text=text))
    notes += [Note(code="approximated", path="config", text=remark) for remark in config.remarks]
    return tuple(notes)


def _few(words: Sequence[str]) -> str:
    """Words of a file, of which there may be any number and of any length, in a line."""
    told = [
        word if len(word) <= MOST_WORD_COUNT else word[:MOST_WORD_COUNT] + "..." for word in words[:MOST_WORDS_COUNT]
    ]
    more = len(words) - len(told)
    line = "".join(letter if letter.isprintable() else "?" for letter in ", ".join(told))
    return line + (f" and {more:,} more" if more else "")
