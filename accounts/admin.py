"""The lists of the back office about people: who they are, their roles, what they did and tried.

Third-party lists are registered anew here, since their own would show secrets or let staff write.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from django_otp.plugins.otp_static.models import StaticDevice

from accounts.long_lists import LongList, LongListAdmin, values_in_index
from accounts.models import SecondFactor, StaffAction, User
from accounts.roles import Role
from accounts.selectors import devices_of_staff, people_with_second_factor
from accounts.services.staff import RefusedError, change_membership, reset_second_factor
from accounts.staff_site import ReadOnlyAdmin

if TYPE_CHECKING:
    UserForm = forms.ModelForm[User]
else:
    UserForm = forms.ModelForm

for foreign in (Group, StaticDevice, AccessAttempt, AccessFailureLog, AccessLog):
    admin.site.unregister(foreign)


def acting(request: HttpRequest) -> User:
    """Return the member of staff who acts; whoever is none has no business here."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


class MembershipForm(UserForm):
    """Whether a person may log in, is staff, and in which roles."""

    class Meta:
        model = User
        fields = ("is_active", "is_staff", "groups")
        labels: ClassVar = {"groups": "Roles"}
        widgets: ClassVar = {"groups": forms.CheckboxSelectMultiple}
        help_texts: ClassVar = {"groups": "Only members of staff hold roles."}

    def clean(self) -> dict[str, Any]:
        """Refuse an auditor with a second role, in words and beside the field."""
        given = super().clean() or {}
        roles = {group.name for group in given.get("groups", ())}
        if Role.AUDITOR in roles and len(roles) > 1:
            self.add_error("groups", ValidationError("The auditor holds no other role."))
        return given


@admin.register(User)
class UserAdmin(LongList):
    """People. A superadmin sets who is staff; nobody here sees or sets a password."""

    form = MembershipForm
    editable = ("is_active", "is_staff", "groups")
    list_display = ("email", "is_staff", "roles", "second_factor", "is_active", "date_joined")
    list_filter = ("is_staff", "is_active", "groups", "date_joined")
    key = ("date_joined", "id")
    found_by = ("email", "id")
    indexed = ("is_staff", "groups")
    search_help_text = "Whole e-mail or id"
    readonly_fields = ("second_factor", "password_reset")
    fieldsets = (
        (None, {"fields": ("email", "id", "date_joined", "last_login")}),
        ("Entrance", {"fields": ("is_active", "password_reset", "second_factor")}),
        ("Staff", {"fields": ("is_staff", "groups")}),
    )

    @admin.display(description="roles")
    def roles(self, person: User) -> str:
        """Return the names of the person's roles."""
        return ", ".join(sorted(group.name for group in person.groups.all()))

    @admin.display(boolean=True, description="second factor")
    def second_factor(self, person: User) -> bool:
        """Return whether a device of theirs is confirmed."""
        return bool(getattr(person, "has_second_factor", False))

    @admin.display(description="password")
    def password_reset(self, person: User) -> str:
        """Say who sets passwords."""
        del person
        return "Set by the person alone. Staff neither see nor change it."

    def conditions(self, typed: str) -> list[Q]:
        """Find a person by e-mail, in whatever case it is typed, or by id."""
        return super().conditions(typed.lower())

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return everybody with what the columns need."""
        del request
        return people_with_second_factor()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Return every field where one looks at oneself: nobody raises themselves."""
        fixed = super().get_readonly_fields(request, obj)
        return (*fixed, *self.editable) if obj is not None and obj.pk == request.user.pk else fixed

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Set the person's standing by the service that knows who may."""
        del change
        if not form.changed_data:
            return
        try:
            change_membership(
                actor=acting(request),
                user=obj,
                is_active=form.cleaned_data["is_active"],
                is_staff=form.cleaned_data["is_staff"],
                roles=[Role(group.name) for group in form.cleaned_data["groups"]],
            )
        except RefusedError as refused:
            raise PermissionDenied(str(refused)) from refused

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: Any) -> None:
        """Write nothing more: the service has set the roles too."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: traders sign up, staff are enrolled at the console."""
        del request
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: people are switched off; erasure is their own request."""
        del request, obj
        return False


@admin.register(Group)
class RoleAdmin(ReadOnlyAdmin):
    """The roles as the database has them; they are changed in the table of roles only."""

    list_display = ("name", "members", "grants")
    fields = ("name", "members", "grants")
    readonly_fields = ("members", "grants")
    search_fields = ("name",)
    ordering = ("name",)

    @admin.display
    def members(self, role: Group) -> str:
        """Return who holds the role."""
        return ", ".join(User.objects.filter(groups=role).values_list("email", flat=True)) or "-"

    @admin.display(description="may")
    def grants(self, role: Group) -> str:
        """Return what the role may do, as Django names it."""
        permissions = role.permissions.values_list("content_type__app_label", "codename")
        return ", ".join(sorted(f"{app}.{codename}" for app, codename in permissions)) or "-"


@admin.register(SecondFactor)
class SecondFactorAdmin(ReadOnlyAdmin):
    """The authenticators of staff. The secret is shown once, at the console, and never here."""

    list_display = ("user", "name", "confirmed", "created_at", "last_used_at")
    list_filter = ("confirmed", "created_at", "last_used_at")
    search_fields = ("user__email",)
    search_help_text = "E-mail"
    date_hierarchy = "created_at"
    ordering = ("user__email",)
    fields = ("user", "name", "confirmed", "created_at", "last_used_at", "throttling_failure_count")
    actions = ("reset_devices",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the devices of staff."""
        del request
        return devices_of_staff().order_by(*self.ordering)

    def has_reset_permission(self, request: HttpRequest) -> bool:
        """Say whether this person may take a lost device away."""
        return request.user.has_perm("accounts.delete_secondfactor")

    @admin.action(description="Reset: take the device away", permissions=["reset"])
    def reset_devices(self, request: HttpRequest, devices: QuerySet[SecondFactor]) -> None:
        """Take devices away; their owners cannot enter until they are enrolled again."""
        try:
            for device in devices:
                reset_second_factor(actor=acting(request), device=device)
        except RefusedError as refused:
            raise PermissionDenied(str(refused)) from refused
        messages.success(request, "Done. They are enrolled again with `manage.py enroll_staff`.")


