"""`gigawatt mcp`: the verbs as tools for the assistant of this machine's user, over standard input and output."""

from __future__ import annotations

import logging
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from gigawatt.errors import Fault, ScenarioError
from gigawatt.interfaces.console import door
from gigawatt.interfaces.server.settings import Settings

DEFAULTS = Settings()
NEEDED = ("mcp", "dbos", "filelock")
INSTALL = "pip install 'gigawatt[mcp]'"


def command(
    database: Annotated[
        str,
        typer.Option(
            "--database",
            metavar="FILE|URL",
            help="The ledger: a file, or an address of PostgreSQL, which then holds all else as well.",
        ),
    ] = DEFAULTS.database,
    data: Annotated[
        Path, typer.Option("--data", metavar="DIR", help="Folder of results, uploads and the server's own database.")
    ] = DEFAULTS.data,
) -> None:
    """Serve the assistant of this machine's user over standard input and output (MCP), until the input ends."""
    with door(json=False):
        check()
        from gigawatt.interfaces.mcp.serving import serve
        from gigawatt.interfaces.server.room import Room

        logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
        with Room(Settings(database=database, data=data)) as room:
            serve(room)


def check() -> None:
    """Refuse to begin on a machine that lacks the packages. Raises ScenarioError."""
    if absent := [name for name in NEEDED if find_spec(name) is None]:
        raise ScenarioError([Fault(path="mcp", given=f"no {', no '.join(absent)}", expected=INSTALL)])
