"""What the witness compares, and why it refuses: a root is signed if every part is its own finding.

A request names a root; its rows say which leaves settlement changed. Which account a leaf is of,
where it stands and whose wallet and vault it names are claims that are proved (wallet and vault by
the chain); everything else is computed from the log and compared. What is not here: who asks, and
how the answer goes back (`process`).
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

import psycopg
from solders.instruction import Instruction
from solders.message import Message
from solders.pubkey import Pubkey

from chain import instructions
from chain.addresses import Addresses
from chain.client import ChainClient, Level
from chain.instructions import Commitment
from chain.layouts import Exchange
from chain.layouts import Market as ChainMarket
from chain.merkle import root_of
from chain.records import Records
from chain.signer import Signer
from chain.transactions import build_message
from trading.claims import Standing
from trading.engine_words import account_id_of, account_name
from trading.log import LogBrokenError
from trading.models import LeafVersion
from trading.projections.ids import Ids
from trading.solana import FEE
from trading.state_leaves import NOBODY, VENUE_ACCOUNT_ID, content_of
from trading.witness import replay as replaying
from trading.witness.book import EMPTY, Book, Gone, Kept
from trading.witness.replay import Replay

PPM: Final = 1_000_000


class Reason(StrEnum):
    """Why a root or a checkpoint is not signed."""

    MESSAGE = "MESSAGE"
    NUMBER = "NUMBER"
    PREVIOUS_ROOT = "PREVIOUS_ROOT"
    OTHER_ROOT_SIGNED = "OTHER_ROOT_SIGNED"
    LOG = "LOG"
    LEAF = "LEAF"
    LEAF_MISSING = "LEAF_MISSING"
    PLACE = "PLACE"
    OWNER = "OWNER"
    MARK = "MARK"
    TOTAL = "TOTAL"
    TRADES = "TRADES"
    CHAIN_HEAD = "CHAIN_HEAD"
    ROOT = "ROOT"
    ROOT_NUMBER = "ROOT_NUMBER"
    CLAIMS = "CLAIMS"
    DEPOSITS = "DEPOSITS"
    RELEASED = "RELEASED"
    PAID = "PAID"
    SUM_ROOT = "SUM_ROOT"
    VAULTS = "VAULTS"
    FILE = "FILE"


class RefusedError(Exception):
    """The witness does not sign this; the message is the reason and holds no figure."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class Means:
    """What the witness needs beside the log: its key, a node, and the secrets of salts and ids."""

    client: ChainClient
    addresses: Addresses
    signer: Signer
    salt_master: bytes
    ids: Ids
    allows_gifts: bool

    @property
    def records(self) -> Records:
        """Return the reader of the program's accounts."""
        return Records(self.client, self.addresses)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A root as settlement claims it: where the log is cut, which leaves changed, new marks."""

    number: int
    sequence: int
    leaves: Sequence[LeafVersion]
    marks_half_ticks: Sequence[int]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A root as the witness finds it."""

    changes: Sequence[Kept]
    gone: Mapping[uuid.UUID, Gone]
    root: bytes
    total_micro: int
    trades_root: bytes
    chain_head: bytes


