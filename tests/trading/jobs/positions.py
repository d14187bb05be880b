"""Few markets with positions in them, and premiums to sample."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime

from engine import commands as c
from engine.vocabulary import OrderType, Side
from tests.exchange import Exchange
from trading.models import Market, MarketTicker

BTC, ETH = "BTC-USDT-PERP", "ETH-USDT-PERP"
ALICE, BOB = str(uuid.UUID(int=1)), str(uuid.UUID(int=2))
NEVER_OLD = datetime(2100, 1, 1, tzinfo=UTC)


def list_only(*symbols: str) -> None:
    """Let the jobs see these markets alone."""
    Market.objects.exclude(symbol__in=symbols).update(state="DELISTED")


def hold_positions(exchange: Exchange, *symbols: str) -> None:
    """Let Alice be short and Bob long in each market."""
    exchange.fund(ALICE)
    exchange.fund(BOB)
    for symbol in symbols:
        exchange.give(
            peg_mid(ALICE, symbol, Side.SELL, 77),
            peg_mid(BOB, symbol, Side.BUY, 77),
        )
        assert exchange.runner.state.markets[symbol].positions[BOB].size_lots == 77


def peg_mid(account_id: str, symbol: str, side: Side, lots: int) -> c.SubmitOrder:
    """Return an order at the mid."""
    return c.SubmitOrder(
        at_ms=0,
        order_id=str(uuid.uuid4()),
        account_id=account_id,
        market_id=symbol,
        side=side,
        order_type=OrderType.PEG_MID,
        quantity_lots=lots,
    )


def quote_premiums(premiums: Mapping[str, int | None]) -> None:
    """Let the price service show premiums (ppb) that never grow old."""
    for symbol, premium_ppb in premiums.items():
        MarketTicker.objects.update_or_create(
            market=Market.objects.get(symbol=symbol),
            defaults={
                "premium_ppb": premium_ppb,
                "sampled_at": NEVER_OLD,
                "updated_at": NEVER_OLD,
            },
        )
