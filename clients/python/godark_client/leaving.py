"""Leaving a venue that has stopped: with a kept proof, the published file, and a node of Solana.

`request` asks for a forced exit, `freeze` freezes what is a day overdue, `claim` pays out. What is
not here: the bytes (`proofs`), the chain (`solana`), the command line (`verify`).
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from godark_client.proofs import (
    EMPTY,
    IDS_PER_CHUNK,
    Claim,
    ClaimsFile,
    FalseError,
    Json,
    claim_at,
    claim_of,
    claim_salt,
    climb,
    path_in,
)
from godark_client.solana import (
    SYSTEM_PROGRAM,
    TOKEN_ACCOUNTS_PROGRAM,
    TOKEN_PROGRAM,
    Checkpoint,
    Instruction,
    Meta,
    Program,
    Wallet,
    token_account,
)

REQUEST_EXIT: Final = 35
FREEZE: Final = 38
EXIT_BY_CLAIM: Final = 39
EXIT_WITHOUT_CLAIM: Final = 40
EXIT_SECONDS: Final = 86_400
CREATE_IDEMPOTENT: Final = b"\1"


@dataclass(frozen=True, slots=True)
class Right:
    """What an owner shows to the program: a claim and its path, or that there is none."""

    claim: Claim | None
    index: int
    path: Sequence[bytes]
    chunk: bytes | None = None


@dataclass(frozen=True)
class Leaver:
    """Somebody who leaves: the program, the wallet, the kept proof (if any), the published file."""

    program: Program
    wallet: Wallet
    proof: Json | None = None
    file: ClaimsFile | None = None

    def request(self) -> str:
        """Ask for a forced exit; the bond comes back. Return the transaction's signature."""
        owner = self.wallet.address
        metas = [
            self._at(b"exchange"),
            self._at(b"checkpoints"),
            self._at(b"vault", owner, writes=True),
            Meta(owner, writes=True, signs=True),
            Meta(SYSTEM_PROGRAM),
        ]
        return self._send(Instruction(self.program.address, bytes([REQUEST_EXIT]), metas))

    def freeze(self) -> str:
        """Freeze the exchange for an overdue root, or for one's own overdue exit."""
        exchange = self.program.exchange()
        metas = [
            self._at(b"exchange", writes=True),
            self._at(b"checkpoints", writes=True),
            Meta(exchange.treasury),
        ]
        vault = self.program.vault(self.wallet.address)
        asked_at = vault.exit_requested_at if vault else 0
        if asked_at and asked_at < exchange.root_at:
            metas.append(self._at(b"vault", self.wallet.address))
        return self._send(Instruction(self.program.address, bytes([FREEZE]), metas))

    def claim(self) -> tuple[str, int]:
        """Leave; return the transaction's signature and what was paid, in micro-USDT."""
        right, exchange = self.right(), self.program.exchange()
        destination = token_account(self.wallet.address, exchange.mint)
        if self.program.node.account(destination) is None:
            self._send(self._account_for(destination, exchange.mint))
        metas = [
            self._at(b"exchange", writes=True),
            self._at(b"checkpoints", writes=True),
            self._at(b"vault", self.wallet.address, writes=True),
            Meta(exchange.treasury, writes=True),
            Meta(destination, writes=True),
            Meta(TOKEN_PROGRAM),
            Meta(self.wallet.address, writes=True, signs=True),
        ]
        signature = self._send(Instruction(self.program.address, _shown(right), metas))
        vault = self.program.vault(self.wallet.address)
        return signature, vault.exited_micro if vault else 0

    def right(self) -> Right:
        """Return what this owner can show against the last checkpoint. Raises FalseError."""
        checkpoints = self.program.checkpoints()
        newest = checkpoints.get(max(checkpoints, default=0))
        if newest is None:
            return Right(None, 0, ())
        kept = (self.proof or {}).get("checkpoint")
        if kept and kept["number"] == newest.number:
            return _kept(kept, newest)
        file = self._file_of(newest)
        vault = self.program.vault(self.wallet.address)
        if vault is None:
            raise FalseError("This wallet has no vault.")
        if not file.has_vault(vault.vault_id):
            return _without(file, vault.vault_id)
        for claim in self._guesses(file):
            if claim.hash in file.hashes:
                index = file.hashes.index(claim.hash)
                return Right(claim, index, path_in(file.hashes, index))
        raise FalseError(
            "Your claim in the last checkpoint is not what your kept proof lets one reckon: money "
            "moved since. Look for a newer proof (browser, client), or ask others for theirs."
        )

    def _guesses(self, file: ClaimsFile) -> Iterator[Claim]:
        """Yield what the claim is if nothing moved since the kept proof: each of its two states."""
        kept = self.proof
        if kept is None or not kept.get("checkpoint"):
            raise FalseError("Name a proof with a claim: the last checkpoint has one of yours.")
        units = [int(market["unit_micro"]) for market in kept["checkpoint"]["markets"]]
        salt = claim_salt(bytes.fromhex(kept["salt_key"]), file.number)
        old = kept["checkpoint"]
        for leaf, state in ((kept["leaf"], kept["leaf"]), (old["leaf"], old["state"])):
            worth = claim_at(
                int(state["cash_micro"]), state["positions"], file.marks_half_ticks, units
            )
            deposits, released = int(leaf["deposits_micro"]), int(leaf["released_micro"])
            vault_id = int(leaf["vault_id"])
            yield Claim(salt, self.wallet.address, vault_id, deposits, released, worth)

    def _file_of(self, newest: Checkpoint) -> ClaimsFile:
        if self.file is None:
            raise FalseError(f"Name the published file of checkpoint {newest.number}.")
        if self.file.digest != newest.file_hash:
            raise FalseError(f"The file is not that of checkpoint {newest.number}.")
        return self.file

    def _account_for(self, destination: bytes, mint: bytes) -> Instruction:
        owner = self.wallet.address
        metas = [
            Meta(owner, writes=True, signs=True),
            Meta(destination, writes=True),
            Meta(owner),
            Meta(mint),
            Meta(SYSTEM_PROGRAM),
            Meta(TOKEN_PROGRAM),
        ]
        return Instruction(TOKEN_ACCOUNTS_PROGRAM, CREATE_IDEMPOTENT, metas)

    def _at(self, *seeds: bytes, writes: bool = False) -> Meta:
        return Meta(self.program.account_at(*seeds), writes=writes)

    def _send(self, *built: Instruction) -> str:
        return self.program.node.send(self.wallet, *built)


