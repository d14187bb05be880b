"""The engine's names for what the rows hold, and back: accounts, markets, orders.

The engine knows an account by its id as text, the backstop by a word of its own, a market by
its symbol. What is not here: prices as commands (`trading.services.engine_prices`).
"""

import uuid
from decimal import Decimal
from functools import lru_cache
from typing import Final

from engine.commands import MarketSpec
from engine.state import BACKSTOP
from engine.vocabulary import Pricing
from trading.models import BACKSTOP_ACCOUNT_ID, Market

REMEMBERED: Final = 32_768


def account_name(account_id: uuid.UUID, /) -> str:
    """Return what the engine calls an account."""
    return BACKSTOP if account_id == BACKSTOP_ACCOUNT_ID else str(account_id)


@lru_cache(maxsize=REMEMBERED)
def account_id_of(name: str, /) -> uuid.UUID:
    """Return the account that the engine calls so."""
    return BACKSTOP_ACCOUNT_ID if name == BACKSTOP else uuid.UUID(name)


def market_spec(market: Market, /) -> MarketSpec:
    """Return a market's constants as the engine takes them."""
    return MarketSpec(
        market_id=market.symbol,
        tick_size=plain(market.tick_size),
        lot_size=plain(market.lot_size),
        tick_lot_micro=market.tick_lot_micro,
        max_leverage=market.max_leverage,
        maker_rebate_ppb=market.maker_rebate_ppb,
        taker_fee_ppb=market.taker_fee_ppb,
        position_limit_lots=market.position_limit_lots,
        open_interest_limit_lots=market.open_interest_limit_lots,
        stress_gap_ppb=market.stress_gap_ppb,
        pricing=Pricing(market.pricing),
        collar_ppb=market.collar_ppb,
    )


@lru_cache(maxsize=REMEMBERED)
def in_steps(steps: int, step: Decimal, /) -> str:
    """Return so many ticks or lots as text: the same few are written down again and again."""
    return plain(steps * step)


def plain(number: Decimal, /) -> str:
    """Return a decimal as text without an exponent or trailing zeros."""
    return f"{number.normalize():f}"
