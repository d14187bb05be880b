"""Telling a simulated source to lie, and to stop: for development only.

The price service looks for them once a second. What is not here: who may (`accounts.roles`).
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from godark.errors import Code, Failure
from prices.adapters.lies import EVERY_SOURCE, LieKind
from trading.models import ToldLie
from trading.selectors.price_sources import conversion_sources, market_sources

LONGEST_SECONDS = 600


@transaction.atomic
def tell_lie(*, source: str, kind: str, name: str, seconds: int, told_by: User) -> ToldLie:
    """Let a simulated source lie for so many seconds; refuse what makes no sense.

    `source` may be all of them; `name` is a symbol or USDT-USD, empty for all.
    """
    refuse_outside_simulation()
    if kind not in set(LieKind):
        raise Failure(Code.VALIDATION_ERROR, "There is no such way to lie.", field="kind")
    sources = source_names(name)
    if not sources:
        raise Failure(Code.NOT_FOUND, "There is no such market.", field="market")
    if source not in sources:
        raise Failure(Code.VALIDATION_ERROR, "There is no such source.", field="source")
    if not 1 <= seconds <= LONGEST_SECONDS:
        raise Failure(
            Code.VALIDATION_ERROR,
            f"A lie lasts from 1 to {LONGEST_SECONDS} seconds.",
            field="seconds",
        )
    now = timezone.now()
    return ToldLie.objects.create(
        source=source,
        kind=kind,
        name=name,
        told_by=told_by,
        told_at=now,
        ends_at=now + timedelta(seconds=seconds),
    )


@transaction.atomic
def end_lies() -> int:
    """Let every source be honest from now on; return how many lies that ends."""
    refuse_outside_simulation()
    now = timezone.now()
    return ToldLie.objects.filter(ends_at__gt=now, told_at__lte=now).update(ends_at=now)


def active_lies(at: datetime) -> list[ToldLie]:
    """Return the lies of a moment, the newest first."""
    told = ToldLie.objects.filter(ends_at__gt=at).select_related("told_by")
    return list(told.order_by("-pk"))


def may_simulate() -> bool:
    """Tell whether sources of this venue can be told to lie at all."""
    return bool(settings.IN_DEVELOPMENT and settings.PRICES["mode"] != "live")


def refuse_outside_simulation() -> None:
    """Refuse where prices are real."""
    if not may_simulate():
        raise Failure(Code.PERMISSION_DENIED, "Only simulated sources can be told to lie.")


def source_names(name: str = "") -> list[str]:
    """Return the sources of a symbol or USDT-USD, without a name of all; last, all at once."""
    names = {
        source.name
        for market in (*market_sources(), conversion_sources())
        for source in (*market.venues, *market.oracles, *market.perpetuals)
        if name in {"", market.market_id}
    }
    return [*sorted(names), EVERY_SOURCE] if names else []
