"""The one writer of the audit log of staff actions.

Who reads it: the back office (`accounts.admin`). Traders' own activity is not kept here.
"""

import ipaddress
from collections.abc import Mapping
from typing import Any

from django.db import models, transaction
from django.http import HttpRequest

from accounts.models import StaffAction, User


def record_action(
    *,
    action: str,
    request: HttpRequest | None = None,
    actor: User | None = None,
    target: models.Model | None = None,
    object_type: str = "",
    changes: Mapping[str, Any] | None = None,
    outcome: StaffAction.Outcome = StaffAction.Outcome.DONE,
    reason: str = "",
) -> StaffAction:
    """Append a staff action, inside the transaction of what it tells (I75).

    The actor defaults to the request's user; without a request the action came from the console.
    `changes` maps a field to [from, to], or names the many objects (of `object_type`) concerned.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError(
            "A staff action is recorded in the transaction of the action itself."
        )
    who = actor or user_of(request)
    return StaffAction.objects.create(
        action=action,
        outcome=outcome,
        actor=who,
        actor_email=who.email if who else "",
        actor_roles=roles_of(who) if who else [],
        object_type=target._meta.label_lower if target else object_type,
        object_id=str(target.pk) if target else "",
        object_name=name_of(target) if target else "",
        changes=dict(changes or {}),
        reason=reason,
        request_id=str(getattr(request, "request_id", "")),
        address=address_of(request),
    )


def record_look(*, request: HttpRequest, target: models.Model, reason: str = "") -> StaffAction:
    """Append that a member of staff opened something sensitive."""
    return record_action(action="look", request=request, target=target, reason=reason)


def user_of(request: HttpRequest | None) -> User | None:
    """Return the person behind a request, if one is logged in."""
    user = getattr(request, "user", None)
    return user if isinstance(user, User) else None


def roles_of(user: User) -> list[str]:
    """Return the names of a person's roles, sorted."""
    return sorted(user.groups.values_list("name", flat=True))


def name_of(target: models.Model) -> str:
    """Return what to call an object in the log; a trader has no name there."""
    if isinstance(target, User):
        return target.email if target.is_staff else ""
    owner = getattr(target, "user", None)
    if isinstance(owner, User):
        return f"{target._meta.verbose_name} of {name_of(owner) or owner.pk}"
    return str(target)[:200]


def address_of(request: HttpRequest | None) -> str | None:
    """Return the client's address, as the middleware derived it; a Unix socket gives none."""
    known = getattr(request, "client_address", "") or getattr(request, "META", {}).get(
        "REMOTE_ADDR"
    )
    try:
        return str(ipaddress.ip_address(known or ""))
    except ValueError:
        return None
