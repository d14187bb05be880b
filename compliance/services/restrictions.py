"""Freezing an account and letting it free again; the gate reads what stands."""

import uuid

from django.db import DatabaseError, transaction
from django.http import HttpRequest

from accounts.models import User
from accounts.services.audit import record_action
from accounts.short_memory import ShortMemory
from compliance.models import AccountRestriction

EVERYBODY = "everybody who is frozen"


class UnchangedError(Exception):
    """The account is what it was to become; the message says so."""


@transaction.atomic
def restrict(
    *,
    account: User,
    action: AccountRestriction.Action,
    reason: str,
    by: User | None = None,
    request: HttpRequest | None = None,
) -> AccountRestriction:
    """Freeze or unfreeze an account, for a reason, with a row in the audit log (I75).

    It holds at the doors within five seconds. Raises UnchangedError.
    """
    User.objects.select_for_update(no_key=True).only("pk").get(pk=account.pk)
    is_frozen = account.pk in load_frozen()
    if is_frozen is (action is AccountRestriction.Action.FREEZE):
        raise UnchangedError(f"This account is {'frozen already' if is_frozen else 'not frozen'}.")
    row = AccountRestriction.objects.create(
        account_id=account.pk, action=action, reason=reason, by=by
    )
    record_action(
        action=action.value.lower(), request=request, actor=by, target=account, reason=reason
    )
    transaction.on_commit(lambda: frozen.forget(EVERYBODY))
    return row


def load_frozen(of: str = EVERYBODY) -> frozenset[uuid.UUID]:
    """Return the accounts whose newest restriction is a freeze."""
    del of
    newest = AccountRestriction.objects.order_by("account_id", "-id").distinct("account_id")
    return frozenset(
        account_id
        for account_id, action in newest.values_list("account_id", "action")
        if action == AccountRestriction.Action.FREEZE
    )


frozen: ShortMemory[str, frozenset[uuid.UUID]] = ShortMemory(load_frozen, most=1)


class UncertainError(Exception):
    """Whether an account is frozen cannot be told just now."""


def is_frozen(account_id: uuid.UUID) -> bool:
    """Tell whether an account is frozen; UncertainError where the database does not answer."""
    try:
        return account_id in (frozen.get(EVERYBODY) or ())
    except DatabaseError as error:
        raise UncertainError from error


async def is_frozen_async(account_id: uuid.UUID) -> bool:
    """Do the same on the event loop."""
    try:
        return account_id in (await frozen.get_async(EVERYBODY) or ())
    except DatabaseError as error:
        raise UncertainError from error
