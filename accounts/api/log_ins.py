"""POST /api/v1/auth/...: sign up, log in, renew, log out."""

from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api import examples
from accounts.api.authentication import CallerAuthentication
from accounts.api.fields import Email, Password, StrictSerializer, Text, Truth
from accounts.api.permissions import IsPerson
from accounts.models import User
from accounts.services.callers import Credentials
from accounts.services.log_ins import Tokens, log_in, log_out, log_out_everywhere, renew
from accounts.services.sessions import close_session
from accounts.services.sign_up import sign_up
from godark.doors import knock
from godark.errors import Code, Failure

TAGS = ["Log-in"]
SIGNED_UP = (
    "If this address had no account yet, it has one now: log in with the password that you chose."
    " If it had one, nothing about it has changed."
)


class RegisterSerializer(StrictSerializer):
    """What a person signs up with."""

    email = Email()
    password = Password(
        help_text="At least 8 characters: upper and lower case, a digit and a special character."
    )
    confirm_password = Password()
    agreed_to_terms = Truth()
    referral_code = Text(
        required=False, allow_blank=True, max_length=32, help_text="Kept with the account."
    )

    def validate_agreed_to_terms(self, agreed: bool) -> bool:  # noqa: FBT001 - REST framework's signature
        """Refuse whoever does not agree."""
        if not agreed:
            raise serializers.ValidationError("You can only trade here under the terms.")
        return agreed

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Check the password against every rule, and against its repetition."""
        try:
            validate_password(attrs["password"], User(email=attrs["email"]))
        except ValidationError as broken:
            raise serializers.ValidationError({"password": broken.messages}) from broken
        if attrs["confirm_password"] != attrs["password"]:
            raise serializers.ValidationError({"confirm_password": ["The two passwords differ."]})
        return attrs


class RegisteredSerializer(serializers.Serializer[Any]):
    """The same for an e-mail that is free and for one that has an account."""

    email = serializers.EmailField()
    detail = serializers.CharField()


class LogInSerializer(StrictSerializer):
    """E-mail, password and, where there is a second factor, its code."""

    email = Email()
    password = Password()
    otp = Text(
        required=False,
        allow_blank=True,
        max_length=16,
        help_text="The six digits of the authenticator, where the account has one.",
    )


class TokensSerializer(serializers.Serializer[Any]):
    """A pair of tokens. The same answer sets the cookies that a browser uses instead."""

    access_token = serializers.CharField(help_text="For `Authorization: Bearer`.")
    refresh_token = serializers.CharField(help_text="Serves once, within seven days.")
    expires_in = serializers.IntegerField(help_text="Seconds that the access token lives.")
    token_type = serializers.CharField()


class RefreshSerializer(StrictSerializer):
    """The refresh token."""

    refresh_token = Text(max_length=256)


class LogOutSerializer(StrictSerializer):
    """The refresh token of the log-in that ends; without it, whose token or cookie is shown."""

    refresh_token = Text(max_length=256, required=False)


def refused(sentence: str, example: dict[str, Any]) -> OpenApiResponse:
    """Return how the document shows a refusal."""
    return OpenApiResponse(
        response={"$ref": "#/components/schemas/Failure"},
        description=sentence,
        examples=[OpenApiExample(sentence, value=example)],
    )


class OpenDoor(APIView):
    """A door for whoever has no credentials yet; those that are shown are not looked at."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


