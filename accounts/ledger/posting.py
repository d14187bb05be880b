"""Posting: the only writer of money, always a part of its caller's transaction (I5).

An entry is one movement in double entry. What an event means in money is its caller's to say;
here entries are checked, written by COPY, and their accounts' balances follow. What is not
here: reading for people (`accounts.ledger.statements`).
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec
from psycopg import Cursor
from psycopg.pq import TransactionStatus

from accounts.ledger.arrays import number_array, text_array, uuid_array
from accounts.ledger.models import Phase


class Account(NamedTuple):
    """Which ledger account: its owner (None: the venue), its purpose, its market's symbol."""

    owner_id: uuid.UUID | None
    purpose: str
    market: str = ""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One movement: what each account gains (negative: loses), micro-USDT; sums to zero.

    `number` is the event's sequence, `resolves` that of the pending entry which this one posts
    or voids.
    """

    number: int
    kind: str
    at_ms: int
    gains: dict[Account, int]
    market: str = ""
    subject_id: str = ""
    phase: str = Phase.POSTED
    resolves: int | None = None


class UnbalancedError(AssertionError):
    """An entry does not sum to zero: a bug, after which nothing may be written."""


class Books:
    """The ledger's accounts as one writer knows them, and how entries come into them.

    The numbers of accounts are remembered: one writer at a time, and only while its
    transactions commit.
    """

    def __init__(self) -> None:
        self._ids: dict[Account, int] = {}

    def post(self, cursor: Cursor[Any], entries: Sequence[Entry], /) -> dict[Account, int]:
        """Write entries; return by how much each account's balance moved, zeros left out."""
        if not entries:
            return {}
        insist_on_transaction(cursor)
        # 1. Every entry sums to zero.
        moved: dict[Account, int] = defaultdict(int)
        for entry in entries:
            if sum(entry.gains.values()):
                raise UnbalancedError(f"{entry.kind} {entry.number} does not sum to zero")
            for account, gain in entry.gains.items():
                moved[account] += gain
        # 2. Accounts and their balances.
        self._open(cursor, moved)
        changed = {account: gain for account, gain in moved.items() if gain}
        self._move_balances(cursor, changed)
        # 3. Entries, then their postings in one statement.
        self._copy(cursor, entries)
        return changed

    def _open(self, cursor: Cursor[Any], accounts: Iterable[Account], /) -> None:
        """Learn the numbers of accounts; open those that are not there yet."""
        unknown = [account for account in accounts if account not in self._ids]
        if not unknown:
            return
        owners, purposes, markets = (list(column) for column in zip(*unknown, strict=True))
        columns = (uuid_array(owners), text_array(purposes), text_array(markets))
        cursor.execute(OPEN, columns)
        cursor.execute(FIND, columns)
        for number, owner_id, purpose, market in cursor.fetchall():
            self._ids[Account(owner_id, purpose, market)] = number

    def _move_balances(self, cursor: Cursor[Any], moved: dict[Account, int], /) -> None:
        if moved:
            numbers = [self._ids[account] for account in moved]
            cursor.execute(MOVE, (number_array(numbers), number_array(moved.values())))

    def _copy(self, cursor: Cursor[Any], entries: Sequence[Entry], /) -> None:
        with cursor.copy(ENTRIES) as copy:
            for entry in entries:
                copy.write_row(
                    (
                        entry.number,
                        entry.kind,
                        entry.market,
                        entry.subject_id,
                        entry.phase,
                        entry.resolves,
                        entry.at_ms,
                    )
                )
        ids = self._ids
        with cursor.copy(POSTINGS) as copy:
            for entry in entries:
                for account, gain in entry.gains.items():
                    if gain:
                        copy.write_row((entry.number, ids[account], gain))


OPEN = """
INSERT INTO accounts_ledgeraccount (owner_id, purpose, market, balance_micro)
SELECT owner_id, purpose, market, 0
FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS wanted (owner_id, purpose, market)
ON CONFLICT (owner_id, purpose, market) DO NOTHING
"""
FIND = """
WITH wanted AS (
    SELECT * FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS one (owner_id, purpose, market)
)
SELECT account.id, account.owner_id, account.purpose, account.market
FROM wanted JOIN accounts_ledgeraccount AS account USING (owner_id, purpose, market)
UNION ALL
SELECT account.id, account.owner_id, account.purpose, account.market
FROM wanted JOIN accounts_ledgeraccount AS account USING (purpose, market)
WHERE wanted.owner_id IS NULL AND account.owner_id IS NULL
"""
MOVE = """
UPDATE accounts_ledgeraccount AS account
SET balance_micro = account.balance_micro + moved.amount
FROM unnest(%s::bigint[], %s::bigint[]) AS moved (id, amount)
WHERE account.id = moved.id
"""
ENTRIES = """
COPY accounts_ledgerentry (id, kind, market, subject_id, phase, resolves_id, posted_at_ms)
FROM STDIN
"""
POSTINGS = "COPY accounts_posting (entry_id, account_id, amount_micro) FROM STDIN"


def insist_on_transaction(cursor: Cursor[Any], /) -> None:
    """Refuse to write money outside of the caller's transaction."""
    status = cursor.connection.info.transaction_status
    if status is not TransactionStatus.INTRANS:
        raise RuntimeError("money is posted inside a transaction of the caller's")
