"""A web process that is killed: what its sockets were to cancel is canceled all the same."""

import subprocess
from collections.abc import Iterator

import pytest

from godark_client import Client, NewOrder, Socket
from tests.journeys.programs import Program, programs
from tests.live_site import LiveSite, answers, free_port, start_process, stop_live_site
from tests.processes import wait_for
from tests.servers import wait_until


@pytest.fixture
def second_web(trading_site: LiveSite) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Return another web process of the same venue, and where it answers."""
    port = str(free_port())
    url = f"http://127.0.0.1:{port}"
    words = ("godark.web", "-v", "0", "-b", "127.0.0.1", "-p", port, "godark.asgi:application")
    child = start_process(trading_site, "second-web", *words)
    wait_until(lambda: answers(url), child=child, sentence="The second web did not start.")
    yield url, child
    stop_live_site(child)


def test_kill_9_of_the_web_cancels_for_armed_sockets_and_for_no_other(
    trading_site: LiveSite, second_web: tuple[str, subprocess.Popen[bytes]]
) -> None:
    url, child = second_web
    armed, unarmed, elsewhere = programs(trading_site, 3)
    sockets = [Socket(url, armed.key, cancel_on_disconnect=True), Socket(url, unarmed.key)]
    sockets.append(Socket(trading_site.url, elsewhere.key, cancel_on_disconnect=True))
    placed = []
    for socket in sockets:
        socket.__enter__()
        placed.append(socket.place_order(resting()).id)
    child.kill()
    child.wait()
    with Client(trading_site.url, armed.key) as client:
        wait_for(lambda: fired(trading_site) and client.order(placed[0]).status == "CANCELED")
    assert status_of(trading_site, unarmed, placed[1]) == "OPEN"
    assert status_of(trading_site, elsewhere, placed[2]) == "OPEN"
    sockets[2].close()
    with Client(trading_site.url, elsewhere.key) as client:
        wait_for(lambda: client.order(placed[2]).status == "CANCELED")
    for socket in sockets[:2]:
        socket.close()


def resting() -> NewOrder:
    market = "BTC-USDT-PERP"
    return NewOrder(symbol=market, side="BUY", type="LIMIT", size="0.001", limit_price=50_000)


def fired(site: LiveSite) -> bool:
    """Do what the clockwork does every second."""
    site.manage("run_job", "fire_lost_sockets")
    return True


def status_of(site: LiveSite, program: Program, order_id: str) -> str:
    with Client(site.url, program.key) as client:
        return client.order(order_id).status
