"""State roots as the public sees them. How many leaves or trades one holds stays inside."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from django.conf import settings

from trading.models import Batch

MICRO = 1_000_000


@dataclass(frozen=True, slots=True)
class RootView:
    """One root; hashes are hex, `total` is USDT as people read it, `explorer` an address."""

    number: int
    status: str
    root: str
    total: str
    signature: str
    explorer: str
    built: datetime
    took_ms: int | None


def newest_roots(count: int, /) -> list[RootView]:
    """Return the newest roots, newest first."""
    return [
        _view(batch)
        for batch in Batch.objects.select_related("transaction").order_by("-number")[:count]
    ]


def _view(batch: Batch) -> RootView:
    confirmed = batch.confirmed_at_ms
    return RootView(
        number=batch.number,
        status=batch.state,
        root=bytes(batch.root).hex(),
        total=f"{(Decimal(batch.total_micro) / MICRO).normalize():,f}",
        signature=batch.transaction.signature,
        explorer=settings.SOLANA_EXPLORER_URL.replace("{signature}", batch.transaction.signature),
        built=datetime.fromtimestamp(batch.built_at_ms / 1_000, tz=UTC),
        took_ms=None if confirmed is None else confirmed - batch.built_at_ms,
    )
