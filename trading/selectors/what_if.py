"""What if the mark of a market were another: whom it would liquidate, and who would bear it.

The engine itself decides, on a state made from rows: positions, funds, the backstop, and not one
order. So nothing here depends on what rests (I24), and what the book would take is not told: every
lot goes on to the backstop, the funds and the winners, which is the worst that the mark can do.
No command is sent and nothing is written. What is not here: who is nearest now
(`trading.selectors.liquidation_queue`).
"""

import uuid
from dataclasses import dataclass, field
from typing import Final

from engine import events as ev
from engine.backstop import MOST_LEVERAGE, exposure
from engine.commands import MoveReferences, ReferenceMove
from engine.exchange import decide
from engine.health import bound_half_ticks, health, lots_to_close
from engine.margin import maintenance_ceil_micro
from engine.state import (
    BACKSTOP,
    Account,
    Position,
    State,
    put,
    replace_position,
)
from engine.state import Market as EngineMarket
from engine.vocabulary import MarketState as EngineState
from engine.vocabulary import TradeKind
from godark.clock import now_ms
from godark.errors import Code, Failure
from trading.engine_words import account_id_of, account_name, market_spec
from trading.models import (
    BACKSTOP_ACCOUNT_ID,
    Balance,
    Market,
    MarketFunds,
    MarketState,
    VenueFunds,
)
from trading.models import Position as PositionRow
from trading.selectors.marks import marks_of

MOST_RANKED: Final = 10_000_000
"""Some ten seconds of passing over winners, if no profit reaches a deficit."""
STANDING_STILL: Final = (MarketState.HALTED, MarketState.DELISTED)


@dataclass(kw_only=True, slots=True)
class Closed:
    """A position that would be liquidated; lots as the position's, amounts in micro-USDT.

    `offered_lots` go to the book first, at no worse than `bound_half_ticks`; what the others say
    is without the book.
    """

    account_id: uuid.UUID
    size_lots: int
    equity_micro: int
    maintenance_micro: int
    offered_lots: int
    bound_half_ticks: int
    backstop_lots: int = 0
    deleveraged_lots: int = 0
    fee_micro: int = 0
    insurance_micro: int = 0
    global_insurance_micro: int = 0
    debt_micro: int = 0
    is_pending: bool = False


@dataclass(kw_only=True, slots=True)
class WhatIf:
    """What a mark would do; amounts in micro-USDT."""

    mark_half_ticks: int
    closed: list[Closed] = field(default_factory=list)
    winners: dict[uuid.UUID, int] = field(default_factory=dict)
    """Whose positions would be deleveraged, and by how many lots."""
    backstop_value_micro: int = 0
    topped_up_micro: int = 0
    """What the global fund would move to the backstop."""
    fund_micro: int = 0
    global_fund_micro: int = 0
    """What the market's fund and the global one hold now."""

    def total(self, name: str, /) -> int:
        """Return a figure's sum over all positions that would be closed."""
        return sum(abs(getattr(one, name)) for one in self.closed)


def what_if(market: Market, /, *, mark_half_ticks: int) -> WhatIf:
    """Say what the engine would do at a mark, were its book empty; the index moves with it.

    Raises Failure where so many would be deleveraged that trying it would hold up the site.
    """
    state, ours = _state_of(market, mark_half_ticks)
    _check_work(state, ours, mark_half_ticks)
    at_ms = now_ms()
    move = ReferenceMove(
        market_id=market.symbol,
        bid_ticks=None,
        ask_ticks=None,
        quoted_at_ms=at_ms,
        index_half_ticks=mark_half_ticks,
        mark_half_ticks=mark_half_ticks,
    )
    decided = decide(state, MoveReferences(at_ms=at_ms, moves=(move,)))
    ours.prices = move
    told = _Told(ours, mark_half_ticks, state)
    for event in decided:
        told.hear(event)
    return told.answer


def _check_work(state: State, market: EngineMarket, mark_half_ticks: int, /) -> None:
    """Refuse what might pass over all winners for too many bankrupt positions."""
    values = [
        (one.collateral_micro + value - one.cost_micro, abs(value))
        for name, one in market.positions.items()
        if name != BACKSTOP and (value := one.size_lots * mark_half_ticks * market.unit_micro)
    ]
    below = [pair for pair in values if pair[0] < maintenance_ceil_micro(pair[1])]
    deficits = [equity for equity, _ in below if equity < 0]
    held, behind = exposure(state)
    is_borne = (
        -sum(deficits) <= market.fund_micro + state.global_fund_micro
        and sum(notional for _, notional in below) <= MOST_LEVERAGE * behind - held
    )
    if not is_borne and len(deficits) * len(values) > MOST_RANKED:
        raise Failure(
            Code.VALIDATION_ERROR,
            f"At this mark {len(deficits):,} positions would be below zero, and funds and backstop"
            " could not bear them: more than can be tried at once. Try a mark nearer to now's.",
        )


