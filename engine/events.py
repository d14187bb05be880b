"""Events: what happened, in the past tense, each with all that evolving the state takes.

An event carries results, never questions: amounts that were computed, sequences that were
given. `engine.evolve` only adds and assigns, so a later rule cannot rewrite the past.
Changes of format are handled by version in `engine.codec`. What is not here: any decision.
"""

import msgspec

from engine.commands import FundingSample, MarketSpec, Protection, ReferenceMove, SubmitOrder
from engine.reasons import Reason
from engine.vocabulary import MarketState, TradeKind


class Event(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What all events share: the moment of the command they come from."""

    at_ms: int


class CommandRejected(Event, frozen=True, kw_only=True, gc=False):
    """A command other than an order was refused, with the numbers that were broken."""

    command: str
    reason: Reason
    account_id: str | None = None
    market_id: str | None = None
    subject_id: str | None = None
    numbers: dict[str, int] = {}


class OrderRejected(Event, frozen=True, kw_only=True, gc=False):
    """An order was refused, with the numbers that were broken; it never stood."""

    terms: SubmitOrder
    reason: Reason
    numbers: dict[str, int] = {}

    @property
    def order_id(self) -> str:
        """The refused order."""
        return self.terms.order_id

    @property
    def account_id(self) -> str:
        """Whose it was."""
        return self.terms.account_id

    @property
    def market_id(self) -> str:
        """Where it was to stand."""
        return self.terms.market_id


class OrderRepeated(Event, frozen=True, kw_only=True, gc=False):
    """The same order came again: the first outcome holds and nothing else happens."""

    order_id: str
    account_id: str
    first_order_id: str


class OrderAccepted(Event, frozen=True, kw_only=True, gc=False):
    """An order got its sequence and its reservation; it is open and has not matched yet."""

    terms: SubmitOrder
    sequence: int
    quantity_lots: int
    canceled_lots: int
    reserve_micro: int
    body: bytes | None = None


class OrderRested(Event, frozen=True, kw_only=True, gc=False):
    """An order took its place in the book; restless: it did not meet what rests there."""

    market_id: str
    sequence: int
    restless: bool


class OrderReduced(Event, frozen=True, kw_only=True, gc=False):
    """Lots of an order were canceled and the rest goes on."""

    market_id: str
    order_id: str
    sequence: int
    canceled_lots: int
    reason: Reason
    reserve_micro: int


class OrderAmended(Event, frozen=True, kw_only=True, gc=False):
    """An order's total or limit changed; another sequence means a lost place."""

    market_id: str
    order_id: str
    old_sequence: int
    sequence: int
    quantity_lots: int
    limit_ticks: int | None
    reserve_micro: int


class OrderCanceled(Event, frozen=True, kw_only=True, gc=False):
    """An order ended with lots unfilled; the reason EXPIRED makes its status EXPIRED."""

    market_id: str
    order_id: str
    account_id: str
    sequence: int
    canceled_lots: int
    reason: Reason
    reserve_micro: int


class ReservationCut(Event, frozen=True, kw_only=True, gc=False):
    """An account's reservation in a market was recomputed, outside of an order's event."""

    account_id: str
    market_id: str
    buy_reserve_micro: int
    sell_reserve_micro: int


class AttemptCounted(Event, frozen=True, kw_only=True, gc=False):
    """An IOC, FOK or AON order found nothing: one more unfilled attempt."""

    account_id: str
    market_id: str


class Leg(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One side of a trade: what it moves for its account.

    `margin_micro` goes from cash to collateral (negative: back). Cash changes by
    `realized_pnl - fee - margin` less what the collateral itself bears: both deltas are
    given. Reserves are those after the trade.
    """

    account_id: str
    order_id: str | None
    sequence: int
    lots: int
    cost_micro: int
    collateral_micro: int
    cash_micro: int
    fee_micro: int
    realized_pnl_micro: int
    opened_micro: int
    buy_reserve_micro: int
    sell_reserve_micro: int


class Filled(Event, frozen=True, kw_only=True, gc=False):
    """Lots changed hands at a price; taker and maker legs sum to zero with the funds."""

    market_id: str
    trade_number: int
    kind: TradeKind
    price_half_ticks: int
    quantity_lots: int
    notional_micro: int
    taker: Leg
    maker: Leg
    fees_micro: int
    insurance_micro: int = 0


class Uncrossed(Event, frozen=True, kw_only=True, gc=False):
    """The book's restless orders have met everything they may trade with."""

    market_id: str


class CancelAllAfterArmed(Event, frozen=True, kw_only=True, gc=False):
    """The dead-man switch of an account was armed, or disarmed (no deadline)."""

    account_id: str
    deadline_ms: int | None


class CancelAllAfterFired(Event, frozen=True, kw_only=True, gc=False):
    """The dead-man switch of an account fired."""

    account_id: str


class TriggerPlaced(Event, frozen=True, kw_only=True, gc=False):
    """An order waits for the mark, or without a trigger for a deposit; it reserves nothing."""

    terms: SubmitOrder
    body: bytes | None = None


class TriggerCanceled(Event, frozen=True, kw_only=True, gc=False):
    """A waiting order ended without firing."""

    order_id: str
    account_id: str
    market_id: str
    reason: Reason


class TriggerFired(Event, frozen=True, kw_only=True, gc=False):
    """The mark crossed a waiting order's price, or its deposit's time is over: it enters now."""

    order_id: str
    account_id: str
    market_id: str
    mark_half_ticks: int


class PositionTriggersSet(Event, frozen=True, kw_only=True, gc=False):
    """A position's take-profit and stop-loss are these now; none: cleared."""

    account_id: str
    market_id: str
    take_profit: Protection | None
    stop_loss: Protection | None
    reason: Reason | None = None


class PositionTriggerFired(Event, frozen=True, kw_only=True, gc=False):
    """The mark crossed a position's trigger; its pair is gone and an order follows."""

    account_id: str
    market_id: str
    order_id: str
    mark_half_ticks: int


class LeverageChanged(Event, frozen=True, kw_only=True, gc=False):
    """An account's leverage in a market is this now."""

    account_id: str
    market_id: str
    leverage: int
    buy_reserve_micro: int
    sell_reserve_micro: int


class MarginMoved(Event, frozen=True, kw_only=True, gc=False):
    """Cash became a position's collateral, or came back with a negative amount."""

    transfer_id: str
    account_id: str
    market_id: str
    amount_micro: int


class DepositCredited(Event, frozen=True, kw_only=True, gc=False):
    """A confirmed deposit may be traded with."""

    deposit_id: str
    account_id: str
    amount_micro: int


class DepositFinalized(Event, frozen=True, kw_only=True, gc=False):
    """A deposit is owed for good and may be withdrawn."""

    deposit_id: str
    account_id: str
    amount_micro: int


class DepositDropped(Event, frozen=True, kw_only=True, gc=False):
    """A deposit vanished from the chain: debited from cash, the rest is missing."""

    deposit_id: str
    account_id: str
    amount_micro: int
    cash_micro: int


class ShortfallCovered(Event, frozen=True, kw_only=True, gc=False):
    """A dropped deposit's missing part was taken from collateral and then the funds."""

    account_id: str
    market_id: str
    collateral_micro: int
    global_insurance_micro: int
    debt_micro: int


class WithdrawalReserved(Event, frozen=True, kw_only=True, gc=False):
    """Free balance is held for a withdrawal."""

    withdrawal_id: str
    account_id: str
    amount_micro: int


class WithdrawalConfirmed(Event, frozen=True, kw_only=True, gc=False):
    """A withdrawal was released: the cash has left the engine."""

    withdrawal_id: str
    account_id: str
    amount_micro: int


class WithdrawalReturned(Event, frozen=True, kw_only=True, gc=False):
    """A held withdrawal went back to the free balance."""

    withdrawal_id: str
    account_id: str
    amount_micro: int


class ReferenceMoved(Event, frozen=True, kw_only=True, gc=False):
    """A market's prices are these now."""

    move: ReferenceMove


class MarketListed(Event, frozen=True, kw_only=True, gc=False):
    """A market exists."""

    spec: MarketSpec
    insurance_micro: int
    state: MarketState


class MarketStateChanged(Event, frozen=True, kw_only=True, gc=False):
    """Staff opened, paused or closed a market."""

    market_id: str
    state: MarketState
    hours_closed: bool
    grace_until_ms: int | None = None


class MarketLimitsChanged(Event, frozen=True, kw_only=True, gc=False):
    """A market's limits, fees or pricing are these now."""

    spec: MarketSpec


class BreakerTripped(Event, frozen=True, kw_only=True, gc=False):
    """A market only reduces until a moment."""

    market_id: str
    until_ms: int


class BreakerReleased(Event, frozen=True, kw_only=True, gc=False):
    """A market's breaker has run out."""

    market_id: str


class OpenInterestPublished(Event, frozen=True, kw_only=True, gc=False):
    """The open interest that the public, and acceptance, sees."""

    market_id: str
    open_interest_lots: int


class InsuranceContributed(Event, frozen=True, kw_only=True, gc=False):
    """Venue money came into a fund; debts are repaid from it first."""

    contribution_id: str
    market_id: str | None
    amount_micro: int
    debt_repaid_micro: int


class BackstopFunded(Event, frozen=True, kw_only=True, gc=False):
    """Cash moved from the global insurance fund to the backstop (negative: back)."""

    amount_micro: int
    transfer_id: str | None = None


class VenueDebtRepaid(Event, frozen=True, kw_only=True, gc=False):
    """Fees repaid some of a market's venue debt."""

    market_id: str
    amount_micro: int


class VenueDebtBooked(Event, frozen=True, kw_only=True, gc=False):
    """A deficit that nobody else bears was booked to the venue: cash into collateral."""

    account_id: str
    market_id: str
    amount_micro: int


class FundingSampled(Event, frozen=True, kw_only=True, gc=False):
    """One second's premiums."""

    samples: tuple[FundingSample, ...]


class FundingRateSet(Event, frozen=True, kw_only=True, gc=False):
    """The rate of a market's ended hour; none: it accrued nothing. Sampling starts anew."""

    market_id: str
    hour: int
    rate_ppb: int | None
    index_half_ticks: int | None


class FundingPaid(Event, frozen=True, kw_only=True, gc=False):
    """A position's collateral paid (negative) or received its funding; else its cash did."""

    account_id: str
    market_id: str
    hour: int
    amount_micro: int
    to_cash: bool = False


class FundingSettled(Event, frozen=True, kw_only=True, gc=False):
    """What an hour's debits left after all credits went to the market's fund."""

    market_id: str
    hour: int
    residue_micro: int


class LiquidationWarned(Event, frozen=True, kw_only=True, gc=False):
    """A position's equity fell below 150% of its maintenance margin."""

    account_id: str
    market_id: str
    mark_half_ticks: int


class WarningLifted(Event, frozen=True, kw_only=True, gc=False):
    """A warned position's equity is back above 150% of its maintenance margin."""

    account_id: str
    market_id: str


class LiquidationDeferred(Event, frozen=True, kw_only=True, gc=False):
    """A liquidation above 100x waits for the venues to agree, until a moment."""

    account_id: str
    market_id: str
    until_ms: int


class LiquidationStarted(Event, frozen=True, kw_only=True, gc=False):
    """A position's equity is below its maintenance margin; the numbers at the mark."""

    account_id: str
    market_id: str
    size_lots: int
    mark_half_ticks: int
    equity_micro: int
    maintenance_micro: int


class LiquidationPended(Event, frozen=True, kw_only=True, gc=False):
    """A position could not be closed yet (true), or waits no longer (false)."""

    account_id: str
    market_id: str
    pending: bool


class InsurancePaid(Event, frozen=True, kw_only=True, gc=False):
    """The funds made good a position's deficit: cash into its collateral."""

    account_id: str
    market_id: str
    insurance_micro: int
    global_insurance_micro: int


class PositionSettled(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One position of a delisted market, closed at the settlement price.

    Its cost and collateral are those before; `cash_micro` is what it gives back.
    """

    account_id: str
    quantity_lots: int
    cost_micro: int
    collateral_micro: int
    realized_pnl_micro: int
    cash_micro: int
    deficit_micro: int


class DelistingSettled(Event, frozen=True, kw_only=True, gc=False):
    """All positions of a delisted market were closed at one price, and who bore what."""

    market_id: str
    price_half_ticks: int
    settlements: tuple[PositionSettled, ...]
    insurance_micro: int
    global_insurance_micro: int
    debt_micro: int


class IdentifiersForgotten(Event, frozen=True, kw_only=True, gc=False):
    """Ids from before a moment are no longer remembered, but for those of what is open.

    `renews`: what is open counts as used now. Logs from before that was so say nothing of it.
    """

    before_ms: int
    renews: bool = False
