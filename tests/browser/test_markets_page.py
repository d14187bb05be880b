import re

from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.sample_markets import ADDRESS, answer_with, with_prices
from tests.live_site import LiveSite

SHOWN = "tbody tr:not([hidden])"


def row(page: Page, symbol: str) -> str:
    text: str = page.locator(f'tr[data-symbol="{symbol}"]').inner_text()
    return " ".join(text.split())


def first_symbol(page: Page) -> str | None:
    return page.locator(SHOWN).first.get_attribute("data-symbol")


def test_without_a_price_the_table_says_so_and_shows_no_number(page: Page) -> None:
    page.goto("/")
    page.get_by_text(re.compile("^Updated ")).wait_for()
    assert page.locator("tbody tr").count() == 12
    for cell in page.locator('[data-field="index_price"]').all():
        assert cell.inner_text().strip() == "no price"
    for field in ("mark_price", "bid", "ask", "funding_rate"):
        assert not re.search(
            r"\d", "".join(page.locator(f'[data-field="{field}"]').all_inner_texts())
        )


def test_prices_arrive_with_all_their_decimals_and_go_when_they_are_gone(
    page: Page, live_site: LiveSite
) -> None:
    answer_with(page, with_prices(live_site))
    page.goto("/markets")
    expect(page.locator('tr[data-symbol="ETH-USDT-PERP"]')).to_contain_text("3,301.005")
    assert "\u22120.0125%" in row(page, "ETH-USDT-PERP")
    assert "+0.0013%" not in row(page, "BTC-USDT-PERP")
    assert "+0.00125%" in row(page, "BTC-USDT-PERP")
    page.unroute(ADDRESS)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator('tr[data-symbol="ETH-USDT-PERP"]')).to_contain_text("no price")
    assert "3,301" not in row(page, "ETH-USDT-PERP")


def test_a_move_is_told_by_an_arrow_and_not_by_color_alone(page: Page, live_site: LiveSite) -> None:
    answer_with(
        page,
        with_prices(live_site),
        with_prices(live_site, BTC="97113", ETH="3300.995"),
    )
    page.goto("/markets")
    page.get_by_text("3,301.005").wait_for()
    assert not re.search("[↑↓]", row(page, "BTC-USDT-PERP"))
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.get_by_text("3,300.995").wait_for()
    assert "↑" in row(page, "BTC-USDT-PERP")
    assert "↓" in row(page, "ETH-USDT-PERP")


def test_a_list_that_cannot_be_read_is_told_as_old_and_asked_for_less_often(page: Page) -> None:
    page.clock.install()
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=429, headers={"Retry-After": "60"}, json={"detail": "Slow down."})

    page.route(ADDRESS, refuse)
    page.goto("/markets")
    page.clock.run_for(1_000)
    page.get_by_text("Not updated since the page was opened; trying again").wait_for()
    page.clock.run_for(55_000)
    assert len(asked) == 1
    with page.expect_response(ADDRESS):
        page.clock.run_for(10_000)
    assert len(asked) == 2


def test_a_hidden_page_asks_for_nothing(page: Page) -> None:
    page.clock.install()
    asked: list[str] = []
    page.on(
        "request", lambda request: asked.append(request.url) if "limit=500" in request.url else None
    )
    page.add_init_script(
        "Object.defineProperty(document, 'visibilityState', {get: () => 'hidden'});"
    )
    page.goto("/markets")
    page.clock.run_for(60_000)
    assert asked == []


def test_search_and_kind_narrow_the_list_and_the_address_keeps_them(page: Page) -> None:
    page.goto("/markets")
    assert page.locator(SHOWN).count() == 60
    page.get_by_label("FX").check()
    assert page.locator(SHOWN).count() == 10
    page.get_by_label("Search for a market").fill("eu")
    assert page.locator(SHOWN).count() == 1
    assert page.get_by_text("1 of 60").is_visible()
    assert page.url.endswith("/markets?q=eu&kind=FX")
    page.reload()
    assert first_symbol(page) == "EUR-USDT-PERP"


def test_a_search_without_result_offers_the_way_back(page: Page) -> None:
    page.goto("/markets")
    page.get_by_label("Search for a market").fill("zzz")
    assert page.get_by_text("No market by that name.").is_visible()
    page.get_by_role("link", name="Show all 60").click()
    assert page.locator(SHOWN).count() == 60


def test_the_names_of_the_columns_sort_and_what_has_no_value_stays_last(
    page: Page, live_site: LiveSite
) -> None:
    answer_with(page, with_prices(live_site))
    page.goto("/markets")
    page.get_by_text("3,301.005").wait_for()
    header = page.get_by_role("columnheader", name="Index")
    header.get_by_role("link").click()
    assert header.get_attribute("aria-sort") == "ascending"
    assert first_symbol(page) == "PEPE-USDT-PERP"
    header.get_by_role("link").click()
    assert header.get_attribute("aria-sort") == "descending"
    assert first_symbol(page) == "BTC-USDT-PERP"
    assert page.locator(SHOWN).nth(3).locator(".absent").count() > 0


def test_the_keyboard_alone_searches_walks_opens_and_comes_back(page: Page) -> None:
    page.goto("/markets")
    page.keyboard.press("/")
    search = page.get_by_label("Search for a market")
    expect(search).to_be_focused()
    page.keyboard.type("e")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    first = page.locator(SHOWN).first.get_by_role("button")
    expect(first).to_be_focused()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("heading")).to_have_text(str(first_symbol(page)))
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(first).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(search).to_be_focused()
    page.keyboard.press("Escape")
    expect(search).to_have_value("")


def test_prices_that_arrive_do_not_take_the_focus_away(page: Page, live_site: LiveSite) -> None:
    answer_with(page, with_prices(live_site), with_prices(live_site, ETH="99999"))
    page.goto("/markets?sort=-index_price")
    page.get_by_text("3,301.005").wait_for()
    button = page.get_by_role("button", name="ETH-USDT-PERP")
    button.focus()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.get_by_text("99,999").wait_for()
    assert first_symbol(page) == "ETH-USDT-PERP"
    expect(button).to_be_focused()


def test_the_terms_of_a_market_are_those_of_the_api(page: Page) -> None:
    page.goto("/markets")
    said = page.evaluate("fetch('/api/v1/markets/EUR-USDT-PERP').then((one) => one.json())")
    page.get_by_role("button", name="EUR-USDT-PERP").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"{said['tick_size']} USDT")
    expect(dialog).to_contain_text(f"{said['lot_size']} EUR")
    expect(dialog).to_contain_text("0.05%")
    expect(dialog).to_contain_text("\u22120.02%")
    assert dialog.locator("tbody tr").count() == len(said["brackets"])
    assert re.search("(open|closed) until", dialog.inner_text())


def test_without_javascript_search_kind_and_sort_still_work(
    browser: Browser, live_site: LiveSite
) -> None:
    context = browser.new_context(base_url=live_site.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/markets")
    page.get_by_label("Search for a market").fill("us")
    page.get_by_label("Crypto").check()
    page.get_by_role("button", name="Apply").click()
    assert sorted(page.locator(SHOWN + " th").all_inner_texts()) == [
        "PYUSD-USDT-PERP",
        "USD1-USDT-PERP",
        "USDC-USDT-PERP",
        "USDE-USDT-PERP",
    ]
    page.get_by_role("link", name="Market", exact=True).click()
    page.get_by_role("link", name="Market", exact=True).click()
    assert page.locator(SHOWN + " th").first.inner_text() == "USDE-USDT-PERP"
    context.close()
