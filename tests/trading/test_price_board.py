"""The price board of the back office, its lies, and the metrics: what the service told last."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from prometheus_client import REGISTRY

from accounts.models import StaffAction
from accounts.roles import Role
from accounts.services.audit import record_action
from godark.errors import Failure
from prices.adapters.lies import LieKind
from prices.records import Rung
from tests.accounts.factories import staff_client, staff_member
from tests.trading.simulations import simulated_run
from trading.models import LastGoodPrice, Market, ToldLie
from trading.services.price_run import BOARD_EVERY
from trading.services.told_lies import end_lies, tell_lie

BOARD = "/admin/trading/lastgoodprice/"
BITCOIN = f"{BOARD}BTC-USDT-PERP/change/"

pytestmark = pytest.mark.usefixtures("listing")


@pytest.fixture
def told(listing: object) -> None:
    """Let a run tell its board, with a venue that lies."""
    world = simulated_run()
    world.go(seconds=2)
    ToldLie.objects.create(
        source="kraken",
        kind=LieKind.TENFOLD,
        told_by=staff_member(),
        told_at=timezone.now(),
        ends_at=timezone.now() + timedelta(seconds=60),
    )
    world.run.write()
    world.go(seconds=3)
    for _ in range(BOARD_EVERY):
        world.run.tell()


@pytest.fixture
def development(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be in development, where sources can be told to lie."""
    monkeypatch.setattr(settings, "IN_DEVELOPMENT", True)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.usefixtures("told")
def test_every_role_sees_the_board_and_each_market(role: Role) -> None:
    client = staff_client(staff_member(role))
    board = client.get(BOARD)
    assert board.status_code == 200
    assert "kraken is too far from the median" in board.text
    assert 'class="price-spark"' in board.text
    assert "Lie with a source" not in board.text
    market = client.get(BITCOIN)
    assert market.status_code == 200
    for word in ("binance-perp", "switchboard", "too far from the median", "Weight now", "bp"):
        assert word in market.text
    assert "35.3%" in market.text  # binance's share of the four that pass: 30 of 85


def test_without_the_service_the_board_says_so_and_shows_the_last_good_price() -> None:
    LastGoodPrice.objects.create(
        name="BTC-USDT-PERP",
        index_pico=10**16,
        index_half_ticks=200_000,
        mark_half_ticks=200_000,
        premium_atto=0,
        averaged_at=timezone.now(),
        priced_at=timezone.now() - timedelta(seconds=90),
    )
    client = staff_client(staff_member(Role.RISK))
    assert "The price service is away" in client.get(BOARD).text
    assert re.search(r"\b9\d s\b", client.get(BOARD).text)
    assert "10,000.0<" in client.get(BOARD).text
    assert "says nothing of this market" in client.get(BITCOIN).text
    assert "Its last good index was 10,000.0, its mark 10,000.0, 9" in client.get(BITCOIN).text
    assert client.get(f"{BOARD}NO-USDT-PERP/change/").status_code == 404


def test_strangers_and_traders_do_not_see_the_board() -> None:
    assert Client().get(BOARD).status_code == 302


def lie(**words: Any) -> dict[str, Any]:
    return {"source": "binance", "kind": "ZERO", "seconds": "20", "back": "", "market": ""} | words


@pytest.mark.usefixtures("told", "development")
def test_market_ops_lies_with_a_source_and_lets_all_be_honest_again() -> None:
    client = staff_client(staff_member(Role.MARKET_OPS))
    assert "Lie with a source" in client.get(BOARD).text
    words = lie(market="BTC-USDT-PERP", back="BTC-USDT-PERP")
    answer = client.post(reverse("admin:trading_prices_tell"), words)
    assert (answer.status_code, answer["Location"]) == (302, BITCOIN)
    told = ToldLie.objects.latest("pk")
    assert (told.source, told.kind, told.name) == ("binance", "ZERO", "BTC-USDT-PERP")
    assert StaffAction.objects.filter(action="tell_lie").exists()
    assert "Binance quotes zero." in client.get(BITCOIN).text
    client.post(reverse("admin:trading_prices_end"), {"back": ""})
    assert not ToldLie.objects.filter(ends_at__gt=timezone.now()).exists()
    assert StaffAction.objects.filter(action="end_lies").exists()


@pytest.mark.usefixtures("told", "development")
def test_a_source_can_lie_about_the_dollar_alone() -> None:
    client = staff_client(staff_member(Role.MARKET_OPS))
    page = client.get(f"{BOARD}USDT-USD/change/").text
    offered = re.findall(r"<option>([^<]+)</option>", page)
    assert "kraken" in offered
    assert "binance-perp" not in offered
    assert 'name="market" value="USDT-USD"' in page
    words = lie(source="kraken", market="USDT-USD", back="USDT-USD")
    answer = client.post(reverse("admin:trading_prices_tell"), words, follow=True)
    assert "Kraken quotes zero." in answer.text
    assert "kraken, zero, USDT-USD, until" in answer.text


