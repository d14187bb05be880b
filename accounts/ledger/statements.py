"""Statements: what moved an account's wallet, one line a movement, streamed.

The wallet is cash, cash held for withdrawals, and collateral together: what moves between them
is no movement, and the cost of a position is none of it. What is not here: words and formats for
people (the API's statement).
"""

import uuid
from collections.abc import Iterator
from typing import Final, NamedTuple

from django.db import connection

AT_ONCE: Final = 2_000
KINDS: Final = {
    "Filled": "TRADE",
    "FundingPaid": "FUNDING",
    "DepositCredited": "DEPOSIT",
    "DepositDropped": "DEPOSIT_DROPPED",
    "ShortfallCovered": "DEPOSIT_DROPPED",
    "WithdrawalConfirmed": "WITHDRAWAL",
    "InsurancePaid": "INSURANCE",
    "VenueDebtBooked": "INSURANCE",
    "DelistingSettled": "SETTLEMENT",
    "BackstopFunded": "TRANSFER",
}
"""What a kind of entry is called in a statement."""

WALLET: Final = """
FROM accounts_ledgeraccount AS account
JOIN accounts_posting AS posting ON posting.account_id = account.id
JOIN accounts_ledgerentry AS entry ON entry.id = posting.entry_id
WHERE account.owner_id = %s AND account.purpose IN ('CASH', 'HELD', 'MARGIN')
"""
BEFORE: Final = f"""
SELECT coalesce(sum(posting.amount_micro), 0)::bigint {WALLET} AND entry.posted_at_ms < %s
"""
MOVEMENTS: Final = f"""
SELECT entry.id, entry.posted_at_ms, entry.kind, entry.market, entry.subject_id,
    sum(posting.amount_micro)::bigint
{WALLET} AND entry.posted_at_ms >= %s AND entry.posted_at_ms < %s AND entry.id > %s
GROUP BY entry.id HAVING sum(posting.amount_micro) <> 0 ORDER BY entry.id LIMIT %s
"""
FOREVER_MS: Final = (1 << 63) - 1


class Movement(NamedTuple):
    """One movement of a wallet, and what was in it afterwards; micro-USDT.

    `market` is a symbol or nothing, `subject_id` the transfer that it is of, or nothing.
    """

    at_ms: int
    kind: str
    market: str
    subject_id: str
    amount_micro: int
    balance_micro: int


class Place(NamedTuple):
    """How far a statement has been read: the last entry told, and the balance after it."""

    entry: int
    balance_micro: int


def opening(owner_id: uuid.UUID, *, since_ms: int = 0) -> Place:
    """Return the place before the first movement from a moment on."""
    with connection.cursor() as cursor:
        cursor.execute(BEFORE, [owner_id, since_ms])
        return Place(0, int(cursor.fetchone()[0]))


def movements_after(
    place: Place, owner_id: uuid.UUID, *, since_ms: int = 0, until_ms: int = FOREVER_MS
) -> tuple[list[Movement], Place]:
    """Return the next movements, the oldest first and at most `AT_ONCE`, and the place after them.

    None are left when none are returned. Each call is a query of its own: a reader who takes an
    hour over a statement holds no cursor and no snapshot, and entries are never changed.
    """
    with connection.cursor() as cursor:
        cursor.execute(MOVEMENTS, [owner_id, since_ms, until_ms, place.entry, AT_ONCE])
        rows = cursor.fetchall()
    found, (entry, balance) = [], place
    for entry, at_ms, kind, market, subject_id, amount in rows:  # noqa: B007 - the last one is kept
        balance += amount
        found.append(Movement(at_ms, KINDS.get(kind, kind), market, subject_id, amount, balance))
    return found, Place(entry, balance)


def movements(
    owner_id: uuid.UUID, *, since_ms: int = 0, until_ms: int = FOREVER_MS
) -> Iterator[Movement]:
    """Yield an account's movements from a moment until before another, the oldest first."""
    place = opening(owner_id, since_ms=since_ms)
    while True:
        found, place = movements_after(place, owner_id, since_ms=since_ms, until_ms=until_ms)
        if not found:
            return
        yield from found
