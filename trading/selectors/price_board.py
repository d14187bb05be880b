"""The price service as it stands: what it told Redis last, and nothing where it is away."""

from collections import Counter
from dataclasses import dataclass

import msgspec
import redis
from django.conf import settings

from prices.records import USDT_USD, Rung
from trading.services.price_feed import BOARD_KEY, STATE_KEY, MarketBoardView, ServiceView

PATIENCE_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceBoardView:
    """The service (None: it is away) and the board of every market and of USDT-USD, by name."""

    service: ServiceView | None
    markets: dict[str, MarketBoardView]

    def count_rungs(self) -> dict[Rung, int]:
        """Return how many markets stand on each rung, best first; USDT-USD is no market."""
        rungs = Counter(view.rung for name, view in self.markets.items() if name != USDT_USD)
        return {rung: rungs[rung] for rung in Rung}


def price_board() -> PriceBoardView:
    """Return the newest board; an empty one where the service or Redis is away."""
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=PATIENCE_S, socket_connect_timeout=PATIENCE_S
    )
    try:
        with client:
            state = client.get(STATE_KEY)
            rows = client.hgetall(BOARD_KEY)
    except redis.RedisError:
        return PriceBoardView(service=None, markets={})
    if not isinstance(state, bytes) or not isinstance(rows, dict):
        return PriceBoardView(service=None, markets={})
    return PriceBoardView(
        service=msgspec.json.decode(state, type=ServiceView),
        markets={
            str(name, "utf-8") if isinstance(name, bytes) else name: msgspec.json.decode(
                row, type=MarketBoardView
            )
            for name, row in rows.items()
        },
    )
