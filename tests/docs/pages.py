"""Commands of a page, run as they stand and in their order by one shell, beside what the page says they print."""

from __future__ import annotations

import contextlib
import doctest
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(r"^```bash\n(?P<code>.*?)^```\n(?:\n```text\n(?P<printed>.*?)^```\n)?", re.MULTILINE | re.DOTALL)
END = "-- end of a block --"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One block of a page, and what came of it."""

    code: str
    """Its commands."""
    expected: str | None
    """What the page says they print, with ... for what may be anything; None where it says nothing."""
    printed: str
    """What they printed."""

    @property
    def agrees(self) -> bool:
        """Whether it is what the page says, spaces aside."""
        if self.expected is None:
            return True
        flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
        return doctest.OutputChecker().check_output(self.expected, self.printed, flags)


def run(page: str, folder: Path, within_s: float) -> list[Ran]:
    """Run every block of a page in a folder; whatever they began ends with them."""
    blocks = list(BLOCK.finditer(page))
    script = "".join(f"{block['code']}\necho; echo '{END}'\n" for block in blocks)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    shell = subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=os.environ | {"PATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        printed, told = shell.communicate(timeout=within_s)
    except subprocess.TimeoutExpired:
        shell.kill()
        printed, told = "", f"not done within {within_s:g} s"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(shell.pid, signal.SIGKILL)
    parts = printed.split(f"{END}\n")
    assert shell.returncode == 0, f"{blocks[len(parts) - 1]['code']}\n{parts[-1]}\n{told}"
    return [
        Ran(code=block["code"], expected=block["printed"], printed=part)
        for block, part in zip(blocks, parts[:-1], strict=True)
    ]
