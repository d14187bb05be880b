"""Two people: one proposes what changes risk or moves money, another approves, then it is done.

What an approval does (I77) is one transaction: the row, the engine's command, the audit log. What
is not here: who may propose and approve (`accounts.roles`), and whom a change touches
(`trading.selectors.touched_by`).
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from accounts.services.audit import record_action
from engine.commands import Command, SetMarketLimits
from godark.errors import Code, Failure
from trading.engine_words import market_spec
from trading.inbox import put
from trading.models import Bracket, Market, PauseLevel, Proposal, ProposalKind, ProposalState
from trading.services.fund_moves import (
    amount_of,
    check_backstop_move,
    check_contribution,
    command_of,
)
from trading.services.venue_modes import change_mode
from trading.services.venue_pause import pause_level

PARAMETERS: Final = (
    "max_leverage",
    "position_limit_lots",
    "open_interest_limit_lots",
    "stress_gap_ppb",
    "maker_rebate_ppb",
    "taker_fee_ppb",
    "collar_ppb",
)
"""The columns of a market that two people may change; the engine is told of each."""
HOLDS_FOR: Final = timedelta(hours=24)


@transaction.atomic
def propose_parameters(
    *, market: Market, wanted: Mapping[str, int], reason: str, by: User, request: HttpRequest
) -> Proposal:
    """Propose other parameters of a market; refuse those that no market may have, and no change."""
    changes = {
        name: [getattr(market, name), wanted[name]]
        for name in PARAMETERS
        if name in wanted and wanted[name] != getattr(market, name)
    }
    if not changes:
        raise Failure(Code.VALIDATION_ERROR, "Nothing would change.")
    changed_market(market, changes)
    return _write(ProposalKind.RISK_PARAMETERS, changes, reason, by, request, market=market)


@transaction.atomic
def propose_level(*, level: PauseLevel, reason: str, by: User, request: HttpRequest) -> Proposal:
    """Propose a full stop of the venue, or its end: for superadmins only."""
    _check_superadmin(by)
    now = pause_level()
    if now == level:
        raise Failure(Code.VALIDATION_ERROR, "The venue stands at this level.")
    changes = {"level": [int(now), int(level)]}
    return _write(ProposalKind.PAUSE_LEVEL, changes, reason, by, request)


@transaction.atomic
def propose_contribution(
    *, market: Market | None, amount_micro: int, reason: str, by: User, request: HttpRequest
) -> Proposal:
    """Propose to count venue money to a market's insurance fund, or without one to the global."""
    check_contribution(amount_micro)
    changes = {"amount_micro": [0, amount_micro]}
    return _write(ProposalKind.INSURANCE, changes, reason, by, request, market=market)


@transaction.atomic
def propose_backstop_move(
    *, amount_micro: int, reason: str, by: User, request: HttpRequest
) -> Proposal:
    """Propose to move money from the global fund to the backstop, or back (negative)."""
    check_backstop_move(amount_micro)
    changes = {"amount_micro": [0, amount_micro]}
    return _write(ProposalKind.BACKSTOP, changes, reason, by, request)


@transaction.atomic
def approve(number: int, /, *, by: User, request: HttpRequest) -> Proposal:
    """Make a proposal true; refuse one's own, an old one, and one whose ground has moved."""
    # 1. All refusals first.
    proposal = _open_one(number)
    if proposal.proposed_by_id == by.pk:
        raise Failure(Code.PERMISSION_DENIED, "Whoever proposed it does not approve it.")
    if proposal.proposed_at < timezone.now() - HOLDS_FOR:
        raise Failure(Code.VALIDATION_ERROR, "It is older than a day: propose it anew.")
    # 2. Do it, or refuse since what it would change is not what it was.
    DEEDS[ProposalKind(proposal.kind)](proposal, by)
    # 3. Keep who did.
    return _decide(proposal, ProposalState.APPROVED, by=by, request=request)


@transaction.atomic
def reject(number: int, /, *, by: User, request: HttpRequest) -> Proposal:
    """Reject a proposal, or take one's own back."""
    return _decide(_open_one(number), ProposalState.REJECTED, by=by, request=request)


