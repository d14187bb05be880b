"""Deposits: what rose in the vaults on chain becomes money in the engine, and final.

The vault's own running total is the truth; the history of the treasury only says whose to look
at. Every rise is one row and one `CreditDeposit`, keyed by the row, so that seeing it twice
credits it once. A total that the chain takes back before it is final drops the newest rows.
What is not here: drawing authorized deposits (`trading.services.vaults`).
"""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.models import Max
from solders.pubkey import Pubkey
from solders.signature import Signature

from accounts.models import Wallet
from chain.client import Level, Mention
from chain.events import Event, read_events
from chain.layouts import Vault
from engine.commands import CreditDeposit, DropDeposit, FinalizeDeposit
from godark.clock import now_ms
from trading import inbox
from trading.models import (
    ChainCursor,
    ChainTransaction,
    ClosedVault,
    Deposit,
    DepositState,
    Withdrawal,
    WithdrawalState,
)
from trading.solana import Solana

MENTIONS_AT_ONCE = 200
LOCK = "trading.compare_vaults"


@dataclass(frozen=True)
class Owner:
    """A wallet that is linked to an account."""

    account_id: uuid.UUID
    address: str

    @property
    def key(self) -> Pubkey:
        """Return the wallet's key."""
        return Pubkey.from_string(self.address)


@dataclass(frozen=True)
class News:
    """What one transaction says of a vault; the total is a deposit's."""

    address: str
    vault_id: int
    deposited_micro: int | None
    signature: str


def watch_deposits(door: Solana, /) -> int:
    """See what is new on chain, and what has become final or has vanished; return how many."""
    news = _news(door)
    unfinal = Deposit.objects.filter(state=DepositState.CONFIRMED).values_list("address", flat=True)
    changed = compare_vaults(door, linked_owners({*(each.address for each in news), *unfinal}))
    for each in news:
        if each.deposited_micro is not None:
            rows = Deposit.objects.filter(vault_id=each.vault_id, to_micro=each.deposited_micro)
            rows.filter(signature="").update(signature=each.signature)
    return changed


def sweep_vaults(door: Solana, /) -> int:
    """Compare the vaults of everybody who has a wallet: what the news may have missed."""
    return compare_vaults(door, linked_owners(None))


def linked_owners(addresses: Iterable[str] | None, /) -> list[Owner]:
    """Return the linked wallets among some addresses, or all of them."""
    wallets = Wallet.objects.filter(unlinked_at=None)
    if addresses is not None:
        wallets = wallets.filter(address__in=sorted(addresses))
    return [Owner(row.user_id, row.address) for row in wallets.order_by("address")]


def has_vault(wallet: Wallet, /) -> bool:
    """Tell whether money came in by a wallet's vault that is not known to be closed."""
    rows = Deposit.objects.filter(account_id=wallet.user_id, address=wallet.address)
    gone = ClosedVault.objects.filter(account_id=wallet.user_id).values("vault_id")
    return rows.exclude(state=DepositState.DROPPED).exclude(vault_id__in=gone).exists()


def compare_vaults(door: Solana, owners: Sequence[Owner], /) -> int:
    """Bring each owner's deposits to what the chain says; return how many rows changed."""
    if not owners:
        return 0
    keys = [owner.key for owner in owners]
    changed = 0
    with _one_comparison_at_a_time():
        final = door.records.vaults(keys, level=Level.FINALIZED)
        confirmed = door.records.vaults(keys, level=Level.CONFIRMED)
        for owner, now, for_good in zip(owners, confirmed, final, strict=True):
            changed += _compare(owner, now, for_good)
    return changed


