"""What a process remembers of the database for a few seconds, so that each request need not ask.

For facts that may be a little old: which log-in stands, what a key may do, which tier somebody
has. Whatever is taken back in the database (a key deleted, a log-in ended) is taken back
everywhere within `FORGOTTEN_AFTER_SECONDS` of its commit, and at once in the process that did
it if that says `forget`.
"""

import time
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

from asgiref.sync import sync_to_async
from cachetools import TTLCache

FORGOTTEN_AFTER_SECONDS = 5.0
# A row may have been read just before the commit that matters: the difference is its reading.
REMEMBERED_SECONDS = 4.0
MOST = 20_000

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class ShortMemory(Generic[K, V]):
    """Remembers what `load` returned; what is not there (None) is asked for each time."""

    everyone: "list[ShortMemory[object, object]]" = []  # noqa: RUF012 - the one list of them all

    def __init__(self, load: Callable[[K], V | None], *, most: int = MOST) -> None:
        self._load = load
        self._known: TTLCache[K, V] = TTLCache(
            maxsize=most, ttl=REMEMBERED_SECONDS, timer=time.monotonic
        )
        self._lock = Lock()
        ShortMemory.everyone.append(self)  # type: ignore[arg-type]  # only `clear` is called on it

    def get(self, key: K) -> V | None:
        """Return what is known of a key, by the database where nothing is remembered."""
        found = self.recall(key)
        return self._ask(key) if found is None else found

    async def get_async(self, key: K) -> V | None:
        """Do the same on the event loop; only what is not remembered hops into a thread."""
        found = self.recall(key)
        return await sync_to_async(self._ask)(key) if found is None else found

    def recall(self, key: K) -> V | None:
        """Return what is remembered, without asking anybody."""
        with self._lock:
            return self._known.get(key)

    def forget(self, key: K) -> None:
        """Forget one key in this process."""
        with self._lock:
            self._known.pop(key, None)

    def clear(self) -> None:
        """Forget everything in this process."""
        with self._lock:
            self._known.clear()

    def _ask(self, key: K) -> V | None:
        found = self._load(key)
        if found is not None:
            with self._lock:
                self._known[key] = found
        return found
