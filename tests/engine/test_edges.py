"""The formulas at the edges of their brackets, clamps and limits, worked by hand."""

import pytest
from msgspec.structs import replace

from engine.backstop import room_lots, top_up
from engine.commands import (
    ContributeInsurance,
    FundBackstop,
    ListMarket,
    MarketSpec,
    MoveReferences,
    ReferenceMove,
    SubmitOrder,
)
from engine.decision import Decision, Refusal
from engine.exchange import apply
from engine.funding import hourly_rate_ppb, payment_floor_micro
from engine.health import Health
from engine.legs import Draft, check_reach
from engine.limits import broken_limit
from engine.margin import (
    LIQUIDATION,
    initial_ceil_micro,
    maintenance_ceil_micro,
    trigger_half_ticks,
)
from engine.orders import Order, open_order
from engine.reasons import Reason
from engine.state import BACKSTOP, Account, Market, Position, State
from engine.vocabulary import OrderType, Side

USDT = 1_000_000
UNIT = 50_000  # a half tick is 0.05, a lot is 1


def a_state(*, fund: int = 10**12) -> tuple[State, Market]:
    """Return a market at 100: 2,000 half ticks, a lot is worth 100 USDT."""
    state = State()
    spec = MarketSpec(market_id="BTC", tick_size="0.1", lot_size="1", tick_lot_micro=2 * UNIT)
    apply(state, ListMarket(at_ms=1, spec=spec, insurance_micro=fund))
    move = ReferenceMove(
        market_id="BTC",
        bid_ticks=999,
        ask_ticks=1_001,
        quoted_at_ms=1,
        index_half_ticks=2_000,
        mark_half_ticks=2_000,
    )
    apply(state, MoveReferences(at_ms=1, moves=(move,)))
    return state, state.markets["BTC"]


@pytest.mark.parametrize(
    ("border", "leverage", "initial", "maintenance", "fee_ppb"),
    [
        # the fee rate is MM / 2N: 2.5 / 10,000; 17.5 / 40,000; 167.5 / 100,000; 667.5 / 200,000
        (5_000, 1_000, 5, 2.5, 250_000),
        (20_000, 500, 40, 17.5, 437_500),
        (50_000, 100, 500, 167.5, 1_675_000),
        (100_000, 50, 2_000, 667.5, 3_337_500),
        # 1% of 122,166.67 is what 2.5% less 1,832.5 is there: from there on the fee is capped
        (122_150, 20, 6_107.5, 1_221.25, 4_998_976),
        (122_170, 20, 6_108.5, 1_221.75, 5_000_000),
        (1_000_000, 20, 50_000, 23_167.5, 5_000_000),
    ],
)
def test_margins_and_the_liquidation_fee_at_each_border(
    border: int, leverage: int, initial: float, maintenance: float, fee_ppb: int
) -> None:
    notional = border * USDT
    assert initial_ceil_micro(notional, leverage) == initial * USDT
    assert maintenance_ceil_micro(notional) == maintenance * USDT
    assert Health(notional, 0, maintenance_ceil_micro(notional)).fee_ppb == fee_ppb


@pytest.mark.parametrize(
    ("border", "maintenance_micro"),
    [
        (5_000, 2_500_000),
        (20_000, 17_500_000),
        (50_000, 167_500_000),
        (100_000, 667_500_000),
    ],
)
def test_the_liquidation_price_at_each_border(border: int, maintenance_micro: int) -> None:
    # one lot of 1 USDT a half tick: at a price of the border equity is exactly the maintenance,
    # which is not below it; the next half tick, 1 USDT worse, is. A micro-USDT less inside, and
    # the border itself triggers.
    inside = 100 * USDT + maintenance_micro
    long = (1, (border + 100) * USDT)
    short = (-1, -(border - 100) * USDT)
    assert trigger_half_ticks(*long, inside, USDT, LIQUIDATION) == border - 1
    assert trigger_half_ticks(*long, inside - 1, USDT, LIQUIDATION) == border
    assert trigger_half_ticks(*short, inside, USDT, LIQUIDATION) == border + 1
    assert trigger_half_ticks(*short, inside - 1, USDT, LIQUIDATION) == border


@pytest.mark.parametrize(
    ("premium", "rate"),
    [
        # 0.01% - P reaches +-0.05% at P = -0.04% and at P = 0.06%; between, the rate is 0.01% / 8
        (-400_000, 12_500),
        (-400_008, 12_499),  # -0.0400008% + 0.05% = 0.0099992%
        (600_000, 12_500),
        (600_008, 12_501),
        # (P - 0.05%) / 8 reaches 0.05% at P = 0.45%, (P + 0.05%) / 8 reaches -0.05% at -0.45%
        (4_499_992, 499_999),
        (4_500_000, 500_000),
        (4_500_008, 500_000),
        (-4_499_992, -499_999),
        (-4_500_000, -500_000),
        (-4_500_008, -500_000),
    ],
)
def test_the_hourly_rate_at_its_clamps(premium: int, rate: int) -> None:
    assert hourly_rate_ppb(premium) == rate


