"""Worlds in which somebody is about to place an order, and what the engine does then.

They are the vectors of the terminal's preview: `tests/vectors/preview.json` holds what is found
here, `test_preview_vectors.py` that it still is, and `tests/browser/test_trade_arithmetic.py` that
the browser reckons the same. `python -m tests.engine.previews` writes the file anew.
"""

import copy
import json
from pathlib import Path
from random import Random
from typing import Any

from msgspec.structs import replace

from engine import commands as c
from engine.events import OrderAccepted
from engine.exchange import apply, decide
from engine.margin import BRACKETS, UNBOUNDED
from engine.reservation import reserve_ceil_micro
from engine.state import NO_POSITION, Market, Position, State
from engine.vocabulary import OrderType, Side, TimeInForce

PATH = Path(__file__).parent.parent / "vectors" / "preview.json"
WORLDS = 60
MOST_LOTS = 1_000_000
ME, MAKER, MARKET = "me", "maker", "BTC"
STEPS = (
    ("0.1", "0.0001", 10),
    ("0.01", "0.001", 10),
    ("0.5", "0.1", 50_000),
    ("0.1", "1", 100_000),
)
# Where a quote is far above the index, pegs reserve at it.
SPREADS = ((-3, 3), (-1, 1), (-40, 40), (0, 9), (-2, 2))

Vector = dict[str, Any]


def all_vectors() -> list[Vector]:
    """Return what the engine does in every world, numbers as text."""
    found = (vector_of(Random(seed)) for seed in range(WORLDS))  # noqa: S311 - seeded worlds, no secret
    return [vector for vector in found if vector is not None]


def vector_of(draw: Random) -> Vector | None:
    """Return one world and its answers; None where nothing is left to ask."""
    state, at_ms = opened(draw), 1_000
    market = state.markets[MARKET]
    side = draw.choice((Side.BUY, Side.SELL))
    if draw.random() < 0.6:
        trade(state, at_ms, draw.choice((Side.BUY, Side.SELL)), draw.randint(1, 400), "first")
        move(state, draw, at_ms + 1)
    rest_orders(state, draw, at_ms + 2, side)
    held = market.positions.get(ME, NO_POSITION)
    if held.is_pending:
        return None
    order = question(draw, market, side)
    world = {
        "terms": terms_of(market),
        "prices": prices_of(market),
        "held": held_of(held),
        "free": state.account(ME).free_micro,
        "orders": [asked(one.terms, one.leaves_lots) for one in open_orders(market)],
        "order": asked(order, order.quantity_lots),
    }
    answers = {
        "reserve": reserve_ceil_micro(market, ME, side is Side.BUY, held),
        "max_lots": most_lots(state, order),
        "liquidation": held.liquidation_half_ticks,
        "fill": fill_of(state, side, min(order.quantity_lots, 300)),
    }
    found: Vector = as_text({**world, "expected": answers})
    return found


def opened(draw: Random) -> State:
    """Return a market with prices, and two accounts with money."""
    state = State()
    tick, lot, worth = draw.choice(STEPS)
    spec = c.MarketSpec(
        market_id=MARKET,
        tick_size=tick,
        lot_size=lot,
        tick_lot_micro=worth,
        max_leverage=draw.choice((1_000, 100, 50)),
        position_limit_lots=draw.choice((10**12, 2_000)),
    )
    apply(state, c.ListMarket(at_ms=1, spec=spec, insurance_micro=10**14))
    for account_id, amount in ((ME, draw.randint(10**6, 10**11)), (MAKER, 10**16)):
        deposit = c.CreditDeposit(
            at_ms=1, deposit_id=account_id, account_id=account_id, amount_micro=amount
        )
        apply(state, deposit)
    move(state, draw, 2)
    leverage = draw.choice((1, 3, 10, 20, 50, 100, 333))
    leverage = min(leverage, spec.max_leverage)
    apply(state, c.SetLeverage(at_ms=3, account_id=ME, market_id=MARKET, leverage=leverage))
    return state


def move(state: State, draw: Random, at_ms: int) -> None:
    """Bring prices near 20,000 half ticks."""
    index = 20_000 + draw.randint(-60, 60)
    low, high = draw.choice(SPREADS)
    reference = c.ReferenceMove(
        market_id=MARKET,
        bid_ticks=index // 2 + low,
        ask_ticks=index // 2 + high + draw.choice((1, 1, 120)),
        quoted_at_ms=at_ms,
        index_half_ticks=index,
        mark_half_ticks=index + draw.randint(-50, 50),
    )
    apply(state, c.MoveReferences(at_ms=at_ms, moves=(reference,)))


def trade(state: State, at_ms: int, side: Side, lots: int, name: str) -> None:
    """Let a taker meet a maker who rests at the taker's far quote."""
    other = Side.SELL if side is Side.BUY else Side.BUY
    peg = OrderType.PEG_ASK if side is Side.BUY else OrderType.PEG_BID
    for account_id, way, kind in ((MAKER, other, peg), (ME, side, OrderType.MARKET)):
        is_taker = kind is OrderType.MARKET
        order = c.SubmitOrder(
            at_ms=at_ms,
            order_id=f"{name}-{account_id}",
            account_id=account_id,
            market_id=MARKET,
            side=way,
            order_type=kind,
            quantity_lots=lots,
            time_in_force=TimeInForce.IOC if is_taker else TimeInForce.GTC,
        )
        apply(state, order)
        if is_taker:
            apply(state, c.CancelAll(at_ms=at_ms, account_id=MAKER))


