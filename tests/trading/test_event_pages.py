"""The event log in the back office says of each event whether it is chained, and proved."""

import pytest
from django.contrib import admin
from django.urls import reverse

from accounts.roles import Role
from tests.accounts.factories import staff_client, staff_member
from tests.exchange import Exchange
from tests.trading.projections.venue import raw_connection
from trading.admin.log import NEWEST, EventAdmin
from trading.models import SHOWN_KINDS, Event
from trading.runner import checking

pytestmark = pytest.mark.usefixtures("exchange")


def shown() -> list[Event]:
    return list(Event.objects.filter(kind__in=SHOWN_KINDS).order_by("sequence"))


def page_of(event: Event) -> str:
    client = staff_client(staff_member(Role.AUDITOR))
    return str(client.get(reverse("admin:trading_event_change", args=[event.pk])).text)


def test_every_event_is_chained_to_the_one_before_and_a_changed_one_is_not() -> None:
    of_events = EventAdmin(Event, admin.site)
    first, *_, last = shown()
    assert [of_events.is_chained(event) for event in (first, last)] == [True, True]
    assert 'alt="True"' in page_of(last)
    for changed in (
        {"payload": bytes(last.payload)[:-1] + b"!"},
        {"head": bytes(32)},
        {"sequence": last.sequence + 5},
    ):
        event = shown()[-1]
        vars(event).update(changed)
        assert not of_events.is_chained(event), changed


def test_an_event_is_proved_once_the_walk_is_past_it(exchange: Exchange) -> None:
    del exchange
    last = shown()[-1]
    assert checking.NEWEST == NEWEST
    assert "not yet" in page_of(last)
    assert checking.check_log(raw_connection()) == []
    assert " UTC" in page_of(last)
    assert "not yet" not in page_of(last)
