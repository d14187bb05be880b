"""Changes that take two people, in the back office: proposing, the diff, the dry run, approving."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from godark.errors import Failure
from trading.admin.asking import AskingAdmin, ReasonField, refuse
from trading.admin.fund_moves import (
    BackstopForm,
    ContributionForm,
    diff_of_backstop,
    diff_of_contribution,
)
from trading.admin.typed import FigureField, contracts_field, percent_field, times_field
from trading.admin.words import in_percent, in_usdt, size_of
from trading.models import (
    Command,
    CommandStatus,
    Market,
    PauseLevel,
    Proposal,
    ProposalKind,
    ProposalState,
)
from trading.selectors.touched_by import touched_by
from trading.services.fund_moves import amount_of
from trading.services.proposals import (
    PARAMETERS,
    approve,
    command_key,
    propose_backstop_move,
    propose_contribution,
    propose_level,
    propose_parameters,
    reject,
)

APPROVE = "trading.change_proposal"
MOVES_FUNDS = "trading.move_funds"
OF_MONEY = (ProposalKind.INSURANCE, ProposalKind.BACKSTOP)
MOST_LEVERAGE = 1_000


class ParametersForm(forms.Form):
    """A market's parameters as they shall be, typed in percent and contracts."""

    reason = ReasonField(help_text="Kept for ever; the other person reads it.")

    def __init__(self, data: Any, *, market: Market) -> None:
        super().__init__(data)
        for name in PARAMETERS:
            now = getattr(market, name)
            self.fields[name_of(name)] = field_of(
                name, market, initial=now, help_text=f"Now {in_words(name, now, market)}."
            )
        self.order_fields([*map(name_of, PARAMETERS), "reason"])

    def wanted(self) -> dict[str, int]:
        """Return the parameters by column."""
        return {name: self.cleaned_data[name_of(name)] for name in PARAMETERS}


def name_of(column: str) -> str:
    """Return a parameter's name without the unit in which it is kept."""
    return column.removesuffix("_ppb").removesuffix("_lots")


def field_of(column: str, market: Market, **own: Any) -> FigureField:
    """Return the field in which a parameter is typed."""
    if column.endswith("_ppb"):
        return percent_field(**own)
    if column.endswith("_lots"):
        return contracts_field(market, **own)
    return times_field(most=MOST_LEVERAGE, **own)


class LevelForm(forms.Form):
    """The full stop, or what follows it."""

    level = forms.TypedChoiceField(
        choices=[(level.value, f"{level.value}: {level.label}") for level in PauseLevel],
        coerce=int,
        initial=PauseLevel.STOPPED.value,
    )
    reason = ReasonField(help_text="Told to everybody once it is approved.")


