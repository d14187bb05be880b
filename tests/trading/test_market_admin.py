"""Markets in the back office: every role may look, nobody may touch."""

from datetime import UTC, datetime

import pytest
from django.contrib import admin
from django.test import RequestFactory
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from accounts.roles import Role
from tests.accounts.factories import staff_client, staff_member
from trading.models import (
    Bracket,
    BracketSchedule,
    Market,
    MarketTicker,
    PriceSource,
    TradingCalendar,
    VenueModeChange,
)

MODELS = (Market, PriceSource, BracketSchedule, Bracket, TradingCalendar, VenueModeChange)

pytestmark = pytest.mark.usefixtures("listing")


@pytest.fixture(autouse=True)
def something_of_everything(listing: object) -> None:
    """Add what the catalogue does not bring: figures, and a pause."""
    at = datetime(2026, 3, 4, tzinfo=UTC)
    MarketTicker.objects.create(
        market=Market.objects.get(base="BTC"), bid_ticks=1, ask_ticks=2, updated_at=at
    )
    VenueModeChange.objects.create(level=4, reason="A drill.", changed_at=at)


@pytest.mark.parametrize("role", list(Role))
def test_every_role_can_read_every_list_and_every_object(role: Role) -> None:
    client = staff_client(staff_member(role))
    for model in MODELS:
        name = model._meta.model_name
        assert client.get(reverse(f"admin:trading_{name}_changelist")).status_code == 200
        first = model._default_manager.order_by("pk").first()
        assert first is not None
        page = client.get(reverse(f"admin:trading_{name}_change", args=[first.pk]))
        assert page.status_code == 200
        assert 'name="_save"' not in page.text


@pytest.mark.parametrize("model", MODELS)
def test_nobody_can_add_change_or_delete(model: type[Market]) -> None:
    client = staff_client(staff_member(Role.SUPERADMIN))
    name = model._meta.model_name
    first = model._default_manager.order_by("pk").first()
    assert first is not None
    before = model._default_manager.filter(pk=first.pk).values().get()
    assert client.get(reverse(f"admin:trading_{name}_add")).status_code == 403
    assert client.post(reverse(f"admin:trading_{name}_add"), {}).status_code == 403
    for verb in ("change", "delete"):
        path = reverse(f"admin:trading_{name}_{verb}", args=[first.pk])
        assert client.post(path, {"post": "yes", "state": "ACTIVE"}).status_code == 403
    assert model._default_manager.filter(pk=first.pk).values().get() == before


@pytest.mark.parametrize(
    ("name", "query", "shown", "hidden"),
    [
        ("market", "q=eur", "EUR-USDT-PERP", "BTC-USDT-PERP"),
        ("market", "kind__exact=FX", "EUR-USDT-PERP", "BTC-USDT-PERP"),
        ("market", "state__exact=HALTED", "BTC-USDT-PERP", "nothing of the kind"),
        ("market", "max_leverage=1000", "BTC-USDT-PERP", "EUR-USDT-PERP"),
        ("pricesource", "q=1000SHIB", "1000SHIBUSDT", "1000PEPEUSDT"),
        ("pricesource", "role__exact=CONVERSION", "USDT-USD", "BTCUSDT"),
        ("pricesource", "venue__exact=PYTH&q=EUR", "FX.EUR/USD", "Crypto.BTC/USD"),
        ("bracket", "q=standard", "1,832.50", "nothing of the kind"),
        ("tradingcalendar", "q=christmas", "America/New_York", "nothing of the kind"),
        ("venuemodechange", "level__exact=4", "A drill.", "nothing of the kind"),
    ],
)
def test_lists_can_be_searched_and_filtered(name: str, query: str, shown: str, hidden: str) -> None:
    client = staff_client(staff_member(Role.AUDITOR))
    page = client.get(f"{reverse(f'admin:trading_{name}_changelist')}?{query}")
    assert page.status_code == 200
    rows = page.text.split('id="result_list"')[1]
    assert shown in rows
    assert hidden not in rows


def test_a_market_is_shown_with_its_sources_and_figures() -> None:
    client = staff_client(staff_member(Role.RISK))
    bitcoin = Market.objects.get(base="BTC")
    page = client.get(reverse("admin:trading_market_change", args=[bitcoin.pk]))
    assert "BTC-USDT-SWAP" in page.text
    assert "Crypto.BTC/USD" in page.text


def test_the_lists_take_a_fixed_number_of_queries(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    client = staff_client(staff_member(Role.MARKET_OPS))
    for name in ("market", "pricesource"):
        with django_assert_max_num_queries(12):
            client.get(reverse(f"admin:trading_{name}_changelist"))


def test_even_a_superuser_of_django_may_only_look() -> None:
    request = RequestFactory().get("/admin/")
    request.user = User(is_staff=True, is_superuser=True)
    for model in MODELS:
        site = admin.site._registry[model]
        assert site.has_view_permission(request)
        assert not site.has_add_permission(request)
        assert not site.has_change_permission(request)
        assert not site.has_delete_permission(request)
        for inline in site.get_inline_instances(request):
            assert not inline.has_add_permission(request, None)
            assert not inline.has_change_permission(request, None)
