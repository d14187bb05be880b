"""Log-ins of REST: a pair of tokens and a browser's session, renewed, ended, recognized.

One log-in is one family. Its refresh token serves once; whoever brings a used one, thief or
owner, ends the whole family, since nobody can tell which of the two holds the newer one.
"""

import uuid
from dataclasses import dataclass

from django.contrib.auth.signals import user_login_failed
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from accounts.models import AccountActivity, RefreshToken, SecondFactor, TokenFamily, User
from accounts.services.activity import record_activity
from accounts.services.families import end_families
from accounts.services.sessions import authenticated_trader, open_session, spent_code
from accounts.tokens import (
    ACCESS_FOR,
    access_token,
    digest_of,
    expiry_of_refresh,
    new_refresh_token,
)
from godark.errors import Code, Failure

WRONG = "E-mail or password is wrong."
WRONG_OR_CODE = "E-mail, password or code is wrong, or the code was used before."
CODE_MISSING = "This account has a second factor: send its six digits as otp."
BAD_REFRESH = "The refresh token is not valid, or its log-in has ended. Log in again."


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """What a client holds after a log-in."""

    access_token: str
    refresh_token: str
    expires_in: int
    token_type: str = "Bearer"  # noqa: S105 - the word of RFC 6750


@sensitive_variables("password", "otp")
def log_in(*, request: HttpRequest, email: str, password: str, otp: str = "") -> Tokens:
    """Let a person in by e-mail, password and, where there is a second factor, its code.

    Raises Failure, the same for an unknown e-mail and a wrong password (I78).
    """
    user = authenticated_trader(request=request, email=email, password=password)
    if user is None:
        raise Failure(Code.AUTHENTICATION_FAILED, WRONG)
    if SecondFactor.objects.filter(user=user, confirmed=True).exists():
        check_code(request=request, user=user, otp=otp)
    return begin_log_in(request=request, user=user)


@transaction.atomic
def begin_log_in(*, request: HttpRequest, user: User) -> Tokens:
    """Open a browser's session and a family of tokens for a person who may come in."""
    open_session(request=request, user=user)
    family = TokenFamily.objects.create(user=user, session_key=request.session.session_key or "")
    return new_tokens(family)


@sensitive_variables("otp")
def check_code(*, request: HttpRequest, user: User, otp: str) -> None:
    """Spend a code of the second factor, or refuse; a wrong one counts as a guess."""
    if not otp:
        raise Failure(Code.TWO_FACTOR_REQUIRED, CODE_MISSING, field="otp")
    if not spent_code(user=user, code=otp):
        user_login_failed.send(__name__, credentials={"email": user.email}, request=request)
        raise Failure(Code.AUTHENTICATION_FAILED, WRONG_OR_CODE)


@sensitive_variables("refresh_token")
def renew(*, request: HttpRequest, refresh_token: str) -> Tokens:
    """Return a new pair for an unused refresh token; a used one ends its family. Raises Failure."""
    with transaction.atomic():
        token = locked_token(refresh_token)
        if token is not None and token.used_at is not None:
            end_reused(token.family, request=request)
            token = None
        if token is not None and not is_usable(token):
            token = None
        renewed = None if token is None else exchanged(token)
    # Outside of the transaction: a refusal must not take the end of a family back.
    if renewed is None:
        raise Failure(Code.AUTHENTICATION_FAILED, BAD_REFRESH)
    return renewed


def locked_token(refresh_token: str) -> RefreshToken | None:
    """Return the row of a refresh token with its family, both locked until the end."""
    found = RefreshToken.objects.select_for_update(of=("self", "family"))
    return found.select_related("family__user").filter(digest=digest_of(refresh_token)).first()


def is_usable(token: RefreshToken) -> bool:
    """Tell whether a refresh token still opens something."""
    family = token.family
    return family.ended_at is None and family.user.is_active and token.expires_at > timezone.now()


def exchanged(token: RefreshToken) -> Tokens:
    """Use a token up and return the pair that follows it."""
    token.used_at = timezone.now()
    token.save(update_fields=["used_at"])
    return new_tokens(token.family)


@sensitive_variables("refresh_token")
def new_tokens(family: TokenFamily) -> Tokens:
    """Return the next pair of a family, and keep the refresh token's digest."""
    now, refresh_token = timezone.now(), new_refresh_token()
    RefreshToken.objects.create(
        family=family,
        digest=digest_of(refresh_token),
        issued_at=now,
        expires_at=expiry_of_refresh(now),
    )
    return Tokens(
        access_token=access_token(user_id=family.user_id, family_id=family.pk, now=now),
        refresh_token=refresh_token,
        expires_in=int(ACCESS_FOR.total_seconds()),
    )


def end_reused(family: TokenFamily, *, request: HttpRequest) -> None:
    """End a family of which a used token came again, and write it down once."""
    if end_families(TokenFamily.objects.filter(pk=family.pk), because=TokenFamily.End.REUSED):
        record_activity(user=family.user, kind=AccountActivity.Kind.TOKEN_REUSED, request=request)


@sensitive_variables("refresh_token")
@transaction.atomic
def log_out(
    *, request: HttpRequest, refresh_token: str = "", family_id: uuid.UUID | None = None
) -> bool:
    """End the log-ins that these name, with their browser sessions; say if there was one."""
    token = RefreshToken.objects.filter(digest=digest_of(refresh_token)).first()
    ids = (family_id, token.family_id if token else None)
    named = TokenFamily.objects.filter(pk__in=[one for one in ids if one is not None])
    owners = {family.user_id: family.user for family in named.select_related("user")}
    if end_families(named, because=TokenFamily.End.LOGGED_OUT):
        for user in owners.values():
            record_activity(user=user, kind=AccountActivity.Kind.LOGGED_OUT, request=request)
    return bool(owners)


@transaction.atomic
def log_out_everywhere(
    *,
    user: User,
    request: HttpRequest,
    because: TokenFamily.End = TokenFamily.End.LOGGED_OUT_EVERYWHERE,
) -> None:
    """End every log-in of a person: all families, and all browser sessions with them."""
    User.objects.filter(pk=user.pk).update(session_generation=F("session_generation") + 1)
    end_families(TokenFamily.objects.filter(user=user), because=because)
    if because is TokenFamily.End.LOGGED_OUT_EVERYWHERE:
        record_activity(user=user, kind=AccountActivity.Kind.LOGGED_OUT_EVERYWHERE, request=request)