def _kept(kept: Json, newest: Checkpoint) -> Right:
    """Return the right of a proof that is of the last checkpoint itself."""
    claim, path = claim_of(kept), [bytes.fromhex(step) for step in kept["path"]]
    if climb(claim.hash, kept["index"], path) != newest.plain_root:
        raise FalseError("The kept proof does not lead to the last checkpoint.")
    return Right(claim, kept["index"], path)


def _without(file: ClaimsFile, vault_id: int) -> Right:
    """Return the right of a vault that has no claim: its chunk of the map, if it has one."""
    place = vault_id // IDS_PER_CHUNK
    if place >= len(file.chunks):
        return Right(None, 0, ())
    return Right(None, place, path_in(file.chunks, place), chunk=file.chunks[place])


def _shown(right: Right) -> bytes:
    """Return the data of the instruction that shows a right."""
    steps = bytes([len(right.path)]) + b"".join(right.path)
    claim = right.claim
    if claim is not None:
        sums = (claim.deposits_micro, claim.released_micro, claim.claim_micro)
        head = struct.pack("<BIQQQ32s", EXIT_BY_CLAIM, right.index, *sums, claim.salt)
        return head + steps
    if right.chunk is None:
        return bytes([EXIT_WITHOUT_CLAIM])
    return bytes([EXIT_WITHOUT_CLAIM]) + (right.chunk or EMPTY) + steps
