"""What pages that ask something of staff share: who asks, and the page around a form."""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from accounts.models import User
from accounts.staff_site import ReadOnlyAdmin, title_of
from godark.errors import Failure


class ReasonField(forms.CharField):
    """Why; kept for ever."""

    def __init__(self, *, help_text: str, max_length: int = 200) -> None:
        super().__init__(
            min_length=10,
            max_length=max_length,
            help_text=help_text,
            widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
        )


class AskingAdmin(ReadOnlyAdmin):
    """A list with pages beside it on which something is done, by those who hold `asks`."""

    asks = ""

    def member(self, request: HttpRequest, *, asks: str = "") -> User:
        """Return who asks; refuse whoever may not."""
        if not isinstance(request.user, User) or not request.user.has_perm(asks or self.asks):
            raise PermissionDenied
        return request.user

    def around(self, request: HttpRequest, **own: Any) -> dict[str, Any]:
        """Return what the templates of such pages need."""
        base = {"opts": self.opts, "list_title": title_of(self.opts)}
        return self.admin_site.each_context(request) | base | own


def refuse(form: forms.Form, failure: Failure) -> None:
    """Say on the form what was refused."""
    form.add_error(None, failure.detail)
