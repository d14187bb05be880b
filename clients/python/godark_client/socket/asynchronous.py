"""The socket on an event loop: connected, authenticated, resumed, and again after every loss."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Self

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from godark_client.calls import Patience
from godark_client.errors import (
    ApiError,
    AuthenticationError,
    DisconnectedError,
    ForbiddenError,
    GoDarkError,
    NotFoundError,
    RateLimitedError,
    error_of,
)
from godark_client.models.orders import NewOrder, Order
from godark_client.models.records import Json
from godark_client.numbers import Number, written
from godark_client.outcomes import outcomes_of
from godark_client.signing import ApiKey, Clock
from godark_client.socket.frames import Message, Place, Pong, Result, address_of, auth_frame, read

PING_SECONDS: Final = 10.0
ANSWER_SECONDS: Final = 30.0
MOST_WAITING: Final = 100_000
LARGEST_FRAME: Final = 16 * 1024 * 1024
PASSING: Final = frozenset({"TIMESTAMP_OUT_OF_WINDOW", "REPLAYED_REQUEST"})


class AsyncSocket:
    """One connection to the venue that comes back by itself.

    `async with AsyncSocket(url, key) as socket:` then `subscribe`, `async for message in socket`,
    and orders. After a loss each channel is resumed: what comes is what was missed, or a snapshot.
    Whoever subscribes reads: with 100,000 messages unread the connection stands still.
    """

    def __init__(
        self,
        url: str,
        key: ApiKey | None = None,
        *,
        cancel_on_disconnect: bool = False,
        window_ms: int | None = None,
        patience: Patience | None = None,
        local_address: str | None = None,
    ) -> None:
        """Prepare a connection to the venue at `url` (http or https); without a key as nobody.

        `local_address` is the address of this machine from which it goes out, where it has several.
        """
        self._address = address_of(url)
        self._from = None if local_address is None else (local_address, 0)
        self._key = key
        self._cancels = cancel_on_disconnect
        self._window_ms = window_ms
        self._patience = patience or Patience()
        self._clock = Clock()
        self._places: dict[str, Place] = {}
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._messages: asyncio.Queue[Message] = asyncio.Queue(MOST_WAITING)
        self._requests = 0
        self._wire: ClientConnection | None = None
        self._is_ready = asyncio.Event()
        self._has_ended = asyncio.Event()
        self._failure: Exception | None = None
        self._running: asyncio.Task[None] | None = None
        self._resuming: set[asyncio.Task[None]] = set()
        self.losses = 0

    async def __aenter__(self) -> Self:
        self._running = asyncio.get_running_loop().create_task(self._run())
        try:
            await self._ready()
        except BaseException:
            await self.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """End the connection for good."""
        self._fail(self._failure or DisconnectedError("The socket is closed."))
        for task in (*self._resuming, *([self._running] if self._running else [])):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        if self._wire is not None:
            await self._wire.close()

    # News.

    async def subscribe(self, *channels: str) -> None:
        """Hear channels from now on: of each a snapshot, then what is told."""
        fresh = [name for name in channels if name not in self._places]
        self._places |= {name: Place() for name in fresh}
        try:
            await self._ask("subscribe", channels=list(channels))
        except ApiError:
            for name in fresh:
                self._places.pop(name, None)
            raise

    async def unsubscribe(self, *channels: str) -> None:
        """Hear channels no longer."""
        for name in channels:
            self._places.pop(name, None)
        await self._ask("unsubscribe", channels=list(channels))

    def __aiter__(self) -> AsyncIterator[Message]:
        """Return itself: messages, in the order of each channel, none twice."""
        return self

    async def __anext__(self) -> Message:
        """Return the next message; it ends when the socket is closed for good."""
        try:
            return await self.next()
        except GoDarkError:
            raise StopAsyncIteration from None

    async def next(self, *, seconds: float | None = None) -> Message:
        """Return the next message; TimeoutError when none comes in time.

        Raises why the socket was closed for good, once all that came before has been returned.
        """
        if not self._messages.empty():
            return self._messages.get_nowait()
        coming = asyncio.ensure_future(self._messages.get())
        ending = asyncio.ensure_future(self._has_ended.wait())
        try:
            async with asyncio.timeout(seconds):
                await asyncio.wait({coming, ending}, return_when=asyncio.FIRST_COMPLETED)
        except BaseException:
            if coming.done() and not coming.cancelled():
                return coming.result()
            raise
        finally:
            coming.cancel()
            ending.cancel()
        if coming.done() and not coming.cancelled():
            return coming.result()
        raise self._failure or DisconnectedError("The socket is closed.")

    # Orders.

    async def place_order(self, order: NewOrder) -> Order:
        """Place an order and return it as it stands after matching.

        Raises RejectedError when the engine said no. With a client_order_id it is sent again after
        a loss, and acts once; without one DisconnectedError says that nobody knows.
        """
        repeatable = order.client_order_id is not None
        return _order(await self._ask("order.place", order.body(), is_repeatable=repeatable))

    async def place_orders(self, orders: Sequence[NewOrder]) -> list[Order | ApiError]:
        """Place at most 20 orders; return for each, in this order, itself or its error."""
        body = {"orders": [order.body() for order in orders]}
        repeatable = all(order.client_order_id is not None for order in orders)
        return outcomes_of(await self._ask("order.place_batch", body, is_repeatable=repeatable))

    async def amend_order(
        self, order_id: str, *, size: Number | None = None, limit_price: Number | None = None
    ) -> Order:
        """Change an order's total size, its limit, or both."""
        chosen = {"size": size, "limit_price": limit_price}
        told = {name: written(value) for name, value in chosen.items() if value is not None}
        return _order(await self._ask("order.amend", {"id": order_id, **told}))

    async def cancel_order(self, order_id: str) -> Order:
        """Cancel an order; RejectedError ORDER_NOT_OPEN when it has ended."""
        return _order(await self._ask("order.cancel", {"id": order_id}))

    async def cancel_by_client_id(self, client_order_id: str) -> Order:
        """Cancel an order by the name that the client gave it."""
        return _order(await self._ask("order.cancel", {"client_order_id": client_order_id}))

    async def cancel_all(self, symbol: str | None = None) -> list[Order]:
        """Cancel all orders, of one market or of all."""
        body = {} if symbol is None else {"symbol": symbol}
        told = await self._ask("order.cancel_all", body, is_repeatable=True)
        return msgspec.convert(told["results"], list[Order])

    async def ping(self) -> int:
        """Return the venue's time in Unix milliseconds."""
        pong: Pong = await self._ask("ping", is_repeatable=True)
        return pong.sent_at

    # Asking.

    async def _ask(
        self, kind: str, data: Json | None = None, *, is_repeatable: bool = False, **fields: Any
    ) -> Any:
        attempt = 0
        told = fields if data is None else {"data": data, **fields}
        while True:
            attempt += 1
            await self._ready()
            try:
                return await self._say(kind, **told)
            except DisconnectedError:
                may_repeat = is_repeatable or kind in ("subscribe", "unsubscribe")
                if not may_repeat or attempt >= self._patience.attempts:
                    raise
                # The loss may not have been seen yet; without a pause all attempts end at once.
                await asyncio.sleep(self._patience.backoff(attempt))
            except RateLimitedError as error:
                wait = self._patience.wait(error.retry_after_seconds, attempt=attempt)
                if wait is None:
                    raise
                await asyncio.sleep(wait)

    async def _say(self, kind: str, **fields: Any) -> Any:
        """Send a frame and return the data of its answer."""
        wire = self._wire
        if wire is None:
            raise DisconnectedError("The socket is not connected.")
        self._requests += 1
        number = self._requests
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            await wire.send(json.dumps({"type": kind, "request_id": number, **fields}))
            async with asyncio.timeout(ANSWER_SECONDS):
                return await answer
        except ConnectionClosed as error:
            raise DisconnectedError(_why(error)) from error
        except TimeoutError as error:
            raise DisconnectedError("No answer came.") from error
        finally:
            self._waiting.pop(number, None)

    async def _ready(self) -> None:
        await self._is_ready.wait()
        if self._failure is not None:
            raise self._failure

    # The connection.

    async def _run(self) -> None:
        """Connect, and again after every loss, ever more slowly while it does not succeed."""
        attempt = 0
        while self._failure is None:
            attempt += 1
            why = "The socket is gone."
            try:
                async with connect(
                    self._address, max_size=LARGEST_FRAME, local_addr=self._from
                ) as wire:
                    hearing = asyncio.create_task(self._hear(wire))
                    try:
                        self._wire = wire
                        await self._begin()
                        attempt = 0
                        await hearing
                    finally:
                        hearing.cancel()
                        with suppress(asyncio.CancelledError, ConnectionClosed):
                            await hearing
            except (AuthenticationError, ForbiddenError, NotFoundError) as error:
                if error.code not in PASSING:
                    self._fail(error)
            except ConnectionClosed as error:
                why = _why(error)
            except (
                ApiError,
                DisconnectedError,
                OSError,
                WebSocketException,
                TimeoutError,
            ) as error:
                why = f"{type(error).__name__}: {error}"
            self._lose(why)
            if self._failure is None:
                await asyncio.sleep(self._patience.backoff(max(1, attempt)))

    async def _begin(self) -> None:
        """Say who is there, arm the switch, and take each channel up where it was left."""
        if self._key is not None:
            pong: Pong = await self._say("ping")
            self._clock.set_by(pong.sent_at)
            stamp = self._clock.timestamp()
            frame = auth_frame(self._key, timestamp=stamp, window_ms=self._window_ms)
            await self._say(frame.pop("type"), **frame)
        if self._cancels:
            await self._say("options", cancel_on_disconnect=True)
        fresh = [name for name, place in self._places.items() if place.seq is None]
        if fresh:
            await self._say("subscribe", channels=fresh)
        for name, place in list(self._places.items()):
            place.is_asking = False
            if place.seq is not None:
                await self._say("resume", channel=name, since=place.seq)
        self._is_ready.set()

    async def _hear(self, wire: ClientConnection) -> None:
        pinging = asyncio.create_task(self._ping_for_ever())
        try:
            async for text in wire:
                heard = read(text)
                if isinstance(heard, Message):
                    await self._take(heard)
                elif isinstance(heard, Result | Pong):
                    self._answer(heard)
            raise DisconnectedError("The venue closed the socket.")
        finally:
            pinging.cancel()

    async def _take(self, message: Message) -> None:
        place = self._places.get(message.channel)
        if place is None:
            return
        if place.take(message):
            await self._messages.put(message)
        elif place.is_missing(message):
            place.is_asking = True
            task = asyncio.create_task(self._resume(message.channel, place))
            self._resuming.add(task)
            task.add_done_callback(self._resuming.discard)

    async def _resume(self, channel: str, place: Place) -> None:
        try:
            await self._say("resume", channel=channel, since=place.seq)
        except (DisconnectedError, ApiError):
            pass  # the next connection begins with it, and the next message asks again
        finally:
            place.is_asking = False

    def _answer(self, heard: Result | Pong) -> None:
        number = heard.request_id
        waiting = self._waiting.get(number) if isinstance(number, int) else None
        if waiting is None or waiting.done():
            return
        if isinstance(heard, Pong):
            waiting.set_result(heard)
        elif heard.error is not None:
            waiting.set_exception(error_of(heard.error))
        else:
            waiting.set_result(heard.data)

    async def _ping_for_ever(self) -> None:
        """Say every ten seconds that somebody is there, and how far each channel was heard."""
        while True:
            await asyncio.sleep(PING_SECONDS)
            with suppress(DisconnectedError, ApiError):
                for name, place in list(self._places.items()):
                    if place.seq is not None:
                        await self._say("ping", channel=name, seq=place.seq)
                await self._say("ping")

    def _lose(self, why: str) -> None:
        """Tell whoever waits for an answer that none will come."""
        self._wire = None
        if self._failure is None:
            self._is_ready.clear()
        self.losses += 1
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(self._failure or DisconnectedError(why))

    def _fail(self, error: Exception) -> None:
        """End for good; whoever waits is told why."""
        self._failure = error
        self._is_ready.set()
        self._has_ended.set()


def _order(told: Any) -> Order:
    return msgspec.convert(told, Order)


def _why(error: ConnectionClosed) -> str:
    told = error.rcvd
    return "The socket is gone." if told is None else f"{told.code}: {told.reason}"
