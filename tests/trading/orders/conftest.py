"""People who trade over HTTP, and the exchange that answers them, within one test's transaction."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AccountTier, User
from tests.accounts.factories import UserFactory
from tests.exchange import Exchange
from trading.models import Market, MarketTicker

BTC = "BTC-USDT-PERP"
ETH = "ETH-USDT-PERP"
BASE = "/api/v1"
Json = dict[str, Any]


@dataclass
class Person:
    """Somebody at the doors of trading, by their browser's session."""

    user: User
    client: Client = field(default_factory=Client)

    def send(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """Return the answer to a request with a JSON body."""
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body)
        return self.client.generic(
            method,
            f"{BASE}{path}",
            data=data,
            content_type="application/json",
            query_params=query or None,
        )

    def ask(self, method: str, path: str, body: Any = None, *, expect: int, **query: Any) -> Json:
        """Return what is answered with a status."""
        answer = self.send(method, path, body, **query)
        assert answer.status_code == expect, (answer.status_code, answer.content)
        found: Json = answer.json()
        return found

    def place(self, *, expect: int = 201, **order: Any) -> Json:
        """Return the answer to an order: a limit of BTC at the mid, unless said otherwise."""
        usual = {
            "symbol": BTC,
            "side": "BUY",
            "type": "LIMIT",
            "size": "0.1",
            "time_in_force": "GTC",
        }
        body = {**usual, **order}
        if body["type"] == "LIMIT":
            body.setdefault("limit_price", "95500")
        return self.ask("POST", "/orders", body, expect=expect)

    def get(self, path: str, *, expect: int = 200, **query: Any) -> Json:
        """Return what is there."""
        return self.ask("GET", path, expect=expect, **query)


@pytest.fixture
def person(exchange: Exchange) -> Callable[..., Person]:
    """Return who makes people with money, of the tier LOAD unless said otherwise."""

    def make(*, micro: int = 100_000_000_000, tier: str = "LOAD") -> Person:
        user = UserFactory.create()
        AccountTier.objects.create(user=user, tier=tier)
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        if micro:
            exchange.fund(user.pk, micro=micro)
        return Person(user, client)

    return make


@pytest.fixture
def alice(person: Callable[..., Person]) -> Person:
    """Return a trader with 100,000 USDT."""
    return person()


@pytest.fixture
def bob(person: Callable[..., Person]) -> Person:
    """Return another."""
    return person()


def publish_mark(symbol: str, *, half_ticks: int) -> None:
    """Publish a market's prices as the price service does."""
    MarketTicker.objects.update_or_create(
        market=Market.objects.get(symbol=symbol),
        defaults={
            "index_half_ticks": half_ticks,
            "mark_half_ticks": half_ticks,
            "updated_at": timezone.now(),
        },
    )