class RegisterView(OpenDoor):
    """Sign-up."""

    @extend_schema(
        operation_id="register",
        summary="Sign up",
        description="The answer is the same whether or not the e-mail has an account already.",
        tags=TAGS,
        auth=[],
        request=RegisterSerializer,
        responses={201: RegisteredSerializer, 400: refused("Not accepted.", examples.WEAK)},
        examples=[
            OpenApiExample("Somebody new", value=examples.REGISTER, request_only=True),
            OpenApiExample(
                "Signed up", value=examples.REGISTERED, response_only=True, status_codes=["201"]
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        """Make an account unless there is one, and say the same either way (I78)."""
        knock(request)
        given = validated(RegisterSerializer, request)
        sign_up(
            request=request._request,  # noqa: SLF001 - REST framework's own way to Django's
            email=given["email"],
            password=given["password"],
            referral_code=given.get("referral_code", ""),
        )
        return Response({"email": given["email"], "detail": SIGNED_UP}, status=201)


class LogInView(OpenDoor):
    """Log-in."""

    @extend_schema(
        operation_id="login",
        summary="Log in",
        description="Five failures for an e-mail from one address lock it there for 15 minutes.",
        tags=TAGS,
        auth=[],
        request=LogInSerializer,
        responses={
            200: TokensSerializer,
            401: refused("Wrong, or a code is missing.", examples.WRONG),
            429: refused("Locked for a while.", examples.LOCKED),
        },
        examples=[
            OpenApiExample("A person", value=examples.LOG_IN, request_only=True),
            OpenApiExample(
                "Logged in", value=examples.TOKENS, response_only=True, status_codes=["200"]
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        """Give tokens, and set a browser's cookies."""
        knock(request)
        given = validated(LogInSerializer, request)
        return answer_tokens(
            log_in(
                request=request._request,  # noqa: SLF001 - the same
                email=given["email"],
                password=given["password"],
                otp=given.get("otp", "").replace(" ", ""),
            )
        )


class RefreshView(OpenDoor):
    """Renewal."""

    @extend_schema(
        operation_id="refresh",
        summary="Renew the tokens",
        description=(
            "A refresh token serves once. A used one that comes again ends the log-in: all its"
            " tokens, and the cookies."
        ),
        tags=TAGS,
        auth=[],
        request=RefreshSerializer,
        responses={200: TokensSerializer, 401: refused("Not valid.", examples.BAD_REFRESH)},
        examples=[
            OpenApiExample("Renew", value=examples.REFRESH, request_only=True),
            OpenApiExample(
                "Renewed", value=examples.TOKENS, response_only=True, status_codes=["200"]
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        """Give the next pair."""
        given = validated(RefreshSerializer, request)
        return answer_tokens(
            renew(request=request._request, refresh_token=given["refresh_token"])  # noqa: SLF001 - the same
        )


class LogOutView(OpenDoor):
    """Log-out."""

    @extend_schema(
        operation_id="logout",
        summary="Log out",
        description="Ends one log-in: by its refresh token, its access token or its cookie.",
        tags=TAGS,
        request=LogOutSerializer,
        responses={204: None, 401: refused("Nobody is logged in.", examples.NOBODY)},
        examples=[OpenApiExample("By refresh token", value=examples.REFRESH, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        """End the log-in; an access token of it opens nothing within five seconds."""
        given = validated(LogOutSerializer, request)
        django_request = request._request  # noqa: SLF001 - the same
        known = None
        try:
            known = CallerAuthentication().authenticate(request)
        except Failure as failure:
            if failure.code is not Code.AUTHENTICATION_FAILED or "refresh_token" not in given:
                raise
        caller = known[1] if known else None
        by_cookie = caller is not None and caller.by is Credentials.SESSION
        ended = log_out(
            request=django_request,
            refresh_token=given.get("refresh_token", ""),
            family_id=caller.family_id if caller else None,
        )
        if by_cookie:
            close_session(request=django_request)
        elif not ended:
            raise Failure(Code.AUTHENTICATION_FAILED, "Nobody is logged in by this.")
        return Response(status=204)


class LogOutEverywhereView(APIView):
    """Log-out of all devices."""

    permission_classes = (IsPerson,)

    @extend_schema(
        operation_id="logout_all",
        summary="Log out everywhere",
        description="Ends all log-ins of the account: tokens and cookies. API keys stay.",
        tags=TAGS,
        request=None,
        responses={204: None},
    )
    def post(self, request: Request) -> Response:
        """End every log-in of the account."""
        log_out_everywhere(user=request.auth.user, request=request._request)  # noqa: SLF001 - the same
        return Response(status=204)


def validated(
    kind: type[serializers.Serializer[Any]], request: Request, **context: Any
) -> dict[str, Any]:
    """Return what the body says, or refuse it."""
    serializer = kind(data=request.data, context=context)
    serializer.is_valid(raise_exception=True)
    found: dict[str, Any] = serializer.validated_data
    return found


def answer_tokens(tokens: Tokens) -> Response:
    """Return a pair of tokens as the contract writes it."""
    return Response(TokensSerializer(tokens).data)
