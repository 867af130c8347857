"""How the functions of this kernel are compiled.

They hand one another records of many arrays. Counting references to those arrays takes three times as long as the work
itself, and copying the records as long again: so nothing here allocates and no references are counted (`_nrt`), and
every function but the loop is put where it is called. What makes an array is compiled plainly.

A compiled function is kept on disk by the file that it stands in alone, whatever else it calls (numba 0.62): only the
loop is kept, and it holds the digest of all sources of the kernel, so that another version of them is another loop.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from zlib import crc32

from numba import njit

inner = partial(njit, error_model="numpy", _nrt=False, forceinline=True)
outer = partial(njit, error_model="numpy", _nrt=False, cache=True)
plain = partial(njit, error_model="numpy", cache=True)


def sources_digest() -> int:
    """A number that stands for the text of the kernel's files."""
    return crc32(b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py"))))
