"""What one command led to, read from the log. For answers to its own giver only."""

from engine.codec import decode_event
from engine.events import Event
from trading.models import Command
from trading.models import Event as EventRow


def events_of(command_id: int, /) -> list[Event]:
    """Return the events of a command in their order; none of one that is not decided."""
    row = Command.objects.values_list("first_event", "event_count").get(id=command_id)
    first, count = row
    if first is None:
        return []
    found = EventRow.objects.filter(sequence__gte=first, sequence__lt=first + count)
    return [decode_event(bytes(event.payload)) for event in found.order_by("sequence")]
