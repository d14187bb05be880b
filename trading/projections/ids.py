"""Public ids of what the engine numbers: random to outsiders, the same at every rebuild (I25).

An id is BLAKE2b-128 over (kind, internal number) under a key that is drawn once, stored in the
database and never rotated. People's orders carry the id they were submitted with.
"""

import re
import secrets
import uuid
from hashlib import blake2b
from typing import Any

from psycopg import Cursor

KEY_SIZE = 32
OUR_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Ids:
    """Makes public ids."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def load(cls, cursor: Cursor[Any], /) -> "Ids":
        """Read the venue's key; draw it if this is the first time."""
        cursor.execute(
            "INSERT INTO trading_identifierkey (id, key) VALUES (1, %s) ON CONFLICT DO NOTHING",
            [secrets.token_bytes(KEY_SIZE)],
        )
        cursor.execute("SELECT key FROM trading_identifierkey")
        row = cursor.fetchone()
        if row is None:
            raise RuntimeError("the key of public ids is drawn at the first start")
        return cls(bytes(row[0]))

    def of(self, kind: str, number: int | str, /) -> uuid.UUID:
        """Return the public id of the engine's `number` of a kind (at most 16 letters)."""
        digest = blake2b(
            str(number).encode(), digest_size=16, key=self._key, person=kind.encode()
        ).digest()
        return uuid.UUID(bytes=digest, version=4)

    def of_order(self, engine_id: str, /) -> uuid.UUID:
        """Return an order's public id: its own, or one made for the engine's orders."""
        if OUR_UUID.fullmatch(engine_id):
            return uuid.UUID(engine_id)
        return self.of("order", engine_id)
