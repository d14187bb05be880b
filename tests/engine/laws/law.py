"""The table of laws that one step, or a life of steps, is judged by.

The tests and the simulation read it. What is not here: the laws themselves.
"""

from collections.abc import Callable, Iterable

from tests.engine.laws import book, money, risk, waits, waterfall
from tests.engine.laws.facts import Step

LAWS: tuple[Callable[[Step], None], ...] = (
    money.money_is_conserved,
    money.no_balance_is_negative,
    money.roundings_favor_the_venue,
    money.fees_are_bounded,
    money.only_the_concerned_pay,
    money.funding_sums_to_zero,
    money.margin_only_moves,
    money.only_final_money_is_withdrawn,
    risk.positions_sum_to_zero,
    risk.raising_fills_are_margined,
    risk.liquidation_prices_are_exact,
    risk.only_the_liquidatable_are_liquidated,
    risk.liquidations_close_the_fewest_lots,
    risk.liquidations_never_worsen,
    risk.trades_make_nobody_liquidatable,
    risk.liquidation_fees_stop_at_bankruptcy,
    risk.voluntary_reductions_leave_enough,
    risk.only_the_liquidatable_wait,
    waterfall.funds_pay_in_order,
    waterfall.winners_bear_no_more_than_their_profit,
    waterfall.winners_come_by_rank,
    waterfall.the_backstop_keeps_its_limit,
    waterfall.leavers_are_taken_over_at_the_mark,
    book.fills_are_at_public_points,
    book.better_price_then_age,
    book.nobody_trades_with_itself,
    book.stale_references_trade_nothing,
    book.constraints_hold_on_both_sides,
    book.ended_by_self_trade_says_its_mode,
)


class Judge:
    """Holds every law over the steps of one world."""

    def __init__(self) -> None:
        self.orders = book.Orders()
        self.client_ids = book.ClientIds()
        self.hours = waterfall.Hours()
        self.waits = waits.Waits()

    def judge(self, step: Step) -> None:
        """Assert every law of one more step."""
        for law in LAWS:
            law(step)
        self.orders.follow(step)
        self.client_ids.follow(step)
        self.hours.follow(step)
        self.waits.follow(step)


def hold(law: Callable[[Step], None], worlds: Iterable[list[Step]]) -> None:
    """Assert one law over all steps of all worlds."""
    for steps in worlds:
        for step in steps:
            law(step)
