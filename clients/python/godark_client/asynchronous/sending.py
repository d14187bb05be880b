"""Sending: one call over HTTP, signed, patient, and read."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from godark_client.calls import Call, Patience, RateLimit, key_headers, read_answer
from godark_client.errors import ApiError, AuthenticationError, GoDarkError, TransportError
from godark_client.keeping import keep
from godark_client.models.accounts import Tokens
from godark_client.models.markets import ServerTime
from godark_client.models.records import Json, Page
from godark_client.signing import ApiKey, Clock

T = TypeVar("T")
AGENT = "godark-client/0.1.0"
TIMEOUT_SECONDS = 10.0
PROOF_SECONDS = 300.0
PROOF = Call(method="GET", path="/proofs/account", answer=Json, is_repeatable=True)
TIME = Call(method="GET", path="/time", answer=ServerTime, is_repeatable=True)


class AsyncSending:
    """What every group of calls stands on; open it with `async with`, or `aclose` it."""

    def __init__(
        self,
        url: str,
        key: ApiKey | None = None,
        *,
        window_ms: int | None = None,
        patience: Patience | None = None,
        http: httpx.AsyncClient | None = None,
        proof_file: str | Path | None = None,
    ) -> None:
        """Call the venue at `url` (without a path); without a key only what is public.

        With a `proof_file` the account's newest proof is kept there by itself: every few minutes a
        call brings it too.
        """
        self.url = url.rstrip("/")
        self.key = key
        self.clock = Clock()
        self.tokens: Tokens | None = None
        self.rate_limit: RateLimit | None = None
        self._window_ms = window_ms
        self._patience = patience or Patience()
        self._http = http or httpx.AsyncClient(timeout=TIMEOUT_SECONDS)
        self._proof_file = None if proof_file is None else Path(proof_file)
        self._proof_due = 0.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def send(self, call: Call[T]) -> T:
        """Send a call and return its answer.

        Raises ApiError for what the venue refused, TransportError where no answer came.
        """
        attempt = 0
        while True:
            attempt += 1
            try:
                answer = await self._send_once(call)
            except httpx.TransportError as error:
                wait = self._patience.wait_after_silence(call, attempt=attempt)
                if wait is None:
                    raise TransportError(f"{type(error).__name__}: no answer.") from error
            except ApiError as error:
                if attempt == 1 and error.code == "TIMESTAMP_OUT_OF_WINDOW":
                    await self.set_clock()
                    continue
                wait = self._patience.wait_after_refusal(call, error, attempt=attempt)
                if wait is None:
                    raise
            else:
                await self._keep_by_itself()
                return answer
            await asyncio.sleep(wait)

    async def set_clock(self) -> None:
        """Ask the venue for its time and sign by that."""
        self.clock.set_by((await self._exchange(TIME, {})).server_at)

    async def every(
        self, listing: Callable[..., Awaitable[Page[T]]], **filters: Any
    ) -> AsyncIterator[T]:
        """Yield every result of a listing, page by page: `every(client.fills, symbol=...)`."""
        cursor: str | None = None
        while True:
            page = await listing(**filters, cursor=cursor)
            for result in page.results:
                yield result
            cursor = page.next
            if cursor is None:
                return

    async def read(self, path: str, answer: type[T], query: Mapping[str, Any] | None = None) -> T:
        """Send a GET."""
        return await self.send(
            Call(method="GET", path=path, query=query, answer=answer, is_repeatable=True)
        )

    async def _send_once(self, call: Call[T]) -> T:
        try:
            return await self._exchange(call, self._headers(call))
        except AuthenticationError:
            if self.key is not None or self.tokens is None:
                raise
        await self._refresh()
        return await self._exchange(call, self._headers(call))

    async def _keep_by_itself(self) -> None:
        """Keep the newest proof if that is due; what the venue says to it changes nothing."""
        is_somebody = self.key is not None or self.tokens is not None
        if self._proof_file is None or not is_somebody or time.monotonic() < self._proof_due:
            return
        self._proof_due = time.monotonic() + PROOF_SECONDS
        with suppress(GoDarkError, httpx.TransportError, OSError, KeyError):
            proof: Json = await self._send_once(PROOF)
            keep(self._proof_file, proof)

    async def _exchange(self, call: Call[T], headers: dict[str, str]) -> T:
        content = call.body_bytes
        sent = {"User-Agent": AGENT, **headers}
        if content:
            sent["Content-Type"] = "application/json"
        response = await self._http.request(
            call.method, self.url + call.path_with_query, content=content, headers=sent
        )
        self.rate_limit = RateLimit.of(response.headers) or self.rate_limit
        return read_answer(
            call, status=response.status_code, body=response.content, headers=response.headers
        )

    def _headers(self, call: Call[Any]) -> dict[str, str]:
        if self.key is not None:
            timestamp = self.clock.timestamp()
            return key_headers(call, self.key, timestamp=timestamp, window_ms=self._window_ms)
        if self.tokens is not None:
            return {"Authorization": f"Bearer {self.tokens.access_token}"}
        return {}

    async def _refresh(self) -> None:
        """Take the next pair of tokens; each refresh token serves once."""
        if self.tokens is None:
            return
        body = {"refresh_token": self.tokens.refresh_token}
        self.tokens = None
        call = Call(method="POST", path="/auth/refresh", body=body, answer=Tokens)
        self.tokens = await self._exchange(call, {})
