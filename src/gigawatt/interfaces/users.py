"""`gigawatt users`: who may ask a server, and for what, told on the machine that holds its database."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gigawatt.errors import Fault, plain
from gigawatt.interfaces.console import door, say
from gigawatt.interfaces.server.asked import ROLES
from gigawatt.interfaces.server.settings import Settings

if TYPE_CHECKING:
    from gigawatt.interfaces.server.store import ServerStore

GROUP = typer.Typer()
DEFAULTS = Settings()

_Database = Annotated[
    str, typer.Option("--database", metavar="FILE|URL", help="The ledger of the server, as it is told to serve.")
]
_Data = Annotated[Path, typer.Option("--data", metavar="DIR", help="Folder of the server, as it is told to serve.")]
_Json = Annotated[bool, typer.Option("--json", metavar="", help="Print one JSON object on standard output.")]
_Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the person.")]
_Asked = Annotated[bool, typer.Option("--password", metavar="", help="Ask for a password, or read it from a pipe.")]
_Shown = Annotated[str | None, typer.Argument(metavar="[NAME]", help="Their tokens, too.")]
_Days = Annotated[float | None, typer.Option("--days", metavar="N", help="How long it lives; for ever without.")]
_Label = Annotated[str, typer.Option("--label", metavar="TEXT", help="What it is for.")]
_Id = Annotated[str, typer.Argument(metavar="ID", help="Id of the token, as it is listed.")]
_Role = Annotated[str, typer.Option("--role", metavar="|".join(ROLES), help="The most that they may do.")]
_TokenRole = Annotated[
    str | None, typer.Option("--role", metavar="|".join(ROLES), help="The most that it allows; all that they may.")
]


@GROUP.command("list")
def list_(
    name: _Shown = None, database: _Database = DEFAULTS.database, data: _Data = DEFAULTS.data, json: _Json = False
) -> None:
    """List who may ask, or the tokens of one person."""
    from gigawatt.interfaces.server import people

    with _store(database, data, json) as store:
        if name is None:
            rows = [asdict(one) for one in people.listed(store)]
            _told(json, {"people": rows}, [_line(row, "name", "role", "added") for row in rows] or ["nobody yet"])
        else:
            rows = [asdict(one) for one in people.tokens(store, name)]
            shown = [_line(row, "id", "role", "added", "expires", "used", "label") for row in rows]
            _told(json, {"tokens": rows}, shown or ["no token"])


@GROUP.command()
def add(
    name: _Name,
    role: _Role = "viewer",
    password: _Asked = False,
    database: _Database = DEFAULTS.database,
    data: _Data = DEFAULTS.data,
    json: _Json = False,
) -> None:
    """Let somebody ask."""
    from gigawatt.interfaces.server import people

    with _store(database, data, json) as store:
        made = people.add(store, name, role, _password() if password else None)
        _told(json, asdict(made), [f"{made.name} is {_with_article(made.role)} now"])


@GROUP.command()
def remove(
    name: _Name, database: _Database = DEFAULTS.database, data: _Data = DEFAULTS.data, json: _Json = False
) -> None:
    """Let somebody ask no more: their tokens and sessions end at once."""
    from gigawatt.interfaces.server import people

    with _store(database, data, json) as store:
        people.remove(store, name)
        _told(json, {"removed": name}, [f"{plain(name)} may ask no more"])


@GROUP.command()
def token(
    name: _Name,
    role: _TokenRole = None,
    label: _Label = "",
    days: _Days = None,
    database: _Database = DEFAULTS.database,
    data: _Data = DEFAULTS.data,
    json: _Json = False,
) -> None:
    """Make somebody a token, which is printed this once."""
    from gigawatt.interfaces.server import people

    with _store(database, data, json) as store:
        made = people.issue(store, name, role, label, None if days is None else days * 86_400)
        _told(json, asdict(made), [made.secret])


@GROUP.command()
def revoke(id: _Id, database: _Database = DEFAULTS.database, data: _Data = DEFAULTS.data, json: _Json = False) -> None:
    """End a token, and the sessions that were opened by it."""
    from gigawatt.interfaces.server import people

    with _store(database, data, json) as store:
        people.revoke(store, id)
        _told(json, {"revoked": id}, [f"{plain(id)} lets nobody in any more"])


@contextmanager
def _store(database: str, data: Path, json: bool) -> Iterator[ServerStore]:
    """The database of the server, open for one command."""
    with door(json, _spelled):
        from gigawatt.interfaces.server.store import ServerStore

        store = ServerStore(Settings(database=database, data=data))
        try:
            yield store
        finally:
            store.close()


def _spelled(fault: Fault) -> Fault:
    """A fault with what was typed as the command line calls it."""
    name = {"name": "NAME", "id": "ID", "expires": "--days"}.get(fault.path, f"--{fault.path}")
    return Fault(path=name, given=fault.given, expected=fault.expected) if fault.asked else fault


def _password() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("Password: ", stream=sys.stderr)
    return sys.stdin.readline().rstrip("\r\n")


def _told(json: bool, answer: dict[str, Any], lines: list[str]) -> None:
    if json:
        say(answer)
    else:
        print("\n".join(lines))


def _line(row: dict[str, Any], *keys: str) -> str:
    return "  ".join(str(row[key] or "-") for key in keys)


def _with_article(role: str) -> str:
    return f"{'an' if role[0] in 'aeo' else 'a'} {role}"
