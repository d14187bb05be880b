"""Rows as plain structs, one per table: fields are the table's columns, in this order.

What is not here: what the columns mean (`trading.models`) and when a row changes.
"""

import uuid

import msgspec


class OrderRow(msgspec.Struct, gc=False):
    """`trading_order`."""

    id: uuid.UUID
    engine_id: str
    account_id: uuid.UUID
    client_order_id: str | None
    market_id: int
    side: str
    order_type: str
    time_in_force: str
    quantity_lots: int
    filled_lots: int
    canceled_lots: int
    limit_ticks: int | None
    expires_at_ms: int | None
    leverage: int | None
    all_or_none: bool
    min_quantity_lots: int
    min_quantity_mode: str
    nbbo_protection: bool
    post_only: bool
    reduce_only: bool
    self_trade: str
    trigger: str
    trigger_ticks: int | None
    take_profit_trigger_ticks: int | None
    take_profit_limit_ticks: int | None
    stop_loss_trigger_ticks: int | None
    stop_loss_limit_ticks: int | None
    body_digest: bytes | None
    status: str
    reason: str
    numbers: str
    notional_micro: int
    fee_micro: int
    created_at_ms: int
    updated_at_ms: int


class RepeatedOrderRow(msgspec.Struct, frozen=True, gc=False):
    """`trading_repeatedorder`."""

    id: uuid.UUID
    account_id: uuid.UUID
    order_id: uuid.UUID
    repeated_at_ms: int


class TradeRow(msgspec.Struct, frozen=True, gc=False):
    """`trading_trade`."""

    id: uuid.UUID
    number: int
    market_id: int
    kind: str
    is_public: bool
    price_half_ticks: int
    quantity_lots: int
    notional_micro: int
    bid_ticks: int | None
    ask_ticks: int | None
    executed_at_ms: int


class FillRow(msgspec.Struct, frozen=True, gc=False):
    """`trading_fill`."""

    id: uuid.UUID
    trade_id: uuid.UUID
    order_id: uuid.UUID | None
    account_id: uuid.UUID
    market_id: int
    side: str
    liquidity: str
    kind: str
    price_half_ticks: int
    quantity_lots: int
    notional_micro: int
    fee_micro: int
    realized_pnl_micro: int
    executed_at_ms: int


class CandleRow(msgspec.Struct, gc=False):
    """`trading_tradecandle`: what one step adds to a minute."""

    market_id: int
    minute: int
    open_half_ticks: int
    high_half_ticks: int
    low_half_ticks: int
    close_half_ticks: int
    volume_lots: int
    notional_micro: int
    trades: int


class BalanceRow(msgspec.Struct, frozen=True, gc=False):
    """`trading_balance`."""

    account_id: uuid.UUID
    cash_micro: int
    reserved_micro: int
    held_micro: int
    unfinal_micro: int
    deposited_micro: int
    withdrawn_micro: int
    switch_at_ms: int | None
    updated_at_ms: int


class PositionRow(msgspec.Struct, frozen=True, gc=False):
    """`trading_position`."""

    account_id: uuid.UUID
    market_id: int
    leverage: int
    size_lots: int
    cost_micro: int
    collateral_micro: int
    buy_reserve_micro: int
    sell_reserve_micro: int
    realized_pnl_micro: int
    funding_micro: int
    liquidation_half_ticks: int | None
    is_warned: bool
    is_pending: bool
    take_profit_trigger_ticks: int | None
    take_profit_limit_ticks: int | None
    stop_loss_trigger_ticks: int | None
    stop_loss_limit_ticks: int | None
    updated_at_ms: int


class FundingRateRow(msgspec.Struct, gc=False):
    """`trading_fundingrate`."""

    market_id: int
    hour: int
    rate_ppb: int | None
    index_half_ticks: int | None
    residue_micro: int
    paid_at_ms: int


class FundingPaymentRow(msgspec.Struct, frozen=True, gc=False):
    """`trading_fundingpayment`."""

    id: uuid.UUID
    account_id: uuid.UUID
    market_id: int
    hour: int
    amount_micro: int
    paid_at_ms: int


class LiquidationRow(msgspec.Struct, gc=False):
    """`trading_liquidation`."""

    id: uuid.UUID
    event_sequence: int
    account_id: uuid.UUID
    market_id: int
    mark_half_ticks: int
    equity_micro: int
    maintenance_micro: int
    size_lots: int
    book_lots: int
    backstop_lots: int
    deleveraged_lots: int
    notional_micro: int
    fee_micro: int
    insurance_micro: int
    global_insurance_micro: int
    debt_micro: int
    is_pending: bool
    started_at_ms: int


class MarketFundsRow(msgspec.Struct, frozen=True, gc=False):
    """`trading_marketfunds`."""

    market_id: int
    insurance_micro: int
    debt_micro: int
    funding_pot_micro: int
    open_interest_lots: int
    published_lots: int
    breaker_until_ms: int | None
    paid_hour: int
    updated_at_ms: int


class VenueFundsRow(msgspec.Struct, frozen=True, gc=False):
    """`trading_venuefunds`."""

    id: int
    fees_micro: int
    global_insurance_micro: int
    external_micro: int
    updated_at_ms: int


class MarketStateRow(msgspec.Struct, frozen=True, gc=False):
    """What `trading_market` says of a market's state; the rest of that row is its staff's."""

    market_id: int
    state: str
    state_reason: str
    changed_at_ms: int
