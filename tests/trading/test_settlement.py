"""Money from a wallet through the engine back to the wallet, and a root for every change."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import pytest
import time_machine
from django.utils import timezone
from solders.keypair import Keypair
from solders.signature import Signature
from solders.transaction import Transaction

from accounts.models import User, Wallet
from chain.addresses import token_account
from chain.client import Level
from chain.devchain.genesis import development_key
from chain.leaves import leaf_hash
from chain.signer import KeypairSigner
from engine import commands as c
from engine.vocabulary import OrderType, Side
from tests.accounts.factories import UserFactory
from tests.chain.conftest import PACE, START_MS, Devchain, chain
from tests.exchange import Exchange
from tests.trading.chain_door import door_to
from tests.trading.cosigner import witness_at
from trading import proofs, settlement
from trading.deposits import watch_deposits
from trading.models import Batch, Deposit, LeafVersion, Payout, Withdrawal
from trading.proofs import newest_proof
from trading.services import vaults
from trading.services.chain_setup import deposit_test_usdt, ensure_chain
from trading.solana import Solana
from trading.state_leaves import content_of
from trading.withdrawals import advance_withdrawals, note_paid
from trading.witness.process import Desk

__all__ = ["chain"]

USDT = 1_000_000
BTC = "BTC-USDT-PERP"


@dataclass
class Venue:
    """The exchange, the chain, the door between them, and two people with wallets."""

    exchange: Exchange
    devchain: Devchain
    door: Solana
    witness: Desk

    def person(self, name: str) -> tuple[User, Keypair]:
        """Return somebody with a linked wallet."""
        user, wallet = UserFactory.create(), development_key(name)
        Wallet.objects.create(user=user, address=str(wallet.pubkey()))
        return user, wallet

    def deposit(self, wallet: Keypair, usdt: int) -> None:
        """Let a wallet deposit, and everybody hear of it until it is final."""
        deposit_test_usdt(self.door, wallet, amount_micro=usdt * USDT)
        self.pass_time(0)
        self.pass_time(PACE.finalize_ms)

    def pass_time(self, milliseconds: int) -> None:
        """Let the chain's time pass, and do what the jobs would do."""
        self.devchain.sleep(milliseconds / 1_000)
        watch_deposits(self.door)
        vaults.advance_draws(self.door)
        self.exchange.settle()
        self.settle()
        advance_withdrawals(self.door)
        self.exchange.settle()

    def settle(self) -> Batch | None:
        """Build a root if one is due, and have it confirmed."""
        built = settlement.settle(self.door, patience_s=0)
        self.witness.step()
        if built is not None:
            settlement.advance(self.door)
            self.devchain.sleep(PACE.confirm_ms / 1_000)
            settlement.advance(self.door)
            built.refresh_from_db()
        return built


@pytest.fixture
def venue(exchange: Exchange, chain: Devchain) -> Iterator[Venue]:
    with time_machine.travel(START_MS / 1_000, tick=False):
        forget_trees()
        door = door_to(chain)
        ensure_chain(door)
        yield Venue(exchange, chain, door, witness_at(door))
    forget_trees()


def forget_trees() -> None:
    """Begin as a new process would."""
    settlement.forget_tree()
    proofs.forget_tree()


def order(user: User, side: Side) -> c.SubmitOrder:
    return c.SubmitOrder(
        at_ms=0,
        order_id=str(UserFactory.build().pk),
        account_id=str(user.pk),
        market_id=BTC,
        side=side,
        order_type=OrderType.PEG_MID,
        quantity_lots=10,
    )


