"""Small worlds of somebody poor, who must not be told that somebody stands opposite.

Everything about the poor account is drawn near the edge at which a fill is no longer
carried: its cash, its position, the mark off the reference. In one of two worlds somebody
rich rests opposite. What is not here: worlds of many (`ghost`).
"""

from dataclasses import dataclass
from random import Random

import msgspec

from engine import commands as c
from engine.events import Event, Filled
from engine.exchange import apply
from engine.snapshot import restore, snapshot
from engine.state import State
from engine.vocabulary import OrderType, Side, TimeInForce
from tests.engine.laws.public import told

POOR, RICH, MARKET = "poor", "rich", "BTC"
BASE_HALF_TICKS = 20_000


@dataclass(frozen=True)
class Answers:
    """What the poor account was told in either world; and whether it traded in the crowded."""

    alone: list[Event]
    crowded: list[Event]

    @property
    def differ(self) -> bool:
        """Tell whether the answers differ in anything that leaves the venue."""
        return [*map(told, self.alone)] != [*map(told, self.crowded)]

    @property
    def has_traded(self) -> bool:
        """Tell whether the poor account traded where there was somebody to trade with."""
        return any(isinstance(event, Filled) for event in self.crowded)


def answers(seed: int) -> Answers:
    """Draw a world and one order; tell what the order leads to, alone and with company."""
    r = Random(seed)  # noqa: S311 -- a seeded world, no secret
    state = opened(r)
    order = drawn(r, state)
    if seed % 2:
        order = msgspec.structs.replace(order, deposit_wait_ms=500)
    crowded = restore(snapshot(state))
    rest = c.SubmitOrder(
        at_ms=2,
        order_id="r",
        account_id=RICH,
        market_id=MARKET,
        side=Side.SELL if order.side is Side.BUY else Side.BUY,
        order_type=OrderType.LIMIT,
        quantity_lots=r.choice((1, 3, 10, 40)),
        limit_ticks=BASE_HALF_TICKS // 2 + r.choice((-400, -1, 0, 1, 400)),
        post_only=True,
    )
    apply(crowded, rest)
    if r.random() < 0.3:
        far = 2 if order.side is Side.BUY else BASE_HALF_TICKS
        if order.order_type is OrderType.LIMIT and order.time_in_force is TimeInForce.GTC:
            first = msgspec.structs.replace(order, limit_ticks=far)
            amend = c.AmendOrder(
                at_ms=3, order_id="p", account_id=POOR, limit_ticks=order.limit_ticks
            )
            return Answers(*(apply(each, first) + apply(each, amend) for each in (state, crowded)))
    return Answers(*([*apply(each, order), *waited(each, order)] for each in (state, crowded)))


def waited(state: State, order: c.SubmitOrder) -> list[Event]:
    """Let a deposit come for an order that waits for one, and then its time run out."""
    if not order.deposit_wait_ms:
        return []
    amount = 10 ** (4 + order.quantity_lots % 5)
    deposit = c.CreditDeposit(at_ms=4, deposit_id="more", account_id=POOR, amount_micro=amount)
    return [*apply(state, deposit), *apply(state, c.ExpireDue(at_ms=3 + order.deposit_wait_ms))]


def opened(r: Random) -> State:
    """Open a market in which the poor account may hold something and has little left."""
    state = State()
    spec = c.MarketSpec(
        market_id=MARKET,
        tick_size="0.01",
        lot_size="1",
        tick_lot_micro=10_000,
        open_interest_limit_lots=r.choice((10**9, 10**9, 12)),
        stress_gap_ppb=r.choice((0, 20_000_000)),
    )
    fund = r.choice((10**12, 10**12, 0))
    leverage = r.choice((1, 10, 50, 400, 1_000))
    size = r.choice((0, 0, 10, -10))
    margin = abs(size) * 100_000_000 // leverage
    cash = margin * r.choice((1, 1, 2)) + r.choice((0, 9, 60_000, 10**6, 10**7, 10**8, 10**9))
    opening: list[c.Command] = [
        c.ListMarket(at_ms=1, spec=spec, insurance_micro=fund),
        c.CreditDeposit(at_ms=1, deposit_id="d1", account_id=POOR, amount_micro=cash + 10**6),
        c.CreditDeposit(at_ms=1, deposit_id="d2", account_id=RICH, amount_micro=10**13),
        prices(at_ms=1, mark=BASE_HALF_TICKS, width=1),
        c.SetLeverage(at_ms=1, account_id=POOR, market_id=MARKET, leverage=leverage),
    ]
    if size:
        sides = (Side.BUY, Side.SELL) if size > 0 else (Side.SELL, Side.BUY)
        opening += [
            market_order("o1", POOR, sides[0], abs(size), TimeInForce.GTC),
            market_order("o2", RICH, sides[1], abs(size), TimeInForce.IOC),
        ]
    mark = BASE_HALF_TICKS + r.choice((0, 0, 3, 40, 150, 900)) * r.choice((1, -1))
    opening.append(prices(at_ms=2, mark=mark, width=r.choice((1, 8, 200))))
    for command in opening:
        apply(state, command)
    return state


def market_order(
    order_id: str, account_id: str, side: Side, lots: int, how_long: TimeInForce
) -> c.SubmitOrder:
    """Make a limit order at the first mid."""
    return c.SubmitOrder(
        at_ms=1,
        order_id=order_id,
        account_id=account_id,
        market_id=MARKET,
        side=side,
        order_type=OrderType.LIMIT,
        quantity_lots=lots,
        limit_ticks=BASE_HALF_TICKS // 2,
        time_in_force=how_long,
    )


def prices(*, at_ms: int, mark: int, width: int) -> c.MoveReferences:
    """Bring a reference about the base, and a mark that may stand off it."""
    move = c.ReferenceMove(
        market_id=MARKET,
        bid_ticks=BASE_HALF_TICKS // 2 - width,
        ask_ticks=BASE_HALF_TICKS // 2 + width,
        quoted_at_ms=at_ms,
        index_half_ticks=mark,
        mark_half_ticks=mark,
    )
    return c.MoveReferences(at_ms=at_ms, moves=(move,))


def drawn(r: Random, state: State) -> c.SubmitOrder:
    """Draw an order of the poor account, about as large as its cash carries."""
    held = state.markets[MARKET].positions[POOR]
    lots = max(1, state.account(POOR).free_micro * held.leverage // 100_000_000)
    kind = r.choice((OrderType.LIMIT, OrderType.LIMIT, OrderType.MARKET, OrderType.PEG_MID))
    immediate = kind is OrderType.MARKET or r.random() < 0.2
    return c.SubmitOrder(
        at_ms=3,
        order_id="p",
        account_id=POOR,
        market_id=MARKET,
        side=r.choice((Side.BUY, Side.SELL)),
        order_type=kind,
        quantity_lots=max(1, min(10**6, lots + r.choice((0, 0, -1, -2, -5, 9, 10, 11)))),
        limit_ticks=BASE_HALF_TICKS // 2 + r.choice((-300, -2, 0, 2, 300))
        if kind is OrderType.LIMIT
        else None,
        time_in_force=r.choice((TimeInForce.IOC, TimeInForce.FOK))
        if immediate
        else TimeInForce.GTC,
        post_only=not immediate and r.random() < 0.1,
        reduce_only=held.size_lots != 0 and r.random() < 0.3,
    )
