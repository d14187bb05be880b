from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Page

from trading.templatetags.market_numbers import half_stepped, plain, signed_percent, stepped

PRICES = [
    ("97112.5", "1"),
    ("97112", "0.5"),
    ("0.0000123", "0.0000001"),
    ("3301.005", "0.01"),
    ("1234567.8", "0.2"),
    ("999", "0.002"),
    ("1000", "1"),
]
FRACTIONS = ["0", "0.0000125", "-0.000125", "0.05", "1", "-0.5", "0.000000001", "12.3456789"]


def run(page: Page, call: str, *arguments: Any) -> Any:
    return page.evaluate(
        f"""async (values) => {{
        const notation = await import("/static/js/notation.js");
        return (({call}))(notation, ...values);
        }}""",
        list(arguments),
    )


@pytest.fixture
def blank(page: Page) -> Page:
    page.goto("/login")
    return page


def test_prices_are_written_alike_by_the_server_and_in_the_browser(blank: Page) -> None:
    for price, step in PRICES:
        number, size = Decimal(price), Decimal(step)
        on_halves = "(n, price, step) => n.stepped(price, step, { half: true })"
        assert run(blank, on_halves, price, step) == half_stepped(number, size)
        if number % size == 0:
            assert run(blank, "(n, price, step) => n.stepped(price, step)", price, step) == stepped(
                number, size
            )


def test_rates_are_written_alike_by_the_server_and_in_the_browser(blank: Page) -> None:
    for fraction in FRACTIONS:
        written = run(blank, "(n, one) => n.signedPercent(one)", fraction)
        assert written == signed_percent(Decimal(fraction))


def test_decimals_are_compared_exactly(blank: Page) -> None:
    numbers = [
        "-10.5",
        "-0.3",
        "-0.25",
        "0",
        "0.0000000000000000001",
        "0.1",
        "2",
        "10",
        "9007199254740993",
        "9007199254740993.5",
    ]
    for left in numbers:
        for right in numbers:
            exact = (Decimal(left) > Decimal(right)) - (Decimal(left) < Decimal(right))
            assert run(blank, "(n, a, b) => n.compareDecimals(a, b)", left, right) == exact


def test_a_decimal_is_plain_without_exponent_or_idle_zeros() -> None:
    assert plain(Decimal("1E-7")) == "0.0000001"
    assert plain(Decimal("10.500")) == "10.5"
    assert plain(Decimal(100)) == "100"
    assert plain(None) == ""


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("1,000", "1000"),
        (" 95,000.1 ", "95000.1"),
        ("1,234,567.", "1234567."),
        ("0,01", "0,01"),
        ("0,015", "0,015"),
        ("95000,5", "95000,5"),
        ("1.000,5", "1.000,5"),
        ("4,5", "4,5"),
        ("12,34,567", "12,34,567"),
        ("", ""),
    ],
)
def test_only_thousands_in_whole_groups_lose_their_commas(
    blank: Page, typed: str, meant: str
) -> None:
    assert run(blank, "(n, typed) => n.plainOf(typed)", typed) == meant
