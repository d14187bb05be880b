"""Balances: an account's cash as the state has it at the end of a step."""

from collections.abc import Mapping
from typing import Final

from engine.state import State
from trading.projections.names import Names
from trading.projections.rows import BalanceRow
from trading.projections.tables import Table
from trading.recording import Hand

TABLE: Final = Table(
    "trading_balance",
    BalanceRow,
    "uuid bigint bigint bigint bigint bigint bigint bigint bigint",
    key=("account_id",),
)


def balance_rows(state: State, touched: Mapping[str, int], names: Names, /) -> list[BalanceRow]:
    """Return the rows of accounts by the moment at which each was touched last."""
    found = ((name, state.accounts.get(name), at_ms) for name, at_ms in touched.items())
    return [
        BalanceRow(
            names.accounts[name],
            account.cash_micro,
            account.reserved_micro,
            account.held_micro,
            account.unfinal_micro,
            account.deposited_micro,
            account.withdrawn_micro,
            account.switch_at_ms,
            at_ms,
        )
        for name, account, at_ms in found
        if account is not None
    ]


def write_balances(cursor: Hand, rows: list[BalanceRow], /) -> None:
    """Write balances as they are now."""
    TABLE.merge(cursor, rows)
