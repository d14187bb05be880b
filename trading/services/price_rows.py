"""Rows of prices: the ticker, the last good ones, candles, minutes of samples, alerts.

Each call is one short transaction. What is kept may be written again without harm.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from django.db import transaction
from django.utils import timezone

from prices.board import LastGood, MarketPrices
from prices.breaker import Trip
from prices.candles import Candle
from prices.funding import MinuteOfSamples, Sample
from prices.watch import Alert
from trading.models import (
    IndexCandle,
    LastGoodPrice,
    Market,
    MarketTicker,
    PremiumMinute,
    PriceAlert,
)

TICKER_FIELDS = (
    "index_half_ticks",
    "mark_half_ticks",
    "bid_ticks",
    "ask_ticks",
    "funding_rate_ppb",
    "premium_ppb",
    "sampled_at",
    "updated_at",
)
TRIP_SENTENCES = {
    Trip.PRICE: "The index moved 10% within a minute.",
    Trip.PRICE_AND_VOLUME: "The index moved 3% on five times the usual volume.",
}


def moment(at_ms: int) -> datetime:
    """Return Unix milliseconds as an aware moment."""
    return datetime.fromtimestamp(at_ms / 1_000, tz=UTC)


def market_keys() -> dict[str, int]:
    """Return the primary key of each market by its symbol."""
    return dict(Market.objects.values_list("symbol", "pk"))


def write_tickers(
    prices: Iterable[MarketPrices],
    *,
    keys: Mapping[str, int],
    rates_ppb: Mapping[str, int],
    samples: Mapping[str, Sample],
) -> None:
    """Write the newest public figures of all markets; what is missing becomes null."""
    rows = [
        _ticker(
            one,
            market_pk=keys[one.market_id],
            rate_ppb=rates_ppb.get(one.market_id),
            sample=samples.get(one.market_id),
        )
        for one in prices
        if one.market_id in keys
    ]
    MarketTicker.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["market"], update_fields=TICKER_FIELDS
    )


def write_last_good(good: Mapping[str, LastGood]) -> None:
    """Write the last good prices, so that they survive a restart."""
    rows = [
        LastGoodPrice(
            name=name,
            index_pico=price.index_pico,
            index_half_ticks=price.index_half_ticks,
            mark_half_ticks=price.mark_half_ticks,
            premium_atto=price.average.premium_atto,
            averaged_at=moment(price.average.at_ms),
            priced_at=moment(price.at_ms),
        )
        for name, price in good.items()
    ]
    fields = [field.name for field in LastGoodPrice._meta.fields if not field.primary_key]
    LastGoodPrice.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["name"], update_fields=fields
    )


@transaction.atomic
def write_minutes(
    *,
    candles: Sequence[Candle],
    minutes: Sequence[MinuteOfSamples],
    keys: Mapping[str, int],
) -> None:
    """Write finished candles and minutes of samples; one that is there already stays."""
    IndexCandle.objects.bulk_create(
        [
            IndexCandle(
                market_id=keys[candle.market_id],
                opened_at=moment(candle.opened_at_ms),
                open_half_ticks=candle.open_half_ticks,
                high_half_ticks=candle.high_half_ticks,
                low_half_ticks=candle.low_half_ticks,
                close_half_ticks=candle.close_half_ticks,
                volume_micro=candle.volume_micro,
            )
            for candle in candles
        ],
        ignore_conflicts=True,
    )
    PremiumMinute.objects.bulk_create(
        [
            PremiumMinute(
                market_id=keys[minute.market_id],
                minute_at=moment(minute.minute_ms),
                premiums_ppb=list(minute.premiums_ppb),
                index_half_ticks=list(minute.index_half_ticks),
                mark_half_ticks=list(minute.mark_half_ticks),
                perpetuals=list(minute.perpetuals),
            )
            for minute in minutes
        ],
        ignore_conflicts=True,
    )


def write_alerts(alerts: Iterable[Alert], *, trips: Mapping[str, Trip]) -> None:
    """Write what the watch saw, and which breakers tripped."""
    seen = [
        PriceAlert(
            name=alert.market_id,
            sign=alert.sign,
            detail=alert.detail,
            seen_at=moment(alert.at_ms),
        )
        for alert in alerts
    ]
    tripped = [
        PriceAlert(
            name=name,
            sign=f"BREAKER_{trip}",
            detail=TRIP_SENTENCES[trip],
            seen_at=timezone.now(),
        )
        for name, trip in trips.items()
    ]
    PriceAlert.objects.bulk_create([*seen, *tripped])


def _ticker(
    one: MarketPrices, *, market_pk: int, rate_ppb: int | None, sample: Sample | None
) -> MarketTicker:
    reference = one.reference
    return MarketTicker(
        market_id=market_pk,
        index_half_ticks=one.index_half_ticks,
        mark_half_ticks=one.mark_half_ticks,
        bid_ticks=reference.bid_ticks if reference else None,
        ask_ticks=reference.ask_ticks if reference else None,
        funding_rate_ppb=rate_ppb,
        premium_ppb=sample.premium_ppb if sample else None,
        sampled_at=moment(sample.at_ms) if sample else None,
        updated_at=moment(one.at_ms),
    )
