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
from accounts.services.wallets import unlink_wallet
from chain import instructions
from chain.addresses import token_account
from chain.client import Level
from chain.layouts import Vault
from chain.transactions import sign, unsigned
from compliance import gate
from godark.clock import now_ms
from godark.errors import Code, Failure
from trading import inbox, sending
from trading.deposits import compare_vaults, has_vault, linked_owners
from trading.models import (
    Authorization,
    Balance,
    ChainTransaction,
    Deposit,
    DepositDraw,
    DepositState,
    SendingState,
    Withdrawal,
    WithdrawalState,
)
from trading.proofs import newest_proof
from trading.solana import FEE, Solana, solana
from trading.withdrawals import hear_of_reservation, open_withdrawals, reservation, reserve_key

UNIT_MICRO = 1_000_000_000
DRAW_FOR_MS = 10 * 60_000
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
    note_authorization(user.pk, min(held, authorized))
    balance = Balance.objects.filter(account_id=user.pk).first()
    pending = Deposit.objects.filter(account_id=user.pk, state=DepositState.CONFIRMED)
    return VaultView(
        address=wallet.address,
        exists=vault is not None,
        wallet_micro=held,
        authorized_micro=min(held, authorized),
        deposited_micro=vault.deposited_micro if vault else 0,
        withdrawn_micro=vault.paid_micro if vault else 0,
        free_micro=withdrawable_micro(balance),
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
    # An order may wait for it from now on; if it is never signed, the first drawing finds out.
    note_authorization(user.pk, amount_micro)
    return _for_the_wallet(door, built, payer=owner)


def note_authorization(account_id: uuid.UUID, authorized_micro: int, /) -> None:
    """Write down what the chain was seen to let the venue draw, where it is another amount."""
    found = Authorization.objects.filter(account_id=account_id, authorized_micro=authorized_micro)
    if not found.exists():
        Authorization.objects.update_or_create(
            account_id=account_id,
            defaults={"authorized_micro": authorized_micro, "seen_at_ms": now_ms()},
        )


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
    note_authorization(user.pk, drawable)
    amount_micro = drawable - drawable % UNIT_MICRO or drawable
    if amount_micro == 0:
        raise Failure(
            Code.INSUFFICIENT_COLLATERAL, "Nothing is authorized, or the wallet is empty."
        )
    try:
        with transaction.atomic():
            draw = DepositDraw.objects.create(
                account_id=user.pk,
                address=wallet.address,
                amount_micro=amount_micro,
                transaction=_drawing(door, owner, amount_micro),
                built_at_ms=now_ms(),
            )
    except IntegrityError as error:
        raise Failure(
            Code.DEPOSIT_UNDER_WAY, "A deposit is on its way already; wait for it."
        ) from error
    advance_draws(door)
    return draw


def advance_draws(door: Solana, /) -> None:
    """Take every drawing one step further; the deposit itself is seen in the vault.

    One whose bytes never landed gets new ones for ten minutes, while the authorization stands.
    """
    rows = list(DepositDraw.objects.select_related("transaction").filter(is_open=True))
    sending.advance(door.client, [row.transaction for row in rows])
    for row in rows:
        if row.transaction.state in (SendingState.BUILT, SendingState.SENT):
            continue
        if row.transaction.state == SendingState.EXPIRED and _may_draw_again(door, row):
            row.transaction = _drawing(door, Pubkey.from_string(row.address), row.amount_micro)
        else:
            row.is_open = False
        row.save(update_fields=["is_open", "transaction"])


def _may_draw_again(door: Solana, row: DepositDraw, /) -> bool:
    """Tell whether a drawing is young, and its owner may and can still deposit its amount."""
    is_young = now_ms() - row.built_at_ms <= DRAW_FOR_MS
    wallets = Wallet.objects.filter(user=row.account_id, address=row.address, unlinked_at=None)
    if not is_young or not wallets.exists():
        return False
    if gate.may_deposit(row.account_id, wallet=row.address) is not None:
        return False
    return row.amount_micro <= min(_wallet_money(door, Pubkey.from_string(row.address)))


def _drawing(door: Solana, owner: Pubkey, amount_micro: int, /) -> ChainTransaction:
    """Sign and keep a drawing, not yet sent."""
    built = instructions.deposit_by_delegate(
        door.addresses,
        operator=door.operator.public_key,
        owner=owner,
        source=token_account(owner=owner, mint=door.mint),
        amount_micro=amount_micro,
    )
    blockhash = door.client.latest_blockhash()
    signed = sign([built], signers=[door.operator], blockhash=blockhash, fee=FEE)
    return sending.store(signed, purpose="draw")


def withdraw(door: Solana, *, user: User, amount_micro: int) -> Withdrawal:
    """Reserve an amount for a withdrawal; it is released and paid by the jobs.

    Refuses without a vault to be paid from, and what the engine refuses.
    """
    wallet = access_wallet(user)
    vault = door.records.vaults([Pubkey.from_string(wallet.address)], level=Level.FINALIZED)[0]
    if vault is None:
        raise Failure(Code.NOT_FOUND, "There is no vault; nothing was deposited by this wallet.")
    row = note_withdrawal(user.pk, vault, amount_micro=amount_micro)
    said = inbox.ask_plainly(reservation(row), key=reserve_key(row.id))
    if said.is_known:
        hear_of_reservation(row, reason=said.reason)
    row.refresh_from_db()
    return row


def note_withdrawal(account_id: uuid.UUID, vault: Vault, /, *, amount_micro: int) -> Withdrawal:
    """Write down what is wanted out of an account's vault; the engine is yet to be asked."""
    at_ms = now_ms()
    return Withdrawal.objects.create(
        account_id=account_id,
        address=str(vault.owner),
        vault_id=vault.vault_id,
        amount_micro=amount_micro,
        state=WithdrawalState.REQUESTED,
        requested_at_ms=at_ms,
        changed_at_ms=at_ms,
    )


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


def unlink(user: User, /) -> None:
    """End the link of the account's wallet, once its vault is closed for good.

    Refuses with `FUNDS_REMAIN` before; asks the chain only about an account that had a vault.
    """
    wallet = access_wallet(user)
    if has_vault(wallet):
        compare_vaults(solana(), linked_owners([wallet.address]))
    unlink_wallet(user=user, has_vault=has_vault)


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


def withdrawable_micro(balance: Balance | None, /) -> int:
    """Return the free balance that does not rest on a deposit that may still vanish."""
    if balance is None:
        return 0
    free = balance.cash_micro - balance.reserved_micro - balance.held_micro
    return max(0, free - balance.unfinal_micro)


def _for_the_wallet(door: Solana, built: list[Instruction], /, *, payer: Pubkey) -> str:
    """Return an unsigned transaction as base64."""
    raw = unsigned(built, payer=payer, blockhash=door.client.latest_blockhash())
    return base64.b64encode(raw).decode()
