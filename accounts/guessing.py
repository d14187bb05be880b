"""How guesses at the doors are counted, for django-axes, and what a locked door answers.

Five failures lock for fifteen minutes. At the traders' door they are counted per e-mail and
address together, so that nobody can lock another out. At the staff's door they are counted per
e-mail, wherever they come from; and twenty from one address, whatever the e-mails, lock it too.
Neither door counts for the other.
"""

from collections.abc import Mapping
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from godark.error_pages import answer
from godark.errors import Code, Failure

LONGEST_EMAIL = 254
STAFFS_DOOR = "back office: "
"""Stands before the e-mail under which a guess at the staff's door is counted."""
FAILURES_PER_ADDRESS = 20


class GuessCounter(AxesDatabaseHandler):  # type: ignore[misc]  # django-axes ships no types
    """Counts as django-axes does, and by address alone at the staff's door."""

    def get_failures(
        self, request: HttpRequest, credentials: Mapping[str, Any] | None = None
    ) -> int:
        """Return the failures that count here; as many as lock where an address is used up."""
        failures = int(super().get_failures(request, credentials))
        if is_staffs_door(request) and failures_of_address(request) >= FAILURES_PER_ADDRESS:
            return max(failures, int(settings.AXES_FAILURE_LIMIT))
        return failures


def failures_of_address(request: Any) -> int:
    """Return how often the request's address failed at the staff's door within the window."""
    recent = AccessAttempt.objects.filter(
        username__startswith=STAFFS_DOOR,
        ip_address=request.axes_ip_address,
        attempt_time__gte=timezone.now() - settings.AXES_COOLOFF_TIME,
    )
    return int(recent.aggregate(total=Sum("failures_since_start"))["total"] or 0)


def is_staffs_door(attempt: Any) -> bool:
    """Tell whether a request, or a row of an attempt, was made at the staff's door."""
    return bool(attempt.path_info == reverse("admin:login"))


def name_of_attempt(request: HttpRequest, credentials: Mapping[str, Any] | None) -> str:
    """Return what an attempt is counted under: door and e-mail, as far as a column can hold it."""
    given = credentials or request.POST
    typed = str(given.get("email") or given.get("username") or "")
    email = typed.replace("\x00", "").strip().lower()[:LONGEST_EMAIL]
    return f"{STAFFS_DOOR}{email}"[:255] if is_staffs_door(request) else email


def locked_by(attempt: Any, credentials: Mapping[str, Any] | None) -> list[Any]:
    """Return which columns of an attempt are counted together at its door."""
    del credentials
    return ["username"] if is_staffs_door(attempt) else [["username", "ip_address"]]


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
