"""The price service beside the live site: simulated prices on its pages, for a module of tests."""

import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from godark.supervisor.launch import launched
from tests.live_site import ROOT, LiveSite

PATIENCE_S = 30
# What it shows would stand on the pages of the tests that follow; kept minutes stay.
FORGET = """
import redis
from django.conf import settings
from trading.models import LastGoodPrice, MarketTicker
from trading.services.price_feed import BOARD_KEY, STATE_KEY
MarketTicker.objects.all().delete()
LastGoodPrice.objects.all().delete()
redis.Redis.from_url(settings.REDIS_URL).delete(BOARD_KEY, STATE_KEY)
"""


@contextmanager
def running_prices(site: LiveSite) -> Iterator[None]:
    """Run `manage.py run_prices` on the site's database until the block ends; forget its rows."""
    child = subprocess.Popen(
        launched([sys.executable, "manage.py", "run_prices"], end_signal=signal.SIGTERM),
        cwd=ROOT,
        env=site.environment | {"GODARK_PRICES_SCHEDULE": "none"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + PATIENCE_S
        while market(site, "BTC-USDT-PERP")["index_price"] is None:
            if child.poll() is not None or time.monotonic() > until:
                raise AssertionError("The price service brought no price.")
            time.sleep(0.2)
        yield
    finally:
        child.terminate()
        child.wait(timeout=10)
        site.manage("shell", "-c", FORGET)


def market(site: LiveSite, symbol: str) -> dict[str, Any]:
    """Return what the API says of a market."""
    with urllib.request.urlopen(f"{site.url}/api/v1/markets/{symbol}", timeout=10) as answer:
        found: dict[str, Any] = json.load(answer)
    return found
