"""Fees, reservation, funding and liquidation sizes, worked by hand."""

import pytest

from engine.commands import MarketSpec, ReferenceMove, SubmitOrder
from engine.decision import Refusal
from engine.fees import maker_rebate_floor_micro, taker_fee_ceil_micro, taker_ppb
from engine.funding import hourly_rate_ppb, payment_floor_micro, rate_of
from engine.health import Health, bound_half_ticks, fund_is_low, health, lots_to_close
from engine.legs import Draft
from engine.orders import Order, open_order
from engine.reservation import reserve_ceil_micro, uncapped_half_ticks
from engine.state import Funding, Market, Position, State, replace_order
from engine.units import div_ceil, div_trunc, rate_ceil_micro, rate_floor_micro
from engine.vocabulary import MarketState, OrderType, Side

USDT = 1_000_000


def a_market(*, mark: int = 2_000, index: int = 2_000) -> Market:
    # a half tick is 0.05, a lot is 1: unit = 50,000 micro
    spec = MarketSpec(market_id="BTC", tick_size="0.1", lot_size="1", tick_lot_micro=100_000)
    market = Market(spec=spec, state=MarketState.ACTIVE, fund_micro=10**12)
    market.prices = ReferenceMove(
        market_id="BTC",
        bid_ticks=999,
        ask_ticks=1_001,
        quoted_at_ms=0,
        index_half_ticks=index,
        mark_half_ticks=mark,
    )
    return market


def an_order(
    number: int, side: Side, lots: int, limit: int | None, *, reduce_only: bool = False
) -> Order:
    terms = SubmitOrder(
        at_ms=0,
        order_id=str(number),
        account_id="alice",
        market_id="BTC",
        side=side,
        order_type=OrderType.PEG_MID if limit is None else OrderType.LIMIT,
        quantity_lots=lots,
        limit_ticks=limit,
        reduce_only=reduce_only,
    )
    return open_order(terms=terms, sequence=number, quantity_lots=lots, canceled_lots=0)


def test_roundings_say_their_direction() -> None:
    assert (div_ceil(-7, 2), div_ceil(7, 2)) == (-3, 4)
    assert (div_trunc(-7, 2), div_trunc(7, 2)) == (-3, 3)
    assert (rate_ceil_micro(3, 500_000_000), rate_floor_micro(3, 500_000_000)) == (2, 1)


def test_a_discount_lowers_the_taker_rate() -> None:
    assert taker_ppb(500_000, 0) == 500_000
    assert taker_ppb(500_000, 5) == 475_000
    assert taker_ppb(500_001, 20) == 400_001  # 400,000.8 rounded up


def test_fees_go_by_the_running_total() -> None:
    order = an_order(1, Side.BUY, 9, 1_000)
    # 0.05% of 1,999 micro is 0.9995, of 3,998 it is 1.999: 1 and then 1 more
    assert taker_fee_ceil_micro(order, 1_999, 500_000) == 1
    again = Order(order.terms, 1, True, 3, 2_000, 1_000, 9, 8, 1, 1_999, 9_999, 0, True)
    assert taker_fee_ceil_micro(again, 1_999, 500_000) == 1
    # rebate 0.02%: floor(9,999 x 0.0002) = 1, floor(10,000 x 0.0002) = 2
    assert maker_rebate_floor_micro(again, 1, 200_000) == 1
    assert maker_rebate_floor_micro(order, 9_999, 200_000) == 1


def reserves(*orders: Order, position: Position, mark: int = 2_000) -> tuple[int, int]:
    state, market = State(), a_market(mark=mark)
    for order in orders:
        replace_order(state, market, None, None, order)
    return (
        reserve_ceil_micro(market, "alice", True, position),
        reserve_ceil_micro(market, "alice", False, position),
    )