@contextmanager
def _one_comparison_at_a_time() -> Iterator[None]:
    """Wait until nobody else compares: who writes must have read the chain after all others wrote.

    Otherwise an older reading would drop what a newer one has credited.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", [LOCK])
    try:
        yield
    finally:
        # A broken connection has given the lock back itself.
        with suppress(DatabaseError, InterfaceError), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [LOCK])


@transaction.atomic(durable=True)
def _compare(owner: Owner, confirmed: Vault | None, final: Vault | None, /) -> int:
    """Note a closed vault, drop what vanished, credit what is new, finalize what is for good."""
    wallets = Wallet.objects.select_for_update().filter(
        user_id=owner.account_id, address=owner.address, unlinked_at=None
    )
    if not wallets.exists():
        return 0
    vault_id = confirmed.vault_id if confirmed else 0
    total_micro = confirmed.deposited_micro if confirmed else 0
    final_micro = final.deposited_micro if final and final.vault_id == vault_id else 0
    open_rows = Deposit.objects.select_for_update().filter(
        account_id=owner.account_id, state=DepositState.CONFIRMED
    )
    changed = _close(owner, final)
    for row in open_rows.order_by("-from_micro"):
        if row.vault_id != vault_id or row.to_micro > total_micro:
            _move(row, DepositState.DROPPED)
            inbox.put(
                DropDeposit(at_ms=0, deposit_id=str(row.id), account_id=str(row.account_id)),
                key=f"drop:{row.id}",
            )
            changed += 1
    changed += _credit(owner, vault_id=vault_id, total_micro=total_micro)
    for row in open_rows.filter(vault_id=vault_id, to_micro__lte=final_micro).order_by("to_micro"):
        _move(row, DepositState.FINALIZED)
        inbox.put(
            FinalizeDeposit(at_ms=0, deposit_id=str(row.id), account_id=str(row.account_id)),
            key=f"finalize:{row.id}",
        )
        changed += 1
    return changed


def _close(owner: Owner, final: Vault | None, /) -> int:
    """Note what the vault before had taken in and paid, if it is gone for good; return how many.

    A vault that took money in closes on chain only against its own empty leaf, all paid.
    """
    counted = Deposit.objects.filter(account_id=owner.account_id, state=DepositState.FINALIZED)
    newest = counted.order_by("-vault_id", "-to_micro").first()
    if newest is None or (final is not None and final.vault_id == newest.vault_id):
        return 0
    states = [WithdrawalState.RELEASED, WithdrawalState.PAID]
    released = Withdrawal.objects.filter(vault_id=newest.vault_id, state__in=states)
    _row, is_new = ClosedVault.objects.get_or_create(
        vault_id=newest.vault_id,
        defaults={
            "account_id": owner.account_id,
            "deposits_micro": newest.to_micro,
            "released_micro": released.aggregate(most=Max("to_micro"))["most"] or 0,
            "closed_at_ms": now_ms(),
        },
    )
    return int(is_new)


def _credit(owner: Owner, /, *, vault_id: int, total_micro: int) -> int:
    """Credit what the vault's total has risen by since the last row of it."""
    counted = Deposit.objects.filter(vault_id=vault_id).exclude(state=DepositState.DROPPED)
    from_micro = counted.aggregate(most=Max("to_micro"))["most"] or 0
    if total_micro <= from_micro:
        return 0
    at_ms = now_ms()
    row = Deposit.objects.create(
        account_id=owner.account_id,
        address=owner.address,
        vault_id=vault_id,
        from_micro=from_micro,
        to_micro=total_micro,
        state=DepositState.CONFIRMED,
        seen_at_ms=at_ms,
        changed_at_ms=at_ms,
    )
    inbox.put(
        CreditDeposit(
            at_ms=0,
            deposit_id=str(row.id),
            account_id=str(row.account_id),
            amount_micro=row.amount_micro,
        ),
        key=credit_key(row),
    )
    return 1


def credit_key(row: Deposit, /) -> str:
    """Return the key of the command that credits a deposit."""
    return f"credit:{row.id}"


def _move(row: Deposit, state: DepositState, /) -> None:
    row.state, row.changed_at_ms = state, now_ms()
    row.save(update_fields=["state", "changed_at_ms"])


def _news(door: Solana, /) -> list[News]:
    """Return what transactions on the treasury since the last look say of whom."""
    cursor, _made = ChainCursor.objects.get_or_create(name="treasury")
    until = Signature.from_string(cursor.signature) if cursor.signature else None
    mentions = door.client.history(
        door.addresses.treasury, until=until, level=Level.CONFIRMED, limit=MENTIONS_AT_ONCE
    )
    if not mentions:
        return []
    news = [
        News(
            address=str(event.owner),
            vault_id=event.numbers["vault_id"],
            deposited_micro=event.numbers.get("deposited_micro"),
            signature=str(mention.signature),
        )
        for mention in _foreign(mentions)
        for event in _events_of(door, mention)
    ]
    cursor.signature = str(mentions[0].signature)
    cursor.save(update_fields=["signature"])
    return news


def _foreign(mentions: Sequence[Mention], /) -> list[Mention]:
    """Return what is no root of ours, which name nobody."""
    named = [str(mention.signature) for mention in mentions]
    ours = set(
        ChainTransaction.objects.filter(signature__in=named, purpose="root").values_list(
            "signature", flat=True
        )
    )
    return [each for each in mentions if each.error is None and str(each.signature) not in ours]


def _events_of(door: Solana, mention: Mention, /) -> list[Event]:
    done = door.client.executed(mention.signature, level=Level.CONFIRMED)
    events = read_events(done.logs if done else (), program=door.addresses.program)
    return [event for event in events if event.owner is not None]
