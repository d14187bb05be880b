"""One account's positions, valued at the mark, as the contract writes them."""

import uuid
from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal
from typing import Final

from engine.margin import equity_micro, initial_ceil_micro, maintenance_ceil_micro
from engine.state import DEFAULT_LEVERAGE
from trading.engine_words import plain
from trading.models import AdlRank, Position
from trading.models.ranks import LAST_IN_LINE
from trading.projections.rows import PositionRow
from trading.selectors.amounts import usdt_text
from trading.selectors.market_terms import MarketTerms, terms_of
from trading.selectors.marks import marks_of
from trading.selectors.order_views import Json, protection_view

RATIO_STEP: Final = Decimal("0.0001")
AnyPosition = Position | PositionRow


def open_positions(account_id: uuid.UUID, /) -> list[Position]:
    """Return an account's positions that are not flat, those changed last first."""
    held = Position.objects.filter(account_id=account_id).exclude(size_lots=0)
    return list(held.order_by("-updated_at_ms", "market_id"))


def position_in(account_id: uuid.UUID, /, *, terms: MarketTerms) -> Position:
    """Return an account's row of a market; one that it never touched is flat and not written."""
    found = Position.objects.filter(account_id=account_id, market_id=terms.pk).first()
    return found or Position(
        account_id=account_id,
        market_id=terms.pk,
        leverage=min(DEFAULT_LEVERAGE, terms.max_leverage),
    )


def position_views(positions: Sequence[Position], /) -> list[Json]:
    """Return positions as their owner sees them, in two more queries."""
    market_ids = [position.market_id for position in positions]
    marks = marks_of(market_ids)
    accounts = {position.account_id for position in positions}
    rows = AdlRank.objects.filter(account_id__in=accounts, market_id__in=market_ids)
    ranks = {row.market_id: row.rank for row in rows}
    return [
        position_view(
            position,
            mark_half_ticks=marks.get(position.market_id),
            rank=ranks.get(position.market_id, LAST_IN_LINE),
        )
        for position in positions
    ]


def position_view(
    position: AnyPosition, /, *, mark_half_ticks: int | None, rank: int | None
) -> Json:
    """Return one position; what has no meaning without a size is null."""
    terms = terms_of(position.market_id)
    figures = _figures(position, terms, mark_half_ticks) if position.size_lots else FLAT
    return {
        "symbol": terms.symbol,
        "size": plain(position.size_lots * terms.lot_size),
        "mark_price": None if mark_half_ticks is None else plain(terms.price(mark_half_ticks)),
        "collateral": usdt_text(position.collateral_micro),
        "leverage": position.leverage,
        "realized_pnl": usdt_text(position.realized_pnl_micro),
        "funding": usdt_text(position.funding_micro),
        "reserved": usdt_text(position.buy_reserve_micro + position.sell_reserve_micro),
        **figures,
        "adl_rank": rank if position.size_lots else None,
        "is_liquidation_pending": position.is_pending,
        "take_profit": protection_view(
            position.take_profit_trigger_ticks, position.take_profit_limit_ticks, terms=terms
        ),
        "stop_loss": protection_view(
            position.stop_loss_trigger_ticks, position.stop_loss_limit_ticks, terms=terms
        ),
        "updated_at": position.updated_at_ms,
    }


FLAT: Final[Json] = {
    "entry_price": None,
    "notional": "0",
    "unrealized_pnl": "0",
    "initial_margin": "0",
    "maintenance_margin": "0",
    "margin_ratio": None,
    "liquidation_price": None,
}


def _figures(position: AnyPosition, terms: MarketTerms, mark: int | None, /) -> Json:
    """Return what follows from size, cost, collateral and mark."""
    size, cost = position.size_lots, position.cost_micro
    price = position.liquidation_half_ticks
    valued = FLAT if mark is None else _valued(position, terms, mark)
    return {
        **valued,
        "entry_price": plain(terms.average_price(notional_micro=cost, lots=size)),
        "liquidation_price": None if price is None else plain(terms.price(price)),
    }


def _valued(position: AnyPosition, terms: MarketTerms, mark: int, /) -> Json:
    notional = terms.notional_micro(lots=abs(position.size_lots), half_ticks=mark)
    maintenance = maintenance_ceil_micro(notional)
    equity = equity_micro(
        size_lots=position.size_lots,
        cost_micro=position.cost_micro,
        collateral_micro=position.collateral_micro,
        price_half_ticks=mark,
        unit=terms.unit_micro,
    )
    ratio = (Decimal(equity) / maintenance).quantize(RATIO_STEP, ROUND_DOWN)
    return {
        "notional": usdt_text(notional),
        "unrealized_pnl": usdt_text(equity - position.collateral_micro),
        "initial_margin": usdt_text(initial_ceil_micro(notional, position.leverage)),
        "maintenance_margin": usdt_text(maintenance),
        "margin_ratio": plain(ratio),
    }


def unrealized_pnl_micro(positions: Sequence[Position], /) -> int:
    """Return what positions would gain if they were closed at the mark."""
    marks = marks_of([position.market_id for position in positions])
    return sum(
        terms_of(position.market_id).notional_micro(
            lots=position.size_lots, half_ticks=marks[position.market_id]
        )
        - position.cost_micro
        for position in positions
        if position.market_id in marks
    )
