"""Signed requests at the site's doors: what opens, what does not, and whose limits count."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from asgiref.sync import async_to_sync
from django.conf import settings
from django.http import HttpRequest
from django.test import AsyncClient, Client, RequestFactory
from rest_framework.request import Request

from accounts import recognition
from accounts.api.permissions import MayRead, MayReadOrTrade, MayTrade, MayWithdraw
from accounts.models import Permission, User
from accounts.services.callers import Caller, Credentials
from accounts.services.replays import Replays, replays
from accounts.services.tiers import give_tier
from accounts.short_memory import ShortMemory
from godark.counting import limiter
from godark.errors import Failure
from godark.limits import Tier
from tests.accounts.factories import PASSWORD, UserFactory
from tests.accounts.signing import RAW_PUBLIC_KEY, Signer, bearer, post, signer_of, tokens_of

pytestmark = pytest.mark.django_db
OPEN = "/api/v1/markets"
ORDERS = "/api/v1/orders"
NOWHERE = f"{ORDERS}/none/of/these"


@pytest.fixture
def trader() -> User:
    return UserFactory.create()


@pytest.fixture
def signer(trader: User) -> Signer:
    return signer_of(trader)


@pytest.fixture
def without_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let replays be looked for in a Redis that is not there."""
    monkeypatch.setattr(recognition, "replays", Replays("redis://127.0.0.1:1/0"))


def bucket_of(answer: Any) -> str:
    """Return whose bucket counted a request, empty for its address's."""
    return str(getattr(vars(answer.wsgi_request).get("limits_subject"), "name", ""))


def code_of(answer: Any) -> str:
    return "" if answer.status_code == 200 else str(answer.json()["code"])


def test_both_kinds_of_key_open(trader: User, signer: Signer) -> None:
    assert signer.send("GET", f"{OPEN}?limit=1").status_code == 200
    by_ed25519 = signer_of(trader, public_key=RAW_PUBLIC_KEY)
    assert by_ed25519.send("GET", f"{OPEN}?limit=1").status_code == 200


@pytest.mark.parametrize(
    ("spoilt", "code"),
    [
        ({"GD_SIGNATURE": "0" * 64}, "AUTHENTICATION_FAILED"),
        ({"GD_SIGNATURE": "\u2603"}, "AUTHENTICATION_FAILED"),
        ({"GD_SIGNATURE": "x" * 5000}, "AUTHENTICATION_FAILED"),
        ({"GD_SIGNATURE": ""}, "AUTHENTICATION_FAILED"),
        ({"GD_PASSPHRASE": "another-passphrase"}, "AUTHENTICATION_FAILED"),
        ({"GD_PASSPHRASE": "x" * 5000}, "AUTHENTICATION_FAILED"),
        ({"GD_API_KEY": "gq_" + "0" * 32}, "AUTHENTICATION_FAILED"),
        ({"GD_API_KEY": "gq_\x00"}, "VALIDATION_ERROR"),
        ({"GD_API_KEY": "' OR 1=1 --"}, "AUTHENTICATION_FAILED"),
        ({"GD_TIMESTAMP": "soon"}, "VALIDATION_ERROR"),
        ({"GD_TIMESTAMP": "1e400"}, "VALIDATION_ERROR"),
        ({"GD_TIMESTAMP": "-1"}, "VALIDATION_ERROR"),
        ({"GD_TIMESTAMP": "9" * 400}, "VALIDATION_ERROR"),
        ({"GD_TIMESTAMP": "\u0661"}, "VALIDATION_ERROR"),
        ({"GD_TIMESTAMP": "1"}, "TIMESTAMP_OUT_OF_WINDOW"),
        ({"GD_TIMESTAMP": "9999999999999999"}, "TIMESTAMP_OUT_OF_WINDOW"),
        ({"GD_RECV_WINDOW": "0"}, "VALIDATION_ERROR"),
        ({"GD_RECV_WINDOW": "60001"}, "VALIDATION_ERROR"),
        ({"GD_RECV_WINDOW": "5000.5"}, "VALIDATION_ERROR"),
        ({"GD_RECV_WINDOW": "+5000"}, "VALIDATION_ERROR"),
        ({"Authorization": "Bearer x.y.z"}, "AUTHENTICATION_FAILED"),
    ],
)
def test_a_spoilt_header_opens_nothing(signer: Signer, spoilt: dict[str, str], code: str) -> None:
    assert code_of(signer.send("GET", OPEN, **spoilt)) == code


