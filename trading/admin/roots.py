"""State roots in the back office, and in development the switches of a chain that misbehaves."""

import re
from typing import Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from accounts.long_lists import LongListAdmin
from accounts.services.audit import record_action
from chain.errors import ChainUnreachableError
from godark.errors import Failure
from trading.models import Batch
from trading.selectors.administration import administration_of
from trading.services.chain_faults import Faults, faults_now, may_misbehave, roll_back, set_faults
from trading.solana import solana

MISLEAD: Final = "trading.add_toldlie"
MILLISECONDS: Final = re.compile(r"[0-9]{1,9}", re.ASCII)


@admin.register(Batch)
class RootAdmin(LongListAdmin):
    """Every state root and how far it is, newest first."""

    key = ("number",)
    list_display = ("number", "state", "rebuilds", "changed_leaves", "trades", "error")
    list_filter = ("state",)
    list_select_related = ("transaction",)
    # How many events there are tells how much rests in the dark.
    fields = (
        *("number", "state", "rebuilds", "changed_leaves", "trades", "total_micro"),
        *("due_at_ms", "built_at_ms", "confirmed_at_ms", "finalized_at_ms", "error"),
    )
    change_list_template = "admin/trading/roots.html"

    @admin.display(description="What the chain said")
    def error(self, root: Batch) -> str:
        """Return why its newest transaction was refused, if it was."""
        return root.transaction.error or "-"

    def get_urls(self) -> list[URLPattern]:
        """Add the page of who administers, and the two doors of a chain that misbehaves."""
        own = [
            path("faults", self.admin_site.admin_view(self.turn), name="trading_chain_faults"),
            path(
                "administration",
                self.admin_site.admin_view(self.administration),
                name="trading_chain_administration",
            ),
            path("fork", self.admin_site.admin_view(self.fork), name="trading_chain_fork"),
        ]
        return own + super().get_urls()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the roots, and the switches to whoever may turn them."""
        may_turn = may_misbehave() and request.user.has_perm(MISLEAD)
        context = {"faults": faults_now(solana()) if may_turn else None}
        return super().changelist_view(request, context | (extra_context or {}))

    def administration(self, request: HttpRequest) -> HttpResponse:
        """Show who administers the program, and what is proposed, decoded."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        board, unreachable = None, False
        try:
            board = administration_of(solana())
        except ChainUnreachableError:
            unreachable = True
        context = self.admin_site.each_context(request) | {
            "title": "Administration on the chain",
            "opts": self.opts,
            "board": board,
            "unreachable": unreachable,
        }
        return TemplateResponse(request, "admin/trading/administration.html", context)

    def turn(self, request: HttpRequest) -> HttpResponse:
        """Turn the switches as the form has them."""
        self._check(request)
        delay = request.POST.get("delay_ms", "")
        wanted = Faults(
            drop="drop" in request.POST,
            delay_ms=int(delay) if MILLISECONDS.fullmatch(delay) else -1,
            duplicate="duplicate" in request.POST,
            confirm="stall" not in request.POST,
        )
        try:
            with transaction.atomic():
                record_action(action="turn_chain", request=request, changes=wanted._asdict())
                set_faults(solana(), wanted)
        except Failure as failure:
            messages.error(request, failure.detail)
        else:
            messages.success(request, "The chain does as it is told.")
        return self._back()

    def fork(self, request: HttpRequest) -> HttpResponse:
        """Undo what is not final."""
        self._check(request)
        try:
            with transaction.atomic():
                record_action(action="fork_chain", request=request)
                count = roll_back(solana())
        except Failure as failure:
            messages.error(request, failure.detail)
        else:
            messages.success(request, f"Transactions that vanished: {count}.")
        return self._back()

    @staticmethod
    def _check(request: HttpRequest) -> None:
        if request.method != "POST" or not request.user.has_perm(MISLEAD):
            raise PermissionDenied

    @staticmethod
    def _back() -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:trading_batch_changelist"))
