"""A venue of a few lines that answers as told and remembers what it was asked."""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from typing import Any

import httpx

from godark_client import AsyncClient, Client, HmacKey, Patience

URL = "http://venue.test"
KEY = HmacKey("gq_" + "0" * 32, "s" * 64, "pass phrase")
AT_ONCE = Patience(first_seconds=0.0)
LIMITS = {"X-RateLimit-Limit": "60", "X-RateLimit-Used": "7", "X-RateLimit-Reset": "3"}
ORDER: dict[str, Any] = {
    "id": "6f6f0c6e-8f0c-4f0e-9d3c-7a1f9a6f0c6e",
    "client_order_id": "mine",
    "symbol": "BTC-USDT-PERP",
    "side": "BUY",
    "type": "LIMIT",
    "size": "0.01",
    "filled_size": "0.004",
    "leaves_size": "0.006",
    "limit_price": "60000.1",
    "average_price": None,
    "time_in_force": "GTC",
    "status": "PARTIALLY_FILLED",
    "reject_code": None,
    "created_at": 1_763_136_000_000,
    "updated_at": 1_763_136_000_001,
    "account_sequence": 12,
    "a_field_of_tomorrow": {"x": 1},
}
Answer = httpx.Response | Exception


class Venue:
    """Answers in turn; the last answer holds for whatever comes after."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request, as HTTP does: from the bytes."""
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    async def ask(self, how: str, ask: Callable[[Any], Any], **options: Any) -> Any:
        """Call `ask(client)` of a synchronous or asynchronous client and return its answer."""
        chosen: dict[str, Any] = {"key": KEY, "patience": AT_ONCE} | options
        transport = httpx.MockTransport(self)
        if how == "sync":
            with Client(URL, http=httpx.Client(transport=transport), **chosen) as client:
                return ask(client)
        http = httpx.AsyncClient(transport=transport)
        async with AsyncClient(URL, http=http, **chosen) as asynchronous:
            return await ask(asynchronous)


def ok(body: Any, status: int = 200) -> httpx.Response:
    """Return an answer."""
    return httpx.Response(status, json=body, headers=LIMITS)


def no(status: int, code: str, **more: Any) -> httpx.Response:
    """Return a refusal."""
    headers = more.pop("headers", {})
    body = {"code": code, "detail": "A sentence.", "field": None, "extra": {}} | more
    return httpx.Response(status, json=body, headers=LIMITS | headers)


def is_signed(request: httpx.Request, *, secret: str = "s" * 64) -> bool:
    """Tell whether a request carries the signature of its own bytes, by the contract alone."""
    path = request.url.raw_path
    message = (
        request.headers["GD-TIMESTAMP"].encode() + request.method.encode() + path + request.content
    )
    right = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
    return bool(request.headers["GD-SIGNATURE"] == right)
