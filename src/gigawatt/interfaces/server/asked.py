"""What doors and workers hand to each other: who asks, what is asked, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

# What JSON can hold.
Json: TypeAlias = "str | int | float | bool | Sequence[Json] | Mapping[str, Json] | None"

# Each may do what those before it may: read and ask what takes a moment; change scenarios, run jobs, record facts;
# approve milestones and say that a tranche was paid; decide who may do what.
Role = Literal["viewer", "editor", "approver", "owner"]
ROLES: tuple[Role, ...] = get_args(Role)
Door = Literal["http", "mcp", "page", "here"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, as far as the server has made sure of it."""

    name: str
    """Name of the person."""
    role: Role
    """The most they may do by this token or session."""
    door: Door
    """Where they knock."""
    token: str | None = None
    """Id of the token; None for a session."""
    address: str = ""
    """Where they are."""

    def may(self, role: Role) -> bool:
        """Whether they may do what a role may."""
        return ROLES.index(self.role) >= ROLES.index(role)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkOrder:
    """What a worker is told to do: a verb, its values by key with the places of things, where the answer is kept."""

    verb: str
    """Name of the verb."""
    values: Mapping[str, Json]
    """Values by key, as in a file; files, folders and databases by their place."""
    who: str | None = None
    """Name of who asks, where it is certain."""
    folder: str | None = None
    """Folder in which the answer is kept, with its page, workbook, tables and charts; None: nowhere."""
    told: bool = False
    """Whether somebody reads the answer in words as well."""
    language: str = ""
    """In which language a page shows the answer, of document.LANGUAGES; "" where none does."""
    unsaid: Mapping[str, str] = field(default_factory=dict)
    """Places of the machine that no answer names, and what they are called instead."""
    estimated: bool = False
    """Whether no more is asked for than what the answer would take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came of an order."""

    code: int
    """The exit code of the same command: 0, 2, 3, 4, 70, 74; 130 where it was cancelled."""
    body: bytes
    """One strict JSON object: what `--json` prints, the answer or {"error": {"kind", "items"}}."""
    words: str = ""
    """The answer as plain text, where that was asked for and its verb has a document."""
    document: bytes = b""
    """Its document as JSON, as writers/web.py has it, where a language was asked for and its verb has one."""


class Refused(Exception):  # noqa: N818 (an answer, and no failure)
    """That a server does not do what it is asked to."""

    def __init__(self, why: Why, path: str, given: str, expected: str) -> None:
        """why: of which kind; the rest is told as one fault of bad input is."""
        super().__init__(f"{path} = {given}: expected {expected}")
        self.why, self.path, self.given, self.expected = why, path, given, expected


class Unanswered(Exception):  # noqa: N818 (an answer, and no failure)
    """That a question was not taken on, with the reply that says why."""

    def __init__(self, reply: Reply) -> None:
        """reply: what its worker said."""
        super().__init__(reply.body.decode())
        self.reply = reply


# Nobody knows who asks; they may not; there is none of that name; it is not as it was when they read it; they ask too
# much; too many ask; what they sent is too long; what they sent is no such thing.
Why = Literal["unknown", "forbidden", "absent", "conflict", "limit", "busy", "long", "wrong"]
