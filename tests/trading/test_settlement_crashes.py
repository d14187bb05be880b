"""A process that dies between any two steps loses nothing and pays nothing twice."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from chain.addresses import token_account
from chain.client import ChainClient, Level
from tests.chain.conftest import PACE, chain
from tests.trading.test_settlement import USDT, Venue, forget_trees, venue
from trading.models import Batch, ChainTransaction, Payout, Withdrawal
from trading.services import vaults

__all__ = ["chain", "venue"]

# A whole withdrawal has about 75 steps; these lie between all kinds of them.
POINTS = (1, 2, 3, 5, 8, 13, 17, 21, 26, 30, 34, 39, 44, 48, 53, 57, 60, 64, 68, 72)


class ProcessDied(BaseException):
    """The process is gone, as by kill -9."""


class Fate:
    """Counts steps (what is asked of the chain, what is written of it) and dies before one."""

    def __init__(self, *, dies_at: int) -> None:
        self.left = dies_at
        self.died = False

    def before(self, step: Callable[..., Any]) -> Callable[..., Any]:
        """Return a step before which the process may die."""

        def fateful(*args: Any, **kwargs: Any) -> Any:
            if not self.died:
                self.left -= 1
                if self.left == 0:
                    self.died = True
                    raise ProcessDied
            return step(*args, **kwargs)

        return fateful


@pytest.fixture
def fated(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Fate]:
    def let_die(dies_at: int) -> Fate:
        fate = Fate(dies_at=dies_at)
        for owner, name in (
            (ChainClient, "_post"),
            (ChainTransaction, "save"),
            (Batch, "save"),
            (Payout, "save"),
            (Withdrawal, "save"),
        ):
            monkeypatch.setattr(owner, name, fate.before(getattr(owner, name)))
        return fate

    return let_die


@pytest.mark.parametrize("point", POINTS)
def test_after_any_death_the_roots_follow_and_the_wallet_is_paid_once(
    venue: Venue, fated: Callable[[int], Fate], point: int
) -> None:
    user, wallet = venue.person("alice")
    venue.deposit(wallet, 2_000)
    asked = vaults.withdraw(venue.door, user=user, amount_micro=1_500 * USDT)
    fate = fated(point)
    for _ in range(14):
        try:
            venue.pass_time(PACE.finalize_ms)
        except ProcessDied:
            forget_trees()
    asked.refresh_from_db()
    assert fate.died
    assert asked.state == "PAID"
    tokens = token_account(owner=wallet.pubkey(), mint=venue.door.mint)
    assert venue.door.client.token_balance(tokens, level=Level.FINALIZED) == 1_500 * USDT
    batches = list(Batch.objects.order_by("number"))
    assert [batch.number for batch in batches] == list(range(1, len(batches) + 1))
    assert all(
        bytes(after.previous_root) == bytes(before.root) for before, after in pairwise(batches)
    )
    record = venue.door.records.exchange(level=Level.CONFIRMED)
    assert record is not None
    assert record.root_number in {len(batches), len(batches) - 1}
    assert record.root == bytes(batches[record.root_number - 1].root)
