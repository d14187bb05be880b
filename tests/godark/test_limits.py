"""Buckets empty and fill as PRODUCT's table says, on every answer, and without Redis too."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from django.conf import settings
from django.test import AsyncClient, Client
from pytest_django import Settings

from accounts.models import User
from accounts.services.tiers import give_tier
from godark import counting, limits
from godark.health import Finding, Report
from godark.limits import Kind, Limiter, Pace, Rate, Subject, Tier, rate_of, was_late

TIME = "/api/v1/time"
HEADERS = ("X-RateLimit-Limit", "X-RateLimit-Used", "X-RateLimit-Reset")
# tier: requests a minute, burst, frames a second, orders a minute, cancels a minute
PRODUCT_TABLE = {
    Tier.FREE: (60, 40, 10, 30, 60),
    Tier.BASIC: (300, 50, 50, 150, 300),
    Tier.PRO: (1_200, 200, 200, 600, 1_200),
    Tier.MARKET_MAKER: (6_000, 500, 1_000, 3_000, 6_000),
}


@pytest.fixture
def limiter() -> Iterator[Limiter]:
    made = Limiter(settings.REDIS_URL)
    yield made
    made._client.close()


@pytest.fixture
def no_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the site count in a Redis that is not there."""
    monkeypatch.setattr(counting, "limiter", Limiter("redis://127.0.0.1:1/0"))


def _someone() -> Subject:
    return Subject(f"test:{time.monotonic_ns()}")


def _empty(limiter: Limiter, subject: Subject) -> None:
    while limiter.take(subject, Kind.REQUESTS).allowed:
        pass


@pytest.mark.parametrize(("tier", "row"), PRODUCT_TABLE.items())
def test_each_tier_has_the_numbers_of_the_product(tier: Tier, row: tuple[int, ...]) -> None:
    requests, burst, frames, orders, cancels = row
    assert rate_of(tier=tier, kind=Kind.REQUESTS) == Rate(per_minute=requests, burst=burst)
    assert rate_of(tier=tier, kind=Kind.SOCKET_MESSAGES) == Rate(
        per_minute=frames * 60, burst=frames
    )
    assert rate_of(tier=tier, kind=Kind.ORDERS) == Rate(per_minute=orders, burst=orders)
    assert rate_of(tier=tier, kind=Kind.CANCELS) == Rate(per_minute=cancels, burst=cancels)


def test_the_load_tier_is_counted_nowhere_but_in_production(settings: Settings) -> None:
    assert rate_of(tier=Tier.LOAD, kind=Kind.REQUESTS) is None
    settings.IN_PRODUCTION = True
    assert rate_of(tier=Tier.LOAD, kind=Kind.REQUESTS) == Rate(per_minute=60, burst=40)


def test_a_full_bucket_gives_its_burst_and_no_more(limiter: Limiter) -> None:
    subject = _someone()
    first = limiter.take(subject, Kind.REQUESTS)
    assert (first.allowed, first.limit, first.burst, first.used) == (True, 60, 40, 1)
    assert limiter.take(subject, Kind.REQUESTS, cost=38).allowed
    _empty(limiter, subject)
    refused = limiter.take(subject, Kind.REQUESTS, cost=40)
    assert not refused.allowed
    assert refused.used >= 39
    assert 38 <= refused.retry_after_seconds <= 40
    assert 38 <= refused.reset_seconds <= 40


def test_a_bucket_fills_at_the_rate_of_its_tier(limiter: Limiter) -> None:
    subject = Subject(_someone().name, Tier.MARKET_MAKER)
    _empty(limiter, subject)
    time.sleep(0.05)
    assert limiter.take(subject, Kind.REQUESTS).allowed


def test_a_look_takes_nothing(limiter: Limiter) -> None:
    subject = _someone()
    limiter.take(subject, Kind.REQUESTS)
    looked = [limiter.take(subject, Kind.REQUESTS, cost=0).used for _ in range(3)]
    assert looked == [1, 1, 1]


def test_a_cost_beyond_what_is_left_takes_nothing(limiter: Limiter) -> None:
    subject = _someone()
    refused = limiter.take(subject, Kind.REQUESTS, cost=41)
    assert (refused.allowed, refused.used) == (False, 0)
    assert limiter.take(subject, Kind.REQUESTS, cost=40).allowed


def test_kinds_and_people_have_buckets_of_their_own(limiter: Limiter) -> None:
    subject, other = _someone(), _someone()
    _empty(limiter, subject)
    assert limiter.take(subject, Kind.CANCELS).allowed
    assert limiter.take(other, Kind.REQUESTS).allowed


def test_who_does_not_listen_is_banned_for_an_hour(
    limiter: Limiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "VIOLATIONS_BEFORE_BAN", 2)
    subject = _someone()
    _empty(limiter, subject)
    deadline = time.monotonic() + 30
    while not (verdict := limiter.take(subject, Kind.REQUESTS)).banned:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert verdict.retry_after_seconds == 3600
    assert not limiter.take(subject, Kind.CANCELS).allowed


def test_one_hasty_burst_is_one_violation(limiter: Limiter) -> None:
    subject = _someone()
    refused = [limiter.take(subject, Kind.REQUESTS) for _ in range(200)]
    assert not any(verdict.banned for verdict in refused)


def test_without_redis_everything_is_let_through_and_asked_again_later() -> None:
    away = Limiter("redis://127.0.0.1:1/0")
    first = away.take(_someone(), Kind.REQUESTS)
    assert (first.allowed, first.limit, first.used) == (True, 60, 0)
    assert away._is_away()


