"""The one shape of every failure that the site answers, and its stable codes.

Here: the codes with their HTTP status, the exception that carries one, and the translation of
what Django, REST framework and the servers behind them raise. Which page or JSON an address
answers with stands in `godark.error_pages`; why an order is rejected, in the engine.
"""

from enum import StrEnum
from typing import Any, Self

import redis
import structlog
from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.core.exceptions import ValidationError as ModelValidationError
from django.db import InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

log = structlog.get_logger(__name__)


class Code(StrEnum):
    """What went wrong, for a program to act on; `status` is its HTTP status."""

    status: int

    def __new__(cls, value: str, status: int = 500) -> Self:
        """Return the code `value`, which is answered with `status`."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.status = status
        return member

    # The request itself.
    VALIDATION_ERROR = "VALIDATION_ERROR", 400
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED", 405
    PAYLOAD_TOO_LARGE = "PAYLOAD_TOO_LARGE", 413
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE", 415
    # Who asks, and may they.
    AUTHENTICATION_FAILED = "AUTHENTICATION_FAILED", 401
    TWO_FACTOR_REQUIRED = "TWO_FACTOR_REQUIRED", 401
    TIMESTAMP_OUT_OF_WINDOW = "TIMESTAMP_OUT_OF_WINDOW", 401
    REPLAYED_REQUEST = "REPLAYED_REQUEST", 401
    PERMISSION_DENIED = "PERMISSION_DENIED", 403
    KYC_REQUIRED = "KYC_REQUIRED", 403
    TOS_REQUIRED = "TOS_REQUIRED", 403
    ACCOUNT_FROZEN = "ACCOUNT_FROZEN", 403
    NOT_FOUND = "NOT_FOUND", 404
    RATE_LIMIT_EXCEEDED = "RATE_LIMIT_EXCEEDED", 429
    REGION_RESTRICTED = "REGION_RESTRICTED", 451
    # The engine said no.
    DUPLICATE_CLIENT_ORDER_ID = "DUPLICATE_CLIENT_ORDER_ID", 409
    WALLET_TAKEN = "WALLET_TAKEN", 409
    DEPOSIT_UNDER_WAY = "DEPOSIT_UNDER_WAY", 409
    FUNDS_REMAIN = "FUNDS_REMAIN", 422
    INSUFFICIENT_COLLATERAL = "INSUFFICIENT_COLLATERAL", 422
    POSITION_SIZE_EXCEEDED = "POSITION_SIZE_EXCEEDED", 422
    OPEN_INTEREST_EXCEEDED = "OPEN_INTEREST_EXCEEDED", 422
    LEVERAGE_TOO_HIGH = "LEVERAGE_TOO_HIGH", 422
    LEVERAGE_MISMATCH = "LEVERAGE_MISMATCH", 422
    ORDER_NOT_OPEN = "ORDER_NOT_OPEN", 422
    MARKET_CLOSED = "MARKET_CLOSED", 422
    INVALID_PRICE = "INVALID_PRICE", 422
    INVALID_SIZE = "INVALID_SIZE", 422
    WOULD_NOT_FILL = "WOULD_NOT_FILL", 422
    PROBING_LIMIT = "PROBING_LIMIT", 422
    REDUCE_ONLY_REJECTED = "REDUCE_ONLY_REJECTED", 422
    NO_REFERENCE_PRICE = "NO_REFERENCE_PRICE", 422
    LIQUIDATION_PENDING = "LIQUIDATION_PENDING", 422
    INVALID_ORDER = "INVALID_ORDER", 422
    INVALID_AMOUNT = "INVALID_AMOUNT", 422
    STRESS_LIMIT_EXCEEDED = "STRESS_LIMIT_EXCEEDED", 422
    OPEN_ORDERS_EXCEEDED = "OPEN_ORDERS_EXCEEDED", 422
    # The world broke.
    INTERNAL_ERROR = "INTERNAL_ERROR", 500
    SETTLEMENT_DELAYED = "SETTLEMENT_DELAYED", 503
    UNAVAILABLE = "UNAVAILABLE", 503


class Failure(Exception):  # noqa: N818 - the word of the contract; not each is an error
    """A refusal or failure that a client is told of; `detail` is a sentence for a person."""

    def __init__(
        self,
        code: Code,
        detail: str,
        *,
        field: str | None = None,
        extra: dict[str, Any] | None = None,
        retry_after_seconds: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.field = field
        self.extra = extra or {}
        self.retry_after_seconds = retry_after_seconds

    @property
    def body(self) -> dict[str, Any]:
        """Return the answer as CONTRACT's failure shape."""
        return {
            "code": self.code.value,
            "detail": self.detail,
            "field": self.field,
            "extra": self.extra,
        }

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers that HTTP asks for beside the status."""
        headers = {}
        if self.code.status == Code.AUTHENTICATION_FAILED.status:
            headers["WWW-Authenticate"] = 'Bearer realm="GoDark"'
        if self.retry_after_seconds is not None:
            headers["Retry-After"] = str(self.retry_after_seconds)
        return headers


# The first line that fits decides. None: the exception's own sentence was written for people.
TRANSLATIONS: tuple[tuple[tuple[type[Exception], ...], Code, str | None], ...] = (
    (
        (RequestDataTooBig,),
        Code.PAYLOAD_TOO_LARGE,
        "The body of the request is too large.",
    ),
    ((exceptions.ParseError,), Code.VALIDATION_ERROR, None),
    (
        (exceptions.NotAuthenticated,),
        Code.AUTHENTICATION_FAILED,
        "Log in, or send the credentials of an API key.",
    ),
    ((exceptions.AuthenticationFailed,), Code.AUTHENTICATION_FAILED, None),
    ((exceptions.PermissionDenied,), Code.PERMISSION_DENIED, None),
    ((PermissionDenied,), Code.PERMISSION_DENIED, "You may not do this."),
    ((exceptions.NotFound, Http404), Code.NOT_FOUND, "There is no such thing here."),
    ((exceptions.MethodNotAllowed,), Code.METHOD_NOT_ALLOWED, None),
    (
        (exceptions.UnsupportedMediaType,),
        Code.UNSUPPORTED_MEDIA_TYPE,
        "Send the body as application/json.",
    ),
    (
        (SuspiciousOperation, BadRequest),
        Code.VALIDATION_ERROR,
        "The request is not one that this site understands.",
    ),
    (
        (OperationalError, InterfaceError, redis.ConnectionError, redis.TimeoutError),
        Code.UNAVAILABLE,
        "A part of the venue does not answer just now; try again in a moment.",
    ),
)
UNEXPECTED = Failure(
    Code.INTERNAL_ERROR, "Something went wrong on our side. It was recorded and will be looked at."
)


def answer_failure(error: Exception, context: dict[str, Any]) -> Response | None:  # noqa: ARG001 - REST framework's signature
    """Return the answer to a failed request; None lets Django log what nobody expected."""
    failure = failure_of(error)
    if failure is None:
        return None
    from rest_framework.views import set_rollback  # noqa: PLC0415 - it imports who asks, who imports this

    set_rollback()
    return Response(failure.body, status=failure.code.status, headers=failure.headers)


def failure_of(error: BaseException | None) -> Failure | None:
    """Return what a client is told of an exception; None for one that nobody expected."""
    if isinstance(error, Failure):
        return error
    if isinstance(error, exceptions.ValidationError):
        return _of_validation(_flatten(error.detail))
    if isinstance(error, ModelValidationError):
        return _of_validation(_flatten(_messages(error)))
    if isinstance(error, exceptions.Throttled):
        return Failure(
            Code.RATE_LIMIT_EXCEEDED,
            "Too many requests; slow down.",
            retry_after_seconds=max(1, int(getattr(error, "wait", None) or 1)),
        )
    for kinds, code, sentence in TRANSLATIONS:
        if isinstance(error, kinds):
            if code is Code.UNAVAILABLE:
                log.error("part_unavailable", kind=type(error).__name__)
            return Failure(code, sentence or str(getattr(error, "detail", error)))
    return None


def _of_validation(flat: list[tuple[str | None, str]]) -> Failure:
    """Return the failure that names the first of the fields, and all of them in `extra`."""
    field, detail = flat[0] if flat else (None, "The request is not valid.")
    errors = [{"field": name, "detail": sentence} for name, sentence in flat]
    extra = {"errors": errors} if len(errors) > 1 else None
    return Failure(Code.VALIDATION_ERROR, detail, field=field, extra=extra)


def _messages(error: ModelValidationError) -> dict[str, list[str]] | list[str]:
    """Return the sentences of Django's own validation error, by field where it has them."""
    return error.message_dict if hasattr(error, "error_dict") else error.messages


def _flatten(detail: object, path: str = "") -> list[tuple[str | None, str]]:
    """Return (dotted field name or None, sentence) for each leaf of nested details."""
    if isinstance(detail, dict):
        return [
            leaf for key, value in detail.items() for leaf in _flatten(value, _step(path, str(key)))
        ]
    if isinstance(detail, list):
        return [
            leaf
            for index, value in enumerate(detail)
            for leaf in _flatten(
                value, _step(path, str(index)) if isinstance(value, dict | list) else path
            )
        ]
    return [(path or None, str(detail))]


def _step(path: str, key: str) -> str:
    """Return the path one level deeper; errors of the whole object add no level."""
    if key in {"non_field_errors", "__all__"}:
        return path
    return f"{path}.{key}" if path else key
