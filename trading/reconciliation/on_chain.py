"""Reconcile the ledger with the chain: every linked vault, the treasury, and the newest root.

The chain is read at `finalized`, the venue's side from one picture of the database; what is on
its way between the two is named and counted on the way (`trading.reconciliation.in_flight`). A
difference that does not stay the same while it is looked at three times was a movement, and is
not told. What is not here: mending, and the engine (`trading.reconciliation.reconcile`).
"""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

import psycopg
import structlog
from django.utils import timezone
from solders.pubkey import Pubkey

from chain.client import Level
from chain.layouts import Vault
from godark.reading import connection_parameters
from trading.alerts import raise_alert_once
from trading.log import one_picture
from trading.models import AlertKind
from trading.reconciliation.differences import Difference, Figures, Key, compare
from trading.reconciliation.figures import IN_LEDGER, ledger_figures, shown_figures
from trading.reconciliation.in_flight import InFlight, in_flight
from trading.reconciliation.reconcile import LEDGER, PROJECTIONS, write_row
from trading.solana import Solana

log = structlog.get_logger(__name__)

CHAIN, RECORDS = "chain", "settlement"
LOOKS: Final = 3
PAUSE_S: Final = 3.0
NET: Final = "net deposits"

# What each owner's money outside came to by the ledger.
MOVED_ROWS: Final = """
SELECT account.owner_id::text, sum(posting.amount_micro)::bigint
FROM accounts_ledgeraccount AS outside
JOIN accounts_posting AS crossing ON crossing.account_id = outside.id
JOIN accounts_posting AS posting ON posting.entry_id = crossing.entry_id
JOIN accounts_ledgeraccount AS account ON account.id = posting.account_id
WHERE outside.purpose = 'OUTSIDE' AND account.owner_id IS NOT NULL
GROUP BY account.owner_id
"""
CLOSED_ROWS: Final = """
SELECT account_id::text, sum(deposits_micro - released_micro)::bigint FROM trading_closedvault
GROUP BY account_id
"""
OWED: Final = """
SELECT coalesce((SELECT external_micro FROM trading_venuefunds), 0)
    - coalesce((SELECT sum(unfinal_micro) FROM trading_balance), 0)
"""
WALLETS: Final = """
SELECT user_id::text, address FROM accounts_wallet WHERE unlinked_at IS NULL ORDER BY address
"""
ROOT: Final = "SELECT root FROM trading_batch WHERE number = %s"


class Look(NamedTuple):
    """One look: after which event, what differs, and what is on its way."""

    sequence: int
    differences: list[Difference]
    on_the_way: InFlight


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
            last = _look_again(own, door, pause)
    else:
        last = _look_again(connection, door, pause)
    if last.on_the_way.figures:
        log.info("books_on_the_way", owners=last.on_the_way.kinds())
    if last.differences:
        _write_down(last.sequence, last.differences, started_at=started_at)
    return last.differences


def _look_again(
    connection: psycopg.Connection[Any], door: Solana, pause: Callable[[float], object], /
) -> Look:
    """Return the last look, with what differed every time in the same way."""
    last = look(connection, door)
    for _ in range(LOOKS - 1):
        if not last.differences:
            break
        pause(PAUSE_S)
        again = look(connection, door)
        lasting = [each for each in last.differences if each in again.differences]
        last = again._replace(differences=lasting)
    return last


def look(connection: psycopg.Connection[Any], door: Solana, /) -> Look:
    """Compare once; what differs may be a movement between the two readings."""
    record = door.records.exchange(level=Level.FINALIZED)
    if record is None:
        return Look(0, [], InFlight({}))
    treasury_micro = door.records.treasury_micro(level=Level.FINALIZED)
    vaults = _vaults(door, {row[0]: row[1] for row in connection.execute(WALLETS)})
    with one_picture(connection):
        sequence = _only(connection, "SELECT coalesce(max(sequence), 0) FROM trading_event")
        shown = shown_figures(connection)
        ledger = ledger_figures(connection)
        on_the_way = in_flight(connection, vaults)
        expected = _expected(connection, vaults, on_the_way)
        there = _there(connection, vaults)
        owed_micro = _only(connection, OWED) + on_the_way.unpaid_micro
        row = connection.execute(ROOT, [record.root_number]).fetchone()
    missing_micro = max(0, owed_micro - treasury_micro)
    lost_micro = max(0, record.deposited_micro - record.paid_micro - treasury_micro)
    ours = int.from_bytes(row[0]) if row else 0
    theirs = int.from_bytes(record.root)
    in_ledger = {key: figure for key, figure in shown.items() if key.kind in IN_LEDGER}
    differences = [
        *compare(PROJECTIONS, in_ledger, LEDGER, ledger),
        *compare(LEDGER, expected, CHAIN, there),
        *compare(
            LEDGER, {}, CHAIN, {Key("owed uncovered"): missing_micro, Key("treasury"): lost_micro}
        ),
        *compare(RECORDS, {Key("root"): ours}, CHAIN, {Key("root"): theirs}),
    ]
    return Look(sequence, differences, on_the_way)


def _vaults(door: Solana, owners: Mapping[str, str], /) -> dict[str, Vault | None]:
    """Return each linked owner's open vault, if there is one."""
    keys = [Pubkey.from_string(address) for address in owners.values()]
    found = door.records.vaults(keys, level=Level.FINALIZED) if keys else []
    return dict(zip(owners, found, strict=True))


def _expected(
    connection: psycopg.Connection[Any], owners: Mapping[str, object], on_the_way: InFlight, /
) -> Figures:
    """Return what each linked owner's vaults must have taken in, less what they paid."""
    moved = dict(connection.execute(MOVED_ROWS).fetchall())
    more = on_the_way.by_owner()
    return {Key(NET, owner): moved.get(owner, 0) + more.get(owner, 0) for owner in owners}


def _there(connection: psycopg.Connection[Any], vaults: Mapping[str, Vault | None], /) -> Figures:
    """Return what each linked owner's vaults, closed ones too, took in, less what they paid."""
    figures: Figures = defaultdict(int)
    for owner, vault in vaults.items():
        figures[Key(NET, owner)] = vault.deposited_micro - vault.paid_micro if vault else 0
    for owner, amount in connection.execute(CLOSED_ROWS):
        if owner in vaults:
            figures[Key(NET, owner)] += amount
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
