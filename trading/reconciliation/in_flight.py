"""What is on its way between the ledger and the chain, by owner and by name.

The chain is read first, at `finalized`, the rows from one picture of the database after it. So a
deposit that stands here and not there, or there and not here, a payout that has not landed or is
not yet noted, are known with their amounts, however late a job or the chain is: they are named,
and are no difference. What is not here: the comparison (`trading.reconciliation.on_chain`).
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from psycopg import Connection

from chain.layouts import Vault
from trading.reconciliation.differences import Figures, Key

NOT_FINAL: Final = "deposit not final"
NOT_CREDITED: Final = "deposit not credited"
NOT_LANDED: Final = "payout not landed"
NOT_NOTED: Final = "closed vault not noted"

# Deposits whose credit may not be final on chain, or not decided by the engine.
DEPOSIT_ROWS: Final = """
SELECT deposit.account_id::text, deposit.vault_id, deposit.from_micro, deposit.to_micro,
    deposit.state = 'DROPPED' AS is_dropped,
    credit.key IS NULL AND (deposit.state <> 'DROPPED' OR undoing.key IS NOT NULL) AS is_credited
FROM trading_deposit AS deposit
LEFT JOIN trading_command AS credit
    ON credit.status = 'WAITING' AND credit.key = 'credit:' || deposit.id
LEFT JOIN trading_command AS undoing
    ON undoing.status = 'WAITING' AND undoing.key = 'drop:' || deposit.id
WHERE deposit.state = 'CONFIRMED' OR credit.key IS NOT NULL OR undoing.key IS NOT NULL
"""
# Withdrawals that the engine has released and nobody has seen paid, with what its vault was paid
# by all that were.
RELEASED_ROWS: Final = """
SELECT released.account_id::text, released.vault_id, sum(released.amount_micro)::bigint, (
    SELECT coalesce(sum(amount_micro), 0)::bigint FROM trading_withdrawal AS paid
    WHERE paid.vault_id = released.vault_id AND paid.state = 'PAID'
)
FROM trading_withdrawal AS released
LEFT JOIN trading_command AS release
    ON release.status = 'DONE' AND release.reason = '' AND release.key = 'release:' || released.id
WHERE released.state = 'RELEASED' OR (released.state = 'HELD' AND release.key IS NOT NULL)
GROUP BY released.account_id, released.vault_id
"""
# Vaults that took money in and are not known to be closed, with what they took in and released.
OPEN_VAULT_ROWS: Final = """
SELECT deposit.account_id::text, deposit.vault_id, max(deposit.to_micro), (
    SELECT coalesce(max(to_micro), 0) FROM trading_withdrawal
    WHERE trading_withdrawal.vault_id = deposit.vault_id AND state IN ('RELEASED', 'PAID')
)
FROM trading_deposit AS deposit
WHERE deposit.state = 'FINALIZED'
    AND NOT EXISTS (SELECT FROM trading_closedvault WHERE vault_id = deposit.vault_id)
GROUP BY deposit.account_id, deposit.vault_id
"""


class InFlight(NamedTuple):
    """What is on its way: by name and owner, what the chain has more than the ledger."""

    figures: Figures

    @property
    def unpaid_micro(self) -> int:
        """What is released and not paid on chain, of all owners."""
        return sum(amount for key, amount in self.figures.items() if key.kind == NOT_LANDED)

    def by_owner(self) -> dict[str, int]:
        """Return how much more each owner's vaults have taken in, net, than the ledger says."""
        sums: defaultdict[str, int] = defaultdict(int)
        for key, amount in self.figures.items():
            sums[key.account] += amount
        return dict(sums)

    def kinds(self) -> dict[str, int]:
        """Return of how many owners each kind is."""
        return dict(Counter(key.kind for key in sorted(self.figures)))


def in_flight(connection: Connection[Any], vaults: Mapping[str, Vault | None], /) -> InFlight:
    """Return what is on its way, given each linked owner's vault as the chain has it for good."""
    figures: defaultdict[Key, int] = defaultdict(int)
    for key, amount in (
        *_deposits(connection, vaults),
        *_payouts(connection, vaults),
        *_closed_vaults(connection, vaults),
    ):
        figures[key] += amount
    return InFlight({key: amount for key, amount in figures.items() if amount})


def _deposits(
    connection: Connection[Any], vaults: Mapping[str, Vault | None], /
) -> Iterator[tuple[Key, int]]:
    """Give what deposits are on one side only; a row may be final for a part of its amount."""
    rows = connection.execute("SELECT vault_id FROM trading_closedvault").fetchall()
    closed = {vault_id for (vault_id,) in rows}
    deposits = connection.execute(DEPOSIT_ROWS).fetchall()
    for owner, vault_id, from_micro, to_micro, is_dropped, is_credited in deposits:
        vault = vaults.get(owner)
        final_micro = vault.deposited_micro if vault and vault.vault_id == vault_id else 0
        there = to_micro if vault_id in closed else min(max(final_micro, from_micro), to_micro)
        if is_credited:
            yield Key(NOT_FINAL, owner), (from_micro if is_dropped else there) - to_micro
        elif not is_dropped:
            yield Key(NOT_CREDITED, owner), there - from_micro


def _payouts(
    connection: Connection[Any], vaults: Mapping[str, Vault | None], /
) -> Iterator[tuple[Key, int]]:
    """Give what is released and not paid, where the chain has not paid it; closed vaults have."""
    rows = connection.execute(RELEASED_ROWS).fetchall()
    for owner, vault_id, released_micro, paid_before_micro in rows:
        vault = vaults.get(owner)
        is_open = vault is not None and vault.vault_id == vault_id
        left = 0 if owner in vaults and not is_open else released_micro
        if vault is not None and is_open:
            left = min(max(paid_before_micro + released_micro - vault.paid_micro, 0), left)
        yield Key(NOT_LANDED, owner), left


def _closed_vaults(
    connection: Connection[Any], vaults: Mapping[str, Vault | None], /
) -> Iterator[tuple[Key, int]]:
    """Give what vaults took in and paid that are closed on chain, and not yet noted here."""
    rows = connection.execute(OPEN_VAULT_ROWS).fetchall()
    for owner, vault_id, deposited_micro, released_micro in rows:
        vault = vaults.get(owner)
        if owner in vaults and (vault is None or vault.vault_id != vault_id):
            yield Key(NOT_NOTED, owner), released_micro - deposited_micro
