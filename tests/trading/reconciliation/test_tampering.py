"""A row that somebody changed by hand is named, by the replay and where it counts by reconcile."""

import json
from collections.abc import Iterator

import pytest
from django.db import connection

from tests.database import come_as_superuser
from tests.trading.projections.venue import Venue, raw_connection
from trading.models import Order, Reconciliation
from trading.reconciliation import reconcile
from trading.reconciliation.repair import repair
from trading.reconciliation.replay import check
from trading.services.catalogue import CatalogueReport

SEED = 5


@pytest.fixture(scope="module", autouse=True)
def superuser(django_db_setup: None) -> Iterator[None]:
    """Come as one who may put triggers to sleep: the site may not."""
    with come_as_superuser():
        yield


@pytest.fixture
def world(listing: CatalogueReport) -> Venue:
    """Return a world that has been lived, its rows as they should be."""
    venue = Venue()
    venue.live(seed=SEED, length=250, ends=False)
    return venue


def tamper(statement: str) -> None:
    """Change rows behind everybody's back, triggers and constraints asleep."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(statement)
        assert cursor.rowcount > 0, "there was something to tamper with"
        cursor.execute("SET session_replication_role = DEFAULT")


TAMPERINGS = {
    "an order": "UPDATE trading_order SET filled_lots = filled_lots + 1 "
    "WHERE id = (SELECT id FROM trading_order WHERE status = 'OPEN' LIMIT 1)",
    "an order's reason": "UPDATE trading_order SET reason = 'LIQUIDATION' "
    "WHERE id = (SELECT id FROM trading_order WHERE status = 'FILLED' LIMIT 1)",
    "a missing order": "DELETE FROM trading_order "
    "WHERE id = (SELECT id FROM trading_order WHERE status = 'OPEN' LIMIT 1)",
    "a repetition": "UPDATE trading_repeatedorder SET order_id = account_id "
    "WHERE id = (SELECT id FROM trading_repeatedorder LIMIT 1)",
    "a trade": "UPDATE trading_trade SET price_half_ticks = price_half_ticks + 1 WHERE number = 1",
    "a fill": "UPDATE trading_fill SET fee_micro = fee_micro - 1 "
    "WHERE id = (SELECT id FROM trading_fill LIMIT 1)",
    "a candle": "UPDATE trading_tradecandle SET high_half_ticks = high_half_ticks + 1 "
    "WHERE id = (SELECT min(id) FROM trading_tradecandle)",
    "a balance": "UPDATE trading_balance SET cash_micro = cash_micro + 1 "
    "WHERE account_id = (SELECT account_id FROM trading_balance LIMIT 1)",
    "a reservation": "UPDATE trading_balance SET reserved_micro = reserved_micro + 1 "
    "WHERE account_id = (SELECT account_id FROM trading_balance LIMIT 1)",
    "a position": "UPDATE trading_position SET size_lots = size_lots + 1 "
    "WHERE id = (SELECT min(id) FROM trading_position WHERE size_lots <> 0)",
    "funds": "UPDATE trading_marketfunds SET insurance_micro = insurance_micro + 1 "
    "WHERE market_id = (SELECT min(market_id) FROM trading_marketfunds)",
    "the venue's funds": "UPDATE trading_venuefunds SET fees_micro = fees_micro + 1",
    "a state": "UPDATE trading_market SET state = 'DELISTED' WHERE symbol = 'BTC-USDT-PERP'",
    "a ledger account": "UPDATE accounts_ledgeraccount SET balance_micro = balance_micro + 1 "
    "WHERE purpose = 'FEES'",
    "a posting": "UPDATE accounts_posting SET amount_micro = amount_micro + 1 "
    "WHERE id = (SELECT min(id) FROM accounts_posting)",
    "an entry": "UPDATE accounts_ledgerentry SET posted_at_ms = posted_at_ms + 1 "
    "WHERE id = (SELECT min(id) FROM accounts_ledgerentry)",
}
RECONCILED = (
    "an order",
    "a missing order",
    "a balance",
    "a reservation",
    "a position",
    "funds",
    "the venue's funds",
    "a state",
    "a ledger account",
    "a posting",
)
KEPT = ("a trade", "a fill", "a ledger account", "a posting", "an entry")


@pytest.mark.parametrize("what", TAMPERINGS)
def test_the_replay_names_what_was_tampered_with(what: str, world: Venue) -> None:
    assert check(raw_connection()) == (world.sequence, [])
    tamper(TAMPERINGS[what])
    _, differences = check(raw_connection())
    table = TAMPERINGS[what].split()[2 if "DELETE" in TAMPERINGS[what] else 1]
    assert [d.kind.split()[-1] for d in differences] == [table], list(map(str, differences))


@pytest.mark.parametrize("what", RECONCILED)
def test_reconcile_names_what_was_tampered_with(what: str, world: Venue) -> None:
    assert reconcile(raw_connection()) == []
    tamper(TAMPERINGS[what])
    differences = reconcile(raw_connection())
    assert differences
    newest = Reconciliation.objects.latest("pk")
    assert (newest.outcome, newest.difference_count) == ("DIFFERS", len(differences))
    assert newest.event_sequence == world.sequence


def test_a_difference_says_kind_account_market_and_both_figures(world: Venue) -> None:
    tamper(TAMPERINGS["a balance"])
    (difference,) = reconcile(raw_connection())
    assert difference.kind == "cash"
    assert difference.places == ("engine", "projections")
    before, after = map(int, difference.figures)
    assert after == before + 1
    assert str(difference) == (
        f"cash {difference.account}: engine {before}, projections {before + 1}"
    )


@pytest.mark.parametrize("what", ["an order", "a missing order", "a reservation"])
def test_no_row_for_staff_tells_of_a_resting_order(what: str, world: Venue) -> None:
    tamper(TAMPERINGS[what])
    assert reconcile(raw_connection())
    told = json.dumps(Reconciliation.objects.latest("pk").differences)
    row = Order.objects.filter(status="OPEN").first()
    assert row is not None
    assert "account" not in told
    assert "figures" not in told
    assert str(row.account_id) not in told


@pytest.mark.parametrize("what", [name for name in TAMPERINGS if name not in KEPT])
def test_repair_makes_rows_what_the_log_says(what: str, world: Venue) -> None:
    tamper(TAMPERINGS[what])
    mended = repair(raw_connection())
    assert sum(mended.values()) == 1
    assert check(raw_connection()) == (world.sequence, [])


@pytest.mark.parametrize("what", KEPT)
def test_repair_leaves_what_is_append_only(what: str, world: Venue) -> None:
    tamper(TAMPERINGS[what])
    assert sum(repair(raw_connection()).values()) == 0
    assert len(check(raw_connection())[1]) == 1


def test_a_changed_byte_of_the_log_is_a_difference(world: Venue) -> None:
    tamper("UPDATE trading_event SET payload = payload || '\\x00' WHERE sequence = 3")
    (difference,) = reconcile(raw_connection())
    assert difference.kind == "log"
    assert "event 3" in difference.figures[1]
