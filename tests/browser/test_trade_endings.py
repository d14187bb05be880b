"""What a person with the terminal open sees when a market closes, or takes their position."""

import re

from playwright.sync_api import Page, expect

from tests.browser.measure import violations_of
from tests.browser.terminals import BTC, OpenTerminal, Trader, rows, tab, trade
from tests.live_site import LiveSite

SOL, LTC = "SOL-USDT-PERP", "LTC-USDT-PERP"
HALT = """
from engine.vocabulary import MarketState
from trading.models import Wisher
from trading.services.market_states import Wish, wish_states
wish_states({{"{symbol}": Wish(MarketState.{state})}}, wisher=Wisher.STAFF)
"""
PAUSE = """
from trading.models import PauseLevel
from trading.services.venue_modes import change_mode
change_mode(PauseLevel({level}), reason="A drill.")
"""
LIE = """
from accounts.models import User
from trading.services.told_lies import tell_lie
staff = User.objects.filter(is_staff=True).first()
tell_lie(source="every source", kind="ONE_PERCENT_LOW", name="{symbol}", seconds=90, told_by=staff)
"""
DELIST = """
from engine.commands import SetMarketState, SettleDelisting
from engine.vocabulary import MarketState
from trading.inbox import put
from trading.models import Market
mark = Market.objects.get(symbol="{symbol}").ticker.mark_half_ticks
put(SetMarketState(at_ms=0, market_id="{symbol}", state=MarketState.DELISTED))
put(SettleDelisting(at_ms=0, market_id="{symbol}", price_half_ticks=mark))
"""


def do(site: LiveSite, script: str, **words: object) -> None:
    site.manage("shell", "-c", script.format(**words))


def buy(traders: list[Trader], *, symbol: str, size: str) -> None:
    trade(maker=traders[1].rest, taker=traders[0].rest, side="BUY", size=size, symbol=symbol)


def ticket_is_closed(page: Page, told: str) -> None:
    expect(page.locator("[data-ticket-closed]")).to_contain_text(told)
    expect(page.locator("[data-send]")).to_be_disabled()
    assert violations_of(page) == []


def test_a_liquidated_position_is_gone_and_its_fill_says_why(
    open_terminal: OpenTerminal, traders: list[Trader], trading_site: LiveSite
) -> None:
    leverage = f"/positions/{SOL}/leverage"
    traders[0].rest.ask("POST", leverage, {"leverage": 10}, expect=200)
    page = open_terminal(path=f"/trade/{SOL}")
    traders[0].rest.ask("POST", leverage, {"leverage": 200}, expect=200)
    buy(traders, symbol=SOL, size="1")
    expect(rows(page)).to_contain_text("SOL")
    do(trading_site, LIE, symbol=SOL)
    expect(page.locator("#panel-positions")).to_contain_text("No open position")
    tab(page, "Fills")
    expect(rows(page).first).to_contain_text(re.compile("backstop|liquidation|liquidated"))
    expect(page.locator(".toast").last).to_contain_text("SOL")


def test_a_delisted_market_closes_the_ticket_and_tells_of_the_position(
    open_terminal: OpenTerminal, traders: list[Trader], trading_site: LiveSite
) -> None:
    page = open_terminal(path=f"/trade/{LTC}")
    buy(traders, symbol=LTC, size="1")
    expect(rows(page)).to_contain_text("LTC")
    rests = {"symbol": LTC, "side": "BUY", "type": "LIMIT", "size": "1", "limit_price": "10"}
    traders[0].rest.ask("POST", "/orders", {**rests, "time_in_force": "GTC"}, expect=201)
    expect(page.locator("#tab-orders .tab-count")).to_have_text("1")
    do(trading_site, DELIST, symbol=LTC)
    expect(page.locator("[data-shown=state]")).to_have_text("delisted")
    expect(page.locator("[data-alarm]")).to_contain_text("This market is delisted")
    ticket_is_closed(page, "Closed for good")
    settled = page.locator(".toast", has_text="LTC position settled")
    expect(settled).to_contain_text("closed at the settlement price")
    expect(page.locator("#panel-positions")).to_contain_text("No open position")
    tab(page, "History")
    expect(rows(page).first).to_contain_text("The market is delisted.")
    # Whoever comes later finds the same.
    page.reload()
    ticket_is_closed(page, "Closed for good")


# The last one: after a halt there is time to add margin, and nobody is liquidated.
def test_a_market_and_the_venue_pause_and_go_on(
    open_terminal: OpenTerminal, trading_site: LiveSite
) -> None:
    page = open_terminal()
    state, alarm = page.locator("[data-shown=state]"), page.locator("[data-alarm]")
    try:
        do(trading_site, HALT, symbol=BTC, state="HALTED")
        expect(state).to_have_text("halted")
        expect(alarm).to_contain_text("This market is halted")
        ticket_is_closed(page, "Closed: this market is halted")
    finally:
        do(trading_site, HALT, symbol=BTC, state="ACTIVE")
    expect(state).to_have_text("active")
    expect(page.locator("[data-send]")).to_be_enabled()
    try:
        do(trading_site, PAUSE, level=2)
        expect(alarm).to_contain_text("The venue is paused (level 2)")
        ticket_is_closed(page, "A drill.")
    finally:
        do(trading_site, PAUSE, level=0)
    expect(alarm).to_be_hidden()
    expect(page.locator("[data-ticket-closed]")).to_be_hidden()
    expect(page.locator("[data-send]")).to_be_enabled()
