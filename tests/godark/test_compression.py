"""What is compressed, for whom, and what never is."""

import gzip
import re

import pytest
from django.core.management import call_command
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import _does_token_match  # type: ignore[attr-defined]  # the tokens have no public check
from django.test import AsyncClient, Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import User
from godark.compression import PUBLIC_ROUTES, TERMINAL_ROUTE, may_be_compressed
from tests.accounts.factories import UserFactory

TAKES_GZIP = {"Accept-Encoding": "gzip, br"}
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def catalogue() -> None:
    call_command("load_catalogue", verbosity=0)


@pytest.fixture
def trader() -> User:
    return UserFactory.create()


def routes(patterns: list[URLPattern | URLResolver], before: str = "") -> set[str]:
    found: set[str] = set()
    for one in patterns:
        route = before + str(one.pattern)
        found |= routes(one.url_patterns, route) if isinstance(one, URLResolver) else {route}
    return found


def test_every_compressed_address_exists() -> None:
    assert routes(get_resolver().url_patterns) >= PUBLIC_ROUTES | {TERMINAL_ROUTE}


@pytest.mark.parametrize("path", ["/api/v1/markets", "/api/schema/", "/api/v1/status"])
def test_a_public_list_is_compressed_for_whoever_takes_it(client: Client, path: str) -> None:
    plain = client.get(path)
    short = client.get(path, headers=TAKES_GZIP)
    assert "Content-Encoding" not in plain.headers
    assert short.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in short.headers["Vary"]
    assert int(short.headers["Content-Length"]) == len(short.content) < len(plain.content) / 2
    assert gzip.decompress(short.content)[:20] == plain.content[:20]


async def test_on_the_event_loop_too() -> None:
    short = await AsyncClient().get("/api/schema/", headers=TAKES_GZIP)
    assert short.headers["Content-Encoding"] == "gzip"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/markets",
        "/settlement",
        "/api/v1/account",
        "/api/v1/orders",
        "/api/v1/fills",
    ],
)
def test_what_holds_a_token_or_is_ones_own_is_never_compressed(
    client: Client, trader: User, path: str
) -> None:
    client.force_login(trader)
    answered = client.get(path, headers=TAKES_GZIP)
    assert answered.status_code == 200
    assert "Content-Encoding" not in answered.headers


def test_the_terminal_is_compressed_and_holds_nothing_that_could_be_guessed(
    client: Client, trader: User
) -> None:
    client.force_login(trader)
    chosen = {"User-Agent": "chosen-1", "Referer": "http://chosen-2", "X-Chosen": "chosen-3"}
    address = "/trade/BTC-USDT-PERP?q=chosen-4&next=chosen-5"
    tokens = []
    for _ in range(2):
        answer = client.get(address, headers=chosen | TAKES_GZIP)
        assert answer.headers["Content-Encoding"] == "gzip"
        page = gzip.decompress(answer.content).decode()
        assert len(answer.content) < len(page) / 3
        assert "chosen" not in page
        assert trader.email not in page
        assert str(client.session.session_key) not in page
        tokens += re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    secret = client.cookies["csrftoken"].value
    assert secret not in tokens
    first, second = tokens[0], tokens[-1]
    assert first != second
    assert _does_token_match(first, secret)
    assert _does_token_match(second, secret)


def test_an_answer_that_sets_a_cookie_is_not_compressed() -> None:
    request, answered = HttpRequest(), HttpResponse("x" * 1000)
    request.method = "GET"
    request.resolver_match = get_resolver().resolve("/api/v1/markets")
    assert may_be_compressed(request, answered)
    answered.set_cookie("sessionid", "sesame")
    assert not may_be_compressed(request, answered)


def test_a_failure_is_not_compressed(client: Client) -> None:
    answered = client.get("/api/v1/markets?limit=" + "9" * 400, headers=TAKES_GZIP)
    assert answered.status_code == 400
    assert "Content-Encoding" not in answered.headers
