"""The one door to keys that sign for the venue: a file, the environment, or a key service.

What lives here: opening a signer by its location and signing with it. What does not: wallets of
users, whose keys the venue never sees.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from nacl.signing import SigningKey
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.signature import Signature

_OWNER_ONLY = 0o600
_OTHERS = 0o077


class SignerError(Exception):
    """A key cannot be had, or did not sign."""


class Signer(Protocol):
    """Signs messages with one key."""

    @property
    def public_key(self) -> Pubkey:
        """Whose signature it is."""
        ...

    def sign(self, message: bytes) -> Signature:
        """Sign a message."""
        ...


class KeyService(Protocol):
    """What a key management service must offer; the key never leaves it."""

    def public_key(self, key_id: str) -> bytes:
        """Give the 32 bytes of an ed25519 key."""
        ...

    def sign(self, key_id: str, message: bytes) -> bytes:
        """Give the 64 bytes of its signature."""
        ...


@dataclass(frozen=True, slots=True)
class KeypairSigner:
    """A key in this process's own memory.

    libsodium signs, in half the time of solders, and lets other threads work meanwhile.
    """

    keypair: Keypair
    _key: SigningKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Unpack the key once."""
        object.__setattr__(self, "_key", SigningKey(self.keypair.secret()))

    @property
    def public_key(self) -> Pubkey:
        """Whose signature it is."""
        return self.keypair.pubkey()

    def sign(self, message: bytes) -> Signature:
        """Sign a message."""
        return Signature(self._key.sign(message).signature)

    def __repr__(self) -> str:
        return f"KeypairSigner({self.public_key})"


@dataclass(frozen=True, slots=True)
class RemoteSigner:
    """A key in a service, whose every signature is checked before it is used."""

    service: KeyService
    key_id: str
    public_key: Pubkey

    def sign(self, message: bytes) -> Signature:
        """Have a message signed."""
        signature = Signature(self.service.sign(self.key_id, message))
        if not signature.verify(self.public_key, message):
            msg = f"the key service's signature by {self.key_id} does not verify"
            raise SignerError(msg)
        return signature


def open_signer(location: str, *, services: Mapping[str, KeyService] | None = None) -> Signer:
    """Open `file:PATH`, `env:NAME` or `NAME-OF-A-SERVICE:KEY-ID`."""
    scheme, separator, rest = location.partition(":")
    if not separator or not rest:
        msg = "a key's location is file:PATH, env:NAME or SERVICE:KEY-ID"
        raise SignerError(msg)
    if scheme == "file":
        return KeypairSigner(read_key_file(Path(rest)))
    if scheme == "env":
        return KeypairSigner(_parse_key(os.environ.get(rest, ""), where=f"variable {rest}"))
    service = (services or {}).get(scheme)
    if service is None:
        msg = f"there is no key service called {scheme}"
        raise SignerError(msg)
    return RemoteSigner(service, rest, Pubkey(service.public_key(rest)))


def read_key_file(path: Path) -> Keypair:
    """Read a key file as Solana's own tools write it; refuse one that others may read."""
    try:
        mode = path.stat().st_mode
        text = path.read_text()
    except OSError as missing:
        msg = f"there is no key at {path}"
        raise SignerError(msg) from missing
    if mode & _OTHERS:
        msg = f"the key at {path} is open to others: set its mode to 0600"
        raise SignerError(msg)
    return _parse_key(text, where=str(path))


def create_key_file(path: Path) -> Keypair:
    """Read a key file, making one with a new key where there is none."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
        with os.fdopen(descriptor, "w") as file:
            file.write(Keypair().to_json())
    return read_key_file(path)


def _parse_key(text: str, *, where: str) -> Keypair:
    """Read 64 numbers as JSON, or base58."""
    try:
        if text.lstrip().startswith("["):
            return Keypair.from_bytes(bytes(json.loads(text)))
        return Keypair.from_base58_string(text.strip())
    except (ValueError, TypeError):
        msg = f"what stands in {where} is no key"
        raise SignerError(msg) from None
