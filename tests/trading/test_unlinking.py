"""A wallet goes from one account to another only with its vault closed; withdrawals end once."""

import uuid

import pytest

from accounts.models import User, Wallet
from accounts.services.wallets import unlink_wallet
from chain.addresses import token_account
from chain.client import Level
from chain.devchain.genesis import development_key
from godark.clock import now_ms
from godark.errors import Code, Failure
from tests.accounts.factories import UserFactory
from tests.chain.conftest import PACE, chain
from tests.trading.projections.venue import raw_connection
from tests.trading.test_settlement import USDT, Venue, signed_by_wallet, venue
from trading.deposits import compare_vaults, has_vault, linked_owners, sweep_vaults
from trading.models import Deposit, Withdrawal, WithdrawalState
from trading.reconciliation.on_chain import look
from trading.services import vaults
from trading.services.chain_setup import deposit_test_usdt
from trading.withdrawals import hear_of_reservation

__all__ = ["chain", "venue"]


def emptied(venue: Venue) -> User:
    """Return an account that deposited, withdrew all of it, and was paid."""
    user, wallet = venue.person("alice")
    venue.deposit(wallet, 2_000)
    vaults.withdraw(venue.door, user=user, amount_micro=2_000 * USDT)
    for _ in range(8):
        venue.pass_time(PACE.finalize_ms)
    assert Withdrawal.objects.get().state == "PAID"
    return user


def test_a_wallet_with_an_open_vault_stays_and_without_one_serves_another_account(
    venue: Venue, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = emptied(venue)
    wallet = Wallet.objects.get(user=user)
    with pytest.raises(Failure, match="closes the vault") as refused:
        unlink_wallet(user=user, has_vault=has_vault)
    assert refused.value.code == Code.FUNDS_REMAIN
    alice = development_key("alice")
    signed_by_wallet(venue, vaults.revoke(venue.door, user=user), alice)
    venue.pass_time(PACE.finalize_ms)
    monkeypatch.setattr(vaults, "solana", lambda: venue.door)
    vaults.unlink(user)
    heir = UserFactory.create()
    Wallet.objects.create(user=heir, address=wallet.address)
    venue.deposit(alice, 100)
    again = vaults.withdraw(venue.door, user=heir, amount_micro=60 * USDT)
    for _ in range(8):
        venue.pass_time(PACE.finalize_ms)
    again.refresh_from_db()
    assert again.state == "PAID"
    tokens = token_account(owner=alice.pubkey(), mint=venue.door.mint)
    assert venue.door.client.token_balance(tokens, level=Level.FINALIZED) == 2_060 * USDT
    net = [each for each in look(raw_connection(), venue.door).differences if each.account]
    assert net == []


def test_what_was_read_before_a_wallet_went_credits_nobody(venue: Venue) -> None:
    user, wallet = venue.person("alice")
    deposit_test_usdt(venue.door, wallet, amount_micro=900 * USDT)
    owners = linked_owners(None)
    unlink_wallet(user=user, has_vault=has_vault)
    assert compare_vaults(venue.door, owners) == 0
    assert not Deposit.objects.exists()
    heir = UserFactory.create()
    Wallet.objects.create(user=heir, address=str(wallet.pubkey()))
    sweep_vaults(venue.door)
    assert Deposit.objects.get().account_id == heir.pk


def requested(user: User, *, usdt: int, before_ms: int) -> Withdrawal:
    """Leave a withdrawal of which the engine was never asked: its web process died."""
    at_ms = now_ms() - before_ms
    return Withdrawal.objects.create(
        id=uuid.uuid4(),
        account_id=user.pk,
        address=str(development_key("alice").pubkey()),
        vault_id=Deposit.objects.latest("to_micro").vault_id,
        amount_micro=usdt * USDT,
        state=WithdrawalState.REQUESTED,
        requested_at_ms=at_ms,
        changed_at_ms=at_ms,
    )


def test_a_withdrawal_whose_web_process_died_is_asked_for_by_the_job_and_paid(
    venue: Venue,
) -> None:
    user, wallet = venue.person("alice")
    venue.deposit(wallet, 500)
    young, old = requested(user, usdt=7, before_ms=0), requested(user, usdt=70, before_ms=20_000)
    for _ in range(8):
        venue.pass_time(PACE.finalize_ms)
    young.refresh_from_db()
    old.refresh_from_db()
    assert (young.state, old.state) == ("REQUESTED", "PAID")
    tokens = token_account(owner=wallet.pubkey(), mint=venue.door.mint)
    assert venue.door.client.token_balance(tokens, level=Level.FINALIZED) == 70 * USDT


def test_an_answer_that_is_heard_late_takes_nothing_back(venue: Venue) -> None:
    user, wallet = venue.person("alice")
    venue.deposit(wallet, 500)
    row = vaults.withdraw(venue.door, user=user, amount_micro=USDT)
    for _ in range(8):
        venue.pass_time(PACE.finalize_ms)
    hear_of_reservation(row, reason="")
    row.refresh_from_db()
    assert row.state == "PAID"
