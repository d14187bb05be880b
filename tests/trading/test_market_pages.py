import re
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from trading.models import Market, MarketTicker
from trading.pages import PARTS

pytestmark = pytest.mark.usefixtures("listing")


def symbols(html: str) -> list[str]:
    """Return the symbols of the rows that are shown, in order."""
    return re.findall(r'<tr data-symbol="([^"]+)"[^>]*(?<! hidden)>', html)


def page(path: str) -> str:
    answer = Client().get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def publish(base: str, *, index_half_ticks: int) -> Market:
    market: Market = Market.objects.get(base=base)
    MarketTicker.objects.update_or_create(
        market=market,
        defaults={"index_half_ticks": index_half_ticks, "updated_at": timezone.now()},
    )
    return market


def test_the_overview_shows_every_market_and_the_landing_page_the_first_twelve() -> None:
    assert len(symbols(page("/markets"))) == 60
    assert symbols(page("/")) == symbols(page("/markets"))[:12]


def test_without_a_price_no_digit_stands_in_any_price_cell() -> None:
    cells = re.findall(
        r'data-field="(?:index_price|mark_price|bid|ask|funding_rate)"[^>]*>(.*?)</td>',
        page("/markets"),
    )
    assert len(cells) == 300
    assert not any(re.search(r"\d", re.sub(r"<[^>]+>", "", cell)) for cell in cells)
    assert "No prices yet" in page("/")


def test_a_published_price_stands_with_the_decimals_of_half_its_tick() -> None:
    market = publish("BTC", index_half_ticks=200_001)
    price = Decimal(200_001) * market.tick_size / 2
    places = -int((market.tick_size / 2).normalize().as_tuple().exponent)
    assert f">{price:,.{max(places, 0)}f}</span>" in page("/")
    assert "No prices yet" not in page("/")


def test_sorting_by_price_puts_markets_without_one_last_either_way() -> None:
    publish("BTC", index_half_ticks=3_000_000)
    publish("ICP", index_half_ticks=2)
    assert symbols(page("/markets?sort=index_price"))[:2] == ["ICP-USDT-PERP", "BTC-USDT-PERP"]
    assert symbols(page("/markets?sort=-index_price"))[:2] == ["BTC-USDT-PERP", "ICP-USDT-PERP"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=btc", ["BTC-USDT-PERP"]),
        ("q=BTC-USDT", ["BTC-USDT-PERP"]),
        ("q=usdt", []),
        ("q=eu&kind=FX", ["EUR-USDT-PERP"]),
        ("q=eu&kind=CRYPTO", []),
        ("q=%20sol%20", ["SOL-USDT-PERP"]),
    ],
)
def test_a_search_means_the_base_or_the_beginning_of_the_symbol(
    query: str, expected: list[str]
) -> None:
    assert symbols(page(f"/markets?{query}")) == expected


@pytest.mark.parametrize("query", ["sort=password", "sort=--symbol", "kind=BOTH", "q=%3Cscript%3E"])
def test_an_invented_query_is_harmless(query: str) -> None:
    html = page(f"/markets?{query}")
    assert "<script>" not in html
    assert len(symbols(html)) in {0, 60}


def test_a_page_of_sixty_markets_costs_a_fixed_number_of_queries(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    page("/markets")
    with django_assert_num_queries(3):
        page("/markets")


def test_the_landing_page_claims_of_each_part_what_the_table_of_parts_says() -> None:
    html = page("/")
    assert html.count(">open</span>") == sum(part.stands for part in PARTS)
    assert html.count(">being built</span>") == sum(not part.stands for part in PARTS)


@pytest.mark.parametrize("path", ["/", "/markets", "/styleguide", "/login", "/signup", "/nowhere"])
def test_no_page_holds_a_script_or_a_style_of_its_own(path: str) -> None:
    html = Client().get(path).content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)
    assert "<style" not in html
    assert not re.search(r"\sstyle=", html)
    assert not re.search(r"\son\w+=", html)


@pytest.mark.parametrize(
    ("mode", "sentence"),
    [
        ("simulated", "Prices are simulated; no money here is real."),
        ("replay", "Prices are a recording played again; no money here is real."),
    ],
)
def test_every_page_says_when_prices_are_not_live(
    settings: Settings, mode: str, sentence: str
) -> None:
    settings.PRICES = settings.PRICES | {"mode": mode}
    for path in ("/", "/markets", "/markets/BTC-USDT-PERP", "/login"):
        assert sentence in page(path)


def test_live_prices_need_no_such_sentence(settings: Settings) -> None:
    settings.PRICES = settings.PRICES | {"mode": "live"}
    assert "no money here is real" not in page("/")
