"""Laws that hold of every row and every entry, over random worlds through the projector."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from django.db import connection, transaction
from django.db.models import F, Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.ledger.models import LedgerAccount, LedgerEntry, Phase, Posting
from engine.vocabulary import STATUS_MOVES, OrderStatus
from tests.trading.projections.venue import Venue, VenueStream, raw_connection
from trading.models import Fill, Order, Trade
from trading.reconciliation import replay
from trading.reconciliation.differences import compare
from trading.reconciliation.figures import (
    IN_LEDGER,
    engine_figures,
    ledger_figures,
    projection_figures,
)
from trading.reconciliation.reconcile import find_differences
from trading.reconciliation.replay import check
from trading.services.catalogue import CatalogueReport

if TYPE_CHECKING:
    import uuid

WORLDS = settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
SEEDS = st.integers(min_value=0, max_value=10**6)
LENGTH = 250


@contextmanager
def lived(seed: int) -> Iterator[Venue]:
    """Have a world that has been lived; nothing is left of it."""
    with transaction.atomic():
        venue = Venue()
        venue.live(seed=seed, length=LENGTH)
        yield venue
        transaction.set_rollback(True)


def following(statuses: set[str]) -> set[str]:
    """Return what may follow any of these in one move, and they themselves."""
    return statuses | {
        after.value for status in statuses for after in STATUS_MOVES[OrderStatus(status)]
    }


@given(seed=SEEDS)
@WORLDS
def test_engine_projections_and_ledger_agree(seed: int, listing: CatalogueReport) -> None:
    with lived(seed) as venue:
        sequence, differences = find_differences(raw_connection())
        assert sequence == venue.sequence
        assert list(map(str, differences)) == []


@given(seed=SEEDS)
@WORLDS
def test_they_agree_after_every_single_command(seed: int, listing: CatalogueReport) -> None:
    with transaction.atomic():
        venue, stream = Venue(), VenueStream(seed=seed)
        for command in stream.opening():
            venue.give(command)
        venue.commit()
        for _ in range(60):
            venue.give(stream.next(venue.state))
            venue.commit()
            engine = engine_figures(venue.state)
            in_ledger = {key: engine[key] for key in engine if key.kind in IN_LEDGER}
            shown, ledger = projection_figures(raw_connection()), ledger_figures(raw_connection())
            assert not compare("engine", engine, "projections", shown)
            assert not compare("engine", in_ledger, "ledger", ledger)
        transaction.set_rollback(True)


@given(seed=SEEDS)
@WORLDS
def test_a_replay_makes_the_same_rows(seed: int, listing: CatalogueReport) -> None:
    with lived(seed) as venue:
        events, differences = check(raw_connection())
        assert events == venue.sequence
        assert list(map(str, differences)) == []


@given(seed=SEEDS)
@WORLDS
def test_a_replay_makes_the_same_rows_when_it_writes_at_every_moment(
    seed: int, listing: CatalogueReport
) -> None:
    """The hour's funding and a liquidation's waterfall are one command's: no cut runs through."""
    with lived(seed), pytest.MonkeyPatch.context() as patch:
        patch.setattr(replay, "STEP_EVENTS", 1)
        _, differences = check(raw_connection())
        assert list(map(str, differences)) == []


@given(seed=SEEDS)
@WORLDS
def test_money_sums_to_zero_in_every_entry_and_in_all(seed: int, listing: CatalogueReport) -> None:
    with lived(seed):
        sums = Posting.objects.values("entry").annotate(total=Sum("amount_micro"))
        assert not sums.exclude(total=0).exists()
        assert LedgerAccount.objects.aggregate(total=Sum("balance_micro"))["total"] == 0
        waiting = LedgerEntry.objects.filter(phase=Phase.PENDING)
        settled = LedgerEntry.objects.filter(phase__in=[Phase.POSTS, Phase.VOIDS])
        assert {entry.resolves_id for entry in settled} <= {entry.pk for entry in waiting}


@given(seed=SEEDS)
@WORLDS
def test_an_orders_quantity_is_filled_and_leaves_and_canceled(
    seed: int, listing: CatalogueReport
) -> None:
    with lived(seed) as venue:
        ended = Order.objects.exclude(
            status__in=["PENDING", "OPEN", "PARTIALLY_FILLED", "REJECTED"]
        )
        assert ended.exists()
        assert not ended.exclude(quantity_lots=F("filled_lots") + F("canceled_lots")).exists()
        for market in venue.state.markets.values():
            for order in market.orders.values():
                row = Order.objects.get(engine_id=order.terms.order_id)
                assert row.quantity_lots - row.filled_lots - row.canceled_lots == order.leaves_lots
        filled = Fill.objects.filter(order_id__isnull=False).values("order_id")
        for sums in filled.annotate(
            lots=Sum("quantity_lots"), notional=Sum("notional_micro"), fees=Sum("fee_micro")
        ):
            row = Order.objects.get(pk=str(sums["order_id"]))
            assert (row.filled_lots, row.notional_micro, row.fee_micro) == (
                sums["lots"],
                sums["notional"],
                sums["fees"],
            )


@given(seed=SEEDS)
@WORLDS
def test_statuses_move_along_the_table_only(seed: int, listing: CatalogueReport) -> None:
    """An event moves an order at most once, a command several times: so closures are compared."""
    with transaction.atomic():
        venue, stream = Venue(), VenueStream(seed=seed)
        for command in stream.opening():
            venue.give(command)
        venue.commit()
        last: dict[uuid.UUID, str] = {}
        for _ in range(150):
            events = venue.give(stream.next(venue.state))
            venue.commit()
            now = dict(Order.objects.values_list("pk", "status"))
            assert last.keys() <= now.keys(), "no row of an order is ever removed"
            for order, status in now.items():
                may = {last[order]} if order in last else {"PENDING", "OPEN", "REJECTED"}
                for _ in events:
                    may = following(may)
                assert status in may, (last.get(order), status)
            last = now
        transaction.set_rollback(True)


@given(seed=SEEDS)
@WORLDS
def test_every_trade_has_two_sides_and_the_tape_shows_those_of_the_book(
    seed: int, listing: CatalogueReport
) -> None:
    with lived(seed) as venue:
        assert Trade.objects.count() == venue.kinds["Filled"]
        sides = Fill.objects.values_list("trade", "liquidity").order_by("trade", "liquidity")
        expected = [(t, s) for t in sorted(Trade.objects.values_list("pk", flat=True), key=str)
                    for s in ("MAKER", "TAKER")]  # fmt: skip
        assert sorted(sides, key=lambda side: (str(side[0]), side[1])) == expected
        public = Trade.objects.filter(is_public=True)
        assert set(public.values_list("kind", flat=True)) <= {"TRADE", "LIQUIDATION"}
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT coalesce(sum(volume_lots), 0), coalesce(sum(trades), 0)"
                " FROM trading_tradecandle"
            )
            lots, trades = cursor.fetchone()
        assert lots == (public.aggregate(lots=Sum("quantity_lots"))["lots"] or 0)
        assert trades == public.count()
