"""The socket for programs without an event loop: the asynchronous one, on a thread of its own."""

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from threading import Thread
from types import TracebackType
from typing import Any, Self, TypeVar

from godark_client.calls import Patience
from godark_client.errors import ApiError
from godark_client.models.orders import NewOrder, Order
from godark_client.numbers import Number
from godark_client.signing import ApiKey
from godark_client.socket.asynchronous import AsyncSocket
from godark_client.socket.frames import Message

T = TypeVar("T")


class Socket:
    """One connection that comes back by itself; `with Socket(url, key) as socket:`.

    Everything is as in `AsyncSocket`, and waits.
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
        """Prepare a connection to the venue at `url` (http or https); without a key as nobody."""
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="godark-socket", daemon=True)

        async def make() -> AsyncSocket:
            return AsyncSocket(
                url,
                key,
                cancel_on_disconnect=cancel_on_disconnect,
                window_ms=window_ms,
                patience=patience,
                local_address=local_address,
            )

        self._make = make
        self._socket: AsyncSocket

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self._socket = self._do(self._make())
            self._do(self._socket.__aenter__())
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connection for good."""
        self._do(self._socket.aclose())
        self._stop()

    def subscribe(self, *channels: str) -> None:
        """Hear channels from now on: of each a snapshot, then what is told."""
        self._do(self._socket.subscribe(*channels))

    def unsubscribe(self, *channels: str) -> None:
        """Hear channels no longer."""
        self._do(self._socket.unsubscribe(*channels))

    def __iter__(self) -> Iterator[Message]:
        """Yield messages, in the order of each channel, none twice."""
        while True:
            yield self.next()

    def next(self, *, seconds: float | None = None) -> Message:
        """Return the next message; TimeoutError when none comes in time."""
        return self._do(self._socket.next(seconds=seconds))

    def place_order(self, order: NewOrder) -> Order:
        """Place an order and return it as it stands after matching."""
        return self._do(self._socket.place_order(order))

    def place_orders(self, orders: Sequence[NewOrder]) -> list[Order | ApiError]:
        """Place at most 20 orders; return for each, in this order, itself or its error."""
        return self._do(self._socket.place_orders(orders))

    def amend_order(
        self, order_id: str, *, size: Number | None = None, limit_price: Number | None = None
    ) -> Order:
        """Change an order's total size, its limit, or both."""
        return self._do(self._socket.amend_order(order_id, size=size, limit_price=limit_price))

    def cancel_order(self, order_id: str) -> Order:
        """Cancel an order; RejectedError ORDER_NOT_OPEN when it has ended."""
        return self._do(self._socket.cancel_order(order_id))

    def cancel_by_client_id(self, client_order_id: str) -> Order:
        """Cancel an order by the name that the client gave it."""
        return self._do(self._socket.cancel_by_client_id(client_order_id))

    def cancel_all(self, symbol: str | None = None) -> list[Order]:
        """Cancel all orders, of one market or of all."""
        return self._do(self._socket.cancel_all(symbol))

    def ping(self) -> int:
        """Return the venue's time in Unix milliseconds."""
        return self._do(self._socket.ping())

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
