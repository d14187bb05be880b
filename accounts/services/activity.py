"""The one writer of an account's activity."""

from django.http import HttpRequest

from accounts.models import AccountActivity, User
from accounts.services.audit import address_of

LONGEST_DEVICE = 200


def record_activity(
    *,
    user: User,
    kind: AccountActivity.Kind,
    request: HttpRequest | None = None,
    detail: str = "",
) -> AccountActivity:
    """Write down what happened to an account, from which address and on which device."""
    return AccountActivity.objects.create(
        user=user,
        kind=kind,
        address=address_of(request),
        device=device_of(request),
        detail=detail[:100],
    )


def device_of(request: HttpRequest | None) -> str:
    """Return what the client says it is, as far as it can be printed."""
    said = "" if request is None else request.META.get("HTTP_USER_AGENT", "")
    return "".join(letter for letter in said if letter.isprintable())[:LONGEST_DEVICE]
