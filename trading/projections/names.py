"""Names of the engine as keys of rows: accounts and markets, each looked up once; public ids."""

import uuid
from typing import Any, NamedTuple

from psycopg import Connection

from trading.engine_words import account_id_of
from trading.projections.ids import Ids


class AccountIds(dict[str, uuid.UUID]):
    """The id of each account by what the engine calls it."""

    def __missing__(self, name: str) -> uuid.UUID:
        """Read a name for the first time."""
        found = self[name] = account_id_of(name)
        return found


class MarketKeys(dict[str, int]):
    """The primary key of each market's row by its symbol."""

    def __init__(self, connection: Connection[Any]) -> None:
        super().__init__()
        self._connection = connection

    def __missing__(self, symbol: str) -> int:
        """Look a symbol up for the first time; a listed market has its row."""
        row = self._connection.execute(
            "SELECT id FROM trading_market WHERE symbol = %s", [symbol]
        ).fetchone()
        if row is None:
            raise KeyError(f"no row of market {symbol}")
        found = self[symbol] = int(row[0])
        return found


class Names(NamedTuple):
    """What every noun asks for names."""

    ids: Ids
    accounts: AccountIds
    markets: MarketKeys
