import os
from collections.abc import Iterator

import psycopg
import pytest
import redis

from tests.servers import is_embedded

pytestmark = pytest.mark.skipif(
    not is_embedded("DATABASE_URL"), reason="DATABASE_URL names a server that is not ours to judge"
)


@pytest.fixture
def server() -> Iterator[psycopg.Connection[tuple[str]]]:
    parts = os.environ["DATABASE_URL"].replace("/godark?", "/postgres?")
    with psycopg.connect(parts) as connection:
        yield connection


def asked(server: psycopg.Connection[tuple[str]], query: str) -> str:
    row = server.execute(query).fetchone()
    assert row is not None
    return str(row[0])


def test_postgresql_sorts_the_same_on_every_machine(server: psycopg.Connection[tuple[str]]) -> None:
    database = "FROM pg_database WHERE datname = 'postgres'"
    assert asked(server, f"SELECT datlocprovider::text {database}") == "b"
    assert asked(server, f"SELECT datlocale {database}") == "C.UTF-8"


def test_postgresql_listens_on_no_network_port(server: psycopg.Connection[tuple[str]]) -> None:
    assert asked(server, "SHOW listen_addresses") == ""


def test_postgresql_keeps_statements_and_their_values_out_of_the_log(
    server: psycopg.Connection[tuple[str]],
) -> None:
    assert asked(server, "SHOW log_error_verbosity") == "terse"
    assert asked(server, "SHOW log_min_error_statement") == "panic"


def test_redis_listens_on_no_network_port() -> None:
    client = redis.Redis.from_url(os.environ["REDIS_URL"])
    assert client.config_get("port")["port"] == "0"
    client.close()
