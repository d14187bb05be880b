"""The pages of the doors: sign-up, log-in, log-out, and the staff's log-in.

What stands on them is in `templates/accounts/`; what happens is in `accounts.services`.
"""

from typing import TypeVar

from axes.decorators import axes_dispatch
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.forms import LogInForm, SignUpForm, StaffLogInForm
from accounts.services.sessions import close_session, open_session
from accounts.services.sign_up import sign_up as make_trader
from godark.doors import limited

AnyLogInForm = TypeVar("AnyLogInForm", bound=LogInForm)

SIGNED_UP = (
    "Thank you. If this address had no account yet, it has one now: log in with the password"
    " that you chose. If it had one, nothing about it has changed."
)


@never_cache
@sensitive_post_parameters("password", "confirm_password")
@require_http_methods(["GET", "HEAD", "POST"])
@limited
def sign_up(request: HttpRequest) -> HttpResponse:
    """Let a person become a trader; the answer is the same for an e-mail that has an account."""
    if request.user.is_authenticated:
        return redirect(settings.LOGIN_REDIRECT_URL)
    form = SignUpForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        make_trader(
            request=request,
            email=form.cleaned_data["email"],
            password=form.cleaned_data["password"],
        )
        messages.success(request, SIGNED_UP)
        return redirect("login")
    return render(request, "accounts/sign_up.html", {"form": form})


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@limited
@axes_dispatch  # type: ignore[untyped-decorator]  # django-axes ships no types
def log_in(request: HttpRequest) -> HttpResponse:
    """Let a person in and lead them where they wanted to go."""
    target = safe_next(request, otherwise=settings.LOGIN_REDIRECT_URL)
    if request.user.is_authenticated:
        return redirect(target)
    form = filled(LogInForm, request=request)
    if form.is_valid() and form.person is not None:
        open_session(request=request, user=form.person)
        return redirect(target)
    return render(request, "accounts/log_in.html", {"form": form, "next": target})


@never_cache
@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
@limited
@axes_dispatch  # type: ignore[untyped-decorator]  # django-axes ships no types
def log_in_staff(request: HttpRequest) -> HttpResponse:
    """Let a member of staff into the back office: e-mail, password and code in one go."""
    target = safe_next(request, otherwise="admin:index")
    form = filled(StaffLogInForm, request=request)
    if form.is_valid() and form.person is not None:
        open_session(request=request, user=form.person)
        return redirect(target)
    return render(request, "accounts/log_in_staff.html", {"form": form, "next": target})


@never_cache
@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    """Log out; only by POST, so that no foreign page can do it."""
    close_session(request=request)
    return redirect(safe_next(request, otherwise=settings.LOGOUT_REDIRECT_URL))


def filled(kind: type[AnyLogInForm], *, request: HttpRequest) -> AnyLogInForm:
    """Return a log-in form with what was posted, or an empty one."""
    return kind(request.POST if request.method == "POST" else None, request=request)


def safe_next(request: HttpRequest, *, otherwise: str) -> str:
    """Return where `next` leads if that is on this site, else the address of a named page."""
    asked = request.POST.get("next") or request.GET.get("next") or ""
    own = url_has_allowed_host_and_scheme(
        asked, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return asked if own else resolve_url(otherwise)
