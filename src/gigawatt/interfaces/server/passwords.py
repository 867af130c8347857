"""Secrets: words that a machine made, kept by their digest; passwords, kept by scrypt; and how often one may guess."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import threading
import time
import unicodedata
from base64 import b64decode, b64encode
from collections import OrderedDict
from dataclasses import dataclass, field

# Work of scrypt (n, r, p): 16 MiB, a few tenths of a second; kept with each password, so that it may rise.
COST = (2**14, 8, 5)
LEAST_PASSWORD, MOST_PASSWORD = 12, 1_000
PASSWORD_RULE = f"{LEAST_PASSWORD} to {MOST_PASSWORD:,} characters"
# What a token begins with.
MARK = "gw_"
# Failures by which one name from one address, or one address whatever the name, has to wait, and how long they count.
MOST_OF_NAME, MOST_OF_ADDRESS, FORGOTTEN_S = 5, 30, 300.0
_MOST_KEYS = 10_000
_WORD = re.compile(r"(gw_)?[A-Za-z0-9_-]{43}")
# Passwords that are worked on at once: each takes a core and its memory.
_AT_ONCE = 2


def token() -> str:
    """A new token: 256 random bits in 46 characters."""
    return MARK + secrets.token_urlsafe(32)


def is_word(secret: str) -> bool:
    """Whether a text can be a word that `digest` was made of: of a session or a proposal, or a token."""
    return _WORD.fullmatch(secret) is not None


def digest(word: str) -> str:
    """What is kept of a word of 256 random bits, which is enough: nobody finds it by trying."""
    return hashlib.sha256(word.encode()).hexdigest()


def kept(password: str) -> str:
    """What is kept of a password: the work, the salt, and what comes of them."""
    salt = secrets.token_bytes(16)
    return "$".join(("scrypt", *map(str, COST), _text(salt), _text(_made(password, salt, COST))))


def matches(password: str, kept_as: str | None) -> bool:
    """Whether a password is the one that is kept; takes as long where there is none."""
    if kept_as is None:
        hmac.compare_digest(_made(password, b"-" * 16, COST), b"-" * 32)
        return False
    _, n, r, p, salt, made = kept_as.split("$")
    return hmac.compare_digest(_made(password, b64decode(salt), (int(n), int(r), int(p))), b64decode(made))


def _made(password: str, salt: bytes, cost: tuple[int, int, int]) -> bytes:
    # One password typed on two keyboards may be two rows of characters, which this makes one.
    text = unicodedata.normalize("NFKC", password[: MOST_PASSWORD + 1]).encode("utf-8", "surrogatepass")
    text += b"\x01"  # scrypt pads with zeros, so that a password and the same with zeros behind it were one
    n, r, p = cost
    return hashlib.scrypt(text, salt=salt, n=n, r=r, p=p, maxmem=2 * 128 * r * (n + p), dklen=32)


def _text(raw: bytes) -> str:
    return b64encode(raw).decode()


@dataclass(frozen=True, slots=True)
class Guesses:
    """Failures of signing in of a process, by what failed; as many as memory allows, the oldest forgotten first."""

    failed: OrderedDict[tuple[str, str], list[float]] = field(default_factory=OrderedDict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    at_once: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(_AT_ONCE))

    def begun(self, name: str, address: str) -> bool:
        """Count a guess as failed until it is known that it has not; False where it may not be made."""
        keys = (((name, address), MOST_OF_NAME), (("", address), MOST_OF_ADDRESS))
        since = time.monotonic() - FORGOTTEN_S
        with self.lock:
            for key, most in keys:
                if len([at for at in self.failed.get(key, ()) if at > since]) >= most:
                    return False
            for key, most in keys:
                self.failed[key] = [*self.failed.pop(key, [])[-most:], time.monotonic()]
            while len(self.failed) > _MOST_KEYS:
                self.failed.popitem(last=False)
        return True

    def ended_well(self, name: str, address: str) -> None:
        """Forget the failures of a name that was signed in, and the one guess that was right."""
        with self.lock:
            self.failed.pop((name, address), None)
            if self.failed.get(("", address)):
                self.failed["", address].pop()
