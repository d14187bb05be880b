"""The beginning of a price run: the catalogue, the last good prices and the running hour."""

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from prices.board import Board
from prices.funding import HourSoFar
from trading.models import PremiumMinute, Wisher
from trading.selectors import price_sources
from trading.services.market_states import wishes_of
from trading.services.price_adapters import PriceSettings, PriceSetupError, make_sourcing
from trading.services.price_desk import PriceDesk
from trading.services.price_feed import PriceFeed
from trading.services.price_lock import PriceLock
from trading.services.price_outlet import InboxOutlet
from trading.services.price_run import PriceRun

if TYPE_CHECKING:
    import redis


def prepare_run(settings: PriceSettings, *, client: "redis.Redis", lock: PriceLock) -> PriceRun:
    """Return a run that goes on where the last one stood; refuse with a sentence."""
    catalogue = price_sources.market_sources()
    if not catalogue:
        raise PriceSetupError("There are no markets yet: run `manage.py load_catalogue` first.")
    last_good = price_sources.last_good_prices()
    sourcing = make_sourcing(
        settings,
        markets=catalogue,
        conversion=price_sources.conversion_sources(),
        listing_prices=price_sources.listing_prices(),
        last_good=last_good,
    )
    return PriceRun(
        sourcing=sourcing,
        board=Board(
            markets=sourcing.markets,
            usdt_usd=sourcing.conversion,
            last_good=last_good,
            holidays=price_sources.holidays(),
        ),
        desk=PriceDesk([market.market_id for market in catalogue], hours=running_hours()),
        feed=PriceFeed(client, markets=sourcing.markets),
        outlet=InboxOutlet(wishes_of(Wisher.PRICES)),
        step_ms=settings.step_ms,
        lock=lock,
    )


def running_hours() -> dict[str, HourSoFar]:
    """Return what the kept samples say of the running hour, by market."""
    hour_at = timezone.now().replace(minute=0, second=0, microsecond=0)
    rows = PremiumMinute.objects.filter(
        minute_at__gte=hour_at, minute_at__lt=hour_at + timedelta(hours=1)
    )
    known: dict[str, list[int]] = {}
    for symbol, premiums in rows.values_list("market__symbol", "premiums_ppb"):
        known.setdefault(symbol, []).extend(one for one in premiums if one is not None)
    return {
        symbol: HourSoFar(
            hour_ms=int(hour_at.timestamp()) * 1_000,
            total_ppb=sum(premiums),
            count=len(premiums),
        )
        for symbol, premiums in known.items()
    }
