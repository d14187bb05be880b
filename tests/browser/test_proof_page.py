"""The browser proves a balance against the chain itself, and tells a lie from the truth."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.measure import overflow_of, small_targets_of, violations_of
from tests.journeys.people import PASSWORD, newcomer
from tests.live_site import LiveSite, start_process, stop_live_site

OpenPage = Callable[[int, int], Page]
PROOF = "**/api/v1/proofs/account"
HOLDS = "All of it holds"
PARTS = 5
TRIES = 120
"""Somebody new is in the next checkpoint, which comes a minute after the one before."""


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


@pytest.fixture(scope="module")
def email(working_site: LiveSite) -> str:
    """Return somebody with money, the same for all tests: checkpoints come seldom."""
    return newcomer(working_site).email


def proved(open_page: OpenPage, email: str, size: tuple[int, int]) -> Page:
    """Return the page of that somebody when all of the proof holds."""
    page = open_page(*size)
    page.goto("/login?next=/proof")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    status = page.locator("[data-status]")
    for _ in range(TRIES):
        expect(page.locator("[data-proof]:not([data-state='loading'])")).to_be_visible()
        if status.inner_text() == HOLDS and page.locator("li[data-held]").count() == PARTS:
            return page
        page.wait_for_timeout(1_000)
        page.reload()
    raise AssertionError(page.locator("[data-proof]").inner_text())


def assert_fit_for_everyone(page: Page) -> None:
    assert violations_of(page) == []
    assert overflow_of(page) == 0
    assert small_targets_of(page) == []


def changed(change: Callable[[dict[str, Any]], None]) -> Callable[[Route], None]:
    """Return an answer of the site in which something was changed."""

    def answer(route: Route) -> None:
        told = route.fetch().json()
        change(told)
        route.fulfill(json=told)

    return answer


def richer(told: dict[str, Any]) -> None:
    told["leaf"]["cash_micro"] = str(int(told["leaf"]["cash_micro"]) + 1_000_000)


def claim_more(told: dict[str, Any]) -> None:
    leaf = told["checkpoint"]["leaf"]
    leaf["claim_micro"] = str(int(leaf["claim_micro"]) + 1_000_000)


def test_a_balance_is_proved_kept_and_saved_and_lies_are_seen(
    open_page: OpenPage, email: str
) -> None:
    page = proved(open_page, email, DESKTOP)
    assert_fit_for_everyone(page)
    expect(page.get_by_text("This browser keeps the newest proof by itself")).to_be_visible()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download the proof").click()
    proof = json.loads(saved.value.path().read_text())
    assert set(proof) >= {"program", "salt_key", "leaf", "checkpoint"}
    for lie in (richer, claim_more):
        page.route(PROOF, changed(lie))
        page.get_by_role("button", name="Check again").click()
        expect(page.get_by_text("Something does not hold").first).to_be_visible()
        assert_fit_for_everyone(page)
        page.unroute(PROOF)
        page.get_by_role("button", name="Check again").click()
        expect(page.locator("[data-status]")).to_have_text(HOLDS)
    page.route(PROOF, lambda route: route.abort())
    page.get_by_role("button", name="Check again").click()
    expect(page.get_by_text("The proof could not be checked").first).to_be_visible()


def test_on_a_phone_the_proof_fits(open_page: OpenPage, email: str) -> None:
    assert_fit_for_everyone(proved(open_page, email, PHONE))


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["1440", "390"])
def test_trust_and_disclosure_fit_for_everyone(
    open_page: OpenPage, working_site: LiveSite, size: tuple[int, int]
) -> None:
    del working_site
    page = open_page(*size)
    page.goto("/trust")
    expect(page.get_by_role("heading", name="Each key, stolen")).to_be_visible()
    assert_fit_for_everyone(page)
    page.goto("/disclosure")
    for _ in range(40):
        if page.get_by_role("heading", name="On chain").is_visible():
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(page.get_by_role("heading", name="What changed")).to_be_visible()
    assert_fit_for_everyone(page)
