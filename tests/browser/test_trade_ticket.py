"""What the terminal says of orders, prices and positions is so: against the real venue."""

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import DESKTOP
from tests.browser.measure import violations_of
from tests.browser.terminals import ADDRESS, BTC, Trader, is_live, logged_in, place, rows, tab
from tests.browser.test_trade_terminal import processes_of
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
    (pid,) = processes_of(site, "run_prices")
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
        order: dict[str, Any] = {"symbol": BTC, "side": "BUY", "type": "LIMIT", "size": "0.0001"}
        order |= {"limit_price": "50000", "time_in_force": "GTC", "leverage": 10}
        pair[0].rest.send("POST", "/orders", order)
        expect(terminal.locator("[data-connection]")).to_have_attribute("data-state", "live")
        expect(terminal.locator("[data-freshness]")).to_contain_text("Prices are from")
        expect(terminal.locator("[data-mark-label]")).to_contain_text("Mark of")
        expect(terminal.locator("[data-alarm]")).to_contain_text("No price of this market")
        expect(terminal).to_have_title(OLD)
        expect(rows(terminal).first).to_have_attribute("data-old", "")
        assert violations_of(terminal) == []
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


def test_an_order_is_shown_as_sent_until_the_venue_has_told_of_it(terminal: Page) -> None:
    held: list[Route] = []

    def hold_back(route: Route) -> None:
        held.append(route)

    terminal.route("**/api/v1/orders", hold_back)
    tab(terminal, "Orders")
    terminal.locator('[name="limit_price"]').fill("50,000")
    place(terminal, side="Buy", kind="LIMIT", size="0.0011")
    expect(rows(terminal)).to_have_count(1)
    expect(rows(terminal)).to_contain_text("sending")
    expect(rows(terminal)).to_have_attribute("data-old", "")
    expect(rows(terminal).get_by_role("button")).to_have_count(0)
    expect(terminal.locator("[data-answer]")).to_have_text("Sending.")
    held.pop().continue_()
    expect(terminal.locator("[data-answer]")).to_have_text("Resting in the dark.")
    expect(rows(terminal)).to_have_count(1)
    expect(rows(terminal)).not_to_contain_text("sending")
    # An answer that is lost after the order has arrived: asked for by its name.
    terminal.unroute("**/api/v1/orders")
    terminal.route("**/api/v1/orders", lose_the_answer)
    place(terminal, side="Buy", kind="LIMIT", size="0.0012")
    expect(terminal.locator("[data-answer]")).to_have_text("Resting in the dark.")
    expect(rows(terminal)).to_have_count(2)
    # One that never arrived is unknown while it is asked for, and then gone.
    terminal.unroute("**/api/v1/orders")
    terminal.route("**/api/v1/orders", lambda route: route.abort())
    place(terminal, side="Buy", kind="LIMIT", size="0.0013")
    expect(rows(terminal).first).to_contain_text("unknown, asking")
    expect(terminal.locator("[data-answer]")).to_contain_text("Asking the venue.")
    expect(terminal.locator("[data-answer]")).to_contain_text("it never arrived")
    expect(rows(terminal)).to_have_count(2)
    expect(terminal.locator('[name="size"]')).to_have_value("0.0013")
    # Amended by keyboard, the focus comes back to where it began.
    rows(terminal).first.get_by_role("button", name="Amend").click()
    terminal.get_by_label("New size").fill("0.001")
    terminal.get_by_label("New size").press("Enter")
    expect(rows(terminal).first.get_by_role("button", name="Amend")).to_be_focused()


def lose_the_answer(route: Route) -> None:
    route.fetch()
    route.abort()


