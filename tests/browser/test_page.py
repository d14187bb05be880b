from playwright.sync_api import Page

from tests.live_site import LiveSite


def test_a_page_of_the_live_site_opens_in_chromium(page: Page, live_site: LiveSite) -> None:
    answer = page.goto("/admin/")
    assert answer is not None
    assert answer.status == 200
    assert page.url.startswith(live_site.url)
