"""GET POST /api/v1/api-keys, PUT DELETE /api/v1/api-keys/{id}: keys for programs."""

import base64
import binascii
import uuid
from dataclasses import replace
from datetime import datetime
from ipaddress import ip_network
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from nacl.bindings import crypto_core_ed25519_is_valid_point
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api import examples
from accounts.api.fields import MomentMs, Password, StrictSerializer, Text
from accounts.api.log_ins import refused, validated
from accounts.api.permissions import IsPerson
from accounts.models import ApiKey, Permission
from accounts.models.api_keys import MOST_KEYS
from accounts.selectors import api_keys_of
from accounts.services.api_keys import (
    Terms,
    change_api_key,
    create_api_key,
    delete_api_key,
)
from godark.doors import knock

TAGS = ["API keys"]
MOST_NETWORKS = 20
SHORTEST_PASSPHRASE = 8
LONGEST_PASSPHRASE = 128
ED25519_BYTES = 32
TERMS = ("name", "permissions", "ip_allow_list", "expires_at")
PEM = "-----BEGIN PUBLIC KEY-----"


class Network(Text):
    """An address or a network, as it is written shortest."""

    def to_internal_value(self, data: Any) -> str:
        """Return the network, or refuse what is none."""
        text = super().to_internal_value(data)
        try:
            return str(ip_network(text))
        except ValueError as error:
            raise serializers.ValidationError(
                "This is no address and no network, like 203.0.113.7 or 203.0.113.0/24."
            ) from error


class Choice(serializers.ChoiceField):
    """One word out of a list, as a JSON string."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the word, or refuse what is not in the list."""
        if not isinstance(data, str):
            self.fail("invalid_choice", input=str(data)[:64])
        return super().to_internal_value(data)


class Passphrase(Text):
    """What a header can carry unchanged: printable ASCII without spaces around it."""

    def to_internal_value(self, data: Any) -> str:
        """Return the passphrase, or refuse what no header would bring back."""
        text = super().to_internal_value(data)
        if not (text.isascii() and text.isprintable() and text == text.strip()):
            raise serializers.ValidationError(
                "A passphrase is printable ASCII without spaces around it: it travels in a header."
            )
        return text


class PublicKey(Text):
    """An Ed25519 public key: base64 of its 32 bytes, or PEM."""

    def to_internal_value(self, data: Any) -> bytes:  # type: ignore[override]  # bytes inside, text outside
        """Return its bytes; refuse what is no key, or one that fits many signatures."""
        text = super().to_internal_value(data)
        found = _of_pem(text) if text.startswith(PEM) else _of_base64(text)
        if found is None or not crypto_core_ed25519_is_valid_point(found):
            raise serializers.ValidationError(
                "This is no Ed25519 public key: give base64 of its 32 bytes, or PEM."
            )
        return found


def _of_base64(text: str) -> bytes | None:
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return found if len(found) == ED25519_BYTES else None


def _of_pem(text: str) -> bytes | None:
    try:
        key = load_pem_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm):
        return None
    if not isinstance(key, Ed25519PublicKey):
        return None
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


class TermsSerializer(StrictSerializer):
    """What the owner decides about a key, whenever he likes."""

    name = Text(max_length=50)
    permissions = serializers.ListField(
        child=Choice(choices=Permission.choices), min_length=1, max_length=len(Permission)
    )
    ip_allow_list = serializers.ListField(
        child=Network(max_length=64),
        max_length=MOST_NETWORKS,
        required=False,
        help_text="Addresses and networks that may use the key; empty: any.",
    )
    expires_at = MomentMs(required=False, allow_null=True, help_text="null: never.")

    def validate_permissions(self, given: list[str]) -> list[str]:
        """Refuse a word that comes twice."""
        if len(set(given)) != len(given):
            raise serializers.ValidationError("Each permission is named once.")
        return given

    def validate_expires_at(self, given: datetime | None) -> datetime | None:
        """Refuse a moment that is over."""
        if given is not None and given <= timezone.now():
            raise serializers.ValidationError("This moment is over.")
        return given

    def terms(self, before: Terms | None = None) -> Terms:
        """Return what was decided, over what held before; only after `is_valid`."""
        given = {name: self.validated_data[name] for name in TERMS if name in self.validated_data}
        if before is not None:
            return replace(before, **given)
        return Terms(**given)


class ChangeSerializer(TermsSerializer):
    """What changes about a key; what is not given stays as it was."""

    name = Text(max_length=50, required=False)
    permissions = serializers.ListField(
        child=Choice(choices=Permission.choices),
        min_length=1,
        max_length=len(Permission),
        required=False,
    )


