"""Who asks on the chain to leave is let out, and the chain is shown that he was."""

from collections.abc import Callable

import time_machine
from solders.instruction import Instruction
from solders.keypair import Keypair

from accounts.models import User
from chain import exit_instructions
from chain.client import Level
from chain.layouts import Vault
from chain.signer import KeypairSigner
from chain.transactions import sign
from compliance.models import AccountRestriction
from compliance.services.restrictions import load_frozen, restrict
from engine.vocabulary import Side
from tests.chain.conftest import PACE, START_MS, chain
from tests.trading.test_settlement import USDT, Venue, order, venue
from trading.models import Alert, Position, Withdrawal
from trading.services import forced_exits

__all__ = ["chain", "venue"]


def send(venue: Venue, wallet: Keypair, built: Instruction) -> None:
    blockhash = venue.door.client.latest_blockhash()
    signed = sign([built], signers=[KeypairSigner(wallet)], blockhash=blockhash)
    venue.door.client.submit(signed)
    venue.devchain.sleep(PACE.finalize_ms / 1_000)


def ask(venue: Venue, wallet: Keypair) -> None:
    """Ask for a forced exit, and let the chain make it final."""
    venue.devchain.node.faucet.give_lamports(wallet.pubkey(), 10**9)
    built = exit_instructions.request_exit(venue.door.addresses, owner=wallet.pubkey())
    send(venue, wallet, built)


def vault_of(venue: Venue, wallet: Keypair) -> Vault:
    [vault] = venue.door.records.vaults([wallet.pubkey()], level=Level.CONFIRMED)
    assert vault is not None
    return vault


def until(venue: Venue, holds: Callable[[], bool], *, rounds: int = 8) -> None:
    """Let the jobs run until something holds."""
    for _ in range(rounds):
        forced_exits.serve_exits(venue.door)
        venue.exchange.settle()
        venue.pass_time(PACE.finalize_ms)
        if holds():
            return
    msg = "it never came to that"
    raise AssertionError(msg)


def test_who_asks_on_the_chain_is_let_out_and_paid(venue: Venue) -> None:
    alice, wallet = venue.person("alice")
    venue.deposit(wallet, 5_000)
    venue.exchange.give(order(alice, Side.BUY))
    ask(venue, wallet)
    until(venue, lambda: not vault_of(venue, wallet).exit_requested_at)
    vault = vault_of(venue, wallet)
    assert vault.exit_bond_lamports == 0
    until(venue, lambda: vault_of(venue, wallet).paid_micro == 5_000 * USDT)
    assert alice.pk in load_frozen()
    state = venue.exchange.runner.state
    assert state.account(str(alice.pk)).cash_micro == 0
    assert Alert.objects.filter(kind="FORCED_EXIT").count() == 1


def holding(venue: Venue) -> tuple[User, Keypair, User]:
    """Return who holds a position and wants to leave, and who holds the other side of it."""
    alice, wallet = venue.person("alice")
    bob, other = venue.person("bob")
    venue.deposit(wallet, 10_000)
    venue.deposit(other, 10_000)
    venue.exchange.give(order(alice, Side.SELL))
    venue.exchange.give(order(bob, Side.BUY))
    assert Position.objects.get(account_id=alice.pk).size_lots == -10
    return alice, wallet, bob


def test_a_position_is_closed_as_soon_as_the_book_takes_it(venue: Venue) -> None:
    alice, wallet, bob = holding(venue)
    ask(venue, wallet)
    for _ in range(2):
        forced_exits.serve_exits(venue.door)
        venue.pass_time(PACE.finalize_ms)
    assert Position.objects.get(account_id=alice.pk).size_lots == -10
    assert vault_of(venue, wallet).exit_requested_at
    assert not Withdrawal.objects.exists()
    venue.exchange.give(order(bob, Side.SELL))
    with time_machine.travel((START_MS + 61_000) / 1_000, tick=False):
        until(venue, lambda: not vault_of(venue, wallet).exit_requested_at, rounds=12)
    assert Position.objects.get(account_id=alice.pk).size_lots == 0
    assert Withdrawal.objects.get().account_id == alice.pk


def test_who_was_frozen_before_by_staff_is_left_to_them(venue: Venue) -> None:
    alice, wallet = venue.person("alice")
    venue.deposit(wallet, 5_000)
    restrict(account=alice, action=AccountRestriction.Action.FREEZE, reason="Asked by a court.")
    ask(venue, wallet)
    for _ in range(3):
        forced_exits.serve_exits(venue.door)
        venue.pass_time(PACE.finalize_ms)
    assert vault_of(venue, wallet).exit_requested_at
    assert not Withdrawal.objects.exists()
    assert Alert.objects.filter(kind="FORCED_EXIT").exists()


def test_nobody_asks_and_nothing_happens(venue: Venue) -> None:
    _alice, wallet = venue.person("alice")
    venue.deposit(wallet, 5_000)
    assert forced_exits.serve_exits(venue.door) == 0
    assert not Alert.objects.exists()
