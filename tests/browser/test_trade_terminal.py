"""The terminal in real Chromium, against the real venue: engine and prices run beside the site."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.measure import overflow_of, small_targets_of, violations_of
from tests.browser.terminals import BTC, OpenTerminal, Trader, is_live, many_fills, place, rows, tab
from tests.live_site import LiveSite, start_process, stop_live_site

SIZES = pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["1440", "390"])
PAUSE = (
    "from trading.models import PauseLevel; from trading.services.venue_modes import change_mode; "
    "change_mode(PauseLevel({level}), reason='A drill.')"
)


def test_two_browsers_trade_in_the_dark_with_each_other(open_terminal: OpenTerminal) -> None:
    maker, taker = open_terminal(0), open_terminal(1)
    place(maker, side="Sell", kind="PEG", size="0.0123")
    tab(maker, "Orders")
    expect(rows(maker)).to_have_count(1)
    # Nobody else is shown that it rests.
    assert "0.0123" not in taker.locator("body").inner_text()
    place(taker, side="Buy", kind="MARKET", size="0.0123")
    expect(taker.locator("[data-answer]")).to_contain_text("Filled at")
    for page, size in ((maker, "\u22120.0123"), (taker, "0.0123")):
        tab(page, "Positions")
        expect(rows(page).first).to_contain_text(size)
        expect(page.locator("[data-tape] tr").first).to_contain_text("0.0123")
        expect(page.locator(".toast").first).to_contain_text("0.0123 BTC")
    tab(maker, "Orders")
    expect(rows(maker)).to_have_count(0)
    for page in (maker, taker):
        tab(page, "Fills")
        expect(rows(page)).to_have_count(1)


def test_what_can_be_known_is_refused_beside_its_field(open_terminal: OpenTerminal) -> None:
    page = open_terminal()
    sent: list[str] = []
    page.on("request", lambda one: sent.append(one.url) if one.method == "POST" else None)
    place(page, side="Buy", kind="LIMIT", size="0.00001")
    expect(page.locator("#fault-size")).to_contain_text("multiples of 0.0001")
    expect(page.locator("#fault-limit_price")).to_contain_text("needs a price")
    page.locator('[name="limit_price"]').fill("90000")
    page.locator('[name="size"]').fill("9")
    expect(page.locator("#fault-size")).not_to_be_empty()
    page.locator("[data-send]").click()
    assert sent == []
    page.locator('[data-preview-of="max"]').click()
    expect(page.locator("#fault-size")).to_be_empty()
    expect(page.locator('[data-preview-of="liquidation"]')).not_to_have_text("\u2013")


def test_a_lost_socket_is_seen_and_nothing_is_missed(
    open_terminal: OpenTerminal, traders: list[Trader]
) -> None:
    page = open_terminal()
    tab(page, "Orders")
    page.context.set_offline(True)
    page.evaluate("window.godarkTerminal.drop()")
    expect(page.locator("[data-connection]")).to_have_attribute("data-state", "lost")
    expect(page.locator("[data-trade]")).to_have_attribute("data-stale", "")
    expect(page.locator("[data-freshness]")).to_contain_text("Prices are from")
    order = {"symbol": BTC, "side": "BUY", "type": "LIMIT", "size": "0.0042"}
    order |= {"limit_price": "50000", "time_in_force": "GTC"}
    traders[0].rest.ask("POST", "/orders", order, expect=201)
    page.context.set_offline(False)
    is_live(page)
    expect(page.locator("[data-trade]")).not_to_have_attribute("data-stale", "")
    expect(rows(page)).to_have_count(1)
    rows(page).get_by_role("button", name="Amend").click()
    page.get_by_label("New size").fill("0.0040")
    page.get_by_label("New size").press("Enter")
    expect(rows(page)).to_contain_text("0.004")
    rows(page).get_by_role("button", name="Cancel").click()
    expect(rows(page)).to_have_count(0)


def test_a_pause_is_told_under_the_users_eyes(
    open_terminal: OpenTerminal, trading_site: LiveSite
) -> None:
    page = open_terminal()
    try:
        trading_site.manage("shell", "-c", PAUSE.format(level=1))
        expect(page.locator("[data-alarm]")).to_contain_text("The venue is paused (level 1)")
    finally:
        trading_site.manage("shell", "-c", PAUSE.format(level=0))
    expect(page.locator("[data-alarm]")).to_be_hidden()


@pytest.fixture(scope="module")
def spare_engine(trading_site: LiveSite) -> Iterator[None]:
    """Let a second engine stand by, which takes over when the first is gone."""
    child = start_process(trading_site, "spare", "manage", "run_engine")
    yield
    # The first is gone: whoever comes after this module needs an engine, until the session ends.
    SPARES.append(child)


SPARES: list[Any] = []


@pytest.fixture(scope="session", autouse=True)
def end_spares() -> Iterator[None]:
    """Stop the engines that stood by, at the very end."""
    yield
    for child in SPARES:
        stop_live_site(child)


def engines_of(site: LiveSite) -> list[int]:
    """Return the processes that run this site's engine, the oldest first."""
    return processes_of(site, "run_engine")