def rest_orders(state: State, draw: Random, at_ms: int, side: Side) -> None:
    """Rest a few orders of one's own that meet nobody."""
    bid = state.markets[MARKET].prices.bid_ticks or 0
    for number in range(draw.randint(0, 4)):
        way = draw.choice((Side.BUY, Side.SELL))
        is_peg = way is side and draw.random() < 0.4
        away = draw.randint(300, 900)
        peg = OrderType.PEG_BID if way is Side.BUY else OrderType.PEG_ASK
        order = c.SubmitOrder(
            at_ms=at_ms,
            order_id=f"rests-{number}",
            account_id=ME,
            market_id=MARKET,
            side=way,
            order_type=peg if is_peg else OrderType.LIMIT,
            quantity_lots=draw.randint(1, 60),
            limit_ticks=None if is_peg else bid + (-away if way is Side.BUY else away),
            post_only=True,
        )
        apply(state, order)


def question(draw: Random, market: Market, side: Side) -> c.SubmitOrder:
    """Return the order that is about to be placed."""
    kinds = (OrderType.LIMIT, OrderType.PEG_MID, OrderType.PEG_BID, OrderType.PEG_ASK)
    kind = draw.choice(kinds)
    limit = (market.prices.bid_ticks or 0) + draw.randint(-30, 30)
    has_limit = kind is OrderType.LIMIT or draw.random() < 0.3
    return c.SubmitOrder(
        at_ms=2_000,
        order_id="question",
        account_id=ME,
        market_id=MARKET,
        side=side,
        order_type=kind,
        quantity_lots=draw.randint(1, 500),
        limit_ticks=limit if has_limit else None,
        post_only=True,
    )


def most_lots(state: State, order: c.SubmitOrder) -> int:
    """Return the most lots of such an order that the engine accepts."""
    low, high = 0, MOST_LOTS + 1
    while high - low > 1:
        middle = (low + high) // 2
        if is_accepted(state, order, middle):
            low = middle
        else:
            high = middle
    return low


def is_accepted(state: State, order: c.SubmitOrder, lots: int) -> bool:
    """Ask the engine."""
    events = decide(state, replace(order, quantity_lots=lots))
    return isinstance(events[0], OrderAccepted)


def fill_of(state: State, side: Side, lots: int) -> Vector | None:
    """Return what a taker's fill of so many lots leads to; None where it is not filled whole."""
    after = copy.deepcopy(state)
    market = after.markets[MARKET]
    before, cash = market.positions.get(ME, NO_POSITION), after.account(ME).cash_micro
    trade(after, 2_001, side, lots, "fills")
    held = market.positions.get(ME, NO_POSITION)
    if abs(held.size_lots - before.size_lots) != lots or held.is_pending:
        return None
    quote = market.prices.ask_ticks if side is Side.BUY else market.prices.bid_ticks
    return {
        "lots": lots,
        "price": 2 * (quote or 0),
        "held": held_of(held),
        "spent": cash - after.account(ME).cash_micro,
        "realized": held.realized_pnl_micro - before.realized_pnl_micro,
        "liquidation": held.liquidation_half_ticks,
    }


def open_orders(market: Market) -> list[Any]:
    """Return one's open orders, the youngest first."""
    own = [order for order in market.orders.values() if order.terms.account_id == ME]
    return sorted(own, key=lambda order: -order.sequence)


def asked(terms: c.SubmitOrder, lots: int) -> Vector:
    """Return an order as the preview knows it."""
    return {
        "isBuy": terms.side is Side.BUY,
        "type": terms.order_type.value,
        "limit": terms.limit_ticks,
        "lots": lots,
        "isReduceOnly": terms.reduce_only,
    }


def held_of(position: Position) -> Vector:
    """Return a position as the preview knows it."""
    return {
        "size": position.size_lots,
        "cost": position.cost_micro,
        "collateral": position.collateral_micro,
        "leverage": position.leverage,
    }


def prices_of(market: Market) -> Vector:
    """Return the prices that the preview knows."""
    prices = market.prices
    return {
        "index": prices.index_half_ticks,
        "mark": prices.mark_half_ticks,
        "bid": prices.bid_ticks,
        "ask": prices.ask_ticks,
    }


def terms_of(market: Market) -> Vector:
    """Return the market's terms that the preview knows."""
    spec = market.spec
    return {
        "unit": market.unit_micro,
        "takerPpb": spec.taker_fee_ppb,
        "maxLeverage": spec.max_leverage,
        "maxLots": MOST_LOTS,
        "positionLots": spec.position_limit_lots,
        "interestLots": spec.open_interest_limit_lots,
        "publishedLots": market.published_lots,
        "brackets": [
            {
                "upTo": UNBOUNDED if row.up_to_micro == UNBOUNDED else row.up_to_micro,
                "maxLeverage": row.max_leverage,
                "maintenancePpb": row.maintenance_ppb,
                "deduction": row.deduction_micro,
            }
            for row in BRACKETS
        ],
    }


def as_text(value: Any) -> Any:
    """Return the same with every number as text: JavaScript's own are not wide enough."""
    if isinstance(value, dict):
        return {name: as_text(one) for name, one in value.items()}
    if isinstance(value, list):
        return [as_text(one) for one in value]
    return str(value) if type(value) is int else value


if __name__ == "__main__":
    lines = ",\n".join(json.dumps(vector) for vector in all_vectors())
    PATH.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
