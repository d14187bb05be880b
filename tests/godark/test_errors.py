"""Every failure has one shape, and no failure tells what it should not."""

import json
from typing import Any

import pytest
import redis
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import ValidationError as ModelValidationError
from django.db import OperationalError
from django.http import Http404, JsonResponse
from django.test import Client, RequestFactory
from rest_framework import exceptions
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from godark import error_pages
from godark.errors import Code, Failure, answer_failure, failure_of

CONTRACT_CODES = {
    "VALIDATION_ERROR": 400,
    "AUTHENTICATION_FAILED": 401,
    "TWO_FACTOR_REQUIRED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "RATE_LIMIT_EXCEEDED": 429,
    "REGION_RESTRICTED": 451,
    "KYC_REQUIRED": 403,
    "TOS_REQUIRED": 403,
    "ACCOUNT_FROZEN": 403,
    "INSUFFICIENT_COLLATERAL": 422,
    "POSITION_SIZE_EXCEEDED": 422,
    "OPEN_INTEREST_EXCEEDED": 422,
    "LEVERAGE_TOO_HIGH": 422,
    "LEVERAGE_MISMATCH": 422,
    "ORDER_NOT_OPEN": 422,
    "MARKET_CLOSED": 422,
    "INVALID_PRICE": 422,
    "INVALID_SIZE": 422,
    "DUPLICATE_CLIENT_ORDER_ID": 409,
    "WOULD_NOT_FILL": 422,
    "PROBING_LIMIT": 422,
    "REDUCE_ONLY_REJECTED": 422,
    "NO_REFERENCE_PRICE": 422,
    "TIMESTAMP_OUT_OF_WINDOW": 401,
    "REPLAYED_REQUEST": 401,
    "LIQUIDATION_PENDING": 422,
    "SETTLEMENT_DELAYED": 503,
    "UNAVAILABLE": 503,
}


@pytest.mark.parametrize(("name", "status"), CONTRACT_CODES.items())
def test_every_code_of_the_contract_has_its_status(name: str, status: int) -> None:
    assert Code(name).status == status
    assert Code[name].value == name


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (exceptions.ParseError(), "VALIDATION_ERROR", 400),
        (exceptions.NotAuthenticated(), "AUTHENTICATION_FAILED", 401),
        (exceptions.AuthenticationFailed(), "AUTHENTICATION_FAILED", 401),
        (exceptions.PermissionDenied(), "PERMISSION_DENIED", 403),
        (PermissionDenied("the row 17 of table x"), "PERMISSION_DENIED", 403),
        (exceptions.NotFound(), "NOT_FOUND", 404),
        (Http404("No Account matches the given query."), "NOT_FOUND", 404),
        (exceptions.MethodNotAllowed("PUT"), "METHOD_NOT_ALLOWED", 405),
        (exceptions.UnsupportedMediaType("text/xml"), "UNSUPPORTED_MEDIA_TYPE", 415),
        (exceptions.Throttled(wait=7), "RATE_LIMIT_EXCEEDED", 429),
        (SuspiciousOperation("secret"), "VALIDATION_ERROR", 400),
        (RequestDataTooBig(), "PAYLOAD_TOO_LARGE", 413),
        (OperationalError("password of host x"), "UNAVAILABLE", 503),
        (redis.ConnectionError("10.0.0.7:6379"), "UNAVAILABLE", 503),
    ],
)
def test_what_the_libraries_raise_is_answered_in_the_one_shape(
    error: Exception, code: str, status: int
) -> None:
    answered = answer_failure(error, {})
    assert answered is not None
    assert answered.status_code == status
    assert set(answered.data) == {"code", "detail", "field", "extra"}
    assert answered.data["code"] == code
    for told in ("secret", "10.0.0.7", "password", "row 17", "Account"):
        assert told not in answered.data["detail"]


def test_a_throttled_answer_says_when_to_come_back() -> None:
    answered = answer_failure(exceptions.Throttled(wait=7), {})
    assert answered is not None
    assert answered.headers["Retry-After"] == "7"


def test_an_unauthenticated_answer_names_the_scheme() -> None:
    answered = answer_failure(exceptions.NotAuthenticated(), {})
    assert answered is not None
    assert answered.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_failure_carries_its_field_and_the_limits_that_were_broken() -> None:
    failure = Failure(Code.INVALID_SIZE, "Too small.", field="size", extra={"lot_size": "0.1"})
    answered = answer_failure(failure, {})
    assert answered is not None
    assert answered.status_code == 422
    assert answered.data == {
        "code": "INVALID_SIZE",
        "detail": "Too small.",
        "field": "size",
        "extra": {"lot_size": "0.1"},
    }


