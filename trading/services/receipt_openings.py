"""Opening a receipt for an auditor: where it was committed, and how the log leads there.

The commitment of a receipt is opened by its salt, place and head; the events since the root that it
names lead from a head that stands on Solana to that place. They hold orders of others, so an
opening is kept and reported as a look at resting orders is (I24). What is not here: who may
(`accounts.roles`), and checking it (`godark-verify`).
"""

import uuid
from typing import Any, Final

from django.db import transaction
from django.http import HttpRequest

from accounts.models import User
from accounts.services.audit import record_action
from engine.chain import GENESIS
from godark.errors import Code, Failure
from trading.alerts import raise_alert
from trading.models import AlertKind, Batch, Event, Receipt, ReceiptOpening
from trading.receipts import receipt_view

MOST_EVENTS: Final = 50_000
"""A root comes every 20 s at the latest; beyond this the log is for `manage.py verify_log`."""


def find_receipt(told: Any, /) -> Receipt:
    """Return the receipt that is meant: by itself, by an order that holds it, or by an order's id.

    Raises Failure where the venue has signed none like it.
    """
    if isinstance(told, uuid.UUID):
        found = Receipt.objects.filter(subject_id=str(told)).order_by("pk").first()
        if found is None:
            raise Failure(Code.NOT_FOUND, "No receipt names this order.")
        return found
    view = told.get("receipt", told) if isinstance(told, dict) else {}
    try:
        owner = {
            "account_id": uuid.UUID(view["account_id"]),
            "account_sequence": int(view["account_sequence"]),
        }
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Failure(Code.VALIDATION_ERROR, "This is no receipt.") from None
    found = Receipt.objects.select_related("key").filter(**owner).first()
    if found is None or receipt_view(found) != view:
        raise Failure(Code.NOT_FOUND, "The venue has signed no such receipt.")
    return found


@transaction.atomic
def open_receipt(
    receipt: Receipt, /, *, reason: str, by: User, request: HttpRequest | None = None
) -> dict[str, Any]:
    """Return what `godark-verify --opening` takes, and keep that it was given."""
    since = _since(receipt)
    events = _events(after=since["sequence"], until=receipt.event_sequence)
    opening = ReceiptOpening.objects.create(
        receipt=receipt, opened_by=by, reason=reason, events=len(events)
    )
    record_action(action="open_receipt", request=request, actor=by, target=opening, reason=reason)
    raise_alert(AlertKind.RECEIPT_OPENED, f"number {opening.pk}")
    told: dict[str, Any] = {
        "salt": bytes(receipt.salt).hex(),
        "sequence": receipt.event_sequence,
        "head": bytes(receipt.head).hex(),
    }
    if events:
        told |= {"since": since, "events": events}
    return told


def _since(receipt: Receipt) -> dict[str, Any]:
    """Return the place in the log that the receipt's root stands for; the beginning without one."""
    number = receipt.root_number
    batch = None if number is None else Batch.objects.get(number=number)
    if batch is None:
        return {"root_number": None, "sequence": 0, "head": GENESIS.hex()}
    return {
        "root_number": batch.number,
        "sequence": batch.event_sequence,
        "head": bytes(batch.chain_head).hex(),
    }


def _events(*, after: int, until: int) -> list[str]:
    """Return the payloads of the events between two places; none of too many."""
    if until - after > MOST_EVENTS:
        return []
    rows = Event.objects.filter(sequence__gt=after, sequence__lte=until).order_by("sequence")
    return [bytes(payload).hex() for payload in rows.values_list("payload", flat=True)]
