"""Raising an alert: a line in the log, a row for staff, and by the row a metric.

What is not here: who looks at them, and alerts of prices (`trading.services.price_desk`).
"""

from typing import Any

import psycopg
import structlog

from trading.models import Alert, AlertKind

log = structlog.get_logger(__name__)

INSERT = "INSERT INTO trading_alert (kind, detail) VALUES (%s, %s)"
LONGEST_DETAIL = 300


def raise_alert(kind: AlertKind, detail: str, /) -> None:
    """Raise an alert; the detail holds no account's name and nothing of any order."""
    log.critical("alert", alert=kind.value, detail=detail)
    Alert.objects.create(kind=kind, detail=detail[:LONGEST_DETAIL])


def raise_alert_once(kind: AlertKind, detail: str, /) -> bool:
    """Raise an alert that nobody has raised with this detail before; tell whether it is new."""
    if Alert.objects.filter(kind=kind, detail=detail[:LONGEST_DETAIL]).exists():
        return False
    raise_alert(kind, detail)
    return True


def raise_alert_on(connection: psycopg.Connection[Any], kind: AlertKind, detail: str, /) -> None:
    """Raise an alert by a connection of the caller's own, in its transaction."""
    log.critical("alert", alert=kind.value, detail=detail)
    connection.execute(INSERT, [kind.value, detail[:LONGEST_DETAIL]])
