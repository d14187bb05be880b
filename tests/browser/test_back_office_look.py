import base64
from collections.abc import Iterator
from typing import Any

import pytest
from django_otp.oath import TOTP
from playwright.sync_api import Browser, BrowserContext

from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.measure import overflow_of, violations_of
from tests.live_site import LiveSite

LISTS = (
    "/admin/",
    "/admin/accounts/user/",
    "/admin/accounts/staffaction/",
    "/admin/trading/market/",
    "/admin/password_change/",
    "/admin/trading/liquidation/queue",
    "/admin/trading/liquidation/what-if?market=BTC-USDT-PERP&mark=90,000",
    "/admin/trading/liquidation/what-if?market=BTC-USDT-PERP",
    "/admin/trading/order/?status=FILLED",
    "/admin/trading/proposal/insurance",
    "/admin/trading/proposal/backstop",
    "/admin/trading/receiptopening/",
    "/admin/trading/receiptopening/open",
    "/admin/trading/batch/administration",
)


@pytest.fixture(scope="module")
def office(browser: Browser, live_site: LiveSite) -> Iterator[BrowserContext]:
    """Return a session of a member of staff, logged in through the door."""
    context = browser.new_context(base_url=live_site.url)
    page = context.new_page()
    person = live_site.demo["staff"][1]
    page.goto("/admin/")
    page.get_by_label("E-mail").fill(person["email"])
    page.get_by_label("Password").fill(person["password"])
    page.get_by_label("Authenticator code").fill(code_of(person["totp_secret"]))
    page.get_by_role("button", name="Enter").click()
    page.wait_for_url("**/admin/")
    page.close()
    yield context
    context.close()


def code_of(secret: str) -> str:
    """Return the six digits that an authenticator shows now for a base32 secret."""
    return f"{TOTP(base64.b32decode(secret)).token():06d}"


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["1440", "390"])
@pytest.mark.parametrize("path", LISTS)
def test_the_back_office_is_accessible_and_fits(
    office: BrowserContext, path: str, size: tuple[int, int]
) -> None:
    page = office.new_page()
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(path)
    assert violations_of(page) == []
    assert overflow_of(page) == 0
    page.close()


@pytest.mark.parametrize("path", ["/admin/", "/admin/trading/market/"])
def test_a_phone_shows_the_way_out_above_what_follows(office: BrowserContext, path: str) -> None:
    page = office.new_page()
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    page.goto(path)
    header, tools = (page.locator(name).bounding_box() for name in ("#header", "#user-tools"))
    assert header is not None
    assert tools is not None
    assert tools["y"] + tools["height"] <= header["y"] + header["height"]
    page.get_by_role("button", name="Log out").click(trial=True)
    page.close()


@pytest.mark.parametrize("name", ["user", "market"])
def test_what_a_list_opens_is_accessible_and_fits(office: BrowserContext, name: str) -> None:
    page = office.new_page()
    page.goto(f"/admin/{'accounts' if name == 'user' else 'trading'}/{name}/")
    page.locator("#result_list tbody th a").first.click()
    page.locator(".form-row").first.wait_for()
    for width, height in (DESKTOP, PHONE):
        page.set_viewport_size({"width": width, "height": height})
        assert violations_of(page) == []
        assert overflow_of(page) == 0
    page.close()


def test_the_back_office_has_the_ground_and_the_face_of_the_site(office: BrowserContext) -> None:
    styles: list[Any] = []
    page = office.new_page()
    for path in ("/", "/admin/"):
        page.goto(path)
        styles.append(
            page.evaluate(
                """() => { const body = getComputedStyle(document.body);
                const root = getComputedStyle(document.documentElement);
                const grounds = [body.backgroundColor, root.backgroundColor];
                return [grounds.find((one) => one !== "rgba(0, 0, 0, 0)"), body.fontFamily]; }"""
            )
        )
    assert styles[0] == styles[1]
    page.close()