@pytest.mark.usefixtures("told", "development")
def test_a_lie_and_its_row_in_the_audit_log_are_one_transaction(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inside: list[bool] = []

    def record(**facts: Any) -> StaffAction:
        inside.append(bool(connection.savepoint_ids))
        return record_action(**facts)

    monkeypatch.setattr("trading.admin.prices.record_action", record)
    client = staff_client(staff_member(Role.MARKET_OPS))
    for name in ("tell", "end"):
        client.post(reverse(f"admin:trading_prices_{name}"), lie())
    assert inside == [True, True]


@pytest.mark.usefixtures("development")
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (lie(kind="TRUTH"), "no such way to lie"),
        (lie(source="nobody"), "no such source"),
        (lie(source="binance-perp", market="USDT-USD"), "no such source"),
        (lie(market="NO-USDT-PERP"), "no such market"),
        (lie(seconds="0"), "from 1 to 600 seconds"),
        (lie(seconds="soon"), "from 1 to 600 seconds"),
        (lie(seconds="601"), "from 1 to 600 seconds"),
    ],
)
def test_a_lie_that_makes_no_sense_is_refused_with_a_sentence(
    words: dict[str, str], sentence: str
) -> None:
    client = staff_client(staff_member(Role.SUPERADMIN))
    answer = client.post(reverse("admin:trading_prices_tell"), words, follow=True)
    assert sentence in answer.text
    assert not ToldLie.objects.exists()


@pytest.mark.usefixtures("development")
@pytest.mark.parametrize("role", [Role.AUDITOR, Role.SUPPORT, Role.RISK])
def test_others_may_not_lie(role: Role) -> None:
    client = staff_client(staff_member(role))
    for name in ("tell", "end"):
        answer = client.post(reverse(f"admin:trading_prices_{name}"), lie())
        assert answer.status_code == 403
    assert not ToldLie.objects.exists()


def test_a_lie_is_told_by_post_only() -> None:
    client = staff_client(staff_member(Role.MARKET_OPS))
    assert client.get(reverse("admin:trading_prices_tell")).status_code == 403


def test_outside_development_nobody_lies() -> None:
    member = staff_member(Role.SUPERADMIN)
    with pytest.raises(Failure, match="Only simulated sources"):
        tell_lie(source="binance", kind="ZERO", name="", seconds=5, told_by=member)
    with pytest.raises(Failure, match="Only simulated sources"):
        end_lies()
    answer = staff_client(member).post(reverse("admin:trading_prices_end"), {}, follow=True)
    assert "Only simulated sources" in answer.text


def sample(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


@pytest.mark.usefixtures("told")
def test_metrics_tell_of_sources_rungs_and_drops() -> None:
    assert sample("godark_prices_up") == 1
    assert sample("godark_price_source_up", source="binance") == 1.0
    messages = sample("godark_price_source_messages_total", source="binance")
    assert messages is not None
    assert messages > 0
    venues = sample("godark_price_markets", rung="VENUES")
    assert venues is not None
    assert venues >= 35
    counts = [sample("godark_price_markets", rung=rung) or 0 for rung in Rung]
    assert sum(counts) == Market.objects.count()
    assert sample("godark_price_conversion_good") == 0  # the dollar lacks kraken
    dropped = sample("godark_price_dropped", source="kraken", reason="OUTLIER")
    assert dropped is not None
    assert dropped > 20


def test_metrics_without_the_service_say_only_that() -> None:
    assert sample("godark_prices_up") == 0
    assert sample("godark_price_markets", rung="VENUES") is None


@pytest.mark.usefixtures("told")
def test_everybody_sees_the_venues_quotes_and_which_of_them_count(client: Client) -> None:
    quotes = client.get("/api/v1/markets/btc-usdt-perp/reference").json()["results"]
    by_name = {quote["name"]: quote for quote in quotes}
    assert set(by_name) == {"binance", "coinbase", "kraken", "bybit", "okx"}
    assert by_name["kraken"]["is_used"] is False
    assert by_name["binance"]["is_used"] is True
    assert set(by_name["binance"]) == {"name", "bid", "ask", "age_ms", "is_used"}


@pytest.mark.usefixtures("told")
def test_a_market_without_venues_shows_its_oracles(client: Client) -> None:
    quotes = client.get("/api/v1/markets/EUR-USDT-PERP/reference").json()["results"]
    assert [quote["name"] for quote in quotes] == ["pyth", "switchboard"]


def test_no_quote_is_shown_while_nobody_publishes(client: Client) -> None:
    assert client.get("/api/v1/markets/BTC-USDT-PERP/reference").json()["results"] == []
    assert client.get("/api/v1/markets/NONE-USDT-PERP/reference").status_code == 404
