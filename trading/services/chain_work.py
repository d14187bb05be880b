"""What the jobs of the chain do: one call each, which does nothing where there is nothing to do.

While the node does not answer they do nothing at all and say so; the next call goes on. What is
not here: the steps (`trading.settlement`, `trading.deposits`, `trading.withdrawals`).
"""

from collections.abc import Callable

import structlog
from django.conf import settings
from django.db.models import F, Sum

from chain.client import Level
from chain.devchain.genesis import development_key
from chain.errors import ChainUnreachableError
from trading.checkpoints import keep_committing
from trading.deposits import sweep_vaults, watch_deposits
from trading.models import Balance, Deposit, DepositState, VenueFunds
from trading.services import forced_exits
from trading.services.chain_setup import deposit_test_usdt
from trading.services.settlement_delay import mind_the_delay
from trading.services.vaults import advance_draws
from trading.services.waiting_orders import draw_for_waiting_orders
from trading.settlement import settle
from trading.solana import Solana, solana
from trading.withdrawals import advance_withdrawals

log = structlog.get_logger(__name__)


def settle_roots() -> None:
    """Take settlement as far as it goes, and mind how late it is."""
    at_the_chain(_settle)
    mind_the_delay()


def commit_checkpoints() -> None:
    """Take checkpoints as far as it goes."""
    at_the_chain(keep_committing)


def watch_chain() -> None:
    """See new deposits, and advance those that the venue draws."""
    at_the_chain(_watch)


def pay_withdrawals() -> None:
    """Advance withdrawals and payouts."""
    at_the_chain(advance_withdrawals)


def serve_exits() -> None:
    """Take every forced exit one step further."""
    at_the_chain(forced_exits.serve_exits)


def sweep_chain() -> None:
    """Compare every linked wallet's vault with what was credited."""
    at_the_chain(sweep_vaults)


def _settle(door: Solana) -> None:
    if settings.IN_DEVELOPMENT:
        cover_venue_money(door)
    settle(door)


def _watch(door: Solana) -> None:
    watch_deposits(door)
    advance_draws(door)
    draw_for_waiting_orders(door)


def cover_venue_money(door: Solana, /) -> int:
    """Let the venue's own wallet deposit what came into its books by no deposit of anybody's.

    That is what insurance funds began with and were given since: the venue's own leaves. Returns
    how much, in micro-USDT; called on a development chain alone.
    """
    own = VenueFunds.objects.first()
    if own is None:
        return 0
    wallet = development_key("venue")
    vault = door.records.vaults([wallet.pubkey()], level=Level.CONFIRMED)[0]
    withdrawn = Balance.objects.aggregate(sum=Sum("withdrawn_micro"))["sum"] or 0
    deposited = Deposit.objects.exclude(state=DepositState.DROPPED).aggregate(
        sum=Sum(F("to_micro") - F("from_micro"))
    )["sum"]
    there = (deposited or 0) + (vault.deposited_micro if vault else 0)
    missing = own.external_micro + withdrawn - there
    if missing > 0:
        deposit_test_usdt(door, wallet, amount_micro=missing)
    return max(0, missing)


def at_the_chain(work: Callable[[Solana], object]) -> None:
    """Do some work if the exchange is on the chain and the node answers."""
    door = solana()
    try:
        if door.records.exchange(level=Level.CONFIRMED) is not None:
            work(door)
    except ChainUnreachableError as error:
        # No trace: who does not answer is the node, and the sentence says so.
        log.warning("chain_unreachable", error=str(error)[:200])