def test_a_stop_that_fires_at_once_is_warned_of_and_told(
    terminal: Page, pair: list[Trader]
) -> None:
    peg = {"symbol": BTC, "side": "SELL", "type": "PEG_MID", "size": "0.0021"}
    pair[1].rest.ask("POST", "/orders", peg | {"time_in_force": "GTC", "leverage": 10}, expect=201)
    terminal.locator('[data-kind="TRIGGER"]').click()
    terminal.locator('[name="trigger_price"]').fill("1000")
    expect(terminal.locator("#fault-trigger_price")).to_contain_text("this fires at once")
    expect(terminal.locator("[data-faults-said]")).to_contain_text("this fires at once")
    place(terminal, side="Buy", kind="TRIGGER", size="0.0021")
    expect(terminal.locator("[data-answer]")).to_contain_text("Triggered. Filled at 9")
    expect(terminal.locator("[data-answer]")).to_contain_text(re.compile(r"\d,\d\d\d\.\d"))
    tab(terminal, "Positions")
    dialog = terminal.locator("#position")
    rows(terminal).get_by_role("button", name="TP/SL").click()
    dialog.locator('[name="tp_trigger"]').fill("1000")
    dialog.locator('[name="sl_trigger"]').fill("2000")
    expect(dialog.locator("#position-fault-loss")).to_contain_text("before this stop")
    dialog.locator("[data-position-send]").click()
    expect(dialog.locator("#position-fault-profit")).to_contain_text("A long takes profit above")
    expect(dialog.locator('[name="tp_trigger"]')).to_be_focused()
    assert violations_of(terminal) == []
    dialog.locator('[name="tp_trigger"]').fill("200000")
    expect(dialog.locator("#position-fault-profit")).to_be_empty()
    dialog.get_by_role("button", name="Leave").click()
    rows(terminal).get_by_role("button", name="Margin").click()
    dialog.locator("[data-position-send]").click()
    expect(dialog.locator("#position-fault-amount")).to_have_text("How much?")
    dialog.get_by_text("Take out").click()
    dialog.locator('[name="amount"]').fill("900")
    expect(dialog.locator("#position-fault-amount")).to_contain_text("can be taken out")
    dialog.get_by_role("button", name="Leave").click()
    # Nobody is there to close with: what came of it is told, with why.
    rows(terminal).get_by_role("button", name="Close").click()
    dialog.locator("[data-position-send]").click()
    expect(terminal.locator(".toast", has_text="Nothing was closed")).to_contain_text("Nobody")
    close(pair)


def test_what_is_shown_says_what_it_is(terminal: Page) -> None:
    expect(terminal.locator("[data-ladder-age]")).to_contain_text(re.compile(r"Quotes \d+ s old"))
    best = terminal.locator("[data-ladder-rows] .is-best")
    expect(best.first).to_have_attribute("title", re.compile("The best bid of the venues"))
    rows_of_venues = terminal.locator("[data-ladder-rows] tr")
    expect(rows_of_venues.first).to_have_attribute("title", re.compile("Quoted .* s before"))
    share = terminal.locator('[name="share"]')
    expect(share).to_have_attribute("aria-label", re.compile("Share of your free balance"))
    terminal.locator('[data-kind="MARKET"]').click()
    share.fill("100")
    size = terminal.locator("[data-send]").inner_text().split()[1]
    expect(terminal.locator('[data-preview-of="max"]')).to_contain_text(size)
    terminal.locator('[name="reduce_only"]').check()
    expect(share).to_have_attribute("aria-label", "Share of the position")


def test_a_leverage_that_is_none_is_refused_beside_its_field(terminal: Page) -> None:
    terminal.locator("[data-leverage-opens]").click()
    exact, fault = terminal.locator("[data-leverage-exact]"), terminal.locator("#leverage-fault")
    rates = terminal.locator("[data-brackets] td").all_inner_texts()
    assert "%" in "".join(rates)
    assert "+" not in "".join(rates)
    for typed in ("5000", "1.5", "", "x"):
        exact.fill(typed)
        exact.press("Enter")
        expect(fault).to_contain_text("A whole number from 1 to")
        expect(exact).to_have_attribute("aria-invalid", "true")
    expect(terminal.locator("#leverage")).to_be_visible()
    exact.fill("10")
    exact.press("Enter")
    expect(terminal.locator("#leverage")).to_be_hidden()
