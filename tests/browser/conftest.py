"""Pages of the live site in a real Chromium: `page` is a desktop, `phone` is 390 pixels wide.

The browser lives for one module: while it runs, its event loop would be in the way of
asynchronous tests in other folders.
"""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.browser.chromium import FLAGS, SENTENCE, find_chromium
from tests.browser.terminals import ADDRESS, OpenTerminal, Trader, is_live, logged_in
from tests.journeys.people import newcomer
from tests.live_site import LiveSite

DESKTOP = (1440, 900)
PHONE = (390, 844)
# Five seconds, as playwright would have it, is short on a loaded machine.
expect.set_options(timeout=30_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that opens a page, so that `-m browser` finds them all."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Return the path of Chromium; without one the tests fail with a sentence."""
    found = find_chromium()
    if found is None:
        pytest.fail(SENTENCE)
    return found


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    """Return a headless Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, live_site: LiveSite) -> Iterator[Callable[[int, int], Page]]:
    """Return a function that opens a page of a given width and height in a session of its own.

    `page.goto("/")` is relative to the live site. A script that fails unseen fails the test.
    """
    broken: list[str] = []
    contexts = []

    def open_one(width: int, height: int) -> Page:
        viewport = {"width": width, "height": height}
        context = browser.new_context(base_url=live_site.url, viewport=viewport)  # type: ignore[arg-type]  # a plain dict will do
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: broken.append(str(error)))
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert not broken


@pytest.fixture
def page(open_page: Callable[[int, int], Page]) -> Page:
    """Return a page of 1440 by 900 pixels."""
    return open_page(*DESKTOP)


@pytest.fixture
def phone(open_page: Callable[[int, int], Page]) -> Page:
    """Return a page of 390 by 844 pixels."""
    return open_page(*PHONE)


@pytest.fixture(scope="module")
def traders(browser: Browser, trading_site: LiveSite) -> list[Trader]:
    """Return two people with money, each logged in through the door."""
    return [logged_in(browser, newcomer(trading_site)) for _ in range(2)]


@pytest.fixture
def open_terminal(browser: Browser, traders: list[Trader]) -> Iterator[OpenTerminal]:
    """Return a function that opens the terminal of a trader; a script that fails fails the test.

    So does an error in the console; no order is left behind.
    """
    broken: list[str] = []
    contexts = []

    def open_one(number: int = 0, size: tuple[int, int] = DESKTOP, path: str = ADDRESS) -> Page:
        trader = traders[number]
        context = browser.new_context(
            base_url=trader.rest.site.url,
            storage_state=trader.cookies,
            viewport={"width": size[0], "height": size[1]},
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.on("console", lambda said: broken.append(said.text) if is_fault(said) else None)
        page.goto(path)
        is_live(page)
        expect(page.locator("[data-leverage]")).to_have_text("10x")
        return page

    yield open_one
    for context in contexts:
        context.close()
    for trader in traders:
        trader.rest.send("DELETE", "/orders")
    assert not broken


def is_fault(said: ConsoleMessage) -> bool:
    """Tell whether the console was told of an error, besides answers and sockets that failed."""
    of_network = ("Failed to load resource", "WebSocket connection")
    return said.type == "error" and not said.text.startswith(of_network)
