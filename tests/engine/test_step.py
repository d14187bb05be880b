from engine import commands as c
from engine.exchange import apply
from engine.state import State
from engine.step import order_step
from engine.vocabulary import OrderType, Side

SPEC = c.MarketSpec(market_id="BTC", tick_size="0.1", lot_size="1", tick_lot_micro=100_000)
PRICES = c.MoveReferences(
    at_ms=1,
    moves=(
        c.ReferenceMove(
            market_id="BTC",
            bid_ticks=999,
            ask_ticks=1_001,
            quoted_at_ms=1,
            index_half_ticks=2_000,
            mark_half_ticks=2_000,
        ),
    ),
)


def submit(order_id: str, account_id: str = "alice") -> c.SubmitOrder:
    return c.SubmitOrder(
        at_ms=1,
        order_id=order_id,
        account_id=account_id,
        market_id="BTC",
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        quantity_lots=5,
        limit_ticks=900,
    )


def cancel(order_id: str, account_id: str = "alice") -> c.CancelOrder:
    return c.CancelOrder(at_ms=1, order_id=order_id, account_id=account_id)


def margin(amount_micro: int, account_id: str) -> c.MoveMargin:
    return c.MoveMargin(
        at_ms=1,
        transfer_id="t",
        account_id=account_id,
        market_id="BTC",
        amount_micro=amount_micro,
    )


def resting() -> State:
    state = State()
    apply(state, c.ListMarket(at_ms=1, spec=SPEC))
    apply(state, c.CreditDeposit(at_ms=1, deposit_id="d", account_id="alice", amount_micro=10**10))
    apply(state, PRICES)
    apply(state, submit("1"))
    return state


def test_what_is_due_comes_first_then_who_leaves_then_prices_then_the_rest() -> None:
    new, out, time = submit("2", "bob"), cancel("1"), c.ExpireDue(at_ms=1)
    assert order_step(resting(), [new, PRICES, out, time]) == [time, out, PRICES, new]


def test_a_command_never_passes_an_earlier_one_of_its_own_account() -> None:
    new, out, other = submit("2"), cancel("2"), cancel("1", "bob")
    assert order_step(resting(), [new, out, PRICES, other]) == [other, PRICES, new, out]


def test_only_a_pure_reduction_leaves_and_only_added_margin() -> None:
    state = resting()

    def amend(account: str, quantity: int | None, limit: int | None = None) -> c.AmendOrder:
        return c.AmendOrder(
            at_ms=1,
            order_id="1" if account == "alice" else "none",
            account_id=account,
            quantity_lots=quantity,
            limit_ticks=limit,
        )

    down = amend("alice", 3)
    assert order_step(state, [PRICES, down]) == [down, PRICES]
    for other in (amend("alice", 9), amend("alice", 3, 901), amend("bob", 3)):
        assert order_step(state, [other, PRICES]) == [PRICES, other]
    more, less = margin(5, "carol"), margin(-5, "dave")
    assert order_step(state, [less, PRICES, more]) == [more, PRICES, less]
