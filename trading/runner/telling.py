"""Telling: outcomes to whoever waits, and news to the feed, after the commit and never before.

Redis away costs the venue nothing: whoever waits finds the outcome in its row, and whoever
listens gets a new snapshot, since what may not have been told is declared a doubt. What is not
here: who hears what (`trading.feed`) and what is news (`trading.runner.news`).
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
from trading.engine_figures import (
    EXPIRES_S,
    EngineFigures,
    encode_figures,
    figures_key,
    standby_key,
)
from trading.inbox.outcomes import Outcome, answers_channel, encode_outcomes
from trading.rings import Message, Rings

log = structlog.get_logger(__name__)

TIMEOUT_S: Final = 0.1
AWAY_S: Final = 1.0
SIGN_S: Final = 1.0


class Teller:
    """Tells Redis; after a failure it is silent for a second, so that steps never wait long."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client
        self._silent_until = 0.0
        self._sign_due = 0.0
        self._is_in_doubt = True

    def begin(self, *, sequence: int) -> None:
        """Look whether all up to the log's end was told; else tell that it was not."""
        try:
            self._is_in_doubt = Rings(self._redis).cursor() != sequence
        except redis.RedisError as error:
            log.warning("answers_not_told", kind=type(error).__name__)
        if self._is_in_doubt:
            self.tell((), sequence=sequence)

    def tell(
        self, outcomes: Sequence[Outcome], *, news: Sequence[Message] = (), sequence: int
    ) -> None:
        """Publish outcomes and news up to a place in the log, in one round trip.

        What cannot be told is not told later.
        """
        pipeline = self._redis.pipeline(transaction=False)
        if outcomes:
            pipeline.publish(answers_channel(), encode_outcomes(outcomes))
        rings = Rings(pipeline)
        if self._is_in_doubt:
            rings.doubt()
        rings.tell(news, cursor=sequence)
        self._is_in_doubt = not self._send(pipeline)

    def is_sign_due(self) -> bool:
        """Tell whether it is time for a sign of life."""
        return time.monotonic() >= self._sign_due

    def give_sign(self, figures: EngineFigures) -> None:
        """Give a sign of life, and the engine's figures with it."""
        self._sign_due = time.monotonic() + SIGN_S
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.set(alive.key_of(alive.Part.ENGINE), 1, ex=alive.EXPIRES_SECONDS)
        pipeline.set(figures_key(), encode_figures(figures), ex=EXPIRES_S)
        self._send(pipeline)

    def stand_by(self) -> None:
        """Say that an engine stands by, if a sign of it is due."""
        if self.is_sign_due():
            self._sign_due = time.monotonic() + SIGN_S
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.set(standby_key(), 1, ex=alive.EXPIRES_SECONDS)
            self._send(pipeline)

    def _send(self, pipeline: Pipeline) -> bool:
        """Send, and tell whether it was."""
        if time.monotonic() < self._silent_until:
            return False
        try:
            pipeline.execute()
        except redis.RedisError as error:
            self._silent_until = time.monotonic() + AWAY_S
            log.warning("answers_not_told", kind=type(error).__name__)
            return False
        return True


def teller_client() -> redis.Redis:
    """Return a Redis client that never waits long."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
    )
