"""The outside venues' quotes that make a market's reference, as everybody may see them.

They are public prices of public venues; nothing of GoDark's own orders or trades is in them. What
staff see besides (weights, deviations, why one was dropped) stands in `selectors.price_board`.
"""

from decimal import Decimal

import msgspec
import redis
from django.conf import settings

from trading.engine_words import plain
from trading.selectors.order_views import Json
from trading.selectors.price_board import PATIENCE_S
from trading.services.price_feed import BOARD_KEY, MarketBoardView, SourceView

PERPETUAL = "PERPETUAL"
SPOT = "SPOT"


def venue_quotes(symbol: str, /) -> list[Json]:
    """Return the newest quote of each venue; the oracles' where a market has no venue.

    Empty where the price service is away.
    """
    board = _board(symbol)
    if board is None:
        return []
    venues = [source for source in board.sources if source.kind == SPOT]
    others = [source for source in board.sources if source.kind not in {SPOT, PERPETUAL}]
    return [_view(source) for source in venues or others]


def _board(symbol: str) -> MarketBoardView | None:
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=PATIENCE_S, socket_connect_timeout=PATIENCE_S
    )
    with client:
        row = client.hget(BOARD_KEY, symbol)
    return msgspec.json.decode(row, type=MarketBoardView) if isinstance(row, bytes) else None


def _view(source: SourceView) -> Json:
    return {
        "name": source.name,
        "bid": plain(Decimal(source.bid)) if source.bid else None,
        "ask": plain(Decimal(source.ask)) if source.ask else None,
        "age_ms": source.age_ms,
        "is_used": not source.drop,
    }
