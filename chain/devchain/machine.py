"""The development chain itself: time, blockhashes, transactions, commitment levels.

What lives here: what a cluster would do with a transaction, with an in-process SVM beneath. Pure
but for the store: time comes in by `advance`. What does not: JSON (methods), HTTP (server).
"""

import json
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import Any, Final

from solders.account import Account
from solders.hash import Hash
from solders.litesvm import LiteSVM
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import FailedTransactionMetadata

from chain.addresses import LOADER_PROGRAM
from chain.devchain.packets import (
    RefusedTransactionError,
    check_locks,
    check_signatures,
    decode,
    keys_of,
    words_of,
)
from chain.devchain.store import Landed, Store

KEPT_BLOCKHASHES: Final = 150
_RECENT: Final = 1_000
"""So many transactions are remembered for those who watch logs."""


class Level(IntEnum):
    """How sure it is that a transaction stays."""

    PROCESSED = 0
    CONFIRMED = 1
    FINALIZED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast the chain goes, in milliseconds."""

    slot_ms: int = 400
    confirm_ms: int = 120
    finalize_ms: int = 2_000


@dataclass(slots=True, kw_only=True)
class Faults:
    """Switches to misbehave."""

    drop: int = 0
    """So many of the next transactions are taken and never run; -1 for all."""
    delay_ms: int = 0
    """Transactions run so much later than they were taken."""
    duplicate: bool = False
    """Whoever sends a transaction hears that it was there already: a retry arrived first."""
    confirm: bool = True
    """Off: nothing that is not yet confirmed becomes so."""


@dataclass(slots=True)
class _Applied:
    landed: Landed
    before: dict[Pubkey, Account | None]
    level: Level = Level.PROCESSED


@dataclass(slots=True)
class _Waiting:
    due_ms: int
    raw: bytes


class Machine:
    """One development chain."""

    def __init__(
        self,
        store: Store,
        *,
        now_ms: int,
        genesis: Iterable[tuple[Pubkey, Account]] = (),
        pace: Pace | None = None,
    ) -> None:
        """Open what the store holds, and lay `genesis` accounts that are not yet there."""
        self._store = store
        self.pace = pace or Pace()
        self.faults = Faults()
        self.now_ms = now_ms
        self._svm = LiteSVM().with_blockhash_check(check=False).with_transaction_history(0)
        self._applied: deque[_Applied] = deque()
        self._recent: deque[_Applied] = deque(maxlen=_RECENT)
        self._waiting: deque[_Waiting] = deque()
        self._stalled_ms: int | None = None
        self._genesis_ms = store.number("genesis_ms", now_ms)
        self._slot_ms = store.number("slot_ms", self.pace.slot_ms)
        self._offset_s = store.number("clock_offset_s", 0)
        self._hashes: dict[Hash, int] = {}
        self._newest_hash = 0
        self._lay(store.accounts())
        self._lay_genesis(genesis)
        self._set_clock()

    # Time.

    @property
    def slot(self) -> int:
        """The newest slot."""
        return self._slot_at(self.now_ms)

    @property
    def unix_seconds(self) -> int:
        """What the chain's own clock shows."""
        return self.now_ms // 1_000 + self._offset_s

    def slot_of_level(self, level: Level) -> int:
        """Give the newest slot of a level."""
        lag = (0, self.pace.confirm_ms, self.pace.finalize_ms)[level]
        return self._slot_at(self._observed_ms(level) - lag)

    def advance(self, now_ms: int) -> None:
        """Let time pass: run what was delayed, confirm, finalize."""
        if now_ms <= self.now_ms:
            return
        if self.faults.confirm:
            self._stalled_ms = None
        elif self._stalled_ms is None:
            self._stalled_ms = self.now_ms
        self.now_ms = now_ms
        self._set_clock()
        while self._waiting and self._waiting[0].due_ms <= now_ms:
            self._run_late(self._waiting.popleft().raw)
        self._promote()

    def warp(self, seconds: int) -> None:
        """Set the chain's clock further ahead, to see what waits for days."""
        self._offset_s += seconds
        self._store.set_number("clock_offset_s", self._offset_s)
        self._set_clock()

    def latest_blockhash(self, level: Level) -> tuple[Hash, int]:
        """Give a level's newest blockhash, and the last height at which it is good."""
        slot = self.slot_of_level(level)
        return self._hash_of(slot), slot + KEPT_BLOCKHASHES

    def recent_blockhashes(self) -> set[Hash]:
        """Give the blockhashes of the last 150 slots."""
        newest = self.slot
        oldest = max(newest - KEPT_BLOCKHASHES, 0)
        for slot in range(max(self._newest_hash + 1, oldest), newest + 1):
            self._hashes[self._hash_of(slot)] = slot
        self._newest_hash = newest
        self._hashes = {key: slot for key, slot in self._hashes.items() if slot >= oldest}
        return set(self._hashes)

    def knows_blockhash(self, blockhash: Hash) -> bool:
        """Tell whether a transaction may still name a blockhash."""
        return blockhash in self.recent_blockhashes()

    # Reading.

    def account(self, address: Pubkey, level: Level) -> Account | None:
        """Read an account as a level sees it."""
        for applied in self._applied:
            if applied.level < level and address in applied.before:
                return applied.before[address]
        return self._svm.get_account(address)

    def program_accounts(self, program: Pubkey, level: Level) -> list[tuple[Pubkey, Account]]:
        """List a program's accounts as a level sees them."""
        keys = {address for address, _account in self._svm.get_program_accounts(program)}
        keys |= {address for applied in self._applied for address in applied.before}
        found = ((address, self.account(address, level)) for address in sorted(keys, key=bytes))
        return [(key, account) for key, account in found if account and account.owner == program]

    def find(self, signature: Signature) -> tuple[Landed, Level] | None:
        """Find a transaction and its level."""
        for applied in self._applied:
            if applied.landed.signature == signature:
                return applied.landed, applied.level
        landed = self._store.find(signature)
        return None if landed is None else (landed, Level.FINALIZED)

    @property
    def newest_sequence(self) -> int:
        """The sequence of the newest transaction."""
        return self._recent[-1].landed.sequence if self._recent else self._store.newest_sequence()

    def landed_since(self, sequence: int, level: Level) -> list[Landed]:
        """List recent transactions after a sequence, as far as a level goes without a gap."""
        found = []
        for applied in self._recent:
            if applied.landed.sequence > sequence:
                if applied.level < level:
                    break
                found.append(applied.landed)
        return found

    def mentioning(
        self, address: Pubkey, *, level: Level, before: int, after: int, limit: int
    ) -> list[Landed]:
        """List a level's transactions that mention an address, newest first."""
        found = self._store.mentioning(address, before=before, after=after, limit=limit)
        unsure = {item.landed.sequence for item in self._applied if item.level < level}
        return [landed for landed in found if landed.sequence not in unsure]

    def rent_for(self, size: int) -> int:
        """Give what an account of some bytes must hold, in lamports."""
        return self._svm.minimum_balance_for_rent_exemption(size)

    # Transactions.

    def send(self, raw: bytes, *, preflight: bool = True) -> Signature:
        """Take a transaction as a node does, and run it (or not, as the faults say)."""
        transaction = decode(raw)
        signature = transaction.signatures[0]
        if preflight:
            self._preflight(transaction)
        elif not self._acceptable(transaction):
            return signature  # a node takes it and forgets it
        if self.faults.drop:
            self.faults.drop -= self.faults.drop > 0
            return signature
        if self.faults.delay_ms:
            self._waiting.append(_Waiting(self.now_ms + self.faults.delay_ms, raw))
            return signature
        self._run(transaction, raw)
        if self.faults.duplicate and preflight:
            raise RefusedTransactionError(
                "This transaction has already been processed", error="AlreadyProcessed"
            )
        return signature

    def simulate(self, raw: bytes, *, verify: bool, check_blockhash: bool) -> Any:
        """Run a transaction without keeping what it does; give its error and meta."""
        transaction = decode(raw)
        if verify:
            check_signatures(transaction)
        if check_blockhash and not self.knows_blockhash(transaction.message.recent_blockhash):
            return "BlockhashNotFound", {}
        return self._simulate(transaction)

    def roll_back(self) -> list[Signature]:
        """Undo everything that is not finalized, as a fork would, and give what vanished."""
        gone = []
        with self._store.transaction():
            while self._applied:
                applied = self._applied.pop()
                if self._recent:
                    self._recent.pop()
                self._lay((key, account) for key, account in applied.before.items() if account)
                for key, account in applied.before.items():
                    if account is None:
                        self._svm.set_account(key, Account(0, b"", Pubkey.default()))
                self._store.put_accounts(applied.before)
                self._store.remove_transaction(applied.landed.sequence)
                gone.append(applied.landed.signature)
        return gone

    def lay(self, accounts: dict[Pubkey, Account]) -> None:
        """Put accounts there past all rules: for genesis and tests."""
        self._lay(accounts.items())
        with self._store.transaction():
            self._store.put_accounts(dict(accounts))

    # Inside.

    def _slot_at(self, moment_ms: int) -> int:
        return 1 + max(moment_ms - self._genesis_ms, 0) // self._slot_ms

    def _observed_ms(self, level: Level) -> int:
        if level is Level.PROCESSED or self._stalled_ms is None:
            return self.now_ms
        return self._stalled_ms

    def _hash_of(self, slot: int) -> Hash:
        return Hash(sha256(f"devchain {self._genesis_ms} {slot}".encode()).digest())

    def _set_clock(self) -> None:
        clock = self._svm.get_clock()
        clock.slot = self.slot
        clock.unix_timestamp = self.unix_seconds
        self._svm.set_clock(clock)

    def _lay(self, accounts: Iterable[tuple[Pubkey, Account]]) -> None:
        for address, account in sorted(accounts, key=lambda pair: pair[1].executable):
            self._svm.set_account(address, account)

    def _lay_genesis(self, genesis: Iterable[tuple[Pubkey, Account]]) -> None:
        """Lay what is missing, and a program whose bytes are others than those kept."""
        given = dict(genesis)
        there = {address: self._svm.get_account(address) for address in given}
        loaded = {key for key, account in given.items() if account.owner == LOADER_PROGRAM}
        upgraded = any(there[key] != given[key] for key in loaded)
        self.lay(
            {
                key: account
                for key, account in given.items()
                if there[key] is None or (upgraded and key in loaded)
            }
        )

    def _promote(self) -> None:
        for applied in self._applied:
            age = self.now_ms - applied.landed.at_ms
            if applied.level is Level.PROCESSED and not self.faults.confirm:
                break
            if age >= self.pace.finalize_ms:
                applied.level = Level.FINALIZED
            elif age >= self.pace.confirm_ms:
                applied.level = max(applied.level, Level.CONFIRMED)
        while self._applied and self._applied[0].level is Level.FINALIZED:
            self._applied.popleft()

    def _preflight(self, transaction: VersionedTransaction) -> None:
        check_signatures(transaction)
        check_locks(transaction)
        if self.find(transaction.signatures[0]):
            detail = "This transaction has already been processed"
            raise RefusedTransactionError(detail, error="AlreadyProcessed")
        if not self.knows_blockhash(transaction.message.recent_blockhash):
            raise RefusedTransactionError("Blockhash not found", error="BlockhashNotFound")
        error, meta = self._simulate(transaction)
        if error is not None:
            raise RefusedTransactionError(words_of(error), error=error, meta=meta)

    def _acceptable(self, transaction: VersionedTransaction) -> bool:
        try:
            check_signatures(transaction)
            check_locks(transaction)
        except RefusedTransactionError:
            return False
        known = self.knows_blockhash(transaction.message.recent_blockhash)
        return known and self.find(transaction.signatures[0]) is None

    def _simulate(self, transaction: VersionedTransaction) -> tuple[object, dict[str, Any]]:
        outcome = json.loads(self._svm.simulate_transaction(transaction).to_json())
        return outcome.get("err"), outcome["meta"]

    def _run_late(self, raw: bytes) -> None:
        transaction = decode(raw)
        if self._acceptable(transaction):
            self._run(transaction, raw)

    def _run(self, transaction: VersionedTransaction, raw: bytes) -> None:
        keys, writable = keys_of(transaction, self._svm)
        before = {key: self._svm.get_account(key) for key in writable}
        balances = [self._svm.get_balance(key) or 0 for key in keys]
        sent = self._svm.send_transaction(transaction)
        outcome = json.loads(sent.to_json())
        failed = isinstance(sent, FailedTransactionMetadata)
        error, meta = (outcome["err"], outcome["meta"]) if failed else (None, outcome)
        after = {key: self._svm.get_account(key) for key in writable}
        changed = {key: account for key, account in after.items() if account != before[key]}
        if failed and not changed:
            return  # it could not even pay its fee: no block holds it
        meta |= {"err": error, "keys": [str(key) for key in keys], "pre_balances": balances}
        meta["post_balances"] = [self._svm.get_balance(key) or 0 for key in keys]
        with self._store.transaction():
            self._store.put_accounts(changed)
            landed = self._store.add_transaction(
                signature=transaction.signatures[0],
                slot=self.slot,
                at_ms=self.now_ms,
                raw=raw,
                meta=meta,
                mentions=keys,
            )
        applied = _Applied(landed, {key: before[key] for key in changed})
        self._applied.append(applied)
        self._recent.append(applied)
