"""How REST framework learns who asks: from what `accounts.recognition` has proved already.

It blocks on nothing and asks nobody, so an async view may call it on the event loop. A view's
`request.auth` is a `Caller`: account, tier, permissions, limits.
"""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, CSRFCheck
from rest_framework.request import Request

from accounts.models import User
from accounts.recognition import caller_of
from accounts.services.callers import Caller, Credentials
from godark.errors import Code, Failure

CSRF_SENTENCE = (
    "A cookie alone does not write: send the csrftoken cookie's value as X-CSRFToken, or use an"
    " access token or an API key."
)


class CallerAuthentication(BaseAuthentication):
    """Hands out the caller; credentials that were shown and open nothing are refused."""

    def authenticate(self, request: Request) -> tuple[User, Caller] | None:
        """Return the person and the caller, None for nobody in particular."""
        found = caller_of(request._request)  # noqa: SLF001 - REST framework's own way to Django's
        if isinstance(found, Failure):
            raise found
        if found is None:
            return None
        if found.by is Credentials.SESSION:
            enforce_csrf(request)
        return found.user, found

    def authenticate_header(self, request: Request) -> str:
        """Return what a 401 asks for."""
        del request
        return 'Bearer realm="GoDark"'


def enforce_csrf(request: Request) -> None:
    """Refuse what a foreign page could have sent with our user's cookie."""
    django_request = request._request  # noqa: SLF001 - the same
    check = CSRFCheck(lambda _: None)  # type: ignore[arg-type]  # it is never called
    check.process_request(django_request)
    if check.process_view(django_request, None, (), {}) is not None:  # type: ignore[arg-type]  # unused there
        raise Failure(Code.PERMISSION_DENIED, CSRF_SENTENCE)


class CallerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # it has no types
    """How the OpenAPI document names the three ways."""

    target_class = CallerAuthentication
    name: Any = ("accessToken", "apiKey", "session")

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, Any]]:
        """Return one definition per way."""
        del auto_schema
        return [
            {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
            {
                "type": "apiKey",
                "in": "header",
                "name": "GD-API-KEY",
                "description": (
                    "With `GD-TIMESTAMP` (Unix milliseconds), `GD-SIGNATURE`, `GD-PASSPHRASE` and,"
                    " if you like, `GD-RECV-WINDOW` (milliseconds, 5000 if you say nothing, at most"
                    " 60000). Signed are the bytes `TIMESTAMP + METHOD + PATH_WITH_QUERY + BODY`:"
                    " HMAC-SHA256 with the secret's characters as key, lower-case hex; or Ed25519,"
                    " base64. Path and query are those that are sent; encode `[` and `{` in them."
                ),
            },
            {"type": "apiKey", "in": "cookie", "name": "sessionid"},
        ]
