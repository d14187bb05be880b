from collections.abc import Callable
from urllib.parse import urljoin

import pytest
from django.template.loader import render_to_string
from playwright.sync_api import Page, Route

from godark.errors import Code, Failure
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.measure import overflow_of, small_targets_of, violations_of
from tests.browser.sample_markets import ADDRESS, answer_with, with_prices
from tests.live_site import LiveSite

OpenPage = Callable[[int, int], Page]

SIZES = pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["1440", "390"])
# Swagger UI puts links into buttons, and names neither its lists nor its examples.
OF_SWAGGER = ("nested-interactive", "select-name", "scrollable-region-focusable")
PATHS = (
    "/",
    "/markets",
    "/trade/BTC-USDT-PERP",
    "/settlement",
    "/help",
    "/status",
    "/styleguide",
    "/login",
    "/signup",
    "/admin/login/",
    "/no-such-address",
)
FAILURES = {
    429: Failure(Code.RATE_LIMIT_EXCEEDED, "Too many requests; slow down.", retry_after_seconds=7),
    451: Failure(
        Code.REGION_RESTRICTED,
        "GoDark may not be offered in the place that your address belongs to.",
        extra={"country": "CU", "reason": "The country is on the list of blocked countries."},
    ),
    500: Failure(Code.INTERNAL_ERROR, "Something went wrong on our side."),
    503: Failure(Code.UNAVAILABLE, "A part of the venue does not answer just now."),
}


def assert_fit_for_everyone(page: Page) -> None:
    assert violations_of(page) == []
    assert overflow_of(page) == 0
    assert small_targets_of(page) == []


@SIZES
@pytest.mark.parametrize("path", PATHS)
def test_every_page_is_accessible_and_fits(
    open_page: OpenPage, size: tuple[int, int], path: str
) -> None:
    page = open_page(*size)
    page.goto(path)
    assert_fit_for_everyone(page)


@SIZES
@pytest.mark.parametrize("status", FAILURES)
def test_every_page_of_a_failure_is_accessible_and_fits(
    open_page: OpenPage, live_site: LiveSite, size: tuple[int, int], status: int
) -> None:
    page = open_page(*size)
    html = render_to_string(f"{status}.html", {"failure": FAILURES[status]})
    address = urljoin(live_site.url, "/failing")
    page.route(address, lambda route: route.fulfill(content_type="text/html", body=html))
    page.goto(address)
    assert page.locator("h1").count() == 1
    assert_fit_for_everyone(page)


@SIZES
def test_a_refused_form_is_accessible(open_page: OpenPage, size: tuple[int, int]) -> None:
    page = open_page(*size)
    page.goto("/signup")
    page.get_by_role("button", name="Open the account").click()
    page.locator(".errorlist").first.wait_for()
    assert_fit_for_everyone(page)


@SIZES
def test_the_dialog_the_toast_and_the_tooltip_are_accessible(
    open_page: OpenPage, size: tuple[int, int]
) -> None:
    page = open_page(*size)
    page.goto("/styleguide")
    page.get_by_role("button", name="Show a bad toast").click()
    page.get_by_role("button", name="What is maintenance margin?").focus()
    assert_fit_for_everyone(page)
    page.get_by_role("button", name="Open a dialog").click()
    assert_fit_for_everyone(page)


@SIZES
def test_the_market_table_is_accessible_with_prices_and_when_they_are_old(
    open_page: OpenPage, live_site: LiveSite, size: tuple[int, int]
) -> None:
    page = open_page(*size)
    answer_with(page, with_prices(live_site))
    page.goto("/markets")
    page.get_by_text("97,112.5").wait_for()
    assert_fit_for_everyone(page)
    page.unroute(ADDRESS)
    page.route(ADDRESS, lambda route: route.abort())
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.get_by_text("trying again").wait_for()
    assert_fit_for_everyone(page)


@SIZES
def test_the_terms_of_a_market_are_accessible_found_or_not(
    open_page: OpenPage, size: tuple[int, int]
) -> None:
    page = open_page(*size)
    page.goto("/markets")
    page.get_by_role("button", name="BTC-USDT-PERP").click()
    page.get_by_text("Margin by notional").wait_for()
    assert_fit_for_everyone(page)
    page.keyboard.press("Escape")

    def fail(route: Route) -> None:
        route.fulfill(status=503, json={"detail": "A part of the venue does not answer."})

    page.route("**/api/v1/markets/ETH-USDT-PERP", fail)
    page.get_by_role("button", name="ETH-USDT-PERP").click()
    page.get_by_text("A part of the venue does not answer.").wait_for()
    assert_fit_for_everyone(page)


@SIZES
def test_a_search_that_finds_nothing_is_accessible(
    open_page: OpenPage, size: tuple[int, int]
) -> None:
    page = open_page(*size)
    page.goto("/markets?q=nothing-like-this")
    page.get_by_text("No market by that name.").wait_for()
    assert_fit_for_everyone(page)


@SIZES
def test_the_documents_of_the_api_are_accessible_but_for_swaggers_own_markup(
    open_page: OpenPage, size: tuple[int, int]
) -> None:
    page = open_page(*size)
    page.goto("/api/docs/")
    page.locator(".opblock-summary-control").first.click()
    page.locator(".microlight").first.wait_for()
    assert violations_of(page, besides=OF_SWAGGER) == []
    assert overflow_of(page) == 0
