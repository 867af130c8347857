"""The cookie of a session under TLS: a name that browsers take from this very host alone, and over TLS alone.

A neighbour, such as another name of the same domain, can set a cookie that reaches us, but none whose name begins with
`__Host-`. The routes know one name; the guard translates where a request comes over TLS.
"""

from __future__ import annotations

from collections.abc import Iterable

Pair = tuple[bytes, bytes]

# What a session of a browser is kept by.
SESSION = "gigawatt_session"
PLAIN, BOUND = SESSION.encode(), b"__Host-" + SESSION.encode()


def bound(pairs: Iterable[Pair]) -> list[Pair]:
    """Headers of a response as they leave over TLS."""
    return [
        (name, b"__Host-" + value)
        if name.lower() == b"set-cookie" and value.startswith(PLAIN + b"=")
        else (name, value)
        for name, value in pairs
    ]


def unbound(pairs: Iterable[Pair]) -> list[Pair]:
    """Headers of a request that came over TLS, as the routes read them: a session that is not bound is none."""
    return [(name, _kept(value)) if name == b"cookie" else (name, value) for name, value in pairs]


def _kept(cookies: bytes) -> bytes:
    found = [cookie.strip() for cookie in cookies.split(b";")]
    return b"; ".join(
        cookie.removeprefix(b"__Host-") if cookie.startswith(BOUND + b"=") else cookie
        for cookie in found
        if cookie.partition(b"=")[0].strip() != PLAIN
    )
