"""Signing: what an API key signs, and the two kinds of key.

The signature covers the bytes of `TIMESTAMP + METHOD + PATH_WITH_QUERY + BODY`. Nothing stands
between the parts, so `signed_bytes` refuses what could be cut in two ways; the venue refuses it
too. What is not here: headers and frames (`godark_client.calls`, `godark_client.socket`).
"""

import base64
import hashlib
import hmac
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

TIMESTAMP = re.compile(r"[0-9]{1,16}", re.ASCII)
METHOD = re.compile(r"[A-Z]{1,16}", re.ASCII)
# Neither white space nor opening brackets: a body begins with one of these, a path holds none.
PATH_WITH_QUERY = re.compile(r"/[!-Z\\-z|}~]*", re.ASCII)
BODY_BEGINS_WITH = b" \t\r\n{["
SEED_BYTES = 32


class UnsignableError(ValueError):
    """A request that could be read in two ways; the message says why."""


class ApiKey(Protocol):
    """What a client needs of a key."""

    @property
    def api_key(self) -> str:
        """Return the key's public name, `gq_` and 32 hex digits."""

    @property
    def passphrase(self) -> str:
        """Return the passphrase that was chosen with the key."""

    def sign(self, message: bytes, /) -> str:
        """Return the signature as it is written in the header."""


@dataclass(frozen=True)
class HmacKey:
    """A key with a secret; signs by HMAC-SHA256, lower-case hex."""

    api_key: str
    secret: str = field(repr=False)
    passphrase: str = field(repr=False)

    def sign(self, message: bytes, /) -> str:
        """Return the signature; the HMAC's key is the secret's own characters."""
        return hmac.new(self.secret.encode("ascii"), message, hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class Ed25519Key:
    """A key whose private half (a seed of 32 bytes) the venue never sees; signs in base64."""

    api_key: str
    seed: bytes = field(repr=False)
    passphrase: str = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse what is no seed."""
        if len(self.seed) != SEED_BYTES:
            raise ValueError("The seed of an Ed25519 key has 32 bytes.")

    def sign(self, message: bytes, /) -> str:
        """Return the signature."""
        signature = Ed25519PrivateKey.from_private_bytes(self.seed).sign(message)
        return base64.b64encode(signature).decode("ascii")


def signed_bytes(*, timestamp: str, method: str, path_with_query: str, body: bytes = b"") -> bytes:
    """Return the bytes that a signature covers; no two requests have the same.

    `path_with_query` is as sent, percent signs and all. Raises UnsignableError.
    """
    if not TIMESTAMP.fullmatch(timestamp):
        raise UnsignableError("The timestamp is Unix milliseconds in digits.")
    if not METHOD.fullmatch(method):
        raise UnsignableError("The method is written in capitals.")
    if not PATH_WITH_QUERY.fullmatch(path_with_query):
        raise UnsignableError("Percent-encode everything but plain characters in the path.")
    if body and body[:1] not in BODY_BEGINS_WITH:
        raise UnsignableError("The body of a signed request is JSON: an object, a list or nothing.")
    return f"{timestamp}{method}{path_with_query}".encode("ascii") + body


class Clock:
    """The venue's time as this client knows it, and timestamps that never come twice.

    The same request signed in the same millisecond would have the same signature, which the
    venue refuses as a replay; so each timestamp is later than the last.
    """

    def __init__(self, now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000) -> None:
        self._now_ms = now_ms
        self._ahead_ms = 0
        self._last_ms = 0
        self._lock = Lock()

    def timestamp(self) -> str:
        """Return the next timestamp."""
        with self._lock:
            self._last_ms = max(self._now_ms() + self._ahead_ms, self._last_ms + 1)
            return str(self._last_ms)

    def set_by(self, server_at: int, /) -> None:
        """Follow the venue's clock, in Unix milliseconds."""
        with self._lock:
            self._ahead_ms = server_at - self._now_ms()
            self._last_ms = 0
