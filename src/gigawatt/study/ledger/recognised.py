"""What kind of file somebody means, told from its head where that is certain."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from gigawatt.errors import MOST_NAME, LedgerError
from gigawatt.files import opened
from gigawatt.study.ledger.given import missing
from gigawatt.study.ledger.question import FileKind

# Bytes of a head, in which every such file has said what it is.
HEAD_BYTES = 65_536
# Kind → what only its files begin with, or hold near their beginning.
_SIGNS: dict[FileKind, re.Pattern[str]] = {
    "prometheus": re.compile(r'\{\s*"status"\s*:\s*"success"\s*,(?s:.{0,200})"resultType"'),
    "openmetrics": re.compile(r"# (HELP|TYPE|UNIT) [A-Za-z_:]"),
    "sacct": re.compile(r"(?=[^\n]*\bJobID(Raw)?\b)(?=[^\n]*\b(State|Elapsed|ElapsedRaw|AllocTRES)\b)[A-Za-z]+[|\t]"),
    "focus": re.compile(r"(?=[^\n]*\bBilledCost\b)(?=[^\n]*\bChargePeriodStart\b)"),
    "records": re.compile(r"(?i)(?=[^\n]*\bkind\b)(?=[^\n]*\bat\b)[a-z_ ]+(,[a-z_ ]*)+(\r?\n|$)"),
    "opencost": re.compile(r'[{\[](?s:.*)"(gpuHours|cpuCoreHours)"\s*:'),
    "greenbutton": re.compile(r"<(?s:.{0,4000})naesb\.org/espi"),
    "entsoe": re.compile(r"<(?s:.{0,4000})Publication_MarketDocument"),
}
_PARQUET = b"PAR1"


def kind_of(file: Path) -> FileKind:
    """The kind of a file. Raises CatalogError where it cannot be read, LedgerError where its head does not say."""
    with opened(file, "file") as stream:
        head = stream.read(HEAD_BYTES)
    if head.startswith(_PARQUET):
        return "focus"
    text = head.decode("utf-8-sig", errors="replace").lstrip()
    found = [kind for kind, sign in _SIGNS.items() if sign.match(text)]
    if len(found) == 1:
        return found[0]
    expected = f"one of {', '.join(get_args(FileKind))}: the head of {file.name[:MOST_NAME]} does not say which"
    raise LedgerError([missing("kind", expected)])
