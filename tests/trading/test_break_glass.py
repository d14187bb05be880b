"""Resting orders are hidden from staff; who has to see one breaks the glass, and it is told."""

import html
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import Error, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.long_lists import LongList
from accounts.models import StaffAction
from accounts.roles import Role
from tests.accounts.factories import staff_client, staff_member
from tests.exchange import Exchange
from tests.trading.back_office import seen, walk
from tests.trading.orders.conftest import BTC, Person, person
from trading.models import Alert, BrokenGlass, GlassLook, Market, Order
from trading.selectors import resting_orders

__all__ = ["person"]
ASK = "/admin/trading/brokenglass/break"
REASON = "Case 17: the owner says that his order vanished."
LIMIT, SHOWN = "94321", "94,321"
SHOWN_LIMIT = re.compile(r"<td class=\"figure\">(94,32\d)")
OLDER = re.compile(r'href="(\?after=[^"]+)"')


@pytest.fixture
def rests(person: Callable[..., Person]) -> dict[str, Any]:
    """Return an order of somebody who also traded, and which rests now."""
    trader, other = person(), person()
    other.place(side="SELL", limit_price="95400", size="0.2")
    trader.place(limit_price="95600", size="0.1")
    answer = trader.place(limit_price=LIMIT, size="0.3", client_order_id="hidden-one")
    return {"trader": trader, **answer}


@pytest.fixture
def risk() -> Client:
    """Return a member of risk, in."""
    return staff_client(staff_member(Role.RISK))


def test_no_list_and_no_object_of_the_back_office_changes_by_what_rests(
    exchange: Exchange, person: Callable[..., Person]
) -> None:
    client = staff_client(staff_member(Role.AUDITOR))
    carol, dave = person(), person()
    dave.place(side="SELL", limit_price="95400", size="0.2")
    carol.place(limit_price="95600", size="0.2")
    before = walk(client)
    carol.place(limit_price=LIMIT, size="0.3", client_order_id="hidden-one")
    carol.place(symbol="ETH-USDT-PERP", limit_price="2500", size="1", client_order_id="hidden-two")
    after = walk(client)
    assert sorted(after) == sorted(before)
    assert [address for address in after if after[address] != before[address]] == []
    dave.place(side="SELL", limit_price="95400", size="0.1")
    carol.place(limit_price="95600", size="0.1")
    assert walk(client) != before


