"""Withdrawals: from a request to money in the owner's wallet, one step at a time.

REQUESTED > HELD > RELEASED > PAID. Until it is released a withdrawal can be given back; from then
on it is in the owner's leaf, and the chain owes it: only another attempt to pay is left. One
payout of a vault is on its way at a time and pays all that the newest confirmed root releases, as
far as the program's cap of the day goes; what the program lets wait is collected when it is due.
What is not here: who may withdraw (`trading.services.vaults`).
"""

import uuid
from collections.abc import Callable, Sequence

import structlog
from django.db import transaction
from django.db.models import Sum
from solders.instruction import Instruction
from solders.pubkey import Pubkey

from chain import instructions
from chain.addresses import token_account
from chain.client import Level
from chain.instructions import LeafProof
from chain.layouts import Exchange, Vault
from chain.transactions import sign
from engine.commands import ConfirmWithdrawal, ReserveWithdrawal
from godark.clock import now_ms
from trading import inbox, sending
from trading.models import (
    Batch,
    ClosedVault,
    Command,
    CommandStatus,
    Payout,
    SendingState,
    Withdrawal,
    WithdrawalState,
)
from trading.proofs import newest_confirmed, newest_proof
from trading.solana import FEE, Solana

log = structlog.get_logger(__name__)

PAYOUTS_AT_ONCE = 50
ASK_AGAIN_MS = 10_000
DAY_S = 86_400
_ENDED = (SendingState.FINALIZED, SendingState.EXPIRED, SendingState.FAILED)


def reserve_key(withdrawal_id: uuid.UUID, /) -> str:
    """Return the key of the command that reserves a withdrawal's money."""
    return f"reserve:{withdrawal_id}"


def advance_withdrawals(door: Solana, /) -> None:
    """Take every open withdrawal and payout one step further."""
    ask_again()
    hear_of_reservations()
    release()
    hear_of_releases()
    advance_payouts(door)
    build_payouts(door)
    note_paid(door)


def reservation(row: Withdrawal, /) -> ReserveWithdrawal:
    """Return the command that reserves a withdrawal's money."""
    return ReserveWithdrawal(
        at_ms=0,
        withdrawal_id=str(row.id),
        account_id=str(row.account_id),
        amount_micro=row.amount_micro,
    )


def ask_again() -> None:
    """Ask for the reservations that nobody has asked for: their web process died between."""
    before_ms = now_ms() - ASK_AGAIN_MS
    for row in Withdrawal.objects.filter(
        state=WithdrawalState.REQUESTED, requested_at_ms__lt=before_ms
    ):
        inbox.put(reservation(row), key=reserve_key(row.id))


def hear_of_reservations() -> None:
    """Move what the engine has reserved, or refused, since."""
    for row, command in _with_commands(WithdrawalState.REQUESTED, reserve_key):
        hear_of_reservation(row, reason=command.reason)


def hear_of_reservation(row: Withdrawal, /, *, reason: str) -> None:
    """Move a withdrawal that the engine has reserved, or refused; whoever is first does it."""
    Withdrawal.objects.filter(pk=row.pk, state=WithdrawalState.REQUESTED).update(
        state=WithdrawalState.REFUSED if reason else WithdrawalState.HELD,
        hold_reason=reason,
        changed_at_ms=now_ms(),
    )


def release() -> None:
    """Ask the engine to release what is held for no reason any more."""
    for row in Withdrawal.objects.filter(state=WithdrawalState.HELD, hold_reason=""):
        command = ConfirmWithdrawal(
            at_ms=0, withdrawal_id=str(row.id), account_id=str(row.account_id)
        )
        inbox.put(command, key=_release_key(row.id))


