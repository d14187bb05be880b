"""Payouts that the program holds back: above the parameter 48 hours, beyond the day's cap a day."""

from solders.pubkey import Pubkey

from accounts.models import User
from chain import instructions
from chain.addresses import token_account
from chain.client import Level
from chain.devchain.genesis import development_key
from chain.signer import KeypairSigner
from chain.transactions import sign
from godark.clock import now_ms
from tests.chain.conftest import PACE, chain
from tests.trading.test_settlement import USDT, Venue, venue
from trading.models import Alert, ChainTransaction, Payout, Withdrawal
from trading.sending import is_failing
from trading.services import vaults

__all__ = ["chain", "venue"]


def limit(venue: Venue, *, daily_cap_usdt: int, delay_above_usdt: int) -> None:
    """Set the program's bounds."""
    parameters = instructions.Parameters(
        daily_cap_micro=daily_cap_usdt * USDT,
        delay_above_micro=delay_above_usdt * USDT,
        delay_seconds=48 * 3_600,
        deposit_unit_micro=1_000 * USDT,
    )
    authority = development_key("authority")
    built = instructions.set_parameters(
        venue.door.addresses, authority=authority.pubkey(), parameters=parameters
    )
    blockhash = venue.door.client.latest_blockhash()
    venue.devchain.node.faucet.give_lamports(authority.pubkey(), 10**9)
    venue.door.client.submit(sign([built], signers=[KeypairSigner(authority)], blockhash=blockhash))


def wait(venue: Venue, hours: int) -> None:
    """Let hours pass, and the jobs run after them."""
    venue.devchain.sleep(hours * 3_600)
    for _ in range(6):
        venue.pass_time(PACE.finalize_ms)


class Wallet:
    """An owner's tokens."""

    def __init__(self, venue: Venue, address: Pubkey) -> None:
        self.venue, self.address = venue, address

    @property
    def usdt(self) -> int:
        """Return what lies there for good."""
        held = self.venue.door.client.token_balance(self.address, level=Level.FINALIZED)
        return (held or 0) // USDT


def withdrawing(venue: Venue, *, usdt: int) -> tuple[Withdrawal, Wallet]:
    """Return a withdrawal that the venue has released, and whom it is owed to."""
    user, wallet = venue.person("alice")
    venue.deposit(wallet, 5_000)
    venue.devchain.sleep(24 * 3_600)
    row = vaults.withdraw(venue.door, user=user, amount_micro=usdt * USDT)
    wait(venue, 0)
    row.refresh_from_db()
    return row, Wallet(venue, token_account(owner=wallet.pubkey(), mint=venue.door.mint))


def test_a_large_payout_waits_48_hours_and_is_then_paid_once(venue: Venue) -> None:
    limit(venue, daily_cap_usdt=1_000_000, delay_above_usdt=1_000)
    row, wallet = withdrawing(venue, usdt=3_000)
    assert (row.state, wallet.usdt) == ("RELEASED", 0)
    wait(venue, 47)
    row.refresh_from_db()
    assert (row.state, wallet.usdt) == ("RELEASED", 0)
    assert Payout.objects.count() == 1
    wait(venue, 1)
    row.refresh_from_db()
    assert (row.state, wallet.usdt) == ("PAID", 3_000)
    assert row.signature == Payout.objects.latest("id").transaction.signature
    wait(venue, 100)
    assert (wallet.usdt, Payout.objects.count()) == (3_000, 2)


def test_beyond_the_cap_of_the_day_it_is_paid_day_by_day(venue: Venue) -> None:
    limit(venue, daily_cap_usdt=1_200, delay_above_usdt=100_000)
    row, wallet = withdrawing(venue, usdt=3_000)
    assert (row.state, wallet.usdt) == ("RELEASED", 1_200)
    wait(venue, 24)
    assert wallet.usdt == 2_400
    wait(venue, 24)
    row.refresh_from_db()
    assert (row.state, wallet.usdt) == ("PAID", 3_000)
    assert not Payout.objects.exclude(transaction__state="FINALIZED").exists()


def test_after_more_than_three_failures_payouts_queue_and_somebody_is_told(venue: Venue) -> None:
    row, wallet = withdrawing(venue, usdt=1_000)
    assert (row.state, wallet.usdt) == ("PAID", 1_000)
    for number in range(4):
        assert not Alert.objects.exists()
        ChainTransaction.objects.create(
            signature=f"lost {number}",
            raw=b"",
            last_valid_height=0,
            purpose="payout",
            state="EXPIRED",
            built_at_ms=now_ms(),
            failed_at_ms=now_ms(),
        )
        assert is_failing("payout") is (number == 3)
    user = User.objects.get(pk=row.account_id)
    more = vaults.withdraw(venue.door, user=user, amount_micro=500 * USDT)
    wait(venue, 0)
    more.refresh_from_db()
    assert (more.state, wallet.usdt, Payout.objects.count()) == ("RELEASED", 1_000, 1)
    alert = Alert.objects.get()
    assert (alert.kind, alert.detail) == ("CHAIN_FAILING", "more than 3 of kind payout")
    ChainTransaction.objects.filter(state="EXPIRED").update(failed_at_ms=now_ms() - 300_001)
    wait(venue, 0)
    assert wallet.usdt == 1_500
