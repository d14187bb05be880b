"""The load of `bench/exchange.py`, from a process of its own: commands to the inbox, or HTTP.

Run as `python bench/load.py fund|feed|http`; told JSON on standard input, it prints JSON.
"""

import asyncio
import hashlib
import hmac
import json
import os
import sys
import time
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "godark.settings")

SYMBOL = "BTC-USDT-PERP"
MID = 1_000_000
REFERENCE_S = 0.4
LONG_MS = 60_000


# Into the inbox, in this process by its own desk.


def orders(random: Random, accounts: list[str]) -> Iterator[Any]:
    """Draw orders: half rest far from the market, half meet one another at the mid."""
    from engine import commands as c  # noqa: PLC0415 - the path comes first
    from engine.vocabulary import OrderType, Side  # noqa: PLC0415 - the same

    while True:
        is_buy = random.choice((True, False))
        away = random.choice((5_000 + random.randint(0, 20_000), -10))
        yield c.SubmitOrder(
            at_ms=0,
            order_id=str(uuid.UUID(int=random.getrandbits(128), version=4)),
            account_id=random.choice(accounts),
            market_id=SYMBOL,
            side=Side.BUY if is_buy else Side.SELL,
            order_type=OrderType.LIMIT,
            quantity_lots=random.randint(1, 9),
            limit_ticks=MID - away if is_buy else MID + away,
            client_order_id=str(random.getrandbits(60)),
        )


async def fund(told: dict[str, Any]) -> dict[str, Any]:
    """Give each account its money."""
    from engine import commands as c  # noqa: PLC0415 - the path comes first
    from trading import inbox  # noqa: PLC0415 - the same

    for account in told["accounts"]:
        given = {"deposit_id": f"bench:{account}", "account_id": account}
        credit = c.CreditDeposit(at_ms=0, amount_micro=told["micro"], **given)
        said = await inbox.ask_many([credit, c.FinalizeDeposit(at_ms=0, **given)], wait_ms=LONG_MS)
        if not all(one.is_known and not one.reason for one in said):
            raise SystemExit("an account was not funded")
    return {}


