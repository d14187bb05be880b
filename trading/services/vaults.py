"""What an owner does with vault and wallet: authorize, deposit, withdraw, revoke.

Authorizing and revoking are transactions that the owner's own wallet signs; drawing an authorized
deposit and paying out are the venue's. What is not here: watching the chain (`trading.deposits`)
and paying (`trading.withdrawals`).
"""

import base64
import uuid
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from solders.instruction import Instruction
from solders.pubkey import Pubkey

from accounts.models import User, Wallet
from accounts.selectors import linked_wallet
from chain import instructions
from chain.addresses import token_account
from chain.client import Level
from chain.layouts import Vault
from chain.transactions import sign, unsigned
from engine.commands import ReserveWithdrawal
from godark.clock import now_ms
from godark.errors import Code, Failure
from trading import inbox, sending
from trading.models import (
    Balance,
    Deposit,
    DepositDraw,
    DepositState,
    SendingState,
    Withdrawal,
    WithdrawalState,
)
from trading.proofs import newest_proof
from trading.solana import FEE, Solana
from trading.withdrawals import open_withdrawals, reserve_key

UNIT_MICRO = 1_000_000_000
_DELEGATE = slice(72, 108)
_DELEGATED = slice(121, 129)
_IS_SET = (1).to_bytes(4, "little")


@dataclass(frozen=True, kw_only=True)
class VaultView:
    """Where an owner's money is, in micro-USDT; without a vault all is zero but the wallet."""

    address: str
    exists: bool
    wallet_micro: int
    authorized_micro: int
    deposited_micro: int
    withdrawn_micro: int
    free_micro: int
    pending_deposits_micro: int
    pending_withdrawals_micro: int


def vault_of(door: Solana, *, user: User) -> VaultView:
    """Return what wallet, authorization, vault and engine hold for somebody."""
    wallet = access_wallet(user)
    owner = Pubkey.from_string(wallet.address)
    vault = door.records.vaults([owner], level=Level.CONFIRMED)[0]
    held, authorized = _wallet_money(door, owner)
    balance = Balance.objects.filter(account_id=user.pk).first()
    pending = Deposit.objects.filter(account_id=user.pk, state=DepositState.CONFIRMED)
    return VaultView(
        address=wallet.address,
        exists=vault is not None,
        wallet_micro=held,
        authorized_micro=min(held, authorized),
        deposited_micro=vault.deposited_micro if vault else 0,
        withdrawn_micro=vault.paid_micro if vault else 0,
        free_micro=_withdrawable(balance),
        pending_deposits_micro=sum(row.amount_micro for row in pending),
        pending_withdrawals_micro=sum(row.amount_micro for row in open_withdrawals(user.pk)),
    )


def authorize(door: Solana, *, user: User, amount_micro: int) -> str:
    """Return the transaction that opens a vault where there is none and approves an amount."""
    owner = Pubkey.from_string(access_wallet(user).address)
    built = [instructions.create_token_account(payer=owner, owner=owner, mint=door.mint)]
    if door.records.vaults([owner], level=Level.CONFIRMED)[0] is None:
        built.append(instructions.create_vault(door.addresses, owner=owner))
    built.append(
        instructions.authorize(
            door.addresses, owner=owner, mint=door.mint, amount_micro=amount_micro
        )
    )
    return _for_the_wallet(door, built, payer=owner)


def draw_deposit(door: Solana, *, user: User) -> DepositDraw:
    """Draw what is authorized: whole units of 1,000 USDT, or all of it; store, then send.

    Refuses without a vault or an authorization, and while another drawing is on its way.
    """
    wallet = access_wallet(user)
    owner = Pubkey.from_string(wallet.address)
    if door.records.vaults([owner], level=Level.CONFIRMED)[0] is None:
        raise Failure(Code.NOT_FOUND, "There is no vault yet; authorize an amount first.")
    held, authorized = _wallet_money(door, owner)
    drawable = min(held, authorized)
    amount_micro = drawable - drawable % UNIT_MICRO or drawable
    if amount_micro == 0:
        raise Failure(
            Code.INSUFFICIENT_COLLATERAL, "Nothing is authorized, or the wallet is empty."
        )
    built = instructions.deposit_by_delegate(
        door.addresses,
        operator=door.operator.public_key,
        owner=owner,
        source=token_account(owner=owner, mint=door.mint),
        amount_micro=amount_micro,
    )
    signed = sign(
        [built], signers=[door.operator], blockhash=door.client.latest_blockhash(), fee=FEE
    )
    try:
        with transaction.atomic():
            draw = DepositDraw.objects.create(
                account_id=user.pk,
                address=wallet.address,
                amount_micro=amount_micro,
                transaction=sending.store(signed, purpose="draw"),
                built_at_ms=now_ms(),
            )
    except IntegrityError as error:
        raise Failure(
            Code.DEPOSIT_UNDER_WAY, "A deposit is on its way already; wait for it."
        ) from error
    advance_draws(door)
    return draw


