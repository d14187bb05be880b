"""Makes a large world for `bench/exchange.py restore`, in a process of its own.

Told JSON on standard input (`accounts`, `markets`, `resting`), it drives the real runner until
every account has a position in every market, keeps a snapshot, and prints what stands, and how
long each part of a restore takes.
"""

import json
import os
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "godark.settings")

import django

django.setup()

from engine import commands as c  # noqa: E402 - the settings come first, here and below
from engine.vocabulary import OrderType, Side  # noqa: E402 - the same
from godark.clock import now_ms  # noqa: E402 - the same
from trading.inbox import put_many  # noqa: E402 - the same
from trading.models import Market  # noqa: E402 - the same
from trading.projections import Projector  # noqa: E402 - the same
from trading.runner import process, snapshots  # noqa: E402 - the same
from trading.runner.restore import newest_snapshot  # noqa: E402 - the same
from trading.runner.runner import Runner  # noqa: E402 - the same
from trading.services.genesis import ensure_listed  # noqa: E402 - the same
from trading.solana import signer  # noqa: E402 - the same

AT_ONCE = 2_000
PLENTY_MICRO = 10**14


class World:
    """Accounts, markets, and the one runner that takes their orders."""

    def __init__(self, runner: Runner, *, accounts: int, markets: int) -> None:
        self.runner = runner
        runner.at_most = AT_ONCE
        self.accounts = [str(uuid.UUID(int=(9 << 100) + one, version=4)) for one in range(accounts)]
        found = Market.objects.filter(kind="CRYPTO").order_by("rank")[:markets]
        self.mids = {one.symbol: int(one.listing_price / one.tick_size) for one in found}

    def give(self, commands: Iterator[c.Command]) -> None:
        """Have the runner decide these, many in a step, under a reference that is fresh."""
        while some := list(islice(commands, AT_ONCE - 1)):
            put_many([(self.reference(), None), *((one, None) for one in some)])
            while self.runner.step():
                pass

    def reference(self) -> c.Command:
        """Return prices around the listing price, of this moment."""
        return c.MoveReferences(
            at_ms=0,
            moves=tuple(
                c.ReferenceMove(
                    market_id=symbol,
                    bid_ticks=mid - 1,
                    ask_ticks=mid + 1,
                    quoted_at_ms=now_ms() + 1_000,
                    index_half_ticks=2 * mid,
                    mark_half_ticks=2 * mid,
                )
                for symbol, mid in self.mids.items()
            ),
        )

    def money(self) -> Iterator[c.Command]:
        """Credit everybody."""
        for account in self.accounts:
            deposit = {"deposit_id": f"world:{account}", "account_id": account}
            yield c.CreditDeposit(at_ms=0, amount_micro=PLENTY_MICRO, **deposit)
            yield c.FinalizeDeposit(at_ms=0, **deposit)

    def positions(self) -> Iterator[c.Command]:
        """Have each account trade one lot with its neighbor in every market."""
        for symbol, mid in self.mids.items():
            for number, account in enumerate(self.accounts):
                yield self.order(account, symbol, mid, is_buy=number % 2 == 0)

    def resting(self, count: int) -> Iterator[c.Command]:
        """Let orders rest far from the market."""
        symbols = list(self.mids)
        for number in range(count):
            symbol = symbols[number % len(symbols)]
            far = self.mids[symbol] * 9 // 10 - number % 97
            account = self.accounts[number % len(self.accounts)]
            yield self.order(account, symbol, far, is_buy=True)

    def order(self, account: str, symbol: str, ticks: int, *, is_buy: bool) -> c.SubmitOrder:
        """Return an order of one lot."""
        return c.SubmitOrder(
            at_ms=0,
            order_id=str(uuid.uuid4()),
            account_id=account,
            market_id=symbol,
            side=Side.BUY if is_buy else Side.SELL,
            order_type=OrderType.LIMIT,
            quantity_lots=1,
            limit_ticks=ticks,
        )


def timed(parts: dict[str, float], name: str, do: Callable[[], Any]) -> Any:
    """Do something and note its seconds."""
    began = time.perf_counter()
    done = do()
    parts[name] = time.perf_counter() - began
    return done


def main() -> None:
    """Make the world and print what it is."""
    told = json.load(sys.stdin)
    connection = process.connect()
    runner = Runner.start(connection, signer=signer("venue"))
    ensure_listed()
    while runner.step():
        pass
    world = World(runner, accounts=told["accounts"], markets=told["markets"])
    world.give(world.money())
    world.give(world.positions())
    world.give(world.resting(told["resting"]))
    parts: dict[str, float] = {}
    state, place = runner.state, runner.place
    timed(parts, "keep a snapshot", lambda: snapshots.keep(
        connection, state, place, at_ms=runner.at_ms))  # fmt: skip
    timed(parts, "read and prove it", lambda: newest_snapshot(connection))
    timed(parts, "load the open rows", lambda: Projector.load(connection, state))
    held = [len(market.positions) for market in state.markets.values()]
    orders = sum(len(market.orders) for market in state.markets.values())
    said = {"positions": sum(held), "orders": orders, "events": place.sequence, "parts": parts}
    print(json.dumps(said))


if __name__ == "__main__":
    main()