async def test_without_redis_everything_is_let_through_on_the_event_loop_too() -> None:
    away = Limiter("redis://127.0.0.1:1/0")
    assert (await away.take_async(_someone(), Kind.REQUESTS)).allowed
    assert (await away.take_async(_someone(), Kind.REQUESTS)).allowed
    await away.close()


def test_a_connection_keeps_its_pace_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("godark.limits.time.monotonic", lambda: now)
    pace = Pace(Rate(per_minute=600, burst=10))
    assert [pace.take() for _ in range(10)] == [0.0] * 10
    assert pace.take() == pytest.approx(0.1)
    now += 0.15
    assert pace.take() == 0.0
    assert pace.take() > 0


def _spend_all(ask: Callable[[int], Any]) -> int:
    """Ask until refused; return how many were answered. The bucket fills a little meanwhile."""
    for number in range(200):
        if ask(number).status_code == 429:
            return number
    raise AssertionError("Two hundred requests in a row were answered.")


def test_every_answer_of_the_api_carries_the_limits(client: Client) -> None:
    for path in (TIME, "/api/v1/nothing", "/api/schema/", "/api/docs/"):
        answered = client.get(path)
        for header in HEADERS:
            assert int(answered.headers[header]) >= 0


def test_a_refused_host_and_a_refused_body_are_counted_too(client: Client) -> None:
    bad_host = client.get(TIME, headers={"host": "evil.example"})
    assert (bad_host.status_code, bad_host.headers["X-RateLimit-Used"]) == (400, "1")
    too_large = client.post(TIME, data=b"x" * (settings.MAX_BODY_BYTES + 1), content_type="a/b")
    assert (too_large.status_code, too_large.headers["X-RateLimit-Used"]) == (413, "2")


def test_pages_are_not_counted(client: Client) -> None:
    assert "X-RateLimit-Limit" not in client.get("/health").headers


def test_the_first_request_too_many_is_answered_429_with_when_to_come_back(client: Client) -> None:
    assert _spend_all(lambda _: client.get(TIME)) >= 40
    refused = next(answer for _ in range(9) if (answer := client.get(TIME)).status_code == 429)
    assert refused.json()["code"] == "RATE_LIMIT_EXCEEDED"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["X-RateLimit-Limit"] == "60"
    assert client.get(TIME, REMOTE_ADDR="203.0.113.9").status_code == 200


def test_a_maker_who_spent_all_requests_can_still_cancel(client: Client) -> None:
    _spend_all(lambda _: client.get(TIME))
    assert client.delete("/api/v1/orders").status_code != 429


def test_spoofed_addresses_share_the_bucket_of_whoever_sends_them(client: Client) -> None:
    _spend_all(lambda number: client.get(TIME, headers={"X-Forwarded-For": f"198.51.100.{number}"}))


def test_addresses_of_one_ipv6_user_share_a_bucket(client: Client) -> None:
    _spend_all(lambda number: client.get(TIME, REMOTE_ADDR=f"2001:db8:1:1::{number:x}"))
    assert client.get(TIME, REMOTE_ADDR="2001:db8:1:2::1").status_code == 200


def test_health_is_never_refused(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("godark.api.watch.report", _quick_report)
    _spend_all(lambda _: client.get(TIME))
    assert client.get("/health").status_code == 200
    told = [client.get("/api/v1/health") for _ in range(5)]
    assert {answer.status_code for answer in told} == {200}
    assert int(told[0].headers["X-RateLimit-Used"]) > 30


def _quick_report() -> Report:
    return Report(parts={"database": Finding(up=True, milliseconds=0.1)})


@pytest.mark.django_db
def test_an_account_has_a_bucket_of_its_own_and_the_limits_of_its_tier(client: Client) -> None:
    user = User.objects.create_user("maker@example.com")
    give_tier(user=user, tier=Tier.PRO)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(TIME).headers["X-RateLimit-Limit"] == "1200"
    assert Client().get(TIME).headers["X-RateLimit-Limit"] == "60"


@pytest.mark.usefixtures("no_redis")
def test_without_redis_the_site_answers_with_its_headers(client: Client) -> None:
    answers = [client.get(TIME) for _ in range(50)]
    assert {answer.status_code for answer in answers} == {200}
    assert answers[0].headers["X-RateLimit-Limit"] == "60"


@pytest.mark.usefixtures("on_loop")
async def test_on_the_event_loop_requests_are_counted_alike() -> None:
    client = AsyncClient()
    statuses = [(await client.get(TIME)).status_code for _ in range(40)]
    while statuses[-1] != 429:
        assert len(statuses) < 200
        statuses.append((await client.get(TIME)).status_code)
    assert statuses[:40] == [200] * 40


def test_two_processes_share_one_bucket(limiter: Limiter) -> None:
    subject, other = _someone(), Limiter(settings.REDIS_URL)
    _empty(limiter, subject)
    assert not other.take(subject, Kind.REQUESTS, cost=20).allowed
    other._client.close()


def test_a_bucket_does_not_stay_in_redis_for_ever(limiter: Limiter) -> None:
    subject = _someone()
    limiter.take(subject, Kind.REQUESTS)
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        assert 0 < client.ttl(f"limit:{{{subject.name}}}:requests") <= 600


def test_a_loop_that_is_behind_does_not_take_redis_for_away(settings: Settings) -> None:
    settings.LIMITS_TIMEOUT_SECONDS = 0.25
    ran_out = redis.TimeoutError()
    now = time.monotonic()
    assert not was_late(ran_out, now - 1.0)
    assert was_late(ran_out, now - 2.0)
    assert not was_late(redis.ConnectionError(), now - 2.0)
