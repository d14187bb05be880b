"""The real site for tests: daphne in a process of its own, over a database of its own.

The database lies on the session's PostgreSQL, beside the one that Django's tests roll back, and
is prepared as `make run` prepares it, demonstration people included. Tests reach it through its
doors only.
"""

import json
import os
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

from godark.supervisor.launch import launched
from tests.servers import is_embedded, session_servers, wait_until, worker_number

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
    }
    if owner := os.environ.get("DATABASE_OWNER_URL"):
        environment["DATABASE_OWNER_URL"] = of_live_database(owner, kind=kind)
    if is_embedded("REDIS_URL"):
        number = FIRST_REDIS_NUMBER[kind] + worker_number()
        environment["REDIS_URL"] = session_servers().redis_url(number=number)
    done = subprocess.run(
        [sys.executable, "-m", "godark.supervisor.prepare"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise AssertionError(f"The live site's database: {done.stdout}{done.stderr}")
    return LiveSite(url=url, var=var, environment=environment)


def start_live_site(site: LiveSite) -> subprocess.Popen[bytes]:
    """Start daphne and wait until the site answers; its output is var/web.log."""
    port = str(urlsplit(site.url).port)
    argv = [sys.executable, "-m", "daphne", "-v", "0", "-b", "127.0.0.1", "-p", port]
    log_path = site.var / "web.log"
    with log_path.open("wb") as log:
        child = subprocess.Popen(
            launched([*argv, "godark.asgi:application"], end_signal=signal.SIGTERM),
            cwd=ROOT,
            env=site.environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    sentence = f"The live site did not start; see {log_path}."
    wait_until(lambda: answers(site.url), child=child, sentence=sentence)
    return child


def stop_live_site(child: subprocess.Popen[bytes]) -> None:
    """End daphne, by force after 5 s."""
    child.terminate()
    try:
        child.wait(timeout=5)
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
        urllib.request.urlopen(url, timeout=5).close()
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
