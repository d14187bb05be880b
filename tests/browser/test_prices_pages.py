"""The market page and the price board while the price service runs, on a desktop and a phone."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.measure import overflow_of, small_targets_of, violations_of
from tests.browser.running_prices import running_prices
from tests.browser.test_back_office_look import code_of
from tests.live_site import LiveSite

OpenPage = Callable[[int, int], Page]
BOARD = "/admin/trading/lastgoodprice/"
BITCOIN = f"{BOARD}BTC-USDT-PERP/change/"
SIZES = pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["1440", "390"])
UPDATED = re.compile(r"Updated \d\d:\d\d:\d\d UTC")
# Currencies rest at the weekend, whenever the tests run.
UPDATED_OR_CLOSED = re.compile(rf"{UPDATED.pattern}|No price now")


@pytest.fixture(scope="module", autouse=True)
def prices(live_site: LiveSite) -> Iterator[None]:
    """Let the price service run beside the site."""
    with running_prices(live_site):
        yield


@pytest.fixture(scope="module")
def office(browser: Browser, live_site: LiveSite) -> Iterator[BrowserContext]:
    """Return a session of a member of staff who may lie, logged in through the door."""
    context = browser.new_context(base_url=live_site.url)
    page = context.new_page()
    person = live_site.demo["staff"][0]
    page.goto("/admin/")
    page.get_by_label("E-mail").fill(person["email"])
    page.get_by_label("Password").fill(person["password"])
    page.get_by_label("Authenticator code").fill(code_of(person["totp_secret"]))
    page.get_by_role("button", name="Enter").click()
    page.wait_for_url("**/admin/")
    page.close()
    yield context
    context.close()


@pytest.fixture
def staff_page(office: BrowserContext) -> Iterator[Page]:
    """Return a page of the back office."""
    page = office.new_page()
    page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
    yield page
    page.close()


def assert_fit_for_everyone(page: Page) -> None:
    assert violations_of(page) == []
    assert overflow_of(page) == 0
    assert small_targets_of(page) == []


@SIZES
@pytest.mark.parametrize("symbol", ["BTC-USDT-PERP", "EUR-USDT-PERP"])
def test_the_page_of_a_market_is_accessible_and_fits(
    open_page: OpenPage, size: tuple[int, int], symbol: str
) -> None:
    page = open_page(*size)
    page.goto(f"/markets/{symbol}")
    expect(page.locator("[data-live-status]")).to_have_text(
        UPDATED if symbol.startswith("BTC") else UPDATED_OR_CLOSED
    )
    assert_fit_for_everyone(page)


def test_the_figures_of_a_market_move_by_themselves(page: Page) -> None:
    page.goto("/markets/BTC-USDT-PERP")
    index = page.locator('[data-live="index_price"]')
    before = index.inner_text()
    assert re.fullmatch(r"\d\d,\d{3}\.\d[05]", before)
    expect(index).not_to_have_text(before, timeout=30_000)
    assert re.fullmatch(r"\d\d,\d{3}\.\d", page.locator('[data-live="bid"]').inner_text())


def test_a_market_page_that_cannot_be_renewed_says_so(page: Page) -> None:
    page.goto("/markets/BTC-USDT-PERP")

    def fail(route: Route) -> None:
        route.fulfill(status=503, json={"detail": "A part of the venue does not answer."})

    page.route("**/api/v1/markets/BTC-USDT-PERP", fail)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("[data-live-status]")).to_have_text("Not updated; trying again")
    assert_fit_for_everyone(page)


@SIZES
@pytest.mark.parametrize("path", [BOARD, BITCOIN], ids=["board", "market"])
def test_the_price_board_is_accessible_and_fits(
    staff_page: Page, size: tuple[int, int], path: str
) -> None:
    staff_page.set_viewport_size({"width": size[0], "height": size[1]})
    staff_page.goto(path)
    expect(staff_page.locator("[data-live-status]")).to_have_text(UPDATED)
    assert violations_of(staff_page) == []
    assert overflow_of(staff_page) == 0


def test_prices_stand_on_their_ticks_with_the_half_where_there_is_one(staff_page: Page) -> None:
    staff_page.goto(BOARD)
    row = staff_page.locator("tbody tr", has_text="BTC-USDT-PERP").first
    index = row.locator("td").first
    shown = index.evaluate("(cell) => cell.firstChild.textContent")
    assert re.fullmatch(r"\d\d,\d{3}\.\d5?", shown)
    has_half = len(shown.split(".")[1]) == 2
    assert index.locator(".price-pad").count() == (0 if has_half else 1)


def test_the_decimal_points_of_a_column_stand_below_each_other(staff_page: Page) -> None:
    staff_page.goto(BITCOIN)
    points = staff_page.evaluate(
        """() => [...document.querySelectorAll('[data-live="sources"] tr td:nth-child(4)')]
        .map((cell) => { const text = cell.firstChild; const range = document.createRange();
          const at = text.textContent.indexOf("."); range.setStart(text, at);
          range.setEnd(text, at + 1); return Math.round(range.getBoundingClientRect().left); })"""
    )
    assert len(points) == 10
    assert len(set(points)) == 1


def test_the_board_renews_itself_and_keeps_its_place_when_scrolled(staff_page: Page) -> None:
    staff_page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    staff_page.goto(BOARD)
    scroller = staff_page.get_by_role("group", name="Markets")
    scroller.evaluate("(element) => { element.scrollLeft = 120; }")
    body = staff_page.locator('[data-live="markets"]')
    before = body.inner_text()
    expect(body).not_to_have_text(before, timeout=30_000)
    assert scroller.evaluate("(element) => element.scrollLeft") == 120


def test_a_lie_that_is_told_is_seen_on_the_board_and_ends_by_a_button(staff_page: Page) -> None:
    staff_page.goto(BITCOIN)
    staff_page.get_by_label("Source", exact=True).select_option("kraken")
    staff_page.get_by_label("What it does").select_option("TENFOLD")
    staff_page.get_by_label("Seconds").fill("60")
    staff_page.get_by_role("button", name="Lie about BTC-USDT-PERP").click()
    staff_page.get_by_text("Kraken quotes ten times the price.").wait_for()
    told = staff_page.locator("tr.price-dropped", has_text="kraken")
    expect(told).to_contain_text("no: is too far from the median", timeout=30_000)
    assert violations_of(staff_page) == []
    staff_page.get_by_role("button", name="Let all be honest").click()
    expect(staff_page.locator("tr.price-dropped", has_text="kraken")).to_have_count(
        0, timeout=30_000
    )
