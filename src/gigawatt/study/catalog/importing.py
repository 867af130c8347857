"""Make a catalog's model file from a public configuration."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from gigawatt.catalog import load, records
from gigawatt.catalog.model_file import model_toml
from gigawatt.files import MOST_TABLE_BYTES, read_json
from gigawatt.readers.huggingface import read_config
from gigawatt.study.answer import SPREAD, Head
from gigawatt.study.catalog.question import ImportModelQuestion
from gigawatt.study.files import check_writable, refused
from gigawatt.study.job import Job
from gigawatt.study.workshop import NEW, workshop


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedModel:
    """The file that was written, and what the model in it comes to."""

    head: Head = field(metadata=SPREAD)
    path: Path
    name: str
    total_params_count: float
    active_params_count: float


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
    text = model_toml(read_config(table), name=name, source=config.name, read=datetime.now(UTC).date().isoformat())
    with workshop(folder) as place:
        (place / NEW).write_text(text, encoding="utf-8")
        model = load.read_file(records.Model, place / NEW)
        os.replace(place / NEW, target)
    return ImportedModel(
        head=Head(),
        path=target,
        name=name,
        total_params_count=model.total_params_count,
        active_params_count=model.active_params_count,
    )
