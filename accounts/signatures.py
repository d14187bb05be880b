"""What an API key signs, how, and when it is too old: the one place, and pure.

A request is signed over the bytes of `TIMESTAMP + METHOD + PATH_WITH_QUERY + BODY`. Nothing
stands between the parts, so `signed_bytes` refuses what could be cut in two ways: without that, a
request `DELETE /orders?symbol=X` could be turned into `DELETE /orders` with the body `?symbol=X`
under the same signature. No Django here, no clock, no rows: the client library and the socket
use the same functions, and `tests/vectors/signatures.json` holds them to it.
"""

import base64
import binascii
import hashlib
import hmac
import re

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

DEFAULT_WINDOW_MS = 5_000
LARGEST_WINDOW_MS = 60_000
AHEAD_MS = 1_000
"""How far in the future a timestamp may lie."""

TIMESTAMP = re.compile(r"[0-9]{1,16}", re.ASCII)
METHOD = re.compile(r"[A-Z]{1,16}", re.ASCII)
# Neither white space nor brackets: a body begins with one of these, so a path never holds them.
PATH_WITH_QUERY = re.compile(r"/[!-Z\\-z|}~]*", re.ASCII)
BODY_BEGINS_WITH = b" \t\r\n{["
BARE_VALUE_BEGINS_WITH = b'"-0123456789tfn'


class UnsignableError(ValueError):
    """A request that could be read in two ways; the message says why."""


class UnsignableBodyError(UnsignableError):
    """The body is JSON, but neither an object nor a list: a path might end like it."""


def signed_bytes(*, timestamp: str, method: str, path_with_query: str, body: bytes = b"") -> bytes:
    """Return the bytes that a signature covers; no two requests have the same.

    `path_with_query` is as sent, from `/api` on, percent signs and all. Raises UnsignableError.
    """
    if not TIMESTAMP.fullmatch(timestamp):
        raise UnsignableError("The timestamp is Unix milliseconds in digits.")
    if not METHOD.fullmatch(method):
        raise UnsignableError("The method is written in capitals.")
    if not PATH_WITH_QUERY.fullmatch(path_with_query):
        raise UnsignableError("Percent-encode everything but plain characters in the path.")
    if body and body[:1] not in BODY_BEGINS_WITH:
        kind = UnsignableBodyError if body[:1] in BARE_VALUE_BEGINS_WITH else UnsignableError
        raise kind("The body of a signed request is JSON: an object, a list or nothing.")
    return f"{timestamp}{method}{path_with_query}".encode("ascii") + body


def is_in_window(*, timestamp_ms: int, now_ms: int, window_ms: int) -> bool:
    """Tell whether a timestamp is at most `window_ms` old and hardly in the future."""
    return now_ms - window_ms <= timestamp_ms <= now_ms + AHEAD_MS


def hmac_signature(*, secret: str, message: bytes) -> str:
    """Return HMAC-SHA256 in lower-case hex; the key is the secret's own characters."""
    return hmac.new(secret.encode("ascii"), message, hashlib.sha256).hexdigest()


def fits_hmac(*, secret: str, message: bytes, signature: str) -> bool:
    """Tell whether an HMAC signature is right, in a time that tells nothing."""
    right = hmac_signature(secret=secret, message=message).encode("ascii")
    return hmac.compare_digest(right, signature.encode("utf-8", "surrogateescape"))


def ed25519_signature(*, seed: bytes, message: bytes) -> str:
    """Return the Ed25519 signature, base64, of a private key of 32 bytes."""
    signature = Ed25519PrivateKey.from_private_bytes(seed).sign(message)
    return base64.b64encode(signature).decode("ascii")


def fits_ed25519(*, public_key: bytes, message: bytes, signature: str) -> bool:
    """Tell whether an Ed25519 signature, canonical base64, is right."""
    try:
        decoded = base64.b64decode(signature, validate=True)
        if base64.b64encode(decoded).decode("ascii") != signature:
            return False
        Ed25519PublicKey.from_public_bytes(public_key).verify(decoded, message)
    except (binascii.Error, ValueError, InvalidSignature):
        return False
    return True
