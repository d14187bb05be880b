"""Orders over HTTP: how soon each is answered, and how many there can be, beside a bare view."""

import json
import subprocess
import urllib.request
from typing import Any

from bench.exchange_inbox import LOAD, PLENTY_MICRO, WATCHING
from bench.table import middle_and_worst, percentile, row
from bench.venue import Venue, ask_for, free_port, wait_for

WORKERS = ("web", "engine", "postgres")
RATE = 100
AIMS = {50: 25, 95: 60, 99: 120}
AT_ONCE = (8, 32, 64)


def bench_rest(venue: Venue) -> None:
    """Measure how soon an order is acknowledged over HTTP, and how many there can be."""
    engine = venue.python("engine", "manage.py", "run_engine")
    prices = venue.python("prices", "manage.py", "run_prices")
    traders = json.loads(venue.run("manage.py", "make_traders", "20", "--tier", "LOAD"))["traders"]
    accounts = [trader["account_id"] for trader in traders]
    venue.run(LOAD, "fund", told={"accounts": accounts, "micro": PLENTY_MICRO})
    told = {"url": venue.url, "traders": traders, "seed": 7}
    web = start_web(venue, "godark.web")
    said = send(venue, told | {"rate": RATE, "seconds": 20})
    bare = bare_site(venue, {"rate": RATE, "seconds": 5, "seed": 7})
    row(f"an order's answer over HTTP at {RATE}/s, ms", "figure", "aim", "bare view")
    for percent, aim in AIMS.items():
        figure = f"{percentile(said['waits'], percent):.1f}"
        row(f"  p{percent}", figure, str(aim), f"{percentile(bare['waits'], percent):.1f}")
    row("  answers", str(said["statuses"]))
    row("orders over HTTP at most, a second", "figure", "", "bare view")
    bare = bare_site(venue, {"at_once": 32, "seconds": 5, "seed": 7})
    for at_once in AT_ONCE:
        before = [venue.worked_s(name) for name in WORKERS]
        said = send(venue, told | {"at_once": at_once, "seconds": 6, "seed": 7 + at_once})
        worked = [venue.worked_s(name) - one for name, one in zip(WORKERS, before, strict=True)]
        rate = len(said["waits"]) / said["seconds"]
        row(
            f"  {at_once} at once",
            f"{rate:,.0f}",
            "",
            f"{len(bare['waits']) / bare['seconds']:,.0f}",
        )
        row("    p50 / p99, ms", middle_and_worst(said["waits"]))
        each = [f"{one * 1e3 / len(said['waits']):,.2f}" for one in worked]
        row("    processor, ms an order: web, engine, PostgreSQL", *each)
        row("    answers", str(said["statuses"]))
    venue.stop(web)
    profile_web(venue, told)
    venue.stop(prices)
    venue.stop(engine)


def start_web(venue: Venue, *words: str) -> subprocess.Popen[bytes]:
    """Start the web server and wait until it serves."""
    arguments = ("-v", "0", "-b", "127.0.0.1", "-p", str(venue.port), "godark.asgi:application")
    prefix = ("-m",) if len(words) == 1 else ()
    web = venue.python("web", *prefix, *words, *arguments)
    wait_for(lambda: serves(venue.url + "/health"))
    return web


def serves(url: str) -> bool:
    """Tell whether somebody answers there."""
    try:
        urllib.request.urlopen(url, timeout=2).close()  # noqa: S310 - our own address
    except OSError:
        return False
    return True


def send(venue: Venue, told: dict[str, Any]) -> dict[str, Any]:
    """Have the second process send requests."""
    said: dict[str, Any] = json.loads(venue.run(LOAD, "http", told=told))
    return said


def bare_site(venue: Venue, told: dict[str, Any]) -> dict[str, Any]:
    """Measure the same on a site of one bare view."""
    port = free_port()
    site = venue.python(
        "bare", "-m", "daphne", "-v", "0", "-p", str(port), "bench.bare_site:application"
    )
    url = f"http://127.0.0.1:{port}"
    wait_for(lambda: serves(url + "/bare"))
    said = send(venue, told | {"url": url, "path": "/bare"})
    venue.stop(site)
    return said


def profile_web(venue: Venue, told: dict[str, Any]) -> None:
    """Print where the web process's time goes, by whose code it stands in."""
    seen = venue.home / "web.json"
    web = start_web(venue, WATCHING, "web", str(seen))
    send(venue, told | {"rate": RATE, "seconds": 1, "seed": 91})
    before = ask_for(web.pid, seen)
    said = send(venue, told | {"at_once": 16, "seconds": 8, "seed": 92})
    after = ask_for(web.pid, seen)
    count, cpu = len(said["waits"]), after["cpu"] - before["cpu"]
    row("where the web's time goes", f"{cpu / count * 1e3:.2f} ms", "", "of the processor an order")
    samples = after["packages"]
    whole = sum(samples.values())
    for name in sorted(samples, key=lambda one: -samples[one])[:14]:
        row(f"  {name}", f"{samples[name] / whole:.1%}")
    for line, found in after["lines"][:20]:
        print(f"    {found / whole:6.1%}  {line}")
    venue.stop(web)
