"""How guesses at the doors are counted, for django-axes, and what a locked door answers.

Five failures of one e-mail from one address lock the pair for fifteen minutes: a stranger
elsewhere can lock nobody out. Twenty from one address, whatever the e-mails, lock that address;
at the traders' door, where no second factor stands behind the password, a hundred at one e-mail,
wherever they come from, lock that e-mail. Neither of the two wider locks binds a familiar pair,
one that has come in by this door before: what strangers do there shuts nobody's own way in.
Neither door counts for the other. All of it is the same for e-mails that nobody has (I78).
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt, AccessLog
from django.conf import settings
from django.db.models import Q, Sum
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from godark.error_pages import answer
from godark.errors import Code, Failure

LONGEST_EMAIL = 254
STAFFS_DOOR = "back office: "
"""Stands before the e-mail under which a guess at the staff's door is counted."""
FAILURES_PER_ADDRESS = 20
FAILURES_PER_EMAIL = 100
FAMILIAR_FOR = timedelta(days=90)


class GuessCounter(AxesDatabaseHandler):  # type: ignore[misc]  # django-axes ships no types
    """Counts pairs as django-axes does, and addresses and e-mails by themselves."""

    def get_failures(
        self, request: HttpRequest, credentials: Mapping[str, Any] | None = None
    ) -> int:
        """Return the failures that count here; as many as lock where a wider lock holds."""
        failures = int(super().get_failures(request, credentials))
        limit = int(settings.AXES_FAILURE_LIMIT)
        name = name_of_attempt(request, credentials)
        if failures >= limit or not is_used_up(request, name=name):
            return failures
        return failures if is_familiar(request, name=name) else limit


def is_used_up(request: Any, *, name: str) -> bool:
    """Tell whether the address, or at the traders' door the e-mail, has failed too often."""
    if failures_of(request, ip_address=request.axes_ip_address) >= FAILURES_PER_ADDRESS:
        return True
    return not is_staffs_door(request) and failures_of(request, username=name) >= FAILURES_PER_EMAIL


def failures_of(request: HttpRequest, **columns: str) -> int:
    """Return how many failures with these columns the request's door saw within the window."""
    door = Q(username__startswith=STAFFS_DOOR)
    recent = AccessAttempt.objects.filter(
        door if is_staffs_door(request) else ~door,
        attempt_time__gte=timezone.now() - settings.AXES_COOLOFF_TIME,
        **columns,
    )
    return int(recent.aggregate(total=Sum("failures_since_start"))["total"] or 0)


def is_familiar(request: Any, *, name: str) -> bool:
    """Tell whether this e-mail came in by this door from this address not long ago."""
    door = Q(path_info=reverse("admin:login"))
    return bool(
        AccessLog.objects.filter(
            door if is_staffs_door(request) else ~door,
            username=name.removeprefix(STAFFS_DOOR),
            ip_address=request.axes_ip_address,
            attempt_time__gte=timezone.now() - FAMILIAR_FOR,
        ).exists()
    )


def is_staffs_door(attempt: Any) -> bool:
    """Tell whether a request, or a row of an attempt, was made at the staff's door."""
    return bool(attempt.path_info == reverse("admin:login"))


def name_of_attempt(request: HttpRequest, credentials: Mapping[str, Any] | None) -> str:
    """Return what an attempt is counted under: door and e-mail, as far as a column can hold it."""
    given = credentials or request.POST
    typed = str(given.get("email") or given.get("username") or "")
    email = typed.replace("\x00", "").strip().lower()[:LONGEST_EMAIL]
    return f"{STAFFS_DOOR}{email}"[:255] if is_staffs_door(request) else email


def answer_locked_out(
    request: HttpRequest, response: HttpResponse | None = None, credentials: Any = None
) -> HttpResponse:
    """Answer 429 and for how long; it is the same whether the e-mail exists (I78)."""
    del response, credentials
    wait_seconds = int(settings.AXES_COOLOFF_TIME.total_seconds())
    return answer(
        request,
        Failure(
            Code.RATE_LIMIT_EXCEEDED,
            f"Too many failed attempts. Try again in {wait_seconds // 60} minutes.",
            retry_after_seconds=wait_seconds,
        ),
    )