def command_key(proposal: Proposal, /) -> str:
    """Return the key of the command that a proposal becomes."""
    return f"proposal:{proposal.pk}"


def changed_market(market: Market, changes: Mapping[str, list[int]], /) -> Market:
    """Return a market as it would be; refuse what a market may not have."""
    for name, (_, to) in changes.items():
        setattr(market, name, to)
    most = Bracket.objects.filter(schedule=market.bracket_schedule_id).aggregate(
        most=Max("max_leverage")
    )["most"]
    if market.max_leverage > (most or 0):
        raise Failure(Code.VALIDATION_ERROR, f"The brackets give a leverage of {most} at most.")
    try:
        market.validate_constraints(exclude={"tick_lot_micro"})
    except ValidationError as error:
        raise Failure(Code.VALIDATION_ERROR, " ".join(error.messages)) from error
    return market


def _set_parameters(proposal: Proposal, by: User) -> None:
    del by
    market = Market.objects.select_for_update(no_key=True).get(pk=proposal.market_id or 0)
    if any(getattr(market, name) != was for name, (was, _) in proposal.changes.items()):
        raise Failure(Code.VALIDATION_ERROR, "The market has changed meanwhile: propose it anew.")
    changed_market(market, proposal.changes).save(update_fields=list(proposal.changes))
    _tell(SetMarketLimits(at_ms=0, spec=market_spec(market)), proposal)


def _set_level(proposal: Proposal, by: User) -> None:
    _check_superadmin(by)
    was, to = proposal.changes["level"]
    if pause_level() != was:
        raise Failure(
            Code.VALIDATION_ERROR, "The venue stands at another level now: propose it anew."
        )
    change_mode(PauseLevel(to), reason=proposal.reason)


def _contribute(proposal: Proposal, by: User) -> None:
    del by
    check_contribution(amount_of(proposal))
    _tell(command_of(proposal), proposal)


def _fund_backstop(proposal: Proposal, by: User) -> None:
    del by
    check_backstop_move(amount_of(proposal))
    _tell(command_of(proposal), proposal)


def _tell(command: Command, proposal: Proposal) -> None:
    put(command, key=command_key(proposal))


DEEDS: Final[dict[ProposalKind, Callable[[Proposal, User], None]]] = {
    ProposalKind.RISK_PARAMETERS: _set_parameters,
    ProposalKind.PAUSE_LEVEL: _set_level,
    ProposalKind.INSURANCE: _contribute,
    ProposalKind.BACKSTOP: _fund_backstop,
}


def _check_superadmin(by: User) -> None:
    if not by.groups.filter(name=Role.SUPERADMIN).exists():
        raise Failure(Code.PERMISSION_DENIED, "A full stop takes two superadmins.")


def _open_one(number: int) -> Proposal:
    proposal = Proposal.objects.select_for_update(of=("self",)).filter(pk=number).first()
    if proposal is None or proposal.state != ProposalState.OPEN:
        raise Failure(Code.VALIDATION_ERROR, "This proposal is not open.")
    return proposal


def _write(
    kind: ProposalKind,
    changes: dict[str, Any],
    reason: str,
    by: User,
    request: HttpRequest,
    *,
    market: Market | None = None,
) -> Proposal:
    proposal = Proposal.objects.create(
        kind=kind,
        market=market,
        changes=changes,
        reason=reason,
        proposed_by=by,
        proposed_at=timezone.now(),
    )
    record_action(
        action="propose",
        request=request,
        actor=by,
        target=proposal,
        changes=changes | ({"market": market.symbol} if market else {}),
        reason=reason,
    )
    return proposal


def _decide(
    proposal: Proposal, state: ProposalState, *, by: User, request: HttpRequest
) -> Proposal:
    proposal.state, proposal.decided_by, proposal.decided_at = state, by, timezone.now()
    proposal.save(update_fields=["state", "decided_by", "decided_at"])
    action = "approve" if state is ProposalState.APPROVED else "reject"
    record_action(
        action=action, request=request, actor=by, target=proposal, changes=proposal.changes
    )
    return proposal
