"""One of something per event loop: a web process has one loop, a test its own."""

import asyncio
import weakref
from collections.abc import Callable
from typing import Any, Protocol, TypeVar


class Closes(Protocol):
    """What has something to end."""

    async def close(self) -> None:
        """End it."""


T = TypeVar("T", bound=Closes)
_ALL: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Callable[..., Any], Any]] = (
    weakref.WeakKeyDictionary()
)


def by_loop(make: Callable[[], T]) -> Callable[[], T]:
    """Return what gives the running loop's own one, made at the first question."""

    def of_this_loop() -> T:
        made = _ALL.setdefault(asyncio.get_running_loop(), {})
        if make not in made:
            made[make] = make()
        found: T = made[make]
        return found

    return of_this_loop


async def close_all() -> None:
    """End all that this loop has."""
    for one in _ALL.pop(asyncio.get_running_loop(), {}).values():
        await one.close()
