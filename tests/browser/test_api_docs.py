"""The API's page in the site's look, alive under a policy that refuses every inline script."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.measure import overflow_of, small_targets_of, violations_of

OpenPage = Callable[[int, int], Page]


def _open_docs(page: Page) -> list[str]:
    """Open the page; return what the browser complains of."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto("/api/docs/")
    page.wait_for_selector(".opblock")
    return said


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["1440", "390"])
def test_the_docs_are_readable_by_everyone(open_page: OpenPage, size: tuple[int, int]) -> None:
    page = open_page(*size)
    assert _open_docs(page) == []
    assert page.locator(".site-header").is_visible()
    assert violations_of(page) == []
    assert overflow_of(page) == 0
    assert small_targets_of(page) == []


def test_the_api_can_be_tried_from_its_page(page: Page) -> None:
    said = _open_docs(page)
    page.get_by_role("button", name="/api/v1/time").first.click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    answered = page.locator(".live-responses-table .response-col_status").nth(1)
    answered.wait_for()
    assert answered.inner_text().startswith("200")
    assert "server_at" in page.locator(".live-responses-table").inner_text()
    assert said == []


def test_an_inline_script_is_refused(page: Page) -> None:
    said: list[str] = []
    page.goto("/health")
    page.on("console", lambda message: said.append(message.text))
    page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "window.ran = true";
          document.body.append(script);
        }"""
    )
    assert page.evaluate("window.ran") is None
    assert any("Content Security Policy" in line for line in said)
