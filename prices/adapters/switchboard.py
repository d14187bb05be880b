"""Switchboard's pull feeds, read from their Solana accounts over JSON-RPC.

An account's result says at which slot it was signed; its age is counted in slots against
the slot of the answer, so no clock but the chain's enters. What is not here: how a result
comes to be in the account, and the loop that tries again (`hearing`).
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from solana.rpc.async_api import AsyncClient
from solders.pubkey import Pubkey

from prices.adapters.hearing import HEARTBEAT_S
from prices.adapters.simulated import wall_clock_ms
from prices.adapters.source import Connection, Sink, Status
from prices.instruments import price_per_unit
from prices.records import OracleQuote, Source

PROGRAMS = (
    "SBondMDrcV3K4kxZR1HNVT7osZxAHVHgYXL5Ze1oMUv",  # mainnet
    "Aio4gaXjXzJNVLtzwtNVmSqGKpANtXhybbkhtAC94ji2",  # devnet
)
POLL_S = 1.0
SLOT_MS = 400
# The account of a pull feed (3,208 bytes): discriminator, 32 submissions of 64 bytes, 208 bytes
# of settings, the result: value, deviation, mean, range, least, largest (i128 each, 1e-18),
# number of samples and padding (8 bytes), the slot at which it was signed (u64).
DISCRIMINATOR = bytes([196, 27, 108, 196, 10, 215, 219, 40])
_VALUE_AT = 2_264
_DEVIATION_AT = _VALUE_AT + 16
_SLOT_AT = _VALUE_AT + 6 * 16 + 8
_LEAST_LENGTH = _SLOT_AT + 8
_PICO_PER_ATTO = 10**6


class FeedAccount(msgspec.Struct, frozen=True, kw_only=True):
    """A market's feed: the address of its account."""

    market_id: str
    source: Source
    address: str


class FeedResult(msgspec.Struct, frozen=True, kw_only=True):
    """A feed's median and standard deviation in pico-USD, and the slot it was signed at."""

    value_pico: int
    deviation_pico: int
    slot: int


def read_account(account: Any) -> FeedResult:
    """Return what an account of an answer says; refuse a missing one, or one of another program."""
    if account is None or str(account.owner) not in PROGRAMS:
        raise ValueError("an account that is not of Switchboard's program")
    return read_feed(bytes(account.data))


def read_feed(account: bytes) -> FeedResult:
    """Return what a pull feed's account says; refuse one that is no such account."""
    if len(account) < _LEAST_LENGTH or account[:8] != DISCRIMINATOR:
        raise ValueError("an account that is no pull feed")
    return FeedResult(
        value_pico=_integer(account, at=_VALUE_AT) // _PICO_PER_ATTO,
        deviation_pico=_integer(account, at=_DEVIATION_AT) // _PICO_PER_ATTO,
        slot=int.from_bytes(account[_SLOT_AT : _SLOT_AT + 8], "little"),
    )


class Switchboard:
    """Switchboard's feeds, asked for once a second."""

    def __init__(
        self,
        *,
        url: str,
        feeds: Sequence[FeedAccount],
        clock_ms: Callable[[], int] = wall_clock_ms,
        heartbeat_s: float = HEARTBEAT_S,
    ) -> None:
        """Read these accounts at a JSON-RPC address."""
        self.connection = Connection("switchboard")
        self._url = url
        self._feeds = feeds
        self._addresses = [Pubkey.from_string(feed.address) for feed in feeds]
        self._clock_ms = clock_ms
        self._heartbeat_s = heartbeat_s

    async def hear(self, sink: Sink) -> None:
        """Ask again and again until the node fails."""
        async with AsyncClient(self._url, timeout=self._heartbeat_s) as client:
            while True:
                async with asyncio.timeout(self._heartbeat_s):
                    answer = await client.get_multiple_accounts(self._addresses)
                if self.connection.status is not Status.LIVE:
                    self.connection.opened()
                self.take(answer, sink=sink)
                await asyncio.sleep(POLL_S)

    def take(self, answer: Any, *, sink: Sink) -> None:
        """Put what the accounts of an answer say into the sink; count what is no feed."""
        at_ms = self._clock_ms()
        self.connection.heard(at_ms=at_ms)
        for feed, account in zip(self._feeds, answer.value, strict=True):
            try:
                result = read_account(account)
            except ValueError as error:
                self.connection.heard_garbage(f"{feed.market_id}: {error}")
                continue
            age_ms = max(0, answer.context.slot - result.slot) * SLOT_MS
            price_pico, confidence_pico = price_per_unit(
                feed.source,
                price_pico=max(0, result.value_pico),
                confidence_pico=max(0, result.deviation_pico),
            )
            quote = OracleQuote(
                price_pico=price_pico,
                confidence_pico=confidence_pico,
                received_at_ms=at_ms - age_ms,
            )
            sink.take_oracle(market_id=feed.market_id, source="switchboard", quote=quote)


def _integer(account: bytes, *, at: int) -> int:
    return int.from_bytes(account[at : at + 16], "little", signed=True)