class NewKeySerializer(TermsSerializer):
    """What a key is made of."""

    kind = Choice(choices=ApiKey.Kind.choices, default=ApiKey.Kind.HMAC)
    passphrase = Passphrase(
        min_length=SHORTEST_PASSPHRASE,
        max_length=LONGEST_PASSPHRASE,
        trim_whitespace=False,
        write_only=True,
        help_text="Of your choice; sent with each request, and kept as a hash only.",
    )
    public_key = PublicKey(
        required=False, max_length=1000, help_text="Of an ED25519 key: base64 or PEM."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Check that a public key comes with ED25519 and with nothing else."""
        needs = attrs["kind"] == ApiKey.Kind.ED25519
        if needs is not ("public_key" in attrs):
            sentence = "An ED25519 key needs it." if needs else "An HMAC key has none."
            raise serializers.ValidationError({"public_key": [sentence]})
        return attrs


class KeySerializer(serializers.Serializer[Any]):
    """A key, without anything to sign with."""

    id = serializers.UUIDField()
    api_key = serializers.CharField(help_text="The value of GD-API-KEY.")
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=ApiKey.Kind.choices)
    permissions = serializers.ListField(child=serializers.ChoiceField(choices=Permission.choices))
    ip_allow_list = serializers.ListField(child=serializers.CharField())
    public_key = serializers.SerializerMethodField(help_text="Of an ED25519 key, base64.")
    created_at = MomentMs()
    expires_at = MomentMs(allow_null=True)

    def get_public_key(self, key: ApiKey) -> str | None:
        """Return the public key as it is given: base64."""
        return base64.b64encode(key.public_key).decode("ascii") if key.public_key else None


class MadeKeySerializer(KeySerializer):
    """A key that was just made. The secret is shown this once."""

    secret = serializers.CharField(allow_null=True, help_text="Of an HMAC key; shown this once.")


class KeyListSerializer(serializers.Serializer[Any]):
    """All keys of an account; there are never more than fit one page."""

    results = KeySerializer(many=True)
    next = serializers.CharField(allow_null=True)


class DeleteSerializer(StrictSerializer):
    """The password of the account, so that a found session cannot delete a key."""

    password = Password()


class KeyListView(APIView):
    """The account's keys."""

    permission_classes = (IsPerson,)

    @extend_schema(
        operation_id="api_keys",
        summary="List your API keys",
        tags=TAGS,
        responses=KeyListSerializer,
        examples=[OpenApiExample("Two keys", value=examples.KEYS, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        """Return the living keys, newest first."""
        keys = api_keys_of(request.auth.user)
        return Response({"results": KeySerializer(list(keys), many=True).data, "next": None})

    @extend_schema(
        operation_id="create_api_key",
        summary="Make an API key",
        description=f"An account has at most {MOST_KEYS}. Only this answer holds the secret.",
        tags=TAGS,
        request=NewKeySerializer,
        responses={201: MadeKeySerializer, 400: refused("A sixth key.", examples.SIXTH_KEY)},
        examples=[
            OpenApiExample("An HMAC key", value=examples.NEW_KEY, request_only=True),
            OpenApiExample("An Ed25519 key", value=examples.NEW_ED25519_KEY, request_only=True),
            OpenApiExample(
                "Made", value=examples.MADE_KEY, response_only=True, status_codes=["201"]
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        """Make a key and show its secret this once."""
        serializer = NewKeySerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        made = create_api_key(
            user=request.auth.user,
            terms=serializer.terms(),
            passphrase=serializer.validated_data["passphrase"],
            public_key=serializer.validated_data.get("public_key"),
            request=request._request,  # noqa: SLF001 - REST framework's own way to Django's
        )
        return Response(KeySerializer(made.key).data | {"secret": made.secret}, status=201)


class KeyDetailView(APIView):
    """One key of the account."""

    permission_classes = (IsPerson,)

    @extend_schema(
        operation_id="change_api_key",
        summary="Change an API key",
        description=(
            "What is not given stays as it was; an empty allow-list is any address, a null expiry"
            " is never. It holds within 5 s."
        ),
        tags=TAGS,
        request=ChangeSerializer,
        responses={200: KeySerializer, 404: refused("No such key.", examples.NO_SUCH_KEY)},
        examples=[
            OpenApiExample("Reading only", value=examples.KEY_TERMS, request_only=True),
            OpenApiExample("Changed", value=examples.KEY, response_only=True, status_codes=["200"]),
        ],
    )
    def put(self, request: Request, key_id: uuid.UUID) -> Response:
        """Set what a key may do."""
        serializer = ChangeSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        key = change_api_key(
            user=request.auth.user,
            key_id=key_id,
            decide=serializer.terms,
            request=request._request,  # noqa: SLF001 - the same
        )
        return Response(KeySerializer(key).data)

    @extend_schema(
        operation_id="delete_api_key",
        summary="Delete an API key",
        description="It opens nothing any more within 5 s.",
        tags=TAGS,
        request=DeleteSerializer,
        responses={204: None, 403: refused("A wrong password.", examples.WRONG_PASSWORD)},
        examples=[OpenApiExample("The password", value=examples.PASSWORD, request_only=True)],
    )
    def delete(self, request: Request, key_id: uuid.UUID) -> Response:
        """Delete a key, after the password."""
        knock(request)
        given = validated(DeleteSerializer, request)
        delete_api_key(
            user=request.auth.user,
            key_id=key_id,
            password=given["password"],
            request=request._request,  # noqa: SLF001 - the same
        )
        return Response(status=204)
