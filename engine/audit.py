"""Audit: what must be true of the whole state at every moment. Cheap enough for tests.

Money: all cash and collateral less all cost, with the funds, fees and pots, less debts, is
exactly what came in from outside. What is not here: repairing anything.
"""

from engine.state import BACKSTOP, State


def total_micro(state: State, /) -> int:
    """Sum all money inside, positions at cost, in micro-USDT."""
    total = state.fees_micro + state.global_fund_micro
    total += sum(account.cash_micro for account in state.accounts.values())
    for market in state.markets.values():
        total += market.fund_micro + market.funding_pot_micro - market.debt_micro
        for position in market.positions.values():
            total += position.collateral_micro - position.cost_micro
    return total


def check_conservation(state: State, /) -> None:
    """Assert that money is conserved and that every market's sizes sum to zero."""
    assert total_micro(state) == state.external_micro, "money is conserved"
    for market in state.markets.values():
        sizes = [position.size_lots for position in market.positions.values()]
        assert sum(sizes) == 0, "sizes sum to zero"
        assert sum(size for size in sizes if size > 0) == market.long_lots, "open interest"


def check_accounts(state: State, /) -> None:
    """Assert that no balance is negative and that reserves add up."""
    reserved = dict.fromkeys(state.accounts, 0)
    for market in state.markets.values():
        for account_id, position in market.positions.items():
            assert position.buy_reserve_micro >= 0, "reserves are not negative"
            assert position.sell_reserve_micro >= 0, "reserves are not negative"
            reserved[account_id] = reserved.get(account_id, 0) + position.reserve_micro
    for account_id, total in reserved.items():
        account = state.account(account_id)
        if account_id == BACKSTOP:
            continue
        assert account.reserved_micro == total, "reserves add up"
        assert account.cash_micro >= 0, "cash is not negative"
        assert account.free_micro >= 0, "the free balance is not negative"


def check_orders(state: State, /) -> None:
    """Assert that the book, the table of orders and the open sides tell the same."""
    for market in state.markets.values():
        resting = [s for s, order in sorted(market.orders.items()) if order.is_resting]
        assert sorted(market.book.buys.all() + market.book.sells.all()) == resting, "one book"
        for sequence, order in market.orders.items():
            assert order.leaves_lots > 0, "an open order has leaves"
            assert order.canceled_lots >= 0, "quantity = filled + leaves + canceled"
            side = market.open_sides[order.terms.account_id, order.is_buy]
            assert sequence in side.sequences, "an open order is its account's"


def check_state(state: State, /) -> None:
    """Assert everything that must be true between two events of different commands."""
    check_conservation(state)
    check_accounts(state)
    check_orders(state)