@admin.register(Proposal)
class ProposalAdmin(AskingAdmin):
    """Proposals: those that wait, and what became of the others."""

    asks = "trading.add_proposal"
    change_list_template = "admin/trading/proposals.html"
    list_display = ("proposed_at", "kind", "market", "proposed_by", "reason", "state", "decided_by")
    list_filter = ("state", "kind")
    list_select_related = ("market", "proposed_by", "decided_by")
    ordering = ("-pk",)

    def get_urls(self) -> list[URLPattern]:
        """Add proposing and deciding."""
        view = self.admin_site.admin_view
        own = [
            path("parameters", view(self.choose), name="trading_propose"),
            path("parameters/<int:number>", view(self.propose), name="trading_propose_parameters"),
            path("level", view(self.propose_level), name="trading_propose_level"),
            path("insurance", view(self.propose_contribution), name="trading_propose_insurance"),
            path("backstop", view(self.propose_backstop), name="trading_propose_backstop"),
            path("<int:number>/decide", view(self.decide), name="trading_decide"),
        ]
        return own + super().get_urls()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list, with the ways to propose for those who may."""
        own = {
            "may_propose": request.user.has_perm(self.asks),
            "may_move": request.user.has_perm(MOVES_FUNDS),
        }
        return super().changelist_view(request, own | (extra_context or {}))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",  # noqa: ARG002 - Django's signature
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002 - the same
    ) -> HttpResponse:
        """Show a proposal: its diff, whom it would touch, and the buttons of whoever may decide."""
        proposal = self.get_object(request, object_id)
        if proposal is None or not self.has_view_permission(request, proposal):
            return super().change_view(request, object_id)
        is_open = proposal.state == ProposalState.OPEN
        is_own = proposal.proposed_by_id == request.user.pk
        context = self.around(
            request,
            title=f"{proposal.get_kind_display()} ({proposal.get_state_display().lower()})",
            proposal=proposal,
            diff=diff_of_proposal(proposal),
            touched=touched_by(proposal.market, proposal.changes) if proposal.market else [],
            said=said_by_the_engine(proposal),
            may_approve=is_open and not is_own and request.user.has_perm(asks_for(proposal)),
            may_reject=is_open and (is_own or request.user.has_perm(asks_for(proposal))),
        )
        return TemplateResponse(request, "admin/trading/proposal.html", context)

    def choose(self, request: HttpRequest) -> HttpResponse:
        """Ask of which market."""
        self.member(request)
        markets = Market.objects.exclude(state="DELISTED").order_by("rank")
        context = self.around(request, title="Propose other parameters", markets=markets)
        return TemplateResponse(request, "admin/trading/propose_market.html", context)

    def propose(self, request: HttpRequest, number: int) -> HttpResponse:
        """Ask for the parameters, show what they would change and touch, and propose them."""
        member = self.member(request)
        market = get_object_or_404(Market, pk=number)
        form = ParametersForm(request.POST or None, market=market)
        context = self.around(request, title=f"Propose parameters of {market}", form=form)
        if form.is_valid():
            wanted = form.wanted()
            changes = {
                name: [getattr(market, name), to]
                for name, to in wanted.items()
                if to != getattr(market, name)
            }
            if "confirmed" not in request.POST:
                context["diff"] = diff_of(changes, market)
                context["touched"] = touched_by(market, changes)
                return TemplateResponse(request, "admin/trading/propose.html", context)
            try:
                proposal = propose_parameters(
                    market=market,
                    wanted=wanted,
                    reason=form.cleaned_data["reason"],
                    by=member,
                    request=request,
                )
            except Failure as failure:
                refuse(form, failure)
            else:
                return self._proposed(request, proposal)
        return TemplateResponse(request, "admin/trading/propose.html", context)

    def propose_level(self, request: HttpRequest) -> HttpResponse:
        """Ask for the full stop, or its end."""
        member = self.member(request)
        form = LevelForm(request.POST or None)
        if form.is_valid():
            try:
                proposal = propose_level(
                    level=PauseLevel(form.cleaned_data["level"]),
                    reason=form.cleaned_data["reason"],
                    by=member,
                    request=request,
                )
            except Failure as failure:
                refuse(form, failure)
            else:
                return self._proposed(request, proposal)
        context = self.around(request, title="Propose a full stop, or its end", form=form)
        return TemplateResponse(request, "admin/trading/propose_level.html", context)

    def propose_contribution(self, request: HttpRequest) -> HttpResponse:
        """Ask which fund gets how much, show what it comes to, and propose it."""
        member = self.member(request, asks=MOVES_FUNDS)
        form = ContributionForm(request.POST or None)
        context = self.around(request, title="Propose money into an insurance fund", form=form)
        if form.is_valid():
            market, amount = form.cleaned_data["market"], form.cleaned_data["amount"]
            if "confirmed" not in request.POST:
                context["diff"] = diff_of_contribution(market, amount)
                return TemplateResponse(request, "admin/trading/propose.html", context)
            try:
                proposal = propose_contribution(
                    market=market,
                    amount_micro=amount,
                    reason=form.cleaned_data["reason"],
                    by=member,
                    request=request,
                )
            except Failure as failure:
                refuse(form, failure)
            else:
                return self._proposed(request, proposal)
        return TemplateResponse(request, "admin/trading/propose.html", context)

    def propose_backstop(self, request: HttpRequest) -> HttpResponse:
        """Ask how much moves to or from the backstop, show what it comes to, and propose it."""
        member = self.member(request, asks=MOVES_FUNDS)
        form = BackstopForm(request.POST or None)
        title = "Propose a move between the global fund and the backstop"
        context = self.around(request, title=title, form=form)
        if form.is_valid():
            if "confirmed" not in request.POST:
                context["diff"] = diff_of_backstop(form.signed_micro())
                return TemplateResponse(request, "admin/trading/propose.html", context)
            try:
                proposal = propose_backstop_move(
                    amount_micro=form.signed_micro(),
                    reason=form.cleaned_data["reason"],
                    by=member,
                    request=request,
                )
            except Failure as failure:
                refuse(form, failure)
            else:
                return self._proposed(request, proposal)
        return TemplateResponse(request, "admin/trading/propose.html", context)

    def decide(self, request: HttpRequest, number: int) -> HttpResponse:
        """Approve or reject."""
        proposal = get_object_or_404(Proposal, pk=number)
        is_approval = "approve" in request.POST
        is_of_money = proposal.kind in OF_MONEY
        member = self.member(request, asks=MOVES_FUNDS if is_of_money else self.asks)
        may = request.user.has_perm(asks_for(proposal)) or (
            not is_approval and proposal.proposed_by_id == member.pk
        )
        back = HttpResponseRedirect(reverse("admin:trading_proposal_change", args=[number]))
        if request.method != "POST" or not may:
            messages.error(request, "You may not decide on this.")
            return back
        try:
            (approve if is_approval else reject)(number, by=member, request=request)
        except Failure as failure:
            messages.error(request, failure.detail)
        else:
            messages.success(request, "Approved and done." if is_approval else "Rejected.")
        return back

    def _proposed(self, request: HttpRequest, proposal: Proposal) -> HttpResponse:
        messages.success(request, "Proposed. Another member of staff approves it.")
        return HttpResponseRedirect(reverse("admin:trading_proposal_change", args=[proposal.pk]))


def asks_for(proposal: Proposal) -> str:
    """Return what one must hold to approve a proposal."""
    return MOVES_FUNDS if proposal.kind in OF_MONEY else APPROVE


def said_by_the_engine(proposal: Proposal) -> str:
    """Return what became of the command that an approved proposal turned into."""
    if proposal.state != ProposalState.APPROVED or proposal.kind == ProposalKind.PAUSE_LEVEL:
        return ""
    command = Command.objects.filter(key=command_key(proposal)).first()
    if command is None:
        return "Its command is not in the inbox any more."
    if command.status == CommandStatus.WAITING:
        return "The engine has not taken it yet."
    if command.status == CommandStatus.SET_ASIDE:
        return "The engine failed at it and set it aside: see the alerts."
    return f"The engine refused it: {command.reason}." if command.reason else "The engine did it."


def diff_of_proposal(proposal: Proposal) -> list[dict[str, str]]:
    """Return what a proposal changes, in words; of money that waits, how the balances stand."""
    if proposal.kind in OF_MONEY and proposal.state != ProposalState.OPEN:
        return [{"name": "Amount", "was": "", "to": f"{in_usdt(amount_of(proposal))} USDT"}]
    if proposal.kind == ProposalKind.INSURANCE:
        return diff_of_contribution(proposal.market, amount_of(proposal))
    if proposal.kind == ProposalKind.BACKSTOP:
        return diff_of_backstop(amount_of(proposal))
    return diff_of(proposal.changes, proposal.market)


def diff_of(changes: dict[str, list[int]], market: Market | None) -> list[dict[str, str]]:
    """Return each change in words: what it is called, from, to."""
    return [
        {
            "name": name_of(name).replace("_", " "),
            "was": in_words(name, was, market),
            "to": in_words(name, to, market),
        }
        for name, (was, to) in changes.items()
    ]


def in_words(name: str, value: int, market: Market | None) -> str:
    """Return a parameter as people read it."""
    if name == "level":
        return f"{value}: {PauseLevel(value).label}"
    if name == "max_leverage":
        return f"{value}x"
    if name.endswith("_ppb"):
        return in_percent(value)
    return str(value) if market is None else f"{size_of(value, market)} {market.base}"