def processes_of(site: LiveSite, command: str) -> list[int]:
    """Return the processes that run a command of this site, the oldest first."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            words = (path / "cmdline").read_bytes()
            place = (path / "environ").read_bytes()
        except OSError:
            continue
        if command.encode() in words and f"GODARK_VAR={site.var}".encode() in place.split(b"\0"):
            found.append((int((path / "stat").read_text().rsplit(")", 1)[1].split()[19]), path))
    return [int(path.name) for _, path in sorted(found)]


@pytest.mark.usefixtures("spare_engine")
def test_an_order_in_flight_outlives_the_engine(
    open_terminal: OpenTerminal, trading_site: LiveSite
) -> None:
    page = open_terminal()
    first, spare = engines_of(trading_site)
    os.kill(spare, signal.SIGSTOP)
    os.kill(first, signal.SIGKILL)
    try:
        page.locator('[name="limit_price"]').fill("50000")
        place(page, side="Buy", kind="LIMIT", size="0.0077")
        expect(page.locator("[data-answer]")).to_contain_text("has not answered yet")
        tab(page, "Orders")
        expect(rows(page)).to_contain_text("pending")
    finally:
        os.kill(spare, signal.SIGCONT)
    expect(rows(page)).not_to_contain_text("pending")
    expect(rows(page)).to_contain_text("0.0077")


def test_long_tables_hold_only_the_rows_that_are_seen(
    open_terminal: OpenTerminal, traders: list[Trader]
) -> None:
    order = {"symbol": BTC, "side": "BUY", "type": "LIMIT", "size": "0.0001"}
    order |= {"time_in_force": "GTC"}
    for batch in range(10):
        orders = [{**order, "limit_price": str(40_000 + 20 * batch + n)} for n in range(20)]
        traders[0].rest.ask("POST", "/orders/batch", {"orders": orders}, expect=200)
    page = open_terminal()
    page.route("**/api/v1/fills?*", many_fills)
    tab(page, "Orders")
    expect(page.locator("#tab-orders .tab-count")).to_have_text("200")
    assert 5 < rows(page).count() < 40
    tab(page, "Fills")
    table = page.locator(".grid-panel:not([hidden]) table")
    expect(table).to_have_attribute("aria-rowcount", "1002")
    page.locator(".grid-panel:not([hidden]) .grid-scroll").evaluate("(e) => { e.scrollTop = 1e6; }")
    expect(rows(page).last).to_contain_text("95,000.05")
    assert rows(page).count() < 40


@SIZES
def test_every_state_of_the_terminal_is_accessible_and_fits(
    open_terminal: OpenTerminal, size: tuple[int, int]
) -> None:
    page = open_terminal(0, size)
    expect(page.locator("[data-ladder-rows] td").first).to_be_attached()
    fit_for_everyone(page)
    if size == PHONE:
        page.get_by_role("button", name="Buy", exact=True).click()
    page.locator("[name=protects]").check()
    page.get_by_text("More options").click()
    page.locator("[data-send]").click()
    fit_for_everyone(page)
    page.locator("[data-leverage-opens]").click()
    fit_for_everyone(page)
    page.keyboard.press("Escape")
    if size == PHONE:
        page.get_by_role("button", name="Close the ticket").click()
        page.get_by_role("button", name="Positions").click()
        fit_for_everyone(page)
    page.locator("[data-search-opens]").click()
    page.keyboard.type("eur")
    expect(page.locator("#search-list li")).to_have_count(1)
    fit_for_everyone(page)


def fit_for_everyone(page: Page) -> None:
    assert violations_of(page) == []
    assert overflow_of(page) == 0
    assert small_targets_of(page) == []


def test_a_market_is_found_and_opened_by_keyboard(open_terminal: OpenTerminal) -> None:
    page = open_terminal()
    page.keyboard.press("/")
    page.keyboard.type("eth")
    expect(page.locator("#search-list li").first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    page.wait_for_url("**/trade/ETH-USDT-PERP")
