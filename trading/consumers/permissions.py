"""What a session must be allowed to before a frame of it is done."""

from accounts.models import Permission
from accounts.services.callers import Caller
from godark.errors import Code, Failure
from trading.consumers.session import Session


def caller_with(session: Session, needed: Permission) -> Caller:
    """Return who a session speaks for; refuse strangers, and keys without the permission."""
    caller = session.caller
    if caller is None:
        raise Failure(Code.AUTHENTICATION_FAILED, "Authenticate first, by an auth frame.")
    if needed not in caller.permissions:
        raise Failure(
            Code.PERMISSION_DENIED,
            f"This API key may not {needed.label}: it lacks {needed.value}.",
            extra={"permission": needed.value},
        )
    return caller