def hear_of_releases() -> None:
    """Move what has been released, and count it to the vault's total."""
    for row, command in _with_commands(WithdrawalState.HELD, _release_key):
        if command.reason:
            log.error("withdrawal_not_released", reason=command.reason)
            continue
        released = Withdrawal.objects.filter(
            vault_id=row.vault_id, state__in=[WithdrawalState.RELEASED, WithdrawalState.PAID]
        )
        before = released.aggregate(sum=Sum("amount_micro"))["sum"] or 0
        row.to_micro = before + row.amount_micro
        _move(row, WithdrawalState.RELEASED)


def advance_payouts(door: Solana, /) -> None:
    """Send what is built, and close what has come to its end."""
    rows = list(Payout.objects.select_related("transaction").filter(is_open=True))
    sending.advance(door.client, [row.transaction for row in rows])
    for row in rows:
        if row.transaction.state in _ENDED:
            row.is_open = False
            row.save(update_fields=["is_open"])


def build_payouts(door: Solana, /) -> None:
    """Build a payout for each vault to which the newest confirmed root owes something.

    None while roots or payouts fail again and again: what is owed queues until that is over.
    """
    if sending.is_failing("root") or sending.is_failing("payout"):
        return
    batch, record = newest_confirmed(), door.records.exchange(level=Level.CONFIRMED)
    owed = (
        Withdrawal.objects.filter(state=WithdrawalState.RELEASED)
        .exclude(vault_id__in=Payout.objects.filter(is_open=True).values("vault_id"))
        .values_list("account_id", "address")
        .distinct()
    )
    asked = list(owed)
    if batch is None or record is None or not asked:
        return
    now_seconds = door.records.now_seconds(level=Level.CONFIRMED)
    room_micro = payable_today_micro(record, now_seconds=now_seconds)
    keys = [Pubkey.from_string(address) for _account, address in asked]
    vaults = door.records.vaults(keys, level=Level.CONFIRMED)
    built = 0
    for (account_id, _address), vault in zip(asked, vaults, strict=True):
        if vault is None or built == PAYOUTS_AT_ONCE:
            continue
        if not vault.queued_micro:
            paid_micro = _build_payout(door, batch, account_id, vault, most_micro=room_micro)
        elif vault.queued_until <= now_seconds and vault.queued_micro <= room_micro:
            paid_micro = _build_release(door, batch, account_id, vault)
        else:
            continue
        room_micro -= paid_micro
        built += paid_micro > 0


def payable_today_micro(record: Exchange, /, *, now_seconds: int) -> int:
    """Return what the program may still pay today: its cap, what came in more, less what went out.

    As `after_payout` of the program counts it; days are those of UTC.
    """
    is_same_day = now_seconds // DAY_S == record.day
    in_micro, out_micro = (record.day_in_micro, record.day_out_micro) if is_same_day else (0, 0)
    return max(0, record.daily_cap_micro + in_micro - out_micro)


def note_paid(door: Solana, /) -> None:
    """Call paid what the chain, at `finalized`, says that it has paid, with the signature.

    A closed vault has paid all: the program closes none that owes. While a payout that may have
    paid it is still open, its signature is not known for certain: the next call looks again. A
    withdrawal that its owner had paid out himself has no signature of ours.
    """
    rows = list(Withdrawal.objects.filter(state=WithdrawalState.RELEASED).order_by("to_micro"))
    keys = [Pubkey.from_string(row.address) for row in rows]
    vaults = door.records.vaults(keys, level=Level.FINALIZED) if rows else []
    named = [row.vault_id for row in rows]
    closed = set(ClosedVault.objects.filter(vault_id__in=named).values_list("vault_id", flat=True))
    for row, vault in zip(rows, vaults, strict=True):
        if row.vault_id not in closed and (
            vault is None
            or vault.vault_id != row.vault_id
            or vault.paid_micro < (row.to_micro or 0)
        ):
            continue
        covering = Payout.objects.filter(vault_id=row.vault_id, to_micro__gte=row.to_micro)
        if covering.filter(is_open=True).exists():
            continue
        payout = (
            covering.filter(transaction__state=SendingState.FINALIZED)
            .select_related("transaction")
            .order_by("to_micro", "-id")
            .first()
        )
        row.signature = payout.transaction.signature if payout else ""
        _move(row, WithdrawalState.PAID)


