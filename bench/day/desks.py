"""A desk: one trader's hand at the venue, over a socket or over HTTP, and what it is told.

What is not here: what anybody wants to trade (`bench.day.bots`).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from bench.day.figures import Figures
from bench.day.people import Person, http_from
from godark_client import AsyncClient, AsyncSocket, Fill, NewOrder, Order, Patience
from godark_client.errors import ApiError, GoDarkError
from godark_client.models.accounts import Position

if TYPE_CHECKING:
    from decimal import Decimal

PATIENT: Final = Patience(attempts=60, first_seconds=0.05, most_seconds=1.0)
"""Until whatever was killed is there again."""


class Desk:
    """One trader on one socket: places, hears fills and the position, counts everything."""

    def __init__(
        self,
        url: str,
        person: Person,
        figures: Figures,
        *,
        kind: str,
        cancels: bool = False,
        by_http: bool = False,
    ) -> None:
        self.person, self.kind, self.figures = person, kind, figures
        self.position: dict[str, Decimal] = {}
        self.open: dict[str, Order] = {}
        self._by_http = by_http
        self.http = AsyncClient(url, person.key, patience=PATIENT, http=http_from(person.address))
        self.socket = AsyncSocket(
            url,
            person.key,
            cancel_on_disconnect=cancels,
            patience=PATIENT,
            local_address=person.address,
        )
        self._hearing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.socket.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._hearing is not None:
            self._hearing.cancel()
            with suppress(asyncio.CancelledError, GoDarkError):
                await self._hearing
        self.figures.losses += self.socket.losses
        await self.socket.aclose()
        await self.http.aclose()

    async def hear(self) -> None:
        """Keep the own position, fills and open orders true from now on."""
        await self.socket.subscribe("fills", "positions", "orders")
        self._hearing = asyncio.create_task(self._hear())

    async def place(self, order: NewOrder) -> Order | None:
        """Place an order; None where it was refused or nothing was said."""
        ask: Callable[[NewOrder], Awaitable[Order]] = (
            self.http.place_order if self._by_http else self.socket.place_order
        )
        self.figures.sent[self.kind] += 1
        began = time.perf_counter()
        try:
            said = await ask(order)
        except GoDarkError as error:
            self.figures.note_refusal(self.kind, error, seconds=time.perf_counter() - began)
            return None
        self.figures.note_order(self.kind, said, seconds=time.perf_counter() - began)
        return said

    async def place_batch(self, orders: Sequence[NewOrder]) -> list[Order]:
        """Place up to twenty orders at once; return those that were taken."""
        kind = f"{self.kind}, batch"
        self.figures.sent[kind] += len(orders)
        began = time.perf_counter()
        try:
            said = await self.socket.place_orders(orders)
        except GoDarkError as error:
            self.figures.note_refusal(kind, error, seconds=time.perf_counter() - began)
            return []
        seconds = time.perf_counter() - began
        taken = [one for one in said if isinstance(one, Order)]
        for order in taken:
            self.figures.note_order(kind, order, seconds=seconds)
        for one in said:
            if isinstance(one, ApiError):
                self.figures.note_refusal(kind, one, seconds=seconds)
        return taken

    async def cancel_all(self, symbol: str) -> None:
        """Cancel everything in a market."""
        kind = f"{self.kind}, cancel"
        self.figures.sent[kind] += 1
        began = time.perf_counter()
        try:
            await self.socket.cancel_all(symbol)
        except GoDarkError as error:
            self.figures.note_refusal(kind, error, seconds=time.perf_counter() - began)
        else:
            self.figures.waits[kind].append(time.perf_counter() - began)

    def cut(self) -> bool:
        """Cut the socket's connection without a word, as a network does; tell whether it was up."""
        wire = self.socket._wire  # noqa: SLF001 - no door of the library is for this
        if wire is None:
            return False
        wire.transport.get_extra_info("socket").shutdown(2)
        return True

    async def _hear(self) -> None:
        async for message in self.socket:
            told = message.data if isinstance(message.data, list) else [message.data]
            for one in told:
                if isinstance(one, Position):
                    self.position[one.symbol] = one.size
                elif isinstance(one, Order):
                    self._keep(one)
                elif isinstance(one, Fill) and not message.is_snapshot and one.liquidity == "MAKER":
                    self.figures.note_fills(self.kind, [one])

    def _keep(self, order: Order) -> None:
        if order.status in {"OPEN", "PARTIALLY_FILLED"}:
            self.open[order.id] = order
        else:
            self.open.pop(order.id, None)
