import uuid

import pytest

from accounts.ledger.posting import Account, Entry
from accounts.ledger.statements import Movement, movements
from tests.accounts.ledger.test_posting import ANNA, CASH, HELD, OUTSIDE, deposit, post

MARKET = "BTC-USDT-PERP"
MARGIN = Account(ANNA, "MARGIN", MARKET)
COST = Account(ANNA, "COST", MARKET)
FEES = Account(None, "FEES")
OTHER = Account(uuid.UUID(int=2), "COST", MARKET)


@pytest.fixture
def life(db: None) -> None:
    """Let Anna deposit, trade, move margin and withdraw."""
    opens = {CASH: -110, MARGIN: 100, COST: -900, OTHER: 900, FEES: 10}
    closes = {CASH: 150, MARGIN: -100, COST: 900, OTHER: -950}
    post(
        deposit(1, 500, subject_id="d1"),
        Entry(2, "Filled", 2_000, opens, market=MARKET),
        Entry(3, "MarginMoved", 2_500, {CASH: -20, MARGIN: 20}, market=MARKET),
        Entry(4, "Filled", 3_000, closes, market=MARKET),
        Entry(5, "WithdrawalReserved", 4_000, {CASH: -60, HELD: 60}, subject_id="w1"),
        Entry(6, "WithdrawalConfirmed", 5_000, {HELD: -60, OUTSIDE: 60}, subject_id="w1"),
    )


def test_a_statement_tells_what_moved_the_wallet_and_what_was_in_it(life: None) -> None:
    assert list(movements(ANNA)) == [
        Movement(1_000, "DEPOSIT", "", "d1", 500, 500),
        Movement(2_000, "TRADE", MARKET, "", -10, 490),
        Movement(3_000, "TRADE", MARKET, "", 50, 540),
        Movement(5_000, "WITHDRAWAL", "", "w1", -60, 480),
    ]


def test_a_statement_of_a_while_goes_on_from_what_was_there(life: None) -> None:
    assert list(movements(ANNA, since_ms=2_500, until_ms=5_000)) == [
        Movement(3_000, "TRADE", MARKET, "", 50, 540)
    ]


def test_nobody_reads_anothers_statement(life: None) -> None:
    assert list(movements(uuid.UUID(int=2))) == []
