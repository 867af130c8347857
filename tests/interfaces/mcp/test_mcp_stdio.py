"""`gigawatt mcp`: a real process, a real client at its standard input and output."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, StdioServerParameters
from mcp_types import CallToolResult

from gigawatt.interfaces.mcp import command, serving
from gigawatt.interfaces.server import people

MOST_S = 60


def _words(place: Path) -> list[str]:
    return ["-m", "gigawatt", "mcp", "--data", str(place / "server"), "--database", str(place / "ledger.db")]


def _begun(place: Path) -> subprocess.Popen[bytes]:
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([sys.executable, *_words(place)], cwd=place, **pipes)


def _asked(process: subprocess.Popen[bytes], method: str, id_: int, **params: Any) -> dict[str, Any]:
    assert process.stdin is not None
    assert process.stdout is not None
    message = {"jsonrpc": "2.0", "id": id_, "method": method, "params": params}
    process.stdin.write(json.dumps(message).encode() + b"\n")
    process.stdin.flush()
    found: dict[str, Any] = json.loads(process.stdout.readline())
    return found


def _greeted(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    client = {"name": "test", "version": "0"}
    return _asked(process, "initialize", 1, protocolVersion="2025-06-18", capabilities={}, clientInfo=client)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_though_its_input_stays_open(tmp_path: Path, number: signal.Signals) -> None:
    with _begun(tmp_path) as process:
        assert _greeted(process)["result"]["serverInfo"]["name"] == "gigawatt"
        process.send_signal(number)
        assert process.wait(MOST_S) == 0
        assert process.stdout is not None
        assert process.stdout.read() == b""


def test_the_end_of_its_input_ends_it_and_its_output_is_protocol_only(tmp_path: Path) -> None:
    process = _begun(tmp_path)
    assert process.stdin is not None
    lines = [b"no json\n", b"\xff\n", b'{"jsonrpc": "2.0", "id": 1e999}\n', b"x" * 5_000_000 + b"\n"]
    for line in lines:
        process.stdin.write(line)
    assert _greeted(process)["result"]["instructions"].startswith("Gigawatt plans")
    assert len(_asked(process, "tools/list", 2)["result"]["tools"]) >= 15
    out, _ = process.communicate(timeout=MOST_S)
    assert out == b""
    assert process.returncode == 0


def test_without_its_packages_it_says_how_to_come_by_them(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(command, "find_spec", lambda name: None if name == "mcp" else found(name))
    with pytest.raises(SystemExit) as ended:
        command.command()
    assert ended.value.code == 2
    assert capsys.readouterr().err == "error: mcp = no mcp: expected pip install 'gigawatt[mcp]'\n"


def test_a_line_that_is_too_long_is_cut_and_the_next_is_whole() -> None:
    given, written = os.pipe()
    with os.fdopen(written, "wb") as stream:
        stream.write(b"one\n" + b"x" * 20_000 + b"\ntwo\nrest")
        stream.close()
        lines = list(serving._cut(given))
    os.close(given)
    assert [len(line) for line in lines] == [3, 20_000, 3, 4]


def test_whoever_has_no_name_is_the_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("uid 1000")

    monkeypatch.setattr("getpass.getuser", nobody)
    assert people.machine_user() == "owner"


def _text(result: CallToolResult) -> str:
    return result.content[0].text  # type: ignore[union-attr]


async def _run_to_its_end(client: Client, values: dict[str, Any]) -> tuple[CallToolResult, list[str]]:
    """What comes of a run that is proposed, confirmed, and followed as a job; what was heard of it meanwhile."""
    heard = list[str]()

    async def hear(passed_s: float, total: float | None, words: str | None) -> None:
        heard.append(f"{passed_s >= 0} {total} {words}")

    proposed = await client.call_tool("run", values)
    assert "proposal" in proposed.structured_content
    confirmed = {**values, "confirm": proposed.structured_content["confirm"]}
    result = await client.call_tool("run", confirmed, progress_callback=hear)
    if "job" not in result.structured_content:
        return result, heard
    id_ = result.structured_content["job"]["id"]
    while result.structured_content["job"]["state"] in ("waiting", "running"):
        result = await client.call_tool("job_status", {"id": id_})
    return await client.call_tool("job_result", {"id": id_}), heard


@pytest.mark.slow
def test_a_session_asks_what_a_gigawatt_is_worth_and_proposes_confirms_and_runs_a_scenario(tmp_path: Path) -> None:
    async def session() -> None:
        process = StdioServerParameters(command=sys.executable, args=_words(tmp_path), env=dict(os.environ))
        async with Client(process) as client:
            worth = await client.call_tool("allocate", {"scenario": "loi-2025-09", "period": "2028Q4"})
            assert worth.structured_content["next"]["added_value"] > 1e9
            text = 'extends = "one-campus"\ntitle = "Ours"\n'
            saved = await client.call_tool("scenario_save", {"name": "ours", "text": text})
            token = saved.structured_content["confirm"]
            await client.call_tool("scenario_save", {"name": "ours", "text": text, "confirm": token})
            result, heard = await _run_to_its_end(client, {"scenario": "ours"})
            assert result.structured_content["headline"]["npv_usd"] > 1e9
            assert result.structured_content["worth"][0]["value_usd"] > 0
            assert "Net present value" in _text(result)
            assert heard
            (job,) = (await client.call_tool("job_list", {})).structured_content["jobs"]
            assert (job["verb"], job["state"]) == ("run", "done")
            page = await client.call_tool("job_result", {"id": job["id"], "path": "worth", "rows": "2"})
            assert page.structured_content["entries"] == result.structured_content["worth"][:2]
            whole = await client.read_resource(f"gigawatt://results/{job['id']}")
            assert json.loads(whole.contents[0].text)["headline"] == result.structured_content["headline"]  # type: ignore[union-attr]
            fleet = await client.call_tool("allocate", {"scenario": job["id"], "period": "2028Q4"})
            assert not fleet.is_error

    anyio.run(session)


@pytest.mark.slow
def test_a_job_that_its_client_left_is_done_at_the_next_start(tmp_path: Path) -> None:
    process = StdioServerParameters(command=sys.executable, args=_words(tmp_path), env=dict(os.environ))

    async def leave() -> str:
        async with Client(process) as client:
            # long enough for no call to wait for its end
            values = {"scenario": "loi-2025-09", "draws": "30", "replan": "true", "workers": "1"}
            token = (await client.call_tool("sweep", values)).structured_content["confirm"]
            result = await client.call_tool("sweep", {**values, "confirm": token})
            found: str = result.structured_content["job"]["id"]
            return found

    async def come_back(id_: str) -> CallToolResult:
        async with Client(process) as client:
            result = await client.call_tool("job_status", {"id": id_})
            while result.structured_content["job"]["state"] in ("waiting", "running"):
                result = await client.call_tool("job_status", {"id": id_})
            return await client.call_tool("job_result", {"id": id_})

    result = anyio.run(come_back, anyio.run(leave))
    assert result.structured_content["draws"] == 30


@pytest.mark.slow
def test_what_lies_below_the_working_folder_may_be_named_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.toml").write_text('extends = "one-campus"\ntitle = "Mine"\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    async def session() -> None:
        process = StdioServerParameters(
            command=sys.executable, args=_words(tmp_path), env=dict(os.environ), cwd=tmp_path
        )
        async with Client(process) as client:
            assert (await client.call_tool("check", {"scenario": "mine.toml"})).structured_content["title"] == "Mine"
            assert (await client.call_tool("check", {"scenario": "/etc/passwd"})).is_error
            assert (await client.call_tool("check", {"scenario": "../x.toml"})).is_error

    anyio.run(session)
