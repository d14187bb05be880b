"""What sockets cost and how fast they are: one table, baselines in the same run.

Run: `python bench/sockets.py [entry] [fanout] [idle] [tickers]`; without a word all of it. It
starts a venue of its own (PostgreSQL, Redis, web, engine, prices) as the tests do; the load is a
process of its own (`bench/socket_load.py`). Baselines: for the fan-out the same bytes written to as
many plain connections by a process that does nothing else; for orders, pings through the same web.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import Process
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.servers import SessionServers, point_environment

point_environment()
os.environ["DJANGO_SETTINGS_MODULE"] = "godark.settings"

import django  # noqa: E402 - the environment comes first

django.setup()

import httpx  # noqa: E402 - the settings come first, here and below
import psycopg  # noqa: E402 - the same
import redis  # noqa: E402 - the same

from tests.live_site import (  # noqa: E402 - the same
    LiveSite,
    free_port,
    prepare_live_site,
    start_live_site,
    start_trading,
    stop_live_site,
)
from trading import rings  # noqa: E402 - the same

ROOT = Path(__file__).resolve().parents[1]
Json = dict[str, Any]
CHANNEL = "liquidations:BTC-USDT-PERP"
BODY = b'"type":"liquidation","data":{"at":%d,"pad":"%s"},"sent_at":%d}'
PAD = b"x" * 150
A_SECOND = 100
SECONDS = 10
LISTENERS = 1_000
IDLE = 5_000
TRADERS = 8


def row(what: str, figure: str, *more: str) -> None:
    """Print a line of the table."""
    print(f"{what:<46}{figure:>16}   {'   '.join(more)}", flush=True)


@contextmanager
def load(**job: Any) -> Iterator[subprocess.Popen[str]]:
    """Start the load's process with a job."""
    words = [sys.executable, str(ROOT / "bench/socket_load.py"), json.dumps(job)]
    pipe = subprocess.PIPE
    with subprocess.Popen(  # noqa: S603 - a command line of our own
        words, stdin=pipe, stdout=pipe, text=True
    ) as child:
        try:
            yield child
        finally:
            child.kill()


def told(child: subprocess.Popen[str]) -> Json:
    """Return the next thing that the load says."""
    line = child.stdout.readline() if child.stdout else ""
    if not line:
        raise ConnectionError("the load has died")
    found: Json = json.loads(line)
    return found


def fan_out(site: LiveSite, web: subprocess.Popen[bytes]) -> None:
    """Tell 100 messages a second to a thousand sockets, then to as many plain connections."""
    client = redis.Redis.from_url(site.environment["REDIS_URL"])
    database = urlsplit(site.environment["DATABASE_URL"]).path.removeprefix("/")
    rings.told_where = lambda: f"{rings.PREFIX}told:{database}"
    messages = A_SECOND * SECONDS
    job = {"job": "listen", "sockets": LISTENERS, "messages": messages, "seconds": 60}
    with load(**job, url=site.url, channel=CHANNEL) as child:
        told(child)
        before = busy_seconds(web)
        for _ in paced(messages):
            rings.Rings(client).tell([rings.Message(CHANNEL, body())])
        through = told(child)
        used_us = (busy_seconds(web) - before) / max(1, through["heard"]) * 1e6
    port = free_port()
    plain = Process(target=plain_server, args=(port, messages), daemon=True)
    plain.start()
    time.sleep(1)
    with load(**job, url=f"http://127.0.0.1:{port}", is_plain=True) as child:
        told(child)
        baseline = told(child)
    plain.kill()
    for name, found in (
        ("100/s to 1,000 sockets", through),
        ("  baseline: plain writes", baseline),
    ):
        row(
            name,
            f"p99 {found['p99_ms']} ms",
            f"p50 {found['p50_ms']} ms, most {found['most_ms']} ms",
            f"{found['heard']:,} of {found['wanted']:,} heard, {found['gaps']} out of order",
        )
    row("  web, of a processor", f"{used_us:.2f} us a frame")


