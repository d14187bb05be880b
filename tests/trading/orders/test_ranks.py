"""Winners are cut into fifths in the order in which the engine would close them."""

import random
import uuid

import pytest
from django.db import connection

from engine.deleverage_queue import rank_ppb
from engine.state import Position as EnginePosition
from tests.trading.orders.conftest import BTC, publish_mark
from trading.models import AdlRank, Market, Position
from trading.services.adl_ranks import rank_positions
from trading.services.catalogue import CatalogueReport

MARK = 2_000_000
COUNT = 60


@pytest.mark.parametrize("seed", range(3))
def test_the_ranks_of_the_rows_are_those_of_the_engine(seed: int, listing: CatalogueReport) -> None:
    chance = random.Random(seed)  # noqa: S311 - a seed makes the test the same each time
    market = Market.objects.get(symbol=BTC)
    unit = market.tick_lot_micro // 2
    publish_mark(BTC, half_ticks=MARK)
    made: dict[uuid.UUID, EnginePosition] = {}
    for number in range(COUNT):
        size = chance.choice([-1, 1]) * chance.randint(1, 10_000)
        entry = MARK + chance.randint(-100_000, 100_000)
        cost = size * entry * unit
        account_id = uuid.UUID(int=number + 1)
        made[account_id] = EnginePosition(10, size, cost, abs(cost) // chance.randint(2, 50))
        Position.objects.create(
            account_id=account_id,
            market=market,
            leverage=10,
            size_lots=size,
            cost_micro=cost,
            collateral_micro=made[account_id].collateral_micro,
            updated_at_ms=1,
        )
    winners = rank_positions()
    for longs in (True, False):
        ranked = sorted(
            (rank, account_id)
            for account_id, position in made.items()
            if (position.size_lots > 0) is longs
            and (rank := rank_ppb(position, position.size_lots * MARK * unit)) is not None
        )
        expected = {
            account_id: -(-5 * (place + 1) // len(ranked))
            for place, (_, account_id) in enumerate(ranked)
        }
        found = dict(
            AdlRank.objects.filter(account_id__in=expected).values_list("account_id", "rank")
        )
        assert found == expected
        winners -= len(expected)
    assert winners == 0


def test_nobody_wins_without_a_mark(listing: CatalogueReport) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM trading_position")
        assert cursor.fetchone() == (0,)
    assert rank_positions() == 0
