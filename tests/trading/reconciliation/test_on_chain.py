"""Ledger and chain are compared: what is on its way is no difference, what is wrong is named."""

import random
from collections.abc import Callable, Iterator

import pytest
from django.db import connection

from chain.addresses import token_account
from chain.client import Level
from tests.chain.conftest import PACE, chain
from tests.database import come_as_superuser
from tests.trading.projections.venue import raw_connection
from tests.trading.test_payouts_that_wait import limit
from tests.trading.test_settlement import USDT, Venue, signed_by_wallet, venue
from trading.deposits import sweep_vaults, watch_deposits
from trading.models import Alert, ClosedVault, LeafVersion, Reconciliation, Withdrawal
from trading.reconciliation import Difference
from trading.reconciliation.in_flight import NOT_CREDITED, NOT_FINAL, NOT_LANDED
from trading.reconciliation.on_chain import LOOKS, look, reconcile_with_chain
from trading.services import vaults
from trading.services.chain_setup import deposit_test_usdt
from trading.services.chain_work import cover_venue_money
from trading.state_leaves import VENUE_ACCOUNT_ID
from trading.withdrawals import advance_withdrawals

__all__ = ["chain", "venue"]


@pytest.fixture(scope="module", autouse=True)
def superuser(django_db_setup: None) -> Iterator[None]:
    """Come as one who may put triggers to sleep: the site may not."""
    with come_as_superuser():
        yield


@pytest.fixture(autouse=True)
def covered(venue: Venue) -> None:
    """Let the venue's own wallet cover what stands in its funds from the beginning."""
    cover_venue_money(venue.door)
    for _ in range(3):
        venue.pass_time(PACE.finalize_ms)


def looked_at(venue: Venue, *, times: list[float] | None = None) -> list[Difference]:
    """Return what differs; between two looks the jobs do their work."""

    def pause(seconds: float) -> None:
        if times is not None:
            times.append(seconds)
        venue.pass_time(PACE.finalize_ms)

    return reconcile_with_chain(venue.door, connection=raw_connection(), pause=pause)


def test_at_every_moment_of_a_deposit_and_a_withdrawal_both_agree(venue: Venue) -> None:
    user, wallet = venue.person("alice")
    assert looked_at(venue) == []
    venue.deposit(wallet, 2_000)
    assert looked_at(venue) == []
    vaults.withdraw(venue.door, user=user, amount_micro=1_500 * USDT)
    for _ in range(12):
        venue.pass_time(PACE.confirm_ms)
        assert looked_at(venue) == []
    assert Withdrawal.objects.get().state == "PAID"
    assert not Reconciliation.objects.exists()


def on_the_way(venue: Venue) -> dict[str, int]:
    """Return what is on its way, by kind and how many; nothing else may differ."""
    seen = look(raw_connection(), venue.door)
    assert seen.differences == []
    return seen.on_the_way.kinds()


def test_a_deposit_is_named_while_the_jobs_are_late_and_is_no_difference(venue: Venue) -> None:
    _user, wallet = venue.person("alice")
    deposit_test_usdt(venue.door, wallet, amount_micro=900 * USDT)
    watch_deposits(venue.door)
    assert on_the_way(venue) == {}
    venue.exchange.settle()
    assert on_the_way(venue) == {NOT_FINAL: 1}
    venue.devchain.sleep(PACE.finalize_ms / 1_000)
    assert on_the_way(venue) == {}
    deposit_test_usdt(venue.door, wallet, amount_micro=70 * USDT)
    watch_deposits(venue.door)
    venue.devchain.sleep(PACE.finalize_ms / 1_000)
    assert on_the_way(venue) == {NOT_CREDITED: 1}
    venue.exchange.settle()
    assert on_the_way(venue) == {}


def test_a_deposit_that_the_chain_took_back_is_named_until_the_engine_knows(venue: Venue) -> None:
    _user, wallet = venue.person("alice")
    deposit_test_usdt(venue.door, wallet, amount_micro=900 * USDT)
    venue.pass_time(0)
    venue.door.client.call("devchain_rollBack")
    assert on_the_way(venue) == {NOT_FINAL: 1}
    watch_deposits(venue.door)
    assert on_the_way(venue) == {NOT_FINAL: 1}
    venue.exchange.settle()
    assert on_the_way(venue) == {}


def test_a_deposit_that_nobody_saw_is_a_difference_with_its_amount(venue: Venue) -> None:
    user, wallet = venue.person("alice")
    deposit_test_usdt(venue.door, wallet, amount_micro=900 * USDT)
    venue.devchain.sleep(PACE.finalize_ms / 1_000)
    found = reconcile_with_chain(venue.door, connection=raw_connection(), pause=lambda _: None)
    assert [str(each) for each in found] == [
        f"net deposits {user.pk}: ledger 0, chain {900 * USDT}"
    ]


