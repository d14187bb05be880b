"""The back office: the Django admin behind a second factor, and the bases of its lists.

Register a model with `ReadOnlyAdmin`, or with `StaffAdmin` and the few fields that staff may
change; either writes every action into the audit log. Django's own `LogEntry` is not written:
`accounts.StaffAction` is the truth.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.text import capfirst, slugify
from django_otp.admin import OTPAdminSite

from accounts.desks import DESKS, PAGES, TITLES, UNSORTED, DeskPage, desk_of
from accounts.models import StaffAction
from accounts.pages import log_in_staff
from accounts.services.audit import name_of, record_action, record_look
from accounts.services.sessions import close_session

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin


Action = Callable[..., Any]


class StaffSite(OTPAdminSite):  # type: ignore[misc]  # django-otp ships no types
    """The Django admin as GoDark's staff see it; only a verified second factor opens it (I74)."""

    site_header = "GoDark back office"
    site_title = "GoDark"
    index_title = "Back office"

    def __init__(self) -> None:
        super().__init__(name="admin")
        self.disable_action("delete_selected")

    def login(
        self,
        request: HttpRequest,
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002 - Django's signature
    ) -> HttpResponse:
        """Ask for e-mail, password and code, unless all three were given already."""
        if request.method == "GET" and self.has_permission(request):
            return redirect("admin:index")
        answer: HttpResponse = log_in_staff(request)
        return answer

    def logout(
        self,
        request: HttpRequest,
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002 - Django's signature
    ) -> HttpResponse:
        """Log out and show the door again."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        close_session(request=request)
        return redirect("admin:login")

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Let a member of staff change their own password, and record that they did."""
        with transaction.atomic():
            response: HttpResponse = super().password_change(request, extra_context)
            if isinstance(response, HttpResponseRedirect):
                record_action(action="change_password", request=request)
        return response

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return the lists that this person may see, by desk; by app where one is asked for."""
        if app_label is not None:
            return list(super().get_app_list(request, app_label))
        desks: dict[str, list[Any]] = {desk: [] for desk in (*DESKS, UNSORTED)}
        for app in self._build_app_dict(request).values():
            for entry in app["models"]:
                opts = entry["model"]._meta
                desks[desk_of(opts.label_lower)].append(entry | {"name": title_of(opts)})
        found = []
        for desk, entries in desks.items():
            pages = [
                page for page in PAGES.get(desk, ()) if request.user.has_perms(page.permissions)
            ]
            if entries or pages:
                entry = desk_entry(name=desk, entries=entries)
                entry["models"] += [page_entry(page) for page in pages]
                found.append(entry)
        return found

    def get_log_entries(self, request: HttpRequest) -> QuerySet[LogEntry]:  # noqa: ARG002 - Django's
        """Return none: the audit log is the truth."""
        return LogEntry.objects.none()


def desk_entry(*, name: str, entries: list[Any]) -> dict[str, Any]:
    """Return a desk in the shape in which Django's templates take an app."""
    order = DESKS.get(name, ())
    position = {label: number for number, label in enumerate(order)}
    return {
        "name": name,
        "app_label": slugify(name),
        "app_url": f"{reverse('admin:index')}#{slugify(name)}",
        "has_module_perms": True,
        "models": sorted(
            entries,
            key=lambda entry: (
                position.get(entry["model"]._meta.label_lower, len(order)),
                entry["name"],
            ),
        ),
    }


def page_entry(page: DeskPage) -> dict[str, Any]:
    """Return a page in the shape in which Django's templates take a model."""
    return {
        "name": page.title,
        "object_name": slugify(page.title),
        "admin_url": reverse(page.url_name),
        "add_url": None,
        "view_only": True,
        "perms": {"view": True},
    }


def title_of(opts: Any) -> str:
    """Return what staff call the list of a model."""
    return TITLES.get(opts.label_lower) or capfirst(str(opts.verbose_name_plural))


