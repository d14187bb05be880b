"""The same figures from three places: the engine's state, the projections, the ledger.

Each function returns them under the same keys, so that they can be compared. Of orders there
are the sums of an account's open ones by market and side. What is not here: the comparison.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

from psycopg import Connection

from engine.decision import effective_state
from engine.state import State
from engine.vocabulary import MarketState, Side
from trading.engine_words import account_id_of
from trading.reconciliation.differences import HIDDEN, Figures, Key

BALANCE: Final = ("cash", "held", "unfinal", "deposited", "withdrawn")
POSITION: Final = ("cost", "collateral", "realized_pnl", "funding")
ORDERS: Final = (f"{HIDDEN} open orders", f"{HIDDEN} open lots", f"{HIDDEN} filled lots")
RESERVED: Final = f"{HIDDEN} reserved"
STATES: Final = {state.value: number for number, state in enumerate(MarketState)}


def engine_figures(state: State, /) -> Figures:
    """Return what the engine says."""
    figures: Figures = {
        Key("fees"): state.fees_micro,
        Key("global insurance"): state.global_fund_micro,
        Key("external"): state.external_micro,
    }
    for name, account in state.accounts.items():
        owner = str(account_id_of(name))
        for field in BALANCE:
            figures[Key(field, owner)] = getattr(account, f"{field}_micro")
        figures[Key(RESERVED, owner)] = account.reserved_micro
    for symbol, market in state.markets.items():
        figures[Key("insurance", "", symbol)] = market.fund_micro
        figures[Key("debt", "", symbol)] = market.debt_micro
        figures[Key("funding pot", "", symbol)] = market.funding_pot_micro
        figures[Key("open interest", "", symbol)] = market.long_lots
        figures[Key("published open interest", "", symbol)] = market.published_lots
        figures[Key("paid hour", "", symbol)] = market.funding.paid_hour
        figures[Key("state", "", symbol)] = STATES[effective_state(market).value]
        for name, position in market.positions.items():
            owner = str(account_id_of(name))
            figures[Key("size", owner, symbol)] = position.size_lots
            figures[Key("leverage", owner, symbol)] = position.leverage
            for field in POSITION:
                figures[Key(field, owner, symbol)] = getattr(position, f"{field}_micro")
            figures[Key(f"{RESERVED} by buys", owner, symbol)] = position.buy_reserve_micro
            figures[Key(f"{RESERVED} by sells", owner, symbol)] = position.sell_reserve_micro
    return figures | _orders(_open_orders(state))


def _open_orders(state: State, /) -> Iterable[tuple[str, str, str, int, int]]:
    for symbol, market in state.markets.items():
        for order in market.orders.values():
            owner = str(account_id_of(order.terms.account_id))
            side = "buys" if order.terms.side is Side.BUY else "sells"
            yield owner, symbol, side, order.leaves_lots, order.filled_lots
        for terms in market.triggers.values():
            yield str(account_id_of(terms.account_id)), symbol, "triggers", terms.quantity_lots, 0


def _orders(orders: Iterable[tuple[str, str, str, int, int]], /) -> Figures:
    """Sum up open orders by account, market and side."""
    figures: defaultdict[Key, int] = defaultdict(int)
    for owner, symbol, side, leaves, filled in orders:
        for kind, by in zip(ORDERS, (1, leaves, filled), strict=True):
            figures[Key(f"{kind} of {side}", owner, symbol)] += by
    return dict(figures)


BALANCE_ROWS: Final = """
SELECT account_id::text, cash_micro, held_micro, unfinal_micro, deposited_micro, withdrawn_micro,
    reserved_micro
FROM trading_balance
"""
POSITION_ROWS: Final = """
SELECT position.account_id::text, market.symbol, size_lots, position.leverage, cost_micro,
    collateral_micro, realized_pnl_micro, funding_micro, buy_reserve_micro, sell_reserve_micro
FROM trading_position AS position JOIN trading_market AS market ON market.id = market_id
"""
MARKET_ROWS: Final = """
SELECT market.symbol, insurance_micro, debt_micro, funding_pot_micro, open_interest_lots,
    published_lots, paid_hour, market.state
