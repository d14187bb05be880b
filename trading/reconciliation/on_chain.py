"""Reconcile the ledger with the chain: every linked vault, the treasury, and the newest root.

The chain is read at `finalized`, the venue's side from one picture of the database; what is on
its way between the two is counted on the way. A difference that does not stay the same while it
is looked at three times was a movement, and is not told. What is not here: mending, and the engine
(`trading.reconciliation.reconcile`).
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

import psycopg
from django.utils import timezone
from solders.pubkey import Pubkey

from chain.client import Level
from trading.alerts import raise_alert_once
from trading.inbox.desk import connection_parameters
from trading.log import one_picture
from trading.models import AlertKind
from trading.reconciliation.differences import Difference, Figures, Key, compare
from trading.reconciliation.figures import IN_LEDGER, ledger_figures, shown_figures
from trading.reconciliation.reconcile import LEDGER, PROJECTIONS, write_row
from trading.solana import Solana

CHAIN, RECORDS = "chain", "settlement"
LOOKS: Final = 3
PAUSE_S: Final = 3.0
NET: Final = "net deposits"

# What each owner's money outside came to by the ledger, less deposits that may still vanish, plus
# what is released and not yet paid: so much the vaults must have taken in and not paid out.
EXPECTED_ROWS: Final = """
SELECT owner, sum(amount)::bigint FROM (
    SELECT account.owner_id::text AS owner, posting.amount_micro AS amount
    FROM accounts_ledgeraccount AS outside
    JOIN accounts_posting AS crossing ON crossing.account_id = outside.id
    JOIN accounts_posting AS posting ON posting.entry_id = crossing.entry_id
    JOIN accounts_ledgeraccount AS account ON account.id = posting.account_id
    WHERE outside.purpose = 'OUTSIDE' AND account.owner_id IS NOT NULL
    UNION ALL
    SELECT account_id::text, from_micro - to_micro FROM trading_deposit WHERE state = 'CONFIRMED'
    UNION ALL
    SELECT account_id::text, amount_micro FROM trading_withdrawal WHERE state = 'RELEASED'
) AS moved GROUP BY owner
"""
CLOSED_ROWS: Final = """
SELECT account_id::text, sum(deposits_micro - released_micro)::bigint FROM trading_closedvault
GROUP BY account_id
"""
OWED: Final = """
SELECT coalesce((SELECT external_micro FROM trading_venuefunds), 0)
    - coalesce((SELECT sum(unfinal_micro) FROM trading_balance), 0)
    + coalesce((SELECT sum(amount_micro) FROM trading_withdrawal WHERE state = 'RELEASED'), 0)
"""
WALLETS: Final = """
SELECT user_id::text, address FROM accounts_wallet WHERE unlinked_at IS NULL ORDER BY address
"""
ROOT: Final = "SELECT root FROM trading_batch WHERE number = %s"


def reconcile_with_chain(
    door: Solana,
    /,
    *,
    connection: psycopg.Connection[Any] | None = None,
    pause: Callable[[float], object] = time.sleep,
) -> list[Difference]:
    """Compare, write down a run that differs, and return the differences.

    Raises `ChainUnreachableError`.
    """
    started_at = timezone.now()
    if connection is None:
        with psycopg.connect(**connection_parameters(), autocommit=True) as own:
            sequence, lasting = _look_again(own, door, pause)
    else:
        sequence, lasting = _look_again(connection, door, pause)
    if lasting:
        _write_down(sequence, lasting, started_at=started_at)
    return lasting


def _look_again(
    connection: psycopg.Connection[Any], door: Solana, pause: Callable[[float], object], /
) -> tuple[int, list[Difference]]:
    """Return after which event it looked, and what differed every time in the same way."""
    sequence, lasting = _look(connection, door)
    for _ in range(LOOKS - 1):
        if not lasting:
            break
        pause(PAUSE_S)
        sequence, again = _look(connection, door)
        lasting = [difference for difference in lasting if difference in again]
    return sequence, lasting


def _look(connection: psycopg.Connection[Any], door: Solana, /) -> tuple[int, list[Difference]]:
    """Return after which event it looked, and what differs just now."""
    record = door.records.exchange(level=Level.FINALIZED)
    if record is None:
        return 0, []
    treasury_micro = door.records.treasury_micro(level=Level.FINALIZED)
    owners = {row[0]: row[1] for row in connection.execute(WALLETS)}
    vaults = _vaults(door, owners)
    with one_picture(connection):
        sequence = _only(connection, "SELECT coalesce(max(sequence), 0) FROM trading_event")
        shown = shown_figures(connection)
        ledger = ledger_figures(connection)
        expected = {
            Key(NET, owner): amount
            for owner, amount in connection.execute(EXPECTED_ROWS)
            if owner in owners
        }
        for owner, amount in connection.execute(CLOSED_ROWS):
            vaults[Key(NET, owner)] += amount
        owed_micro = _only(connection, OWED)
        row = connection.execute(ROOT, [record.root_number]).fetchone()
    missing_micro = max(0, owed_micro - treasury_micro)
    lost_micro = max(0, record.deposited_micro - record.paid_micro - treasury_micro)
    ours = int.from_bytes(row[0]) if row else 0
    theirs = int.from_bytes(record.root)
    in_ledger = {key: figure for key, figure in shown.items() if key.kind in IN_LEDGER}
    return sequence, [
        *compare(PROJECTIONS, in_ledger, LEDGER, ledger),
        *compare(LEDGER, expected, CHAIN, vaults),
        *compare(
            LEDGER, {}, CHAIN, {Key("owed uncovered"): missing_micro, Key("treasury"): lost_micro}
        ),
        *compare(RECORDS, {Key("root"): ours}, CHAIN, {Key("root"): theirs}),
    ]


def _vaults(door: Solana, owners: dict[str, str], /) -> Figures:
    """Return what each owner's open vault took in, less what it paid."""
    figures: Figures = defaultdict(int)
    keys = [Pubkey.from_string(address) for address in owners.values()]
    found: Iterable[Any] = door.records.vaults(keys, level=Level.FINALIZED) if keys else ()
    for owner, vault in zip(owners, found, strict=True):
        figures[Key(NET, owner)] = vault.deposited_micro - vault.paid_micro if vault else 0
    return figures


def _only(connection: psycopg.Connection[Any], query: str, /) -> int:
    """Return the one number of a query."""
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def _write_down(sequence: int, differences: list[Difference], /, *, started_at: datetime) -> None:
    """Leave an alert and a row; of what lasts, one an hour."""
    kinds = sorted({difference.kind for difference in differences})
    said = f"{len(differences)} differences from the chain: {', '.join(kinds)}"
    if raise_alert_once(AlertKind.BOOKS_DIFFER, said):
        write_row(sequence, differences, started_at=started_at)