def body() -> bytes:
    """Return a message that says when it was told."""
    now_ns = time.time_ns()
    return BODY % (now_ns, PAD, now_ns // 1_000_000)


def paced(messages: int) -> Iterator[int]:
    """Yield so often, a hundred times a second."""
    began = time.monotonic()
    for number in range(messages):
        time.sleep(max(0.0, began + number / A_SECOND - time.monotonic()))
        yield number


def plain_server(port: int, messages: int) -> None:
    """Write the same bytes to whoever has connected, a hundred times a second."""

    async def serve() -> None:
        wires: list[Any] = []
        everybody = asyncio.Event()

        class Plain(asyncio.Protocol):
            def connection_made(self, transport: Any) -> None:
                wires.append(transport)
                if len(wires) == LISTENERS:
                    everybody.set()

        loop = asyncio.get_running_loop()
        await loop.create_server(Plain, "127.0.0.1", port, backlog=2_000)
        await everybody.wait()
        await asyncio.sleep(1)
        began = time.monotonic()
        for number in range(messages):
            await asyncio.sleep(max(0.0, began + number / A_SECOND - time.monotonic()))
            said = b'{"channel":"x","seq":%d,' % (number + 1) + body()
            frame = b"\x81\x7e" + len(said).to_bytes(2, "big") + said
            for wire in wires:
                wire.write(frame)
        await asyncio.sleep(30)

    asyncio.run(serve())


def entry(site: LiveSite, web: subprocess.Popen[bytes], engine: subprocess.Popen[bytes]) -> None:
    """Place orders by eight sockets at once: pings, then singly, then in batches."""
    traders = funded(site)
    job = {"job": "enter", "url": site.url, "sockets": TRADERS, "traders": traders, "seconds": 8}
    for name, kind, at_once in (
        ("  baseline: pings", "ping", 8),
        ("orders singly", "single", 8),
        ("orders in batches of 20", "batch", 2),
    ):
        before, used = orders_of(site), (busy_seconds(web), busy_seconds(engine))
        with load(**job, kind=kind, at_once=at_once) as child:
            found = told(child)
        written = orders_of(site) - before
        each = [
            (busy_seconds(one) - was) * 1e6 / max(1, written or found["done"])
            for one, was in zip((web, engine), used, strict=True)
        ]
        a_second = (found["orders"] or found["done"]) / found["seconds"]
        row(
            name,
            f"{a_second:,.0f}/s",
            f"p50 {found['p50_ms']} ms, p99 {found['p99_ms']} ms",
            f"{found['refused']} refused, {written:,} rows in PostgreSQL",
            f"of a processor: web {each[0]:.0f} us, engine {each[1]:.0f} us each",
        )


def funded(site: LiveSite) -> list[Json]:
    """Return traders with money."""
    made: list[Json] = json.loads(site.manage("make_traders", str(TRADERS), "--tier", "LOAD"))[
        "traders"
    ]
    for one in made:
        door = {"email": one["email"], "password": one["password"]}
        answer = httpx.post(f"{site.url}/api/v1/auth/login", json=door, timeout=30).json()
        bearer = {"Authorization": f"Bearer {answer['access_token']}"}
        httpx.post(f"{site.url}/api/v1/dev/test-usdt", headers=bearer, timeout=30)
    return made


def orders_of(site: LiveSite) -> int:
    """Return how many orders are durable."""
    with psycopg.connect(site.environment["DATABASE_URL"]) as connection:
        found = connection.execute("SELECT count(*) FROM trading_order").fetchone()
    return 0 if found is None else int(found[0])


def idle(site: LiveSite, web: subprocess.Popen[bytes]) -> None:
    """Open five thousand sockets that say nothing."""
    before = memory_of(web.pid)
    with load(job="idle", url=site.url, sockets=IDLE, first_address=1_000) as child:
        began = time.monotonic()
        held = told(child)["ready"]
        took = time.monotonic() - began
        time.sleep(3)
        each = (memory_of(web.pid) - before) / held / 1024
        if child.stdin:
            child.stdin.write("\n")
            child.stdin.flush()
        lost = told(child)["lost"]
    row(f"{held:,} idle sockets", f"{each:.1f} kB each", f"opened in {took:.0f} s, {lost} lost")


def busy_seconds(child: subprocess.Popen[bytes]) -> float:
    """Return the seconds of a processor that a process has used, whatever else runs."""
    fields = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_of(pid: int) -> int:
    """Return the bytes that a process holds."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def tickers(site: LiveSite) -> None:
    """Hear the prices of sixty markets by two hundred sockets."""
    job = {"job": "tickers", "url": site.url, "sockets": 200, "first_address": 500}
    with load(**job, seconds=SECONDS) as child:
        found = told(child)
    row(
        "tickers of 60 markets to 200 sockets",
        f"p99 {found['p99_ms']} ms",
        f"{found['heard'] / 200 / SECONDS:.1f} messages/s each",
        f"{found['bytes'] / SECONDS / 1e6:.2f} MB/s in all",
    )


def main() -> None:
    """Start a venue, measure, and print the table."""
    wanted = sys.argv[1:] or ["entry", "fanout", "tickers", "idle"]
    site = prepare_live_site()
    children = [start_live_site(site)]
    try:
        children += start_trading(site)
        print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors before the bench")
        if "tickers" in wanted:
            tickers(site)
        if "fanout" in wanted:
            fan_out(site, children[0])
        if "entry" in wanted:
            entry(site, children[0], children[1])
        if "idle" in wanted:
            idle(site, children[0])
        print(f"load {os.getloadavg()[0]:.1f} after it")
    finally:
        for child in reversed(children):
            stop_live_site(child)


if __name__ == "__main__":
    servers = SessionServers()
    servers.start()
    try:
        main()
    finally:
        servers.stop()
