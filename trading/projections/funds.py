"""The markets' and the venue's own money, as the state has it at the end of a step."""

from collections.abc import Mapping
from typing import Final

from engine.state import State
from trading.projections.names import Names
from trading.projections.rows import MarketFundsRow, VenueFundsRow
from trading.projections.tables import Table
from trading.recording import Hand

MARKETS: Final = Table(
    "trading_marketfunds",
    MarketFundsRow,
    "bigint bigint bigint bigint bigint bigint bigint bigint bigint",
    key=("market_id",),
)
VENUE: Final = Table(
    "trading_venuefunds", VenueFundsRow, "smallint bigint bigint bigint bigint", key=("id",)
)


def market_rows(state: State, touched: Mapping[str, int], names: Names, /) -> list[MarketFundsRow]:
    """Return the rows of markets by the moment at which each was touched last."""
    rows = []
    for symbol, at_ms in touched.items():
        market = state.markets[symbol]
        rows.append(
            MarketFundsRow(
                names.markets[symbol],
                market.fund_micro,
                market.debt_micro,
                market.funding_pot_micro,
                market.long_lots,
                market.published_lots,
                market.breaker_until_ms,
                market.funding.paid_hour,
                at_ms,
            )
        )
    return rows


def venue_row(state: State, at_ms: int, /) -> VenueFundsRow:
    """Return the row of the venue's funds."""
    return VenueFundsRow(1, state.fees_micro, state.global_fund_micro, state.external_micro, at_ms)


def write_funds(
    cursor: Hand,
    state: State,
    touched: Mapping[str, int],
    venue_at_ms: int | None,
    names: Names,
    /,
) -> None:
    """Write the funds that a step has touched."""
    MARKETS.merge(cursor, market_rows(state, touched, names))
    if venue_at_ms is not None:
        VENUE.merge(cursor, [venue_row(state, venue_at_ms)])
