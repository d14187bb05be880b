"""Commands: what somebody wants of the exchange, in the imperative.

Every command carries `at_ms`, the only time the engine knows. What is not here: any check;
a command may be wrong, and the engine then answers with a rejection. Only its numbers must be
such as records can carry: what is beyond 64 bits is no command and is refused by the codec.
"""

from typing import Annotated

import msgspec

from engine.vocabulary import (
    MarketState,
    MinQuantityMode,
    OrderType,
    Pricing,
    SelfTrade,
    Side,
    TimeInForce,
    TriggerKind,
)

Whole = Annotated[int, msgspec.Meta(ge=-(1 << 63), le=(1 << 63) - 1)]
"""An integer of 64 bits: decoding refuses any other, so that whatever came in can be told again."""


class Command(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What all commands share: the moment they are taken."""

    at_ms: Whole


class Protection(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One leg of a take-profit and stop-loss pair; a market order when it has no limit."""

    trigger_ticks: Whole
    limit_ticks: Whole | None = None


class MarketSpec(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The constants of a market, as staff set them."""

    market_id: str
    tick_size: str
    lot_size: str
    tick_lot_micro: Whole
    max_leverage: Whole = 1_000
    maker_rebate_ppb: Whole = 200_000
    taker_fee_ppb: Whole = 500_000
    position_limit_lots: Whole = 1_000_000_000_000
    open_interest_limit_lots: Whole = 1_000_000_000_000
    stress_gap_ppb: Whole = 20_000_000
    pricing: Pricing = Pricing.THREE_POINTS
    collar_ppb: Whole = 10_000_000


class SubmitOrder(Command, frozen=True, kw_only=True, gc=False):
    """Place an order; tiers come with it as discount and probing limit.

    A GTC or GTD order that funds do not carry waits `deposit_wait_ms` for its owner's deposit.
    """

    order_id: str
    account_id: str
    market_id: str
    side: Side
    order_type: OrderType
    quantity_lots: Whole
    limit_ticks: Whole | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    expires_at_ms: Whole | None = None
    leverage: Whole | None = None
    all_or_none: bool = False
    min_quantity_lots: Whole = 0
    min_quantity_mode: MinQuantityMode = MinQuantityMode.EACH
    nbbo_protection: bool = False
    post_only: bool = False
    reduce_only: bool = False
    self_trade: SelfTrade = SelfTrade.EXPIRE_TAKER
    client_order_id: str | None = None
    trigger: TriggerKind | None = None
    trigger_ticks: Whole | None = None
    take_profit: Protection | None = None
    stop_loss: Protection | None = None
    fee_discount_percent: Whole = 0
    probe_limit: Whole = 20
    deposit_wait_ms: Whole = 0


class AmendOrder(Command, frozen=True, kw_only=True, gc=False):
    """Change an order's total quantity, its limit, or both."""

    order_id: str
    account_id: str
    quantity_lots: Whole | None = None
    limit_ticks: Whole | None = None


class CancelOrder(Command, frozen=True, kw_only=True, gc=False):
    """Cancel one order or unfired trigger."""

    order_id: str
    account_id: str


class CancelAll(Command, frozen=True, kw_only=True, gc=False):
    """Cancel all orders and trigger orders of an account, in one market or in all.

    `as_switch`: as its dead-man switch would, with that reason and sparing reduce-only triggers;
    the account's own switch stays as it is.
    """

    account_id: str
    market_id: str | None = None
    as_switch: bool = False


class ArmCancelAllAfter(Command, frozen=True, kw_only=True, gc=False):
    """Arm the dead-man switch (1 to 300 s), or disarm it with a timeout of zero."""

    account_id: str
    timeout_ms: Whole


class SetLeverage(Command, frozen=True, kw_only=True, gc=False):
    """Set an account's leverage in a market."""

    account_id: str
    market_id: str
    leverage: Whole


class MoveMargin(Command, frozen=True, kw_only=True, gc=False):
    """Add margin to a position, or take some out with a negative amount."""

    transfer_id: str
    account_id: str
    market_id: str
    amount_micro: Whole


class ClosePosition(Command, frozen=True, kw_only=True, gc=False):
    """Close all or some of a position: at the market, or resting at a limit."""

    order_id: str
    account_id: str
    market_id: str
    quantity_lots: Whole | None = None
    limit_ticks: Whole | None = None
    client_order_id: str | None = None
    fee_discount_percent: Whole = 0
    probe_limit: Whole = 20


class HandOverPosition(Command, frozen=True, kw_only=True, gc=False):
    """Let the backstop take over, at the mark, what a leaver's position holds."""

    account_id: str
    market_id: str


class SetPositionTriggers(Command, frozen=True, kw_only=True, gc=False):
    """Set or clear the take-profit and stop-loss of a position; one cancels the other."""

    account_id: str
    market_id: str
    take_profit: Protection | None = None
    stop_loss: Protection | None = None


class CreditDeposit(Command, frozen=True, kw_only=True, gc=False):
    """Credit a deposit that the chain has confirmed."""

    deposit_id: str
    account_id: str
    amount_micro: Whole


class FinalizeDeposit(Command, frozen=True, kw_only=True, gc=False):
    """Make a credited deposit withdrawable: the chain has finalized it."""

    deposit_id: str
    account_id: str


class DropDeposit(Command, frozen=True, kw_only=True, gc=False):
    """Debit a credited deposit that the chain has dropped."""

    deposit_id: str
    account_id: str


class ReserveWithdrawal(Command, frozen=True, kw_only=True, gc=False):
    """Hold free balance for a withdrawal."""

    withdrawal_id: str
    account_id: str
    amount_micro: Whole


class ConfirmWithdrawal(Command, frozen=True, kw_only=True, gc=False):
    """Release a held withdrawal to the owner's wallet; there is no way back."""

    withdrawal_id: str
    account_id: str


class ReturnWithdrawal(Command, frozen=True, kw_only=True, gc=False):
    """Give a held withdrawal back to the free balance."""

    withdrawal_id: str
    account_id: str


class ReferenceMove(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One market's prices: the reference bid and ask, the index, the mark, dispersion."""

    market_id: str
    bid_ticks: Whole | None
    ask_ticks: Whole | None
    quoted_at_ms: Whole
    index_half_ticks: Whole | None
    mark_half_ticks: Whole | None
    dispersion_ppb: Whole = 0


class MoveReferences(Command, frozen=True, kw_only=True, gc=False):
    """Bring the newest prices of many markets."""

    moves: tuple[ReferenceMove, ...]


class FundingSample(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One market's premium at one second; none while its index is missing.

    `seconds`: for so many it stands, at most an hour; an outage is told as one of many.
    """

    market_id: str
    premium_ppb: Whole | None
    seconds: Whole = 1


class SampleFunding(Command, frozen=True, kw_only=True, gc=False):
    """Record this second's premiums."""

    samples: tuple[FundingSample, ...]


class PayFunding(Command, frozen=True, kw_only=True, gc=False):
    """Pay the hour that has ended in one market; `hour` counts hours since 1970."""

    market_id: str
    hour: Whole


class ExpireDue(Command, frozen=True, kw_only=True, gc=False):
    """Do what time alone makes due: expiries, dead-man switches, the breaker's end."""


class ListMarket(Command, frozen=True, kw_only=True, gc=False):
    """List a market, halted until it has an index, its fund seeded by the venue."""

    spec: MarketSpec
    insurance_micro: Whole = 0
    state: MarketState = MarketState.ACTIVE


class SetMarketState(Command, frozen=True, kw_only=True, gc=False):
    """Open, pause or close a market; `hours_closed` tells closed FX hours from a pause."""

    market_id: str
    state: MarketState
    hours_closed: bool = False


class SetMarketLimits(Command, frozen=True, kw_only=True, gc=False):
    """Change a market's limits, fees or pricing; the tick and lot never change."""

    spec: MarketSpec


class TripBreaker(Command, frozen=True, kw_only=True, gc=False):
    """Let a market only reduce until a moment."""

    market_id: str
    until_ms: Whole


class PublishOpenInterest(Command, frozen=True, kw_only=True, gc=False):
    """Publish the open interest of all markets, as acceptance checks see it."""


class ContributeInsurance(Command, frozen=True, kw_only=True, gc=False):
    """Pay venue money into a market's insurance fund, or the global one without a market."""

    contribution_id: str
    amount_micro: Whole
    market_id: str | None = None


class FundBackstop(Command, frozen=True, kw_only=True, gc=False):
    """Move cash between the global insurance fund and the backstop (negative: back)."""

    transfer_id: str
    amount_micro: Whole


class SettleDelisting(Command, frozen=True, kw_only=True, gc=False):
    """Close all positions of a delisted market at one price."""

    market_id: str
    price_half_ticks: Whole


AnyCommand = (
    SubmitOrder
    | AmendOrder
    | CancelOrder
    | CancelAll
    | ArmCancelAllAfter
    | SetLeverage
    | MoveMargin
    | ClosePosition
    | HandOverPosition
    | SetPositionTriggers
    | CreditDeposit
    | FinalizeDeposit
    | DropDeposit
    | ReserveWithdrawal
    | ConfirmWithdrawal
    | ReturnWithdrawal
    | MoveReferences
    | SampleFunding
    | PayFunding
    | ExpireDue
    | ListMarket
    | SetMarketState
    | SetMarketLimits
    | TripBreaker
    | PublishOpenInterest
    | ContributeInsurance
    | FundBackstop
    | SettleDelisting
)
