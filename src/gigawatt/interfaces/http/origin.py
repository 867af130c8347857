"""Who calls, as a browser tells it: by which name, from which page, and with the token that only our pages know.

A page of somebody else can make a browser send requests here, with its cookies; it can even give its own name our
address (DNS rebinding). It cannot choose `Host`, `Origin` or `Sec-Fetch-Site`, and it cannot read our pages.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Sequence

from gigawatt.interfaces.server.asked import Refused
from gigawatt.interfaces.server.settings import Settings

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
WILDCARDS = frozenset({"0.0.0.0", "::", ""})
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# The token of a session goes with whatever changes something: in this header, or in a field of this name in a form.
CSRF_HEADER, CSRF_FIELD = "X-CSRF-Token", "csrf"
_PLACE = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,253})(?::([0-9]{1,5}))?")
_ORIGIN = re.compile(r"(https?)://([^/?#@\\\s]+)")
_PORTS = {"http": "80", "https": "443"}


def names(settings: Settings) -> frozenset[str]:
    """The names by which browsers may call a server: those of loopback, its own address, and what it was told."""
    told = {settings.host} - WILDCARDS | set(settings.hosts)
    return LOOPBACK | {f"[{name}]" if ":" in name and name[0] != "[" else name for name in map(str.lower, told)}


def check_host(hosts: Sequence[str], known: frozenset[str]) -> None:
    """Raises Refused where a request calls us by no name of ours."""
    found = _PLACE.fullmatch(hosts[0].lower()) if len(hosts) == 1 else None
    if found is None or found[1] not in known:
        given = f'"{hosts[0][:80]}"' if hosts else "nothing"
        raise Refused("forbidden", "Host", given, "a name of this server; others are given to it when it starts")


def check_origin(origins: Iterable[str], host: str, scheme: str) -> None:
    """Raises Refused for a request from a page that is not ours. One without an origin is from no page.

    host: as the request calls us. scheme: by which we were reached; behind a proxy the page's may be https.
    """
    for origin in origins:
        found = _ORIGIN.fullmatch(origin.lower())
        ours = found is not None and _place(found[2], found[1]) == _place(host.lower(), found[1])
        if not ours or (scheme == "https" and found is not None and found[1] == "http"):
            raise Refused("forbidden", "Origin", f'"{origin[:80]}"', "a page of this server, or none")


def check_fetch(sites: Iterable[str], method: str) -> None:
    """Raises Refused where a browser says that a page of another site wants something changed."""
    for site in sites:
        if method not in SAFE and site not in ("same-origin", "none"):
            raise Refused("forbidden", "Sec-Fetch-Site", f'"{site[:20]}"', "same-origin")


def check_csrf(given: str | None, expected: str) -> None:
    """Raises Refused where what changes something under a session lacks the session's token."""
    if not hmac.compare_digest((given or "").encode("utf-8", "replace"), expected.encode()) or not expected:
        seen = "another" if given else "nothing"
        raise Refused("forbidden", CSRF_HEADER, seen, "the token of the session, as its pages and /api/session tell it")


def _place(place: str, scheme: str) -> tuple[str, str] | None:
    found = _PLACE.fullmatch(place)
    return found and (found[1], found[2] or _PORTS[scheme])
