"""The tokens of REST: how an access token is written and read, and what a refresh token is.

An access token is a JWT that lives a quarter of an hour; it names its log-in (the family of
refresh tokens that began there), so that a log-out ends it too. A refresh token is random and
means nothing: the database knows its SHA-256. What is not here: whom a token belongs to and
whether that log-in still stands (`accounts.services.log_ins`).
"""

import hashlib
import secrets
import uuid
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

import jwt
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

ACCESS_FOR = timedelta(minutes=15)
REFRESH_FOR = timedelta(days=7)
ALGORITHM = "HS256"
ISSUER = "godark"
CLAIMS = ("iss", "sub", "fam", "jti", "iat", "exp")


class BadTokenError(Exception):
    """An access token that is not ours, or whose time is over."""


class AccessClaims(NamedTuple):
    """What a valid access token says."""

    user_id: uuid.UUID
    family_id: uuid.UUID


def access_token(*, user_id: uuid.UUID, family_id: uuid.UUID, now: datetime) -> str:
    """Return a JWT for a person and a log-in."""
    key_id, key = _keys()[0]
    claims = {
        "iss": ISSUER,
        "sub": str(user_id),
        "fam": str(family_id),
        "jti": uuid.uuid4().hex,
        "iat": now,
        "exp": now + ACCESS_FOR,
    }
    return jwt.encode(claims, key, algorithm=ALGORITHM, headers={"kid": key_id})


def read_access_token(token: str) -> AccessClaims:
    """Return what a token says if it is ours and its time is not over; else BadTokenError."""
    try:
        named = str(jwt.get_unverified_header(token).get("kid"))
        key = dict(_keys())[named]
        claims: dict[str, Any] = jwt.decode(
            token, key, algorithms=[ALGORITHM], issuer=ISSUER, options={"require": list(CLAIMS)}
        )
        return AccessClaims(uuid.UUID(claims["sub"]), uuid.UUID(claims["fam"]))
    except (jwt.InvalidTokenError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadTokenError("The access token is not valid, or its time is over.") from error


def new_refresh_token() -> str:
    """Return 256 random bits as text."""
    return secrets.token_urlsafe(32)


def digest_of(refresh_token: str) -> bytes:
    """Return what the database knows a refresh token by; it is random, so one hash is enough."""
    return hashlib.sha256(refresh_token.encode()).digest()


def expiry_of_refresh(now: datetime) -> datetime:
    """Return when a refresh token that is given out now ends."""
    return now.astimezone(UTC) + REFRESH_FOR


def _keys() -> tuple[tuple[str, bytes], ...]:
    """Return (id, key) for each secret key of the site, the one that signs first."""
    return _derived((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


@cache
def _derived(secret_keys: tuple[str, ...]) -> tuple[tuple[str, bytes], ...]:
    return tuple((_id_of(key), key) for key in map(_derive, secret_keys))


def _derive(secret_key: str) -> bytes:
    """Return the key of access tokens: a leak of it opens neither sessions nor cursors."""
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"godark access tokens 1")
    return derivation.derive(secret_key.encode())


def _id_of(key: bytes) -> str:
    return hashlib.sha256(b"id" + key).hexdigest()[:8]