async def feed(told: dict[str, Any]) -> dict[str, Any]:
    """Ask the engine for `count` orders, `batch` in a statement, `ahead` statements at once."""
    from trading import inbox  # noqa: PLC0415 - the path comes first

    drawn = orders(Random(told["seed"]), told["accounts"])
    batch = told["batch"]
    # Drawn before the clock runs: whoever trades knows what they want.
    left = iter([[next(drawn) for _ in range(batch)] for _ in range(told["count"] // batch)])
    refused: Counter[str] = Counter()
    waits: list[float] = []

    async def ask() -> None:
        for wanted in left:
            began = time.perf_counter()
            said = await inbox.ask_many(wanted, wait_ms=LONG_MS)
            waits.append(time.perf_counter() - began)
            refused.update(one.reason if one.is_known else "UNANSWERED" for one in said)

    prices = asyncio.create_task(refer())
    await asyncio.sleep(2 * REFERENCE_S)
    began, worked = time.perf_counter(), time.process_time()
    await asyncio.gather(*(ask() for _ in range(told["ahead"])))
    seconds, worked = time.perf_counter() - began, time.process_time() - worked
    prices.cancel()
    del refused[""]
    return {"seconds": seconds, "worked": worked, "waits": waits, "refused": dict(refused)}


async def refer() -> None:
    """Keep the reference fresh, or nothing trades."""
    from asgiref.sync import sync_to_async  # noqa: PLC0415 - the path comes first

    from engine import commands as c  # noqa: PLC0415 - the same
    from trading.inbox import put_references  # noqa: PLC0415 - the same

    while True:
        move = c.ReferenceMove(
            market_id=SYMBOL,
            bid_ticks=MID - 1,
            ask_ticks=MID + 1,
            quoted_at_ms=time.time_ns() // 1_000_000,
            index_half_ticks=2 * MID,
            mark_half_ticks=2 * MID,
        )
        await sync_to_async(put_references)([move])
        await asyncio.sleep(REFERENCE_S)


# Over HTTP, as a client with an API key.


class Client:
    """Signed requests on connections that are kept."""

    def __init__(self, session: Any, told: dict[str, Any]) -> None:
        self._session, self._url = session, told["url"]
        self._traders = told.get("traders", [])
        self._random = Random(told["seed"])
        self._bid = self._ask = 0
        self.statuses: Counter[int] = Counter()

    async def look(self) -> None:
        """Learn where the market is."""
        async with self._session.get(f"{self._url}/api/v1/markets/{SYMBOL}") as answer:
            market = await answer.json()
        self._bid, self._ask = int(float(market["bid"])), int(float(market["ask"]))

    async def get(self, path: str) -> None:
        """Ask for a page that is the same for everybody."""
        async with self._session.get(self._url + path) as answer:
            await answer.read()
        self.statuses[answer.status] += 1

    async def place(self) -> None:
        """Place an order: half rest 2% away, half meet one another at the reference."""
        is_buy = self._random.choice((True, False))
        factor = self._random.choice((0.98, 1.02))
        body = json.dumps(
            {
                "symbol": SYMBOL,
                "side": "BUY" if is_buy else "SELL",
                "type": "LIMIT",
                "size": f"0.00{self._random.randint(1, 9)}",
                "limit_price": str(int(self._bid * factor)),
                "time_in_force": "GTC",
                "client_order_id": uuid.UUID(int=self._random.getrandbits(128)).hex,
            }
        ).encode()
        path = "/api/v1/orders"
        headers = signed(self._random.choice(self._traders), "POST", path, body)
        async with self._session.post(self._url + path, data=body, headers=headers) as answer:
            await answer.read()
        self.statuses[answer.status] += 1


def signed(trader: dict[str, str], method: str, path: str, body: bytes) -> dict[str, str]:
    """Return the headers of a signed request."""
    at = str(time.time_ns() // 1_000_000)
    message = f"{at}{method}{path}".encode() + body
    signature = hmac.new(trader["secret"].encode(), message, hashlib.sha256).hexdigest()
    return {
        "GD-API-KEY": trader["api_key"],
        "GD-TIMESTAMP": at,
        "GD-SIGNATURE": signature,
        "GD-PASSPHRASE": trader["passphrase"],
        "Content-Type": "application/json",
    }


async def http(told: dict[str, Any]) -> dict[str, Any]:
    """Send requests at a `rate`, or `at_once` of them all the time, for some `seconds`."""
    import aiohttp  # noqa: PLC0415 - only here

    connector = aiohttp.TCPConnector(limit=256)
    async with aiohttp.ClientSession(connector=connector) as session:
        client = Client(session, told)
        path = told.get("path")
        if path is None:
            await client.look()
        once: Callable[[], Awaitable[None]] = (
            client.place if path is None else lambda: client.get(path)
        )
        for _ in range(told.get("warm", 50)):
            await once()
        client.statuses.clear()
        began = time.perf_counter()
        sending = at_rate(once, told) if "rate" in told else at_once(once, told)
        waits = await sending
        seconds = time.perf_counter() - began
    return {"seconds": seconds, "waits": waits, "statuses": dict(client.statuses)}


async def at_rate(once: Callable[[], Awaitable[None]], told: dict[str, Any]) -> list[float]:
    """Send by the clock, whatever the answers do; waits count from when each was due."""
    loop, random = asyncio.get_running_loop(), Random(told["seed"] + 1)
    due, end = loop.time(), loop.time() + told["seconds"]
    waits: list[float] = []

    async def timed(due: float) -> None:
        await once()
        waits.append(loop.time() - due)

    async with asyncio.TaskGroup() as group:
        while due < end:
            await asyncio.sleep(max(0.0, due - loop.time()))
            group.create_task(timed(due))
            due += random.expovariate(told["rate"])
    return waits


async def at_once(once: Callable[[], Awaitable[None]], told: dict[str, Any]) -> list[float]:
    """Keep so many requests open all the time."""
    loop = asyncio.get_running_loop()
    end = loop.time() + told["seconds"]
    waits: list[float] = []

    async def again() -> None:
        while (began := loop.time()) < end:
            await once()
            waits.append(loop.time() - began)

    await asyncio.gather(*(again() for _ in range(told["at_once"])))
    return waits


def main() -> None:
    """Do what is asked and print what came of it."""
    kind = sys.argv[1]
    told = json.load(sys.stdin)
    if kind == "http":
        print(json.dumps(asyncio.run(http(told))))
        return
    import django  # noqa: PLC0415 - not needed over HTTP

    django.setup()
    print(json.dumps(asyncio.run(fund(told) if kind == "fund" else feed(told))))


if __name__ == "__main__":
    main()
