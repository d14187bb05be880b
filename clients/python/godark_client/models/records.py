"""What all records share, and pages of them."""

from typing import Any, Generic, TypeAlias, TypeVar

import msgspec

Json: TypeAlias = dict[str, Any]
"""An answer whose fields this version does not type; its decimals are strings."""

T = TypeVar("T")


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One object of an answer."""


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """Some results, newest first, and the cursor of the next ones."""

    results: list[T]
    next: str | None = None
