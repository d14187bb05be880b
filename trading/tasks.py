"""The jobs of the exchange. What they do stands in services; how one is run, in `godark.jobs`."""

from godark.jobs.registry import job
from trading.services.unpriced import halt_unpriced


@job(at_most_seconds=10)
def halt_unpriced_markets() -> None:
    """Halt markets whose prices nobody renews."""
    halt_unpriced()
