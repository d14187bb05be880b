from dataclasses import replace
from pathlib import Path

import pytest

from godark.supervisor.place import Place
from godark.supervisor.servers import Servers
from godark.supervisor.table import Restart, Stage, process_table

PLACE = Place(root=Path("/clone"), var=Path("/clone/var"), host="127.0.0.1", port=8000)
SERVERS = Servers(home=PLACE.var, sockets=PLACE.sockets)


def names(environment: dict[str, str]) -> list[str]:
    table = process_table(PLACE, servers=SERVERS, environment=environment)
    return [process.name for process in table]


def test_the_table_starts_with_the_servers_and_ends_with_the_venue() -> None:
    table = process_table(PLACE, servers=SERVERS, environment={})
    assert [process.stage for process in table] == sorted(process.stage for process in table)
    assert names({}) == [
        "postgres",
        "redis",
        "devchain",
        "prepare",
        "web",
        "worker",
        "beat",
        "engine",
        "prices",
        "witness",
    ]


def test_a_server_that_the_environment_names_is_not_started() -> None:
    assert "postgres" not in names({"DATABASE_URL": "postgres://elsewhere/godark"})
    assert "redis" in names({"DATABASE_URL": "postgres://elsewhere/godark"})
    assert "redis" not in names({"REDIS_URL": "redis://elsewhere"})


def test_the_development_chain_runs_where_no_node_is_named_and_never_in_production() -> None:
    assert "devchain" not in names({"SOLANA_RPC_URL": "https://api.devnet.solana.com"})
    assert "devchain" not in names({"GODARK_ENVIRONMENT": "production"})


@pytest.mark.parametrize(
    ("web", "devchain"),
    [(8000, 8899), (8001, 8901), (7101, 8000), (1024, 1923), (64_636, 63_737), (64_635, 65_534)],
)
def test_the_development_chain_has_a_port_of_its_own_beside_each_web(
    web: int, devchain: int
) -> None:
    assert replace(PLACE, port=web).devchain_port == devchain


def test_whatever_runs_on_is_restarted_and_what_prepares_runs_once() -> None:
    table = process_table(PLACE, servers=SERVERS, environment={})
    once = [process.name for process in table if process.restart is None]
    assert once == [process.name for process in table if process.stage is Stage.PREPARATION]


def test_the_wait_before_a_restart_doubles_up_to_its_most() -> None:
    restart = Restart(first=0.5, most=30)
    assert [restart.wait(failures) for failures in (1, 2, 3, 7, 50)] == [0.5, 1, 2, 30, 30]