def test_a_payout_of_which_the_day_lets_pass_a_part_is_named_for_the_rest(venue: Venue) -> None:
    limit(venue, daily_cap_usdt=1_200, delay_above_usdt=100_000)
    user, wallet = venue.person("alice")
    venue.deposit(wallet, 5_000)
    venue.devchain.sleep(24 * 3_600)
    row = vaults.withdraw(venue.door, user=user, amount_micro=3_000 * USDT)
    for _ in range(3):
        for _ in range(6):
            venue.pass_time(PACE.finalize_ms)
            on_the_way(venue)
        row.refresh_from_db()
        assert on_the_way(venue) == ({} if row.state == "PAID" else {NOT_LANDED: 1})
        venue.devchain.sleep(24 * 3_600)
    assert row.state == "PAID"


@pytest.mark.parametrize("seed", range(3))
def test_in_whatever_order_the_jobs_run_nothing_on_its_way_differs(venue: Venue, seed: int) -> None:
    user, wallet = venue.person("alice")
    venue.deposit(wallet, 1_000)
    chance = random.Random(seed)  # noqa: S311 - a seeded world, no secret
    steps: list[Callable[[], object]] = [
        lambda: deposit_test_usdt(venue.door, wallet, amount_micro=chance.randint(1, 90) * USDT),
        lambda: vaults.withdraw(venue.door, user=user, amount_micro=chance.randint(1, 90) * USDT),
        lambda: venue.door.client.call("devchain_rollBack"),
        lambda: watch_deposits(venue.door),
        lambda: advance_withdrawals(venue.door),
        venue.exchange.settle,
        venue.settle,
        lambda: venue.devchain.sleep(PACE.confirm_ms / 1_000),
        lambda: venue.devchain.sleep(PACE.finalize_ms / 1_000),
    ]
    for _ in range(60):
        chance.choice(steps)()
        if look(raw_connection(), venue.door).differences:
            # The job looks at every vault before it compares.
            sweep_vaults(venue.door)
            on_the_way(venue)


WRONG = {
    "a deposit that nobody made": (
        """UPDATE accounts_posting SET amount_micro = amount_micro + 7 WHERE account_id IN
        (SELECT id FROM accounts_ledgeraccount WHERE purpose = 'CASH' AND owner_id = %(owner)s)""",
        "net deposits",
    ),
    "a row that is not the ledger's": (
        "UPDATE trading_balance SET cash_micro = cash_micro + 1 WHERE account_id = %(owner)s",
        "cash",
    ),
    "more owed than is there": (
        "UPDATE trading_venuefunds SET external_micro = external_micro + 1000000000000000",
        "owed uncovered",
    ),
    "another root": (
        "UPDATE trading_batch SET root = decode(repeat('00', 32), 'hex')",
        "root",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named_once_an_hour_after_three_looks(venue: Venue, name: str) -> None:
    statement, kind = WRONG[name]
    user, wallet = venue.person("alice")
    venue.deposit(wallet, 2_000)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(statement, {"owner": user.pk} if "%" in statement else None)
        assert cursor.rowcount > 0
        cursor.execute("SET session_replication_role = DEFAULT")
    times: list[float] = []
    found = reconcile_with_chain(venue.door, connection=raw_connection(), pause=times.append)
    assert len(times) == LOOKS - 1
    assert kind in {difference.kind for difference in found}
    reconcile_with_chain(venue.door, connection=raw_connection(), pause=times.append)
    assert Reconciliation.objects.filter(outcome="DIFFERS").count() == 1
    assert Alert.objects.filter(kind="BOOKS_DIFFER").count() == 1


def test_who_closed_a_vault_may_open_another_and_is_paid_from_it(venue: Venue) -> None:
    user, wallet = venue.person("alice")
    venue.deposit(wallet, 2_000)
    vaults.withdraw(venue.door, user=user, amount_micro=2_000 * USDT)
    for _ in range(8):
        venue.pass_time(PACE.finalize_ms)
    signed_by_wallet(venue, vaults.revoke(venue.door, user=user), wallet)
    for _ in range(3):
        venue.pass_time(PACE.finalize_ms)
        sweep_vaults(venue.door)
    gone = ClosedVault.objects.get()
    assert (gone.deposits_micro, gone.released_micro) == (2_000 * USDT, 2_000 * USDT)
    leaf = LeafVersion.objects.filter(account_id=user.pk).latest("batch_id")
    own = LeafVersion.objects.filter(account_id=VENUE_ACCOUNT_ID).latest("batch_id")
    assert (leaf.vault_id, leaf.released_micro) == (0, 0)
    assert (own.batch_id, own.released_micro) == (leaf.batch_id, 2_000 * USDT)
    assert looked_at(venue) == []
    venue.deposit(wallet, 700)
    again = vaults.withdraw(venue.door, user=user, amount_micro=600 * USDT)
    for _ in range(8):
        venue.pass_time(PACE.finalize_ms)
    again.refresh_from_db()
    assert again.state == "PAID"
    tokens = token_account(owner=wallet.pubkey(), mint=venue.door.mint)
    assert venue.door.client.token_balance(tokens, level=Level.FINALIZED) == 2_600 * USDT
    assert looked_at(venue) == []
