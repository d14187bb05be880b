"""Errors: what the venue said no to, and what the network broke.

Every refusal carries the stable `code`, a sentence, the `field` it is about and the numbers that
were broken (`extra`). Catch the class for the kind, compare `code` for the very reason.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from godark_client.models.orders import Order


class GoDarkError(Exception):
    """Everything that this library raises beside ValueError and TypeError."""


class TransportError(GoDarkError):
    """No answer, or none that can be read: the request may or may not have acted."""


class DisconnectedError(TransportError):
    """The socket is gone; what it had not answered may or may not have acted."""


class ApiError(GoDarkError):
    """The venue refused; nothing changed."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        field: str | None = None,
        extra: Mapping[str, Any] | None = None,
        status: int | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.field = field
        self.extra = dict(extra or {})
        self.status = status
        self.retry_after_seconds = retry_after_seconds


class InvalidError(ApiError):
    """The request itself is wrong: shape, size, method."""


class AuthenticationError(ApiError):
    """The venue does not know who asks."""


class TwoFactorRequiredError(AuthenticationError):
    """The log-in wants the code of the second factor."""


class ForbiddenError(ApiError):
    """The account or key may not do this now."""


class RegionRestrictedError(ForbiddenError):
    """Not from this place."""


class NotFoundError(ApiError):
    """There is no such thing, or it is somebody else's."""


class RejectedError(ApiError):
    """The engine said no; `order` is the rejected order where one was sent."""

    @property
    def order(self) -> Order | None:
        """Return the order as it is listed, status REJECTED."""
        told = self.extra.get("order")
        return msgspec.convert(told, Order) if isinstance(told, dict) else None


class DuplicateError(RejectedError):
    """The client_order_id was used with another body."""


class RateLimitedError(ApiError):
    """Too many; `retry_after_seconds` says how long to wait."""


class UnavailableError(ApiError):
    """A part of the venue does not answer just now."""


KINDS: dict[str, type[ApiError]] = {
    "VALIDATION_ERROR": InvalidError,
    "METHOD_NOT_ALLOWED": InvalidError,
    "PAYLOAD_TOO_LARGE": InvalidError,
    "UNSUPPORTED_MEDIA_TYPE": InvalidError,
    "AUTHENTICATION_FAILED": AuthenticationError,
    "TWO_FACTOR_REQUIRED": TwoFactorRequiredError,
    "TIMESTAMP_OUT_OF_WINDOW": AuthenticationError,
    "REPLAYED_REQUEST": AuthenticationError,
    "PERMISSION_DENIED": ForbiddenError,
    "KYC_REQUIRED": ForbiddenError,
    "TOS_REQUIRED": ForbiddenError,
    "ACCOUNT_FROZEN": ForbiddenError,
    "REGION_RESTRICTED": RegionRestrictedError,
    "NOT_FOUND": NotFoundError,
    "RATE_LIMIT_EXCEEDED": RateLimitedError,
    "DUPLICATE_CLIENT_ORDER_ID": DuplicateError,
    "INTERNAL_ERROR": UnavailableError,
    "SETTLEMENT_DELAYED": UnavailableError,
    "UNAVAILABLE": UnavailableError,
}
BY_STATUS: dict[int, type[ApiError]] = {
    400: InvalidError,
    401: AuthenticationError,
    403: ForbiddenError,
    404: NotFoundError,
    409: DuplicateError,
    422: RejectedError,
    429: RateLimitedError,
    451: RegionRestrictedError,
}
UNNAMED = "UNNAMED"
SERVER_FAULT = 500


def error_of(
    told: object, *, status: int | None = None, retry_after_seconds: float | None = None
) -> ApiError:
    """Return the error that a refusal says; one without a code is named by its HTTP status."""
    body = told if isinstance(told, Mapping) else {}
    code = str(body.get("code") or UNNAMED)
    extra = body.get("extra")
    if retry_after_seconds is None and isinstance(extra, Mapping):
        wait_ms = extra.get("retry_after_ms")
        retry_after_seconds = wait_ms / 1_000 if isinstance(wait_ms, int) else None
    return _kind(code, status)(
        code,
        str(body.get("detail") or f"The venue answered {status}."),
        field=body.get("field"),
        extra=extra if isinstance(extra, Mapping) else None,
        status=status,
        retry_after_seconds=retry_after_seconds,
    )


def _kind(code: str, status: int | None) -> type[ApiError]:
    """Return the class of a code; of one that this version does not know, by the status."""
    if code in KINDS:
        return KINDS[code]
    if status is None:
        return ApiError if code == UNNAMED else RejectedError
    return UnavailableError if status >= SERVER_FAULT else BY_STATUS.get(status, ApiError)
