"""The terminal on a phone: menu and account, panes, the ticket as a sheet, positions as cards."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE
from tests.browser.measure import overflow_of, small_targets_of, violations_of
from tests.browser.terminals import (
    ADDRESS,
    OpenTerminal,
    Trader,
    held,
    is_live,
    many_fills,
    rows,
    tab,
)

HAS_FOCUS = "document.querySelector('[data-ticket]').contains(document.activeElement)"
OpenPage = Callable[[int, int], Page]


def fit_for_everyone(page: Page) -> None:
    assert violations_of(page) == []
    assert overflow_of(page) == 0
    assert small_targets_of(page) == []


def test_menu_account_and_tabs_are_at_hand(open_terminal: OpenTerminal) -> None:
    page = open_terminal(0, PHONE)
    for name in ("equity", "free", "risk"):
        expect(page.locator(f"[data-account] [data-money={name}]")).to_be_visible()
        expect(page.locator(f"[data-account] [data-money={name}]")).not_to_have_text("\u2013")
    page.get_by_role("button", name="Menu").click()
    menu = page.get_by_role("dialog", name="GoDark")
    for name in ("Markets", "Wallet", "Settlement", "Help"):
        expect(menu.get_by_role("link", name=name)).to_be_visible()
    expect(menu.get_by_role("button", name="Log out")).to_be_visible()
    fit_for_everyone(page)
    page.keyboard.press("Escape")
    # Basic mode has no prices: there is a chart where they were.
    page.get_by_role("button", name="Prices").click()
    expect(page.locator("[data-panel=prices]")).to_be_visible()
    page.get_by_role("button", name="Basic").click()
    expect(page.locator("[data-panel=chart]")).to_be_visible()
    buy, sell = (
        page.locator(f"[data-sheet-side={side}]").bounding_box() for side in ("BUY", "SELL")
    )
    assert buy
    assert sell
    assert abs(buy["width"] - sell["width"]) < 1
    fit_for_everyone(page)


def test_somebody_unknown_has_the_menu_too(open_page: OpenPage, trading_site: object) -> None:
    del trading_site
    page = open_page(*PHONE)
    page.goto(ADDRESS)
    is_live(page)
    page.get_by_role("button", name="Menu").click()
    expect(page.get_by_role("dialog").get_by_role("link", name="Sign up")).to_be_visible()
    fit_for_everyone(page)


def test_the_ticket_is_a_dialog_while_it_is_up(open_terminal: OpenTerminal) -> None:
    page = open_terminal(0, PHONE)
    opener = page.locator("[data-sheet-side=SELL]")
    opener.click()
    sheet = page.get_by_role("dialog", name="Order ticket")
    expect(sheet).to_have_attribute("aria-modal", "true")
    page.get_by_text("More options").click()
    for key in ("Tab", "Shift+Tab"):
        for _ in range(30):
            page.keyboard.press(key)
            assert page.evaluate(HAS_FOCUS)
    # A dialog above it goes first.
    page.locator("[data-leverage-opens]").click()
    page.keyboard.press("Escape")
    expect(sheet).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("[data-ticket]")).to_be_hidden()
    expect(opener).to_be_focused()
    opener.click()
    page.mouse.click(100, 20)
    expect(page.locator("[data-ticket]")).to_be_hidden()
    assert page.locator("[inert]").count() == 0


def test_positions_are_cards_that_fit(open_terminal: OpenTerminal, traders: list[Trader]) -> None:
    with held(traders):
        page = open_terminal(0, PHONE)
        page.get_by_role("button", name="Positions").click()
        card = rows(page).first
        for name in ("Unrealized, USDT", "Liquidation", "TP / SL"):
            expect(card.locator(f'[data-name="{name}"]')).to_be_visible()
        outside = card.locator("th, td, button").evaluate_all(
            "(all) => all.filter((one) => { const box = one.getBoundingClientRect(); return"
            " box.left < 0 || box.right > innerWidth || one.scrollWidth > one.clientWidth; })"
            ".map((one) => one.outerHTML)"
        )
        assert outside == []
        heights = card.get_by_role("button").evaluate_all(
            "(all) => all.map((one) => one.offsetHeight)"
        )
        assert min(heights) >= 36
        fit_for_everyone(page)
        for name in ("Orders", "Fills"):
            tab(page, name)
            fit_for_everyone(page)


def test_long_lists_of_cards_hold_only_those_that_are_seen(open_terminal: OpenTerminal) -> None:
    page = open_terminal(0, PHONE)
    page.route("**/api/v1/fills?*", many_fills)
    page.get_by_role("button", name="Positions").click()
    tab(page, "Fills")
    table = page.locator(".grid-panel:not([hidden]) table")
    expect(table).to_have_attribute("aria-rowcount", re.compile(r"^1\d{3}$"))
    page.locator(".grid-panel:not([hidden]) .grid-scroll").evaluate("(e) => { e.scrollTop = 1e6; }")
    count = table.get_attribute("aria-rowcount") or ""
    expect(rows(page).last).to_have_attribute("aria-rowindex", count)
    assert rows(page).count() < 40
