"""Recognizing an API key: what a signed request claims, and whether it is true.

The steps are plain functions, so that REST (both kinds of server) and the socket take the same
ones: `claim_of_headers`, the known key, `check_claim`, then `accounts.services.replays`. Until
the signature is proved, nothing tells which part was wrong; the owner of a key is then told
plainly that it has expired or that the address is not on its list.
"""

import hashlib
import hmac
import re
import time
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Network, ip_address

from accounts.models import ApiKey, Permission, User
from accounts.services.callers import Caller, Credentials
from accounts.signatures import (
    DEFAULT_WINDOW_MS,
    LARGEST_WINDOW_MS,
    TIMESTAMP,
    UnsignableBodyError,
    UnsignableError,
    fits_ed25519,
    fits_hmac,
    is_in_window,
    signed_bytes,
)
from godark.errors import Code, Failure
from godark.limits import Tier

HEADERS = ("GD-API-KEY", "GD-TIMESTAMP", "GD-SIGNATURE", "GD-PASSPHRASE")
WINDOW_HEADER = "GD-RECV-WINDOW"
API_KEY = re.compile(r"gq_[0-9a-f]{32}", re.ASCII)
WINDOW = re.compile(r"[0-9]{1,5}", re.ASCII)
LONGEST_SIGNATURE = 88
LONGEST_PASSPHRASE = 128
WRONG = "API key, passphrase or signature is wrong."


@dataclass(frozen=True, kw_only=True)
class KnownKey:
    """A living key as this process knows it for a few seconds, opened and ready to compare."""

    id: uuid.UUID
    user: User
    tier: Tier
    kind: str
    secret: str
    public_key: bytes
    passphrase_hash: bytes
    permissions: Collection[Permission]
    networks: tuple[IPv4Network | IPv6Network, ...]
    expires_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What a signed request says of itself; nothing of it is believed yet."""

    api_key: str
    timestamp: str
    signature: str
    passphrase: str
    window_ms: int


def claim_of_headers(headers: Mapping[str, str]) -> Claim | None:
    """Return what the headers claim, None without any of them; Failure for a wrong shape."""
    given = [headers.get(name) for name in HEADERS]
    if all(value is None for value in given):
        return None
    missing = [name for name, value in zip(HEADERS, given, strict=True) if not value]
    if missing:
        raise Failure(
            Code.AUTHENTICATION_FAILED,
            f"A signed request carries {missing[0]} too.",
            field=missing[0],
        )
    api_key, timestamp, signature, passphrase = (str(value) for value in given)
    return claim_of(
        api_key=api_key,
        timestamp=timestamp,
        signature=signature,
        passphrase=passphrase,
        window=headers.get(WINDOW_HEADER, str(DEFAULT_WINDOW_MS)),
    )


def claim_of(
    *, api_key: str, timestamp: str, signature: str, passphrase: str, window: str
) -> Claim:
    """Return a claim of decent shape; Failure for another."""
    if not TIMESTAMP.fullmatch(timestamp):
        raise Failure(
            Code.VALIDATION_ERROR, "The timestamp is Unix milliseconds.", field="GD-TIMESTAMP"
        )
    if not WINDOW.fullmatch(window) or not 1 <= int(window) <= LARGEST_WINDOW_MS:
        raise Failure(
            Code.VALIDATION_ERROR,
            f"The window is 1 to {LARGEST_WINDOW_MS} milliseconds.",
            field=WINDOW_HEADER,
            extra={"minimum": 1, "maximum": LARGEST_WINDOW_MS},
        )
    fits = (
        API_KEY.fullmatch(api_key)
        and len(signature) <= LONGEST_SIGNATURE
        and len(passphrase) <= LONGEST_PASSPHRASE
    )
    if not fits:
        raise Failure(Code.AUTHENTICATION_FAILED, WRONG)
    return Claim(
        api_key=api_key,
        timestamp=timestamp,
        signature=signature,
        passphrase=passphrase,
        window_ms=int(window),
    )


def refuse_stale(claim: Claim, *, now_ms: int | None = None) -> None:
    """Raise Failure for a timestamp outside of the window that the client asked for."""
    now = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    if not is_in_window(timestamp_ms=int(claim.timestamp), now_ms=now, window_ms=claim.window_ms):
        raise Failure(
            Code.TIMESTAMP_OUT_OF_WINDOW,
            "The timestamp is too old, or in the future: set your clock by /api/v1/time.",
            extra={"server_at": now, "window_ms": claim.window_ms},
        )


def check_claim(
    claim: Claim,
    known: KnownKey | None,
    *,
    method: str,
    path_with_query: str,
    body: bytes,
    address: str,
) -> Caller:
    """Return who it is if passphrase, signature, address and expiry all fit. Raises Failure."""
    if known is None or not hmac.compare_digest(
        known.passphrase_hash, passphrase_hash(claim.passphrase, key_id=known.id)
    ):
        raise Failure(Code.AUTHENTICATION_FAILED, WRONG)
    try:
        message = signed_bytes(
            timestamp=claim.timestamp, method=method, path_with_query=path_with_query, body=body
        )
    except UnsignableBodyError as error:
        raise Failure(Code.VALIDATION_ERROR, str(error)) from error
    except UnsignableError as error:
        raise Failure(Code.AUTHENTICATION_FAILED, str(error)) from error
    if not fits_key(known, message=message, signature=claim.signature):
        raise Failure(Code.AUTHENTICATION_FAILED, WRONG)
    if known.expires_at is not None and known.expires_at <= datetime.now(UTC):
        raise Failure(Code.AUTHENTICATION_FAILED, "This API key has expired.")
    if known.networks and not any(ip_address(address) in network for network in known.networks):
        raise Failure(
            Code.AUTHENTICATION_FAILED, "This API key is not used from here: see its IP allow-list."
        )
    return Caller(
        user=known.user,
        by=Credentials.API_KEY,
        tier=known.tier,
        permissions=known.permissions,
        api_key_id=known.id,
    )


def fits_key(known: KnownKey, *, message: bytes, signature: str) -> bool:
    """Tell whether a signature is the key's, by its kind."""
    if known.kind == ApiKey.Kind.HMAC:
        return fits_hmac(secret=known.secret, message=message, signature=signature)
    return fits_ed25519(public_key=known.public_key, message=message, signature=signature)


def passphrase_hash(passphrase: str, *, key_id: uuid.UUID) -> bytes:
    """Return the BLAKE2b of a passphrase, salted by its key.

    It is compared at every request, where argon2 would cost more than the request. What makes a
    quick hash enough is that it lies in the database encrypted by the field keys: a stolen table
    holds nothing to guess against, and the pepper changes with those keys, without asking
    anybody for a new passphrase. Eight characters at least, beside a signature that is needed
    anyway.
    """
    return hashlib.blake2b(
        passphrase.encode("utf-8", "surrogateescape"),
        digest_size=32,
        salt=key_id.bytes,
        person=b"gd-passphrase",
    ).digest()
