"""How a person becomes a trader."""

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from accounts.gatekeeper import gate
from accounts.models import AccountActivity, User
from accounts.services.activity import record_activity
from accounts.services.audit import address_of

TERMS_VERSION = "1"


@sensitive_variables("password")
def sign_up(*, request: HttpRequest, email: str, password: str, referral_code: str = "") -> None:
    """Make a trader who has agreed to the terms, unless the e-mail has an account (I78).

    Nothing tells which: both ways cost one hash and the same statements, the last of which
    writes a row (of a taken e-mail, the owner reads that somebody tried). Who owns the address
    is settled by the verification link that will stand between here and the first log-in.
    Raises Failure where the gate refuses.
    """
    refusal = gate().may_sign_up(address=address_of(request))
    if refusal is not None:
        raise refusal.failure
    newcomer = User(
        email=email,
        password=make_password(password),
        terms_version=TERMS_VERSION,
        terms_agreed_at=timezone.now(),
        referral_code=referral_code,
    )
    with transaction.atomic():
        User.objects.bulk_create([newcomer], ignore_conflicts=True)
        owner = User.objects.only("pk").get(email=email)
        kinds = AccountActivity.Kind
        record_activity(
            user=owner,
            kind=kinds.SIGNED_UP if owner.pk == newcomer.pk else kinds.SIGN_UP_REPEATED,
            request=request,
        )
