"""Compliance in the back office: who is frozen, and the two clicks that freeze and unfreeze.

The list is read-only. The first click shows whom it will concern, the second does it; the reason
stands in the row and in the audit log.
"""

import uuid
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from accounts.models import User
from accounts.staff_site import ReadOnlyAdmin
from compliance.models import AccountRestriction
from compliance.services.restrictions import UnchangedError, load_frozen, restrict

RESTRICT = "compliance.add_accountrestriction"


class RestrictionForm(forms.Form):
    """Whom, what and why."""

    account = forms.CharField(max_length=254, label="Account", help_text="E-mail or id.")
    action = forms.ChoiceField(choices=AccountRestriction.Action.choices)
    reason = forms.CharField(
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
        help_text="Kept for ever: name the case, not the person.",
    )

    def clean_account(self) -> User:
        """Return the person, by e-mail or id."""
        typed = str(self.cleaned_data["account"]).strip()
        try:
            found = Q(pk=uuid.UUID(typed))
        except ValueError:
            found = Q(email=typed.lower())
        user = User.objects.filter(found).first()
        if user is None:
            raise forms.ValidationError("Nobody has this e-mail or id.")
        return user


@admin.register(AccountRestriction)
class AccountRestrictionAdmin(ReadOnlyAdmin):
    """Every freeze and unfreeze, the newest first."""

    change_list_template = "admin/compliance/restrictions.html"
    list_display = ("happened_at", "action", "account_id", "reason", "by")
    list_filter = ("action", "happened_at")
    list_select_related = ("by",)
    search_fields = ("account_id", "reason")
    search_help_text = "Account id or reason"
    date_hierarchy = "happened_at"
    ordering = ("-pk",)

    def get_urls(self) -> list[URLPattern]:
        """Add the page of the two clicks."""
        page = self.admin_site.admin_view(self.restrict)
        return [path("restrict", page, name="compliance_restrict"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list, with the way to the page for those who may."""
        may = {"may_restrict": request.user.has_perm(RESTRICT)}
        return super().changelist_view(request, may | (extra_context or {}))

    def restrict(self, request: HttpRequest) -> HttpResponse:
        """Ask first, then show whom it concerns, then do it."""
        if not isinstance(request.user, User) or not request.user.has_perm(RESTRICT):
            raise PermissionDenied
        form = RestrictionForm(request.POST or None)
        if not form.is_valid():
            return self._page(request, form=form)
        account = form.cleaned_data["account"]
        if "confirmed" not in request.POST:
            return self._page(request, form=form, account=account)
        try:
            restrict(
                account=account,
                action=AccountRestriction.Action(form.cleaned_data["action"]),
                reason=form.cleaned_data["reason"],
                by=request.user,
                request=request,
            )
        except UnchangedError as unchanged:
            form.add_error(None, str(unchanged))
            return self._page(request, form=form)
        messages.success(request, "Done. It holds at every door within five seconds.")
        return HttpResponseRedirect(reverse("admin:compliance_accountrestriction_changelist"))

    def _page(
        self, request: HttpRequest, *, form: RestrictionForm, account: User | None = None
    ) -> HttpResponse:
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": "Freeze or unfreeze an account",
            "form": form,
            "account": account,
            "is_frozen": account is not None and account.pk in load_frozen(),
        }
        return TemplateResponse(request, "admin/compliance/restrict.html", context)
