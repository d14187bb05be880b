"""Deaths at every point between two writes, from one seed: nothing is lost, nothing doubled.

A client writes a wicked stream of commands, a runner decides them, snapshots are kept; a fuse burns
down with every statement and kills whoever is writing, restoring or answering. After each death the
next runner starts from the database alone, and may die of it again. A life may write beside the
next step, by a thread: a death is then of both. What is not here: real processes
(`tests/processes.py`), and the engine's own laws.
"""

import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any, cast

import msgspec
import psycopg

from chain.signer import Signer
from engine import commands as c
from engine.audit import check_state
from engine.chain import digest
from engine.state import State
from tests.trading.projections.venue import VenueStream
from trading.inbox.outcomes import OUTCOME_COLUMNS, Outcome, outcome_of_row
from trading.inbox.writing import INSERT, NOTIFY, columns_of, numbers_of, row_of
from trading.log import BEGINNING
from trading.reconciliation.reconcile import find_differences
from trading.runner import snapshots
from trading.runner.restore import Restored, follow
from trading.runner.runner import NotHeldError, Runner
from trading.runner.verifying import verify

if TYPE_CHECKING:
    from trading.runner.telling import Teller

LONGEST_FUSE = 70
"""More statements than one step has, so that some fuses do not reach their end."""


class Killed(BaseException):
    """The process was killed here."""


@dataclass
class Fuse:
    """Burns down by one at every point, and kills at its end."""

    left: int | None = None
    phase: str = ""
    is_burnt: bool = False
    is_dead: bool = False
    struck: Counter[str] = field(default_factory=Counter)
    end: Callable[[], None] = lambda: None

    def light(self, length: int, phase: str, end: Callable[[], None]) -> None:
        """Kill after so many points; `end` is what the machine does at a death."""
        self.left, self.phase, self.is_burnt, self.end = length, phase, False, end

    def put_out(self) -> None:
        """Kill nobody any more."""
        self.left, self.is_dead = None, False

    def pass_point(self, where: str) -> None:
        """Be at a point between two writes; a process that is dead gets past none."""
        if self.is_dead:
            raise Killed
        if self.left is None:
            return
        self.left -= 1
        if self.left < 0:
            self.left, self.is_burnt, self.is_dead = None, True, True
            self.struck[f"{self.phase}: {where}"] += 1
            self.end()
            raise Killed


Connect = Callable[[Fuse], "psycopg.Connection[Any]"]


def fused_cursor(fuse: Fuse) -> type[psycopg.Cursor[Any]]:
    """Return a kind of cursor that passes a point before and after every statement."""

    class FusedCursor(psycopg.Cursor[Any]):
        def execute(self, query: Any, *args: Any, **kwargs: Any) -> Any:
            fuse.pass_point(f"before {named(query)}")
            found = super().execute(query, *args, **kwargs)
            fuse.pass_point(f"after {named(query)}")
            return found

        @contextmanager
        def copy(self, statement: Any, *args: Any, **kwargs: Any) -> Iterator[Any]:
            fuse.pass_point(f"before {named(statement)}")
            with super().copy(statement, *args, **kwargs) as copying:
                yield copying
                fuse.pass_point(f"within {named(statement)}")
            fuse.pass_point(f"after {named(statement)}")

    return FusedCursor


@contextmanager
def fused_transaction(fuse: Fuse, inside: Any) -> Iterator[Any]:
    """Pass a point before and after the commit."""
    with inside as transaction:
        yield transaction
        fuse.pass_point("before a commit")
    fuse.pass_point("after a commit")


def named(query: Any) -> str:
    """Return the beginning of a statement, enough to tell it by."""
    words = str(query).replace("(", " ").split()
    return " ".join(words[:3])


