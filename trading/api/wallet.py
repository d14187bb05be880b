"""The wallet of an account: /api/v1/wallet/challenge, /link, /unlink and /info."""

from typing import Any, cast

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import IsPerson, MayRead
from accounts.models import User
from accounts.selectors import linked_wallet
from accounts.services.wallets import challenge_wallet, link_wallet
from compliance import gate
from trading.api.fields import MomentMs
from trading.services import vaults

LONGEST_ADDRESS = 44
LONGEST_SIGNATURE = 88
ADDRESS = "7v91N7iZ9mNicL8WfG6cgSCKyRXydQjLh6UYBWwm6y1Q"


class AddressSerializer(serializers.Serializer[Any]):
    """Which wallet."""

    address = serializers.CharField(max_length=LONGEST_ADDRESS, help_text="Base58.")


class LinkSerializer(AddressSerializer):
    """The wallet and its signature over the challenge's message."""

    signature = serializers.CharField(
        max_length=LONGEST_SIGNATURE, help_text="Ed25519 over the bytes of `message`, base58."
    )


class ChallengeSerializer(serializers.Serializer[Any]):
    """What the wallet has to sign, as it stands."""

    address = serializers.CharField()
    message = serializers.CharField()
    expires_at = MomentMs()


class WalletSerializer(serializers.Serializer[Any]):
    """The linked wallet; null where there is none."""

    address = serializers.CharField(allow_null=True)
    linked_at = MomentMs(allow_null=True)


def owner_of(request: Request) -> User:
    """Return the person who asks."""
    return cast("User", request.user)


class WalletChallengeView(APIView):
    """A challenge to sign."""

    permission_classes = (IsPerson,)

    @extend_schema(
        operation_id="wallet_challenge",
        summary="Ask for a challenge that a wallet signs",
        tags=["Wallet"],
        request=AddressSerializer,
        responses=ChallengeSerializer,
        examples=[OpenApiExample("A wallet", value={"address": ADDRESS}, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        """Return the message to sign; it serves once, for five minutes."""
        asked = AddressSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        owner, address = owner_of(request), asked.validated_data["address"]
        gate.check(gate.may_link(owner.pk, wallet=address))
        made = challenge_wallet(user=owner, address=address)
        return Response(ChallengeSerializer(made).data)


class WalletLinkView(APIView):
    """The link of a wallet to the account."""

    permission_classes = (IsPerson,)

    @extend_schema(
        operation_id="wallet_link",
        summary="Link the wallet that signed the challenge",
        tags=["Wallet"],
        request=LinkSerializer,
        responses={201: WalletSerializer},
    )
    def post(self, request: Request) -> Response:
        """Link it; one wallet per account and one account per wallet."""
        asked = LinkSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        owner = owner_of(request)
        gate.check(gate.may_link(owner.pk, wallet=asked.validated_data["address"]))
        wallet = link_wallet(user=owner, **asked.validated_data)
        return Response(WalletSerializer(wallet).data, status=201)


class WalletUnlinkView(APIView):
    """The end of a link."""

    permission_classes = (IsPerson,)

    @extend_schema(
        operation_id="wallet_unlink",
        summary="Unlink the wallet",
        tags=["Wallet"],
        request=None,
        responses=WalletSerializer,
    )
    def post(self, request: Request) -> Response:
        """Unlink it; refused while the account holds positions, funds or an open vault."""
        vaults.unlink(owner_of(request))
        return Response({"address": None, "linked_at": None})


class WalletInfoView(APIView):
    """The linked wallet."""

    permission_classes = (MayRead,)

    @extend_schema(
        operation_id="wallet_info",
        summary="Show the linked wallet",
        tags=["Wallet"],
        responses=WalletSerializer,
    )
    def get(self, request: Request) -> Response:
        """Return the linked wallet, or nulls."""
        wallet = linked_wallet(owner_of(request))
        if wallet is None:
            return Response({"address": None, "linked_at": None})
        return Response(WalletSerializer(wallet).data)
