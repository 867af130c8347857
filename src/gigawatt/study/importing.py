"""Make a catalog's model file from a public configuration."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gigawatt.catalog import load, records
from gigawatt.catalog.model_file import model_toml
from gigawatt.errors import CatalogError, Fault
from gigawatt.files import MOST_TABLE_BYTES, read_json
from gigawatt.readers.huggingface import read_config
from gigawatt.study.files import is_writable
from gigawatt.study.workshop import NEW, workshop


def import_model(config: Path, *, name: str | None, folder: Path) -> dict[str, Any]:
    """Read a Hugging Face config.json and write NAME.toml into a folder: whole, or not at all.

    The name is given, or that of the file, or of its folder where the file is called config.json. Raises CatalogError
    where the configuration cannot be read or is of no known family, where the folder does not exist, or where it holds
    a file of that name.
    """
    table = read_json(config, MOST_TABLE_BYTES)
    title = name or (config.resolve().parent.name if config.stem == "config" else config.stem)
    target = folder / f"{re.sub(r'[^a-z0-9.]+', '-', title.lower())[:64].strip('-.') or 'model'}.toml"
    if not is_writable(folder):
        raise CatalogError([Fault(path="--out", given=str(folder), expected="a folder that exists and can be written")])
    if target.exists():
        raise CatalogError([Fault(path=str(target), given="a file", expected="no file of that name: use --name")])
    text = model_toml(read_config(table), name=title, source=config.name, read=datetime.now(UTC).date().isoformat())
    with workshop(folder) as place:
        (place / NEW).write_text(text, encoding="utf-8")
        model = load.read_file(records.Model, place / NEW)
        os.replace(place / NEW, target)
    return {
        "path": str(target),
        "name": title,
        "total_params_count": model.total_params_count,
        "active_params_count": model.active_params_count,
        "total": f"{model.total_params_count / 1e9:.4g} billion",
        "active": f"{model.active_params_count / 1e9:.4g} billion",
    }
