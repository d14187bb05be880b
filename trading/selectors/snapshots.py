"""Snapshots: what a channel's listener is given first, by the rows.

Everything public in here is public by REST as well, in the same shape; everything private is one
account's own. What is not here: who may ask (`trading.feed`).
"""

import uuid
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.utils import timezone

from trading import feed
from trading.engine_words import plain
from trading.feed import Channel
from trading.models import Market
from trading.models.orders import OPEN_STATUSES
from trading.selectors.amounts import share_text
from trading.selectors.balances import balance_view
from trading.selectors.market_terms import access_terms
from trading.selectors.markets import newest_ticker, steps
from trading.selectors.order_views import Json, fill_view, order_view
from trading.selectors.orders import fills_of, orders_of
from trading.selectors.positions import open_positions, position_views
from trading.selectors.receipts import receipts_of
from trading.selectors.tape import (
    MINUTE_MS,
    funding_rate_view,
    funding_rates,
    liquidations_in,
    public_liquidation_view,
    public_trades,
    trade_view,
)
from trading.selectors.venue_status import VenueStatus, venue_status

MOST_SHOWN: Final = 50


def snapshot_of(channel: Channel, /) -> Any:
    """Return what a channel's snapshot holds now."""
    return READERS[channel.kind](channel)


def _ticker(channel: Channel) -> Json:
    market = Market.objects.select_related("ticker").get(symbol=channel.subject)
    return ticker_view(market, at=timezone.now())


def _tickers(_: Channel) -> list[Json]:
    now = timezone.now()
    markets = Market.objects.select_related("ticker").order_by("rank", "id")
    return [ticker_view(market, at=now) for market in markets]


def ticker_view(market: Market, /, *, at: datetime) -> Json:
    """Return a market's prices as they are told; null is what nobody publishes now."""
    ticker, tick = newest_ticker(market, at=at), market.tick_size
    rate_ppb = ticker.funding_rate_ppb
    return feed.ticker_of(
        symbol=market.symbol,
        index_price=_text(steps(ticker.index_half_ticks, size=tick / 2)),
        mark_price=_text(steps(ticker.mark_half_ticks, size=tick / 2)),
        bid=_text(steps(ticker.bid_ticks, size=tick)),
        ask=_text(steps(ticker.ask_ticks, size=tick)),
        funding_rate=None if rate_ppb is None else share_text(rate_ppb),
    )


def _text(number: Decimal | None) -> str | None:
    return None if number is None else plain(number)


def _trades(channel: Channel) -> list[Json]:
    terms = access_terms(channel.subject)
    newest = public_trades(terms).order_by("-executed_at_ms", "-id")[:MOST_SHOWN]
    return [trade_view(trade, terms=terms) for trade in newest]


def _funding(channel: Channel) -> list[Json]:
    terms = access_terms(channel.subject)
    newest = funding_rates(terms).order_by("-hour")[:MOST_SHOWN]
    return [funding_rate_view(rate, terms=terms) for rate in newest]


def _liquidations(channel: Channel) -> list[Json]:
    """Return those of minutes that are over, as they are told."""
    terms = access_terms(channel.subject)
    this_minute = int(timezone.now().timestamp() * 1_000) // MINUTE_MS * MINUTE_MS
    past = liquidations_in(terms).filter(started_at_ms__lt=this_minute)
    newest = past.order_by("-started_at_ms", "-id")[:MOST_SHOWN]
    views = [public_liquidation_view(liquidation, terms=terms) for liquidation in newest]
    return [
        feed.liquidation_of(symbol=view["symbol"], size_class=view["size_class"]) for view in views
    ]


def _status(_: Channel) -> Json:
    return status_view(venue_status())


def _maintenance(_: Channel) -> Json:
    return maintenance_view(venue_status())


def status_view(status: VenueStatus, /) -> Json:
    """Return the mode of the venue and of its markets, as REST shows them."""
    return {
        **pause_view(status),
        "markets": [
            feed.market_mode_of(
                symbol=mode.symbol,
                state=mode.state,
                state_reason=mode.state_reason,
                state_changed_at=unix_ms(mode.state_changed_at),
            )
            for mode in status.markets
        ],
    }


def pause_view(status: VenueStatus, /) -> Json:
    """Return the mode of the venue alone."""
    return {
        "mode": status.mode,
        "pause_level": status.pause_level,
        "reason": status.reason,
        "changed_at": None if status.changed_at is None else unix_ms(status.changed_at),
        "resumes_at": None if status.resumes_at is None else unix_ms(status.resumes_at),
    }


def maintenance_view(status: VenueStatus, /) -> Json:
    """Return whether the venue is being worked on, and until when."""
    return {
        "is_under_maintenance": status.pause_level > 0,
        "reason": status.reason,
        "resumes_at": None if status.resumes_at is None else unix_ms(status.resumes_at),
    }


def unix_ms(at: datetime, /) -> int:
    """Return a moment in Unix milliseconds."""
    return int(at.timestamp() * 1_000)


def _orders(channel: Channel) -> list[Json]:
    standing = orders_of(_account(channel)).filter(status__in=OPEN_STATUSES)
    found = list(standing.order_by("-created_at_ms", "-id"))
    receipts = receipts_of([order.engine_id for order in found])
    return [order_view(order, receipt=receipts.get(order.engine_id)) for order in found]


def _fills(channel: Channel) -> list[Json]:
    newest = fills_of(_account(channel)).order_by("-executed_at_ms", "-id")[:MOST_SHOWN]
    return [fill_view(fill) for fill in newest]


def _positions(channel: Channel) -> list[Json]:
    return position_views(open_positions(_account(channel)))


def _wallet(channel: Channel) -> Json:
    return balance_view(_account(channel))


def _account(channel: Channel) -> uuid.UUID:
    return uuid.UUID(channel.subject)


READERS: Final[dict[str, Callable[[Channel], Any]]] = {
    "ticker": _ticker,
    "tickers": _tickers,
    "trades": _trades,
    "funding": _funding,
    "liquidations": _liquidations,
    "system:status": _status,
    "system:maintenance": _maintenance,
    "orders": _orders,
    "fills": _fills,
    "positions": _positions,
    "wallet": _wallet,
}