@dataclass
class Witness:
    """The judge: the log's state, the leaves of the newest true root, and what proves the rest."""

    means: Means
    replay: Replay
    book: Book
    _vaults: dict[int, int] = field(default_factory=dict)

    def sign(self, connection: psycopg.Connection[Any], claim: Claim, message: bytes, /) -> bytes:
        """Return the signature of a commitment that is true; raises `RefusedError`."""
        said = read_commitment(message, self.means.addresses)
        if claim.number == self.book.number and said.number == self.book.number:
            return self._sign_again(said, message)
        if said.number != claim.number or said.number != self.book.number + 1:
            raise RefusedError(Reason.NUMBER)
        if said.previous_root != self.book.root:
            raise RefusedError(Reason.PREVIOUS_ROOT)
        markets = self.means.records.markets(level=Level.CONFIRMED)
        numbers = {market.symbol: number for number, market in enumerate(markets)}
        finding = self._find(connection, claim, numbers=numbers, asks_the_chain=True)
        try:
            self._compare(said, finding, markets=markets)
            exchange = self._compare_bytes(said, message)
        except BaseException:
            self.book.take_back()
            raise
        paid = exchange.paid_micro if exchange.root_number < claim.number else None
        self._keep(claim, finding, marks=said.marks_half_ticks, paid_before=paid)
        self.book.signed = without_blockhash(said)
        return bytes(self.means.signer.sign(message))

    def follow(self, connection: psycopg.Connection[Any], claim: Claim, /, *, root: bytes) -> None:
        """Take over a root that the chain has, after finding the same; raises `RefusedError`.

        Its vaults are not asked for: what was true then may be closed by now.
        """
        if claim.number != self.book.number + 1:
            raise RefusedError(Reason.NUMBER)
        markets = self.means.records.markets(level=Level.CONFIRMED)
        numbers = {market.symbol: number for number, market in enumerate(markets)}
        finding = self._find(connection, claim, numbers=numbers, asks_the_chain=False)
        if finding.root != root or not self._are_of_the_log(claim.marks_half_ticks, markets):
            self.book.take_back()
            raise RefusedError(Reason.ROOT if finding.root != root else Reason.MARK)
        self._keep(claim, finding, marks=claim.marks_half_ticks, paid_before=None)

    def _sign_again(self, said: Commitment, message: bytes, /) -> bytes:
        """Sign what was signed before under another blockhash, and nothing else of its number."""
        if without_blockhash(said) != self.book.signed:
            raise RefusedError(Reason.OTHER_ROOT_SIGNED)
        self._compare_bytes(said, message)
        return bytes(self.means.signer.sign(message))

    def _find(
        self,
        connection: psycopg.Connection[Any],
        claim: Claim,
        /,
        *,
        numbers: dict[str, int],
        asks_the_chain: bool,
    ) -> Finding:
        """Compute the root of a cut; the tree is tried out with it."""
        if claim.sequence < self.replay.place.sequence:
            raise RefusedError(Reason.LOG)
        try:
            place = self.replay.advance(connection, to=claim.sequence)
        except LogBrokenError:
            raise RefusedError(Reason.LOG) from None
        if asks_the_chain:
            self._prove_owners(claim)
        gone = self._gone(claim)
        changes = self._leaves(claim, gone, numbers=numbers)
        self._check_all_are_there(changes, numbers=numbers)
        owed_micro = sum(
            kept.content.owed_micro - self._owed_before(kept.content.account_id) for kept in changes
        )
        trades = replaying.trade_leaves(self.replay.fills, numbers=numbers, ids=self.means.ids)
        return Finding(
            changes=changes,
            gone=gone,
            root=self.book.try_out(changes),
            total_micro=self.book.total_micro + owed_micro,
            trades_root=root_of(trades) if trades else EMPTY,
            chain_head=place.head,
        )

    def _owed_before(self, account_id: uuid.UUID, /) -> int:
        kept = self.book.leaves.get(account_id)
        return kept.content.owed_micro if kept else 0

    def _leaves(
        self, claim: Claim, gone: Mapping[uuid.UUID, Gone], /, *, numbers: dict[str, int]
    ) -> list[Kept]:
        """Compute each claimed leaf from the log, and refuse one that says something else."""
        changes, next_place, seen = [], self.book.next_place, set()
        sum_released = self._gone_released(gone)
        for row in claim.leaves:
            account_id = row.account_id
            place = self.book.place_of(account_id)
            if place is None:
                place, next_place = next_place, next_place + 1
            before = self.book.leaves.get(account_id)
            change = before.change + 1 if before else 1
            if account_id in seen or (row.place, row.change) != (place, change):
                raise RefusedError(Reason.PLACE)
            seen.add(account_id)
            own = gone.get(account_id, Gone())
            is_venue = account_id == VENUE_ACCOUNT_ID
            content = replaying.content_of(
                self.replay.state,
                account_id,
                numbers=numbers,
                owner=row.owner,
                vault_id=row.vault_id,
                gone_deposits_micro=own.deposits_micro,
                gone_released_micro=sum_released if is_venue else own.released_micro,
            )
            leaf_hash = content.leaf(master=self.means.salt_master, change=change).hash
            if content != content_of(row) or leaf_hash != bytes(row.leaf_hash):
                raise RefusedError(Reason.LEAF)
            changes.append(Kept(place, change, content, leaf_hash))
        return changes

    def _gone_released(self, gone: Mapping[uuid.UUID, Gone], /) -> int:
        return sum(one.released_micro for one in {**self.book.gone, **gone}.values())

    def _check_all_are_there(self, changes: Sequence[Kept], /, *, numbers: dict[str, int]) -> None:
        """Refuse a root that leaves out somebody whose money moved."""
        told = {kept.content.account_id for kept in changes}
        moved = {account_id_of(name) for name in self.replay.changed} | {VENUE_ACCOUNT_ID}
        for account_id in moved - told:
            before = self.book.leaves.get(account_id)
            gone = self.book.gone.get(account_id, Gone())
            is_venue = account_id == VENUE_ACCOUNT_ID
            now = replaying.content_of(
                self.replay.state,
                account_id,
                numbers=numbers,
                owner=before.content.owner if before else NOBODY,
                vault_id=before.content.vault_id if before else 0,
                gone_deposits_micro=gone.deposits_micro,
                gone_released_micro=self._gone_released({}) if is_venue else gone.released_micro,
            )
            was = before.content if before else replace(now, **_NOTHING)
            if now != was:
                raise RefusedError(Reason.LEAF_MISSING)

    def _gone(self, claim: Claim, /) -> dict[uuid.UUID, Gone]:
        """Return what closed vaults had moved, for everybody whose leaf lets go of one.

        The chain closes a vault against an empty leaf only, so it is at most what the leaf said.
        """
        found = {}
        for row in claim.leaves:
            before = self.book.leaves.get(row.account_id)
            old = self.book.gone.get(row.account_id, Gone())
            is_closed = (
                before is not None
                and before.content.owner != NOBODY
                and before.content.vault_id != row.vault_id
            )
            if before is None or not is_closed:
                if row.account_id in self.book.gone:
                    found[row.account_id] = old
                continue
            account = self.replay.state.account(account_name(row.account_id))
            deposits = account.deposited_micro - account.unfinal_micro - row.deposits_micro
            released = account.withdrawn_micro - row.released_micro
            most = Gone(old.deposits_micro + before.content.deposits_micro, account.withdrawn_micro)
            if not old.deposits_micro <= deposits <= most.deposits_micro:
                raise RefusedError(Reason.LEAF)
            if not old.released_micro <= released <= most.released_micro:
                raise RefusedError(Reason.LEAF)
            found[row.account_id] = Gone(deposits, released)
        return found

    def _prove_owners(self, claim: Claim, /) -> None:
        """Ask the chain about every wallet and vault that is new, or whose deposits rose."""
        asked = [row for row in claim.leaves if self._is_to_prove(row)]
        left = [
            self.book.leaves[row.account_id].content
            for row in claim.leaves
            if row.account_id in self.book.leaves
            and self.book.leaves[row.account_id].content.owner != NOBODY
            and self.book.leaves[row.account_id].content.vault_id != row.vault_id
        ]
        owners = [row.owner for row in asked] + [content.owner for content in left]
        keys = [Pubkey.from_string(owner) for owner in owners]
        vaults = self.means.records.vaults(keys, level=Level.FINALIZED) if keys else []
        for row, vault in zip(asked, vaults, strict=False):
            gifts = self._gifts(row.account_id)
            is_its_own = self.book.holders.get(row.vault_id, row.account_id) == row.account_id
            if vault is None or vault.vault_id != row.vault_id or not is_its_own:
                raise RefusedError(Reason.OWNER)
            if vault.deposited_micro < row.deposits_micro - gifts:
                raise RefusedError(Reason.OWNER)
            self._vaults[row.vault_id] = vault.deposited_micro
        for content, vault in zip(left, vaults[len(asked) :], strict=True):
            if vault is not None and vault.vault_id == content.vault_id:
                raise RefusedError(Reason.OWNER)

    def _is_to_prove(self, row: LeafVersion, /) -> bool:
        if row.owner == NOBODY:
            return False
        before = self.book.leaves.get(row.account_id)
        is_same = before is not None and (row.owner, row.vault_id) == (
            before.content.owner,
            before.content.vault_id,
        )
        known = self._vaults.get(row.vault_id, -1)
        return not is_same or row.deposits_micro - self._gifts(row.account_id) > known

    def _gifts(self, account_id: uuid.UUID, /) -> int:
        """Return how much play money an account was given, where there may be any."""
        if not self.means.allows_gifts:
            return 0
        return self.replay.gifts.get(account_name(account_id), 0)

    def _compare(
        self, said: Commitment, finding: Finding, /, *, markets: Sequence[ChainMarket]
    ) -> None:
        """Refuse a commitment that differs from what was found."""
        self._check_marks(said.marks_half_ticks, markets)
        if said.trades_root != finding.trades_root:
            raise RefusedError(Reason.TRADES)
        if said.chain_head != finding.chain_head:
            raise RefusedError(Reason.CHAIN_HEAD)
        if said.total_micro != finding.total_micro:
            raise RefusedError(Reason.TOTAL)
        if said.root != finding.root:
            raise RefusedError(Reason.ROOT)

    def _check_marks(self, marks: Sequence[int], markets: Sequence[ChainMarket], /) -> None:
        """Refuse a mark that is not the log's newest, and one held back without need."""
        if len(marks) != len(markets):
            raise RefusedError(Reason.MARK)
        if not self._are_of_the_log(marks, markets):
            raise RefusedError(Reason.MARK)
        for mark, market in zip(marks, markets, strict=True):
            newest = self.replay.marks.get(market.symbol)
            if mark == 0 and newest is not None and _is_due(market, newest):
                raise RefusedError(Reason.MARK)

    def _are_of_the_log(self, marks: Sequence[int], markets: Sequence[ChainMarket], /) -> bool:
        """Tell whether each mark is the log's newest; zero: unchanged, or held back."""
        newest = [self.replay.marks.get(market.symbol) for market in markets]
        return all(mark in (0, new) for mark, new in zip(marks, newest, strict=False))

    def _compare_bytes(self, said: Commitment, message: bytes, /) -> Exchange:
        """Refuse a message that does or names anything else than this one commitment."""
        exchange = self.means.records.exchange(level=Level.CONFIRMED)
        if exchange is None:
            raise RefusedError(Reason.MESSAGE)
        built = instructions.commit_root(
            self.means.addresses,
            operator=exchange.operator,
            witness=self.means.signer.public_key,
            commitment=said,
        )
        refuse_other_message(message, built, exchange)
        return exchange

    def _keep(
        self, claim: Claim, finding: Finding, /, *, marks: Sequence[int], paid_before: int | None
    ) -> None:
        self.book.gone.update(finding.gone)
        self.book.keep(
            finding.changes,
            standing=Standing(claim.number, self.replay.at_ms, tuple(marks)),
            sequence=claim.sequence,
            root=finding.root,
            paid_before_micro=paid_before,
        )
        self.replay.forget_changes()


