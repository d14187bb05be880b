"""The pages of proof, trust and disclosure: from one table, from the configuration, versioned."""

from enum import Enum

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from engine.vocabulary import MinQuantityMode, OrderType, SelfTrade, TimeInForce, TriggerKind
from godark.limits import Tier
from tests.accounts.factories import UserFactory
from tests.chain.conftest import chain
from tests.trading.test_settlement import BTC, Venue, venue
from trading.models import DisclosureVersion, Market
from trading.selectors import disclosure
from trading.selectors.keys_held import KEYS
from trading.services.disclosing import keep_disclosure

__all__ = ["chain", "venue"]


@pytest.mark.parametrize(
    ("words", "table"),
    [
        (OrderType, disclosure.ORDER_TYPES),
        (TimeInForce, disclosure.TIMES),
        (MinQuantityMode, disclosure.MINIMA),
        (SelfTrade, disclosure.SELF_TRADES),
        (TriggerKind, disclosure.TRIGGERS),
    ],
)
def test_nothing_that_the_engine_knows_goes_undisclosed(
    words: type[Enum], table: dict[Enum, str]
) -> None:
    assert set(table) == set(words)


def test_a_version_is_kept_when_something_changes_and_never_changed(
    venue: Venue, client: Client
) -> None:
    assert "Nothing has been kept" in client.get("/disclosure").content.decode()
    first = keep_disclosure(venue.door)
    assert first is not None
    assert keep_disclosure(venue.door) is None
    parts = {name: dict(lines) for name, lines in first.parts}
    assert parts["On chain"]["Operator"] == str(venue.door.operator.public_key)
    assert parts["On chain"]["Authority"].endswith(", a single key")
    assert set(parts["Limits of tiers"]) == {tier.value for tier in Tier if tier != Tier.LOAD}
    assert set(parts["Keys"]) == {key.name for key in KEYS}
    assert set(parts["Limits of markets"]) == set(Market.objects.values_list("symbol", flat=True))
    Market.objects.filter(symbol=BTC).update(taker_fee_ppb=400_000)
    second = keep_disclosure(venue.door)
    assert second is not None
    assert second.number == 2
    page = client.get("/disclosure").content.decode()
    assert "<ins>BTC-USDT-PERP</ins>" in page
    assert "Taker 0.04%, maker receives 0.02%" in page
    old = client.get("/disclosure?version=1").content.decode()
    assert "This is the first version." in old
    assert "Taker 0.04%" not in old
    assert client.get("/disclosure?version=9").status_code == 404
    assert client.get("/disclosure?version=x").status_code == 200
    with pytest.raises(DatabaseError), transaction.atomic():
        DisclosureVersion.objects.filter(number=1).update(parts=[])


def test_the_trust_page_tells_of_every_key(client: Client, db: None) -> None:
    page = client.get("/trust").content.decode()
    assert page.count('class="held-key"') == len(KEYS)
    assert "Every 15 min a checkpoint" in page.replace("\n", " ") or "Every 15 min" in page


def test_who_wants_a_proof_logs_in_and_is_sent_to_no_venue_of_ours(
    client: Client, db: None
) -> None:
    assert client.get("/proof").status_code == 302
    user = UserFactory.create()
    client.force_login(user)
    answer = client.get("/proof")
    page = answer.content.decode()
    assert f'data-account="{user.pk}"' in page
    assert 'data-node="http' in page
    node = page.partition('data-node="')[2].partition('"')[0]
    assert node in answer["Content-Security-Policy"]
