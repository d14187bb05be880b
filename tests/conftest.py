"""What every test may ask for: the session's servers, a clean Redis, the live site."""

import os
from collections.abc import Iterator

import pytest
import redis

from tests.live_site import LiveSite, prepare_live_site, start_live_site, stop_live_site
from tests.servers import EMBEDDED_VARIABLE, SessionServers, is_embedded

SERVERS = pytest.StashKey[SessionServers]()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Start the servers, once for all workers of the session."""
    is_worker = hasattr(session.config, "workerinput")
    if is_worker or session.config.option.collectonly or not os.environ[EMBEDDED_VARIABLE]:
        return
    servers = session.config.stash[SERVERS] = SessionServers()
    servers.start()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers when nobody needs them any more."""
    servers = config.stash.get(SERVERS, None)
    if servers is not None:
        servers.stop()


@pytest.fixture(scope="session")
def session_redis() -> Iterator[redis.Redis]:
    """Return a client of this worker's own Redis database."""
    client = redis.Redis.from_url(os.environ["REDIS_URL"])
    yield client
    client.close()


@pytest.fixture(autouse=True)
def clean_redis(session_redis: redis.Redis) -> None:
    """Begin every test with an empty Redis, where it is ours to empty."""
    if is_embedded("REDIS_URL"):
        session_redis.flushdb()


@pytest.fixture(scope="session")
def live_site() -> Iterator[LiveSite]:
    """Return the running site: daphne over a prepared database of its own."""
    site = prepare_live_site()
    child = start_live_site(site)
    yield site
    stop_live_site(child)
