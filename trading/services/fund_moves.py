"""Moves of the venue's own money: into an insurance fund, and to the backstop or back.

Each is proposed by one and approved by another (`trading.services.proposals`); here stands what is
refused, and the engine's command. Nothing moves money out of a market's fund, nor out of the venue:
that belongs to the chain's multisig.
"""

from typing import Final

from django.conf import settings

from chain.client import Level
from chain.errors import ChainError
from engine.commands import Command as EngineCommand
from engine.commands import ContributeInsurance, FundBackstop
from godark.errors import Code, Failure
from trading.models import Command, CommandStatus, Proposal, ProposalKind
from trading.selectors.amounts import usdt_text
from trading.selectors.funds import backstop, global_fund_micro, owed_micro
from trading.solana import solana

BRING_MONEY: Final = ("ContributeInsurance", "ListMarket")


def check_contribution(amount_micro: int, /) -> None:
    """Refuse venue money that does not lie in the treasury: what is owed must be covered (I62).

    In development the venue's wallet pays it in by itself.
    """
    if settings.IN_DEVELOPMENT:
        return
    if Command.objects.filter(status=CommandStatus.WAITING, kind__in=BRING_MONEY).exists():
        raise Failure(Code.VALIDATION_ERROR, "Other money is on its way: try again in a moment.")
    try:
        there = solana().records.treasury_micro(level=Level.FINALIZED)
    except ChainError as error:
        raise Failure(Code.UNAVAILABLE, "The chain does not answer just now.") from error
    spare = max(0, there - owed_micro())
    if amount_micro > spare:
        raise Failure(
            Code.VALIDATION_ERROR,
            f"The treasury holds {usdt_text(spare)} USDT more than is owed: the venue's wallet has"
            " to deposit first.",
        )


def check_backstop_move(amount_micro: int, /) -> None:
    """Refuse to move more than is there, or so much back that the backstop is beyond its limit."""
    if amount_micro > 0:
        if amount_micro > global_fund_micro():
            raise Failure(Code.VALIDATION_ERROR, "The global fund does not hold so much.")
        return
    ours = backstop()
    if -amount_micro > ours.cash_micro:
        raise Failure(Code.VALIDATION_ERROR, "The backstop has not so much cash.")
    if ours.room_micro(moved_micro=amount_micro) < 0:
        raise Failure(
            Code.VALIDATION_ERROR, "What it holds would be more than five times its equity."
        )


def amount_of(proposal: Proposal, /) -> int:
    """Return how much a proposal moves, in micro-USDT."""
    return int(proposal.changes["amount_micro"][1])


def command_of(proposal: Proposal, /) -> EngineCommand:
    """Return what the engine is told of an approved move."""
    name, amount = f"proposal-{proposal.pk}", amount_of(proposal)
    if proposal.kind == ProposalKind.BACKSTOP:
        return FundBackstop(at_ms=0, transfer_id=name, amount_micro=amount)
    market = proposal.market.symbol if proposal.market else None
    return ContributeInsurance(at_ms=0, contribution_id=name, amount_micro=amount, market_id=market)
