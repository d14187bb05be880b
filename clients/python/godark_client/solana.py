"""As much of Solana as proofs and exits need: addresses, accounts, and a signed transaction.

What is not here: what the program's numbers mean (the venue's docs/PROOFS.md).
"""

import base64
import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from godark_client.refusals import refusal_in

ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
KEY_SIZE: Final = 32
PATIENCE_S: Final = 60.0
POLL_S: Final = 0.25
CONTINUED: Final = 0x80
SYSTEM_PROGRAM: Final = bytes(KEY_SIZE)
FIELD: Final = 2**255 - 19
CURVE_D: Final = -121_665 * pow(121_666, FIELD - 2, FIELD) % FIELD


def base58(data: bytes) -> str:
    """Write bytes as Solana does."""
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, len(ALPHABET))
        text = ALPHABET[digit] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def from_base58(text: str) -> bytes:
    """Read an address. Raises ValueError."""
    number = 0
    for letter in text:
        number = number * len(ALPHABET) + ALPHABET.index(letter)
    if number >> 8 * KEY_SIZE:
        raise ValueError("This is no address.")
    return number.to_bytes(KEY_SIZE, "big")


TOKEN_PROGRAM: Final = from_base58("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")
TOKEN_ACCOUNTS_PROGRAM: Final = from_base58("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL")


class ChainError(Exception):
    """The node does not answer, or the program refuses; the message says which."""


def derived(program: bytes, *seeds: bytes) -> bytes:
    """Return the address that a program derives from seeds."""
    for bump in range(255, -1, -1):
        data = b"".join((*seeds, bytes([bump]), program, b"ProgramDerivedAddress"))
        address = sha256(data).digest()
        if not _is_on_curve(address):
            return address
    raise ValueError("These seeds give no address.")