@pytest.mark.parametrize("missing", ["GD-API-KEY", "GD-TIMESTAMP", "GD-SIGNATURE", "GD-PASSPHRASE"])
def test_a_missing_header_is_named(signer: Signer, missing: str) -> None:
    headers = signer.headers("GET", OPEN)
    del headers[missing]
    answer = Client().get(OPEN, headers=headers)
    assert (answer.status_code, answer.json()["field"]) == (401, missing)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"{OPEN}?limit=2", ""),
        ("GET", f"{OPEN}?limit=1&", ""),
        ("GET", f"{OPEN}/X?limit=1", ""),
        ("POST", f"{OPEN}?limit=1", ""),
        ("GET", f"{OPEN}?limit=1", "{}"),
    ],
)
def test_a_signature_covers_method_path_query_and_body(
    signer: Signer, method: str, path: str, body: str
) -> None:
    headers = signer.headers("GET", f"{OPEN}?limit=1")
    answer = Client().generic(
        method, path, data=body, content_type="application/json", headers=headers
    )
    assert code_of(answer) == "AUTHENTICATION_FAILED"


def test_a_query_cannot_become_a_body(signer: Signer) -> None:
    headers = signer.headers("DELETE", f"{OPEN}?symbol=BTC-USDT-PERP")
    answer = Client().generic("DELETE", OPEN, data="?symbol=BTC-USDT-PERP", headers=headers)
    assert code_of(answer) == "AUTHENTICATION_FAILED"


@pytest.fixture
def still_clock() -> Iterator[None]:
    """Let no time pass between a signature and its check, however slow the machine."""
    with time_machine.travel(time.time(), tick=False):
        yield