@pytest.mark.parametrize(
    ("lots", "rate_ppb", "receives"),
    [
        # 10 lots at 100 are 1,000: 0.00125% of it is 0.0125
        (10, 12_500, -12_500),
        (-10, 12_500, 12_500),
        (10, -12_500, 12_500),
        (-10, -12_500, -12_500),
        (10, 500_000, -500_000),  # the cap, 0.05%
        (-10, -500_000, -500_000),
        (0, 500_000, 0),
        # 1 lot at a rate of 1 ppb is 0.1 of a micro-USDT: a debit of one, a credit of none
        (1, 1, -1),
        (-1, 1, 0),
    ],
)
def test_a_payment_of_funding(lots: int, rate_ppb: int, receives: int) -> None:
    assert payment_floor_micro(lots, UNIT, 2_000 * rate_ppb) == receives


def an_order() -> Order:
    terms = SubmitOrder(
        at_ms=0,
        order_id="1",
        account_id="alice",
        market_id="BTC",
        side=Side.BUY,
        order_type=OrderType.PEG_MID,
        quantity_lots=9,
    )
    return open_order(terms=terms, sequence=1, quantity_lots=9, canceled_lots=0)


@pytest.mark.parametrize(
    ("position", "lots", "price", "posted"),
    [
        # 5 at 100, 10x: a tenth of 500
        (Position(), 5, 100, 50),
        # at 101 a tenth of 505 is 50.5, but equity at the mark must be 50, and 5 are lost at once
        (Position(), 5, 101, 55),
        # at 99 five are won at once: a tenth of 495 would do, 45 of equity would be enough
        (Position(), 5, 99, 49.5),
        # a sell has it the other way round
        (Position(), -5, 101, 50.5),
        (Position(), -5, 99, 55),
        # 10 lots need 100: what is inside beyond its own 50 does not lower what the fill posts
        (Position(10, 5, 500 * USDT, 100 * USDT), 5, 100, 50),
        # what lacks is posted with it
        (Position(10, 5, 500 * USDT, 30 * USDT), 5, 100, 70),
        (Position(10, 5, 520 * USDT, 50 * USDT), 5, 100, 70),
        # exactly at its initial margin it needs no more than the fill's
        (Position(10, 5, 500 * USDT, 50 * USDT), 5, 100, 50),
    ],
)
def test_what_a_raising_fill_posts(
    position: Position, lots: int, price: int, posted: float
) -> None:
    _, market = a_state()
    draft = Draft(position, 2_000)
    notional = abs(lots) * price * USDT
    assert draft.increase(market=market, order=an_order(), lots=lots, notional_micro=notional) == (
        posted * USDT
    )


def test_the_margin_of_an_order_is_rounded_up_in_total() -> None:
    # at 3x 100 micro-USDT ask for 33.33 and 200 for 66.67: 34 first, 33 more then
    _, market = a_state()
    rich = Position(3, 1, 100 * USDT, 100 * USDT)
    first, second = an_order(), replace(an_order(), opened_micro=100)
    for order, posted in ((first, 34), (second, 33)):
        draft = Draft(rich, 2_000)
        assert draft.increase(market=market, order=order, lots=1, notional_micro=100) == posted


@pytest.mark.parametrize(
    ("inside", "price", "is_refused"),
    [
        # long 2 for 200, one is sold at the mark: half of what is inside stays beside a
        # maintenance of 0.05. Exactly that is enough; less, at the same ratio as before, is not
        (100_000, 100, False),
        (99_998, 100, True),
        (0, 100, True),
        # below maintenance before and after: two thirds of it, sold higher the gain goes to cash
        # and the ratio stays; sold lower the loss comes out of the rest
        (66_666, 101, True),
        (66_666, 99, True),
    ],
)
def test_what_a_decrease_must_leave(*, inside: int, price: int, is_refused: bool) -> None:
    draft = Draft(Position(10, 2, 200 * USDT, inside), 2_000)
    draft.reduce(lots=-1, notional_micro=price * USDT, fee_micro=0)
    assert refuses(draft) is is_refused


