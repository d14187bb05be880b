"""The ledger takes balanced entries inside a transaction, and never gives one back."""

import re
import uuid
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from accounts.ledger.models import BACKSTOP_OWNER_ID, LedgerAccount, LedgerEntry, Phase, Posting
from accounts.ledger.posting import Account, Books, Entry, UnbalancedError
from tests.database import run_as_owner
from tests.exchange import SameConnection
from tests.tidy.tree import name_of, source_files
from trading.runner.process import connect

ANNA = uuid.UUID(int=1)
CASH = Account(ANNA, "CASH")
HELD = Account(ANNA, "HELD")
OUTSIDE = Account(None, "OUTSIDE")
INSERT = "INSERT INTO accounts_posting (entry_id, account_id, amount_micro)"


def post(*entries: Entry, books: Books | None = None) -> None:
    """Post entries as the runner does."""
    with transaction.atomic():
        cursor = SameConnection().cursor()
        (books or Books()).post(cursor, entries)


def deposit(number: int, amount: int, **more: Any) -> Entry:
    """Return an entry that brings Anna money."""
    return Entry(number, "DepositCredited", 1_000, {CASH: amount, OUTSIDE: -amount}, **more)


def balance(account: Account) -> int:
    """Return what an account holds by its kept balance."""
    return LedgerAccount.objects.get(
        owner_id=account.owner_id, purpose=account.purpose, market=account.market
    ).balance_micro


def refused(statement: str) -> str:
    """Run a statement that PostgreSQL must refuse; return the name or sentence of its no."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(DatabaseError) as no, transaction.atomic():
            cursor.execute(statement)
    cause = no.value.__cause__
    assert isinstance(cause, psycopg.Error)
    return cause.diag.constraint_name or str(cause)


@pytest.mark.django_db
def test_an_entry_moves_its_accounts() -> None:
    books = Books()
    post(deposit(1, 500), books=books)
    post(deposit(2, 250, market="", subject_id="d2"), books=books)
    assert (balance(CASH), balance(OUTSIDE)) == (750, -750)
    assert Posting.objects.count() == 4
    assert LedgerEntry.objects.get(pk=2).subject_id == "d2"


@pytest.mark.django_db
def test_another_process_finds_the_accounts_that_are_open() -> None:
    post(deposit(1, 500))
    post(deposit(2, 250))
    assert LedgerAccount.objects.count() == 2
    assert balance(CASH) == 750


@pytest.mark.django_db
def test_an_unbalanced_entry_is_refused_before_it_is_written() -> None:
    with pytest.raises(UnbalancedError):
        post(Entry(1, "DepositCredited", 1_000, {CASH: 5, OUTSIDE: -4}))
    assert not LedgerEntry.objects.exists()


@pytest.mark.django_db
def test_outside_of_a_transaction_nothing_is_posted() -> None:
    with connect() as own, pytest.raises(RuntimeError, match="inside a transaction"):
        Books().post(own.cursor(), [deposit(1, 5)])


@pytest.mark.django_db
def test_postgresql_itself_refuses_postings_that_do_not_sum_to_zero() -> None:
    post(deposit(1, 500))
    LedgerEntry.objects.create(id=2, kind="DepositCredited", posted_at_ms=1)
    account = LedgerAccount.objects.get(purpose="CASH").pk
    assert refused(f"{INSERT} VALUES (2, {account}, 5)") == "posting_entry_sums_to_zero"


@pytest.mark.django_db
def test_postgresql_itself_adds_nothing_to_an_entry() -> None:
    post(deposit(1, 500))
    one, other = LedgerAccount.objects.order_by("pk").values_list("pk", flat=True)
    assert (
        refused(f"{INSERT} VALUES (1, {one}, 5), (1, {other}, -5)") == "posting_entry_is_complete"
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts_posting SET amount_micro = 1",
        "DELETE FROM accounts_posting",
        "UPDATE accounts_ledgerentry SET kind = 'X'",
        "DELETE FROM accounts_ledgerentry",
    ],
)
def test_postgresql_itself_refuses_to_rewrite(statement: str) -> None:
    post(deposit(1, 500))
    assert "append-only" in refused(statement)


@pytest.mark.django_db
def test_nobody_but_the_tables_owner_could_even_try_to_empty_them() -> None:
    assert "permission denied" in refused("TRUNCATE accounts_posting")


@pytest.mark.django_db
def test_postgresql_lets_nobody_empty_the_ledger() -> None:
    assert "permission denied" in refused("TRUNCATE accounts_posting")
    with pytest.raises(psycopg.DatabaseError, match="append-only"):
        run_as_owner("TRUNCATE accounts_posting")


@pytest.mark.django_db
def test_nobodys_cash_falls_below_zero_but_the_backstops() -> None:
    post(deposit(1, 500))
    with pytest.raises(psycopg.errors.CheckViolation, match="ledger_cash_not_negative"):
        post(deposit(2, -501))
    backstop = Account(BACKSTOP_OWNER_ID, "CASH")
    post(Entry(3, "Filled", 1_000, {backstop: -9, OUTSIDE: 9}))
    assert balance(backstop) == -9


@pytest.mark.django_db
def test_what_is_pending_is_posted_or_voided_once() -> None:
    books = Books()
    post(deposit(1, 500), books=books)
    moved = {CASH: -200, HELD: 200}
    post(Entry(2, "WithdrawalReserved", 1, moved, phase=Phase.PENDING), books=books)
    given = {HELD: -200, OUTSIDE: 200}
    post(
        Entry(3, "WithdrawalConfirmed", 2, given, phase=Phase.POSTS, resolves=2),
        books=books,
    )
    assert (balance(CASH), balance(HELD)) == (300, 0)
    again = {CASH: 1, OUTSIDE: -1}
    with pytest.raises(psycopg.errors.UniqueViolation, match="entry_resolved_once"):
        post(Entry(4, "WithdrawalReturned", 3, again, phase=Phase.VOIDS, resolves=2))


@pytest.mark.django_db
def test_what_is_not_pending_is_neither_posted_nor_voided() -> None:
    post(deposit(1, 500))
    again = {CASH: 1, OUTSIDE: -1}
    with pytest.raises(psycopg.errors.CheckViolation, match="resolves one that is not pending"):
        post(Entry(2, "WithdrawalReturned", 3, again, phase=Phase.VOIDS, resolves=1))


@pytest.mark.django_db
@pytest.mark.parametrize(
    "account", [Account(None, "CASH"), Account(ANNA, "FEES"), Account(ANNA, "OUTSIDE")]
)
def test_a_purpose_belongs_to_the_venue_or_to_people(account: Account) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="ledger_purpose_of_owner"):
        post(Entry(1, "Filled", 1, {account: 1, OUTSIDE: -1}))


WRITES = re.compile(
    r"(Posting|LedgerEntry|LedgerAccount)\.objects\.(\w*create|.*\b(update|delete)\()"
    r"|(INSERT INTO|UPDATE|DELETE FROM|COPY|TRUNCATE) accounts_(posting|ledger)"
)


def test_only_the_ledger_writes_money() -> None:
    writers = {
        name_of(path)
        for path in source_files()
        if not name_of(path).startswith(("tests/", "accounts/migrations/"))
        and WRITES.search(path.read_text())
    }
    assert writers == {"accounts/ledger/posting.py"}
