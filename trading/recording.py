"""Recording: the statements of a step, noted while it is decided and played when it is written.

So the writing may happen in a thread of its own while the next step is decided: what is noted is
text and numbers already, and nothing of it changes any more. What is not here: any statement.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from psycopg import Cursor


class Rows:
    """The rows of one COPY."""

    def __init__(self) -> None:
        self.types: Sequence[str] = ()
        self.rows: list[Sequence[Any]] = []
        self.write_row = self.rows.append

    def set_types(self, types: Sequence[str], /) -> None:
        """Note the columns' types, which a binary COPY has to know."""
        self.types = types


class Recorded:
    """Takes statements as a cursor does, and plays them in their order on a real one."""

    def __init__(self) -> None:
        self._plays: list[Callable[[Cursor[Any]], Any]] = []

    def execute(self, query: str, params: Sequence[Any] | None = None, /) -> None:
        """Note a statement; its answer is nobody's."""
        self._plays.append(lambda cursor: cursor.execute(query, params))

    @contextmanager
    def copy(self, statement: str, /) -> Iterator[Rows]:
        """Note a COPY and its rows."""
        rows = Rows()
        yield rows
        self._plays.append(partial(_copy, statement, rows))

    def later(self, do: Callable[[Cursor[Any]], Any], /) -> None:
        """Note what has to read while it writes."""
        self._plays.append(do)

    def play(self, cursor: Cursor[Any], /) -> None:
        """Execute what was noted, inside the caller's transaction."""
        for play in self._plays:
            play(cursor)


Hand = Cursor[Any] | Recorded
"""What rows are written with: at once, or noted."""


def _copy(statement: str, rows: Rows, cursor: Cursor[Any], /) -> None:
    with cursor.copy(statement) as copy:
        if rows.types:
            copy.set_types(rows.types)
        for row in rows.rows:
            copy.write_row(row)