def recorded(action: Action) -> Action:
    """Return an admin action that leaves a row: done together with it, or refused."""

    @wraps(action)
    def act(model_admin: "StaffAdmin", request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        facts: dict[str, Any] = {
            "action": action.__name__,
            "request": request,
            "object_type": model_admin.opts.label_lower,
            "changes": {"objects": {str(one.pk): name_of(one) for one in queryset}},
        }
        try:
            with transaction.atomic():
                record_action(**facts)
                return action(model_admin, request, queryset)
        except PermissionDenied:
            with transaction.atomic():
                record_action(**facts, outcome=StaffAction.Outcome.REFUSED)
            raise

    return act


class StaffAdmin(ModelAdmin):
    """A list of the back office: nothing can be changed but `editable`, and all of it is recorded.

    Set `looks_are_recorded` where opening an object is itself worth a row.
    """

    editable: tuple[str, ...] = ()
    lookups: tuple[str, ...] = ()
    looks_are_recorded = False
    list_per_page = 50
    actions_selection_counter = True

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Return every field but the editable ones."""
        of_model = (field.name for field in (*self.opts.fields, *self.opts.many_to_many))
        asked = super().get_readonly_fields(request, obj)
        return tuple(
            dict.fromkeys(name for name in (*of_model, *asked) if name not in self.editable)
        )

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Allow the columns that the list offers as filters, and no other.

        A filter answers questions: a free choice of column would spell out a secret (I74).
        """
        named = (entry if isinstance(entry, str) else entry[0] for entry in self.filters_by_name())
        own = (getattr(entry, "parameter_name", None) for entry in self.list_filter)
        offered = {*named, *self.lookups, *filter(None, [self.date_hierarchy, *own])}
        is_offered = any(lookup == name or lookup.startswith(f"{name}__") for name in offered)
        return is_offered and bool(super().lookup_allowed(lookup, value, request))

    def filters_by_name(self) -> list[Any]:
        """Return the filters that name a column; the others read their own parameter."""
        return [entry for entry in self.list_filter if isinstance(entry, str | tuple)]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Return the actions, each of which leaves a row."""
        found = super().get_actions(request)
        return {name: (recorded(entry[0]), *entry[1:]) for name, entry in found.items() if entry}

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list under the name that staff have for it."""
        return super().changelist_view(
            request, {"title": title_of(self.opts)} | (extra_context or {})
        )

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show an object, and record the look where that is asked for."""
        found = self.get_object(request, object_id) if self.looks_are_recorded else None
        if found is not None and request.method == "GET" and self.has_view_permission(request):
            with transaction.atomic():
                record_look(request=request, target=found)
        own = {"list_title": title_of(self.opts)}
        return super().change_view(request, object_id, form_url, own | (extra_context or {}))

    def history_view(
        self,
        request: HttpRequest,
        object_id: str,
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002 - Django's signature
    ) -> HttpResponse:
        """Show what the audit log holds of an object."""
        if not request.user.has_perm("accounts.view_staffaction"):
            raise PermissionDenied
        asked = urlencode({"object_type": self.opts.label_lower, "object_id": object_id})
        return HttpResponseRedirect(f"{reverse('admin:accounts_staffaction_changelist')}?{asked}")

    def construct_change_message(
        self,
        request: HttpRequest,
        form: Any,
        formsets: Iterable[Any],
        add: bool = False,  # noqa: FBT001, FBT002 - Django's signature
    ) -> Any:
        """Return field -> [from, to] of what a form changes."""
        del request, formsets
        return {
            name: [None if add else plain(form.initial.get(name)), plain(form.cleaned_data[name])]
            for name in form.changed_data
        }

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Record that an object was added."""
        return record_action(action="add", request=request, target=obj, changes=message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Record that an object was changed, and how; a form saved as it was changes nothing."""
        if not message:
            return None
        return record_action(action="change", request=request, target=obj, changes=message)

    def log_deletions(self, request: HttpRequest, queryset: Iterable[Any]) -> Any:
        """Record that objects are about to be deleted."""
        return [record_action(action="delete", request=request, target=obj) for obj in queryset]


class ReadOnlyAdmin(StaffAdmin):
    """A list that staff can read and nobody can change."""

    actions: Sequence[Action | str] | None = None

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - the same
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - the same
        """Refuse."""
        return False


def plain(value: Any) -> Any:
    """Return a form's value as JSON can hold it; many objects become the list of their names."""
    if isinstance(value, list | tuple | QuerySet):
        return sorted(str(item) for item in value)
    if value is None or isinstance(value, bool | int | str):
        return value
    return str(value)
