from decimal import Decimal

import pytest
from django.test import Client

from engine import health
from engine.margin import BRACKETS
from trading.models import Market, PauseLevel
from trading.selectors import rules as rules_module
from trading.services.venue_modes import change_mode

pytestmark = pytest.mark.usefixtures("listing")


def test_help_shows_the_brackets_and_fees_that_rule(client: Client) -> None:
    page = client.get("/help").content.decode()
    for row in BRACKETS:
        assert f"{row.max_leverage}x" in page
    assert "pays 0.05% of the notional" in page
    Market.objects.filter(base="ETH").update(taker_fee_ppb=700_000)
    assert "pays 0.05% to 0.07% of the notional" in client.get("/help").content.decode()


def test_help_follows_the_engine_and_copies_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "FEE_CAP_PPB", 12_300_000)
    assert rules_module.rules()["liquidation"]["fee_cap"] == Decimal("0.0123")


def test_status_says_what_is_paused_and_which_markets_do_not_trade(client: Client) -> None:
    change_mode(PauseLevel.NEW_ORDERS_PAUSED, reason="A drill.")
    Market.objects.update(state="ACTIVE")
    Market.objects.filter(base="ETH").update(state="HALTED", state_reason="No index.")
    page = client.get("/status").content.decode()
    assert "paused at level 1" in page
    assert "A drill." in page
    assert "No index." in page
    assert "XRP-USDT-PERP" not in page
