"""GET /api/v1/account and /account/activity, POST /account/change-password."""

from dataclasses import asdict
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api import examples
from accounts.api.fields import MomentMs, Password, StrictSerializer
from accounts.api.log_ins import TokensSerializer, answer_tokens, refused, validated
from accounts.api.permissions import IsPerson, MayRead
from accounts.gatekeeper import gate
from accounts.models import AccountActivity, AccountTier, Permission
from accounts.selectors import activity_of, has_second_factor
from accounts.services.callers import Caller
from accounts.services.passwords import change_password
from godark import counting
from godark.doors import knock
from godark.limits import Kind, rate_of
from godark.pagination import CursorPage

TAGS = ["Account"]
COUNTED = {"requests": Kind.REQUESTS, "orders": Kind.ORDERS, "cancels": Kind.CANCELS}


class BucketSerializer(serializers.Serializer[Any]):
    """A bucket of requests, and what is left of it now."""

    per_minute = serializers.IntegerField(help_text="How many it gains a minute.")
    burst = serializers.IntegerField(help_text="How many it holds.")
    used = serializers.IntegerField()
    left = serializers.IntegerField()
    reset_seconds = serializers.IntegerField(help_text="Until it is full again.")


class LimitsSerializer(serializers.Serializer[Any]):
    """What the tier may do; null: not limited."""

    requests = BucketSerializer(allow_null=True)
    orders = BucketSerializer(allow_null=True)
    cancels = BucketSerializer(allow_null=True)
    socket_messages_per_second = serializers.IntegerField(allow_null=True)
    connections = serializers.IntegerField(allow_null=True)
    subscriptions = serializers.IntegerField(allow_null=True)
    unfilled_attempts_per_minute = serializers.IntegerField(
        allow_null=True, help_text="Per market: IOC, FOK and AON attempts that fill nothing."
    )
    open_orders = serializers.IntegerField(allow_null=True)


class AccountSerializer(serializers.Serializer[Any]):
    """The account, and what the credentials that asked may do with it."""

    id = serializers.UUIDField()
    email = serializers.EmailField()
    created_at = MomentMs()
    status = serializers.CharField(
        help_text="`ACTIVE`, or the code with which new orders are refused, like `ACCOUNT_FROZEN`."
    )
    status_reason = serializers.CharField(help_text="A sentence for a person; may be empty.")
    tier = serializers.ChoiceField(choices=AccountTier.Name.choices)
    limits = LimitsSerializer()
    two_factor_enabled = serializers.BooleanField()
    permissions = serializers.ListField(child=serializers.ChoiceField(choices=Permission.choices))


class ActivitySerializer(serializers.Serializer[Any]):
    """One thing that happened at the account's doors."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=AccountActivity.Kind.choices)
    happened_at = MomentMs()
    address = serializers.IPAddressField(allow_null=True)
    device = serializers.CharField(help_text="What the client said it is.")
    detail = serializers.CharField(help_text="The name of an API key; else empty.")


class ChangePasswordSerializer(StrictSerializer):
    """The password that holds, and the one that is to."""

    current_password = Password()
    new_password = Password()
    confirm_password = Password()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Check the new password against every rule, and against its repetition."""
        try:
            validate_password(attrs["new_password"], self.context["user"])
        except ValidationError as broken:
            raise serializers.ValidationError({"new_password": broken.messages}) from broken
        if attrs["confirm_password"] != attrs["new_password"]:
            raise serializers.ValidationError({"confirm_password": ["The two passwords differ."]})
        if attrs["current_password"] == attrs["new_password"]:
            raise serializers.ValidationError({"new_password": ["This is the old password."]})
        return attrs