def test_the_first_wrong_field_is_named_and_all_are_listed() -> None:
    error = exceptions.ValidationError(
        {"orders": [{}, {"size": ["A number, please."]}], "symbol": ["Unknown."]}
    )
    failure = failure_of(error)
    assert failure is not None
    assert (failure.field, failure.detail) == ("orders.1.size", "A number, please.")
    assert [one["field"] for one in failure.extra["errors"]] == ["orders.1.size", "symbol"]


def test_an_error_of_the_whole_object_names_no_field() -> None:
    failure = failure_of(exceptions.ValidationError({"non_field_errors": ["Not an object."]}))
    assert failure is not None
    assert (failure.field, failure.detail, failure.extra) == (None, "Not an object.", {})


@pytest.mark.parametrize(
    ("error", "field"),
    [(ModelValidationError({"email": ["Taken."]}), "email"), (ModelValidationError("No."), None)],
)
def test_a_model_that_does_not_validate_is_answered_like_a_wrong_request(
    error: ModelValidationError, field: str | None
) -> None:
    failure = failure_of(error)
    assert failure is not None
    assert (failure.code, failure.field) == (Code.VALIDATION_ERROR, field)


def test_what_nobody_expected_is_left_to_django_to_log() -> None:
    assert answer_failure(ZeroDivisionError("secret"), {}) is None


def test_what_nobody_expected_is_answered_with_a_code_that_tells_nothing() -> None:
    request = RequestFactory().get("/api/v1/anything")
    try:
        "secret 4711".index("5")
    except ValueError:
        answered = error_pages.server_error(request)
    assert answered.status_code == 500
    assert json.loads(answered.content)["code"] == "INTERNAL_ERROR"
    assert b"4711" not in answered.content
    assert b"ValueError" not in answered.content


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options"])
@pytest.mark.parametrize(
    "path", ["/api/", "/api/v1/nothing", "/api/v9/markets", "/api/v1/%FF", "/api/v1/../x"]
)
def test_an_address_that_is_not_there_is_answered_as_json(
    client: Client, method: str, path: str
) -> None:
    answered = getattr(client, method)(path)
    assert answered.status_code == 404
    assert answered.headers["Content-Type"] == "application/json"
    assert answered.json()["code"] == "NOT_FOUND"


def test_a_page_that_is_not_there_is_answered_as_a_page(client: Client) -> None:
    answered = client.get("/nothing-is-here")
    assert answered.status_code == 404
    assert answered.headers["Content-Type"].startswith("text/html")


def test_a_host_that_is_not_ours_is_refused_in_the_one_shape(client: Client) -> None:
    answered = client.get("/api/v1/nothing", headers={"host": "evil.example"})
    assert answered.status_code == 400
    assert answered.json()["code"] == "VALIDATION_ERROR"


def test_a_call_without_its_csrf_token_is_refused_in_the_one_shape() -> None:
    answered = error_pages.csrf_failure(RequestFactory().post("/api/v1/orders"))
    assert answered.status_code == 403
    assert json.loads(answered.content)["code"] == "PERMISSION_DENIED"


class Echo(APIView):
    """Answers with what it understood; open to everybody."""

    authentication_classes = ()
    permission_classes = ()

    def post(self, request: Any) -> Any:
        return JsonResponse({"heard": request.data})


def _post(body: bytes, content_type: str = "application/json") -> Any:
    request = APIRequestFactory().generic("POST", "/api/v1/echo", body, content_type)  # type: ignore[arg-type] # bytes too
    answered = Echo.as_view()(request)
    if hasattr(answered, "render"):
        answered.render()
    return answered


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": 1, "a": 2}',
        b"\xff\xfe",
        b'{"a": "\\ud800"}',
        b"[" * 100_000,
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
)
def test_a_body_that_is_not_json_is_refused(body: bytes) -> None:
    answered = _post(body)
    assert answered.status_code == 400
    assert json.loads(answered.content)["code"] == "VALIDATION_ERROR"


@pytest.mark.parametrize("charset", ["hex", "bz2", "utf-16", "no-such"])
def test_the_charset_that_a_client_names_changes_nothing(charset: str) -> None:
    answered = _post(b'{"a": "\\u00e9"}', f"application/json; charset={charset}")
    assert json.loads(answered.content) == {"heard": {"a": "é"}}


def test_a_body_of_another_kind_is_refused() -> None:
    answered = _post(b"<a/>", "text/xml")
    assert answered.status_code == 415
    assert json.loads(answered.content)["code"] == "UNSUPPORTED_MEDIA_TYPE"


def test_a_method_that_is_not_there_is_refused_and_the_right_ones_are_named() -> None:
    answered = Echo.as_view()(APIRequestFactory().get("/api/v1/echo", HTTP_ACCEPT="text/html"))
    assert answered.status_code == 405
    assert answered.data["code"] == "METHOD_NOT_ALLOWED"
    assert answered.headers["Allow"] == "POST, OPTIONS"
