"""The switches of this process's sockets: armed, renewed every second, fired at a socket's end.

What is not here: what canceling means (`trading.services.socket_switches`).
"""

import asyncio
import uuid
from typing import TYPE_CHECKING, Final

import structlog
from asgiref.sync import sync_to_async
from django.db import Error as DatabaseAway

from trading.consumers.by_loop import by_loop
from trading.consumers.database import forget_connection
from trading.services import socket_switches

if TYPE_CHECKING:
    from trading.consumers.session import Session

log = structlog.get_logger(__name__)

RENEWED_SECONDS: Final = 1.0


class Switches:
    """The armed sockets of one process."""

    def __init__(self) -> None:
        self._process_id = uuid.uuid4()
        self._armed: dict[Session, tuple[uuid.UUID, uuid.UUID]] = {}
        self._ended: set[uuid.UUID] = set()
        self._renewing = asyncio.get_running_loop().create_task(self._renew_for_ever())

    async def set(self, session: "Session", *, account_id: uuid.UUID, wanted: bool) -> None:
        """Arm or disarm a socket; durable when it returns."""
        socket_id, _ = self._armed.get(session, (None, None))
        if wanted and socket_id is None:
            await self._arm(session, account_id)
        elif not wanted and socket_id is not None:
            await sync_to_async(socket_switches.disarm)(socket_id)
            self._armed.pop(session, None)

    async def fire(self, session: "Session") -> None:
        """Cancel what a socket that has ended leaves behind; tried again until it is written."""
        socket_id, _ = self._armed.pop(session, (None, None))
        if socket_id is not None:
            self._ended.add(socket_id)
            await self._fire_ended()

    async def close(self) -> None:
        """Renew nothing more."""
        self._renewing.cancel()
        await asyncio.gather(self._renewing, return_exceptions=True)

    async def _arm(self, session: "Session", account_id: uuid.UUID) -> None:
        socket_id = uuid.uuid4()
        await sync_to_async(socket_switches.arm)(
            process_id=self._process_id, socket_id=socket_id, account_id=account_id
        )
        self._armed[session] = (socket_id, account_id)

    async def _renew_for_ever(self) -> None:
        while True:
            await asyncio.sleep(RENEWED_SECONDS)
            await self._fire_ended()
            if self._armed:
                await self._renew()

    async def _fire_ended(self) -> None:
        try:
            for socket_id in list(self._ended):
                await sync_to_async(socket_switches.fire)(socket_id)
                self._ended.discard(socket_id)
        except DatabaseAway as error:
            log.warning("switch_not_fired", kind=type(error).__name__)
            await forget_connection()

    async def _renew(self) -> None:
        try:
            if not await sync_to_async(socket_switches.renew)(self._process_id):
                log.warning("switches_were_fired", sockets=len(self._armed))
                await self._arm_all_anew()
        except DatabaseAway as error:
            log.warning("switches_not_renewed", kind=type(error).__name__)
            await forget_connection()

    async def _arm_all_anew(self) -> None:
        """Arm every socket again: what they were armed by is gone."""
        for session, (_, account_id) in list(self._armed.items()):
            await self._arm(session, account_id)


switches = by_loop(Switches)
