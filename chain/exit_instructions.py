"""Builds the instructions of the way out: forced exits, the freeze, and leaving after it. Pure.

What lives here: account order and data of the instructions 35 to 42. What does not: what
an exit is worth (exits), the other instructions and all numbers (instructions).
"""

import struct
from typing import Final

from solders.instruction import Instruction
from solders.pubkey import Pubkey
from solders.system_program import ID as SYSTEM_PROGRAM

from chain import instructions
from chain.addresses import TOKEN_PROGRAM, Addresses
from chain.claims import Claim
from chain.merkle import Path
from chain.metas import instruction, pays, reads, signs, writes

REASON_BYTES: Final = 64


def request_exit(addresses: Addresses, *, owner: Pubkey) -> Instruction:
    """Ask for a forced exit; the owner pays the bond."""
    accounts = [
        reads(addresses.exchange),
        reads(addresses.checkpoints),
        writes(addresses.vault(owner)),
        pays(owner),
        reads(SYSTEM_PROGRAM),
    ]
    return instruction(addresses, instructions.REQUEST_EXIT, b"", accounts)


def withdraw_exit(addresses: Addresses, *, owner: Pubkey, operator: Pubkey) -> Instruction:
    """Take the request back; the operator gets the bond."""
    accounts = [
        reads(addresses.exchange),
        writes(addresses.vault(owner)),
        writes(operator),
        signs(owner),
    ]
    return instruction(addresses, instructions.WITHDRAW_EXIT, b"", accounts)


def serve_exit(
    addresses: Addresses,
    *,
    operator: Pubkey,
    owner: Pubkey,
    root_number: int,
    released_micro: int,
    salt: bytes,
    path: Path,
) -> Instruction:
    """Show the empty leaf of an owner who asked to leave: nothing is left that is not released."""
    data = struct.pack(
        "<QIQ32sB", root_number, path.index, released_micro, salt, len(path.siblings)
    )
    accounts = [
        reads(addresses.exchange),
        reads(addresses.roots),
        writes(addresses.vault(owner)),
        writes(owner),
        signs(operator),
    ]
    built = data + b"".join(path.siblings)
    return instruction(addresses, instructions.SERVE_EXIT, built, accounts)


def freeze(addresses: Addresses, *, overdue: Pubkey | None = None) -> Instruction:
    """Freeze the exchange for the overdue exit of an owner, or for an overdue root."""
    accounts = [
        writes(addresses.exchange),
        writes(addresses.checkpoints),
        reads(addresses.treasury),
    ]
    if overdue is not None:
        accounts.append(reads(addresses.vault(overdue)))
    return instruction(addresses, instructions.FREEZE, b"", accounts)


def exit_by_claim(
    addresses: Addresses, *, claim: Claim, path: Path, destination: Pubkey
) -> Instruction:
    """Leave a frozen exchange with a claim of the last checkpoint; its owner signs."""
    data = struct.pack(
        "<IQQQ32sB",
        path.index,
        claim.deposits_micro,
        claim.released_micro,
        claim.claim_micro,
        claim.salt,
        len(path.siblings),
    )
    built = data + b"".join(path.siblings)
    return _leave(
        addresses, instructions.EXIT_BY_CLAIM, built, owner=claim.owner, destination=destination
    )


def exit_without_claim(
    addresses: Addresses,
    *,
    owner: Pubkey,
    destination: Pubkey,
    chunk: bytes = b"",
    path: Path | None = None,
) -> Instruction:
    """Leave with deposits of which the last checkpoint knows nothing.

    The chunk of the map of vaults and its path; neither for a vault beyond the map.
    """
    data = b"" if path is None else chunk + bytes([len(path.siblings)]) + b"".join(path.siblings)
    return _leave(
        addresses, instructions.EXIT_WITHOUT_CLAIM, data, owner=owner, destination=destination
    )


def _leave(
    addresses: Addresses, number: int, data: bytes, *, owner: Pubkey, destination: Pubkey
) -> Instruction:
    accounts = [
        writes(addresses.exchange),
        writes(addresses.checkpoints),
        writes(addresses.vault(owner)),
        writes(addresses.treasury),
        writes(destination),
        reads(TOKEN_PROGRAM),
        pays(owner),
    ]
    return instruction(addresses, number, data, accounts)


def exit_venue(addresses: Addresses, *, authority: Pubkey, destination: Pubkey) -> Instruction:
    """Pay the venue's share, a month after the freeze."""
    accounts = [
        writes(addresses.exchange),
        writes(addresses.checkpoints),
        writes(addresses.treasury),
        writes(destination),
        reads(TOKEN_PROGRAM),
        signs(authority),
    ]
    return instruction(addresses, instructions.EXIT_VENUE, b"", accounts)


def sanction(
    addresses: Addresses, *, authority: Pubkey, owner: Pubkey, reason: str, is_lifted: bool = False
) -> Instruction:
    """Put an owner under sanctions, or lift them; ValueError for no reason or one too long."""
    told = reason.encode()
    if not 0 < len(told) <= REASON_BYTES:
        msg = f"a reason has 1 to {REASON_BYTES} bytes"
        raise ValueError(msg)
    data = struct.pack(f"<B{REASON_BYTES}s", not is_lifted, told)
    accounts = [reads(addresses.exchange), writes(addresses.vault(owner)), signs(authority)]
    return instruction(addresses, instructions.SANCTION, data, accounts)
