"""How fast the engine is: one table, ratios to a baseline measured in the same run.

Run: `python bench/engine.py`. The baseline is the plain-limit part of the matcher's stream on
`lightmatchingengine` or `order-matching` from PyPI, whichever is installed.
"""

import gc
import sys
import time
import tracemalloc
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from typing import TYPE_CHECKING

from msgspec.structs import replace

from engine import commands as c
from engine.candidates import candidates
from engine.events import Event, Filled
from engine.exchange import apply, decide, evolve
from engine.liquidation import triggered_accounts
from engine.matching import accepts
from engine.orders import Order, open_order
from engine.state import Market, Position, State, replace_position, with_triggers
from engine.vocabulary import MarketState, OrderType, Side, TimeInForce

if TYPE_CHECKING:
    from engine.book import Book

SPEC = c.MarketSpec(market_id="BTC", tick_size="0.1", lot_size="1", tick_lot_micro=100_000)
MID = 20_000
CANCELS = 0.45
PRICES = 0.01
FRAGILE_MICRO = 50_300_000
"""What a long of 1,000 USDT has inside that is liquidated, and not desperate, 5% lower."""


def reference(at_ms: int, mid: int = MID) -> c.ReferenceMove:
    """Make prices one tick to each side of a mid in half ticks."""
    return c.ReferenceMove(
        market_id="BTC",
        bid_ticks=mid // 2 - 1,
        ask_ticks=mid // 2 + 1,
        quoted_at_ms=at_ms,
        index_half_ticks=mid,
        mark_half_ticks=mid,
    )


def terms(number: int, random: Random) -> c.SubmitOrder:
    """Draw an order: limits near the mid, pegs, some minimum quantities."""
    order_type = random.choice((OrderType.LIMIT,) * 7 + (OrderType.PEG_MID, OrderType.PEG_BID))
    side = random.choice((Side.BUY, Side.SELL))
    away = random.randint(-3, 40)
    ticks = MID // 2 - away if side is Side.BUY else MID // 2 + away
    return c.SubmitOrder(
        at_ms=1,
        order_id=str(number),
        account_id=f"a{random.randint(1, 200)}",
        market_id="BTC",
        side=side,
        order_type=order_type,
        quantity_lots=random.randint(1, 10),
        limit_ticks=ticks if order_type is OrderType.LIMIT else None,
        min_quantity_lots=random.choice((0, 0, 0, 0, 1)),
    )


