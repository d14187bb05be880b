"""State roots in public, and an account's own proof: /settlement/batches, /proofs/account."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import MayRead
from godark.errors import Code, Failure
from godark.pagination import CursorPage
from trading.api.wallet import owner_of
from trading.models import Batch
from trading.proofs import newest_proof
from trading.selectors.amounts import usdt_text

LARGEST_NUMBER = 2**62


class BatchSerializer(serializers.Serializer[Any]):
    """One state root: what it commits to, and where it stands on chain. Hashes are hex."""

    number = serializers.IntegerField()
    status = serializers.CharField()
    root = serializers.CharField()  # type: ignore[assignment]  # the contract's word, and REST framework's
    previous_root = serializers.CharField()
    total = serializers.CharField(help_text="USDT owed at any price.")
    trades_root = serializers.CharField()
    marks_root = serializers.CharField()
    chain_head = serializers.CharField()
    signature = serializers.CharField(help_text="Of the transaction on Solana.")
    built_at = serializers.IntegerField()
    confirmed_at = serializers.IntegerField(allow_null=True)
    finalized_at = serializers.IntegerField(allow_null=True)


class LeafSerializer(serializers.Serializer[Any]):
    """What the account's leaf holds; whole micro-USDT as strings, as they are hashed."""

    owner = serializers.CharField()
    vault_id = serializers.CharField()
    deposits_micro = serializers.CharField()
    released_micro = serializers.CharField()
    cash_micro = serializers.CharField()
    positions = serializers.ListField()


class ProofSerializer(serializers.Serializer[Any]):
    """Leaf, salt and path of the caller's account against the newest confirmed root."""

    number = serializers.IntegerField()
    root = serializers.CharField()  # type: ignore[assignment]  # the contract's word, and REST framework's
    leaf = LeafSerializer()
    salt = serializers.CharField()
    index = serializers.IntegerField()
    path = serializers.ListField(child=serializers.CharField())
    signature = serializers.CharField(help_text="Of the root's transaction on Solana.")


def batch_body(batch: Batch) -> dict[str, Any]:
    """Return the contract's words for a root. How many leaves or trades it has stays inside."""
    return {
        "number": batch.number,
        "status": batch.state,
        "root": bytes(batch.root).hex(),
        "previous_root": bytes(batch.previous_root).hex(),
        "total": usdt_text(batch.total_micro),
        "trades_root": bytes(batch.trades_root).hex(),
        "marks_root": bytes(batch.marks_root).hex(),
        "chain_head": bytes(batch.chain_head).hex(),
        "signature": batch.transaction.signature,
        "built_at": batch.built_at_ms,
        "confirmed_at": batch.confirmed_at_ms,
        "finalized_at": batch.finalized_at_ms,
    }


class BatchPage(CursorPage):
    """The newest root first."""

    ordering = ("-number",)


class BatchListView(GenericAPIView[Batch]):
    """All state roots."""

    permission_classes = (AllowAny,)
    pagination_class = BatchPage
    serializer_class = BatchSerializer
    queryset = Batch.objects.none()

    @extend_schema(
        operation_id="settlement_batches",
        summary="List the state roots",
        tags=["Settlement"],
        auth=[],
        responses=BatchSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """Return a page of roots, newest first."""
        del request
        page = self.paginate_queryset(Batch.objects.select_related("transaction"))
        return self.get_paginated_response([batch_body(batch) for batch in page or []])


class BatchDetailView(APIView):
    """One state root."""

    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="settlement_batch",
        summary="Show one state root",
        tags=["Settlement"],
        auth=[],
        responses=BatchSerializer,
    )
    def get(self, request: Request, number: int) -> Response:
        """Return a root by its number."""
        del request
        found = Batch.objects.select_related("transaction").filter(
            number=min(number, LARGEST_NUMBER)
        )
        batch = found.first()
        if batch is None:
            raise Failure(Code.NOT_FOUND, "There is no such root.")
        return Response(batch_body(batch))


class AccountProofView(APIView):
    """The caller's own proof."""

    permission_classes = (MayRead,)

    @extend_schema(
        operation_id="account_proof",
        summary="Prove the account's own balance against the newest root",
        tags=["Settlement"],
        responses=ProofSerializer,
    )
    def get(self, request: Request) -> Response:
        """Return leaf, salt and path."""
        proof = newest_proof(owner_of(request).pk)
        if proof is None:
            raise Failure(Code.NOT_FOUND, "No root holds a leaf of this account yet.")
        row = proof.leaf
        batch = Batch.objects.select_related("transaction").get(number=proof.number)
        return Response(
            {
                "number": proof.number,
                "root": proof.root.hex(),
                "leaf": {
                    "owner": row.owner,
                    "vault_id": str(row.vault_id),
                    "deposits_micro": str(row.deposits_micro),
                    "released_micro": str(row.released_micro),
                    "cash_micro": str(row.cash_micro),
                    "positions": [[str(number) for number in each] for each in row.positions],
                },
                "salt": proof.salt.hex(),
                "index": proof.path.index,
                "path": [sibling.hex() for sibling in proof.path.siblings],
                "signature": batch.transaction.signature,
            }
        )