FROM trading_marketfunds JOIN trading_market AS market ON market.id = market_id
"""
VENUE_ROW: Final = (
    "SELECT fees_micro, global_insurance_micro, external_micro FROM trading_venuefunds"
)
ORDER_ROWS: Final = """
SELECT account_id::text, market.symbol,
    CASE WHEN status = 'PENDING' THEN 'triggers' WHEN side = 'BUY' THEN 'buys' ELSE 'sells' END,
    quantity_lots - filled_lots - canceled_lots, filled_lots
FROM trading_order JOIN trading_market AS market ON market.id = market_id
WHERE status IN ('PENDING', 'OPEN', 'PARTIALLY_FILLED')
"""
MARKET_KINDS: Final = (
    "insurance",
    "debt",
    "funding pot",
    "open interest",
    "published open interest",
    "paid hour",
)
POSITION_KINDS: Final = (
    "size",
    "leverage",
    *POSITION,
    f"{RESERVED} by buys",
    f"{RESERVED} by sells",
)
VENUE_KINDS: Final = ("fees", "global insurance", "external")


def projection_figures(connection: Connection[Any], /) -> Figures:
    """Return what the projections say."""
    return shown_figures(connection) | _orders(connection.execute(ORDER_ROWS))


def shown_figures(connection: Connection[Any], /) -> Figures:
    """Return what the projections say of everything but orders."""
    figures: Figures = {}
    for owner, *amounts in connection.execute(BALANCE_ROWS):
        for kind, amount in zip((*BALANCE, RESERVED), amounts, strict=True):
            figures[Key(kind, owner)] = amount
    for owner, symbol, *amounts in connection.execute(POSITION_ROWS):
        for kind, amount in zip(POSITION_KINDS, amounts, strict=True):
            figures[Key(kind, owner, symbol)] = amount
    for symbol, *amounts, state in connection.execute(MARKET_ROWS):
        for kind, amount in zip(MARKET_KINDS, amounts, strict=True):
            figures[Key(kind, "", symbol)] = amount
        figures[Key("state", "", symbol)] = STATES[state]
    for amounts in connection.execute(VENUE_ROW):
        for kind, amount in zip(VENUE_KINDS, amounts, strict=True):
            figures[Key(kind)] = amount
    return figures


LEDGER_ROWS: Final = """
SELECT coalesce(owner_id::text, ''), purpose, market, balance_micro FROM accounts_ledgeraccount
"""
SIGNED: Final = {
    "CASH": (("cash", 1),),
    "HELD": (("cash", 1), ("held", 1)),
    "MARGIN": (("collateral", 1),),
    "COST": (("cost", -1),),
    "FEES": (("fees", 1),),
    "INSURANCE": (("insurance", 1),),
    "FUNDING_POT": (("funding pot", 1),),
    "VENUE_DEBT": (("debt", -1),),
    "OUTSIDE": (("external", -1),),
    "ADJUSTMENTS": (("external", -1),),
}
IN_LEDGER: Final = frozenset(kind for kinds in SIGNED.values() for kind, _ in kinds) | {
    "global insurance"
}


def ledger_figures(connection: Connection[Any], /) -> Figures:
    """Return what the ledger says, in the engine's signs."""
    figures: defaultdict[Key, int] = defaultdict(int)
    for owner, purpose, market, balance in connection.execute(LEDGER_ROWS):
        for kind, sign in SIGNED[purpose]:
            is_global = kind == "insurance" and not market
            key = Key("global insurance") if is_global else Key(kind, owner, market)
            figures[key] += sign * balance
    return dict(figures)


POSTED_ROWS: Final = """
SELECT coalesce(account.owner_id::text, ''), account.purpose, account.market, account.balance_micro,
    coalesce(posted.amount, 0)
FROM accounts_ledgeraccount AS account LEFT JOIN (
    SELECT account_id, sum(amount_micro)::bigint AS amount FROM accounts_posting GROUP BY account_id
) AS posted ON posted.account_id = account.id
"""


def posted_figures(connection: Connection[Any], /) -> tuple[Figures, Figures]:
    """Return the ledger's kept balances and the sums of its postings, by purpose."""
    kept: Figures = {}
    posted: Figures = {}
    for owner, purpose, market, balance, amount in connection.execute(POSTED_ROWS):
        key = Key(f"balance of {purpose}", owner, market)
        kept[key], posted[key] = balance, amount
    key = Key("sum of all")
    kept[key], posted[key] = sum(kept.values()), 0
    return kept, posted
