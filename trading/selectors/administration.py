"""Who administers the program on the chain, and what is proposed there: by the node alone."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from chain import multisig
from chain.client import Level
from chain.layouts import APPROVALS, Multisig, Proposal
from trading.solana import Solana

NEWEST = 50


@dataclass(frozen=True)
class ProposalView:
    """One proposal in words."""

    number: int
    what: str
    fields: tuple[tuple[str, str], ...]
    proposer: str
    approved_by: tuple[int, ...]
    state: str
    expires: str


@dataclass(frozen=True)
class Administration:
    """The authority, whether it is the multisig, its members, and the newest proposals."""

    authority: str
    guardian: str
    is_multisig: bool
    members: tuple[str, ...] = ()
    proposals: list[ProposalView] = field(default_factory=list)


def administration_of(door: Solana, /) -> Administration | None:
    """Return what stands on the chain, for good; `None` without an exchange.

    Raises `ChainUnreachableError`.
    """
    level = Level.FINALIZED
    exchange = door.records.exchange(level=level)
    if exchange is None:
        return None
    keys = (str(exchange.authority), str(exchange.guardian))
    board = door.records.multisig(level=level)
    if board is None:
        return Administration(*keys, is_multisig=False)
    numbers = range(board.proposals, max(0, board.proposals - NEWEST), -1)
    found = door.records.proposals(numbers, level=level) if numbers else []
    now = door.records.now_seconds(level=level)
    return Administration(
        *keys,
        is_multisig=exchange.authority == door.addresses.multisig,
        members=tuple(str(member) for member in board.members),
        proposals=[_view(proposal, board, now) for proposal in found if proposal is not None],
    )


def _view(proposal: Proposal, board: Multisig, now: int, /) -> ProposalView:
    told = multisig.tell(proposal)
    seats = range(len(board.members))
    return ProposalView(
        number=proposal.number,
        what=told.name,
        fields=tuple(told.fields.items()),
        proposer=str(proposal.proposer),
        approved_by=tuple(seat + 1 for seat in seats if proposal.approvals >> seat & 1),
        state=_state(proposal, board, now, timelock_seconds=told.timelock_seconds),
        expires=_moment(proposal.expires_at),
    )


def _state(proposal: Proposal, board: Multisig, now: int, /, *, timelock_seconds: int) -> str:
    """Say how far a proposal is, as the program would."""
    if proposal.is_executed:
        return "Done"
    if proposal.number <= board.void_up_to:
        return "Void: the members have changed"
    if now >= proposal.expires_at:
        return "Expired"
    count = proposal.approvals.bit_count()
    if count < APPROVALS:
        return f"{count} of {APPROVALS} approvals"
    due = proposal.approved_at + timelock_seconds
    return f"Waits until {_moment(due)}" if now < due else "May be executed"


def _moment(seconds: int, /) -> str:
    return f"{datetime.fromtimestamp(seconds, tz=UTC):%Y-%m-%d %H:%M} UTC"
