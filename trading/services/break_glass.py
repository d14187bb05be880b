"""Looking at resting orders: leave for a quarter of an hour, with a reason; each look is kept.

An opening is a row, a line of the audit log and an alert, so that it is reported by itself; a look
is a row and a line of the audit log, in one transaction with reading. What is not here: who may
(`accounts.roles`).
"""

import uuid
from datetime import timedelta
from typing import Final

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from accounts.services.audit import record_action, record_look
from trading.alerts import raise_alert
from trading.models import AlertKind, BrokenGlass, GlassLook, Market
from trading.selectors.resting_orders import OrderPlace, RestingPage, resting_orders

LASTS: Final = timedelta(minutes=15)


@transaction.atomic
def break_glass(
    *,
    by: User,
    reason: str,
    account_id: uuid.UUID | None = None,
    market: Market | None = None,
    request: HttpRequest | None = None,
) -> BrokenGlass:
    """Let somebody look at the resting orders of an account or a market, for a reason."""
    now = timezone.now()
    glass = BrokenGlass.objects.create(
        opened_by=by,
        account_id=account_id,
        market=market,
        reason=reason,
        opened_at=now,
        ends_at=now + LASTS,
    )
    record_action(action="break_glass", request=request, actor=by, target=glass, reason=reason)
    raise_alert(AlertKind.GLASS_BROKEN, f"number {glass.pk}")
    return glass


@transaction.atomic
def look_through(
    glass: BrokenGlass,
    /,
    *,
    by: User,
    after: OrderPlace | None = None,
    request: HttpRequest | None = None,
) -> RestingPage:
    """Return a page of what rests, and keep that it was looked at.

    Each page is a look of its own; only who broke the glass looks, and in its time.
    """
    if glass.opened_by_id != by.pk or glass.ends_at <= timezone.now():
        raise PermissionDenied
    found = resting_orders(account_id=glass.account_id, market=glass.market, after=after)
    GlassLook.objects.create(glass=glass, orders=len(found.orders))
    if request is not None:
        record_look(request=request, target=glass, reason=glass.reason)
    return found
