"""Builds the multisig's instructions, and tells in words what a proposal would do. Pure.

What lives here: the instructions 14 to 19, what may be proposed, and its decoding for people. What
does not: who the members are, signing and sending.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey
from solders.system_program import ID as SYSTEM_PROGRAM
from solders.sysvar import CLOCK, INSTRUCTIONS, RENT

from chain import instructions
from chain.addresses import LOADER_PROGRAM, TOKEN_PROGRAM, Addresses
from chain.layouts import Proposal
from chain.metas import instruction, pays, reads, signs, writes

TIMELOCK_SECONDS: Final = 2 * 86_400
AT_ONCE: Final = frozenset(
    {instructions.CANCEL_PAYOUT, instructions.RESUME, instructions.SANCTION},
)
"""What stops a theft or undoes a pause waits for nobody once three have approved."""
_SIGNER, _WRITABLE = 1, 2
_UPGRADE, _SET_UPGRADE_AUTHORITY = 3, 4
_TRANSFER: Final = 3


def open_multisig(
    addresses: Addresses, *, payer: Pubkey, authority: Pubkey, members: Sequence[Pubkey]
) -> Instruction:
    """Create the multisig; the authority hands over by `set_key` afterwards."""
    accounts = [
        reads(addresses.exchange),
        writes(addresses.multisig),
        pays(payer),
        signs(authority),
        reads(SYSTEM_PROGRAM),
    ]
    data = b"".join(bytes(member) for member in members)
    return instruction(addresses, instructions.OPEN_MULTISIG, data, accounts)


def set_members(addresses: Addresses, *, members: Sequence[Pubkey]) -> Instruction:
    """Seat other members: only to be proposed."""
    data = b"".join(bytes(member) for member in members)
    accounts = [pays(addresses.multisig)]
    return instruction(addresses, instructions.SET_MEMBERS, data, accounts)


def upgrade(addresses: Addresses, *, buffer: Pubkey, spill: Pubkey) -> Instruction:
    """Put a buffer's bytes in place of the program's: only to be proposed."""
    accounts = [
        writes(addresses.program_data),
        writes(addresses.program),
        writes(buffer),
        writes(spill),
        reads(RENT),
        reads(CLOCK),
        signs(addresses.multisig),
    ]
    return Instruction(LOADER_PROGRAM, struct.pack("<I", _UPGRADE), accounts)


def propose(addresses: Addresses, *, member: Pubkey, number: int, call: Instruction) -> Instruction:
    """Propose a call of this program, the loader or the token program, as the next number."""
    targets = (addresses.program, LOADER_PROGRAM, TOKEN_PROGRAM)
    rows = b"".join(bytes(meta.pubkey) + bytes([_flags(meta)]) for meta in call.accounts)
    data = b"".join(
        (
            bytes([targets.index(call.program_id), len(call.accounts)]),
            rows,
            struct.pack("<H", len(call.data)),
            bytes(call.data),
        )
    )
    accounts = [
        writes(addresses.multisig),
        writes(addresses.proposal(number)),
        pays(member),
        reads(INSTRUCTIONS),
        reads(SYSTEM_PROGRAM),
    ]
    return instruction(addresses, instructions.PROPOSE, data, accounts)


def _flags(meta: AccountMeta) -> int:
    return _SIGNER * meta.is_signer | _WRITABLE * meta.is_writable


def approve(addresses: Addresses, *, member: Pubkey, number: int) -> Instruction:
    """Approve a proposal."""
    accounts = [
        reads(addresses.multisig),
        writes(addresses.proposal(number)),
        signs(member),
        reads(INSTRUCTIONS),
    ]
    return instruction(addresses, instructions.APPROVE, b"", accounts)


def execute(addresses: Addresses, *, member: Pubkey, proposal: Proposal) -> Instruction:
    """Do what three have approved."""
    targets = (addresses.program, LOADER_PROGRAM, TOKEN_PROGRAM)
    accounts = [
        reads(addresses.multisig),
        writes(addresses.proposal(proposal.number)),
        signs(member),
        reads(INSTRUCTIONS),
        reads(targets[proposal.target]),
    ]
    accounts += [
        writes(key) if flags & _WRITABLE else reads(key) for key, flags in proposal.accounts
    ]
    return instruction(addresses, instructions.EXECUTE, b"", accounts)


def close_proposal(
    addresses: Addresses, *, caller: Pubkey, proposer: Pubkey, number: int
) -> Instruction:
    """Take a proposal away; its proposer gets the rent."""
    accounts = [
        reads(addresses.multisig),
        writes(addresses.proposal(number)),
        writes(proposer),
        signs(caller),
    ]
    return instruction(addresses, instructions.CLOSE_PROPOSAL, b"", accounts)


@dataclass(frozen=True, slots=True)
class Told:
    """What a proposal would do: a name, its fields in words, and how long it waits."""

    name: str
    fields: dict[str, str]
    timelock_seconds: int


_OWN: Final[dict[int, tuple[str, str, tuple[str, ...]]]] = {
    instructions.SET_MARKET: (
        "set_market",
        "<H24sQIIB",
        ("number", "symbol", "unit_micro", "step_ppm", "per_second_ppm", "listed"),
    ),
    instructions.SET_KEYS: ("set_keys", "<B32s", ("duty", "key")),
    instructions.SET_PARAMETERS: (
        "set_parameters",
        "<QQqQ",
        ("daily_cap_micro", "delay_above_micro", "delay_seconds", "deposit_unit_micro"),
    ),
    instructions.CANCEL_PAYOUT: ("cancel_payout", "<", ()),
    instructions.RESUME: ("resume", "<B", ("parts",)),
    instructions.SET_MEMBERS: (
        "set_members",
        "<32s32s32s32s32s",
        tuple(f"member_{seat}" for seat in range(1, 6)),
    ),
    instructions.SET_EXIT_TERMS: (
        "set_exit_terms",
        "<qQ",
        ("interval_seconds", "bond_lamports"),
    ),
    instructions.EXIT_VENUE: ("exit_venue", "<", ()),
    instructions.SANCTION: ("sanction", "<B64s", ("is_put", "reason")),
}
_TEXTS: Final = frozenset({"symbol", "reason"})
_PARTS: Final = {1: "deposits", 2: "payouts", 4: "roots"}


def tell(proposal: Proposal) -> Told:
    """Tell what a proposal would do; ValueError for what the program would not have taken."""
    keys = [str(key) for key, _flags_of_key in proposal.accounts]
    match proposal.target, proposal.data[:1]:
        case 0, first if first and first[0] in _OWN:
            name, code, names = _OWN[first[0]]
            values = struct.unpack(code, proposal.data[1:])
            fields = {key: _word(key, value) for key, value in zip(names, values, strict=True)}
            if first[0] in {instructions.CANCEL_PAYOUT, instructions.SANCTION}:
                fields["vault"] = keys[1]
            return Told(name, fields, 0 if first[0] in AT_ONCE else TIMELOCK_SECONDS)
        case 1, first if first == bytes([_UPGRADE]):
            return Told("upgrade", {"program": keys[1], "buffer": keys[2]}, TIMELOCK_SECONDS)
        case 1, first if first == bytes([_SET_UPGRADE_AUTHORITY]):
            to = keys[2] if len(keys) > 2 else "nobody, for good"  # noqa: PLR2004  # the loader's third
            return Told("set_upgrade_authority", {"of": keys[0], "to": to}, TIMELOCK_SECONDS)
        case 2, first if first == bytes([_TRANSFER]):
            [amount] = struct.unpack("<Q", proposal.data[1:])
            fields = {"amount_micro": str(amount), "source": keys[0], "destination": keys[1]}
            return Told("transfer", fields, TIMELOCK_SECONDS)
        case _:
            msg = "this is on no list of what the multisig may do"
            raise ValueError(msg)


def _word(name: str, value: int | bytes) -> str:
    if isinstance(value, bytes):
        if name in _TEXTS:
            return value.rstrip(b"\0").decode(errors="replace")
        return str(Pubkey(value))
    if name == "duty":
        return instructions.DUTIES[value] if value < len(instructions.DUTIES) else str(value)
    if name == "parts":
        return ", ".join(word for bit, word in _PARTS.items() if value & bit)
    return str(value)
