"""Signing as a client does it, and people with keys for tests."""

import base64
import json
import time
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import Client

from accounts.models import ApiKey, Permission, User
from accounts.services.api_keys import Terms, create_api_key
from accounts.signatures import ed25519_signature, hmac_signature, signed_bytes
from tests.accounts.factories import PASSWORD

PASSPHRASE = "three-dark-pools"
SEED = bytes(range(32))
PUBLIC_KEY = Ed25519PrivateKey.from_private_bytes(SEED).public_key()
RAW_PUBLIC_KEY = PUBLIC_KEY.public_bytes(Encoding.Raw, PublicFormat.Raw)


@dataclass(frozen=True)
class Signer:
    """A program with an API key."""

    row: ApiKey
    secret: str | None

    def headers(
        self, method: str, path: str, body: str | bytes = b"", **changed: str
    ) -> dict[str, str]:
        """Return the headers of a signed request; `changed` spoils some of them."""
        raw = body.encode() if isinstance(body, str) else body
        timestamp = changed.pop("timestamp", str(time.time_ns() // 1_000_000))
        message = signed_bytes(timestamp=timestamp, method=method, path_with_query=path, body=raw)
        signature = (
            hmac_signature(secret=self.secret, message=message)
            if self.secret
            else ed25519_signature(seed=SEED, message=message)
        )
        return {
            "GD-API-KEY": self.row.api_key,
            "GD-TIMESTAMP": timestamp,
            "GD-SIGNATURE": signature,
            "GD-PASSPHRASE": PASSPHRASE,
        } | {name.replace("_", "-"): value for name, value in changed.items()}

    def send(self, method: str, path: str, body: str = "", **changed: str) -> Any:
        """Return the site's answer to a signed request."""
        return Client().generic(
            method,
            path,
            data=body,
            content_type="application/json",
            headers=self.headers(method, path, body, **changed),
        )


def signer_of(
    user: User, *permissions: Permission, public_key: bytes | None = None, **terms: Any
) -> Signer:
    """Return a program of a person; without permissions it has all of them."""
    made = create_api_key(
        user=user,
        terms=Terms(name="test", permissions=permissions or tuple(Permission), **terms),
        passphrase=PASSPHRASE,
        public_key=public_key,
    )
    return Signer(made.key, made.secret)


def post(client: Client, path: str, body: Any = None, **headers: str) -> Any:
    """Return the answer to a JSON body."""
    return client.post(
        path,
        data=b"" if body is None else json.dumps(body),
        content_type="application/json",
        headers=headers,
    )


def tokens_of(user: User, password: str = PASSWORD, client: Client | None = None) -> dict[str, Any]:
    """Return the tokens of a log-in by REST."""
    answer = post(
        client or Client(), "/api/v1/auth/login", {"email": user.email, "password": password}
    )
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    """Return the header of an access token."""
    return {"Authorization": f"Bearer {tokens['access_token']}"}


def as_base64(raw: bytes) -> str:
    """Return bytes as the API takes them."""
    return base64.b64encode(raw).decode()