def test_a_deposit_is_traded_with_when_confirmed_and_owed_when_final(venue: Venue) -> None:
    user, wallet = venue.person("alice")
    deposit_test_usdt(venue.door, wallet, amount_micro=5_000 * USDT)
    venue.pass_time(0)
    account = venue.exchange.runner.state.account(str(user.pk))
    assert (account.cash_micro, account.withdrawable_micro) == (5_000 * USDT, 0)
    seen = Deposit.objects.get()
    assert seen.state == "CONFIRMED"
    signature = Signature.from_string(seen.signature)
    executed = venue.door.client.executed(signature, level=Level.CONFIRMED)
    assert executed is not None
    assert not LeafVersion.objects.filter(account_id=user.pk).exclude(cash_micro=0).exists()
    venue.pass_time(PACE.finalize_ms)
    account = venue.exchange.runner.state.account(str(user.pk))
    assert account.withdrawable_micro == 5_000 * USDT
    leaf = LeafVersion.objects.filter(account_id=user.pk).latest("batch_id")
    assert (leaf.cash_micro, leaf.deposits_micro) == (5_000 * USDT, 5_000 * USDT)
    assert leaf.owner == str(wallet.pubkey())


def test_seen_twice_a_deposit_is_credited_once(venue: Venue) -> None:
    user, wallet = venue.person("alice")
    venue.deposit(wallet, 700)
    for _ in range(3):
        venue.pass_time(1_000)
    venue.deposit(wallet, 50)
    assert venue.exchange.runner.state.account(str(user.pk)).cash_micro == 750 * USDT
    assert [row.amount_micro for row in Deposit.objects.order_by("from_micro")] == [
        700 * USDT,
        50 * USDT,
    ]


def test_a_deposit_that_the_chain_drops_is_debited(venue: Venue) -> None:
    user, wallet = venue.person("alice")
    deposit_test_usdt(venue.door, wallet, amount_micro=900 * USDT)
    venue.pass_time(0)
    assert venue.exchange.runner.state.account(str(user.pk)).cash_micro == 900 * USDT
    venue.door.client.call("devchain_rollBack")
    venue.pass_time(0)
    assert Deposit.objects.get().state == "DROPPED"
    assert venue.exchange.runner.state.account(str(user.pk)).cash_micro == 0


def test_roots_follow_one_another_and_nothing_moved_makes_none(venue: Venue) -> None:
    _user, wallet = venue.person("alice")
    venue.deposit(wallet, 1_000)
    batches = list(Batch.objects.order_by("number"))
    assert [batch.number for batch in batches] == list(range(1, len(batches) + 1))
    for before, after in pairwise(batches):
        assert bytes(after.previous_root) == bytes(before.root)
    assert venue.settle() is None
    record = venue.door.records.exchange(level=Level.CONFIRMED)
    assert record is not None
    assert (record.root_number, record.root) == (batches[-1].number, bytes(batches[-1].root))
    assert record.total_micro == batches[-1].total_micro


def test_resting_orders_change_no_root_and_trades_do(venue: Venue) -> None:
    alice, wallet = venue.person("alice")
    bob, other = venue.person("bob")
    venue.deposit(wallet, 10_000)
    venue.deposit(other, 10_000)
    venue.exchange.give(order(alice, Side.SELL))
    assert venue.settle() is None
    venue.exchange.give(order(bob, Side.BUY))
    built = venue.settle()
    assert built is not None
    assert (built.state, built.trades) == ("CONFIRMED", 1)
    sizes = [
        leaf.positions[0][1]
        for leaf in LeafVersion.objects.filter(batch=built, account_id__in=[alice.pk, bob.pk])
    ]
    assert sorted(sizes) == [-10, 10]
    owed = sum(content_of(leaf).owed_micro for leaf in newest_leaves())
    assert owed == built.total_micro


def newest_leaves() -> list[LeafVersion]:
    return list(LeafVersion.objects.order_by("place", "-batch_id").distinct("place"))


