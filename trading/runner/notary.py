"""The notary: signs a receipt for each accepted command of an account, within its step.

What is not here: the bytes that are signed (`trading.receipts`).
"""

import secrets
import time
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final, NamedTuple

import psycopg

from chain.signer import Signer
from engine.state import State
from trading.engine_words import account_id_of
from trading.receipts import Statement, Steps, commitment, terms_digest
from trading.recording import Recorded
from trading.runner.deciding import Decided

COPY: Final = """
    COPY trading_receipt (account_id, account_sequence, kind, subject_id, digest, commitment,
        root_number, root, issued_at_ms, key_id, signature, salt, event_sequence, head)
    FROM STDIN (FORMAT BINARY)
"""
COPY_TYPES: Final = (
    *("uuid", "int8", "varchar", "varchar", "bytea", "bytea", "int8", "bytea"),
    *("int8", "int8", "bytea", "bytea", "int8", "bytea"),
)
REMEMBER_KEY: Final = """
    INSERT INTO trading_venuekey (public_key, first_used_at_ms) VALUES (%b, %s)
    ON CONFLICT (public_key) DO NOTHING
"""
FIND_KEY: Final = "SELECT id FROM trading_venuekey WHERE public_key = %b"
NEWEST_ROOT: Final = """
    SELECT number, root FROM trading_batch WHERE state IN ('CONFIRMED', 'FINALIZED')
    ORDER BY number DESC LIMIT 1
"""
ROOT_S: Final = 1.0
SALT_BYTES: Final = 32


class Root(NamedTuple):
    """The last state root that is on chain."""

    number: int | None = None
    root: bytes | None = None


class Notary:
    """Signs by one key, and knows the last root."""

    def __init__(self, signer: Signer, *, key_id: int) -> None:
        self._signer = signer
        self._key = bytes(signer.public_key)
        self._key_id = key_id
        self._root = Root()
        self._root_due = 0.0
        self._steps: dict[str, Steps] = {}

    @classmethod
    def open(cls, connection: psycopg.Connection[Any], signer: Signer, *, at_ms: int) -> "Notary":
        """Make the signer's public key known, and sign by it from now on."""
        key = bytes(signer.public_key)
        connection.execute(REMEMBER_KEY, [key, at_ms])
        row = connection.execute(FIND_KEY, [key]).fetchone()
        if row is None:
            raise LookupError("the venue's key was not kept")
        return cls(signer, key_id=row[0])

    def sign(
        self,
        reading: psycopg.Connection[Any],
        noted: Recorded,
        decided: Iterable[Decided],
        state: State,
        *,
        at_ms: int,
    ) -> None:
        """Write the receipts of a step's accepted commands."""
        accepted = [one for one in decided if _has_receipt(one)]
        if not accepted:
            return
        self._refresh_root(reading)
        salts = secrets.token_bytes(SALT_BYTES * len(accepted))
        with noted.copy(COPY) as copy:
            copy.set_types(COPY_TYPES)
            for at, one in enumerate(accepted):
                salt = salts[at * SALT_BYTES : (at + 1) * SALT_BYTES]
                copy.write_row(self._row(one, state, salt, at_ms=at_ms))

    def _row(self, one: Decided, state: State, salt: bytes, *, at_ms: int) -> tuple[Any, ...]:
        command, last = one.planned.command, one.rows[-1]
        account_sequence = one.outcome.account_sequence
        assert account_sequence is not None  # noqa: S101 - whoever has a receipt has a number
        statement = Statement(
            account_id=account_id_of(one.account_id or ""),
            account_sequence=account_sequence,
            command=type(command).__name__,
            subject_id=one.outcome.subject_id,
            digest=terms_digest(command, self._steps_of(one, state)),
            commitment=commitment(salt, last.sequence, last.head),
            root_number=self._root.number,
            root=self._root.root,
            issued_at_ms=at_ms,
            key=self._key,
        )
        signature = bytes(self._signer.sign(statement.signed_bytes()))
        said = statement[:-1]
        return (*said, self._key_id, signature, salt, last.sequence, last.head)

    def _steps_of(self, one: Decided, state: State) -> Steps | None:
        """Return the tick and lot of the market that a command is about, if it is about one."""
        market_id: str | None = getattr(one.planned.command, "market_id", None)
        market_id = market_id or getattr(one.events[0], "market_id", None)
        if market_id is None:
            return None
        known = self._steps.get(market_id)
        if known is None:
            spec = state.markets[market_id].spec
            known = self._steps[market_id] = (Decimal(spec.tick_size), Decimal(spec.lot_size))
        return known

    def _refresh_root(self, reading: psycopg.Connection[Any]) -> None:
        if time.monotonic() < self._root_due:
            return
        self._root_due = time.monotonic() + ROOT_S
        row = reading.execute(NEWEST_ROOT).fetchone()
        self._root = Root() if row is None else Root(*row)


def _has_receipt(one: Decided) -> bool:
    """Tell whether a command was accepted, is an account's, and is not a repetition."""
    said = one.outcome
    is_accepted = not said.reason and not said.is_repeated
    return bool(one.rows) and one.account_id is not None and is_accepted
