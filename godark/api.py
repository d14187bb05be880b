"""The site's own addresses, which belong to no app: is it alive, what time is it, how to use it."""

from datetime import datetime
from typing import Any

from adrf.views import APIView as AsyncAPIView
from django.db import models
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.views.decorators.http import require_safe
from drf_spectacular.utils import OpenApiResponse, extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from godark.clock import now_ms
from godark.health import Report, watch
from godark.jobs.models import JobRun, Outcome


def milliseconds(moment: datetime | None) -> int | None:
    """Return a moment as the API writes it: Unix milliseconds UTC."""
    return None if moment is None else int(moment.timestamp() * 1000)


@require_safe
async def alive(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 - a view on the event loop
    """Answer that this process serves; nothing else is asked, not even the database."""
    return JsonResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})


class TimeSerializer(serializers.Serializer[Any]):
    """The venue's clock."""

    server_at = serializers.IntegerField(help_text="Unix milliseconds, UTC.")


class TimeView(AsyncAPIView):  # type: ignore[misc] # adrf ships no types
    """The venue's clock, to set one's own by: signed requests carry a timestamp."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="time",
        summary="Tell the venue's time",
        tags=["Venue"],
        auth=[],
        responses=TimeSerializer,
    )
    async def get(self, request: Request) -> Response:  # noqa: ARG002 - REST framework's signature
        """Answer the time."""
        return Response({"server_at": now_ms()})


class JobSerializer(serializers.Serializer[Any]):
    """The last run of a job; the last three for staff only."""

    name = serializers.CharField()
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    late = serializers.BooleanField()
    ended_at = serializers.IntegerField(allow_null=True)
    started_at = serializers.IntegerField(required=False, allow_null=True)
    duration_ms = serializers.IntegerField(required=False, allow_null=True)
    error = serializers.CharField(required=False)


class UpOrDown(models.TextChoices):
    """How a part of the machinery is."""

    UP = "up"
    DOWN = "down"


class PartsSerializer(serializers.Serializer[Any]):
    """Each part of the machinery, up or down."""

    database = serializers.ChoiceField(choices=UpOrDown.choices)
    redis = serializers.ChoiceField(choices=UpOrDown.choices)
    worker = serializers.ChoiceField(choices=UpOrDown.choices)
    beat = serializers.ChoiceField(choices=UpOrDown.choices)
    prices = serializers.ChoiceField(choices=UpOrDown.choices)
    engine = serializers.ChoiceField(choices=UpOrDown.choices)
    migrations = serializers.ChoiceField(choices=UpOrDown.choices)
    jobs = serializers.ChoiceField(choices=UpOrDown.choices)


class HealthSerializer(serializers.Serializer[Any]):
    """The state of the machinery; `latencies_ms` (per part) for staff only.

    `price_sources` says which outside venues and oracles were heard lately, by name.
    """

    status = serializers.ChoiceField(choices=("ok", "degraded", "down"))
    parts = PartsSerializer()
    price_sources = serializers.DictField(
        child=serializers.ChoiceField(choices=UpOrDown.choices), required=False
    )
    jobs = JobSerializer(many=True)
    latencies_ms = serializers.DictField(child=serializers.FloatField(), required=False)


class HealthView(APIView):
    """Each part of the machinery. Durations would tell of hidden flow: they are for staff."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Keep who asks without looking it up: that needs the database, which may be away."""
        self.asker = request.user
        return super().dispatch(request, *args, **kwargs)

    @extend_schema(
        operation_id="health",
        summary="Look at each part of the machinery",
        tags=["Venue"],
        auth=[],
        responses={
            200: HealthSerializer,
            503: OpenApiResponse(HealthSerializer, description="A part is down."),
        },
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002 - REST framework's signature
        """Answer 200 for `ok` and `degraded` (a job is late), 503 when a part is down."""
        report = watch.report()
        for_staff = report.parts["database"].up and _is_staff(self.asker)
        told = told_of(report, for_staff=for_staff)
        return Response(told, status=503 if report.status == "down" else 200)


def _is_staff(user: Any) -> bool:
    """Tell whether it is a member of staff who has shown the second factor."""
    return bool(user.is_authenticated and user.is_staff and user.is_verified())


def told_of(report: Report, *, for_staff: bool) -> dict[str, Any]:
    """Return what may be told of the machinery."""
    told: dict[str, Any] = {
        "status": report.status,
        "parts": {name: _word(part.up) for name, part in report.parts.items()},
        "jobs": [
            _told_of_job(run, late=run.name in report.late, for_staff=for_staff)
            for run in report.jobs
        ],
    }
    if (prices := report.parts.get("prices")) and (sources := prices.found):
        told["price_sources"] = {name: _word(is_up) for name, is_up in sources.items()}
    if for_staff:
        told["latencies_ms"] = {name: part.milliseconds for name, part in report.parts.items()}
    return told


def _word(is_up: bool, /) -> UpOrDown:  # noqa: FBT001 - a predicate's own answer
    return UpOrDown.UP if is_up else UpOrDown.DOWN


def _told_of_job(run: JobRun, *, late: bool, for_staff: bool) -> dict[str, Any]:
    """Return what may be told of a job."""
    told = {
        "name": run.name,
        "outcome": run.outcome,
        "late": late,
        "ended_at": milliseconds(run.ended_at),
    }
    if for_staff:
        told |= {
            "started_at": milliseconds(run.started_at),
            "duration_ms": run.duration_ms,
            "error": run.error,
        }
    return told


class SchemaView(SpectacularAPIView):
    """The OpenAPI document, made from the code."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


class DocsView(SpectacularSwaggerSplitView):
    """The same document for people. Its script is a file of its own: inline ones are refused."""

    permission_classes = (AllowAny,)
    template_name = "api_docs.html"
