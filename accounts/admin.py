"""The lists of people, roles, second factors and guesses in the back office, and the audit log."""

from django.contrib import admin

from accounts.models import StaffAction
from accounts.staff_site import ReadOnlyAdmin


@admin.register(StaffAction)
class StaffActionAdmin(ReadOnlyAdmin):
    """What staff did, for those who look after the staff."""

    list_display = (
        "happened_at",
        "actor_email",
        "action",
        "object_type",
        "object_name",
        "outcome",
        "address",
    )
