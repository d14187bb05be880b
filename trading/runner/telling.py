"""Telling: outcomes to whoever waits, and news to the feed, after the commit and never before.

Redis away costs the venue nothing: whoever waits finds the outcome in its row. What is not here:
who hears what (`trading.feed`).
"""

import time
from collections.abc import Sequence
from typing import Final

import redis
import structlog
from django.conf import settings
from redis.backoff import NoBackoff
from redis.client import Pipeline
from redis.retry import Retry

from godark import alive
from trading.inbox.outcomes import Outcome, answers_channel, encode_outcomes

log = structlog.get_logger(__name__)

TIMEOUT_S: Final = 0.1
AWAY_S: Final = 1.0


class Teller:
    """Tells Redis; after a failure it is silent for a second, so that steps never wait long."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client
        self._silent_until = 0.0
        self._sign_due = 0.0

    def tell(self, outcomes: Sequence[Outcome], *, news: Sequence[tuple[str, bytes]] = ()) -> None:
        """Publish outcomes and news in one round trip; what cannot be told is not told later."""
        if not (outcomes or news):
            return
        pipeline = self._redis.pipeline(transaction=False)
        if outcomes:
            pipeline.publish(answers_channel(), encode_outcomes(outcomes))
        for channel, message in news:
            pipeline.publish(channel, message)
        self._send(pipeline)

    def give_sign(self) -> None:
        """Give a sign of life if one is due."""
        if time.monotonic() < self._sign_due:
            return
        self._sign_due = time.monotonic() + alive.EVERY_SECONDS
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.set(alive.key_of(alive.Part.ENGINE), 1, ex=alive.EXPIRES_SECONDS)
        self._send(pipeline)

    def _send(self, pipeline: Pipeline) -> None:
        if time.monotonic() < self._silent_until:
            return
        try:
            pipeline.execute()
        except redis.RedisError as error:
            self._silent_until = time.monotonic() + AWAY_S
            log.warning("answers_not_told", kind=type(error).__name__)


def teller_client() -> redis.Redis:
    """Return a Redis client that never waits long."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
    )
