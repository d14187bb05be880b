"""The key that signs receipts: /venue-key. How one is checked stands in docs/PROOFS.md."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from godark.errors import Code, Failure
from trading.models import VenueKey
from trading.selectors.receipts import venue_keys


class SigningKeySerializer(serializers.Serializer[Any]):
    """A public key as hex, and since when it signs."""

    public_key = serializers.CharField(help_text="32 bytes as hex.")
    first_used_at = serializers.IntegerField()


class VenueKeySerializer(SigningKeySerializer):
    """The key in use; `former` ones verify older receipts."""

    algorithm = serializers.CharField()
    former = SigningKeySerializer(many=True)


def key_view(key: VenueKey) -> dict[str, Any]:
    """Return a key as JSON shows it."""
    return {
        "public_key": bytes(key.public_key).hex(),
        "first_used_at": key.first_used_at_ms,
    }


class VenueKeyView(APIView):
    """The key by which the venue signs receipts."""

    permission_classes = (AllowAny,)

    @extend_schema(operation_id="venue_key", tags=["Settlement"], responses=VenueKeySerializer)
    def get(self, request: Request) -> Response:  # noqa: ARG002 - Django's signature
        """Return the venue's public key (Ed25519)."""
        keys = venue_keys()
        if not keys:
            raise Failure(Code.UNAVAILABLE, "The engine has not run yet.")
        former = [key_view(key) for key in keys[1:]]
        return Response({"algorithm": "ED25519", **key_view(keys[0]), "former": former})
