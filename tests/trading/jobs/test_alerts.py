"""Alerts: what lasts is not told each second, and what comes back is told anew."""

from datetime import timedelta

import pytest
from django.utils import timezone

from trading.alerts import ONCE_WITHIN, raise_alert_once
from trading.models import Alert, AlertKind

pytestmark = pytest.mark.django_db


def test_the_same_alert_is_raised_once_an_hour() -> None:
    kind = AlertKind.LIQUIDATION_DISPUTED
    assert raise_alert_once(kind, "BTC: 1 positions")
    assert not raise_alert_once(kind, "BTC: 1 positions")
    assert raise_alert_once(kind, "BTC: 2 positions")
    assert raise_alert_once(AlertKind.LOG_BROKEN, "BTC: 1 positions")
    Alert.objects.update(raised_at=timezone.now() - ONCE_WITHIN - timedelta(seconds=1))
    assert raise_alert_once(kind, "BTC: 1 positions")
    assert Alert.objects.count() == 4
