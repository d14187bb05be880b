"""Who asks: recognized once per request, before anything is counted, and believed from then on.

Limits belong to accounts, so the caller must be known before the bucket is chosen; a claim that
is not proved must not empty somebody else's. So the whole proof (token, or signature and replay)
is made here, its outcome stands on the request, and REST's authentication reads it
(`accounts.api.authentication`). Whoever fails is counted by address.
"""

import copy
import dataclasses
from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.db import Error as DatabaseAway
from django.http import HttpRequest, HttpResponseBase, UnreadablePostError

from accounts.models import User
from accounts.services.api_keys import known_keys
from accounts.services.audit import address_of
from accounts.services.callers import Caller, Credentials
from accounts.services.families import StandingLogIn, standing_log_ins
from accounts.services.replays import replays
from accounts.services.signed_requests import (
    Claim,
    KnownKey,
    check_claim,
    claim_of_headers,
    refuse_stale,
)
from accounts.services.tiers import tiers
from accounts.tokens import AccessClaims, BadTokenError, read_access_token
from godark.counting import EXEMPT_PATHS, is_cancel
from godark.error_pages import API_PREFIX
from godark.errors import Code, Failure, failure_of
from godark.limits import Tier
from godark.proxies import NO_ADDRESS

BEARER = "bearer "
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
BAD_TOKEN = "The access token is not valid, or its time is over."  # noqa: S105 - a sentence
BOTH = "Send an access token or a signature, not both."

Found = Caller | Failure | None
"""Who it is; why the credentials that were shown open nothing; nobody in particular."""


class RecognitionMiddleware:
    """Puts `caller` (see `Found`) and `limits_subject` on every request to the API."""

    async_capable = True
    sync_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        """Recognize, then ask further in."""
        if self.is_async:
            return self._pass_async(request)
        if concerns(request):
            remember(request, recognized(request))
        return self.get_response(request)

    async def _pass_async(self, request: HttpRequest) -> HttpResponseBase:
        if concerns(request):
            remember(request, await recognized_async(request))
        response: HttpResponseBase = await self.get_response(request)
        return response


def concerns(request: HttpRequest) -> bool:
    """Tell whether it matters who asks: not for pages, nor where the database is not asked."""
    return request.path.startswith(API_PREFIX) and request.path not in EXEMPT_PATHS


def remember(request: HttpRequest, found: Found) -> None:
    """Put on the request what was found."""
    request.caller = found  # type: ignore[attr-defined]  # read by `caller_of`
    if isinstance(found, Caller):
        request.limits_subject = found.subject  # type: ignore[attr-defined]  # read by the counting


def caller_of(request: HttpRequest) -> Found:
    """Return what the middleware found."""
    found: Found = getattr(request, "caller", None)
    return found


def recognized(request: HttpRequest) -> Found:
    """Return who asks, without an event loop."""
    try:
        claim, token = shown(request)
        if claim is not None:
            caller = proved(claim, known_keys.get(claim.api_key), request)
            replays.refuse_repeated(
                api_key=claim.api_key,
                signature=claim.signature,
                is_harmless=is_harmless(request),
            )
            return caller
        if token is not None:
            return logged_in(token, standing_log_ins.get(token.family_id))
        user = request.user
        return by_session(user, tiers.get(user.pk)) if isinstance(user, User) else None
    except Exception as error:  # noqa: BLE001 - what nobody expects is raised again there
        return failure_or_raise(error)


async def recognized_async(request: HttpRequest) -> Found:
    """Do the same on the event loop; only what is not remembered asks the database."""
    try:
        claim, token = shown(request)
        if claim is not None:
            caller = proved(claim, await known_keys.get_async(claim.api_key), request)
            await replays.refuse_repeated_async(
                api_key=claim.api_key,
                signature=claim.signature,
                is_harmless=is_harmless(request),
            )
            return caller
        if token is not None:
            return logged_in(token, await standing_log_ins.get_async(token.family_id))
        user = await request.auser()
        if not isinstance(user, User):
            return None
        return by_session(user, await tiers.get_async(user.pk))
    except Exception as error:  # noqa: BLE001 - what nobody expects is raised again there
        return failure_or_raise(error)


