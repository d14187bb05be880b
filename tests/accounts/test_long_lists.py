"""Lists of millions: paged by key, never counted, searched by whole ids."""

import re
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.ledger.models import LedgerAccount, Purpose
from accounts.roles import Role
from tests.accounts.factories import staff_client, staff_member

LIST = "/admin/accounts/ledgeraccount/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    """Return an auditor, in, and 120 ledger accounts."""
    LedgerAccount.objects.bulk_create(
        LedgerAccount(owner_id=uuid4(), purpose=Purpose.CASH, balance_micro=n) for n in range(120)
    )
    return staff_client(staff_member(Role.AUDITOR))


def balances(text: str) -> list[str]:
    return re.findall(r'class="field-balance[^"]*">([^<]+)<', text)


def test_pages_follow_each_other_and_miss_and_repeat_nothing(client: Client) -> None:
    found, address = [], LIST
    for _ in range(3):
        page = client.get(address).text
        found += balances(page)
        older = re.search(r'href="(\?[^"]+)" rel="next"', page)
        address = LIST + (older[1] if older else "")
    assert older is None
    assert "The oldest stand here." in page
    assert found == [f"0.{n:06d}" for n in reversed(range(120))]


def test_nothing_is_counted_and_no_offset_is_taken(client: Client) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        client.get(LIST)
    said = " ".join(query["sql"].upper() for query in queries)
    assert "ACCOUNTS_LEDGERACCOUNT" in said
    assert "COUNT(" not in said
    assert "OFFSET" not in said


@pytest.mark.parametrize("after", ["x", "1~2", "1~", "~", "99999999999999999999"])
def test_a_place_that_is_none_is_refused(client: Client, after: str) -> None:
    assert client.get(f"{LIST}?after={after}").status_code in (200, 302)


def test_a_search_takes_whole_ids_only(client: Client) -> None:
    one = LedgerAccount.objects.order_by("pk")[7]
    assert balances(client.get(f"{LIST}?q={one.owner_id}").text) == ["0.000007"]
    assert balances(client.get(f"{LIST}?q={str(one.owner_id)[:8]}").text) == []
    assert balances(client.get(f"{LIST}?q=%00").text) in ([], balances(client.get(LIST).text))
