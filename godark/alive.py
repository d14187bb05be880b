"""Signs of life of processes that nobody can call: worker, clockwork, prices, engine, witness.

Each writes a key into Redis every few seconds, and the key expires. A key says that a process
was there just now, and perhaps how what it leans on was then; no fact hangs on it.
"""

import json
from collections.abc import Mapping
from enum import StrEnum

import redis
import structlog
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

log = structlog.get_logger(__name__)

EVERY_SECONDS = 5
EXPIRES_SECONDS = 20


class Part(StrEnum):
    """Who gives signs of life."""

    WORKER = "worker"
    BEAT = "beat"
    PRICES = "prices"
    ENGINE = "engine"
    WITNESS = "witness"


def client() -> redis.Redis:
    """Return a Redis client that waits half of a probe's time and asks once."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=settings.PROBE_SECONDS / 2,
        socket_connect_timeout=settings.PROBE_SECONDS / 2,
        retry=Retry(NoBackoff(), 0),
    )


def give_sign(part: Part, *, leans_on: Mapping[str, bool] | None = None) -> None:
    """Say that this process is there, and what it leans on is up; without Redis, say nothing."""
    try:
        with client() as connection:
            connection.set(key_of(part), json.dumps(dict(leans_on or {})), ex=EXPIRES_SECONDS)
    except redis.RedisError as error:
        log.warning("no_sign_given", part=part.value, kind=type(error).__name__)


def is_alive(part: Part) -> bool:
    """Tell whether the process gave a sign lately; RedisError where Redis is away."""
    with client() as connection:
        return bool(connection.exists(key_of(part)))


def last_sign(part: Part) -> dict[str, bool] | None:
    """Return what the process leans on and whether it is up; None without a sign of late."""
    with client() as connection:
        said = connection.get(key_of(part))
    return dict(json.loads(said)) if isinstance(said, bytes) else None


def key_of(part: Part) -> str:
    """Return the key that says that a part was there."""
    return f"godark:alive:{part}"
