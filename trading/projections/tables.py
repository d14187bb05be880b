"""How rows reach their tables: COPY for what is new, one statement for all that changes.

What is not here: which rows (each noun's own file).
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cache, cached_property
from typing import Any, Final

import msgspec

from accounts.ledger.arrays import bytes_array, number_array, text_array, uuid_array
from trading.recording import Hand

Row = msgspec.Struct
ARRAYS: Final[dict[str, Callable[[Iterable[Any]], str]]] = {
    "bigint": number_array,
    "int": number_array,
    "smallint": number_array,
    "bool": number_array,
    "uuid": uuid_array,
    "text": text_array,
    "jsonb": text_array,
    "bytea": bytes_array,
}


class Table:
    """One table, its columns and their types as PostgreSQL names them.

    `key` are the columns by which a row is found, `sums` those that a merge adds up.
    """

    def __init__(self, name: str, kind: type[Row], types: str, *, key: Sequence[str] = ()) -> None:
        self.name = name
        self.columns = kind.__struct_fields__
        self.types = tuple(types.split())
        self.key = tuple(key)
        if len(self.types) != len(self.columns):
            raise ValueError(f"{name} has {len(self.columns)} columns, not {len(self.types)}")
        self._array = {
            column: ARRAYS[kind] for column, kind in zip(self.columns, self.types, strict=True)
        }

    def add(self, cursor: Hand, rows: Sequence[Row], /) -> None:
        """Add rows, none of which is there yet."""
        if not rows:
            return
        into_tuple = msgspec.structs.astuple
        with cursor.copy(self._copying) as copy:
            for row in rows:
                copy.write_row(into_tuple(row))

    def merge(self, cursor: Hand, rows: Sequence[Row], /) -> None:
        """Add rows or replace them by their key; a key comes once."""
        if rows:
            others = [name for name in self.columns if name not in self.key]
            cursor.execute(self._merging(tuple(others)), self._columns_of(rows))

    def add_missing(self, cursor: Hand, rows: Sequence[Row], /) -> None:
        """Add those rows whose key is not there yet."""
        if rows:
            cursor.execute(self._merging(()), self._columns_of(rows))

    def update(self, cursor: Hand, rows: Sequence[Row], /, *, columns: tuple[str, ...]) -> None:
        """Rewrite some columns of rows that are there, found by their key."""
        if rows:
            names = (*self.key, *columns)
            cursor.execute(
                self._updating(columns),
                [self._array[name]([getattr(row, name) for row in rows]) for name in names],
            )

    def _columns_of(self, rows: Sequence[Row], /) -> list[str]:
        columns = zip(*map(msgspec.structs.astuple, rows), strict=True)
        return [array(values) for array, values in zip(self._array.values(), columns, strict=True)]

    @cached_property
    def _copying(self) -> str:
        return f"COPY {self.name} ({', '.join(self.columns)}) FROM STDIN"

    @cached_property
    def _inserting(self) -> str:
        names = ", ".join(self.columns)
        return (
            f"INSERT INTO {self.name} ({names}) SELECT {names}"  # noqa: S608 - our own names
            f" FROM {self._unnested(self.columns)}"
        )

    @cache  # noqa: B019 - a table lives as long as its process
    def _merging(self, others: tuple[str, ...], /) -> str:
        then = "NOTHING"
        if others:
            then = "UPDATE SET " + ", ".join(f"{name} = excluded.{name}" for name in others)
        names = ", ".join(self.columns)
        return (
            f"INSERT INTO {self.name} ({names}) SELECT {names}"  # noqa: S608 - our own names
            f" FROM {self._unnested(self.columns)} ON CONFLICT ({', '.join(self.key)}) DO {then}"
        )

    @cache  # noqa: B019 - a table lives as long as its process
    def _updating(self, columns: tuple[str, ...], /) -> str:
        sets = ", ".join(f"{name} = fresh.{name}" for name in columns)
        same = " AND ".join(f"old.{name} = fresh.{name}" for name in self.key)
        return (
            f"UPDATE {self.name} AS old SET {sets}"  # noqa: S608 - our own names
            f" FROM {self._unnested((*self.key, *columns))} WHERE {same}"
        )

    def _unnested(self, columns: tuple[str, ...], /) -> str:
        types = dict(zip(self.columns, self.types, strict=True))
        arrays = ", ".join(f"%s::{types[name]}[]" for name in columns)
        return f"unnest({arrays}) AS fresh ({', '.join(columns)})"
