import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route

from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.measure import shifts_of, watch_shifts
from tests.browser.sample_markets import answer_with, with_prices
from tests.live_site import LiveSite

OpenPage = Callable[[int, int], Page]
FONT_LATE_SECONDS = 0.7
MOST_SHIFT = 0.01


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["1440", "390"])
@pytest.mark.parametrize("path", ["/", "/markets", "/login", "/styleguide"])
def test_nothing_moves_when_the_face_comes_late_and_prices_arrive(
    open_page: OpenPage, live_site: LiveSite, size: tuple[int, int], path: str
) -> None:
    page = open_page(*size)
    watch_shifts(page)
    answer_with(page, with_prices(live_site))

    def late(route: Route) -> None:
        time.sleep(FONT_LATE_SECONDS)
        route.continue_()

    page.route("**/*.woff2", late)
    page.goto(path)
    page.evaluate("document.fonts.ready")
    assert page.evaluate("document.fonts.check('300 40px \"Mona Sans\"')")
    if path in {"/", "/markets"}:
        page.get_by_text("97,112.5").wait_for()
    page.wait_for_timeout(300)
    shift, movers = shifts_of(page)
    assert shift < MOST_SHIFT, movers


def test_the_drawing_moves_until_it_is_paused(page: Page) -> None:
    page.goto("/")
    pause = page.get_by_role("button", name="Pause the drawing")
    assert picture(page) != later(page)
    pause.click()
    page.get_by_role("button", name="Resume the drawing").wait_for()
    assert picture(page) == later(page)


def test_the_drawing_stands_still_where_motion_is_not_wanted(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto("/")
    page.evaluate("document.fonts.ready")
    assert picture(page) == later(page)
    assert page.get_by_role("button", name="Pause the drawing").is_hidden()


def picture(page: Page) -> str:
    drawn: str = page.evaluate("document.querySelector('[data-pool] canvas').toDataURL()")
    return drawn


def later(page: Page) -> str:
    page.wait_for_timeout(400)
    return picture(page)
