"""How fast rows and money are written: one table, per size of step.

Run: `python bench/projections.py`. It starts a PostgreSQL of its own as the tests do. Orders are
plain limits and pegs of 200 accounts, half of them meet one another; the engine's own time is
left out, the commit is in its own column.
"""

import os
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.servers import SessionServers, point_environment

point_environment()
os.environ["DJANGO_SETTINGS_MODULE"] = "godark.settings"

import django  # noqa: E402 - the environment comes first

django.setup()

import psycopg  # noqa: E402 - the settings come first, here and below
from django.core.management import call_command  # noqa: E402 - the same

from engine import commands as c  # noqa: E402 - the same
from engine.events import Event  # noqa: E402 - the same
from engine.exchange import apply  # noqa: E402 - the same
from engine.state import State  # noqa: E402 - the same
from engine.vocabulary import OrderType, Side  # noqa: E402 - the same
from godark.reading import connection_parameters  # noqa: E402 - the same
from godark.supervisor.servers import OWNER  # noqa: E402 - the same
from trading.projections import Projector  # noqa: E402 - the same

SYMBOL = "BTC-USDT-PERP"
PEOPLE = [str(uuid.UUID(int=(7 << 120) + number)) for number in range(200)]
MID = 1_000_000
ORDERS = 12_000
STEPS = (1, 10, 50, 200)


def opening() -> Iterator[c.Command]:
    """List a market and fund everybody."""
    spec = c.MarketSpec(market_id=SYMBOL, tick_size="0.1", lot_size="0.0001", tick_lot_micro=10)
    yield c.ListMarket(at_ms=1, spec=spec, insurance_micro=10**15)
    for account_id in PEOPLE:
        yield c.CreditDeposit(
            at_ms=1, deposit_id="d" + account_id, account_id=account_id, amount_micro=10**15
        )
    move = c.ReferenceMove(
        market_id=SYMBOL,
        bid_ticks=MID - 1,
        ask_ticks=MID + 1,
        quoted_at_ms=1,
        index_half_ticks=2 * MID,
        mark_half_ticks=2 * MID,
    )
    yield c.MoveReferences(at_ms=1, moves=(move,))


def orders(random: Random) -> Iterator[c.SubmitOrder]:
    """Draw orders, half of which trade at once."""
    while True:
        is_buy = random.choice((True, False))
        far = random.choice((True, False))
        away = (5_000 + random.randint(0, 20_000)) if far else -10
        yield c.SubmitOrder(
            at_ms=1,
            order_id=str(uuid.UUID(int=random.getrandbits(128), version=4)),
            account_id=random.choice(PEOPLE),
            market_id=SYMBOL,
            side=Side.BUY if is_buy else Side.SELL,
            order_type=OrderType.LIMIT,
            quantity_lots=random.randint(1, 9),
            limit_ticks=MID - away if is_buy else MID + away,
            client_order_id=str(random.getrandbits(60)),
        )


class Bench:
    """One connection, one engine, one projector."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection, self.state, self.sequence = connection, State(), 0
        self.projector = Projector.load(connection, self.state)

    def observe(self, events: list[Event]) -> None:
        """Show events to the projector."""
        for event in events:
            self.sequence += 1
            self.projector.observe(self.sequence, event, self.state)

    def write(self) -> tuple[float, float]:
        """Write and commit; return the seconds of each."""
        with self.connection.cursor() as cursor:
            began = time.perf_counter()
            with self.connection.transaction():
                self.projector.write(cursor)
                written = time.perf_counter()
        return written - began, time.perf_counter() - written


def main() -> None:
    """Measure and print the table."""
    parameters = connection_parameters()
    with psycopg.connect(**parameters, autocommit=True) as connection:
        bench = Bench(connection)
        for command in opening():
            bench.observe(apply(bench.state, command))
        bench.write()
        drawn = orders(Random(7))
        print(f"{'orders a step':>14}{'orders/s':>12}{'observe us':>12}{'write us':>12}"
              f"{'commit us':>12}{'events':>9}{'fills':>8}")  # fmt: skip
        for size in STEPS:
            measure(bench, drawn, size)


def measure(bench: Bench, drawn: Iterator[c.SubmitOrder], size: int) -> None:
    """Print one line: orders a second through observe and write, and microseconds an order."""
    count = ORDERS if size > 1 else ORDERS // 4
    observing = writing = committing = 0.0
    before, trades = bench.sequence, bench.state.next_trade
    for _ in range(count // size):
        for _ in range(size):
            events = apply(bench.state, next(drawn))
            began = time.perf_counter()
            bench.observe(events)
            observing += time.perf_counter() - began
        wrote, committed = bench.write()
        writing += wrote
        committing += committed
    rate = count / (observing + writing)
    each = [1e6 * seconds / count for seconds in (observing, writing, committing)]
    print(f"{size:>14}{rate:>12,.0f}" + "".join(f"{us:>12.1f}" for us in each)
          + f"{bench.sequence - before:>9}{2 * (bench.state.next_trade - trades):>8}")  # fmt: skip


if __name__ == "__main__":
    servers = SessionServers()
    servers.start()
    try:
        parameters = connection_parameters()
        maker = parameters | {"dbname": "postgres", "user": OWNER}
        with psycopg.connect(**maker, autocommit=True) as first:
            first.execute(f"CREATE DATABASE {parameters['dbname']}")
        call_command("migrate", verbosity=0)
        call_command("load_catalogue", verbosity=0)
        main()
    finally:
        servers.stop()
