"""What django-axes asks us about a log-in attempt: whose it was, what locks, what to answer.

Five failures within fifteen minutes lock for fifteen. At the traders' door they are counted per
e-mail and address together, so that nobody can lock another out; at the staff's door per e-mail
and per address, each by itself, so that neither many addresses nor many e-mails help a guesser.
"""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from godark.error_pages import answer
from godark.errors import Code, Failure

LONGEST_EMAIL = 254
TRADERS_DOOR = [["username", "ip_address"]]
STAFFS_DOOR = ["username", "ip_address"]


def email_of_attempt(request: HttpRequest, credentials: Mapping[str, Any] | None) -> str:
    """Return what an attempt is counted under: the e-mail typed, as far as a column can hold it."""
    given = credentials or request.POST
    typed = str(given.get("email") or given.get("username") or "")
    return typed.replace("\x00", "").strip().lower()[:LONGEST_EMAIL]


def locked_by(attempt: Any, credentials: Mapping[str, Any] | None) -> list[Any]:
    """Return what is counted at the door where an attempt (request or row) was made."""
    del credentials
    path = getattr(attempt, "path_info", "")
    return STAFFS_DOOR if path == reverse("admin:login") else TRADERS_DOOR


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
