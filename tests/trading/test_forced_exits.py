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
from engine import commands as c
from engine.vocabulary import MarketState, Side
from tests.chain.conftest import PACE, START_MS, chain
from tests.trading.test_settlement import BTC, USDT, Venue, order, venue
from trading.models import Alert, Command, Fill, Position, Trade, Wisher, Withdrawal
from trading.services import forced_exits
from trading.services.market_states import Wish, wish_states

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


def fund_backstop(venue: Venue, *, usdt: int) -> None:
    """Give the backstop cash from the global insurance fund."""
    given, moved = {"contribution_id": "c1"}, {"transfer_id": "t1"}
    micro = usdt * USDT
    venue.exchange.give(c.ContributeInsurance(at_ms=0, market_id=None, amount_micro=micro, **given))
    venue.exchange.give(c.FundBackstop(at_ms=0, amount_micro=micro, **moved))


def serve_after(venue: Venue, *, seconds: int) -> None:
    """Let so much time pass on the chain and on our clock, and serve once."""
    venue.devchain.sleep(seconds)
    with time_machine.travel(venue.devchain.machine.now_ms / 1_000, tick=False):
        forced_exits.serve_exits(venue.door)
        venue.exchange.settle()


def size_of(user: User) -> int:
    return Position.objects.get(account_id=user.pk).size_lots


def test_what_the_book_does_not_take_in_an_hour_goes_to_the_backstop(venue: Venue) -> None:
    alice, wallet, _bob = holding(venue)
    fund_backstop(venue, usdt=100_000)
    ask(venue, wallet)
    serve_after(venue, seconds=3_590)
    assert size_of(alice) == -10
    serve_after(venue, seconds=60)
    assert size_of(alice) == 0
    kinds = [
        fill.kind for fill in Fill.objects.filter(account_id=alice.pk).order_by("executed_at_ms")
    ]
    assert kinds == ["TRADE", "HAND_OVER"]
    [mine] = Fill.objects.filter(account_id=alice.pk, kind="HAND_OVER")
    assert mine.fee_micro == -(-mine.notional_micro * 5 // 10_000)
    assert not Trade.objects.get(kind="HAND_OVER").is_public
    with time_machine.travel(venue.devchain.machine.now_ms / 1_000, tick=False):
        until(venue, lambda: not vault_of(venue, wallet).exit_requested_at, rounds=12)
    assert Withdrawal.objects.get().account_id == alice.pk


def test_what_is_beyond_the_backstops_limit_waits_for_the_next_round(venue: Venue) -> None:
    alice, wallet, _bob = holding(venue)
    ask(venue, wallet)
    serve_after(venue, seconds=3_700)
    assert size_of(alice) == -10
    refused = Command.objects.filter(kind="HandOverPosition")
    assert [one.reason for one in refused] == ["POSITION_SIZE_EXCEEDED"]
    serve_after(venue, seconds=1)
    assert refused.count() == 1, "once in a round"
    # Five times this are four of the ten contracts.
    mark = Position.objects.get(account_id=alice.pk).cost_micro / -10
    fund_backstop(venue, usdt=int(mark * 4.5 / 5 / USDT))
    serve_after(venue, seconds=60)
    assert size_of(alice) == -6
    serve_after(venue, seconds=60)
    assert size_of(alice) == -6, "the backstop is full"


def test_a_market_out_of_its_hours_is_waited_for_but_not_until_the_freeze(venue: Venue) -> None:
    alice, wallet, _bob = holding(venue)
    fund_backstop(venue, usdt=100_000)
    wish_states({BTC: Wish(MarketState.CANCEL_ONLY, hours_closed=True)}, wisher=Wisher.PRICES)
    ask(venue, wallet)
    serve_after(venue, seconds=19 * 3_600)
    assert size_of(alice) == -10
    serve_after(venue, seconds=3_600)
    assert size_of(alice) == 0


def test_a_halted_market_keeps_what_there_is_no_price_for(venue: Venue) -> None:
    alice, wallet, _bob = holding(venue)
    fund_backstop(venue, usdt=100_000)
    wish_states({BTC: Wish(MarketState.HALTED)}, wisher=Wisher.STAFF)
    ask(venue, wallet)
    serve_after(venue, seconds=21 * 3_600)
    assert size_of(alice) == -10
    assert Command.objects.get(kind="HandOverPosition").reason == "MARKET_CLOSED"


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