class FusedTeller:
    """Hears what the runner tells whoever waits; a death may come before."""

    def __init__(self, fuse: Fuse, told: dict[int, Outcome]) -> None:
        self._fuse, self._told = fuse, told

    def begin(self, **_: Any) -> None:
        """Nobody hears news here."""

    def tell(self, outcomes: Sequence[Outcome], **_: Any) -> None:
        """Hear outcomes, which count as acknowledged from now on."""
        self._fuse.pass_point("before the answers")
        self._told |= {outcome.command_id: outcome for outcome in outcomes}
        self._fuse.pass_point("after the answers")

    def give_sign(self) -> None:
        """Nobody looks for signs of life here."""


class Life:
    """One venue from its seed: its client, its runner, its deaths."""

    def __init__(
        self, *, seed: int, connect: Connect, signer: Signer, beside: bool = False
    ) -> None:
        self.chance = Random(seed)  # noqa: S311 - a seeded world, no secret
        self.stream = VenueStream(seed=seed)
        self.fuse = Fuse()
        self.told: dict[int, Outcome] = {}
        self.tries: list[set[str]] = []
        self.deaths = self.commands = 0
        self._connect, self._signer, self._beside = connect, signer, beside
        self._client = connect(self.fuse)
        self.runner = self._start()

    def live(self, *, steps: int) -> None:
        """Live so many steps, each with a chance to die, and prove the end."""
        self._send(self.stream.opening(), lit=False)
        self._step(lit=False)
        for _ in range(steps):
            wanted = [self.stream.next(self.runner.state) for _ in range(self.chance.randint(1, 6))]
            self._send(wanted, lit=self.chance.random() < 0.15)
            self._step(lit=self.chance.random() < 0.8)
            if self.chance.random() < 0.15:
                self._keep_snapshot()
        self._step(lit=False)
        self._prove_the_end()

    def close(self) -> None:
        """Let go of the database."""
        self._bury()
        self._client.close()

    def _bury(self) -> None:
        """Let both threads of a runner come to their end, then its connections."""
        self.runner.end()
        self.runner.connection.close()
        self.runner.reading.close()

    # The client.

    def _send(self, wanted: Sequence[c.Command], *, lit: bool) -> None:
        """Write commands to the inbox; who gets no number tries again by the same client id."""
        self.commands += len(wanted)
        if not self._has_written(wanted, lit=lit):
            self._client.close()
            self._client = self._connect(self.fuse)
            again = [one for one in map(self._again, wanted) if one is not None]
            self._has_written(again, lit=False)

    def _has_written(self, wanted: Sequence[c.Command], *, lit: bool) -> bool:
        def write() -> None:
            rows = [row_of(one) for one in wanted]
            with self._client.transaction(), self._client.cursor() as cursor:
                cursor.execute(INSERT, columns_of(rows))
                numbers_of(rows, cursor.fetchall())
            self._client.execute(NOTIFY)

        if not wanted:
            return True
        return self._survives(write, "the inbox", lit=lit, connection=self._client, longest=6)

    def _again(self, command: c.Command) -> c.Command | None:
        """Return what a careful client sends once more: an order that has a name of its own."""
        if not isinstance(command, c.SubmitOrder) or command.client_order_id is None:
            return None
        order_id = str(uuid.UUID(int=self.chance.getrandbits(128), version=4))
        self.tries.append({command.order_id, order_id})
        return msgspec.structs.replace(command, order_id=order_id)

    # The runner.

    def _start(self) -> Runner:
        teller = cast("Teller", FusedTeller(self.fuse, self.told))
        connection = self._connect(self.fuse)
        reading = self._connect(self.fuse) if self._beside else None
        while True:
            try:
                return Runner.start(
                    connection,
                    signer=self._signer,
                    reading=reading,
                    teller=teller,
                    clock_ms=lambda: self.stream.at_ms,
                )
            except NotHeldError:
                continue  # the one who died is still being noticed
            except BaseException:
                connection.close()
                if reading is not None:
                    reading.close()
                raise

    def _step(self, *, lit: bool) -> None:
        def step() -> None:
            while self.runner.step():
                pass

        # What a thread uses is not closed under it: the dead are buried once both have stopped.
        connection = None if self._beside else self.runner.connection
        if not self._survives(step, "a step", lit=lit, connection=connection):
            self._recover()

    def _keep_snapshot(self) -> None:
        runner, connection = self.runner, self.runner.connection

        def keep() -> None:
            snapshots.keep(connection, runner.state, runner.place, at_ms=runner.at_ms)

        if not self._survives(keep, "a snapshot", lit=True, connection=connection, longest=10):
            self._recover()

    def _recover(self) -> None:
        """Start anew until nobody dies of it, and prove what was found."""
        self._bury()

        def start() -> None:
            self.runner = self._start()

        while not self._survives(
            start, "a restore", lit=self.chance.random() < 0.3, connection=None, longest=25
        ):
            pass
        self._prove()

    def _survives(
        self,
        do: Callable[[], None],
        phase: str,
        *,
        lit: bool,
        connection: Any,
        longest: int = LONGEST_FUSE,
    ) -> bool:
        """Do something that a fuse may end, and tell whether it did not."""
        if lit:
            end = connection.close if connection is not None else lambda: None
            self.fuse.light(self.chance.randrange(longest), phase, end)
        self.fuse.is_burnt = False
        try:
            do()
        except BaseException:
            # A lost connection makes errors of its own on the way out.
            if not self.fuse.is_burnt:
                raise
            self.deaths += 1
            if self._beside and phase == "a step":
                self.runner.end()
            return False
        finally:
            self.fuse.put_out()
        return True

    # What holds after every death.

    def _prove(self) -> None:
        connection, state = self.runner.connection, self.runner.state
        # 1. What was restored is what the whole log says, and money is conserved in it.
        replayed = follow(connection, Restored(State(), BEGINNING))
        assert digest(replayed.state) == digest(state), "a restore is a replay"
        check_state(state)
        # 2. Engine, projections and ledger agree.
        _, differences = find_differences(connection)
        assert list(map(str, differences)) == []
        # 3. What was told is so.
        rows = connection.execute(
            f"SELECT {OUTCOME_COLUMNS} FROM trading_command WHERE id = ANY(%s)",  # noqa: S608 - a constant of ours
            [list(self.told)],
        ).fetchall()
        # Whether it was a repetition a row tells by the order's id, which doors never give twice.
        kept = {row[0]: outcome_of_row(row)._replace(is_repeated=False) for row in rows}
        told = {one: said._replace(is_repeated=False) for one, said in self.told.items()}
        assert kept == told, "an answer is what its row says"
        orders = {said.subject_id for said in self.told.values() if not said.reason}
        self._prove_orders(connection, orders)

    def _prove_orders(self, connection: Any, acknowledged: set[str]) -> None:
        """Prove that every acknowledged order has its row, and no order is there twice."""
        names = [row[0] for row in connection.execute("SELECT engine_id FROM trading_order")]
        asked = [
            row[0]
            for row in connection.execute(
                "SELECT subject_id FROM trading_command"
                " WHERE kind = 'SubmitOrder' AND status = 'DONE' AND reason = ''"
            )
        ]
        assert len(names) == len(set(names)), "no order is there twice"
        missing = (acknowledged & set(asked)) - set(names)
        assert not missing, "an acknowledged order is there"
        accepted = connection.execute(
            "SELECT engine_id FROM trading_order WHERE status <> 'REJECTED'"
        ).fetchall()
        standing = {row[0] for row in accepted}
        assert all(len(names & standing) <= 1 for names in self.tries), "tried twice, placed once"

    def _prove_the_end(self) -> None:
        """Prove that every command was decided once, as the engine decides it today."""
        self._prove()
        connection = self.runner.connection
        waiting = connection.execute(
            "SELECT count(*) FROM trading_command WHERE status = 'WAITING'"
        )
        assert waiting.fetchall() == [(0,)]
        assert verify(connection, decides=True).differences == []
