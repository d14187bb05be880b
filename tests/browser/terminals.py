"""The terminal as the browser tests use it: who opens it, and what they do there."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, Page, expect

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
