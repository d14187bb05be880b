"""GET /api/v1/status: what the venue and each market let happen now."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from trading.api.examples import STATUS
from trading.api.fields import MomentMs
from trading.api.markets import briefly_fresh
from trading.models import MarketState, PauseLevel
from trading.selectors.venue_status import venue_status


class MarketModeSerializer(serializers.Serializer[Any]):
    """The state of one market and since when it holds."""

    symbol = serializers.CharField()
    state = serializers.ChoiceField(choices=MarketState.choices)
    state_reason = serializers.CharField(help_text="A sentence for a person; may be empty.")
    state_changed_at = MomentMs()


class StatusSerializer(serializers.Serializer[Any]):
    """The mode of the venue and of each market."""

    mode = serializers.ChoiceField(choices=[(level.name, level.label) for level in PauseLevel])
    pause_level = serializers.IntegerField(min_value=0, max_value=max(PauseLevel.values))
    reason = serializers.CharField(help_text="A sentence for a person; may be empty.")
    changed_at = MomentMs(allow_null=True, help_text="null: the venue was never paused.")
    resumes_at = MomentMs(allow_null=True, help_text="When a pause ends by itself.")
    markets = MarketModeSerializer(many=True)


class ServedStatusSerializer(StatusSerializer):
    """The status with the moment at which it was true."""

    server_at = MomentMs()


class StatusView(APIView):
    """The status of the venue."""

    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="status",
        summary="Show the mode of the venue and of each market",
        tags=["Markets"],
        auth=[],
        responses=ServedStatusSerializer,
        examples=[OpenApiExample("All is well", value=STATUS, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        """Return how far the venue is paused and the state of each market."""
        del request
        return briefly_fresh(
            Response(
                {
                    **StatusSerializer(venue_status()).data,
                    "server_at": MomentMs().to_representation(timezone.now()),
                }
            )
        )