def shown(request: HttpRequest) -> tuple[Claim | None, AccessClaims | None]:
    """Return the credentials in the headers: of an API key, or of a token, or none. Raises."""
    claim = claim_of_headers(request.headers)
    stated = request.headers.get("Authorization", "")
    if not stated.lower().startswith(BEARER):
        if claim is not None:
            refuse_stale(claim)
        return claim, None
    if claim is not None:
        raise Failure(Code.AUTHENTICATION_FAILED, BOTH)
    try:
        return None, read_access_token(stated[len(BEARER) :].strip())
    except BadTokenError as error:
        raise Failure(Code.AUTHENTICATION_FAILED, BAD_TOKEN) from error


def proved(claim: Claim, known: KnownKey | None, request: HttpRequest) -> Caller:
    """Return who signed a request. Raises Failure."""
    return with_own_user(
        check_claim(
            claim,
            known,
            method=request.method or "",
            path_with_query=raw_path_of(request),
            body=body_of(request),
            address=address_of(request) or NO_ADDRESS,
        )
    )


def raw_path_of(request: HttpRequest) -> str:
    """Return path and query as they were sent.

    A server without ASGI tells only the decoded path; there it is encoded again.
    """
    raw: bytes | None = getattr(request, "scope", {}).get("raw_path")
    if raw is None:
        return request.get_full_path()
    query = request.META.get("QUERY_STRING", "")
    return raw.decode("ascii", "replace") + (f"?{query}" if query else "")


def body_of(request: HttpRequest) -> bytes:
    """Return the body as it was sent; Failure for one that is refused anyway."""
    length = request.headers.get("Content-Length") or "0"
    if "Transfer-Encoding" in request.headers:
        raise Failure(Code.VALIDATION_ERROR, "Send the body whole, with its Content-Length.")
    if not (length.isascii() and length.isdigit()) or int(length[:19]) > settings.MAX_BODY_BYTES:
        raise Failure(
            Code.PAYLOAD_TOO_LARGE,
            f"The body may hold at most {settings.MAX_BODY_BYTES} bytes.",
            extra={"limit_bytes": settings.MAX_BODY_BYTES},
        )
    return request.body


def is_harmless(request: HttpRequest) -> bool:
    """Tell whether the request may come twice: it reads, or cancels."""
    return request.method in SAFE or is_cancel(request)


def logged_in(token: AccessClaims, standing: StandingLogIn | None) -> Caller:
    """Return whose access token it is. Raises Failure."""
    if standing is None or standing.user.pk != token.user_id:
        raise Failure(Code.AUTHENTICATION_FAILED, BAD_TOKEN)
    return with_own_user(
        Caller(
            user=standing.user,
            by=Credentials.ACCESS_TOKEN,
            tier=standing.tier,
            family_id=token.family_id,
        )
    )


def by_session(user: User, tier: Tier | None) -> Caller:
    """Return who a browser's session belongs to."""
    return Caller(user=user, by=Credentials.SESSION, tier=tier or Tier.FREE)


def with_own_user(caller: Caller) -> Caller:
    """Return the caller with a copy of the remembered user: what a view does to it stays there."""
    return dataclasses.replace(caller, user=copy.copy(caller.user))


def failure_or_raise(error: Exception) -> Failure:
    """Return what an expected exception is told as; raise any other."""
    if isinstance(error, UnreadablePostError):
        return Failure(Code.VALIDATION_ERROR, "The body of the request did not arrive whole.")
    failure = failure_of(error) if isinstance(error, Failure | DatabaseAway) else None
    if failure is None:
        raise error
    return failure
