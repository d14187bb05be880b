"""Ledger and chain are compared: what is on its way is no difference, what is wrong is named."""

from collections.abc import Iterator

import pytest
from django.db import connection

from chain.addresses import token_account
from chain.client import Level
from tests.chain.conftest import PACE, chain
from tests.database import come_as_superuser
from tests.trading.projections.venue import raw_connection
from tests.trading.test_settlement import USDT, Venue, signed_by_wallet, venue
from trading.deposits import sweep_vaults
from trading.models import Alert, ClosedVault, LeafVersion, Reconciliation, Withdrawal
from trading.reconciliation import Difference
from trading.reconciliation.on_chain import LOOKS, reconcile_with_chain
from trading.services import vaults
from trading.services.chain_work import cover_test_money
from trading.state_leaves import VENUE_ACCOUNT_ID

__all__ = ["chain", "venue"]


@pytest.fixture(scope="module", autouse=True)
def superuser(django_db_setup: None) -> Iterator[None]:
    """Come as one who may put triggers to sleep: the site may not."""
    with come_as_superuser():
        yield


@pytest.fixture(autouse=True)
def covered(venue: Venue) -> None:
    """Let the venue's own wallet cover what stands in its funds from the beginning."""
    cover_test_money(venue.door)
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