def test_the_owners_proof_leads_to_the_root_on_chain(venue: Venue) -> None:
    user, wallet = venue.person("alice")
    venue.deposit(wallet, 3_000)
    proof = newest_proof(user.pk)
    assert proof is not None
    leaf = content_of(proof.leaf).leaf(master=venue.door.salt_master, change=proof.leaf.change)
    hashed = leaf_hash(head=leaf.head_hash, body=proof.body_hash)
    roots = venue.door.records.roots(level=Level.CONFIRMED)
    assert proof.path.root_of(hashed) == roots[-1].root


def test_a_withdrawal_is_paid_to_the_wallet_once(venue: Venue) -> None:
    user, wallet = venue.person("alice")
    venue.deposit(wallet, 2_000)
    row = vaults.withdraw(venue.door, user=user, amount_micro=1_500 * USDT)
    assert row.state == "HELD"
    for _ in range(8):
        venue.pass_time(PACE.finalize_ms)
    row.refresh_from_db()
    assert row.state == "PAID"
    assert row.signature
    tokens = token_account(owner=wallet.pubkey(), mint=venue.door.mint)
    assert venue.door.client.token_balance(tokens, level=Level.FINALIZED) == 1_500 * USDT
    for _ in range(4):
        venue.pass_time(PACE.finalize_ms)
    assert venue.door.client.token_balance(tokens, level=Level.FINALIZED) == 1_500 * USDT
    assert venue.exchange.runner.state.account(str(user.pk)).cash_micro == 500 * USDT


def test_a_payout_final_between_two_questions_is_called_paid_with_its_signature(
    venue: Venue,
) -> None:
    user, wallet = venue.person("alice")
    venue.deposit(wallet, 2_000)
    row = vaults.withdraw(venue.door, user=user, amount_micro=1_500 * USDT)
    for _ in range(20):
        if Payout.objects.filter(is_open=True).exists():
            break
        venue.pass_time(PACE.confirm_ms)
    venue.pass_time(PACE.confirm_ms)
    payout = Payout.objects.select_related("transaction").get(is_open=True)
    venue.devchain.sleep(PACE.finalize_ms / 1_000)
    note_paid(venue.door)
    row.refresh_from_db()
    assert (row.state, row.signature) == ("RELEASED", "")
    advance_withdrawals(venue.door)
    row.refresh_from_db()
    assert (row.state, row.signature) == ("PAID", payout.transaction.signature)


def test_more_than_is_free_is_refused_and_changes_nothing(venue: Venue) -> None:
    user, wallet = venue.person("alice")
    venue.deposit(wallet, 100)
    row = vaults.withdraw(venue.door, user=user, amount_micro=101 * USDT)
    assert (row.state, row.hold_reason) == ("REFUSED", "INSUFFICIENT_FUNDS")
    assert Withdrawal.objects.count() == 1
    assert venue.exchange.runner.state.account(str(user.pk)).held_micro == 0


def test_authorized_money_is_drawn_in_whole_units(venue: Venue) -> None:
    user, wallet = venue.person("alice")
    venue.devchain.node.faucet.give_lamports(wallet.pubkey(), 10**10)
    venue.door.client.call("devchain_faucet", str(wallet.pubkey()), 2_500 * USDT)
    signed_by_wallet(
        venue, vaults.authorize(venue.door, user=user, amount_micro=2_300 * USDT), wallet
    )
    assert vaults.vault_of(venue.door, user=user).authorized_micro == 2_300 * USDT
    vaults.draw_deposit(venue.door, user=user)
    for _ in range(3):
        venue.pass_time(PACE.finalize_ms)
    assert venue.exchange.runner.state.account(str(user.pk)).cash_micro == 2_000 * USDT
    view = vaults.vault_of(venue.door, user=user)
    assert (view.wallet_micro, view.authorized_micro) == (500 * USDT, 300 * USDT)


