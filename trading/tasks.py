"""The jobs of the exchange. What they do stands in services; how one is run, in `godark.jobs`."""

from godark.jobs.registry import job
from trading.reconciliation import reconcile
from trading.services import adl_ranks, chain_work
from trading.services.unpriced import halt_unpriced


@job(at_most_seconds=10)
def halt_unpriced_markets() -> None:
    """Halt markets whose prices nobody renews."""
    halt_unpriced()


@job(at_most_seconds=15)
def settle_roots() -> None:
    """Bring the newest state root to the chain."""
    chain_work.settle_roots()


@job(at_most_seconds=15)
def watch_chain() -> None:
    """Credit, finalize and drop deposits as the chain has them."""
    chain_work.watch_chain()


@job(at_most_seconds=15)
def pay_withdrawals() -> None:
    """Pay what has been released."""
    chain_work.pay_withdrawals()


@job(at_most_seconds=50)
def sweep_chain() -> None:
    """Look at every vault: what the news may have missed."""
    chain_work.sweep_chain()


@job(at_most_seconds=30)
def rank_positions() -> None:
    """Rank all open positions for auto-deleveraging, as their owners are shown."""
    adl_ranks.rank_positions()


@job(at_most_seconds=1_200)
def reconcile_books() -> None:
    """Compare engine, projections and ledger, every posting counted."""
    reconcile()
