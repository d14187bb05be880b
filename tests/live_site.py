"""The real site for tests: daphne in a process of its own, over a database of its own.

The database lies on the session's PostgreSQL, beside the one that Django's tests roll back, and
is prepared as `make run` prepares it, demonstration people included. Tests reach it through its
doors only.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis

from godark.supervisor.launch import launched
from tests.nodes import node_url, node_while, start_node
from tests.prepared import filled_var, run
from tests.servers import come_first, is_embedded, session_servers, wait_until, worker_number

ROOT = Path(__file__).resolve().parent.parent
# Redis's numbered databases from here on belong to the live sites of the workers, by kind.
FIRST_REDIS_NUMBER = {"live": 32, "venue": 48}


@dataclass(frozen=True)
class LiveSite:
    """A running site: `url` without a slash at the end, `var` where its demo.json lies."""

    url: str
    var: Path
    environment: dict[str, str]

    @cached_property
    def demo(self) -> dict[str, Any]:
        """Return var/demo.json: the demonstration people's log-ins."""
        found: dict[str, Any] = json.loads((self.var / "demo.json").read_text(encoding="utf-8"))
        return found

    def manage(self, *words: str) -> str:
        """Run a management command on the site's database and return what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise AssertionError(f"manage.py {words[0]} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def forget_addresses(self) -> None:
        """Let nobody's address have knocked at a door yet: all tests come from the same one."""
        with redis.Redis.from_url(self.environment["REDIS_URL"]) as client:
            if keys := list(client.scan_iter("limit:{address:*")):
                client.delete(*keys)


def prepare_live_site(kind: str = "live") -> LiveSite:
    """Create and fill the site's database and return the site, not yet started."""
    port = free_port()
    var = session_servers().home / f"{kind}-{worker_number()}"
    var.mkdir()
    url = f"http://127.0.0.1:{port}"
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "godark.settings",
        "GODARK_ENVIRONMENT": "development",
        "GODARK_VAR": str(var),
        "GODARK_BASE_URL": url,
        "DATABASE_URL": of_live_database(os.environ["DATABASE_URL"], kind=kind),
        "SOLANA_RPC_URL": node_url(),
    }
    if owner := os.environ.get("DATABASE_OWNER_URL"):
        environment["DATABASE_OWNER_URL"] = of_live_database(owner, kind=kind)
    if is_embedded("REDIS_URL"):
        number = FIRST_REDIS_NUMBER[kind] + worker_number()
        environment["REDIS_URL"] = session_servers().redis_url(number=number)
    site = LiveSite(url=url, var=var, environment=environment)
    if is_embedded("DATABASE_URL"):
        copy_prepared(site)
    else:
        with node_while(environment):
            run("-m", "godark.supervisor.prepare", environment=environment)
    return site


def copy_prepared(site: LiveSite) -> None:
    """Give a site a copy of the database and the var/ that `make run` prepares."""
    database = urlsplit(site.environment["DATABASE_URL"]).path.removeprefix("/")
    shutil.copytree(filled_var(database), site.var, dirs_exist_ok=True)
    demo = site.var / "demo.json"
    found = json.loads(demo.read_text(encoding="utf-8"))
    demo.write_text(json.dumps(found | {"base_url": site.url}), encoding="utf-8")


def start_live_site(site: LiveSite) -> subprocess.Popen[bytes]:
    """Start daphne and wait until the site answers; its output is var/web.log."""
    port = str(urlsplit(site.url).port)
    words = ("godark.web", "-v", "0", "-b", "127.0.0.1", "-p", port, "godark.asgi:application")
    child = start_process(site, "web", *words)
    sentence = f"The live site did not start; see {site.var}/web.log."
    wait_until(lambda: answers(site.url), child=child, sentence=sentence)
    return child


def start_process(site: LiveSite, name: str, *words: str) -> subprocess.Popen[bytes]:
    """Start `python -m` with these words for a site; its output is var/NAME.log."""
    with (site.var / f"{name}.log").open("ab") as log:
        child = subprocess.Popen(
            launched([sys.executable, "-m", *words], end_signal=signal.SIGTERM),
            cwd=ROOT,
            env=site.environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    come_first(child)
    return child


def start_trading(site: LiveSite) -> list[subprocess.Popen[bytes]]:
    """Start chain, engine and prices of a running site and wait until its markets trade."""
    node = start_node(site.environment["SOLANA_RPC_URL"], site.var)
    children = [
        start_process(site, "engine", "manage", "run_engine"),
        start_process(site, "prices", "manage", "run_prices"),
        node,
    ]
    sentence = f"The markets did not open; see {site.var}."
    try:
        wait_until(lambda: is_trading(site), child=children[0], sentence=sentence)
    except BaseException:
        for child in children:
            stop_live_site(child)
        raise
    return children


def is_trading(site: LiveSite) -> bool:
    """Tell whether Bitcoin is open and has a reference; asking the site would cost requests."""
    with psycopg.connect(site.environment["DATABASE_URL"]) as connection:
        found = connection.execute(
            "SELECT state, bid_ticks FROM trading_market JOIN trading_marketticker"
            " ON market_id = trading_market.id WHERE base = 'BTC'"
        ).fetchone()
    return found is not None and found[0] == "ACTIVE" and found[1] is not None


def stop_live_site(child: subprocess.Popen[bytes]) -> None:
    """End a process of the site, by force after 30 s."""
    child.terminate()
    try:
        child.wait(timeout=30)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def of_live_database(url: str, *, kind: str = "live") -> str:
    """Return an address of the session's database with this worker's own database in it."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"{parts.path}_{kind}_{worker_number()}"))


def answers(url: str) -> bool:
    """Tell whether an HTTP server answers at `url`, whatever it says."""
    try:
        urllib.request.urlopen(url, timeout=30).close()
    except urllib.error.HTTPError as error:
        error.close()
        return True
    except OSError:
        return False
    return True


def free_port() -> int:
    """Return a port of this machine that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
