"""What every response tells a browser: to run nothing that is not ours, to be framed by nobody, to keep nothing."""

from __future__ import annotations

from collections.abc import Iterable

Pairs = list[tuple[bytes, bytes]]

# Of our own pages: style sheets, scripts and pictures from here and from nowhere else, none within a page. A picture
# of a chart is made in the browser, from what our own script puts together (blob:).
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# Of a page among the files of a result: it brings its own policy, by digests; here it loses the session of its reader.
FILE_POLICY = (
    "sandbox allow-scripts; default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
# A referrer is told to ourselves: without it a browser calls the origin of a form "null".
FIXED: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
ENCRYPTED = (b"strict-transport-security", b"max-age=31536000")


def guarded(given: Iterable[tuple[bytes, bytes]], request: str = "", *, encrypted: bool = False) -> Pairs:
    """The headers of a response with those of ours that it does not set itself.

    request: its id. encrypted: whether it is read over TLS.
    """
    found = [(name.lower(), value) for name, value in given]
    named = {name for name, _ in found}
    ours = [*FIXED, *([ENCRYPTED] if encrypted else [])]
    found += [pair for pair in ours if pair[0] not in named]
    return [*found, (b"x-request-id", request.encode())] if request else found


def json(body: bytes) -> Pairs:
    """The headers of a body of JSON."""
    return [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
