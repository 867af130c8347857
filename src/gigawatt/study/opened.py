"""What a question is asked of, wherever a scenario is named: a preset, a file, or the folder of a saved result."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gigawatt.catalog.load import day_asked
from gigawatt.scenario.load import allocation_presets, load, presets, reread
from gigawatt.scenario.schema import Scenario
from gigawatt.study.question import refuse, wrong

if TYPE_CHECKING:
    from gigawatt.study.result import Result


def scenario_of(name: str, overrides: Mapping[str, Any] | None = None) -> tuple[Scenario, Result | None]:
    """The scenario behind a name, with overrides, and the result beside it where the name is that of its folder.

    The scenario of a result is the one that it was made of. Overrides are laid over its text: what they leave alone is
    still what the result was made of, whatever the catalog and the files of hours say today, and what they name anew is
    looked up in the catalog. A verb that takes the plan of the result as well has to refuse what would change it. The
    file scenario.toml of the folder, named by itself, is the same question to today's catalog.

    Raises ScenarioError or CatalogError with every fault that was found.
    """
    saved = result_of(name)
    if saved is None:
        return load(name, overrides), None
    if day_asked() not in (None, saved.scenario.asked.as_of_date):
        expected = "a preset or a file: a result rests on what it was made of"
        refuse([wrong("as_of", day_asked(), expected)])
    return reread(saved.scenario, overrides) if overrides else saved.scenario, saved


def result_of(name: str) -> Result | None:
    """The result in the folder of that name; None where the name is a preset's, or no folder's."""
    if not is_folder(name):
        return None
    from gigawatt.study.result import load as load_result  # with all that its arrays need

    return load_result(name)


def is_folder(name: str) -> bool:
    """Whether a name is that of a folder and of no preset."""
    try:
        return name not in (*presets(), *allocation_presets()) and Path(name).is_dir()
    except (OSError, ValueError):
        return False  # no name that a folder could have
