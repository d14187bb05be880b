"""Arrays as PostgreSQL reads them: one text, whatever the values.

A list that psycopg dumps takes the type of its greatest value, so the same statement would be
planned anew for many mixtures of sizes; a text is always the same type, and cheaper to make.
"""

import uuid
from collections.abc import Iterable

NULL = "NULL"


def number_array(values: Iterable[int | bool | None], /) -> str:
    """Return numbers, or truths, as an array."""
    return "{" + ",".join([NULL if value is None else str(value) for value in values]) + "}"


def uuid_array(values: Iterable[uuid.UUID | None], /) -> str:
    """Return UUIDs as an array."""
    return "{" + ",".join([NULL if value is None else value.hex for value in values]) + "}"


def text_array(values: Iterable[str | None], /) -> str:
    """Return texts as an array, whatever is in them."""
    return "{" + ",".join([NULL if value is None else quoted(value) for value in values]) + "}"


def bytes_array(values: Iterable[bytes | None], /) -> str:
    """Return bytes as an array."""
    return text_array([None if value is None else "\\x" + value.hex() for value in values])


def quoted(text: str, /) -> str:
    """Return a text as an element of an array."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
