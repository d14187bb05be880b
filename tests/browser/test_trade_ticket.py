"""What the terminal says of orders, prices and positions is so: against the real venue."""

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import DESKTOP
from tests.browser.test_trade_terminal import (
    ADDRESS,
    BTC,
    Trader,
    is_live,
    logged_in,
    rows,
    tab,
)
from tests.journeys.people import newcomer
from tests.live_site import LiveSite

OLD = re.compile(r"^\(old\) ")


@pytest.fixture(scope="module")
def pair(browser: Browser, trading_site: LiveSite) -> list[Trader]:
    """Return two people with money: the one that is looked at, and one to trade with."""
    return [logged_in(browser, newcomer(trading_site)) for _ in range(2)]


@pytest.fixture
def terminal(browser: Browser, pair: list[Trader]) -> Iterator[Page]:
    """Return the terminal of the first; a script that fails fails the test. No order stays."""
    broken: list[str] = []
    size = {"width": DESKTOP[0], "height": DESKTOP[1]}
    context = browser.new_context(
        base_url=pair[0].rest.site.url,
        storage_state=pair[0].cookies,
        viewport=size,  # type: ignore[arg-type]  # a plain dict will do
    )
    page = context.new_page()
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.goto(ADDRESS)
    is_live(page)
    expect(page.locator("[data-leverage]")).not_to_have_text("\u2013")
    yield page
    context.close()
    for trader in pair:
        trader.rest.send("DELETE", "/orders")
    assert not broken


def hold(pair: list[Trader], size: str) -> None:
    """Let the first buy so much of the second."""
    order = {"symbol": BTC, "size": size, "leverage": 10}
    peg = {"side": "SELL", "type": "PEG_MID", "time_in_force": "GTC"}
    pair[1].rest.ask("POST", "/orders", order | peg, expect=201)
    market = {"side": "BUY", "type": "MARKET", "time_in_force": "IOC"}
    pair[0].rest.ask("POST", "/orders", order | market, expect=201)


def close(pair: list[Trader]) -> None:
    """Let both close again, the one against the other."""
    peg = {"symbol": BTC, "side": "BUY", "type": "PEG_MID", "time_in_force": "GTC"}
    held = pair[0].rest.ask("GET", f"/positions?symbol={BTC}", expect=200)["results"][0]["size"]
    pair[1].rest.ask("POST", "/orders", peg | {"size": held, "leverage": 10}, expect=201)
    pair[0].rest.ask("POST", f"/positions/{BTC}/close", {}, expect=201)


@contextmanager
def standing_prices(site: LiveSite) -> Iterator[None]:
    """Let the price service stand still, alive and silent, until the block ends."""
    pid = next(
        int(path.parent.name)
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if b"run_prices" in path.read_bytes()
        and f"GODARK_VAR={site.var}".encode() in (path.parent / "environ").read_bytes()
    )
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_prices_that_have_stopped_are_shown_as_old(
    terminal: Page, pair: list[Trader], trading_site: LiveSite
) -> None:
    hold(pair, "0.01")
    tab(terminal, "Positions")
    expect(rows(terminal).first).to_contain_text("0.01")
    expect(rows(terminal).first).not_to_have_attribute("data-old", "")
    mark = rows(terminal).first.locator("td").nth(3)
    colors = {mark.evaluate("(cell) => getComputedStyle(cell).color")}
    with standing_prices(trading_site):
        expect(terminal.locator("[data-trade]")).to_have_attribute("data-stale", "")
        # News of other things go on, and do not make an old price fresh.
        order = {"symbol": BTC, "side": "BUY", "type": "LIMIT", "size": "0.0001"}
        order |= {"limit_price": "50000", "time_in_force": "GTC", "leverage": 10}
        pair[0].rest.send("POST", "/orders", order)
        expect(terminal.locator("[data-connection]")).to_have_attribute("data-state", "live")
        expect(terminal.locator("[data-freshness]")).to_contain_text("Prices are from")
        expect(terminal.locator("[data-mark-label]")).to_contain_text("Mark of")
        expect(terminal.locator("[data-alarm]")).to_contain_text("No price of this market")
        expect(terminal).to_have_title(OLD)
        expect(rows(terminal).first).to_have_attribute("data-old", "")
        expect(terminal.locator(".account-strip")).to_have_attribute("data-stale", "")
        colors.add(mark.evaluate("(cell) => getComputedStyle(cell).color"))
    assert len(colors) == 2
    expect(terminal.locator("[data-trade]")).not_to_have_attribute("data-stale", "")
    expect(rows(terminal).first).not_to_have_attribute("data-old", "")
    terminal.context.set_offline(True)
    terminal.evaluate("window.godarkTerminal.drop()")
    expect(terminal).to_have_title(OLD)
    expect(terminal.locator(".account-strip")).to_have_attribute("data-stale", "")
    expect(rows(terminal).first).to_have_attribute("data-old", "")
    terminal.context.set_offline(False)
    close(pair)


def test_the_chosen_time_in_force_comes_back(terminal: Page) -> None:
    force, post_only = (
        terminal.locator("[name=time_in_force]"),
        terminal.locator("[name=post_only]"),
    )
    expect(force).to_have_value("GTC")
    post_only.check()
    terminal.locator('[data-kind="MARKET"]').click()
    expect(force).to_have_value("IOC")
    expect(post_only).not_to_be_checked()
    terminal.locator('[data-kind="LIMIT"]').click()
    expect(force).to_have_value("GTC")
    expect(post_only).to_be_checked()
    force.select_option("FOK")
    terminal.locator('[data-kind="MARKET"]').click()
    expect(force).to_have_value("IOC")
    terminal.locator('[data-kind="PEG"]').click()
    expect(force).to_have_value("FOK")
    force.select_option("GTC")
    terminal.locator('[data-kind="MARKET"]').click()
    force.select_option("FOK")
    # A click on the reference makes a limit of it.
    terminal.locator('[data-point="bid"]').click()
    expect(terminal.locator('[data-kind="LIMIT"]')).to_have_attribute("aria-pressed", "true")
    expect(force).to_have_value("GTC")
    force.select_option("IOC")
    terminal.locator('[data-mode-choice="basic"]').click()
    terminal.locator('[data-mode-choice="advanced"]').click()
    expect(force).to_have_value("GTC")
    expect(post_only).not_to_be_checked()
    terminal.locator('[data-kind="MARKET"]').click()
    terminal.locator('[data-mode-choice="basic"]').click()
    terminal.locator('[data-kind="LIMIT"]').click()
    terminal.locator('[data-mode-choice="advanced"]').click()
    expect(force).to_have_value("GTC")
