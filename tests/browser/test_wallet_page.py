"""The wallet page from sign-up to an empty vault, with the development wallet and a real chain."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.measure import overflow_of, small_targets_of, violations_of
from tests.journeys.people import PASSWORD, newcomer
from tests.live_site import LiveSite, start_process, stop_live_site

OpenPage = Callable[[int, int], Page]


@pytest.fixture(scope="module")
def working_site(trading_site: LiveSite) -> Iterator[LiveSite]:
    """Return the trading site while somebody does the jobs of the chain, and a witness signs."""
    children = [
        start_process(trading_site, "witness", "manage", "run_witness"),
        start_process(trading_site, "chain_jobs", "tests.browser.chain_jobs"),
    ]
    yield trading_site
    for child in children:
        stop_live_site(child)


def entered(open_page: OpenPage, site: LiveSite, size: tuple[int, int]) -> Page:
    """Return the wallet page of somebody who has just signed up."""
    person = newcomer(site, has_money=False)
    page = open_page(*size)
    page.goto("/login?next=/wallet")
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("No wallet is linked")).to_be_visible()
    return page


def expect_figures(page: Page, **figures: str) -> None:
    for name, text in figures.items():
        expect(page.locator(f'[data-figure="{name}"]')).to_have_text(text)


def assert_fit_for_everyone(page: Page) -> None:
    assert violations_of(page) == []
    assert overflow_of(page) == 0
    assert small_targets_of(page) == []


def link(page: Page) -> None:
    """Link the development wallet and take test USDT into it."""
    page.get_by_role("button", name="Link Development wallet").click()
    page.get_by_role("button", name="Take 10,000 test USDT").click()
    expect_figures(page, wallet="10,000")


def test_money_goes_from_the_wallet_to_the_vault_and_back(
    open_page: OpenPage, working_site: LiveSite
) -> None:
    page = entered(open_page, working_site, DESKTOP)
    assert_fit_for_everyone(page)
    link(page)
    page.get_by_label("Authorize").focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="Authorize", exact=True).click()
    expect_figures(page, authorized="4,000")
    page.get_by_role("button", name="Deposit what is authorized").click()
    expect_figures(page, wallet="6,000", authorized="0", free="4,000", withdrawable="4,000")
    signature = page.get_by_role("table").get_by_role("link")
    whole = signature.get_attribute("title") or "none"
    assert f"/tx/{whole}?" in (signature.get_attribute("href") or "")
    page.get_by_role("button", name="Unlink").click()
    expect(page.get_by_text("withdraw everything first")).to_be_visible()
    page.get_by_role("button", name="All of it").click()
    page.get_by_label("Amount").press("Enter")
    expect_figures(page, wallet="10,000", free="0", in_flight="0")
    expect(page.get_by_role("row", name="Withdrawal")).to_contain_text("paid")
    assert_fit_for_everyone(page)
    page.get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("The authorization is taken back.")).to_be_visible()
    page.get_by_role("button", name="Unlink").click()
    expect(page.get_by_text("which closes the vault")).to_be_visible()
    unlinked = page.get_by_role("heading", name="Link a wallet")
    for _ in range(60):
        if unlinked.is_visible():
            break
        page.get_by_role("button", name="Unlink").click()
        page.wait_for_timeout(500)
    expect(unlinked).to_be_visible()


def test_an_order_in_the_terminal_waits_for_the_deposit_that_was_authorized(
    open_page: OpenPage, working_site: LiveSite
) -> None:
    page = entered(open_page, working_site, DESKTOP)
    link(page)
    page.goto("/trade/BTC-USDT-PERP")
    page.locator('[name="limit_price"]').fill("90000")
    page.locator('[name="size"]').fill("0.01")
    expect(page.locator("#fault-size")).to_contain_text("does not carry this")
    page.goto("/wallet")
    expect_figures(page, wallet="10,000")
    page.get_by_label("Authorize").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="Authorize", exact=True).click()
    expect_figures(page, authorized="1,000")
    page.goto("/trade/BTC-USDT-PERP")
    page.locator('[name="limit_price"]').fill("90000")
    page.locator('[name="size"]').fill("0.01")
    expect(page.locator("[data-answer]")).to_contain_text("waits up to 15 seconds")
    expect(page.locator("#fault-size")).to_be_empty()
    page.locator("[data-send]").click()
    expect(page.locator("[data-answer]")).to_have_text("Waiting for your deposit.")
    page.locator("[data-table-tabs]").get_by_role("tab", name="Orders").click()
    row = page.locator(".grid-panel:not([hidden]) tbody tr:not(.grid-space)")
    expect(row).to_contain_text("0.01")
    expect(row).not_to_contain_text("pending")
    page.goto("/wallet")
    expect_figures(page, wallet="9,000", authorized="0")


def test_on_a_phone_the_page_fits_and_says_what_is_wrong(
    open_page: OpenPage, working_site: LiveSite
) -> None:
    page = entered(open_page, working_site, PHONE)
    link(page)
    page.get_by_label("Amount").fill("a lot")
    page.get_by_role("button", name="Withdraw to the wallet").click()
    expect(page.get_by_text("at most six decimals")).to_be_visible()
    page.get_by_label("Amount").fill("5")
    page.get_by_role("button", name="Withdraw to the wallet").click()
    expect(page.get_by_text("There is no vault")).to_be_visible()
    assert_fit_for_everyone(page)
    page.route("**/api/v1/account/balance", lambda route: route.abort())
    page.reload()
    expect(page.get_by_text("This page is not up to date.")).to_be_visible()
    assert_fit_for_everyone(page)
    page.unroute("**/api/v1/account/balance")
    page.get_by_role("button", name="Try again").click()
    expect_figures(page, wallet="10,000")


def test_who_is_not_logged_in_is_asked_to(page: Page) -> None:
    page.goto("/wallet")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
