from hypothesis import given
from hypothesis import strategies as st

from engine import commands as c
from engine.exchange import apply
from engine.state import State
from engine.step import order_step
from engine.vocabulary import OrderType, Side
from tests.engine.laws.stream import Stream

NAMES = ("ann", "ben", "cid")


def command(kind: int, name: str, number: int) -> c.Command:
    """Make a command of a kind; its moment is its arrival."""
    if kind == 0:
        return c.CancelOrder(at_ms=number, order_id="o", account_id=name)
    if kind == 1:
        return c.SubmitOrder(
            at_ms=number,
            order_id=f"s{number}",
            account_id=name,
            market_id="BTC",
            side=Side.BUY,
            order_type=OrderType.LIMIT,
            quantity_lots=1,
            limit_ticks=10_000,
        )
    if kind == 2:
        return c.MoveReferences(at_ms=number, moves=())
    if kind == 3:
        return c.ExpireDue(at_ms=number)
    amount = 5 if kind == 4 else -5
    return c.MoveMargin(
        at_ms=number,
        transfer_id=f"m{number}",
        account_id=name,
        market_id="BTC",
        amount_micro=amount,
    )


def rank(each: c.Command) -> int:
    """Say by the rules alone what comes first: what is due, leaving, prices, the rest."""
    if isinstance(each, c.ExpireDue):
        return 0
    if isinstance(each, c.CancelOrder):
        return 1
    if isinstance(each, c.MoveMargin) and each.amount_micro > 0:
        return 1
    return 2 if isinstance(each, c.MoveReferences) else 3


drawn = st.lists(st.tuples(st.integers(0, 5), st.sampled_from(NAMES)), max_size=12)


@given(drawn)
def test_no_command_passes_an_earlier_one_of_its_own_account(kinds: list[tuple[int, str]]) -> None:
    arrived = [command(kind, name, number) for number, (kind, name) in enumerate(kinds)]
    ordered = order_step(State(), list(arrived))
    assert sorted(ordered, key=lambda each: each.at_ms) == arrived
    for name in NAMES:
        own = [each.at_ms for each in ordered if getattr(each, "account_id", None) == name]
        assert own == sorted(own)


@given(drawn)
def test_cancels_come_before_prices_and_prices_before_orders(kinds: list[tuple[int, str]]) -> None:
    arrived = [command(kind, name, number) for number, (kind, name) in enumerate(kinds)]
    ordered = order_step(State(), list(arrived))
    place = {each.at_ms: at for at, each in enumerate(ordered)}
    for each in arrived:
        name = getattr(each, "account_id", None)
        held_back = name is not None and any(
            rank(other) > rank(each)
            for other in arrived[: each.at_ms]
            if getattr(other, "account_id", None) == name
        )
        for other in arrived:
            if rank(each) < rank(other) and not held_back:
                assert place[each.at_ms] < place[other.at_ms]


def test_a_maker_leaves_before_the_price_that_would_have_hit_it() -> None:
    state = State()
    stream = Stream(seed=1)
    for each in stream.opening():
        apply(state, each)
    move = c.MoveReferences(at_ms=stream.at_ms, moves=())
    leave = c.CancelOrder(at_ms=stream.at_ms, order_id="o1", account_id="ann")
    assert order_step(state, [move, leave]) == [leave, move]
