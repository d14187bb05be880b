"""A development chain in a process of its own, for sites of tests; kept in their var/.

What is not here: the chain inside a test's own process (`tests/chain/conftest.py`).
"""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from godark.supervisor.launch import launched
from tests.servers import come_first, wait_until

ROOT = Path(__file__).resolve().parent.parent


def node_url() -> str:
    """Return an address for a chain: a port of this machine that is free, as is the next."""
    for _ in range(100):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
        return f"http://127.0.0.1:{port}"
    raise AssertionError("No two ports in a row are free.")


def start_node(url: str, var: Path) -> "subprocess.Popen[bytes]":
    """Start the chain that lies in var/ and wait until it answers; its output is var/node.log."""
    file = var / "devchain" / "ledger.sqlite3"
    words = ("chain.devchain", "--port", str(urlsplit(url).port), "--file", str(file))
    with (var / "node.log").open("ab") as log:
        child = subprocess.Popen(
            launched([sys.executable, "-m", *words], end_signal=signal.SIGTERM),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    come_first(child)
    sentence = f"The development chain did not start; see {var}/node.log."
    wait_until(lambda: _answers(url), child=child, sentence=sentence)
    return child


def stop_node(child: "subprocess.Popen[bytes]") -> None:
    """End a chain, by force after a while."""
    child.terminate()
    try:
        child.wait(timeout=30)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


@contextmanager
def node_while(environment: Mapping[str, str]) -> Iterator[None]:
    """Run the chain of an environment meanwhile."""
    child = start_node(environment["SOLANA_RPC_URL"], Path(environment["GODARK_VAR"]))
    try:
        yield
    finally:
        stop_node(child)


def _answers(url: str) -> bool:
    try:
        said = httpx.post(url, json={"id": 1, "method": "getHealth"}, timeout=30)
    except httpx.HTTPError:
        return False
    return said.is_success