def test_a_buy_below_the_mark_reserves_margin_and_fee() -> None:
    # 5 x 99 = 495: margin 49.5, fee 0.2475
    assert reserves(an_order(1, Side.BUY, 5, 990), position=Position()) == (49_747_500, 0)


def test_a_buy_above_the_mark_reserves_the_loss_too() -> None:
    # 5 x 101 = 505: margin 50.5, fee 0.2525, loss 5
    assert reserves(an_order(1, Side.BUY, 5, 1_010), position=Position()) == (55_752_500, 0)


def test_uncapped_orders_and_low_sells_stand_at_the_index_plus_one_percent() -> None:
    market = a_market()
    assert uncapped_half_ticks(market) == 2_020
    market.prices = ReferenceMove(
        market_id="BTC",
        bid_ticks=999,
        ask_ticks=1_030,
        quoted_at_ms=0,
        index_half_ticks=2_000,
        mark_half_ticks=2_000,
    )
    assert uncapped_half_ticks(market) == 2_020  # the ask does not count
    # a mid peg to buy 1: 101: margin 10.1, fee 0.0505, loss 1
    assert reserves(an_order(1, Side.BUY, 1, None), position=Position())[0] == 11_150_500
    # a sell at 99 stands at 101, one at 110 at its limit: 211: 21.1 + 0.1055
    low, high = an_order(1, Side.SELL, 1, 990), an_order(2, Side.SELL, 1, 1_100)
    assert reserves(low, high, position=Position())[1] == 21_205_500


def test_only_lots_beyond_the_opposite_position_reserve_and_the_youngest_first() -> None:
    short = Position(10, -4, -400 * USDT, 40 * USDT)
    old, young = an_order(1, Side.BUY, 5, 990), an_order(2, Side.BUY, 3, 980)
    # 8 - 4 = 4 lots: 3 at 98 and 1 at 99: 393: 39.3 + 0.1965
    assert reserves(old, young, position=short) == (39_496_500, 0)
    assert reserves(old, position=Position(10, -5, 0, 0)) == (0, 0)


def test_a_sell_below_a_high_mark_reserves_the_loss() -> None:
    # mark 105 is above the worst price 101: loss 4 a lot; margin 10.1, fee 0.0505
    order = an_order(1, Side.SELL, 1, 990)
    assert reserves(order, position=Position(), mark=2_100)[1] == 14_150_500


def test_reduce_only_orders_reserve_nothing() -> None:
    order = an_order(1, Side.BUY, 5, 990, reduce_only=True)
    assert reserves(order, position=Position()) == (0, 0)


@pytest.mark.parametrize(
    ("premium", "rate"),
    [
        (0, 12_500),  # 0.01% / 8
        (100_000, 12_500),  # the premium is the interest
        (400_000, 12_500),  # 0.04% + clamp(-0.03%) = 0.01%
        (700_000, 25_000),  # 0.07% - 0.05% = 0.02%, / 8
        (-500_000, 0),  # -0.05% + 0.05% = 0
        (-1_300_000, -100_000),  # -0.13% + 0.05% = -0.08%, / 8
        (10_000_000, 500_000),  # 0.95% / 8 is above 0.05%
        (-10_000_000, -500_000),
        (-500_001, 0),  # -1 / 8 towards zero
    ],
)
def test_the_hourly_rate(premium: int, rate: int) -> None:
    assert hourly_rate_ppb(premium) == rate


def test_an_hour_without_an_index_for_most_of_it_has_no_rate() -> None:
    assert rate_of(Funding()) is None
    assert rate_of(Funding(premium_sum_ppb=0, samples=1, missing=2)) is None
    assert rate_of(Funding(premium_sum_ppb=0, samples=2, missing=2)) == 12_500


def test_funding_payments_round_against_the_user() -> None:
    # size x index x rate = 3 x 7 x 100 ppb of micro: less than one micro
    assert payment_floor_micro(3, 1, 700) == -1  # a long pays one
    assert payment_floor_micro(-3, 1, 700) == 0  # a short receives nothing