class Matcher:
    """The book and its walk alone: no accounts, no money, no events."""

    def __init__(self) -> None:
        self.market = Market(spec=SPEC, state=MarketState.ACTIVE, fund_micro=0)
        self.market.prices = reference(1)
        self.market.book.move_reference(bid_ticks=MID // 2 - 1, ask_ticks=MID // 2 + 1)

    def add(self, order: Order) -> None:
        """Take what the order may, then let it rest."""
        market, book = self.market, self.market.book
        left = order.leaves_lots
        own, other = (book.buys, book.sells) if order.is_buy else (book.sells, book.buys)
        for sequence, _ in candidates(market, order):
            maker = market.orders[sequence]
            quantity = min(left, maker.leaves_lots)
            if not accepts(maker, quantity):
                continue
            left -= quantity
            if quantity == maker.leaves_lots:
                other.remove(maker)
                del market.orders[sequence]
            else:
                market.orders[sequence] = shrunk(maker, maker.leaves_lots - quantity)
            if not left:
                return
        rested = order if left == order.leaves_lots else shrunk(order, left)
        market.orders[order.sequence] = rested
        own.add(rested)

    def cancel(self, sequence: int) -> None:
        """Take an order out, if it still rests."""
        order = self.market.orders.pop(sequence, None)
        if order is not None:
            (self.market.book.buys if order.is_buy else self.market.book.sells).remove(order)


def shrunk(order: Order, leaves: int) -> Order:
    """Return the order with fewer leaves."""
    return Order(
        order.terms,
        order.sequence,
        order.is_buy,
        order.peg_points,
        order.key_half_ticks,
        order.limit_ticks,
        order.quantity_lots,
        leaves,
        order.filled_lots,
        0,
        0,
        0,
        order.is_resting,
    )


def timed(work: Callable[[], object]) -> float:
    """Return the processor seconds that some work takes, the collector out of the way."""
    gc.collect()
    gc.disable()
    start = time.process_time()
    work()
    spent = time.process_time() - start
    gc.enable()
    return spent


def bench_matcher(count: int) -> float:
    """Return operations per second of the matcher alone, 45% cancels."""
    random = Random(7)
    operations: list[Order | int] = []
    for number in range(1, count + 1):
        if random.random() < CANCELS:
            operations.append(max(1, number - random.randint(1, 2_000)))
        else:
            drawn = terms(number, random)
            operations.append(
                open_order(
                    terms=drawn,
                    sequence=number,
                    quantity_lots=drawn.quantity_lots,
                    canceled_lots=0,
                )
            )
    matcher = Matcher()

    def work() -> None:
        add, cancel = matcher.add, matcher.cancel
        for operation in operations:
            if type(operation) is int:
                cancel(operation)
            elif type(operation) is Order:
                add(operation)

    return count / timed(work)


def opened(accounts: int = 200) -> State:
    """Make a state with funded accounts and fresh prices."""
    state = State()
    apply(state, c.ListMarket(at_ms=1, spec=SPEC, insurance_micro=10**15))
    for number in range(1, accounts + 1):
        name = f"a{number}"
        apply(
            state,
            c.CreditDeposit(at_ms=1, deposit_id=name, account_id=name, amount_micro=10**13),
        )
    apply(state, c.MoveReferences(at_ms=1, moves=(reference(1),)))
    return state


def stream(count: int) -> list[c.Command]:
    """Draw the mixed stream with risk: 45% cancels, a price now and then."""
    random = Random(11)
    found: list[c.Command] = []
    owners: dict[int, str] = {}
    for number in range(1, count + 1):
        drawn = random.random()
        if drawn < CANCELS and owners:
            victim = max(1, number - random.randint(1, 400))
            found.append(
                c.CancelOrder(
                    at_ms=1, order_id=str(victim), account_id=owners.get(victim, "nobody")
                )
            )
        elif drawn < CANCELS + PRICES:
            mid = MID + 2 * random.randint(-2, 2)
            found.append(c.MoveReferences(at_ms=1, moves=(reference(1, mid),)))
        else:
            order = terms(number, random)
            owners[number] = order.account_id
            found.append(order)
    return found


def bench_commands(count: int, *, once: bool) -> float:
    """Return commands per second with all risk: decide + evolve, or apply."""
    state = opened()
    commands = stream(count)

    def both() -> None:
        for command in commands:
            for event in decide(state, command):
                evolve(state, event)

    def applied() -> None:
        for command in commands:
            apply(state, command)

    return count / timed(applied if once else both)


def with_positions(count: int) -> State:
    """Make a state with this many open positions, longs at spread liquidation prices."""
    state = opened(accounts=1)
    market = state.markets["BTC"]
    for number in range(count):
        long = number % 2 == 0
        cost = MID * SPEC.tick_lot_micro // 2 * (1 if long else -1)
        collateral = abs(cost) // 10 + number * 1_000
        position = Position(10, 1 if long else -1, cost, collateral)
        placed = with_triggers(position, market.unit_micro)
        replace_position(state, market, f"p{number}", None, placed)
    return state


def bench_marks(count: int) -> tuple[float, float, int]:
    """Return seconds for a tick without a trigger, per triggered look-up, and how many."""
    state = with_positions(count)
    market = state.markets["BTC"]
    apply(state, c.MoveReferences(at_ms=1, moves=(reference(1),)))
    calm = timed(
        lambda: [
            apply(state, c.MoveReferences(at_ms=1, moves=(reference(1, MID + 2 * (i % 2)),)))
            for i in range(100)
        ]
    )
    market.prices = reference(1, 17_900)
    found: list[str] = []
    look = timed(lambda: found.extend(triggered_accounts(market)))
    return calm / 100, look / max(1, len(found)), len(found)


def bench_liquidations(count: int, fragile: int) -> float:
    """Return seconds for a tick over many positions that liquidates some of them.

    The whole of it: warnings, the waterfall of each, and the backstop, which takes them over.
    """
    state = with_positions(count)
    market = state.markets["BTC"]
    amount = 10**15
    apply(state, c.ContributeInsurance(at_ms=1, contribution_id="c", amount_micro=amount))
    apply(state, c.FundBackstop(at_ms=1, transfer_id="t", amount_micro=amount))
    apply(state, c.MoveReferences(at_ms=1, moves=(reference(1),)))
    for number in range(0, 2 * fragile, 2):
        held = market.positions[f"p{number}"]
        thin = replace(held, collateral_micro=FRAGILE_MICRO)
        replace_position(state, market, f"p{number}", held, with_triggers(thin, market.unit_micro))
    done: list[Event] = []
    move = c.MoveReferences(at_ms=1, moves=(reference(1, MID - MID // 20),))
    spent = timed(lambda: done.extend(apply(state, move)))
    taken = sum(isinstance(event, Filled) for event in done)
    if taken != fragile:
        raise SystemExit(f"{taken} of {fragile} were liquidated")
    return spent


def bench_pegs(count: int) -> float:
    """Return seconds for a one-tick move of the reference over resting pegs."""
    state = State()
    apply(state, c.ListMarket(at_ms=1, spec=SPEC, insurance_micro=10**15))
    market = state.markets["BTC"]
    book: Book = market.book
    for number in range(1, count + 1):
        side = Side.BUY if number % 2 else Side.SELL
        drawn = c.SubmitOrder(
            at_ms=1,
            order_id=str(number),
            account_id="a",
            market_id="BTC",
            side=side,
            order_type=OrderType.PEG_BID if number % 2 else OrderType.PEG_ASK,
            quantity_lots=1,
            time_in_force=TimeInForce.GTC,
        )
        order = open_order(terms=drawn, sequence=number, quantity_lots=1, canceled_lots=0)
        market.orders[number] = order
        book.side(is_buy=order.is_buy).add(order)
    apply(state, c.MoveReferences(at_ms=1, moves=(reference(1),)))
    moves = [
        c.MoveReferences(at_ms=1, moves=(reference(1, MID + 2 * (i % 2)),)) for i in range(100)
    ]
    return timed(lambda: [apply(state, move) for move in moves]) / 100


def bench_memory() -> tuple[float, float]:
    """Return bytes per resting order and per position."""
    count = 20_000
    random = Random(3)
    drawn = [terms(number, random) for number in range(1, count + 1)]
    matcher = Matcher()
    tracemalloc.start()
    for number, each in enumerate(drawn, start=1):
        order = open_order(
            terms=each, sequence=number, quantity_lots=each.quantity_lots, canceled_lots=0
        )
        matcher.market.orders[number] = order
        matcher.market.book.side(is_buy=order.is_buy).add(order)
    per_order = tracemalloc.get_traced_memory()[0] / count
    tracemalloc.stop()
    tracemalloc.start()
    state = with_positions(count)
    per_position = tracemalloc.get_traced_memory()[0] / count
    tracemalloc.stop()
    del state
    return per_order, per_position


def baseline(count: int) -> tuple[str, float] | None:
    """Return the name and operations per second of a matcher that anyone can install."""
    try:
        module = import_module("lightmatchingengine.lightmatchingengine")
    except ImportError:
        return None
    random = Random(7)
    theirs = module.LightMatchingEngine()
    plain = [
        each for each in (terms(n, random) for n in range(count)) if each.limit_ticks is not None
    ]

    def work() -> None:
        for each in plain:
            side = module.Side.BUY if each.side is Side.BUY else module.Side.SELL
            theirs.add_order("BTC", each.limit_ticks, each.quantity_lots, side)

    return "lightmatchingengine", len(plain) / timed(work)


def row(name: str, figure: str, aim: str, ratio: str = "") -> None:
    """Print one line of the table."""
    print(f"{name:<46} {figure:>18} {aim:>18} {ratio:>10}")


def main() -> None:
    """Run every bench and print the table."""
    row("what", "measured", "aim", "ratio")
    theirs = baseline(20_000)
    matcher = max(bench_matcher(200_000) for _ in range(2))
    ratio = f"{matcher / theirs[1]:.1f}x" if theirs else ""
    row("matcher alone, operations/s", f"{matcher:,.0f}", ">= 150,000", ratio)
    if theirs:
        row(f"baseline {theirs[0]}, plain limits/s", f"{theirs[1]:,.0f}", "", "1.0x")
    else:
        row("baseline", "not installed", "pip install lightmatchingengine")
    both = max(bench_commands(30_000, once=False) for _ in range(4))
    row("decide + evolve with risk, commands/s", f"{both:,.0f}", ">= 25,000", "1.0x")
    once = max(bench_commands(30_000, once=True) for _ in range(4))
    row("apply with risk, commands/s", f"{once:,.0f}", "", f"{once / both:.1f}x")
    calm, each, found = bench_marks(100_000)
    row("mark tick, 100,000 positions, no trigger", f"{calm * 1e3:.3f} ms", "< 1 ms")
    row(f"finding {found:,} triggered, each", f"{each * 1e6:.1f} us", "in proportion")
    base = 0.0
    for fragile in (1, 10, 100, 1_000):
        spent = bench_liquidations(100_000, fragile)
        base = base or spent
        name = f"a mark tick that liquidates {fragile:,} of them"
        row(name, f"{spent * 1e3:.2f} ms", "in proportion", f"{spent / base:.0f}x")
    row("10,000 pegs, reference moves a tick", f"{bench_pegs(10_000) * 1e3:.3f} ms", "< 1 ms")
    per_order, per_position = bench_memory()
    row("memory per resting order", f"{per_order:,.0f} bytes", "")
    row("memory per position", f"{per_position:,.0f} bytes", "")


if __name__ == "__main__":
    main()