def _build_payout(
    door: Solana, batch: Batch, account_id: uuid.UUID, vault: Vault, /, *, most_micro: int
) -> int:
    """Build and store a payout of what the leaf releases; return how much it pays at most."""
    proof = newest_proof(account_id, batch=batch)
    if proof is None or proof.leaf.vault_id != vault.vault_id:
        return 0
    row = proof.leaf
    amount_micro = min(row.released_micro - vault.paid_micro, most_micro)
    if amount_micro <= 0:
        return 0
    destination = token_account(owner=vault.owner, mint=door.mint)
    built = [
        instructions.create_token_account(
            payer=door.operator.public_key, owner=vault.owner, mint=door.mint
        ),
        instructions.pay_out(
            door.addresses,
            caller=door.operator.public_key,
            owner=vault.owner,
            destination=destination,
            amount_micro=amount_micro,
            proof=LeafProof(
                root_number=batch.number,
                deposits_micro=row.deposits_micro,
                released_micro=row.released_micro,
                body_hash=proof.body_hash,
                path=proof.path,
            ),
        ),
    ]
    _store(door, batch, account_id, vault, built, amount_micro=amount_micro)
    return amount_micro


def _build_release(door: Solana, batch: Batch, account_id: uuid.UUID, vault: Vault, /) -> int:
    """Build and store the payment of what has waited its delay; return how much it pays."""
    destination = token_account(owner=vault.owner, mint=door.mint)
    built = [
        instructions.create_token_account(
            payer=door.operator.public_key, owner=vault.owner, mint=door.mint
        ),
        instructions.release_payout(door.addresses, owner=vault.owner, destination=destination),
    ]
    _store(door, batch, account_id, vault, built, amount_micro=vault.queued_micro)
    return vault.queued_micro


@transaction.atomic
def _store(
    door: Solana,
    batch: Batch,
    account_id: uuid.UUID,
    vault: Vault,
    built: list[Instruction],
    /,
    *,
    amount_micro: int,
) -> None:
    """Sign and keep a payout, not yet sent; the rest of it is `advance_payouts`."""
    signed = sign(built, signers=[door.operator], blockhash=door.client.latest_blockhash(), fee=FEE)
    Payout.objects.create(
        account_id=account_id,
        address=str(vault.owner),
        vault_id=vault.vault_id,
        amount_micro=amount_micro,
        to_micro=vault.paid_micro + amount_micro,
        batch=batch,
        transaction=sending.store(signed, purpose="payout"),
        built_at_ms=now_ms(),
    )


def _with_commands(
    state: WithdrawalState, key_of: Callable[[uuid.UUID], str], /
) -> list[tuple[Withdrawal, Command]]:
    """Return the withdrawals in a state whose command the engine has decided."""
    rows = {key_of(row.id): row for row in Withdrawal.objects.filter(state=state)}
    commands = Command.objects.filter(key__in=list(rows), status=CommandStatus.DONE)
    return [(rows[command.key or ""], command) for command in commands.order_by("id")]


def _release_key(withdrawal_id: uuid.UUID, /) -> str:
    return f"release:{withdrawal_id}"


def _move(row: Withdrawal, state: WithdrawalState, /) -> None:
    row.state, row.changed_at_ms = state, now_ms()
    row.save(update_fields=["state", "changed_at_ms", "hold_reason", "to_micro", "signature"])


def open_withdrawals(account_id: uuid.UUID, /) -> Sequence[Withdrawal]:
    """Return an account's withdrawals that are not over."""
    return list(
        Withdrawal.objects.filter(
            account_id=account_id,
            state__in=[
                WithdrawalState.REQUESTED,
                WithdrawalState.HELD,
                WithdrawalState.RELEASED,
            ],
        )
    )
