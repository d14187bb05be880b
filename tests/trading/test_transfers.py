"""Deposits and withdrawals are one list, cut into pages that miss nothing and repeat nothing."""

import uuid
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from tests.accounts.factories import UserFactory
from trading.models import Deposit, DepositState, Withdrawal, WithdrawalState

pytestmark = pytest.mark.django_db
EARLY_MS = 1_800_000_000_000


def deposit(account_id: uuid.UUID, *, vault_id: int, number: int) -> None:
    """Note a deposit, every second one in a new millisecond."""
    at_ms = EARLY_MS + number // 2
    Deposit.objects.create(
        account_id=account_id,
        address="a",
        vault_id=vault_id,
        from_micro=number,
        to_micro=number + 1,
        state=DepositState.FINALIZED,
        seen_at_ms=at_ms,
        changed_at_ms=at_ms,
    )


@pytest.fixture
def owner() -> User:
    """Return somebody with five deposits and five withdrawals, some of the same moment."""
    user = UserFactory.create()
    for number in range(5):
        deposit(user.pk, vault_id=1, number=number)
        at_ms = EARLY_MS + number // 2
        Withdrawal.objects.create(
            account_id=user.pk,
            address="a",
            vault_id=1,
            amount_micro=1,
            state=WithdrawalState.PAID,
            requested_at_ms=at_ms,
            changed_at_ms=at_ms,
        )
    deposit(uuid.uuid4(), vault_id=2, number=0)
    return user


@pytest.fixture
def browser(owner: User) -> Client:
    """Return their browser."""
    client = Client()
    client.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_every_transfer_is_on_one_page_newest_first(browser: Client) -> None:
    found: list[dict[str, Any]] = []
    query = {"limit": "3"}
    while True:
        page = browser.get("/api/v1/vault/transfers", query).json()
        assert len(page["results"]) <= 3
        found += page["results"]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert len({one["id"] for one in found}) == len(found) == 10
    moments = [one["created_at"] for one in found]
    assert moments == sorted(moments, reverse=True)
    assert browser.get("/api/v1/vault/transfers").json() == {"results": found, "next": None}


@pytest.mark.parametrize(
    ("query", "field"), [({"limit": "0"}, "limit"), ({"cursor": "x"}, "cursor")]
)
def test_a_strange_page_is_refused(browser: Client, query: dict[str, str], field: str) -> None:
    answer = browser.get("/api/v1/vault/transfers", query)
    assert (answer.status_code, answer.json()["field"]) == (400, field)