class _Told:
    """Gathers events into what staff reads."""

    def __init__(self, market: EngineMarket, mark_half_ticks: int, state: State) -> None:
        self._market = market
        self._closed: dict[str, Closed] = {}
        self.answer = WhatIf(
            mark_half_ticks=mark_half_ticks,
            fund_micro=market.fund_micro,
            global_fund_micro=state.global_fund_micro,
        )

    def hear(self, event: ev.Event) -> None:
        """Note what an event says."""
        if isinstance(event, ev.LiquidationStarted):
            self._begin(event)
        elif isinstance(event, ev.Filled):
            self._filled(event)
        elif isinstance(event, ev.BackstopFunded):
            self.answer.topped_up_micro += event.amount_micro
        elif isinstance(event, ev.InsurancePaid) and event.account_id in self._closed:
            one = self._closed[event.account_id]
            one.insurance_micro += event.insurance_micro
            one.global_insurance_micro += event.global_insurance_micro
        elif isinstance(event, ev.VenueDebtBooked) and event.account_id in self._closed:
            self._closed[event.account_id].debt_micro += event.amount_micro
        elif isinstance(event, ev.LiquidationPended) and event.account_id in self._closed:
            self._closed[event.account_id].is_pending = event.pending

    def _begin(self, event: ev.LiquidationStarted) -> None:
        self._closed[event.account_id] = one = self._casualty(event.account_id)
        self.answer.closed.append(one)

    def _casualty(self, name: str) -> Closed:
        position = self._market.positions[name]
        now = health(self._market, position)
        is_desperate = 2 * now.equity < now.maintenance
        return Closed(
            account_id=account_id_of(name),
            size_lots=position.size_lots,
            equity_micro=now.equity,
            maintenance_micro=now.maintenance,
            offered_lots=0 if is_desperate else lots_to_close(self._market, position, now.fee_ppb),
            bound_half_ticks=max(1, bound_half_ticks(self._market, position)),
        )

    def _filled(self, event: ev.Filled) -> None:
        name = event.taker.account_id
        if name not in self._closed:
            # It waited for its liquidation already, so that none begins.
            self._closed[name] = self._casualty(name)
            self.answer.closed.append(self._closed[name])
        one = self._closed[name]
        one.fee_micro += event.taker.fee_micro
        if event.kind is TradeKind.BACKSTOP:
            one.backstop_lots += event.quantity_lots
            self.answer.backstop_value_micro += event.notional_micro
        elif event.kind is TradeKind.DELEVERAGE:
            one.deleveraged_lots += event.quantity_lots
            winner = account_id_of(event.maker.account_id)
            lots = self.answer.winners.get(winner, 0) + event.quantity_lots
            self.answer.winners[winner] = lots


def _state_of(market: Market, mark_half_ticks: int, /) -> tuple[State, EngineMarket]:
    """Make the engine's state of a market's positions, the funds, and the backstop everywhere."""
    state = State()
    venue = VenueFunds.objects.filter(pk=1).first()
    state.global_fund_micro = venue.global_insurance_micro if venue else 0
    cash = Balance.objects.filter(account_id=BACKSTOP_ACCOUNT_ID).first()
    put(state, state.accounts, BACKSTOP, Account(cash_micro=cash.cash_micro if cash else 0))
    held = PositionRow.objects.filter(account_id=BACKSTOP_ACCOUNT_ID).exclude(size_lots=0)
    others = Market.objects.filter(pk__in=held.values("market_id")).exclude(pk=market.pk)
    marks = marks_of([other.pk for other in others])
    for other in others:
        _add_market(state, other, held.filter(market=other), mark=marks.get(other.pk))
    standing = PositionRow.objects.filter(market=market).exclude(size_lots=0)
    mark = marks_of([market.pk]).get(market.pk, mark_half_ticks)
    return state, _add_market(state, market, standing, mark=mark)


def _add_market(state: State, market: Market, rows: object, /, *, mark: int | None) -> EngineMarket:
    """Add a market with these positions; one that stands still is looked at as if it were open."""
    funds = MarketFunds.objects.filter(market=market).first()
    ours = EngineMarket(
        spec=market_spec(market),
        state=EngineState.ACTIVE if market.state in STANDING_STILL else EngineState(market.state),
        fund_micro=funds.insurance_micro if funds else 0,
    )
    ours.debt_micro = funds.debt_micro if funds else 0
    ours.prices = ReferenceMove(
        market_id=market.symbol,
        bid_ticks=None,
        ask_ticks=None,
        quoted_at_ms=0,
        index_half_ticks=mark,
        mark_half_ticks=mark,
    )
    state.markets[market.symbol] = ours
    columns = (
        "account_id",
        "leverage",
        "size_lots",
        "cost_micro",
        "collateral_micro",
        "liquidation_half_ticks",
        "is_pending",
    )
    for account_id, leverage, size, cost, collateral, trigger, pending in rows.values_list(  # type: ignore[attr-defined]  # a query set
        *columns
    ).iterator():
        name = account_name(account_id)
        position = Position(
            leverage=leverage,
            size_lots=size,
            cost_micro=cost,
            collateral_micro=collateral,
            liquidation_half_ticks=trigger,
            is_pending=pending,
        )
        replace_position(state, ours, name, None, position)
        if pending:
            ours.pending[name] = True
    return ours
