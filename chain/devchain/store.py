"""Keeps a development chain in one SQLite file: accounts, transactions, a few numbers.

What lives here: rows. What does not: what may happen (machine).
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from solders.account import Account
from solders.pubkey import Pubkey
from solders.signature import Signature

_KEPT_TRANSACTIONS: Final = 50_000
_PRUNE_EVERY: Final = 1_000
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS accounts (
    address BLOB PRIMARY KEY, lamports TEXT NOT NULL, data BLOB NOT NULL, owner BLOB NOT NULL,
    executable INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS transactions (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, signature BLOB NOT NULL UNIQUE,
    slot INTEGER NOT NULL, at_ms INTEGER NOT NULL, raw BLOB NOT NULL, meta TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS mentions (
    address BLOB NOT NULL, sequence INTEGER NOT NULL, PRIMARY KEY (address, sequence)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS numbers (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Landed:
    """A transaction that ran, well or not; `meta` has the shapes of JSON-RPC."""

    sequence: int
    signature: Signature
    slot: int
    at_ms: int
    raw: bytes
    meta: Mapping[str, Any]
    mentions: tuple[Pubkey, ...] = ()


class Store:
    """One development chain's file; `None` keeps it in memory."""

    def __init__(self, path: Path | None) -> None:
        """Open the file, or create it."""
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        where = ":memory:" if path is None else str(path)
        self._db = sqlite3.connect(where, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def transaction(self) -> AbstractContextManager[object]:
        """Make what is written inside whole or not at all."""
        self._db.execute("BEGIN IMMEDIATE")
        return self._db

    # Numbers.

    def number(self, name: str, default: int) -> int:
        """Read a number, keeping the default if there is none."""
        self._db.execute("INSERT OR IGNORE INTO numbers VALUES (?, ?)", (name, default))
        row = self._db.execute("SELECT value FROM numbers WHERE name = ?", (name,)).fetchone()
        return int(row[0])

    def set_number(self, name: str, value: int) -> None:
        """Write a number."""
        self._db.execute("INSERT OR REPLACE INTO numbers VALUES (?, ?)", (name, value))

    # Accounts.

    def accounts(self) -> Iterator[tuple[Pubkey, Account]]:
        """Read all accounts, programs after their data."""
        rows = self._db.execute(
            "SELECT address, lamports, data, owner, executable FROM accounts ORDER BY executable"
        )
        for address, lamports, data, owner, executable in rows:
            account = Account(int(lamports), data, Pubkey(owner), executable=bool(executable))
            yield Pubkey(address), account

    def put_accounts(self, accounts: Mapping[Pubkey, Account | None]) -> None:
        """Write accounts as they now are; `None` removes one."""
        for address, account in accounts.items():
            if account is None:
                self._db.execute("DELETE FROM accounts WHERE address = ?", (bytes(address),))
                continue
            self._db.execute(
                "INSERT OR REPLACE INTO accounts VALUES (?, ?, ?, ?, ?)",
                (
                    bytes(address),
                    str(account.lamports),
                    bytes(account.data),
                    bytes(account.owner),
                    int(account.executable),
                ),
            )

    # Transactions.

    def add_transaction(
        self,
        *,
        signature: Signature,
        slot: int,
        at_ms: int,
        raw: bytes,
        meta: Mapping[str, Any],
        mentions: Iterable[Pubkey],
    ) -> Landed:
        """Append a transaction and whom it mentions."""
        cursor = self._db.execute(
            "INSERT INTO transactions (signature, slot, at_ms, raw, meta) VALUES (?, ?, ?, ?, ?)",
            (bytes(signature), slot, at_ms, raw, json.dumps(meta)),
        )
        sequence = int(cursor.lastrowid or 0)
        if sequence % _PRUNE_EVERY == 0:
            self._forget_before(sequence - _KEPT_TRANSACTIONS)
        keys = tuple(dict.fromkeys(mentions))
        self._db.executemany(
            "INSERT INTO mentions VALUES (?, ?)", [(bytes(key), sequence) for key in keys]
        )
        return Landed(sequence, signature, slot, at_ms, raw, meta, keys)

    def _forget_before(self, sequence: int) -> None:
        """Keep the file small: long before this, no blockhash of theirs was good any more."""
        self._db.execute("DELETE FROM transactions WHERE sequence <= ?", (sequence,))
        self._db.execute("DELETE FROM mentions WHERE sequence <= ?", (sequence,))

    def remove_transaction(self, sequence: int) -> None:
        """Forget a transaction that was rolled back."""
        self._db.execute("DELETE FROM transactions WHERE sequence = ?", (sequence,))
        self._db.execute("DELETE FROM mentions WHERE sequence = ?", (sequence,))

    def find(self, signature: Signature) -> Landed | None:
        """Find a transaction by its first signature."""
        row = self._db.execute(
            "SELECT sequence, signature, slot, at_ms, raw, meta FROM transactions"
            " WHERE signature = ?",
            (bytes(signature),),
        ).fetchone()
        return None if row is None else _landed(row)

    def newest_sequence(self) -> int:
        """Give the sequence of the newest transaction; zero before the first."""
        row = self._db.execute("SELECT COALESCE(MAX(sequence), 0) FROM transactions").fetchone()
        return int(row[0])

    def mentioning(self, address: Pubkey, *, before: int, after: int, limit: int) -> list[Landed]:
        """List transactions that mention an address, newest first, between two sequences."""
        rows = self._db.execute(
            "SELECT t.sequence, signature, slot, at_ms, raw, meta FROM transactions t"
            " JOIN mentions m ON m.sequence = t.sequence"
            " WHERE m.address = ? AND m.sequence < ? AND m.sequence > ?"
            " ORDER BY m.sequence DESC LIMIT ?",
            (bytes(address), before, after, limit),
        )
        return [_landed(row) for row in rows]


def _landed(row: tuple[int, bytes, int, int, bytes, str]) -> Landed:
    sequence, signature, slot, at_ms, raw, meta = row
    return Landed(sequence, Signature(signature), slot, at_ms, raw, json.loads(meta))
