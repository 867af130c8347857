"""Questions that people ask often, as prompts that a client may offer."""

from __future__ import annotations

from collections.abc import Mapping

import mcp_types as types
from mcp.shared.exceptions import MCPError

from gigawatt.errors import plain
from gigawatt.scenario.load import DEFAULT

# Characters of an argument.
MOST = 80
WORTH = "worth_of_one_more_gigawatt"
_ARGUMENTS: Mapping[str, tuple[str, str]] = {
    "scenario": ("Name of a preset or a kept scenario.", DEFAULT),
    "year": ("The year that is meant.", "2028"),
}
_TEXT = (
    "What is one more gigawatt worth in {year}, in the scenario {scenario}? Call allocate with this scenario and the "
    "period {year}Q4: lambda_right is what the next gigawatt adds in a year, lambda_left what the last one does, in "
    "the unit that value_unit names; `next` is a whole step, and `marginal` of each class is what it would make of "
    "more. If the person wants the worth over the whole plan, propose run of the scenario, ask them to confirm it, and "
    "read `worth` of its result: what one more of each limit adds to the plan's value today. State the unit, the "
    "period, the scenario's name and hash, and the notes that come with the answer."
)


def listed() -> list[types.Prompt]:
    """Every prompt."""
    arguments = [
        types.PromptArgument(name=name, description=f"{words} {default} where none is given.", required=False)
        for name, (words, default) in _ARGUMENTS.items()
    ]
    return [types.Prompt(name=WORTH, title="What is one more gigawatt worth?", description=None, arguments=arguments)]


def got(name: str, given: Mapping[str, str]) -> types.GetPromptResult:
    """A prompt with its arguments. Raises MCPError where there is none of that name."""
    if name != WORTH:
        raise MCPError(code=types.INVALID_PARAMS, message=f"prompt = {plain(name)[:MOST]}: expected {WORTH}")
    filled = {key: plain(str(given.get(key) or default))[:MOST] for key, (_, default) in _ARGUMENTS.items()}
    content = types.TextContent(type="text", text=_TEXT.format(**filled))
    return types.GetPromptResult(messages=[types.PromptMessage(role="user", content=content)])
