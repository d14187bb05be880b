"""Reads the program's events out of a transaction's log.

What lives here: one record per event, in the order of `programs/godark/src/events.rs`. What does
not: which transactions to read.
"""

import base64
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from solders.pubkey import Pubkey

from chain import instructions

_PREFIX: Final = "Program data: "


@dataclass(frozen=True, slots=True)
class Event:
    """Something that the program did; numbers as its instruction's file names them."""

    kind: int
    owner: Pubkey | None
    numbers: dict[str, int]
    rest: bytes = b""


_OWNER_EVENTS: Final[dict[int, tuple[str, ...]]] = {
    instructions.CREATE_VAULT: ("vault_id",),
    instructions.DEPOSIT: ("vault_id", "amount_micro", "deposited_micro"),
    instructions.DEPOSIT_BY_DELEGATE: ("vault_id", "amount_micro", "deposited_micro"),
    instructions.PAY_OUT: ("vault_id", "amount_micro", "paid_micro", "queued_until"),
    instructions.RELEASE_PAYOUT: ("vault_id", "amount_micro", "paid_micro"),
    instructions.CANCEL_PAYOUT: ("vault_id", "amount_micro"),
    instructions.CLOSE_VAULT: ("vault_id",),
    instructions.REQUEST_EXIT: ("vault_id", "bond_lamports"),
    instructions.WITHDRAW_EXIT: ("vault_id", "bond_lamports"),
    instructions.SERVE_EXIT: ("vault_id", "released_micro"),
    instructions.EXIT_BY_CLAIM: ("vault_id", "by_claim_micro", "beside_micro", "amount_micro"),
    instructions.EXIT_WITHOUT_CLAIM: ("vault_id", "by_claim_micro", "beside_micro", "amount_micro"),
}
_EXCHANGE_EVENTS: Final[dict[int, tuple[str, ...]]] = {
    instructions.INITIALIZE_EXCHANGE: (),
    instructions.SET_MARKET: ("number", "unit_micro", "step_ppm", "per_second_ppm", "listed"),
    instructions.SET_KEYS: ("duty",),
    instructions.SET_PARAMETERS: (
        "daily_cap_micro",
        "delay_above_micro",
        "delay_seconds",
        "deposit_unit_micro",
    ),
    instructions.COMMIT_ROOT: ("number", "total_micro"),
    instructions.PAUSE: ("paused",),
    instructions.RESUME: ("paused",),
    instructions.OPEN_MULTISIG: (),
    instructions.PROPOSE: ("number", "expires_at"),
    instructions.APPROVE: ("number", "approvals"),
    instructions.EXECUTE: ("number",),
    instructions.CLOSE_PROPOSAL: ("number",),
    instructions.SET_MEMBERS: (),
    instructions.OPEN_CHECKPOINTS: ("interval_seconds", "bond_lamports"),
    instructions.SET_EXIT_TERMS: ("interval_seconds", "bond_lamports"),
    instructions.FREEZE: (
        "number",
        "held_micro",
        "reserve_micro",
        "claims_micro",
        "venue_micro",
    ),
    instructions.EXIT_VENUE: ("amount_micro",),
    instructions.SANCTION: ("vault_id", "is_put"),
    instructions.COMMIT_CHECKPOINT: ("number", "root_number", "claims_micro", "venue_micro"),
}
_SIGNED: Final = {"total_micro", "queued_until", "delay_seconds"}


def parse_event(data: bytes) -> Event:
    """Read one event's bytes."""
    kind, rest = data[0], data[1:]
    owner = None
    names = _OWNER_EVENTS.get(kind)
    if names is None:
        names = _EXCHANGE_EVENTS[kind]
    else:
        owner, rest = Pubkey(rest[:32]), rest[32:]
    code = "<" + "".join("q" if name in _SIGNED else "Q" for name in names)
    size = struct.calcsize(code)
    numbers = dict(zip(names, struct.unpack(code, rest[:size]), strict=True))
    return Event(kind=kind, owner=owner, numbers=numbers, rest=rest[size:])


def read_events(logs: Iterable[str], *, program: Pubkey) -> list[Event]:
    """Read the events that `program` itself wrote, and not those of programs it called."""
    events: list[Event] = []
    stack: list[str] = []
    for line in logs:
        if line.startswith(_PREFIX):
            if stack and stack[-1] == str(program):
                events.append(parse_event(base64.b64decode(line.removeprefix(_PREFIX))))
            continue
        match line.split():
            case ["Program", caller, "invoke", _]:
                stack.append(caller)
            case ["Program", caller, "success" | "failed:", *_] if stack and stack[-1] == caller:
                stack.pop()
            case _:
                pass
    return events
