import csv
import io
from typing import Any

import pytest
from asgiref.sync import async_to_sync

from accounts.ledger import statements
from tests.trading.orders.conftest import BASE, Person


def read(answer: Any) -> list[dict[str, str]]:
    """Return the lines of a statement that is streamed."""

    async def whole() -> bytes:
        return b"".join([part async for part in answer])

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(async_to_sync(whole)().decode())))


def statement(person: Person, **query: Any) -> list[dict[str, str]]:
    return read(person.client.get(f"{BASE}/account/statement.csv", query or None))


def test_a_statement_ends_with_what_the_balance_says(alice: Person, bob: Person) -> None:
    alice.place(side="SELL", type="PEG_MID")
    bob.place(type="MARKET", time_in_force="IOC")
    lines = statement(bob)
    assert [line["type"] for line in lines] == ["DEPOSIT", "TRADE"]
    (fee,) = bob.ask("GET", "/fills", expect=200)["results"]
    assert (lines[1]["symbol"], lines[1]["amount"]) == ("BTC-USDT-PERP", f"-{fee['fee']}")
    assert lines[1]["balance"] == bob.ask("GET", "/account/balance", expect=200)["wallet"]


def test_a_statement_longer_than_a_page_goes_on(
    alice: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        alice.place(side="SELL", type="PEG_MID")
        bob.place(type="MARKET", time_in_force="IOC")
    whole = statement(bob)
    monkeypatch.setattr(statements, "AT_ONCE", 1)
    assert statement(bob) == whole
    assert len(whole) == 4


def test_a_statement_of_a_while_leaves_out_the_rest(alice: Person) -> None:
    assert statement(alice, since=0, until=1) == []


@pytest.mark.parametrize("query", [{"since": "soon"}, {"until": "-1"}, {"symbol": "BTC-USDT-PERP"}])
def test_a_statement_of_an_unknown_while_is_refused(alice: Person, query: dict[str, str]) -> None:
    answer = alice.client.get(f"{BASE}/account/statement.csv", query)
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR")


def test_a_stranger_gets_no_statement(alice: Person) -> None:
    alice.client.logout()
    answer = alice.client.get(f"{BASE}/account/statement.csv")
    assert (answer.status_code, answer.json()["code"]) == (401, "AUTHENTICATION_FAILED")