def test_a_decrease_from_below_zero_may_end_at_zero() -> None:
    # at 95 two lots have lost 10 of 9.999999; of that the one sold takes 4.999999, rounded down
    draft = Draft(Position(10, 2, 200 * USDT, 9_999_999), 1_900)
    draft.reduce(lots=-1, notional_micro=96 * USDT, fee_micro=0)
    assert not refuses(draft)
    assert (draft.collateral_micro, draft.cash_micro) == (-4_999_999, 999_999)
    assert draft.opened_micro == 0


def test_a_position_is_worth_no_more_than_sums_of_it_can_carry() -> None:
    # 2^61 micro-USDT at the highest price: 2^50 lots at 2^11 half ticks of one micro-USDT
    _, market = a_state()
    market.spec = replace(market.spec, tick_lot_micro=2, position_limit_lots=2**51)
    market.prices = replace(market.prices, mark_half_ticks=2**11)
    market.unit_micro = 1
    check_reach(market=market, lots=2**50, notional_micro=1, of=Position(1))
    with pytest.raises(Refusal):
        check_reach(market=market, lots=2**50 + 1, notional_micro=1, of=Position(1))


@pytest.mark.parametrize(("missing", "topped_up"), [(0, []), (1, [1]), (2, [2]), (5, [4])])
def test_the_backstop_is_filled_up_to_zero_as_far_as_the_fund_reaches(
    missing: int, topped_up: list[int]
) -> None:
    state, market = a_state()
    apply(state, ContributeInsurance(at_ms=1, contribution_id="c", amount_micro=4))
    state.accounts[BACKSTOP] = Account(cash_micro=-missing)
    decision = Decision(state=state, at_ms=1)
    top_up(decision, market)
    assert [event.amount_micro for event in decision.events] == topped_up  # type: ignore[attr-defined] # of one kind


@pytest.mark.parametrize(("price_micro", "is_refused"), [(90 * USDT, False), (90 * USDT - 1, True)])
def test_closing_all_may_use_up_what_is_inside_and_no_more(
    *, price_micro: int, is_refused: bool
) -> None:
    draft = Draft(Position(10, 1, 100 * USDT, 10 * USDT), 2_000)
    draft.reduce(lots=-1, notional_micro=price_micro, fee_micro=0)
    assert refuses(draft) is is_refused


def refuses(draft: Draft) -> bool:
    """Tell whether a decrease leaves too little."""
    try:
        draft.check_reduction(unit=UNIT)
    except Refusal as refused:
        return refused.reason is Reason.FILL_WORSENS_POSITION
    return False


@pytest.mark.parametrize(
    ("leverage", "lots", "fund_micro", "fits"),
    [
        # gap 2% less 1 / leverage, of 100 USDT a lot: at 50x nothing is at stake
        (50, 1_000, 0, True),
        # at 51x 2% - 1.9607843% = 0.0392157%: of 10,000 they are 3.92157
        (51, 100, 3_921_570, True),
        (51, 100, 3_921_569, False),
        # at 100x 1%, at 1,000x 1.9%
        (100, 100, 100 * USDT, True),
        (100, 100, 100 * USDT - 1, False),
        (1_000, 100, 190 * USDT, True),
        (1_000, 100, 190 * USDT - 1, False),
    ],
)
def test_the_stress_gap_of_a_side_is_within_the_fund(
    *, leverage: int, lots: int, fund_micro: int, fits: bool
) -> None:
    _, market = a_state(fund=fund_micro)
    market.positions = {"long": Position(leverage), "short": Position(1)}
    broken = broken_limit(market, ("long", "short"), lots)
    assert broken is (None if fits else Reason.STRESS_LIMIT_EXCEEDED)


@pytest.mark.parametrize(
    ("cash_micro", "held", "buys", "sells"),
    [
        # five times its equity at 100 a lot
        (100 * USDT, 0, 5, 5),
        (100 * USDT - 1, 0, 4, 4),
        (0, 0, 0, 0),
        # three that it holds leave two of five; to sell they come free first
        (100 * USDT, 3, 2, 8),
        (100 * USDT, -3, 8, 2),
        (60 * USDT, 3, 0, 6),
        # beyond its limit it may still sell what it holds
        (59 * USDT, 3, 0, 5),
        (0, 3, 0, 3),
    ],
)
def test_the_backstop_holds_at_most_five_times_its_equity(
    cash_micro: int, held: int, buys: int, sells: int
) -> None:
    state, market = a_state()
    if cash_micro:
        apply(state, ContributeInsurance(at_ms=1, contribution_id="c", amount_micro=cash_micro))
        apply(state, FundBackstop(at_ms=1, transfer_id="t", amount_micro=cash_micro))
    market.positions[BACKSTOP] = Position(10, held, held * 100 * USDT)
    assert room_lots(state, market, is_buy=True) == buys
    assert room_lots(state, market, is_buy=False) == sells
