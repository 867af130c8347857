"""What a run does not load: libraries that take long to load and that nothing on its way has to do with."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
from gigawatt.exact import exact
with exact():
    import gigawatt.study.run.answer
    from gigawatt.programme.arrays import arrays
    from gigawatt.scenario.load import load
    arrays(load("one-campus"))
    print(*(name for name in ("dask", "jinja2", "linopy", "numba", "polars", "pydantic") if sys.modules.get(name)))
"""


def test_what_plans_and_simulates_loads_neither_dask_nor_linopy_nor_pydantic() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert not done.stdout.split(), done.stdout
