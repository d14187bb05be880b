"""The book's lines and the heaps of what is due, against obvious ones."""

from random import Random

import msgspec

from engine.commands import MarketSpec, SubmitOrder
from engine.due import Due
from engine.identity import fresh_order_id
from engine.lines import Line
from engine.orders import open_order
from engine.state import Market, Position, Seen, State, lift_key, replace_position
from engine.vocabulary import STATUS_MOVES, MarketState, OrderStatus, OrderType, Side


def test_a_line_answers_like_a_sorted_list() -> None:
    random = Random(5)  # noqa: S311 -- a seeded world, no secret
    line, plain = Line(), list[int]()
    for number in range(1, 4_000):
        if random.random() < 0.5 and plain:
            gone = random.choice(plain[:5] + plain[-5:])
            plain.remove(gone)
            line.leave(gone)
            if random.random() < 0.3:
                plain.append(gone)
                plain.sort()
                line.join(gone)
        else:
            plain.append(number)
            line.join(number)
        if random.random() < 0.05:
            early = random.randint(1, number)
            if early not in plain:
                plain.append(early)
                plain.sort()
                line.join(early)
        at = random.randint(0, number)
        assert line.after(at) == next((each for each in plain if each > at), None)
        assert line.all() == plain
        assert len(line) == len(plain)
    for each in list(plain):
        line.leave(each)
    assert line.after(0) is None


def test_due_gives_the_true_entries_up_to_the_threshold_in_order() -> None:
    random = Random(6)  # noqa: S311 -- a seeded world, no secret
    due, truth = Due(), dict[str, int]()

    def is_true(key: int, name: str) -> bool:
        return truth.get(name) == key

    for _ in range(3_000):
        name = f"n{random.randint(1, 80)}"
        truth[name] = random.randint(0, 1_000)
        due.add(truth[name], name)
        threshold = random.randint(0, 1_000)
        expected = sorted((key, each) for each, key in truth.items() if key <= threshold)
        assert due.due(threshold, is_true) == expected
        due.drop_stale(is_true)


def test_a_position_that_turns_is_found_at_the_same_prices_on_its_other_side() -> None:
    spec = MarketSpec(market_id="BTC", tick_size="1", lot_size="1", tick_lot_micro=2)
    state, market = State(), Market(spec=spec, state=MarketState.ACTIVE, fund_micro=0)
    long = Position(10, 5, 500, 50, liquidation_half_ticks=90, warning_half_ticks=95)
    short = msgspec.structs.replace(long, size_lots=-5)
    replace_position(state, market, "ann", None, long)
    replace_position(state, market, "ann", long, short)
    replace_position(state, market, "ann", short, msgspec.structs.replace(short, is_warned=True))

    def is_true(_key: int, _name: str) -> bool:
        return True

    assert market.liquidations[1].due(90, is_true) == [(90, "ann")]
    assert market.warnings[1].due(95, is_true) == [(95, "ann")]
    # a short is safe again at a mark below its price, whose key is the mark's negative
    assert market.lifts[1].due(-95, is_true) == []
    assert market.lifts[1].due(-94, is_true) == [(-94, "ann")]


def test_an_ended_order_never_moves_again() -> None:
    ended = (
        OrderStatus.FILLED,
        OrderStatus.CANCELED,
        OrderStatus.REJECTED,
        OrderStatus.EXPIRED,
    )
    assert all(STATUS_MOVES[status] == () for status in ended)
    assert set(STATUS_MOVES) == {None, *OrderStatus}


def test_an_order_of_the_engine_gets_an_id_that_was_never_used() -> None:
    state = State()
    assert fresh_order_id(state, "p", 7) == "p:7"
    state.seen["p:7"] = Seen(7, "p:7")
    assert fresh_order_id(state, "p", 7) == "p:7+"


def test_an_open_order_tells_its_status() -> None:
    terms = SubmitOrder(
        at_ms=0,
        order_id="1",
        account_id="a",
        market_id="BTC",
        side=Side.BUY,
        order_type=OrderType.PEG_BID,
        quantity_lots=3,
    )
    order = open_order(terms=terms, sequence=1, quantity_lots=3, canceled_lots=1)
    assert order.status is OrderStatus.OPEN
    assert msgspec.structs.replace(order, filled_lots=1).status is OrderStatus.PARTIALLY_FILLED


def test_a_warning_is_lifted_beyond_its_price_and_at_any_mark_without_one() -> None:
    long = Position(10, 5, warning_half_ticks=200, is_warned=True)
    short = Position(10, -5, warning_half_ticks=200, is_warned=True)
    priceless = Position(10, 5, is_warned=True)
    assert (lift_key(long), lift_key(short)) == (201, -199)
    assert lift_key(priceless) < -(1 << 60)
