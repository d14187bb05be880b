"""Talks to a Solana node by JSON-RPC: reads at a level, sends, and waits to know.

What lives here: time-outs, retries until a blockhash has expired, fees, commitment levels. What
does not: what to send (instructions, transactions), and when (the venue's settlement).

Requests and answers are solders' own types, as in solana-py, whose client is async only; the
venue's jobs are not.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import httpx2
import msgspec
from solders.account import Account
from solders.commitment_config import CommitmentLevel
from solders.errors import SerdeJSONError
from solders.pubkey import Pubkey
from solders.rpc import requests, responses
from solders.rpc.config import (
    RpcAccountInfoConfig,
    RpcContextConfig,
    RpcSendTransactionConfig,
    RpcSignaturesForAddressConfig,
    RpcSignatureStatusConfig,
    RpcTransactionConfig,
)
from solders.signature import Signature
from solders.transaction_status import UiTransactionEncoding

from chain.errors import (
    ChainUnreachableError,
    TransactionExpiredError,
    TransactionRefusedError,
    refusal_of,
)
from chain.transactions import Blockhash, SignedTransaction

_ALREADY_PROCESSED: Final = "AlreadyProcessed"
_REFUSED_BEFORE_IT_RAN: Final = {-32602, -32003}
"""Bytes that are no transaction, or that not everybody signed."""
_MOST_ACCOUNTS: Final = 100
T = TypeVar("T")


class Level(StrEnum):
    """How sure a read or a transaction is."""

    PROCESSED = "processed"
    CONFIRMED = "confirmed"
    FINALIZED = "finalized"

    def reached_by(self, other: "Level | None") -> bool:
        """Tell whether something at `other` is at least as sure."""
        order = list(Level)
        return other is not None and order.index(other) >= order.index(self)


FOR_TRADING: Final = Level.CONFIRMED
"""What is enough to credit a deposit for trading, and to go on after a root."""
FOR_OWING: Final = Level.FINALIZED
"""What is asked before a deposit may be withdrawn, and before a root is built anew."""

_LEVELS: Final = {
    Level.PROCESSED: CommitmentLevel.Processed,
    Level.CONFIRMED: CommitmentLevel.Confirmed,
    Level.FINALIZED: CommitmentLevel.Finalized,
}


@dataclass(frozen=True, slots=True)
class Status:
    """How far a transaction has come; `error` is the node's own words for a failure."""

    slot: int
    level: Level
    error: str | None


@dataclass(frozen=True, slots=True)
class Executed:
    """A transaction as the chain recorded it."""

    slot: int
    error: str | None
    logs: tuple[str, ...]
    fee_lamports: int
    compute_units: int | None


@dataclass(frozen=True, slots=True)
class Mention:
    """One line of an address's history."""

    signature: Signature
    slot: int
    error: str | None


class _Error(msgspec.Struct):
    code: int = 0
    message: str = ""
    data: Any = None


class _Envelope(msgspec.Struct):
    error: _Error | None = None


