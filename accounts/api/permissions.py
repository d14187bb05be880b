"""What a caller must be allowed to: name one of these in a view's `permission_classes`.

Each answers from `request.auth` alone, so it may be asked on the event loop. People in person,
by access token or session, may do everything with their own account.
"""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.models import Permission
from accounts.services.callers import Caller, Credentials
from godark.errors import Code, Failure


class IsCaller(BasePermission):
    """Anybody with an account, however recognized; `needs` of API keys."""

    needs: Permission | None = None

    def has_permission(self, request: Request, view: Any) -> bool:
        """Tell whether the caller may; a key without the permission is told which it lacks."""
        del view
        caller = request.auth
        if not isinstance(caller, Caller):
            return False
        if self.needs is not None and self.needs not in caller.permissions:
            raise Failure(
                Code.PERMISSION_DENIED,
                f"This API key may not {self.needs.label}: it lacks {self.needs.value}.",
                extra={"permission": self.needs.value},
            )
        return True


class MayRead(IsCaller):
    """Whoever may see the account's orders, positions and money."""

    needs = Permission.READ


class MayTrade(IsCaller):
    """Whoever may place, amend and cancel orders."""

    needs = Permission.TRADE


class MayWithdraw(IsCaller):
    """Whoever may take money out, to the linked wallet."""

    needs = Permission.WITHDRAW


class MayReadOrTrade(IsCaller):
    """READ for what only looks, TRADE for the rest of one address."""

    writes: type[IsCaller] = MayTrade

    def has_permission(self, request: Request, view: Any) -> bool:
        """Ask for the permission that the method needs."""
        only_looks = request.method in {"GET", "HEAD", "OPTIONS"}
        return (MayRead if only_looks else self.writes)().has_permission(request, view)


class MayReadOrWithdraw(MayReadOrTrade):
    """READ for what only looks, WITHDRAW for what moves money between vault and wallet."""

    writes = MayWithdraw


class IsPerson(IsCaller):
    """The person, never an API key: what changes the account's own doors."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Tell whether a person asks."""
        if not super().has_permission(request, view):
            return False
        caller: Any = request.auth
        if caller.by is Credentials.API_KEY:
            raise Failure(Code.PERMISSION_DENIED, "Log in for this: an API key does not open it.")
        return True
