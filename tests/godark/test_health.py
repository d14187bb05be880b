"""What is up, what is down, who is told what, and that nothing hangs."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.test import AsyncClient, Client
from django.utils import timezone
from pytest_django import Settings
from structlog.testing import capture_logs

from godark import alive, api, health
from godark.health import Down, Watch
from godark.jobs.models import JobRun, Outcome
from godark.jobs.running import enroll
from tests.godark.people import log_in_with_second_factor

PATH = "/api/v1/health"
PARTS = {"database", "redis", "worker", "beat", "prices", "engine", "witness", "migrations", "jobs"}


def _nothing() -> None:
    """Be up."""


def _no_jobs() -> list[JobRun]:
    return []


def _down() -> None:
    raise Down("not there")


def _away() -> None:
    raise OperationalError("host db.internal")


ALL_UP: dict[str, Callable[[], Any]] = dict.fromkeys(PARTS, _nothing) | {"jobs": _no_jobs}


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a way to let the site look with other probes."""

    def with_probes(**probes: Callable[[], Any]) -> None:
        monkeypatch.setattr(api, "watch", Watch(ALL_UP | probes))

    return with_probes


def test_the_process_says_that_it_is_alive_without_asking_anybody(client: Client) -> None:
    answered = client.get("/health")
    assert (answered.status_code, answered.json()) == (200, {"status": "ok"})
    assert client.head("/health").status_code == 200
    assert client.post("/health").status_code == 405


async def test_the_process_says_so_on_the_event_loop() -> None:
    assert (await AsyncClient().get("/health")).json() == {"status": "ok"}


def test_the_clock_tells_milliseconds(client: Client) -> None:
    before = time.time_ns() // 1_000_000
    told = client.get("/api/v1/time").json()
    assert set(told) == {"server_at"}
    assert before <= told["server_at"] <= time.time_ns() // 1_000_000


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize("path", ["/api/v1/time", PATH])
def test_other_methods_are_refused_in_the_one_shape(client: Client, method: str, path: str) -> None:
    answered = getattr(client, method)(path)
    assert answered.status_code == 405
    assert answered.json()["code"] == "METHOD_NOT_ALLOWED"


@pytest.mark.parametrize("path", ["/api/v1/time", PATH])
def test_which_methods_there_are_can_be_asked(client: Client, path: str) -> None:
    answered = client.options(path)
    assert (answered.status_code, answered.json()) == (200, {})
    assert answered.headers["Allow"] == "GET, HEAD, OPTIONS"


def test_all_up_is_ok(client: Client, look: Callable[..., None]) -> None:
    look()
    answered = client.get(PATH)
    assert answered.status_code == 200
    assert answered.json() == {"status": "ok", "parts": dict.fromkeys(PARTS, "up"), "jobs": []}


@pytest.mark.parametrize("part", sorted(PARTS))
@pytest.mark.parametrize("broken", [_down, _away])
def test_one_part_down_is_503(
    client: Client, look: Callable[..., None], part: str, broken: Callable[[], None]
) -> None:
    look(**{part: broken})
    answered = client.get(PATH)
    assert answered.status_code == 503
    told = answered.json()
    assert told["status"] == "down"
    assert [name for name, state in told["parts"].items() if state == "down"] == [part]
    assert b"db.internal" not in answered.content


def test_a_part_is_written_down_when_it_goes_and_when_it_comes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(health, "REPORT_KEPT_SECONDS", 0.0)
    up = {"engine": False, "redis": True}
    probes = {name: lambda name=name: None if up[name] else _down() for name in up}
    watch = Watch(probes | {"jobs": _no_jobs})
    with capture_logs() as lines:
        # It may still be starting: nobody has to read that.
        watch.report()
        for changed in ({"engine": True}, {"redis": False}, {}, {"redis": True}, {"engine": False}):
            up |= changed
            watch.report()
    told = [(line["event"], line["part"]) for line in lines]
    assert told == [("part_down", "redis"), ("part_back", "redis"), ("part_down", "engine")]


def test_a_part_that_never_came_up_is_written_down_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(health, "STARTING_SECONDS", 0.0)
    with capture_logs() as lines:
        Watch({"engine": _down, "jobs": _no_jobs}).report()
    assert [(line["event"], line["kind"]) for line in lines] == [("part_down", "Down")]


def test_a_late_job_is_degraded_and_still_200(client: Client, look: Callable[..., None]) -> None:
    long_ago = timezone.now() - timedelta(hours=1)
    run = JobRun(
        name="heartbeat",
        outcome=Outcome.SUCCEEDED,
        enrolled_at=long_ago,
        succeeded_at=long_ago,
        ended_at=long_ago,
        duration_ms=12,
        late_after_seconds=60,
    )
    look(jobs=lambda: [run])
    answered = client.get(PATH)
    assert (answered.status_code, answered.json()["status"]) == (200, "degraded")
    assert answered.json()["jobs"] == [
        {
            "name": "heartbeat",
            "outcome": "SUCCEEDED",
            "late": True,
            "ended_at": int(long_ago.timestamp() * 1000),
        }
    ]