class ActionFilter(admin.SimpleListFilter):
    """What was done: those actions that were ever."""

    title = "action"
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the actions, each found by a step in the index."""
        del request, model_admin
        found = values_in_index(StaffAction, "action")
        return [(value, value.replace("_", " ")) for value in found]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[StaffAction]
    ) -> QuerySet[StaffAction]:
        """Keep one kind of action."""
        del request
        return queryset if self.value() is None else queryset.filter(action=self.value())


class ObjectTypeFilter(admin.SimpleListFilter):
    """What it was done to."""

    title = "object"
    parameter_name = "object_type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the kinds of objects, each found by a step in the index."""
        del request, model_admin
        return [(value, value) for value in values_in_index(StaffAction, "object_type") if value]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[StaffAction]
    ) -> QuerySet[StaffAction]:
        """Keep one kind of object."""
        del request
        return queryset if self.value() is None else queryset.filter(object_type=self.value())


@admin.register(StaffAction)
class StaffActionAdmin(LongListAdmin):
    """What staff did, for those who look after the staff."""

    list_display = ("when", "who", "what", "object", "outcome", "address")
    list_filter = (ActionFilter, "outcome", "happened_at", ObjectTypeFilter)
    lookups = ("object_id",)
    indexed = ("action", "object_id")
    found_by = ("actor_email", "object_id", "object_name", "request_id")
    search_help_text = "Whole e-mail, name or id of an object, or request id"
    readonly_fields = ("when", "who", "roles", "what", "from_to")
    fieldsets = (
        (None, {"fields": ("when", "who", "roles", "what", "outcome", "reason")}),
        ("Object", {"fields": ("object_type", "object_id", "object_name", "from_to")}),
        ("Request", {"fields": ("address", "request_id")}),
    )

    @admin.display(description="when (UTC)", ordering="happened_at")
    def when(self, row: StaffAction) -> str:
        """Return the moment to the second."""
        return f"{row.happened_at:%Y-%m-%d %H:%M:%S}"

    @admin.display(description="who", ordering="actor_email")
    def who(self, row: StaffAction) -> str:
        """Return the e-mail as it was; nobody for an unknown one, the console without a request."""
        return row.actor_email or ("unknown" if row.address else "console")

    @admin.display(description="in the roles")
    def roles(self, row: StaffAction) -> str:
        """Return the roles as they were."""
        return ", ".join(row.actor_roles)

    @admin.display(description="did", ordering="action")
    def what(self, row: StaffAction) -> str:
        """Return the action in words."""
        return row.action.replace("_", " ")

    @admin.display(description="object", ordering="object_type")
    def object(self, row: StaffAction) -> str:
        """Return the name of the object, or its type where it has none."""
        return row.object_name or row.object_type

    @admin.display(description="from, to")
    def from_to(self, row: StaffAction) -> str:
        """Return one line per change."""
        return format_html_join(mark_safe("<br>"), "{}: {}", lines_of(row.changes))

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Allow the address of one object's history beside the filters."""
        return lookup == "object_id" or super().lookup_allowed(lookup, value, request)


def lines_of(changes: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield name and text of each change: from and to where both are known."""
    for name, value in changes.items():
        if isinstance(value, list) and len(value) == len(("from", "to")):
            before, after = value
            yield name, f"{before} \N{RIGHTWARDS ARROW} {after}"
        else:
            yield name, str(value)


class GuessAdmin(LongListAdmin):
    """What django-axes counts of log-ins; what was typed into the form is not shown."""

    found_by = ("username", "ip_address")
    search_help_text = "Whole e-mail or address"


@admin.register(AccessAttempt)
class AttemptAdmin(GuessAdmin):
    """Failures that count towards a lock now."""

    list_display = ("attempt_time", "username", "ip_address", "failures_since_start", "path_info")
    list_filter = ("attempt_time",)
    fields = (*list_display, "user_agent")


@admin.register(AccessFailureLog)
class FailureAdmin(GuessAdmin):
    """Every failure, kept."""

    list_display = ("attempt_time", "username", "ip_address", "locked_out", "path_info")
    list_filter = ("attempt_time", "locked_out")
    fields = (*list_display, "user_agent")


@admin.register(AccessLog)
class LogInAdmin(GuessAdmin):
    """Every log-in and log-out."""

    list_display = ("attempt_time", "logout_time", "username", "ip_address", "path_info")
    list_filter = ("attempt_time",)
    fields = (*list_display, "user_agent")
