"""Housekeeping of people's rows."""

from datetime import timedelta

from django.utils import timezone

from accounts.models import TokenFamily
from godark.jobs import job

KEPT_DAYS = 30


@job(at_most_seconds=300)
def trim_log_ins() -> None:
    """Delete the log-ins whose last refresh token ended 30 days ago, with their tokens."""
    long_ago = timezone.now() - timedelta(days=KEPT_DAYS)
    living = TokenFamily.objects.filter(tokens__expires_at__gte=long_ago)
    TokenFamily.objects.exclude(pk__in=living.values("pk")).filter(started_at__lt=long_ago).delete()
