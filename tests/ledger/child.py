"""A process that writes to a ledger, to be run beside others or killed: `child.py import|approve URL ARGUMENT`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import plain_reader

from gigawatt.ledger import book as books
from gigawatt.ledger import importing, milestones
from gigawatt.readers.readings import FileAsked

sys.modules["gigawatt.readers.plain"] = plain_reader
importing.READERS["plain"] = "plain"
importing._WAITING_COUNT = 1_000  # so that a small file is written in many pieces


def main() -> None:
    """Say "ready", then do what is asked, and say that it is done."""
    what, place, argument = sys.argv[1:]
    url = books.address(place)
    print("ready", flush=True)
    if what == "import":
        with books.writing(url) as book:
            importing.take(book, importing.source(Path(argument), "plain", FileAsked()), "ada")
    else:
        for name in argument.split(","):
            with books.writing(url) as book:
                milestones.approve(book, "1", name)
        with books.writing(url) as book:
            milestones.disburse(book, "1", "carol")
    print("done", flush=True)


main()
