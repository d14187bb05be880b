"""A venue in a test: random commands decided by the engine, projected into PostgreSQL.

The stream is that of the engine's own laws, in the site's terms: accounts and orders are UUIDs,
markets are of the catalogue. What is not here: the runner, which has tests of its own.
"""

import uuid
from collections import Counter
from random import Random
from typing import Any, cast

from django.db import transaction
from psycopg import Connection

from engine.chain import GENESIS, link
from engine.codec import encode
from engine.commands import Command
from engine.events import Event
from engine.exchange import decide, evolve
from engine.state import State
from tests.engine.laws.stream import Stream
from tests.exchange import SameConnection
from trading.models import Event as EventRow
from trading.projections import Projector

SYMBOLS = ("BTC-USDT-PERP", "ETH-USDT-PERP", "XRP-USDT-PERP")
PEOPLE = tuple(str(uuid.UUID(int=(7 << 120) + number)) for number in range(5))


class VenueStream(Stream):
    """The wicked stream with ids as the site's doors give them."""

    def __init__(self, *, seed: int) -> None:
        super().__init__(seed=seed, accounts=PEOPLE, markets=SYMBOLS)

    def name(self, letter: str) -> str:
        """Make a new id; ids of orders are UUIDs."""
        made = super().name(letter)
        if letter in "ox":
            return str(uuid.UUID(int=(9 << 120) + self.count))
        return made


def raw_connection() -> Connection[Any]:
    """Return the test's own connection as the runner knows one."""
    return cast("Connection[Any]", SameConnection())


class Venue:
    """The engine, its log and its rows, one command after another."""

    def __init__(self) -> None:
        self.state = State()
        self.sequence, self.head = 0, GENESIS
        self.events: list[Event] = []
        self.kinds: Counter[str] = Counter()
        self.projector = Projector.load(raw_connection(), self.state)

    def give(self, command: Command) -> list[Event]:
        """Decide one command; its events wait for the end of the step."""
        events = decide(self.state, command)
        for event in events:
            evolve(self.state, event)
        for event in events:
            self.sequence += 1
            self.kinds[type(event).__name__] += 1
            self.projector.observe(self.sequence, event, self.state)
        self.events += events
        return events

    def commit(self) -> None:
        """End the step: log and rows in one transaction."""
        with transaction.atomic(), raw_connection().cursor() as cursor:
            self._write_log()
            self.projector.write(cursor)

    def _write_log(self) -> None:
        rows, first = [], self.sequence - len(self.events) + 1
        for sequence, event in enumerate(self.events, start=first):
            payload = encode(event)
            self.head = link(self.head, payload)
            rows.append(
                EventRow(
                    sequence=sequence,
                    kind=type(event).__name__,
                    at_ms=event.at_ms,
                    payload=payload,
                    head=self.head,
                )
            )
        EventRow.objects.bulk_create(rows)
        self.events = []

    def restart(self) -> None:
        """Let another process take over: it knows the state and the rows alone."""
        self.projector = Projector.load(raw_connection(), self.state)

    def live(self, *, seed: int, length: int, ends: bool = True) -> None:
        """Live a random world in steps of random lengths, with restarts in between, to its end."""
        stream, luck = VenueStream(seed=seed), Random(seed)  # noqa: S311 - a seeded world
        for command in stream.opening():
            self.give(command)
        self.commit()
        for _ in range(length):
            self.give(stream.next(self.state))
            if luck.random() < 0.2:
                self.commit()
                if luck.random() < 0.1:
                    self.restart()
        self.commit()
        for command in stream.closing() if ends else ():
            self.give(command)
            self.commit()
