"""While roots do not reach the chain the venue becomes stricter, and mends by itself."""

import pytest

from tests.chain.conftest import Devchain, chain
from tests.exchange import Exchange
from tests.trading.test_settlement import Venue, venue
from trading.models import Batch, Market, Wisher
from trading.services import chain_work
from trading.services.market_states import wishes_of
from trading.services.settlement_delay import mind_the_delay, settlement_age_ms

__all__ = ["chain", "venue"]


@pytest.fixture
def late(venue: Venue) -> Venue:
    """Return a venue whose newest root is built and does not land."""
    venue.door.client.call("devchain_setFaults", {"drop": -1})
    venue.pass_time(0)
    return venue


def states(exchange: Exchange) -> set[str]:
    exchange.settle()
    return set(Market.objects.values_list("state", flat=True))


def age(seconds: int) -> None:
    """Make the newest root this old."""
    for batch in Batch.objects.all():
        moment = batch.due_at_ms + settlement_age_ms() - seconds * 1_000
        Batch.objects.filter(pk=batch.pk).update(due_at_ms=moment)


def test_a_minute_lets_only_reduce_and_ten_minutes_only_cancel(late: Venue) -> None:
    age(59)
    mind_the_delay()
    assert wishes_of(Wisher.SETTLEMENT) == {}
    age(61)
    mind_the_delay()
    assert states(late.exchange) == {"REDUCE_ONLY"}
    age(601)
    mind_the_delay()
    assert states(late.exchange) == {"CANCEL_ONLY"}


def test_a_root_that_lands_lifts_it_without_hands(late: Venue, chain: Devchain) -> None:
    age(61)
    mind_the_delay()
    assert states(late.exchange) == {"REDUCE_ONLY"}
    late.door.client.call("devchain_setFaults", {"drop": 0})
    for _ in range(4):
        chain.sleep(60)
        late.pass_time(2_000)
    Batch.objects.update(due_at_ms=Batch.objects.latest("number").built_at_ms)
    age(1)
    mind_the_delay()
    assert wishes_of(Wisher.SETTLEMENT) == {}
    assert states(late.exchange) == {"ACTIVE"}


def test_test_money_given_by_hand_is_covered_by_the_venue(venue: Venue) -> None:
    user, _wallet = venue.person("carol")
    venue.exchange.fund(user.pk, micro=2_000_000_000_000)
    assert chain_work.cover_venue_money(venue.door) > 0
    built = venue.settle()
    assert built is not None
    assert built.state == "CONFIRMED"
    assert chain_work.cover_venue_money(venue.door) == 0
