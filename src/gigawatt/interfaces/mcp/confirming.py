"""Confirmation by a second call, which every client can make: what would be done, then the same call with a token.

The token is of one person and one question, for some minutes, once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from gigawatt import units
from gigawatt.interfaces.mcp.tools import CONFIRM, Tool
from gigawatt.interfaces.server import proposals
from gigawatt.interfaces.server.asked import Caller
from gigawatt.interfaces.server.store import ServerStore

if TYPE_CHECKING:
    from gigawatt.study.estimate import Estimate

# Characters of a value that a proposal quotes.
QUOTED = 60
CHANGES: Mapping[str, str] = {
    "ledger": "This records facts in the ledger, which is only appended to.",
    "release": "This approves or pays money in the ledger, which is only appended to.",
    "nothing": "This changes nothing but what is kept of the job; it takes time of the server.",
}
OWN: Mapping[str, str] = {
    "result_remove": "This removes a result and all its files for good.",
    "scenario_save": "This keeps a scenario, as a new version where one of that name is kept.",
    "scenario_remove": "This removes a kept scenario; its versions stay in its history.",
}


def digest(tool: Tool, values: Mapping[str, Any]) -> str:
    """What is asked, as its digest: tool and arguments, but for the token."""
    asked = {key: value for key, value in values.items() if key != CONFIRM}
    text = json.dumps([tool.name, asked], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def proposed(
    store: ServerStore, caller: Caller, tool: Tool, values: Mapping[str, Any], estimate: Estimate | None
) -> dict[str, Any]:
    """What a first call gives back: what would be done, what that takes, and the token that confirms it."""
    changes = CHANGES[tool.verb.changes] if tool.verb else OWN[tool.name]
    given = ", ".join(f"{key} = {_quoted(value)}" for key, value in values.items())
    takes = f" It takes about {units.show(estimate.wall_s, 's')}: {estimate.basis}" if estimate else ""
    proposal = f"{tool.says} With {given or 'every value as it is by itself'}. {changes}{takes}"
    token = proposals.propose(store, caller, digest(tool, values))
    return {"proposal": proposal, "estimate": asdict(estimate) if estimate else None, CONFIRM: token}


def confirmed(store: ServerStore, caller: Caller, tool: Tool, values: Mapping[str, Any], token: str) -> None:
    """Use a token. Raises Refused where it is not of this person and this very question, too old, or used."""
    proposals.confirm(store, caller, digest(tool, values), token)


def _quoted(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= QUOTED else f"{text[:QUOTED]}… ({len(text)} characters)"
