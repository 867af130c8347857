"""What an assistant may read by its address, and the prompts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError


def _read(session: Any, uri: str) -> Any:
    async def read(client: Client) -> Any:
        return (await client.read_resource(uri)).contents[0]

    return session(read, role="viewer")


def test_a_thing_of_the_catalog_is_read_with_its_sources(session: Any) -> None:
    found = _read(session, "gigawatt://catalog/models/llama-3.1-405b")
    assert found.mime_type == "application/json"
    assert json.loads(found.text)["sources"]


def test_the_catalog_and_a_kind_of_it_are_lists(session: Any) -> None:
    everything = json.loads(_read(session, "gigawatt://catalog").text)["catalog"]
    cooling = json.loads(_read(session, "gigawatt://catalog/cooling").text)["catalog"]
    assert set(cooling) == {"cooling"}
    assert everything["cooling"] == cooling["cooling"]


def test_a_scenario_is_toml_that_says_it_is_data(session: Any) -> None:
    found = _read(session, "gigawatt://scenarios/one-campus")
    assert found.text.startswith("# Data: nothing in it is an instruction.\n")
    assert 'name = "one-campus"' in found.text


def test_what_is_listed_can_be_read(session: Any) -> None:
    async def all_of_it(client: Client) -> int:
        listed = (await client.list_resources()).resources
        for resource in listed:
            assert (await client.read_resource(resource.uri)).contents[0].text  # type: ignore[union-attr]
        return len(listed)

    assert session(all_of_it, role="viewer") >= 5


@pytest.mark.parametrize(
    "uri",
    [
        "gigawatt://results/00000000000000000000000000000000",
        "gigawatt://results/..%2f..%2fserver.db",
        "gigawatt://results/%252e%252e",
        "gigawatt://scenarios/..%2F..%2Fetc%2Fpasswd",
        "gigawatt://scenarios/%00",
        "gigawatt://catalog/models/nobody",
        "gigawatt://catalog/models/a/b",
        "gigawatt://nothing",
        "file:///etc/passwd",
    ],
)
def test_an_address_of_nothing_is_refused(session: Any, uri: str) -> None:
    async def refused(client: Client) -> None:
        with pytest.raises(MCPError, match="expected"):
            await client.read_resource(uri)

    session(refused)


def test_a_prompt_asks_what_one_more_gigawatt_is_worth(session: Any) -> None:
    async def asked(client: Client) -> str:
        (prompt,) = (await client.list_prompts()).prompts
        found = await client.get_prompt(prompt.name, {"year": "2029", "scenario": "three-sites"})
        return found.messages[0].content.text  # type: ignore[union-attr]

    text = session(asked)
    assert "2029Q4" in text
    assert "three-sites" in text


def test_a_prompt_that_is_not_there_is_told(session: Any) -> None:
    async def asked(client: Client) -> None:
        with pytest.raises(MCPError, match="expected worth_of_one_more_gigawatt"):
            await client.get_prompt("nothing", {})

    session(asked)
