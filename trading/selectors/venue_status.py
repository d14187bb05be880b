"""What the venue and each market let happen now."""

from dataclasses import dataclass
from datetime import datetime

from trading.models import Market, PauseLevel, VenueModeChange


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketMode:
    """The state of one market and since when it holds."""

    symbol: str
    state: str
    state_reason: str
    state_changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueStatus:
    """How far the venue is paused, and the state of each market.

    `changed_at` is None for a venue that was never paused, `resumes_at` for one that resumes by
    hand or runs.
    """

    mode: str
    pause_level: int
    reason: str
    changed_at: datetime | None
    resumes_at: datetime | None
    markets: list[MarketMode]


def venue_status() -> VenueStatus:
    """Return the status of the venue and of all markets, in two queries."""
    newest = VenueModeChange.objects.order_by("-id").first()
    level = PauseLevel.OPERATING if newest is None else PauseLevel(newest.level)
    modes = [
        MarketMode(**row)
        for row in Market.objects.order_by("rank", "id").values(
            "symbol", "state", "state_reason", "state_changed_at"
        )
    ]
    return VenueStatus(
        mode=level.name,
        pause_level=level.value,
        reason=newest.reason if newest else "",
        changed_at=newest.changed_at if newest else None,
        resumes_at=newest.resumes_at if newest else None,
        markets=modes,
    )
