"""A market list with prices, as the API will answer it once there is a price service."""

import json
import urllib.request
from typing import Any

from playwright.sync_api import Page, Route

from tests.live_site import LiveSite

ADDRESS = "**/api/v1/markets?limit=500"
# Index, mark, bid, ask, hourly funding rate; the rest is what the live site says.
PRICES = {
    "BTC-USDT-PERP": ("97112.5", "97120.25", "97112", "97113", "0.0000125"),
    "ETH-USDT-PERP": ("3301.005", "3301.1", "3301", "3301.01", "-0.000125"),
    "PEPE-USDT-PERP": ("0.0000123", "0.0000123", "0.0000122", "0.0000124", "0"),
}
FIELDS = ("index_price", "mark_price", "bid", "ask", "funding_rate")


def with_prices(live_site: LiveSite, **index_prices: str) -> str:
    """Return the live list with prices put in, and with these index prices by base."""
    with urllib.request.urlopen(f"{live_site.url}/api/v1/markets?limit=500", timeout=10) as answer:
        said: dict[str, Any] = json.load(answer)
    for market in said["results"]:
        if market["symbol"] in PRICES:
            market |= dict(zip(FIELDS, PRICES[market["symbol"]], strict=True), state="ACTIVE")
        if market["base"] in index_prices:
            market["index_price"] = index_prices[market["base"]]
    return json.dumps(said)


def answer_with(page: Page, *bodies: str) -> None:
    """Let the page's calls for the list be answered with these bodies; the last one repeats."""
    left = list(bodies)

    def answer(route: Route) -> None:
        body = left.pop(0) if len(left) > 1 else left[0]
        route.fulfill(status=200, content_type="application/json", body=body)

    page.route(ADDRESS, answer)
