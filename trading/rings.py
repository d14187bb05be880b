"""Rings: where a message gets its number, and where the last thousand of each channel are kept.

One Lua script in Redis numbers what is told, keeps it and publishes it, at once, so that the
number of a message is the same in every web process and after every restart. A channel's number
rises by one; it begins with the moment of its first message in microseconds, so that after Redis
has lost everything every new number is above every old one, and whoever missed something sees
it. Whoever tells and does not know whether it was told declares a doubt: all channels begin
anew, and all who listen get snapshots. What is not here: what is told to whom (`trading.feed`),
and sockets.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec
import redis
import redis.asyncio
from django.conf import settings

KEPT: Final = 1_000
PREFIX: Final = "godark:feed:"
EPOCH_KEY: Final = f"{PREFIX}epoch"
CURSOR_KEY: Final = f"{PREFIX}cursor"
RING_SECONDS: Final = 3_600
NUMBER_SECONDS: Final = 7 * 86_400

# ARGV: where it is published; the new cursor or ""; then channel and body of each message. A ring
# may hold a tenth more than it must, so that it is not cut at each message.
TELL: Final = f"""
local epoch = redis.call('GET', '{EPOCH_KEY}') or '0'
local now = redis.call('TIME')
local base = now[1] * 1000000 + now[2]
local told = {{}}
for place = 3, #ARGV, 2 do
  local key = '{PREFIX}' .. epoch .. ':' .. ARGV[place]
  local number = redis.call('INCR', key .. ':number')
  if number == 1 then
    number = base
    redis.call('SET', key .. ':number', string.format('%.0f', base))
  end
  local length = redis.call('RPUSH', key .. ':ring', ARGV[place + 1])
  if length >= {KEPT + KEPT // 10} then redis.call('LTRIM', key .. ':ring', {-KEPT}, -1) end
  if length == 1 or number % 64 == 0 then
    redis.call('EXPIRE', key .. ':ring', {RING_SECONDS})
    redis.call('EXPIRE', key .. ':number', {NUMBER_SECONDS})
  end
  told[#told + 1] = {{ARGV[place], number, ARGV[place + 1]}}
end
if ARGV[2] ~= '' then redis.call('SET', '{CURSOR_KEY}', ARGV[2]) end
if #told > 0 then redis.call('PUBLISH', ARGV[1], cmsgpack.pack(told)) end
return #told
"""
# ARGV: channel, and the last number that is known, or "". Returns the channel's number, which
# begins here if it has none, and the bodies that came after the known one; false: not all kept.
READ: Final = f"""
local key = '{PREFIX}' .. (redis.call('GET', '{EPOCH_KEY}') or '0') .. ':' .. ARGV[1]
local number = tonumber(redis.call('GET', key .. ':number'))
if not number then
  local now = redis.call('TIME')
  number = now[1] * 1000000 + now[2]
  redis.call('SET', key .. ':number', string.format('%.0f', number), 'EX', {NUMBER_SECONDS})
end
local known = tonumber(ARGV[2])
if not known then return {{number, {{}}, 1}} end
local missing = number - known
if missing < 0 or missing > redis.call('LLEN', key .. ':ring') then return {{number, {{}}, 0}} end
if missing == 0 then return {{number, {{}}, 1}} end
return {{number, redis.call('LRANGE', key .. ':ring', -missing, -1), 1}}
"""
# ARGV: where it is published. All channels begin anew.
DOUBT: Final = f"""
local epoch = redis.call('INCR', '{EPOCH_KEY}')
redis.call('PUBLISH', ARGV[1], cmsgpack.pack({{}}))
return epoch
"""


class Message(NamedTuple):
    """What is told on a channel; `body` is the frame's JSON after its channel and number."""

    channel: str
    body: bytes


class Told(NamedTuple):
    """A message with its number."""

    channel: str
    number: int
    body: str


class Missed(NamedTuple):
    """What a channel told after a known number; `is_whole` is false where not all is kept."""

    number: int
    bodies: list[bytes]
    is_whole: bool


_DECODER: Final = msgspec.msgpack.Decoder(list[Told])


def told_where() -> str:
    """Return the one Redis channel on which everything is told.

    Redis has the same channels in all its numbered databases; a venue has one PostgreSQL.
    """
    return f"{PREFIX}told:{settings.DATABASES['default']['NAME']}"


def decode_told(data: bytes, /) -> list[Told]:
    """Decode what came over the channel; an empty list: there was a doubt, begin anew."""
    return _DECODER.decode(data)


class Rings:
    """Numbers, keeps and publishes messages; on a pipeline, when that is executed."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    def tell(self, messages: Sequence[Message], *, cursor: int | None = None) -> None:
        """Tell messages in this order; `cursor`: up to here in the log everything is told."""
        flat = [part for message in messages for part in message]
        self._redis.eval(TELL, 0, told_where(), "" if cursor is None else cursor, *flat)

    def cursor(self) -> int | None:
        """Return up to where in the log everything is told; None where nobody knows."""
        found: Any = self._redis.get(CURSOR_KEY)
        return None if found is None else int(found)

    def doubt(self) -> None:
        """Declare that something may not have been told: every channel begins anew."""
        self._redis.eval(DOUBT, 0, told_where())


class RingReader:
    """Reads rings on the event loop."""

    def __init__(self, client: "redis.asyncio.Redis") -> None:
        self._read = client.register_script(READ)

    async def number_of(self, channel: str) -> int:
        """Return a channel's newest number; a channel without one begins here."""
        return (await self._ask(channel, "")).number

    async def missed_since(self, channel: str, number: int | None) -> Missed:
        """Return what a channel told after a number; after None nothing was told."""
        return await self._ask(channel, "" if number is None else str(number))

    async def _ask(self, channel: str, known: str) -> Missed:
        number, bodies, is_whole = await self._read(args=[channel, known])
        return Missed(number=number, bodies=bodies, is_whole=bool(is_whole))
