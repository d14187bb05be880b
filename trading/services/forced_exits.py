"""Forced exits: whoever asks on the chain to leave is let out, and the chain is shown that he was.

No new orders, open ones canceled, positions closed at the market each minute; what the book has
not taken within an hour goes to the backstop at the mark, as far as its limit lets it, and the rest
a minute later. Everything that is free is withdrawn; once a confirmed root shows the empty leaf,
the program is told. Unserved after a day, anybody may freeze the exchange: so a market out of its
hours is waited for, but not longer than twenty. What is not here: payouts (`trading.withdrawals`),
and a market that is halted, where there is no price to leave at.
"""

import uuid
from datetime import UTC, datetime

import structlog

from accounts.models import User
from chain import exit_instructions
from chain.client import Level
from chain.errors import TransactionExpiredError, TransactionRefusedError
from chain.layouts import Vault
from chain.transactions import sign
from compliance.models import AccountRestriction
from compliance.services.restrictions import load_frozen, restrict
from engine.commands import CancelAll, ClosePosition, HandOverPosition
from godark.clock import now_ms
from trading import inbox
from trading.alerts import raise_alert_once
from trading.deposits import Owner, linked_owners
from trading.models import (
    AlertKind,
    Balance,
    Position,
    StateWish,
    Withdrawal,
    WithdrawalState,
)
from trading.proofs import newest_proof
from trading.services.vaults import note_withdrawal, withdrawable_micro
from trading.solana import Solana
from trading.withdrawals import reservation, reserve_key

log = structlog.get_logger(__name__)

REASON = "Asked on the chain for a forced exit."
DAY_S = 86_400
ROUND_MS = 60_000
BOOK_ALONE_S = 3_600
"""So long only the book is asked."""
HOURS_WAITED_FOR_S = 20 * 3_600
"""So long a market out of its hours is waited for: four hours before anybody may freeze."""
_CLOSINGS = uuid.UUID("5f0c7f2e-8c62-4b0e-9d0a-7d2f6a1e9b43")


def serve_exits(door: Solana, /) -> int:
    """Take every forced exit of a linked wallet one step further; return how many wait."""
    owners = linked_owners(None)
    keys = [owner.key for owner in owners]
    found = door.records.vaults(keys, level=Level.FINALIZED) if keys else []
    asked = [
        (owner, vault)
        for owner, vault in zip(owners, found, strict=True)
        if vault is not None and vault.exit_requested_at
    ]
    now_s = door.records.now_seconds(level=Level.FINALIZED) if asked else 0
    for owner, vault in asked:
        _serve(door, owner, vault, waited_s=now_s - vault.exit_requested_at)
    return len(asked)


def _serve(door: Solana, owner: Owner, vault: Vault, /, *, waited_s: int) -> None:
    """Do what is next; nothing for an account that staff had frozen before."""
    due = datetime.fromtimestamp(vault.exit_requested_at + DAY_S, tz=UTC)
    detail = f"vault {vault.vault_id}: anybody may freeze from {due:%Y-%m-%d %H:%M} UTC"
    raise_alert_once(AlertKind.FORCED_EXIT, detail)
    if not _takes_no_more_orders(owner.account_id):
        return
    balance = Balance.objects.filter(pk=owner.account_id).first()
    if not _is_flat(owner, vault, balance, waited_s=waited_s):
        return
    if balance is not None and withdrawable_micro(balance):
        _take_out(owner, vault, withdrawable_micro(balance))
    _show(door, owner, vault)


def _takes_no_more_orders(account_id: uuid.UUID, /) -> bool:
    """Freeze the account; tell whether it is frozen for its exit and nothing else."""
    if account_id not in load_frozen():
        restrict(
            account=User.objects.get(pk=account_id),
            action=AccountRestriction.Action.FREEZE,
            reason=REASON,
        )
        return True
    newest = AccountRestriction.objects.filter(account_id=account_id).latest("id")
    return newest.reason == REASON


def _is_flat(owner: Owner, vault: Vault, balance: Balance | None, /, *, waited_s: int) -> bool:
    """Cancel, close and hand over what is open, anew each minute; tell whether nothing was."""
    request = f"{vault.vault_id}:{vault.exit_requested_at}"
    this_round = now_ms() // ROUND_MS
    account = str(owner.account_id)
    has_orders = balance is not None and balance.reserved_micro > 0
    cancel_key = f"exit-cancel:{request}" + (f":{this_round}" if has_orders else "")
    inbox.put(CancelAll(at_ms=0, account_id=account), key=cancel_key)
    open_ones = Position.objects.filter(account_id=owner.account_id).exclude(size_lots=0)
    positions = list(open_ones.select_related("market").order_by("market_id"))
    for position in positions:
        place = f"{request}:{position.market_id}:{this_round}"
        _close(account, position, place)
        if waited_s >= _book_alone_s(position):
            symbol = position.market.symbol
            handing = HandOverPosition(at_ms=0, account_id=account, market_id=symbol)
            inbox.put(handing, key=f"exit-hand-over:{place}")
    return not has_orders and not positions


def _close(account: str, position: Position, place: str, /) -> None:
    """Ask the book, once in a round."""
    key = f"exit-close:{place}"
    closing = ClosePosition(
        at_ms=0,
        order_id=str(uuid.uuid5(_CLOSINGS, key)),
        account_id=account,
        market_id=position.market.symbol,
    )
    inbox.put(closing, key=key)


def _book_alone_s(position: Position, /) -> int:
    """Return how long only the book is asked; longer where it is out of its hours."""
    closed = StateWish.objects.filter(market=position.market_id, hours_closed=True).exists()
    return HOURS_WAITED_FOR_S if closed else BOOK_ALONE_S


def _take_out(owner: Owner, vault: Vault, amount_micro: int, /) -> None:
    """Ask for all that is free, unless that is asked for already."""
    waiting = Withdrawal.objects.filter(
        account_id=owner.account_id, state=WithdrawalState.REQUESTED
    )
    if not waiting.exists():
        row = note_withdrawal(owner.account_id, vault, amount_micro=amount_micro)
        inbox.put(reservation(row), key=reserve_key(row.id))


def _show(door: Solana, owner: Owner, vault: Vault, /) -> None:
    """Show the chain the empty leaf, once a confirmed root has it."""
    proof = newest_proof(owner.account_id)
    if proof is None:
        return
    leaf = proof.leaf
    if leaf.cash_micro or leaf.positions or leaf.deposits_micro != vault.deposited_micro:
        return
    built = exit_instructions.serve_exit(
        door.addresses,
        operator=door.operator.public_key,
        owner=vault.owner,
        root_number=proof.number,
        released_micro=leaf.released_micro,
        salt=proof.salt,
        path=proof.path,
    )
    blockhash = door.client.latest_blockhash()
    try:
        door.client.submit(sign([built], signers=[door.operator], blockhash=blockhash))
    except (TransactionRefusedError, TransactionExpiredError) as error:
        # The root may be older than the request, or he took it back: the next round looks again.
        log.warning("exit_not_shown", vault_id=vault.vault_id, error=str(error)[:200])
    else:
        log.info("exit_served", vault_id=vault.vault_id, number=proof.number)
