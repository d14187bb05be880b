"""Who is let in and out: sessions of browsers, and the second factor at the staff's door.

The counting of failures is django-axes' (`accounts.guessing`).
"""

from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.signals import user_login_failed
from django.db import transaction
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import StaffAction, User
from accounts.services.audit import record_action

STAFF_SESSION_SECONDS = 12 * 60 * 60


@sensitive_variables("password")
def authenticated_trader(*, request: HttpRequest, email: str, password: str) -> User | None:
    """Return who an e-mail and a password belong to; unknown people cost one hash too (I78)."""
    user = authenticate(request, email=email, password=password)
    return user if isinstance(user, User) else None


@sensitive_variables("password", "code")
def authenticated_staff(
    *, request: HttpRequest, email: str, password: str, code: str
) -> User | None:
    """Return the member of staff whom e-mail, password and code all fit, else record and refuse.

    Nothing tells which of the three was wrong, and each failure counts for the lock (I74).
    """
    user = authenticated_trader(request=request, email=email, password=password)
    if user is not None and user.is_staff and spent_code(user=user, code=code):
        return user
    if user is not None:  # the password was right, so django-axes has not been told yet
        user_login_failed.send(__name__, credentials={"email": email}, request=request)
    with transaction.atomic():
        record_action(
            action="log_in",
            request=request,
            actor=User.objects.filter(email=email, is_staff=True).first(),
            outcome=StaffAction.Outcome.REFUSED,
        )
    return None


def spent_code(*, user: User, code: str) -> bool:
    """Use up a code of the user's confirmed device; each serves once, guesses must wait longer."""
    with transaction.atomic():
        devices = TOTPDevice.objects.select_for_update().filter(user=user, confirmed=True)
        device = devices.order_by("pk").first()
        if device is None or not device.verify_token(code):
            return False
    user.otp_device = device  # type: ignore[attr-defined]  # how django-otp hands it to log-in
    return True


@transaction.atomic
def open_session(*, request: HttpRequest, user: User) -> None:
    """Log a person in under a new session key; a log-in of staff is recorded and ends sooner."""
    login(request, user)
    request.session.cycle_key()
    if user.is_staff:
        request.session.set_expiry(STAFF_SESSION_SECONDS)
        record_action(action="log_in", request=request, actor=user)


@transaction.atomic
def close_session(*, request: HttpRequest) -> None:
    """Log whoever is logged in out, and forget the session."""
    if request.user.is_authenticated and request.user.is_staff:
        record_action(action="log_out", request=request)
    logout(request)
