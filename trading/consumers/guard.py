"""The guard: looks every few seconds whether what the sockets were let in by still holds."""

import asyncio
from typing import Final

import structlog
from asgiref.sync import sync_to_async
from django.db import Error as DatabaseAway

from accounts.services.socket_callers import no_longer_standing
from trading.consumers.by_loop import by_loop
from trading.consumers.database import forget_connection
from trading.consumers.session import Closing, Session

log = structlog.get_logger(__name__)

LOOKS_SECONDS: Final = 5.0


class Guard:
    """All sockets of one process."""

    def __init__(self) -> None:
        self._sessions: set[Session] = set()
        self._looking = asyncio.get_running_loop().create_task(self._look_for_ever())

    def watch(self, session: Session) -> None:
        """Look after a session."""
        self._sessions.add(session)

    def forget(self, session: Session) -> None:
        """Look after it no longer."""
        self._sessions.discard(session)

    async def close(self) -> None:
        """Look no more."""
        self._looking.cancel()
        await asyncio.gather(self._looking, return_exceptions=True)

    async def _look_for_ever(self) -> None:
        while True:
            await asyncio.sleep(LOOKS_SECONDS)
            try:
                await self._look()
            except DatabaseAway as error:
                log.warning("sockets_not_looked_at", kind=type(error).__name__)
                await forget_connection()

    async def _look(self) -> None:
        admitted = {one.admitted for one in self._sessions if one.admitted is not None}
        if not admitted:
            return
        fallen = await sync_to_async(no_longer_standing)(admitted)
        for session in [one for one in self._sessions if one.admitted in fallen]:
            session.close(Closing.NO_LONGER_KNOWN)


guard = by_loop(Guard)
