"""The jobs of the exchange. What they do stands in services; how one is run, in `godark.jobs`."""

from godark.jobs.registry import job
from trading.reconciliation import reconcile
from trading.reconciliation.on_chain import reconcile_with_chain
from trading.runner.checking import check_log
from trading.services import (
    adl_ranks,
    chain_work,
    disclosing,
    funding_clock,
    liquidation_audit,
    open_interest,
    socket_switches,
    venue_modes,
)
from trading.services.unpriced import halt_unpriced


@job(at_most_seconds=10)
def halt_unpriced_markets() -> None:
    """Halt markets whose prices nobody renews."""
    halt_unpriced()


@job(at_most_seconds=20)
def sample_funding() -> None:
    """Sample every market's premium, and pay the hour that has ended."""
    funding_clock.advance()


@job(at_most_seconds=20)
def pay_funding() -> None:
    """Pay what the sampling has not yet paid, and look whether the last hour is paid."""
    while funding_clock.advance() == funding_clock.AT_ONCE_S:
        pass
    funding_clock.check_paid()


@job(at_most_seconds=10)
def audit_liquidations() -> None:
    """Measure every open position, and alert on any that the engine missed."""
    liquidation_audit.audit_liquidations()


@job(at_most_seconds=10)
def publish_open_interest() -> None:
    """Publish this minute's open interest of all markets."""
    open_interest.publish()


@job(at_most_seconds=10)
def resume_pauses() -> None:
    """End a pause of the venue whose time is over."""
    venue_modes.resume_due()


@job(at_most_seconds=10)
def fire_lost_sockets() -> None:
    """Cancel for armed sockets whose web process is gone."""
    socket_switches.fire_lost()


@job(at_most_seconds=15)
def settle_roots() -> None:
    """Bring the newest state root to the chain."""
    chain_work.settle_roots()


@job(at_most_seconds=120)
def commit_checkpoints() -> None:
    """Bring the newest checkpoint of all claims to the chain."""
    chain_work.commit_checkpoints()


@job(at_most_seconds=15)
def watch_chain() -> None:
    """Credit, finalize and drop deposits as the chain has them."""
    chain_work.watch_chain()


@job(at_most_seconds=15)
def pay_withdrawals() -> None:
    """Pay what has been released."""
    chain_work.pay_withdrawals()


@job(at_most_seconds=50)
def serve_exits() -> None:
    """Let out whoever asks for it on the chain."""
    chain_work.serve_exits()


@job(at_most_seconds=50)
def sweep_chain() -> None:
    """Look at every vault: what the news may have missed."""
    chain_work.sweep_chain()


@job(at_most_seconds=50)
def reconcile_chain() -> None:
    """Compare the ledger with vaults, treasury and root on chain."""
    # What the news missed is late, and no difference.
    chain_work.sweep_chain()
    chain_work.at_the_chain(reconcile_with_chain)


@job(at_most_seconds=30)
def keep_disclosure() -> None:
    """Keep a version of the disclosure if it has changed."""
    chain_work.at_the_chain(disclosing.keep_disclosure)


@job(at_most_seconds=30)
def rank_positions() -> None:
    """Rank all open positions for auto-deleveraging, as their owners are shown."""
    adl_ranks.rank_positions()


@job(at_most_seconds=1_200)
def reconcile_books() -> None:
    """Compare engine, projections and ledger, every posting counted."""
    reconcile()


@job(at_most_seconds=240)
def verify_log() -> None:
    """Prove what is new of the log, and a piece of the old; compare the newest snapshot."""
    check_log()
