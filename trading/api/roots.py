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
from trading.api.checkpoints import CheckpointMarketSerializer, checkpoint_body
from trading.api.wallet import owner_of
from trading.claim_proofs import ClaimProof, claim_proof, newest_on_chain
from trading.models import Batch, LeafVersion
from trading.proofs import newest_proof
from trading.selectors.amounts import usdt_text
from trading.solana import program_id

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


class ClaimSerializer(serializers.Serializer[Any]):
    """What the account can claim at a checkpoint; whole micro-USDT as strings."""

    owner = serializers.CharField()
    vault_id = serializers.CharField()
    deposits_micro = serializers.CharField()
    released_micro = serializers.CharField()
    claim_micro = serializers.CharField()


class ClaimStateSerializer(serializers.Serializer[Any]):
    """What the claim was made of: the account in the checkpoint's state root."""

    cash_micro = serializers.CharField()
    positions = serializers.ListField(help_text="[market, size, cost, collateral] each.")


class SumNodeSerializer(serializers.Serializer[Any]):
    """A sibling in the tree with sums."""

    hash = serializers.CharField()
    sum_micro = serializers.CharField()


class ClaimProofSerializer(serializers.Serializer[Any]):
    """Claim, salt and both paths of the caller's account; the same leaf stands in both trees."""

    number = serializers.IntegerField()
    root_number = serializers.IntegerField()
    plain_root = serializers.CharField()
    sum_root = serializers.CharField()
    file_sha256 = serializers.CharField()
    leaf = ClaimSerializer()
    state = ClaimStateSerializer()
    salt = serializers.CharField()
    index = serializers.IntegerField()
    path = serializers.ListField(child=serializers.CharField())
    sum_path = SumNodeSerializer(many=True)
    markets = CheckpointMarketSerializer(many=True)
    signature = serializers.CharField(help_text="Of the checkpoint's transaction on Solana.")


class ProofSerializer(serializers.Serializer[Any]):
    """Leaf, salt and path of the caller's account against the newest confirmed root."""

    number = serializers.IntegerField()
    root = serializers.CharField()  # type: ignore[assignment]  # the contract's word, and REST framework's
    leaf = LeafSerializer()
    salt = serializers.CharField()
    index = serializers.IntegerField()
    path = serializers.ListField(child=serializers.CharField())
    signature = serializers.CharField(help_text="Of the root's transaction on Solana.")
    program = serializers.CharField(help_text="The program whose accounts it is checked against.")
    salt_key = serializers.CharField(
        help_text="All salts of this account's leaves come from it. Keep it to yourself."
    )
    checkpoint = ClaimProofSerializer(
        allow_null=True, help_text="Against the newest confirmed checkpoint, if there is one."
    )


def positions_body(row: LeafVersion) -> list[list[str]]:
    """Return a leaf's positions as [market, size, cost, collateral], whole numbers as strings."""
    return [[str(number) for number in each] for each in row.positions]


def claim_body(proof: ClaimProof) -> dict[str, Any]:
    """Return the contract's words for the proof of a claim."""
    row, claim = proof.checkpoint, proof.claim
    told = checkpoint_body(row)
    shared = ("root_number", "plain_root", "sum_root", "file_sha256", "markets", "signature")
    return {
        "number": row.number,
        **{name: told[name] for name in shared},
        "leaf": {
            "owner": str(claim.owner),
            "vault_id": str(claim.vault_id),
            "deposits_micro": str(claim.deposits_micro),
            "released_micro": str(claim.released_micro),
            "claim_micro": str(claim.claim_micro),
        },
        "state": {
            "cash_micro": str(proof.leaf.cash_micro),
            "positions": positions_body(proof.leaf),
        },
        "salt": claim.salt.hex(),
        "index": proof.path.index,
        "path": [sibling.hex() for sibling in proof.path.siblings],
        "sum_path": [
            {"hash": node.hash.hex(), "sum_micro": str(node.sum_micro)} for node in proof.sum_path
        ],
    }


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
        account_id = owner_of(request).pk
        proof = newest_proof(account_id)
        if proof is None:
            raise Failure(Code.NOT_FOUND, "No root holds a leaf of this account yet.")
        row = proof.leaf
        batch = Batch.objects.select_related("transaction").get(number=proof.number)
        newest = newest_on_chain()
        claim = claim_proof(account_id, newest) if newest else None
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
                    "positions": positions_body(row),
                },
                "salt": proof.salt.hex(),
                "index": proof.path.index,
                "path": [sibling.hex() for sibling in proof.path.siblings],
                "signature": batch.transaction.signature,
                "program": str(program_id()),
                "salt_key": proof.salt_key.hex(),
                "checkpoint": claim_body(claim) if claim else None,
            }
        )
