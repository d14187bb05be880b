"""The event log in the back office: what may be read of it, and how far its chain is proved.

Events that speak of orders are not in the list, nor behind an address (I24); neither are prices and
samples, of which there are millions. Commands are shown where they were set aside, without terms.
"""

import json
from typing import Any

import msgspec
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.long_lists import LongListAdmin
from accounts.staff_site import ReadOnlyAdmin
from engine.chain import GENESIS, link
from engine.codec import CodecError, decode_event
from trading.admin.words import moment
from trading.models import SHOWN_KINDS, Command, CommandStatus, Event, LogCheck

IN_A_LINE = 160
NEWEST = "newest"
"""The walk of `trading.runner.checking` that follows the log as it grows."""


class KindFilter(admin.SimpleListFilter):
    """What kind of event."""

    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the kinds that may be read."""
        del request, model_admin
        return [(kind, kind) for kind in SHOWN_KINDS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        """Keep one kind."""
        del request
        return queryset if self.value() is None else queryset.filter(kind=self.value())


@admin.register(Event)
class EventAdmin(LongListAdmin):
    """What happened, as the log has it."""

    key = ("sequence",)
    found_by = ("sequence",)
    search_help_text = "Number of an event"
    list_display = ("sequence", "at", "kind", "briefly")
    list_filter = (KindFilter,)
    fields = ("sequence", "at", "kind", "wholly", "chain_head", "is_chained", "is_proved")
    readonly_fields = ("at", "wholly", "chain_head", "is_chained", "is_proved")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return what tells of no order."""
        return super().get_queryset(request).filter(kind__in=SHOWN_KINDS)

    @admin.display(description="at (UTC)")
    def at(self, event: Event) -> str:
        """Return when."""
        return moment(event.at_ms)

    @admin.display(description="what")
    def briefly(self, event: Event) -> str:
        """Return its fields in a line."""
        line = ", ".join(f"{name} {value}" for name, value in facts(event).items())
        return line if len(line) <= IN_A_LINE else f"{line[:IN_A_LINE]} ..."

    @admin.display(description="what")
    def wholly(self, event: Event) -> str:
        """Return its fields, one a line."""
        return json.dumps(facts(event), indent=2)

    @admin.display(description="head of the chain after it")
    def chain_head(self, event: Event) -> str:
        """Return the hash."""
        return bytes(event.head).hex()

    @admin.display(boolean=True, description="chained to the one before")
    def is_chained(self, event: Event) -> bool:
        """Reckon the head anew from the one before and these bytes."""
        before = Event.objects.filter(sequence=event.sequence - 1)
        head = before.values_list("head", flat=True).first()
        if head is None and event.sequence > 1:
            return False
        return link(bytes(head or GENESIS), bytes(event.payload)) == bytes(event.head)

    @admin.display(description="proved by the walk through the log")
    def is_proved(self, event: Event) -> str:
        """Return when the walk that proves what is new was past it."""
        passed = LogCheck.objects.filter(name=NEWEST, sequence__gte=event.sequence).first()
        return "not yet" if passed is None else f"by {passed.checked_at:%Y-%m-%d %H:%M:%S} UTC"


@admin.register(LogCheck)
class LogCheckAdmin(ReadOnlyAdmin):
    """How far the two walks along the chain of hashes have come; what they find is an alert."""

    list_display = ("name", "sequence", "chain_head", "checked_at")
    fields = list_display
    readonly_fields = ("chain_head",)
    ordering = ("name",)

    @admin.display(description="head of the chain there")
    def chain_head(self, check: LogCheck) -> str:
        """Return the hash."""
        return bytes(check.head).hex()


@admin.register(Command)
class CommandAdmin(ReadOnlyAdmin):
    """Commands that failed twice and were set aside: somebody has to decide what is owed."""

    list_display = ("id", "kind", "account_id", "failures", "created_at")
    fields = list_display
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return those that were set aside."""
        return super().get_queryset(request).filter(status=CommandStatus.SET_ASIDE)


def facts(event: Event) -> dict[str, Any]:
    """Return an event's own fields; of bytes that nobody knows, that they are such."""
    try:
        found: dict[str, Any] = msgspec.to_builtins(decode_event(bytes(event.payload)))
    except CodecError:
        return {"payload": "not readable; see the alerts"}
    return {name: value for name, value in found.items() if name not in ("at_ms", "type")}
