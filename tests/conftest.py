"""What every test may ask for: the session's servers, a clean Redis, the live site."""

import os
from collections.abc import Iterable, Iterator

import pytest
import redis
from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations
from hypothesis import settings
from pytest_django.plugin import blocking_manager_key

from accounts.short_memory import ShortMemory
from godark.database_roles import as_owner, as_site
from tests.database import run_past_triggers
from tests.live_site import (
    LiveSite,
    prepare_live_site,
    start_live_site,
    start_trading,
    stop_live_site,
)
from tests.prepared import migrated_database
from tests.servers import EMBEDDED_VARIABLE, SessionServers, is_embedded

settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")
"""No example may fail because the machine was slow, nor another one be drawn every time."""

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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Put back what migrations wrote after a test that committed, so that any order will do."""
    yield
    marker = item.get_closest_marker("django_db")
    written = getattr(connection, "_test_serialized_contents", None)
    if nextitem and marker and marker.kwargs.get("transaction") and written:
        with item.config.stash[blocking_manager_key].unblock():
            connection.creation.deserialize_db_from_string(written)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let a test of the running site begin once more where it failed (ADR 72); it is told."""
    for item in items:
        if "live_site" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.flaky(reruns=1))


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


@pytest.fixture(autouse=True)
def from_a_new_address(request: pytest.FixtureRequest) -> None:
    """Let every test of the running site knock as if nobody had come from its address before."""
    if "live_site" in request.fixturenames:
        site: LiveSite = request.getfixturevalue("live_site")
        site.forget_addresses()


@pytest.fixture(autouse=True)
def forgetful() -> None:
    """Begin every test without what this process remembers of an earlier one's database."""
    for memory in ShortMemory.everyone:
        memory.clear()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
) -> Iterator[None]:
    """Let the owner of the tables make the worker's database, and remove it at the end."""
    del django_db_modify_db_settings_parallel_suffix
    if template := migrated_database():
        connection.settings_dict["TEST"]["TEMPLATE"] = template
    with as_owner():
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:  # noqa: F811, RUF100 - pytest's way to wrap
    """Let every test come as the site does: it may use the tables and do nothing to them."""
    del django_db_setup
    with as_site():
        yield


@pytest.fixture(scope="session", autouse=True)
def emptied_between_tests() -> Iterator[None]:
    """Let Django empty even append-only tables after a test that commits: triggers sleep then.

    Such a test asks for `django_db(transaction=True, serialized_rollback=True)`: what migrations
    wrote (roles, markets) is there when it begins.
    """

    def emptying(self: DatabaseOperations, sql_list: Iterable[str]) -> None:
        del self
        run_past_triggers(*sql_list)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "execute_sql_flush", emptying)
        yield


@pytest.fixture(scope="session")
def live_site() -> Iterator[LiveSite]:
    """Return the running site: daphne over a prepared database of its own."""
    site = prepare_live_site()
    child = start_live_site(site)
    yield site
    stop_live_site(child)


@pytest.fixture(scope="session")
def trading_site(live_site: LiveSite) -> Iterator[LiveSite]:
    """Return the running site with engine and prices beside it: markets trade."""
    children = start_trading(live_site)
    yield live_site
    for child in children:
        stop_live_site(child)
