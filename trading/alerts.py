"""Raising an alert: a line in the log, a row for staff, and by the row a metric.

What is not here: who looks at them, and alerts of prices (`trading.services.price_desk`).
"""

from datetime import timedelta
from typing import Any

import psycopg
import structlog
from django.utils import timezone

from trading.models import Alert, AlertKind

log = structlog.get_logger(__name__)

INSERT = "INSERT INTO trading_alert (kind, detail) VALUES (%s, %s)"
LONGEST_DETAIL = 300
ONCE_WITHIN = timedelta(hours=1)


def raise_alert(kind: AlertKind, detail: str, /) -> None:
    """Raise an alert; the detail holds no account's name and nothing of any order."""
    log.critical("alert", alert=kind.value, detail=detail)
    Alert.objects.create(kind=kind, detail=detail[:LONGEST_DETAIL])


def raise_alert_once(kind: AlertKind, detail: str, /) -> bool:
    """Raise an alert unless the same was raised within the last hour; tell whether it was.

    So what lasts is told again each hour, and what comes back after months is told anew.
    """
    since = timezone.now() - ONCE_WITHIN
    same = Alert.objects.filter(kind=kind, detail=detail[:LONGEST_DETAIL], raised_at__gte=since)
    if same.exists():
        return False
    raise_alert(kind, detail)
    return True


def raise_alert_on(
    connection: psycopg.Connection[Any] | psycopg.Cursor[Any], kind: AlertKind, detail: str, /
) -> None:
    """Raise an alert by a connection of the caller's own, in its transaction."""
    log.critical("alert", alert=kind.value, detail=detail)
    connection.execute(INSERT, [kind.value, detail[:LONGEST_DETAIL]])