def _is_on_curve(key: bytes) -> bool:
    """Tell whether 32 bytes are a point of Ed25519, so that somebody could have its key."""
    y = (int.from_bytes(key, "little") & (1 << 255) - 1) % FIELD
    above, below = (y * y - 1) % FIELD, (CURVE_D * y * y + 1) % FIELD
    square = above * pow(below, FIELD - 2, FIELD) % FIELD
    return square == 0 or pow(square, (FIELD - 1) // 2, FIELD) == 1


def token_account(owner: bytes, mint: bytes) -> bytes:
    """Return the wallet's own account for a token."""
    return derived(TOKEN_ACCOUNTS_PROGRAM, owner, TOKEN_PROGRAM, mint)


@dataclass(frozen=True, slots=True)
class Meta:
    """An account that an instruction names."""

    key: bytes
    writes: bool = False
    signs: bool = False


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction for a program."""

    program: bytes
    data: bytes
    accounts: Sequence[Meta]


class Wallet:
    """A key pair as `solana-keygen` writes it: a JSON list of 64 numbers."""

    def __init__(self, secret: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(secret[:KEY_SIZE])
        self.address = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @classmethod
    def read(cls, path: str) -> "Wallet":
        """Read a key pair's file. Raises ValueError and OSError."""
        return cls(bytes(json.loads(Path(path).read_text(encoding="utf-8"))))

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of a signature."""
        return self._key.sign(message)


class Node:
    """A node of Solana, by JSON-RPC."""

    def __init__(self, url: str, *, transport: httpx.BaseTransport | None = None) -> None:
        self._http = httpx.Client(timeout=30, transport=transport)
        self._url = url

    def ask(self, method: str, *params: Any) -> Any:
        """Return the result of a call. Raises ChainError."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        try:
            said = self._http.post(self._url, json=body).raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            raise ChainError(f"The node does not answer: {error}") from None
        if "error" in said:
            raise ChainError(_refused(said["error"]))
        return said["result"]

    def account(self, address: bytes, *, owner: bytes | None = None) -> bytes | None:
        """Return an account's bytes. Raises ChainError where its program is another."""
        named = {"encoding": "base64", "commitment": "confirmed"}
        found = self.ask("getAccountInfo", base58(address), named)["value"]
        if found is None:
            return None
        if owner is not None and found["owner"] != base58(owner):
            raise ChainError(f"{base58(address)} is not the program's.")
        return base64.b64decode(found["data"][0])

    def send(self, wallet: Wallet, *built: Instruction) -> str:
        """Sign, send and wait until it is confirmed; return the signature. Raises ChainError."""
        blockhash = self.ask("getLatestBlockhash", {"commitment": "confirmed"})["value"]
        message = message_of(wallet.address, built, from_base58(blockhash["blockhash"]))
        raw = _length(1) + wallet.sign(message) + message
        sent = base64.b64encode(raw).decode("ascii")
        named = {"encoding": "base64", "preflightCommitment": "confirmed"}
        signature: str = self.ask("sendTransaction", sent, named)
        ends = monotonic() + PATIENCE_S
        while monotonic() < ends:
            status = self.ask("getSignatureStatuses", [signature])["value"][0]
            if status and status.get("err"):
                known = refusal_in(status["err"])
                raise ChainError(f"The program refuses: {known or status['err']}")
            if status and status.get("confirmationStatus") in {"confirmed", "finalized"}:
                return signature
            sleep(POLL_S)
        raise ChainError(f"{signature} is not confirmed yet; look again.")


def _refused(error: dict[str, Any]) -> str:
    """Return what a node refused as a sentence; with its logs where the program is not known."""
    told = error.get("data")
    data = told if isinstance(told, dict) else {}
    known = refusal_in(data.get("err"))
    if known:
        return f"The program refuses: {known}"
    return f"The chain refuses: {error.get('message')} {' '.join(data.get('logs') or [])}"


def message_of(payer: bytes, built: Sequence[Instruction], blockhash: bytes) -> bytes:
    """Return the message of a transaction that its payer alone signs."""
    writes = {payer: True}
    for one in built:
        for meta in one.accounts:
            writes[meta.key] = writes.get(meta.key, False) or meta.writes
        writes.setdefault(one.program, False)
    rest = sorted((key for key in writes if key != payer), key=lambda key: not writes[key])
    keys = [payer, *rest]
    read_only = sum(not writes[key] for key in keys)
    parts = [bytes([1, 0, read_only]), _length(len(keys)), *keys, blockhash, _length(len(built))]
    for one in built:
        places = bytes(keys.index(meta.key) for meta in one.accounts)
        parts += [bytes([keys.index(one.program)]), _length(len(places)), places]
        parts += [_length(len(one.data)), one.data]
    return b"".join(parts)


def _length(count: int) -> bytes:
    """Write a length: seven bits a byte, the lowest first."""
    data = bytearray()
    while count >= CONTINUED:
        data.append(count & (CONTINUED - 1) | CONTINUED)
        count >>= 7
    return bytes([*data, count])


@dataclass(frozen=True, slots=True)
class Program:
    """The venue's program: where its accounts lie, and what stands in them."""

    node: Node
    address: bytes

    def account_at(self, *seeds: bytes) -> bytes:
        """Return the address of one of its accounts."""
        return derived(self.address, *seeds)

    def read(self, kind: bytes, *seeds: bytes) -> bytes | None:
        """Return the bytes of one of its accounts. Raises ChainError for another kind."""
        data = self.node.account(self.account_at(*seeds), owner=self.address)
        if data is not None and not data.startswith(kind):
            raise ChainError(f"This is no account of kind {kind.decode('ascii')}.")
        return data

    def roots(self) -> dict[int, bytes]:
        """Return the recent state roots by their number."""
        data = self.read(b"GDROOTS1", b"roots") or b""
        rows = struct.iter_unpack("<Qq32s", data[16:])
        return {number: root for number, _at, root in rows if number}

    def exchange(self) -> "Exchange":
        """Return what exits need of the exchange. Raises ChainError before it is created."""
        data = self.read(b"GDEXCHG1", b"exchange")
        if data is None:
            raise ChainError("The program has no exchange yet.")
        return Exchange(*_EXCHANGE.unpack_from(data))

    def checkpoints(self) -> "dict[int, Checkpoint]":
        """Return the recent checkpoints by their number."""
        data = self.read(b"GDCHECK1", b"checkpoints") or b""
        rows = (Checkpoint(*row) for row in _CHECKPOINT.iter_unpack(data[CHECKPOINTS_BEGIN:]))
        return {row.number: row for row in rows if row.number}

    def vault(self, owner: bytes) -> "Vault | None":
        """Return a wallet's vault."""
        data = self.read(b"GDVAULT1", b"vault", owner)
        return Vault(*_VAULT.unpack_from(data)) if data else None


CHECKPOINTS_BEGIN: Final = 192
_EXCHANGE: Final = struct.Struct("<144x32s32sQ32sq184xq")
_CHECKPOINT: Final = struct.Struct("<QqQQQQQQIBB2x32s32s32s32s32s")
_VAULT: Final = struct.Struct("<48xQqQQQq24xqQqQ")


@dataclass(frozen=True, slots=True)
class Exchange:
    """Mint and treasury, the newest root, and when it froze (0: it lives)."""

    mint: bytes
    treasury: bytes
    root_number: int
    root: bytes
    root_at: int
    frozen_at: int


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One checkpoint as the chain has it; money in micro-USDT."""

    number: int
    committed_at: int
    root_number: int
    users_micro: int
    venue_micro: int
    deposits_micro: int
    released_micro: int
    paid_micro: int
    leaves: int
    depth: int
    ids_depth: int
    plain_root: bytes
    sum_root: bytes
    ids_root: bytes
    marks_root: bytes
    file_hash: bytes


@dataclass(frozen=True, slots=True)
class Vault:
    """One wallet's vault; money in micro-USDT, times in Unix seconds."""

    vault_id: int
    created_at: int
    deposited_micro: int
    paid_micro: int
    queued_micro: int
    queued_until: int
    exit_requested_at: int
    exit_bond_lamports: int
    exited_at: int
    exited_micro: int
