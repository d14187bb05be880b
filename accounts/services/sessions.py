"""Who is let in and out: sessions of browsers, and the second factor at the staff's door.

The counting of failures is django-axes' (`accounts.guessing`). The attempts of one e-mail from
one address go one after the other: of many at once, each sees what those before it have failed.
"""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.signals import user_login_failed
from django.db import OperationalError, connection, transaction
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables
from psycopg.errors import LockNotAvailable

from accounts.models import AccountActivity, SecondFactor, StaffAction, TokenFamily, User
from accounts.services.activity import record_activity
from accounts.services.audit import record_action
from accounts.services.families import end_families
from godark import proxies
from godark.errors import Code, Failure

STAFF_SESSION_SECONDS = 12 * 60 * 60
ATTEMPTS_CLASS = 0x0D41D
"""The first half of the locks of attempts (`godark.jobs.locks` has another)."""
PATIENCE_MS = 3000


@sensitive_variables("password")
def authenticated_trader(*, request: HttpRequest, email: str, password: str) -> User | None:
    """Return who an e-mail and a password belong to; unknown people cost one hash too (I78)."""
    with one_attempt_at_a_time(request=request, email=email):
        user = authenticate(request, email=email, password=password)
    return user if isinstance(user, User) else None


@sensitive_variables("password", "code")
def authenticated_staff(
    *, request: HttpRequest, email: str, password: str, code: str
) -> User | None:
    """Return the member of staff whom e-mail, password and code all fit, else record and refuse.

    Nothing tells which of the three was wrong, and each failure counts for the lock (I74).
    """
    with one_attempt_at_a_time(request=request, email=email):
        user = authenticated_trader(request=request, email=email, password=password)
        if user is not None and user.is_staff:
            device = spent_code(user=user, code=code)
            if device is not None:
                user.otp_device = device  # type: ignore[attr-defined]  # how django-otp hands it to log-in
                return user
        if user is not None:  # the password was right, so django-axes has not been told yet
            user_login_failed.send(__name__, credentials={"email": email}, request=request)
        record_action(
            action="log_in",
            request=request,
            actor=User.objects.filter(email=email, is_staff=True).first(),
            outcome=StaffAction.Outcome.REFUSED,
        )
    return None


@contextmanager
def one_attempt_at_a_time(*, request: HttpRequest, email: str) -> Iterator[None]:
    """Hold back every other attempt of this e-mail from this address; a transaction of its own.

    Raises the Failure RATE_LIMIT_EXCEEDED where too many stand before this one.
    """
    pair = f"{proxies.counted_address_of(request)} {email}".encode()
    with transaction.atomic():
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('lock_timeout', %s, true)", [str(PATIENCE_MS)])
                key = [ATTEMPTS_CLASS, zlib.crc32(pair) - 2**31]
                cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", key)
                cursor.execute("SELECT set_config('lock_timeout', '0', true)")
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable):
                raise
            raise Failure(
                Code.RATE_LIMIT_EXCEEDED,
                "Too many attempts at once; try again in a moment.",
                retry_after_seconds=1,
            ) from error
        yield


def spent_code(*, user: User, code: str) -> SecondFactor | None:
    """Use up a code of the user's confirmed device; each serves once, guesses must wait longer.

    Returns the device, None for a wrong code. Only the staff's door hands it to the session: no
    other opens the back office (I74).
    """
    with transaction.atomic():
        devices = SecondFactor.objects.select_for_update().filter(user=user, confirmed=True)
        device: SecondFactor | None = devices.order_by("pk").first()
        return device if device is not None and device.verify_token(code) else None


@transaction.atomic
def open_session(*, request: HttpRequest, user: User) -> None:
    """Log a person in under a new session key; a log-in of staff is recorded and ends sooner."""
    login(request, user)
    request.session.cycle_key()
    record_activity(user=user, kind=AccountActivity.Kind.LOGGED_IN, request=request)
    if user.is_staff:
        request.session.set_expiry(STAFF_SESSION_SECONDS)
        record_action(action="log_in", request=request, actor=user)


@transaction.atomic
def close_session(*, request: HttpRequest) -> None:
    """Log whoever is logged in out, forget the session, and end the tokens of the same log-in."""
    if request.user.is_authenticated and request.user.is_staff:
        record_action(action="log_out", request=request)
    key = request.session.session_key
    if key:
        same = TokenFamily.objects.filter(session_key=key)
        end_families(same, because=TokenFamily.End.LOGGED_OUT)
    if isinstance(request.user, User):
        record_activity(user=request.user, kind=AccountActivity.Kind.LOGGED_OUT, request=request)
    logout(request)
