"""People as tests of the site need them."""

from typing import Any

from django.test import Client
from django_otp.plugins.otp_static.models import StaticDevice


def log_in_with_second_factor(client: Client, staff: Any) -> None:
    """Log somebody in who has just shown a second factor."""
    device = StaticDevice.objects.create(user=staff, name="test", confirmed=True)
    client.force_login(staff, backend="django.contrib.auth.backends.ModelBackend")
    session = client.session
    session["otp_device_id"] = device.persistent_id
    session.save()