class ChainClient:
    """One node, reached by HTTP."""

    def __init__(
        self,
        url: str,
        *,
        timeout_seconds: float = 5.0,
        transport: httpx2.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Keep connections to a node open; nothing is asked yet."""
        self._url = url
        self._http = httpx2.Client(timeout=timeout_seconds, transport=transport)
        self._sleep = sleep

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    # Reading.

    def slot(self, *, level: Level) -> int:
        """Give the newest slot of a level."""
        config = RpcContextConfig(commitment=_LEVELS[level])
        return self._ask(requests.GetSlot(config), responses.GetSlotResp).value

    def block_height(self, *, level: Level) -> int:
        """Give the newest block height of a level."""
        config = RpcContextConfig(commitment=_LEVELS[level])
        return self._ask(requests.GetBlockHeight(config), responses.GetBlockHeightResp).value

    def latest_blockhash(self, *, level: Level = Level.CONFIRMED) -> Blockhash:
        """Give a blockhash for a new transaction."""
        config = RpcContextConfig(commitment=_LEVELS[level])
        request = requests.GetLatestBlockhash(config)
        value = self._ask(request, responses.GetLatestBlockhashResp).value
        return Blockhash(value.blockhash, value.last_valid_block_height)

    def balance(self, address: Pubkey, *, level: Level) -> int:
        """Give an account's lamports."""
        config = RpcContextConfig(commitment=_LEVELS[level])
        request = requests.GetBalance(address, config)
        return self._ask(request, responses.GetBalanceResp).value

    def account(self, address: Pubkey, *, level: Level) -> Account | None:
        """Read an account; `None` where there is none."""
        return self.accounts([address], level=level)[0]

    def accounts(self, addresses: Sequence[Pubkey], *, level: Level) -> list[Account | None]:
        """Read accounts in their order; up to a hundred of them are of one moment."""
        config = RpcAccountInfoConfig(commitment=_LEVELS[level])
        found: list[Account | None] = []
        for start in range(0, len(addresses), _MOST_ACCOUNTS):
            part = list(addresses[start : start + _MOST_ACCOUNTS])
            request = requests.GetMultipleAccounts(part, config)
            found += self._ask(request, responses.GetMultipleAccountsResp).value
        return found

    def token_balance(self, address: Pubkey, *, level: Level) -> int | None:
        """Give what a token account holds, in its smallest unit; `None` where there is none."""
        account = self.account(address, level=level)
        if account is None:
            return None
        return int.from_bytes(bytes(account.data)[64:72], "little")

    def history(
        self, address: Pubkey, *, until: Signature | None, level: Level, limit: int = 1_000
    ) -> list[Mention]:
        """List the transactions that mention an address since another one, newest first."""
        config = RpcSignaturesForAddressConfig(until=until, limit=limit, commitment=_LEVELS[level])
        request = requests.GetSignaturesForAddress(address, config)
        rows = self._ask(request, responses.GetSignaturesForAddressResp).value
        return [Mention(row.signature, row.slot, _words(row.err)) for row in rows]

    def executed(self, signature: Signature, *, level: Level) -> Executed | None:
        """Read what a transaction did; `None` while no block of that level holds it."""
        config = RpcTransactionConfig(
            encoding=UiTransactionEncoding.Base64,
            commitment=_LEVELS[level],
            max_supported_transaction_version=0,
        )
        request = requests.GetTransaction(signature, config)
        found = self._ask(request, responses.GetTransactionResp).value
        if found is None or found.transaction.meta is None:
            return None
        meta = found.transaction.meta
        return Executed(
            slot=found.slot,
            error=_words(meta.err),
            logs=tuple(meta.log_messages or ()),
            fee_lamports=meta.fee,
            compute_units=meta.compute_units_consumed,
        )

    def recent_fees(self, addresses: Sequence[Pubkey]) -> list[int]:
        """Give what others lately paid per unit to write to some accounts, in micro-lamports."""
        request = requests.GetRecentPrioritizationFees(list(addresses))
        rows = self._ask(request, responses.GetRecentPrioritizationFeesResp).value
        return [row.prioritization_fee for row in rows]

    def statuses(self, signatures: Sequence[Signature]) -> list[Status | None]:
        """Tell how far transactions have come, with the node's whole memory."""
        config = RpcSignatureStatusConfig(search_transaction_history=True)
        request = requests.GetSignatureStatuses(list(signatures), config)
        rows = self._ask(request, responses.GetSignatureStatusesResp).value
        return [
            None
            if row is None
            else Status(row.slot, _level_of(row.confirmation_status), _words(row.err))
            for row in rows
        ]

    # Sending.

    def send(self, raw: bytes, *, preflight: bool = True) -> None:
        """Hand a transaction to the node; raise what its dry run refuses.

        One that is there already is no failure: the same bytes act once.
        """
        config = RpcSendTransactionConfig(
            skip_preflight=not preflight, preflight_commitment=CommitmentLevel.Confirmed
        )
        try:
            self._ask(requests.SendRawTransaction(raw, config), responses.SendTransactionResp)
        except TransactionRefusedError as refused:
            if _ALREADY_PROCESSED not in str(refused):
                raise

    def submit(
        self,
        signed: SignedTransaction,
        *,
        level: Level = FOR_TRADING,
        poll_seconds: float = 0.05,
        resend_seconds: float = 2.0,
    ) -> Status:
        """Send the same bytes until they reach a level, failed, or can no longer land.

        Raises `TransactionRefusedError` or `TransactionExpiredError`. What ends otherwise (no
        answer, a killed process) is known later by `statuses` of the same signature.
        """
        self.send(signed.raw)
        waited = 0.0
        while True:
            status = self.statuses([signed.signature])[0]
            if status is not None and status.error is not None:
                raise _refused(status.error)
            if status is not None and level.reached_by(status.level):
                return status
            if status is None and self._has_expired(signed):
                msg = f"{signed.signature} was not seen before its blockhash expired"
                raise TransactionExpiredError(msg)
            self._sleep(poll_seconds)
            waited += poll_seconds
            if status is None and waited >= resend_seconds:
                waited = 0.0
                self.send(signed.raw, preflight=False)

    def _has_expired(self, signed: SignedTransaction) -> bool:
        """Tell whether a transaction can no longer land, and did not while this was asked."""
        if self.block_height(level=Level.FINALIZED) <= signed.last_valid_height:
            return False
        return self.statuses([signed.signature])[0] is None

    # The wire.

    def call(self, method: str, *params: object) -> Any:
        """Call a method that solders has no type for, such as the development chain's own."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        text = self._post(msgspec.json.encode(body))
        error = msgspec.json.decode(text, type=_Envelope).error
        if error is not None:
            raise _failure_of(error)
        return msgspec.json.decode(text)["result"]

    def _ask(self, request: Any, parser: type[T]) -> T:
        """Ask, and look for an error before solders does: it panics at one it does not know."""
        text = self._post(request.to_json().encode()).decode()
        try:
            error = msgspec.json.decode(text, type=_Envelope).error
            if error is not None:
                raise _failure_of(error)
            answer: T = parser.from_json(text)  # type: ignore[attr-defined]  # every answer has it
        except (msgspec.MsgspecError, SerdeJSONError) as unread:
            msg = f"the node's answer is no {parser.__name__}: {text[:200]}"
            raise ChainUnreachableError(msg) from unread
        return answer

    def _post(self, body: bytes) -> bytes:
        try:
            headers = {"content-type": "application/json"}
            answer = self._http.post(self._url, content=body, headers=headers)
            answer.raise_for_status()
        except httpx2.HTTPError as broken:
            msg = f"the node at {self._url} did not answer: {broken!r}"
            raise ChainUnreachableError(msg) from broken
        return answer.content


def priority_fee(recent: Sequence[int], *, ceiling: int) -> int:
    """Pay what gets through: the upper quartile of what others paid, at most a ceiling."""
    if not recent:
        return 0
    return min(sorted(recent)[len(recent) * 3 // 4], ceiling)


def _level_of(status: object) -> Level:
    name = str(status).rsplit(".", 1)[-1].lower()
    return Level(name)


def _words(error: object) -> str | None:
    """Say a transaction's error with the number of a custom one in it."""
    if error is None:
        return None
    inner = getattr(error, "err", None)
    code = getattr(inner, "code", None)
    if code is not None:
        return f"custom program error: {code:#x}"
    return f"{error} {inner}" if inner is not None else str(error)


def _refused(words: str, logs: tuple[str, ...] = ()) -> TransactionRefusedError:
    _before, found, number = words.partition("custom program error: ")
    code = int(number.split()[0].rstrip(")"), 16) if found else None
    return TransactionRefusedError(words, refusal=refusal_of(code), logs=logs)


def _failure_of(error: _Error) -> Exception:
    """Tell a refused transaction from a node that is not well."""
    data = error.data if isinstance(error.data, dict) else {}
    if "err" not in data:
        if error.code in _REFUSED_BEFORE_IT_RAN:
            return _refused(error.message)
        return ChainUnreachableError(f"the node says: {error.message} ({error.code})")
    words = error.message
    if data["err"] == _ALREADY_PROCESSED:
        words = f"{words} {_ALREADY_PROCESSED}"
    return _refused(words, tuple(data.get("logs") or ()))