def test_how_far_a_filtered_list_looks_tells_of_no_resting_order(
    exchange: Exchange, person: Callable[..., Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LongList, "stretch", 2)
    client = staff_client(staff_member(Role.AUDITOR))
    carol, dave = person(), person()
    lists = [f"{reverse('admin:trading_order_changelist')}?status=EXPIRED"]
    lists.append(f"{reverse('admin:trading_fill_changelist')}?market__id__exact=2")
    for _ in range(4):
        dave.place(side="SELL", limit_price="95400", size="0.1")
        carol.place(limit_price="95600", size="0.1")
        exchange.now_ms += 1_000
    before = [seen(client, address) for address in lists]
    assert all("rows looked through" in page for page in before)
    carol.place(limit_price=LIMIT, size="0.3", client_order_id="hidden-one")
    assert [seen(client, address) for address in lists] == before


def test_a_resting_order_has_no_address_and_is_found_by_no_search(rests: dict[str, Any]) -> None:
    client = staff_client(staff_member(Role.SUPERADMIN))
    order = Order.objects.get(limit_ticks__isnull=False, client_order_id="hidden-one")
    address = reverse("admin:trading_order_change", args=[order.pk])
    orders = reverse("admin:trading_order_changelist")
    for query in (f"q={order.pk}", f"q={order.account_id}", "status=OPEN", f"id={order.pk}"):
        assert address not in client.get(f"{orders}?{query}").text, query
    nowhere = reverse("admin:trading_order_change", args=["00000000-0000-4000-8000-000000000001"])
    assert [client.get(one).status_code for one in (address, nowhere)] == [302, 302]


def test_who_breaks_the_glass_sees_what_rests_and_each_look_is_kept(
    rests: dict[str, Any], risk: Client
) -> None:
    trader = rests["trader"].user
    page = risk.post(ASK, {"account": str(trader.pk), "reason": REASON}, follow=True)
    assert SHOWN in page.text
    assert "no-store" in page["Cache-Control"]
    glass = BrokenGlass.objects.get()
    risk.get(reverse("admin:trading_glass_orders", args=[glass.pk]))
    assert [look.orders for look in GlassLook.objects.filter(glass=glass)] == [1, 1]
    kept = StaffAction.objects.filter(object_type="trading.brokenglass", reason=REASON)
    assert sorted(kept.values_list("action", flat=True)) == ["break_glass", "look", "look"]
    alert = Alert.objects.get(kind="GLASS_BROKEN")
    assert alert.detail == f"number {glass.pk}"


def test_what_rests_is_read_page_by_page_and_each_page_is_a_look(
    rests: dict[str, Any], risk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resting_orders, "A_PAGE", 2)
    trader = rests["trader"]
    limits = ["94,320", "94,322", "94,323", "94,324"]
    for limit in limits:
        trader.place(limit_price=limit.replace(",", ""), size="0.3")
    page = risk.post(ASK, {"account": str(trader.user.pk), "reason": REASON}, follow=True).text
    address = reverse("admin:trading_glass_orders", args=[BrokenGlass.objects.get().pk])
    seen = SHOWN_LIMIT.findall(page)
    while older := OLDER.search(page):
        page = risk.get(address + html.unescape(older[1])).text
        seen += SHOWN_LIMIT.findall(page)
    assert sorted(seen) == sorted([*limits, SHOWN])
    assert [look.orders for look in GlassLook.objects.order_by("pk")] == [2, 2, 1]
    assert SHOWN_LIMIT.findall(risk.get(f"{address}?after=nonsense").text) == seen[:2]


def test_the_report_names_who_whose_why_and_how_often_but_no_order(
    rests: dict[str, Any], risk: Client
) -> None:
    market = Market.objects.get(symbol=BTC)
    assert SHOWN in risk.post(ASK, {"market": market.pk, "reason": REASON}, follow=True).text
    auditor = staff_client(staff_member(Role.AUDITOR))
    report = auditor.get(reverse("admin:trading_brokenglass_changelist")).text
    for word in (REASON, BTC, "1 times"):
        assert word in report
    one = auditor.get(
        reverse("admin:trading_brokenglass_change", args=[BrokenGlass.objects.get().pk])
    ).text
    assert SHOWN not in report + one
    assert auditor.get(ASK).status_code == 403


def test_nobody_looks_through_anothers_glass_nor_after_its_time(
    rests: dict[str, Any], risk: Client
) -> None:
    risk.post(ASK, {"account": str(rests["trader"].user.pk), "reason": REASON})
    address = reverse("admin:trading_glass_orders", args=[BrokenGlass.objects.get().pk])
    assert staff_client(staff_member(Role.RISK)).get(address).status_code == 403
    assert staff_client(staff_member(Role.SUPPORT)).get(address).status_code == 403
    with time_machine.travel(timezone.now() + timedelta(minutes=16), tick=False):
        late = staff_client(BrokenGlass.objects.get().opened_by).get(address)
    assert late.status_code == 302
    assert SHOWN not in late.text
    assert GlassLook.objects.count() == 0


@pytest.mark.parametrize(
    "asked",
    [
        {"reason": REASON},
        {"account": "someone", "reason": REASON},
        {"account": "00000000-0000-4000-8000-000000000001", "reason": "why not"},
        {"account": "00000000-0000-4000-8000-000000000001", "market": "1", "reason": REASON},
    ],
    ids=["nobody's", "no id", "hardly a reason", "both"],
)
@pytest.mark.usefixtures("listing")
def test_the_glass_stays_whole_without_a_reason_and_one_aim(
    risk: Client, asked: dict[str, str]
) -> None:
    if "market" in asked:
        asked = asked | {"market": str(Market.objects.get(symbol=BTC).pk)}
    page = risk.post(ASK, asked)
    assert page.status_code == 200
    assert "errorlist" in page.text
    assert not BrokenGlass.objects.exists()


def test_the_report_cannot_be_rewritten(rests: dict[str, Any], risk: Client) -> None:
    risk.post(ASK, {"account": str(rests["trader"].user.pk), "reason": REASON}, follow=True)
    for rows, change in (
        (BrokenGlass.objects, {"reason": "None."}),
        (GlassLook.objects, {"orders": 0}),
    ):
        with pytest.raises(Error, match="append-only"), transaction.atomic():
            rows.update(**change)
