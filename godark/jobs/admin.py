"""The jobs as staff see them: what ran when, and how it ended. Nothing can be changed."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from godark.jobs.models import JobFailure, JobRun
from godark.jobs.running import is_late

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin


class WatchedAdmin(ModelAdmin):
    """A list that only the machine writes."""

    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - the same
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - the same
        """Refuse."""
        return False


@admin.register(JobRun)
class JobRunAdmin(WatchedAdmin):
    """The last run of each job."""

    list_display = ("name", "outcome", "in_time", "started_at", "ended_at", "duration_ms", "error")
    list_filter = ("outcome",)
    search_fields = ("name",)
    ordering = ("name",)

    @admin.display(boolean=True, description="in time")
    def in_time(self, run: JobRun) -> bool:
        """Tell whether the job keeps its time."""
        return not is_late(run, now=timezone.now())


@admin.register(JobFailure)
class JobFailureAdmin(WatchedAdmin):
    """The runs of the last month that failed."""

    list_display = ("job_name", "started_at", "ended_at", "error")
    list_filter = ("job_name",)
    date_hierarchy = "ended_at"
    ordering = ("-ended_at",)
