"""Who a socket speaks for, and whether that still holds.

A socket is asked once and lives for hours, so what it was let in by is looked at again every few
seconds, all sockets of a process at once: a key that is deleted, a session that is ended and an
account that is closed take their sockets with them. What is not here: the frames.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.models import Session
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import ApiKey, User
from accounts.services.api_keys import known_keys
from accounts.services.callers import Caller, Credentials
from accounts.services.replays import replays
from accounts.services.signed_requests import check_claim, claim_of, refuse_stale
from accounts.services.tiers import tiers
from accounts.signatures import DEFAULT_WINDOW_MS
from godark.errors import Code, Failure
from godark.limits import Tier

METHOD: Final = "GET"
PATH: Final = "/v1/ws"
CLAIMED: Final = ("api_key", "timestamp", "signature", "passphrase")


@dataclass(frozen=True, kw_only=True, eq=False)
class Admitted:
    """Who a socket speaks for, and the credential that this stands on."""

    caller: Caller
    api_key: str = ""
    session_key: str = ""


async def admitted_by_frame(frame: Mapping[str, Any], *, address: str) -> Admitted:
    """Return who signed an `auth` frame; Failure for anything wrong with it."""
    given = {name: _text(frame, name) for name in CLAIMED}
    window = _text(frame, "recv_window", otherwise=str(DEFAULT_WINDOW_MS))
    claim = claim_of(**given, window=window)
    refuse_stale(claim)
    known = await known_keys.get_async(claim.api_key)
    caller = check_claim(
        claim, known, method=METHOD, path_with_query=PATH, body=b"", address=address
    )
    await replays.refuse_repeated_async(
        api_key=claim.api_key, signature=claim.signature, is_harmless=False
    )
    return Admitted(caller=caller, api_key=claim.api_key)


def _text(frame: Mapping[str, Any], name: str, *, otherwise: str | None = None) -> str:
    """Return a field that is a string, or a whole number written as one."""
    value = frame.get(name, otherwise)
    if isinstance(value, str) and value:
        return value
    if type(value) is int:
        return str(value)
    raise Failure(Code.AUTHENTICATION_FAILED, f"An auth frame carries {name}.", field=name)


def admitted_by_cookie(session_key: str) -> Admitted | None:
    """Return whose browser this is, by a query; None for a session that is nobody's."""
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user = get_user(request)
    if not isinstance(user, User):
        return None
    tier = tiers.get(user.pk) or Tier.FREE
    caller = Caller(user=user, by=Credentials.SESSION, tier=tier)
    return Admitted(caller=caller, session_key=session_key)


def no_longer_standing(admitted: Collection[Admitted]) -> set[Admitted]:
    """Return which of these hold no longer, by two queries."""
    keys = {one.api_key for one in admitted if one.api_key}
    sessions = {one.session_key for one in admitted if one.session_key}
    now = timezone.now()
    standing_keys = set(
        ApiKey.objects.filter(api_key__in=keys, deleted_at__isnull=True, user__is_active=True)
        .filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now))
        .values_list("api_key", flat=True)
    )
    standing_sessions = set(
        Session.objects.filter(session_key__in=sessions, expire_date__gt=now).values_list(
            "session_key", flat=True
        )
    )
    owners = {one.caller.account_id for one in admitted}
    active = set(User.objects.filter(pk__in=owners, is_active=True).values_list("pk", flat=True))
    return {
        one
        for one in admitted
        if one.caller.account_id not in active
        or (one.api_key and one.api_key not in standing_keys)
        or (one.session_key and one.session_key not in standing_sessions)
    }