def test_a_part_that_hangs_is_down_in_time_and_asked_only_once(
    client: Client,
    look: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
) -> None:
    settings.PROBE_SECONDS = 0.1
    monkeypatch.setattr(health, "REPORT_KEPT_SECONDS", 0.0)
    let_go, asked = threading.Event(), []

    def hang() -> None:
        asked.append(1)
        let_go.wait(timeout=120)

    look(redis=hang)
    started = time.monotonic()
    for _ in range(3):
        assert client.get(PATH).json()["parts"]["redis"] == "down"
    assert time.monotonic() - started < 60
    assert asked == [1]
    let_go.set()
    deadline = time.monotonic() + 30
    while client.get(PATH).json()["parts"]["redis"] == "down":
        assert time.monotonic() < deadline


def test_a_second_of_questions_is_one_look(
    client: Client, look: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "REPORT_KEPT_SECONDS", 60.0)
    asked = []
    look(database=lambda: asked.append(1))
    for _ in range(5):
        client.get(PATH)
    assert len(asked) == 1


@pytest.mark.django_db
def test_prometheus_is_told_of_parts_and_jobs(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = JobRun(name="heartbeat", succeeded_at=timezone.now(), duration_ms=1500)
    probes = ALL_UP | {"jobs": lambda: [run], "beat": _down}
    monkeypatch.setattr("godark.scrape.watch", Watch(probes))
    told = client.get("/metrics").content.decode()
    assert 'godark_part_up{part="beat"} 0.0' in told
    assert 'godark_part_up{part="database"} 1.0' in told
    assert 'godark_job_late{job="heartbeat"} 0.0' in told
    assert 'godark_job_duration_seconds{job="heartbeat"} 1.5' in told
    assert "godark_job_last_success_timestamp_seconds" in told


@pytest.fixture
def signs() -> Iterator[None]:
    """Let worker and clockwork give a sign of life, and none after the test."""
    for part in alive.Part:
        alive.give_sign(part)
    yield
    with alive.client() as client:
        client.delete(*(f"godark:alive:{part}" for part in alive.Part))


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.usefixtures("signs")
def test_the_real_parts_are_up(client: Client) -> None:
    enroll({"heartbeat": 60})
    told = client.get(PATH).json()
    assert told["parts"] == dict.fromkeys(PARTS, "up")
    assert told["status"] == "ok"
    assert told["jobs"] == [
        {"name": "heartbeat", "outcome": "NEVER_RAN", "late": False, "ended_at": None}
    ]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.usefixtures("signs")
def test_each_source_of_prices_is_said_to_be_up_or_down(client: Client) -> None:
    alive.give_sign(alive.Part.PRICES, leans_on={"kraken": True, "okx": False})
    told = client.get(PATH).json()
    # one venue that is away takes nothing from the site
    assert (told["status"], told["parts"]["prices"]) == ("ok", "up")
    assert told["price_sources"] == {"kraken": "up", "okx": "down"}


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_without_signs_of_life_worker_and_beat_are_down(client: Client) -> None:
    with alive.client() as redis:
        redis.delete("godark:alive:worker", "godark:alive:beat")
    parts = client.get(PATH).json()["parts"]
    assert (parts["worker"], parts["beat"], parts["redis"]) == ("down", "down", "up")


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_without_redis_the_rest_is_still_told(client: Client, settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    parts = client.get(PATH).json()["parts"]
    assert {name for name, state in parts.items() if state == "down"} == {
        "redis",
        "worker",
        "beat",
        "prices",
        "engine",
        "witness",
    }


def test_a_sign_of_life_expires() -> None:
    alive.give_sign(alive.Part.WORKER)
    with alive.client() as redis:
        assert 0 < redis.ttl("godark:alive:worker") <= alive.EXPIRES_SECONDS


def test_without_redis_no_sign_is_given_and_nothing_breaks(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    alive.give_sign(alive.Part.BEAT)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_missing_migration_is_seen(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "godark.health.MigrationExecutor.migration_plan", lambda *_: [("jobs", "9999")]
    )
    assert client.get(PATH).json()["parts"]["migrations"] == "down"


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_durations_are_told_to_staff_with_a_second_factor_only(
    client: Client, django_user_model: Any, look: Callable[..., None]
) -> None:
    run = JobRun(name="heartbeat", outcome=Outcome.FAILED, duration_ms=12, error="Broke: x")
    look(jobs=lambda: [run])
    staff = django_user_model.objects.create_user("ops@example.com", is_staff=True)
    trader = django_user_model.objects.create_user("trader@example.com")
    for someone in (trader, staff):
        client.force_login(someone, backend="django.contrib.auth.backends.ModelBackend")
        told = client.get(PATH).json()
        assert "latencies_ms" not in told
        assert set(told["jobs"][0]) == {"name", "outcome", "late", "ended_at"}
    log_in_with_second_factor(client, staff)
    told = client.get(PATH).json()
    assert set(told["latencies_ms"]) == PARTS
    assert told["jobs"][0]["duration_ms"] == 12
    assert told["jobs"][0]["error"] == "Broke: x"


def test_with_the_database_away_nobody_is_asked_who_he_is(
    client: Client, look: Callable[..., None]
) -> None:
    look(database=_away)
    client.cookies["sessionid"] = "abcdefabcdefabcdefabcdef"
    assert client.get(PATH).status_code == 503