@pytest.mark.parametrize(
    ("off_ms", "window", "code"),
    [
        (-4_000, None, ""),
        (-6_000, None, "TIMESTAMP_OUT_OF_WINDOW"),
        (-50_000, "60000", ""),
        (-61_000, "60000", "TIMESTAMP_OUT_OF_WINDOW"),
        (-900, "500", "TIMESTAMP_OUT_OF_WINDOW"),
        (900, None, ""),
        (3_000, None, "TIMESTAMP_OUT_OF_WINDOW"),
    ],
)
@pytest.mark.usefixtures("still_clock")
def test_a_timestamp_lies_in_the_window(
    signer: Signer, off_ms: int, window: str | None, code: str
) -> None:
    timestamp = str(time.time_ns() // 1_000_000 + off_ms)
    more = {"GD_RECV_WINDOW": window} if window else {}
    answer = signer.send("GET", OPEN, timestamp=timestamp, **more)
    assert code_of(answer) == code
    if code:
        assert abs(answer.json()["extra"]["server_at"] - time.time() * 1000) < 10_000


@pytest.mark.usefixtures("still_clock")
def test_the_same_signature_twice_is_a_replay_however_wide_the_window(signer: Signer) -> None:
    headers = signer.headers("GET", OPEN)
    assert Client().get(OPEN, headers=headers).status_code == 200
    for window in ("1000", "60000"):
        again = Client().get(OPEN, headers=headers | {"GD-RECV-WINDOW": window})
        assert (again.status_code, code_of(again)) == (401, "REPLAYED_REQUEST")


@pytest.mark.usefixtures("without_redis")
def test_without_redis_reading_and_canceling_go_on_and_writing_is_refused(signer: Signer) -> None:
    headers = signer.headers("GET", OPEN)
    assert [Client().get(OPEN, headers=headers).status_code for _ in range(2)] == [200, 200]
    cancel = RequestFactory().delete(ORDERS, headers=signer.headers("DELETE", ORDERS))
    assert isinstance(recognition.recognized(cancel), Caller)
    refused = signer.send("POST", "/api/v1/auth/logout-all")
    assert (refused.status_code, code_of(refused)) == (503, "UNAVAILABLE")
    assert refused.headers["Retry-After"] == "1"


@pytest.mark.usefixtures("without_redis")
def test_without_redis_a_person_still_writes(trader: User) -> None:
    assert post(Client(), "/api/v1/auth/logout-all", **bearer(tokens_of(trader))).status_code == 204


@pytest.mark.parametrize(
    ("networks", "address", "code"),
    [
        (["203.0.113.0/24"], "203.0.113.9", ""),
        (["203.0.113.0/24"], "203.0.114.9", "AUTHENTICATION_FAILED"),
        (["2001:db8::/32"], "203.0.113.9", "AUTHENTICATION_FAILED"),
        (["2001:db8::/32"], "2001:db8::1", ""),
        (["10.0.0.1/32", "203.0.113.9/32"], "203.0.113.9", ""),
    ],
)
def test_a_key_with_an_allow_list_opens_from_there_only(
    trader: User, networks: list[str], address: str, code: str
) -> None:
    signer = signer_of(trader, ip_allow_list=networks)
    headers = signer.headers("GET", OPEN)
    answer = Client().get(OPEN, headers=headers, REMOTE_ADDR=address)
    assert code_of(answer) == code
    spoofed = signer.headers("GET", OPEN) | {"X-Forwarded-For": "203.0.113.9"}
    if code:
        answer = Client().get(OPEN, headers=spoofed, REMOTE_ADDR=address)
        assert code_of(answer) == code


def test_a_barred_person_has_no_key(trader: User, signer: Signer) -> None:
    User.objects.filter(pk=trader.pk).update(is_active=False)
    assert code_of(signer.send("GET", OPEN)) == "AUTHENTICATION_FAILED"


def test_all_credentials_of_an_account_share_its_buckets(trader: User, signer: Signer) -> None:
    give_tier(user=trader, tier=Tier.PRO)
    browser = Client()
    browser.post("/login", {"email": trader.email, "password": PASSWORD})
    answers = [
        signer.send("GET", OPEN),
        Client().get(OPEN, headers=bearer(tokens_of(trader))),
        browser.get(OPEN),
    ]
    assert [answer.headers["X-RateLimit-Limit"] for answer in answers] == ["1200"] * 3
    assert {bucket_of(answer) for answer in answers} == {f"account:{trader.pk}"}


def test_who_fails_is_counted_by_address_and_never_by_the_account_he_names(
    trader: User, signer: Signer
) -> None:
    headers = signer.headers("GET", OPEN)
    assert bucket_of(Client().get(OPEN, headers=headers)) == f"account:{trader.pk}"
    replayed = Client().get(OPEN, headers=headers)
    forged = signer.send("GET", OPEN, GD_SIGNATURE="0" * 64)
    for refused in (replayed, forged):
        assert (refused.status_code, bucket_of(refused)) == (401, "")
        assert refused.headers["X-RateLimit-Limit"] == "60"


def test_orders_and_cancels_have_buckets_of_their_own(signer: Signer) -> None:
    first = signer.send("POST", NOWHERE, "{}")
    assert (first.headers["X-RateLimit-Limit"], first.headers["X-RateLimit-Used"]) == ("30", "1")
    amend = signer.send("PATCH", NOWHERE, "{}")
    assert amend.headers["X-RateLimit-Limit"] == "30"
    for method, path in (("DELETE", NOWHERE), ("POST", f"{ORDERS}/cancel-all-after")):
        cancel = signer.send(method, path, "{}")
        assert cancel.headers["X-RateLimit-Limit"] == "60"
        assert cancel.headers["X-RateLimit-Burst"] == "60"
    reading = signer.send("GET", OPEN)
    assert reading.headers["X-RateLimit-Burst"] == "40"


def test_an_order_too_many_is_refused_and_cancels_go_on(signer: Signer) -> None:
    for number in range(60):
        answer = signer.send("POST", f"{NOWHERE}?n={number}", "{}")
        if answer.status_code == 429:
            break
    assert answer.status_code == 429
    assert answer.json()["extra"]["per_minute"] in {30, 60}
    assert signer.send("DELETE", NOWHERE).status_code != 429


def test_the_load_tier_is_not_counted(trader: User, signer: Signer) -> None:
    give_tier(user=trader, tier=Tier.LOAD)
    answers = [signer.send("GET", f"{OPEN}?limit={n}") for n in range(1, 61)]
    assert {answer.status_code for answer in answers} == {200}


def asked_by(caller: Any, method: str = "GET") -> Request:
    request = HttpRequest()
    request.method = method
    found = Request(request)
    found.auth = caller
    return found


@pytest.mark.parametrize(
    ("kind", "needs"),
    [
        (MayRead, Permission.READ),
        (MayTrade, Permission.TRADE),
        (MayWithdraw, Permission.WITHDRAW),
    ],
)
def test_a_key_may_what_it_was_given_and_a_person_everything(
    trader: User, kind: type[MayRead], needs: Permission
) -> None:
    by_key = Caller(
        user=trader, by=Credentials.API_KEY, tier=Tier.FREE, permissions=frozenset({needs})
    )
    assert kind().has_permission(asked_by(by_key), None)
    without = Caller(
        user=trader,
        by=Credentials.API_KEY,
        tier=Tier.FREE,
        permissions=frozenset(Permission) - {needs},
    )
    with pytest.raises(Failure, match=needs.value):
        kind().has_permission(asked_by(without), None)
    person = Caller(user=trader, by=Credentials.SESSION, tier=Tier.FREE)
    assert kind().has_permission(asked_by(person), None)
    assert not kind().has_permission(asked_by(None), None)


def test_one_address_may_be_read_with_read_and_written_with_trade(trader: User) -> None:
    reader = Caller(
        user=trader,
        by=Credentials.API_KEY,
        tier=Tier.FREE,
        permissions=frozenset({Permission.READ}),
    )
    assert MayReadOrTrade().has_permission(asked_by(reader), None)
    with pytest.raises(Failure, match="TRADE"):
        MayReadOrTrade().has_permission(asked_by(reader, "POST"), None)


def test_a_view_gets_its_own_copy_of_a_remembered_person(trader: User, signer: Signer) -> None:
    headers = [signer.headers("GET", f"{OPEN}?n={n}") for n in range(2)]
    seen = []
    for number, one in enumerate(headers):
        response = Client().get(f"{OPEN}?n={number}", headers=one)
        seen.append(vars(response.wsgi_request)["caller"].user)
    assert seen[0] == seen[1] == trader
    assert seen[0] is not seen[1]


@pytest.mark.parametrize("size", [settings.MAX_BODY_BYTES + 1, 50_000_000])
def test_a_body_beyond_the_limit_is_refused_before_it_is_read(signer: Signer, size: int) -> None:
    headers = signer.headers("POST", ORDERS) | {"Content-Length": str(size)}
    answer = Client().generic("POST", ORDERS, data=b"{}", headers=headers)
    assert code_of(answer) == "PAYLOAD_TOO_LARGE"


@pytest.mark.parametrize(
    "body",
    [
        "[" * 100_000,
        '{"a":' * 50_000,
        '{"name": 1e400}',
        '{"name": NaN}',
        '{"name": "a", "name": "b"}',
        '{"name": "\\ud800"}',
        '"text"',
        "5",
        "null",
        "[]",
        "\x00",
        "{" + '"k": 1,' * 20_000 + '"z": 1}',
        json.dumps({"name": 10**400}),
    ],
)
def test_a_strange_body_is_a_clear_error_and_changes_nothing(trader: User, body: str) -> None:
    tokens = tokens_of(trader)
    for path in (
        "/api/v1/api-keys",
        "/api/v1/auth/login",
        "/api/v1/auth/register",
        "/api/v1/auth/refresh",
    ):
        answer = Client().post(
            path, data=body, content_type="application/json", headers=bearer(tokens)
        )
        assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR"), path
    assert not trader.api_keys.exists()


def test_on_the_event_loop_the_same_opens_and_the_same_does_not(signer: Signer) -> None:
    token = tokens_of(signer.row.user)
    async_to_sync(ask_on_the_event_loop)(signer, token)


async def ask_on_the_event_loop(signer: Signer, token: dict[str, Any]) -> None:
    """Ask through the async half; what reaches the database does so in the test's own thread."""
    client = AsyncClient()
    try:
        headers = signer.headers("GET", "/api/v1/time")
        first = await client.get("/api/v1/time", headers=headers)
        assert vars(first.asgi_request)["limits_subject"].name == f"account:{signer.row.user_id}"
        assert (await client.get(OPEN, headers=headers)).status_code == 401
        again = signer.headers("GET", OPEN)
        assert (await client.get(OPEN, headers=again)).status_code == 200
        assert (await client.get(OPEN, headers=again)).json()["code"] == "REPLAYED_REQUEST"
        wrong = signer.headers("GET", OPEN, GD_PASSPHRASE="wrong-passphrase")
        assert (await client.get(OPEN, headers=wrong)).status_code == 401
        for memory in ShortMemory.everyone:
            memory.clear()
        assert (await client.get("/api/v1/api-keys", headers=bearer(token))).status_code == 200
        stranger = await client.get("/api/v1/api-keys", headers={"Authorization": "Bearer x"})
        assert stranger.status_code == 401
    finally:
        await limiter.close()
        await replays.close()
