"""Quarters as people read them: one notation, "Q4 2027", wherever a text or a table speaks of time.

Data, files and keys keep "2027Q4". A stock stands at the end of its quarter: what is reached "in" a quarter is there
by its end, and the words say so.
"""

from __future__ import annotations

import re

MONTH_NAMES = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
# A quarter of data in running text; not one that is assigned or quoted as a key (`--set horizon.end=2027Q4`).
_QUARTER = re.compile(r"(?<![\w=\"'.])(\d{4})(Q[1-4])(?!\w)")


def quarter(date: str) -> str:
    """ "Q3 2027" for the quarter "2027Q3", or for a day in it, "2027-07-01"."""
    name = date[4:] if date[4] == "Q" else f"Q{(int(date[5:7]) + 2) // 3}"
    return f"{name} {date[:4]}"


def by_end(date: str) -> str:
    """ "by the end of Q3 2027" for a quarter, or a day in it, at whose end something stands."""
    return f"by the end of {quarter(date)}"


def when(date: str | None) -> str:
    """ "Q3 2027" for a quarter, or a day in it, and "never" where there is none."""
    return quarter(date) if date else "never"


def spoken(text: str) -> str:
    """A text with its quarters as people read them."""
    return _QUARTER.sub(r"\2 \1", text)