def advance_draws(door: Solana, /) -> None:
    """Take every drawing one step further; the deposit itself is seen in the vault."""
    rows = list(DepositDraw.objects.select_related("transaction").filter(is_open=True))
    sending.advance(door.client, [row.transaction for row in rows])
    for row in rows:
        if row.transaction.state not in (SendingState.BUILT, SendingState.SENT):
            row.is_open = False
            row.save(update_fields=["is_open"])


def withdraw(door: Solana, *, user: User, amount_micro: int) -> Withdrawal:
    """Reserve an amount for a withdrawal; it is released and paid by the jobs.

    Refuses without a vault to be paid from, and what the engine refuses.
    """
    wallet = access_wallet(user)
    vault = door.records.vaults([Pubkey.from_string(wallet.address)], level=Level.FINALIZED)[0]
    if vault is None:
        raise Failure(Code.NOT_FOUND, "There is no vault; nothing was deposited by this wallet.")
    at_ms = now_ms()
    row = Withdrawal.objects.create(
        account_id=user.pk,
        address=wallet.address,
        vault_id=vault.vault_id,
        amount_micro=amount_micro,
        state=WithdrawalState.REQUESTED,
        requested_at_ms=at_ms,
        changed_at_ms=at_ms,
    )
    command = ReserveWithdrawal(
        at_ms=0, withdrawal_id=str(row.id), account_id=str(user.pk), amount_micro=amount_micro
    )
    said = inbox.ask_plainly(command, key=reserve_key(row.id))
    if said.is_known and said.reason:
        row.state, row.hold_reason = WithdrawalState.REFUSED, said.reason
    elif said.is_known:
        row.state = WithdrawalState.HELD
    row.changed_at_ms = now_ms()
    row.save(update_fields=["state", "hold_reason", "changed_at_ms"])
    return row


def revoke(door: Solana, *, user: User) -> str:
    """Return the transaction that takes back the approval and closes the vault.

    Refuses while the account holds anything, or while its empty leaf is in no root yet.
    """
    wallet = access_wallet(user)
    owner = Pubkey.from_string(wallet.address)
    vault = door.records.vaults([owner], level=Level.CONFIRMED)[0]
    built = [instructions.revoke_authorization(owner=owner, mint=door.mint)]
    if vault is not None:
        built.append(_closing(door, user.pk, vault))
    return _for_the_wallet(door, built, payer=owner)


def _closing(door: Solana, account_id: uuid.UUID, vault: Vault, /) -> Instruction:
    """Return the closing of a vault, with the proof that its leaf is empty if it saw money."""
    if vault.deposited_micro == 0:
        return instructions.close_vault(door.addresses, owner=vault.owner)
    proof = newest_proof(account_id)
    row = proof.leaf if proof else None
    if (
        proof is None
        or row is None
        or row.cash_micro
        or row.positions
        or row.deposits_micro != vault.deposited_micro
        or row.released_micro != vault.paid_micro
    ):
        raise Failure(
            Code.FUNDS_REMAIN,
            "Close all positions and withdraw everything first; then wait for the next root.",
        )
    return instructions.close_vault(
        door.addresses,
        owner=vault.owner,
        root_number=proof.number,
        salt=proof.salt,
        path=proof.path,
    )


def access_wallet(user: User, /) -> Wallet:
    """Return somebody's linked wallet; refuse without one."""
    wallet = linked_wallet(user)
    if wallet is None:
        raise Failure(Code.NOT_FOUND, "Link a wallet first.")
    return wallet


def _wallet_money(door: Solana, owner: Pubkey, /) -> tuple[int, int]:
    """Return what the owner's USDT account holds, and what of it the program may draw."""
    found = door.client.account(token_account(owner=owner, mint=door.mint), level=Level.CONFIRMED)
    if found is None:
        return 0, 0
    data = bytes(found.data)
    held = int.from_bytes(data[64:72], "little")
    delegate = _IS_SET + bytes(door.addresses.delegate)
    if data[_DELEGATE] != delegate:
        return held, 0
    return held, int.from_bytes(data[_DELEGATED], "little")


def _withdrawable(balance: Balance | None, /) -> int:
    """Return the free balance that does not rest on a deposit that may still vanish."""
    if balance is None:
        return 0
    free = balance.cash_micro - balance.reserved_micro - balance.held_micro
    return max(0, free - balance.unfinal_micro)


def _for_the_wallet(door: Solana, built: list[Instruction], /, *, payer: Pubkey) -> str:
    """Return an unsigned transaction as base64."""
    raw = unsigned(built, payer=payer, blockhash=door.client.latest_blockhash())
    return base64.b64encode(raw).decode()