class AccountView(APIView):
    """The account."""

    permission_classes = (MayRead,)

    @extend_schema(
        operation_id="account",
        summary="Show your account",
        tags=TAGS,
        responses=AccountSerializer,
        examples=[OpenApiExample("A free account", value=examples.ACCOUNT, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        """Return tier, limits and what is left of them, and whether the account may trade."""
        caller: Any = request.auth
        shown = account_of(caller, request=request._request)  # noqa: SLF001 - REST framework's own way to Django's
        return Response(AccountSerializer(shown).data)


def account_of(caller: Caller, *, request: HttpRequest) -> dict[str, Any]:
    """Return what is shown of the caller's account."""
    refusal = gate().may_trade(caller.account_id)
    return {
        "id": caller.account_id,
        "email": caller.user.email,
        "created_at": caller.user.date_joined,
        "status": "ACTIVE" if refusal is None else refusal.failure.code.value,
        "status_reason": "" if refusal is None else refusal.failure.detail,
        "tier": caller.tier.value,
        "limits": limits_of(caller, request=request),
        "two_factor_enabled": has_second_factor(caller.user),
        "permissions": sorted(caller.permissions),
    }


def limits_of(caller: Caller, *, request: HttpRequest) -> dict[str, Any]:
    """Return the figures of the caller's tier, and what is left in its buckets."""
    buckets = {name: bucket_of(kind, request=request) for name, kind in COUNTED.items()}
    allowed = asdict(caller.allowance)
    is_counted = rate_of(tier=caller.tier, kind=Kind.REQUESTS) is not None
    figures = {
        "socket_messages_per_second": allowed["socket_messages_per_second"],
        "connections": allowed["connections"],
        "subscriptions": allowed["subscriptions"],
        "unfilled_attempts_per_minute": allowed["unfilled_attempts"],
        "open_orders": allowed["open_orders"],
    }
    return buckets | (figures if is_counted else dict.fromkeys(figures))


def bucket_of(kind: Kind, *, request: HttpRequest) -> dict[str, int] | None:
    """Return what is left in one bucket, by looking only; None where nothing is counted."""
    subject = counting.subject_of(request)
    if rate_of(tier=subject.tier, kind=kind) is None:
        return None
    verdict = counting.limiter.take(subject, kind, cost=0)
    return {
        "per_minute": verdict.limit,
        "burst": verdict.burst,
        "used": verdict.used,
        "left": max(0, verdict.burst - verdict.used),
        "reset_seconds": verdict.reset_seconds,
    }


class ActivityPage(CursorPage):
    """The newest first."""

    ordering = ("-happened_at", "-id")


class ActivityView(GenericAPIView[AccountActivity]):
    """The account's log-ins and changes."""

    permission_classes = (IsPerson,)
    pagination_class = ActivityPage
    serializer_class = ActivitySerializer
    queryset = AccountActivity.objects.none()

    @extend_schema(
        operation_id="account_activity",
        summary="List log-ins and changes of your account",
        tags=TAGS,
        responses=ActivitySerializer(many=True),
        examples=[OpenApiExample("A log-in", value=examples.ACTIVITY, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        """Return what happened, with time, address and device."""
        caller: Any = request.auth
        page = self.paginate_queryset(activity_of(caller.user)) or []
        return self.get_paginated_response(ActivitySerializer(page, many=True).data)


class ChangePasswordView(APIView):
    """Another password."""

    permission_classes = (IsPerson,)

    @extend_schema(
        operation_id="change_password",
        summary="Change your password",
        description=(
            "Ends every log-in of the account, tokens and cookies alike; the answer is a new one."
            " API keys stay."
        ),
        tags=TAGS,
        request=ChangePasswordSerializer,
        responses={200: TokensSerializer, 403: refused("A wrong password.", examples.WRONG_OLD)},
        examples=[
            OpenApiExample("A new one", value=examples.CHANGE_PASSWORD, request_only=True),
            OpenApiExample(
                "Changed", value=examples.TOKENS, response_only=True, status_codes=["200"]
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        """Set a new password, after the old one, and log in anew."""
        caller: Any = request.auth
        knock(request)
        given = validated(ChangePasswordSerializer, request, user=caller.user)
        return answer_tokens(
            change_password(
                request=request._request,  # noqa: SLF001 - the same
                user=caller.user,
                current=given["current_password"],
                new=given["new_password"],
            )
        )