def test_health_and_fee_rate() -> None:
    # 100 lots at 100 = 10,000: MM = 10 - 2.5 = 7.5; MM / 2N = 0.0375%
    market = a_market()
    now = health(market, Position(10, 100, 9_999 * USDT, 5 * USDT))
    assert now == (10_000 * USDT, 6 * USDT, 7_500_000)
    assert now.fee_ppb == 375_000
    assert now.ratio_ppb == 800_000_000
    # a third of a micro-USDT of a ratio is cut: 0.333333333
    assert Health(100, 1, 3).ratio_ppb == 333_333_333
    assert Health(100, 1, 1).ratio_ppb == Health(100, 1, 0).ratio_ppb == 1_000_000_000
    # 10,000 lots = 1,000,000: MM 23,167.5; MM / 2N is above 0.5%
    assert health(market, Position(20, 10_000, 0, 0)).fee_ppb == 5_000_000


def test_the_fewest_lots_are_closed() -> None:
    market = a_market()
    # equity 6, fee rate 0.0375% (0.0375 a lot); with k closed the rest (100-k) x 100 has
    # MM = 0.1 x (100-k) - 2.5 above 50 lots, 0.05 x (100-k) from 50 down;
    # k = 50: 6 - 1.875 = 4.125 >= 1.5 x 2.5 = 3.75; k = 47: 6 - 1.7625 = 4.2375 < 1.5 x 2.8
    # = 4.2? no, it is enough; k = 46: 4.275 < 4.35
    position = Position(10, 100, 9_999 * USDT, 5 * USDT)
    assert lots_to_close(market, position, 375_000) == 47
    assert lots_to_close(market, Position(10, 100, 9_999 * USDT, 11 * USDT), 375_000) == 0
    # equity 4.2, no fee: exactly 1.5 x 2.8 for the rest of 53 is enough
    assert lots_to_close(market, Position(10, 100, 9_999 * USDT, 3_200_000), 0) == 47
    # the fee of 0.0000047 is rounded up: four micro-USDT more do not carry it, five do
    assert lots_to_close(market, Position(10, 100, 9_999 * USDT, 3_200_004), 1) == 48
    assert lots_to_close(market, Position(10, 100, 9_999 * USDT, 3_200_005), 1) == 47
    # equity 11.2: 11.25 would be needed, with one lot less 11.1 and the fee of 0.0375
    assert lots_to_close(market, Position(10, 100, 9_999 * USDT, 10_200_000), 375_000) == 1
    assert lots_to_close(market, Position(10, 100, 10_000 * USDT, 0), 375_000) == 100
    assert lots_to_close(market, Position(), 375_000) == 0
    # the fee alone is 30 times what a small rest frees: nothing less than all helps
    assert lots_to_close(market, Position(10, 1, 100 * USDT, 10_000), 5_000_000) == 1


def test_no_fewer_lots_are_left_than_where_closing_more_costs_more() -> None:
    # a lot is 99.95; up to 50 lots (4,997.5) closing one frees 1.5 x 0.05% = 0.075% of it and
    # costs 0.08%; of 60 lots 10 are closed: 4.55 - 0.7996 >= 1.5 x 2.49875 = 3.748125, and with
    # 9 closed 4.55 - 0.71964 < 1.5 x 2.59745 = 3.896175
    market = a_market(mark=1_999)
    assert lots_to_close(market, Position(10, 60, 5_997 * USDT, 4_550_000), 800_000) == 10


def test_a_small_rest_is_left_where_closing_more_still_helps() -> None:
    # at 0.06% closing a lot of 100 frees 0.075 and costs 0.06, to the last lot: of 60 lots 20 are
    # closed, 4.2 - 1.2 = 1.5 x 0.05% x 4,000; with 19 closed 3.06 < 3.075
    position = Position(10, 60, 5_997 * USDT, 1_200_000)
    assert lots_to_close(a_market(), position, 600_000) == 20


