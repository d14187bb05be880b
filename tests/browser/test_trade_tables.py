"""Tables, search, chart lines and what is told in the terminal at 1440 pixels."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.measure import overflow_of, small_targets_of, violations_of
from tests.browser.terminals import BTC, OpenTerminal, Trader, held, rows, tab

CLIPPED = """() => {
  const row = document.querySelector(".grid-panel:not([hidden]) tbody tr:not(.grid-space)");
  const cells = [...row.children];
  const edge = cells.at(-1).getBoundingClientRect().left;
  return cells.slice(0, -1).filter((cell) =>
    cell.scrollWidth > cell.clientWidth || cell.getBoundingClientRect().right > edge + 1)
    .map((cell) => cell.outerHTML);
}"""
LINES = {"take_profit": {"trigger_price": "190000"}, "stop_loss": {"trigger_price": "50000"}}


def fit_for_everyone(page: Page) -> None:
    assert violations_of(page) == []
    assert overflow_of(page) == 0
    assert small_targets_of(page) == []


@pytest.fixture
def page_with_position(open_terminal: OpenTerminal, traders: list[Trader]) -> Iterator[Page]:
    """Return the terminal of somebody who is long, with a peg that rests and far triggers."""
    rest = traders[0].rest
    with held(traders):
        rest.ask("POST", f"/positions/{BTC}/triggers", LINES, expect=200)
        peg = {"symbol": BTC, "side": "SELL", "type": "PEG_ASK", "size": "0.002"}
        peg["limit_price"] = "180000"
        rest.ask("POST", "/orders", {**peg, "time_in_force": "GTC"}, expect=201)
        yield open_terminal()


def test_a_position_is_seen_whole_and_what_is_off_the_scale_is_named(
    page_with_position: Page,
) -> None:
    page = page_with_position
    expect(rows(page)).to_contain_text("TP 190,000.0")
    expect(rows(page)).to_contain_text("SL 50,000.0")
    assert page.evaluate(CLIPPED) == []
    above, below = (page.locator(f"[data-edge={side}]") for side in ("above", "below"))
    expect(above).to_contain_text("\u2191 Take profit 190,000.00")
    expect(above).to_contain_text("\u2191 Peg ask at its cap Sell 0.002 180,000.00")
    expect(below).to_contain_text("\u2193 Stop loss 50,000.00")
    expect(below).to_contain_text("\u2193 Liquidation")
    # Lines that are not wanted are told nowhere.
    page.get_by_role("button", name="My lines").click()
    expect(above).to_be_empty()
    page.get_by_role("button", name="My lines").click()
    expect(above).not_to_be_empty()
    tab(page, "Orders")
    expect(rows(page)).to_have_count(1)
    page.get_by_label("Filter the table").fill("zzz")
    expect(page.locator(".grid-panel:not([hidden])")).to_contain_text("Nothing here matches")
    page.get_by_label("Filter the table").fill("")


def test_all_positions_are_closed_after_a_question(
    page_with_position: Page, traders: list[Trader]
) -> None:
    page = page_with_position
    page.get_by_role("button", name="Close all").click()
    dialog = page.get_by_role("dialog", name="Close all positions")
    expect(dialog.get_by_role("listitem")).to_contain_text("BTC")
    expect(dialog.get_by_role("button", name="Leave")).to_be_focused()
    fit_for_everyone(page)
    # Nothing rests to trade with: that is told, and the position stays.
    dialog.get_by_role("button", name="Close 1 position").click()
    expect(dialog.locator("[data-close-told]")).to_contain_text("0 closed, 1 not")
    expect(rows(page)).to_have_count(1)
    rests = {"symbol": BTC, "side": "BUY", "type": "PEG_MID", "size": "0.01"}
    traders[1].rest.ask("POST", "/orders", {**rests, "time_in_force": "GTC"}, expect=201)
    dialog.get_by_role("button", name="Look again").click()
    dialog.get_by_role("button", name="Close 1 position").click()
    expect(dialog.get_by_role("listitem")).to_contain_text("closed at")
    expect(dialog.locator("[data-close-told]")).to_contain_text("1 position closed")
    expect(rows(page)).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Close all")).to_be_disabled()


def test_a_favorite_takes_the_choice_along_and_nothing_found_is_said(
    open_terminal: OpenTerminal,
) -> None:
    page = open_terminal()
    chosen = page.locator("#search-list [aria-selected=true]")
    page.keyboard.press("/")
    for _ in range(7):
        page.keyboard.press("ArrowDown")
    label = (chosen.get_attribute("aria-label") or "").removesuffix(", favorite")
    page.keyboard.press("Control+f")
    expect(chosen).to_have_count(1)
    expect(chosen).to_have_attribute("aria-label", f"{label}, favorite")
    expect(page.locator("#search-list li").first).to_have_attribute(
        "aria-label", f"{label}, favorite"
    )
    page.keyboard.press("Control+f")
    expect(chosen).to_have_attribute("aria-label", label)
    page.get_by_role("button", name="Favorites").click()
    expect(page.locator("[data-search-empty]")).to_contain_text("No favorite yet")
    page.get_by_role("button", name="All", exact=True).click()
    page.keyboard.type("zzz")
    expect(page.locator("[data-search-empty]")).to_contain_text("No market matches")
    page.keyboard.press("Control+f")
    page.keyboard.press("Enter")
    fit_for_everyone(page)


def test_a_lost_connection_says_what_is_not_known_and_what_stays(
    open_terminal: OpenTerminal,
) -> None:
    page = open_terminal()
    page.context.set_offline(True)
    page.evaluate("window.godarkTerminal.drop()")
    alarm = page.locator("[data-alarm]")
    expect(alarm).to_contain_text("is not known here")
    expect(alarm).to_contain_text("Orders that rest stay")
    expect(alarm).to_contain_text("cancel-all-after")
    expect(alarm).to_contain_text("Check your network")
    page.context.set_offline(False)


def test_the_leverage_stands_on_one_line(open_terminal: OpenTerminal) -> None:
    page = open_terminal()
    page.locator("[data-leverage]").evaluate("(place) => { place.textContent = '1000x'; }")
    height = page.locator("[data-leverage-opens]").bounding_box()
    assert height
    assert height["height"] < 36
    assert page.locator(".ticket").evaluate("(form) => form.scrollWidth <= form.clientWidth")


def test_the_change_of_a_day_has_sign_arrow_and_color(open_terminal: OpenTerminal) -> None:
    page = open_terminal()
    change, name = page.locator("[data-change]"), page.locator("[data-change-name]")
    before: dict[str, Any] = {"hours": 25, "open": "50000"}

    def candles(route: Route) -> None:
        opened_at = int((time.time() - 3600 * before["hours"]) * 1000)
        price = before["open"]
        figures = {"open": price, "high": price, "low": price, "close": price, "volume": "0"}
        route.fulfill(json={"results": [{"opened_at": opened_at, **figures}], "next": None})

    page.route("**/candles?interval=15m*", candles)
    page.reload()
    expect(name).to_have_text("24 h")
    expect(change).to_contain_text("\u25b2 +")
    expect(change).to_have_class("up")
    before |= {"hours": 1, "open": "190000"}
    page.reload()
    expect(name).to_contain_text("Since")
    expect(change).to_contain_text("\u25bc \u2212")
    expect(change).to_have_class("down")
