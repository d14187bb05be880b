"""Checkpoints in public: /settlement/checkpoints, one of them, and all of its leaf hashes."""

from collections.abc import AsyncIterator
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.http import HttpResponseBase, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import AllowAny
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from chain.merkle import HASH_SIZE
from godark.errors import Code, Failure
from godark.pagination import CursorPage
from trading.claim_proofs import SLICE, has_file, hashes_from
from trading.models import Checkpoint
from trading.selectors.amounts import usdt_text

LARGEST_NUMBER: Final = 2**62


class CheckpointMarketSerializer(serializers.Serializer[Any]):
    """A market of a checkpoint, in the chain's order; whole numbers, as claims are made of them."""

    symbol = serializers.CharField()
    mark_half_ticks = serializers.CharField(help_text="The median of half an hour; 0: none yet.")
    unit_micro = serializers.CharField(
        help_text="What half a tick of one lot is worth, in millionths of a USDT."
    )
    sizes_lots = serializers.CharField(help_text="The sum of all sizes: 0, or money was made up.")


class CheckpointSerializer(serializers.Serializer[Any]):
    """One checkpoint of all claims. Hashes are hex."""

    number = serializers.IntegerField()
    status = serializers.CharField()
    committed_at = serializers.IntegerField(help_text="The moment of the root's last event.")
    root_number = serializers.IntegerField(help_text="The state root that it was made of.")
    plain_root = serializers.CharField()
    sum_root = serializers.CharField()
    total = serializers.CharField(help_text="All claims, in USDT.")
    users_total = serializers.CharField(help_text="Those of leaves that have an owner.")
    venue_total = serializers.CharField(help_text="The venue's own, which leave last.")
    leaves = serializers.IntegerField()
    depth = serializers.IntegerField()
    ids_root = serializers.CharField(help_text="Of the map of vaults that have a claim.")
    file_sha256 = serializers.CharField(help_text="Of the file of all leaf hashes.")
    file_path = serializers.CharField(help_text="Where that file is, while it is kept here.")
    markets = CheckpointMarketSerializer(many=True)
    signature = serializers.CharField(help_text="Of the transaction on Solana.")
    built_at = serializers.IntegerField()
    confirmed_at = serializers.IntegerField(allow_null=True)
    finalized_at = serializers.IntegerField(allow_null=True)


def checkpoint_body(row: Checkpoint) -> dict[str, Any]:
    """Return the contract's words for a checkpoint."""
    markets = zip(row.symbols, row.marks_half_ticks, row.units_micro, row.sizes_lots, strict=True)
    return {
        "number": row.number,
        "status": row.state,
        "committed_at": row.at_ms,
        "root_number": row.batch_id,
        "plain_root": bytes(row.plain_root).hex(),
        "sum_root": bytes(row.sum_root).hex(),
        "total": usdt_text(row.users_micro + row.venue_micro),
        "users_total": usdt_text(row.users_micro),
        "venue_total": usdt_text(row.venue_micro),
        "leaves": row.leaves,
        "depth": row.depth,
        "ids_root": bytes(row.ids_root).hex(),
        "file_sha256": bytes(row.file_digest).hex(),
        "file_path": f"/api/v1/settlement/checkpoints/{row.number}/leaves",
        "markets": [
            {
                "symbol": symbol,
                "mark_half_ticks": str(mark),
                "unit_micro": str(unit),
                "sizes_lots": str(sizes),
            }
            for symbol, mark, unit, sizes in markets
        ],
        "signature": row.transaction.signature,
        "built_at": row.built_at_ms,
        "confirmed_at": row.confirmed_at_ms,
        "finalized_at": row.finalized_at_ms,
    }


def access_checkpoint(number: int) -> Checkpoint:
    """Return a checkpoint by its number."""
    found = Checkpoint.objects.select_related("transaction").filter(
        number=min(number, LARGEST_NUMBER)
    )
    row = found.first()
    if row is None:
        raise Failure(Code.NOT_FOUND, "There is no such checkpoint.")
    return row


class CheckpointPage(CursorPage):
    """The newest checkpoint first."""

    ordering = ("-number",)


class CheckpointListView(GenericAPIView[Checkpoint]):
    """All checkpoints."""

    permission_classes = (AllowAny,)
    pagination_class = CheckpointPage
    serializer_class = CheckpointSerializer
    queryset = Checkpoint.objects.none()

    @extend_schema(
        operation_id="settlement_checkpoints",
        summary="List the checkpoints",
        tags=["Settlement"],
        auth=[],
        responses=CheckpointSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """Return a page of checkpoints, newest first."""
        del request
        page = self.paginate_queryset(Checkpoint.objects.select_related("transaction"))
        return self.get_paginated_response([checkpoint_body(row) for row in page or []])


class CheckpointDetailView(APIView):
    """One checkpoint."""

    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="settlement_checkpoint",
        summary="Show one checkpoint",
        tags=["Settlement"],
        auth=[],
        responses=CheckpointSerializer,
    )
    def get(self, request: Request, number: int) -> Response:
        """Return a checkpoint by its number."""
        del request
        return Response(checkpoint_body(access_checkpoint(number)))


class BytesRenderer(BaseRenderer):
    """Lets `Accept: application/octet-stream` in; the view streams its bytes itself."""

    media_type = "application/octet-stream"
    format = "bin"
    charset = None


class CheckpointLeavesView(APIView):
    """All leaf hashes of one checkpoint, for anybody to mirror."""

    permission_classes = (AllowAny,)
    renderer_classes = (JSONRenderer, BytesRenderer)

    @extend_schema(
        operation_id="settlement_checkpoint_leaves",
        summary="Download all leaf hashes of a checkpoint",
        description=(
            "A head, the marks, the map of vaults, then 32 bytes for each leaf in the tree's "
            "order (docs/PROOFS.md): from it anybody makes the plain root and any leaf's path. "
            "Its SHA-256 is on chain. Kept here for the newest checkpoints; whoever wants older "
            "ones mirrors them."
        ),
        tags=["Settlement"],
        auth=[],
        responses={(200, "application/octet-stream"): OpenApiResponse(OpenApiTypes.BINARY)},
    )
    def get(self, request: Request, number: int) -> HttpResponseBase:
        """Stream the file."""
        del request
        row = access_checkpoint(number)
        if not has_file(row):
            raise Failure(Code.NOT_FOUND, "The leaf hashes of this checkpoint are not kept here.")
        answer = StreamingHttpResponse(pieces(row), content_type="application/octet-stream")
        answer["Content-Length"] = str(len(row.file_head) + row.leaves * HASH_SIZE)
        answer["Content-Disposition"] = f'attachment; filename="checkpoint-{number}.claims"'
        return answer


async def pieces(row: Checkpoint) -> AsyncIterator[bytes]:
    """Yield the file piece by piece, so that little of it is in memory."""
    yield bytes(row.file_head)
    for start in range(0, row.leaves * HASH_SIZE, SLICE):
        yield await sync_to_async(hashes_from)(start, row)
