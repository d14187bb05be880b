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
SELECT entry.posted_at_ms, entry.kind, entry.market, entry.subject_id,
    sum(posting.amount_micro)::bigint
{WALLET} AND entry.posted_at_ms >= %s AND entry.posted_at_ms < %s
GROUP BY entry.id HAVING sum(posting.amount_micro) <> 0 ORDER BY entry.id
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


def movements(
    owner_id: uuid.UUID, *, since_ms: int = 0, until_ms: int = FOREVER_MS
) -> Iterator[Movement]:
    """Yield an account's movements from a moment until before another, the oldest first.

    However many there are, few are in memory: they come through a cursor on the server.
    """
    with connection.cursor() as cursor:
        cursor.execute(BEFORE, [owner_id, since_ms])
        balance = int(cursor.fetchone()[0])
    with connection.chunked_cursor() as cursor:
        cursor.execute(MOVEMENTS, [owner_id, since_ms, until_ms])
        while rows := cursor.fetchmany(AT_ONCE):
            for at_ms, kind, market, subject_id, amount in rows:
                balance += amount
                yield Movement(at_ms, KINDS.get(kind, kind), market, subject_id, amount, balance)
