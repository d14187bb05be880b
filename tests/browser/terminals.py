"""The terminal as the browser tests use it: who opens it, and what they do there."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, Page, Route, expect

from tests.journeys.people import PASSWORD, Traveler

BTC = "BTC-USDT-PERP"
ADDRESS = f"/trade/{BTC}"
OpenTerminal = Callable[..., Page]


@dataclass(frozen=True)
class Trader:
    """Somebody by REST, and the cookies of their browser."""

    rest: Traveler
    cookies: Any


def logged_in(browser: Browser, person: Traveler) -> Trader:
    """Return somebody who has logged in through the door."""
    context = browser.new_context(base_url=person.site.url)
    page = context.new_page()
    page.goto("/login")
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name="Log out").wait_for()
    cookies = context.storage_state()
    context.close()
    return Trader(person, cookies)


def is_live(page: Page) -> None:
    """Wait until the socket has spoken."""
    expect(page.locator("[data-connection]")).to_have_attribute("data-state", "live")


def tab(page: Page, name: str) -> None:
    """Open one of the tables."""
    page.locator("[data-table-tabs]").get_by_role("tab", name=name).click()


def rows(page: Page) -> Any:
    """Return the rows of the open table."""
    return page.locator(".grid-panel:not([hidden]) tbody tr:not(.grid-space)")


def place(page: Page, *, side: str, kind: str, size: str) -> None:
    """Fill the ticket and send it."""
    page.locator(".ticket-sides label", has_text=side).click()
    page.locator(f'[data-kind="{kind}"]').click()
    page.locator('[name="size"]').fill(size)
    page.locator("[data-send]").click()


def many_fills(route: Route) -> None:
    """Answer with as many fills as a busy day has."""
    fill: dict[str, Any] = {
        "order_id": None,
        "symbol": BTC,
        "side": "BUY",
        "price": "95000.05",
        "size": "0.01",
    }
    fill |= {"fee": "0.475", "liquidity": "TAKER", "kind": "TRADE", "realized_pnl": "0"}
    results = [
        {**fill, "id": f"fill-{n}", "executed_at": 1_763_136_000_000 - n} for n in range(500)
    ]
    is_first = "cursor" not in route.request.url
    body = {"results": results, "next": "more" if is_first else None}
    if not is_first:
        for row in results:
            row["id"] = f"{row['id']}-more"
    route.fulfill(json=body)


@contextmanager
def held(traders: list[Trader], *, leverage: int = 10, size: str = "0.01") -> Iterator[None]:
    """Let the first trader be long in Bitcoin, bought from the second; both are flat afterwards."""
    buyer, seller = (trader.rest for trader in traders[:2])
    buyer.ask("POST", f"/positions/{BTC}/leverage", {"leverage": leverage}, expect=200)
    trade(maker=seller, taker=buyer, side="BUY", size=size)
    try:
        yield
    finally:
        seller.send("DELETE", "/orders")
        buyer.send("DELETE", "/orders")
        if buyer.ask("GET", f"/positions?symbol={BTC}", expect=200)["results"][0]["size"] != "0":
            trade(maker=seller, taker=buyer, side="SELL", size=size)
        buyer.ask("POST", f"/positions/{BTC}/leverage", {"leverage": 10}, expect=200)


def trade(*, maker: Traveler, taker: Traveler, side: str, size: str, symbol: str = BTC) -> None:
    """Let somebody take a size from somebody, at the mid."""
    other = {"BUY": "SELL", "SELL": "BUY"}[side]
    rests = {
        "symbol": symbol,
        "side": other,
        "type": "PEG_MID",
        "size": size,
        "time_in_force": "GTC",
    }
    maker.ask("POST", "/orders", rests, expect=201)
    takes = {"symbol": symbol, "side": side, "type": "MARKET", "size": size, "time_in_force": "IOC"}
    order = taker.ask("POST", "/orders", takes, expect=201)
    assert order["status"] == "FILLED", order
