"""Changing a password by its owner, who knows the old one."""

from django.db import transaction
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from accounts.models import AccountActivity, TokenFamily, User
from accounts.services.activity import record_activity
from accounts.services.log_ins import Tokens, begin_log_in, log_out_everywhere
from accounts.services.sessions import authenticated_trader
from godark.errors import Code, Failure


@sensitive_variables("current", "new")
def change_password(*, request: HttpRequest, user: User, current: str, new: str) -> Tokens:
    """Set a new password after the old one, end every log-in and begin one anew.

    A wrong old password counts as a guess. Raises Failure.
    """
    known = authenticated_trader(request=request, email=user.email, password=current)
    if known is None or known.pk != user.pk:
        raise Failure(
            Code.PERMISSION_DENIED, "The old password is wrong.", field="current_password"
        )
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).only("pk").get(pk=user.pk)
        known.set_password(new)
        known.save(update_fields=["password"])
        log_out_everywhere(user=known, request=request, because=TokenFamily.End.PASSWORD_CHANGED)
        record_activity(user=known, kind=AccountActivity.Kind.PASSWORD_CHANGED, request=request)
        known.refresh_from_db()
        return begin_log_in(request=request, user=known)
