"""Lists of millions: paged by key, never counted, searched by whole ids."""

import html
import re
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.ledger.models import LedgerAccount, Purpose
from accounts.long_lists import LongList
from accounts.models import StaffAction
from accounts.roles import Role
from tests.accounts.factories import staff_client, staff_member

LIST = "/admin/accounts/ledgeraccount/"
ACTIONS = "/admin/accounts/staffaction/"

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


def test_what_is_rare_is_looked_for_by_stretches_and_missed_nowhere(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LongList, "stretch", 10)
    refused = {3, 4, 27, 40}
    for number in range(41):
        outcome = "REFUSED" if number in refused else "DONE"
        StaffAction.objects.create(action="try", object_id=f"n{number}", outcome=outcome)
    found, said, address = [], [], f"{ACTIONS}?outcome__exact=REFUSED"
    while address:
        page = client.get(address)
        found += [row.object_id for row in page.context["cl"].result_list]
        said.append("rows looked through" in page.text)
        older = re.search(r'href="(\?[^"]+)" rel="next"', page.text)
        address = ACTIONS + html.unescape(older[1]) if older else ""
    assert found == ["n40", "n27", "n4", "n3"]
    assert said == [True, True, True, True, False]


def test_a_filter_with_an_index_looks_at_once(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LongList, "stretch", 10)
    fees = LedgerAccount.objects.create(purpose=Purpose.FEES, balance_micro=7)
    LedgerAccount.objects.bulk_create(
        LedgerAccount(owner_id=uuid4(), purpose=Purpose.CASH) for _ in range(30)
    )
    page = client.get(f"{LIST}?purpose__exact=FEES")
    assert [row.pk for row in page.context["cl"].result_list] == [fees.pk]
    assert "rows looked through" not in page.text


def test_what_cannot_be_in_a_column_finds_nothing(client: Client) -> None:
    for name in ("axes/accesslog", "axes/accessfailurelog", "accounts/user", "trading/order"):
        for typed in ("no address", "ffffffff-ffff-ffff-ffff-ffffffffffff", "9" * 400):
            assert client.get(f"/admin/{name}/", {"q": typed}).status_code == 200, (name, typed)