_NOTHING: Final[dict[str, Any]] = {
    "owner": NOBODY,
    "vault_id": 0,
    "deposits_micro": 0,
    "released_micro": 0,
    "cash_micro": 0,
    "positions": (),
}


def _is_due(market: ChainMarket, mark: int, /) -> bool:
    """Tell whether a mark could have gone to the chain whatever the time since the one before."""
    old = market.mark_half_ticks
    if mark == old or not market.listed:
        return False
    return old == 0 or abs(mark - old) <= old * market.step_ppm // PPM


def read_commitment(message: bytes, addresses: Addresses, /) -> Commitment:
    """Return what a message commits to; raises `RefusedError` for any other message."""
    try:
        return instructions.read_commit_root(data_for(message, addresses))
    except ValueError:
        raise RefusedError(Reason.MESSAGE) from None


def data_for(message: bytes, addresses: Addresses, /) -> bytes:
    """Return the data of the one instruction for the program; raises `RefusedError`."""
    try:
        parsed = Message.from_bytes(message)
        found = [
            bytes(one.data)
            for one in parsed.instructions
            if parsed.account_keys[one.program_id_index] == addresses.program
        ]
    except (ValueError, IndexError):
        raise RefusedError(Reason.MESSAGE) from None
    if len(found) != 1:
        raise RefusedError(Reason.MESSAGE)
    return found[0]


def refuse_other_message(message: bytes, built: Instruction, exchange: Exchange, /) -> None:
    """Refuse any but the one message for an instruction, with the blockhash of the asked."""
    blockhash = Message.from_bytes(message).recent_blockhash
    wanted = build_message([built], payer=exchange.operator, blockhash=blockhash, fee=FEE)
    if bytes(wanted) != message:
        raise RefusedError(Reason.MESSAGE)


def without_blockhash(said: Commitment, /) -> bytes:
    """Return the bytes of a commitment, which stay the same when it is sent anew."""
    return instructions.pack_commitment(said)