def test_a_drawing_that_never_landed_is_built_again_while_it_is_young(venue: Venue) -> None:
    user, wallet = venue.person("alice")
    venue.devchain.node.faucet.give_lamports(wallet.pubkey(), 10**10)
    venue.door.client.call("devchain_faucet", str(wallet.pubkey()), 5_000 * USDT)
    amount = vaults.authorize(venue.door, user=user, amount_micro=5_000 * USDT)
    signed_by_wallet(venue, amount, wallet)
    venue.door.client.call("devchain_setFaults", {"drop": -1})
    draw = vaults.draw_deposit(venue.door, user=user)
    first = draw.transaction.signature
    venue.pass_time(100_000)
    draw.refresh_from_db()
    assert (draw.is_open, draw.transaction.state) == (True, "BUILT")
    assert draw.transaction.signature != first
    venue.door.client.call("devchain_setFaults", {"drop": 0})
    for _ in range(4):
        venue.pass_time(PACE.finalize_ms)
    draw.refresh_from_db()
    assert not draw.is_open
    assert venue.exchange.runner.state.account(str(user.pk)).cash_micro == 5_000 * USDT
    assert Deposit.objects.count() == 1


@pytest.mark.parametrize("why", ["old", "unlinked", "spent"])
def test_a_drawing_that_never_landed_ends_where_it_may_not_be_drawn_again(
    venue: Venue, why: str
) -> None:
    user, wallet = venue.person("alice")
    venue.devchain.node.faucet.give_lamports(wallet.pubkey(), 10**10)
    venue.door.client.call("devchain_faucet", str(wallet.pubkey()), 5_000 * USDT)
    amount = vaults.authorize(venue.door, user=user, amount_micro=5_000 * USDT)
    signed_by_wallet(venue, amount, wallet)
    venue.door.client.call("devchain_setFaults", {"drop": -1})
    draw = vaults.draw_deposit(venue.door, user=user)
    venue.door.client.call("devchain_setFaults", {"drop": 0})
    if why == "old":
        type(draw).objects.update(built_at_ms=draw.built_at_ms - vaults.DRAW_FOR_MS - 1)
    elif why == "unlinked":
        Wallet.objects.update(unlinked_at=timezone.now())
    else:
        less = vaults.authorize(venue.door, user=user, amount_micro=4_999 * USDT)
        signed_by_wallet(venue, less, wallet)
    venue.devchain.sleep(100)
    vaults.advance_draws(venue.door)
    draw.refresh_from_db()
    assert (draw.is_open, draw.transaction.state) == (False, "EXPIRED")


def signed_by_wallet(venue: Venue, encoded: str, wallet: Keypair) -> None:
    """Sign and send what the site handed to the wallet."""
    transaction = Transaction.from_bytes(base64.b64decode(encoded))
    message = transaction.message
    signature = KeypairSigner(wallet).sign(bytes(message))
    venue.door.client.send(bytes(Transaction.populate(message, [signature])))
    venue.devchain.sleep(PACE.confirm_ms / 1_000)


def test_bytes_that_never_landed_are_built_again_with_another_blockhash_only(venue: Venue) -> None:
    _user, wallet = venue.person("alice")
    deposit_test_usdt(venue.door, wallet, amount_micro=10 * USDT)
    watch_deposits(venue.door)
    venue.exchange.settle()
    built = settlement.build(venue.door)
    assert built is not None
    venue.witness.step()
    before = bytes(built.transaction.raw)
    venue.door.client.call("devchain_setFaults", {"drop": -1})
    settlement.advance(venue.door)
    for _ in range(3):
        venue.devchain.sleep(40)
        settlement.advance(venue.door)
    venue.door.client.call("devchain_setFaults", {"drop": 0})
    for _ in range(5):
        venue.devchain.sleep(PACE.confirm_ms / 1_000)
        venue.witness.step()
        settlement.advance(venue.door)
    again = Batch.objects.select_related("transaction").get(number=built.number)
    assert again.rebuilds >= 1
    assert bytes(again.root) == bytes(built.root)
    assert bytes(again.transaction.raw) != before
    assert again.state in {"CONFIRMED", "FINALIZED"}