def test_the_book_is_bounded_by_bankruptcy_and_the_index() -> None:
    market = a_market()
    # a long at 100 with 3 of 100 inside: bankrupt at 97
    assert bound_half_ticks(market, Position(10, 10, 1_000 * USDT, 30 * USDT)) == 1_940
    assert bound_half_ticks(market, Position(10, 10, 1_000 * USDT, 100 * USDT)) == 1_900
    assert bound_half_ticks(market, Position(10, -10, -1_000 * USDT, 30 * USDT)) == 2_060
    assert bound_half_ticks(market, Position(10, -10, -1_000 * USDT, 100 * USDT)) == 2_100
    assert bound_half_ticks(market, Position(10, 1, 100 * USDT, 3 * USDT)) == 1_940
    # 95% of 2,001 is 1,900.95 and 105% 2,101.05: both are rounded into the band
    market = a_market(index=2_001)
    assert bound_half_ticks(market, Position(10, 10, 1_000 * USDT, 100 * USDT)) == 1_901
    assert bound_half_ticks(market, Position(10, -10, -1_000 * USDT, 200 * USDT)) == 2_101
    # towards safety: 1,000.000001 / 10 lots is a little above 2,000 half ticks
    assert bound_half_ticks(market, Position(10, 10, 1_000 * USDT + 1, 0)) == 2_001
    assert bound_half_ticks(market, Position(10, -10, -1_000 * USDT + 1, 0)) == 1_999


def test_a_fund_is_low_below_half_of_one_percent_of_open_interest() -> None:
    market = a_market()
    market.long_lots = 100  # 10,000 USDT: half of 1% is 50
    market.fund_micro = 50 * USDT
    assert not fund_is_low(market)
    market.fund_micro -= 1
    assert fund_is_low(market)


def test_a_decrease_moves_its_share_and_never_touches_the_free_balance() -> None:
    # long 3 for 301 with 30.000001 inside; one is sold for 90: cost 100.333333 (towards
    # zero), collateral 10 (down), PnL -10.333333: the missing 0.333333 comes from the rest
    draft = Draft(Position(10, 3, 301 * USDT, 30_000_001), 2_000)
    draft.reduce(lots=-1, notional_micro=90 * USDT, fee_micro=45_000)
    assert (draft.cost_micro, draft.realized_pnl_micro) == (-100_333_333, -10_333_333)
    assert (draft.collateral_micro, draft.cash_micro) == (-10_333_333, 0)
    assert draft.fee_micro == 0
    # sold for 95: 10 - 5.333333 = 4.666667 is there, and bears the fee
    draft = Draft(Position(10, 3, 301 * USDT, 30_000_001), 2_000)
    draft.reduce(lots=-1, notional_micro=95 * USDT, fee_micro=47_500)
    assert (draft.cash_micro, draft.collateral_micro) == (4_619_167, -10_000_000)


def test_a_decrease_may_leave_too_little_if_the_margin_ratio_rises() -> None:
    # long 100 for 10,000 with 20 inside, mark 99.85: equity 5, MM 7.485: ratio 0.668;
    # 20 sold at 99.9: collateral 16, cost 8,000, equity 4, MM 5.488: ratio 0.729
    position = Position(10, 100, 10_000 * USDT, 20 * USDT)
    draft = Draft(position, 1_997)
    draft.reduce(lots=-20, notional_micro=1_998 * USDT, fee_micro=0)
    draft.check_reduction(unit=50_000)
    assert draft.cash_micro == 2 * USDT
    # sold at 99.7: collateral 16 - 2 = 14, equity 2: ratio 0.364, lower than before
    worse = Draft(position, 1_997)
    worse.reduce(lots=-20, notional_micro=1_994 * USDT, fee_micro=0)
    with pytest.raises(Refusal):
        worse.check_reduction(unit=50_000)
