"""All laws over histories that Hypothesis draws, and shrinks where one breaks them.

What is not here: the worlds of one seed, which are longer (`record`, `make sim`).
"""

from random import Random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from engine.audit import check_state
from engine.chain import digest
from engine.commands import Command
from engine.evolve import evolve
from engine.snapshot import restore, snapshot
from engine.state import State
from tests.engine.laws.law import Judge
from tests.engine.laws.record import Recorder
from tests.engine.laws.stream import Stream

luck = st.integers(min_value=0, max_value=10**6)


class AnyHistory(RuleBasedStateMachine):
    """An exchange to which anything may happen, in any order; the judge looks at each step."""

    @initialize(seed=luck)
    def open(self, seed: int) -> None:
        """List the markets and fund everybody."""
        self.recorder, self.judge, self.replayed = Recorder(), Judge(), State()
        self.stream = Stream(seed=seed)
        for command in self.stream.opening():
            self.happen(command)

    def happen(self, command: Command) -> None:
        """Do a command, judge the step, and replay its events beside."""
        step = self.recorder.step(command)
        self.judge.judge(step)
        for event in step.events:
            evolve(self.replayed, event)

    def draw(self, seed: int) -> State:
        """Let the stream draw by this luck, some time later."""
        self.stream.random = Random(seed)  # noqa: S311 -- a seeded world, no secret
        self.stream.at_ms += seed % 400
        return self.recorder.state

    @rule(seed=luck)
    def orders(self, seed: int) -> None:
        """Somebody sends an order, or an earlier one again."""
        state = self.draw(seed)
        self.happen(self.stream.order(state) if seed % 9 else self.stream.again(state))

    @rule(seed=luck)
    def changes(self, seed: int) -> None:
        """Somebody amends or cancels."""
        state = self.draw(seed)
        self.happen(self.stream.amend(state) if seed % 2 else self.stream.cancel(state))

    @rule(seed=luck)
    def prices_move(self, seed: int) -> None:
        """Prices move, sometimes to where somebody is liquidated."""
        self.happen(self.stream.prices_or_crash(self.draw(seed)))
        while self.stream.coming:
            self.happen(self.stream.coming.pop(0))

    @rule(seed=luck)
    def settings_change(self, seed: int) -> None:
        """Somebody sets a leverage or triggers, moves margin, closes."""
        self.happen(self.stream.account_command(self.draw(seed)))

    @rule(seed=luck)
    def money_moves(self, seed: int) -> None:
        """Deposits and withdrawals go on."""
        self.happen(self.stream.money(self.draw(seed)))

    @rule(seed=luck)
    def the_venue_acts(self, seed: int) -> None:
        """Time, jobs and staff do something."""
        self.happen(self.stream.venue(self.draw(seed)))

    @rule()
    def the_process_dies(self) -> None:
        """Lose the state and take it from its snapshot."""
        self.recorder.state = restore(snapshot(self.recorder.state))

    @invariant()
    def all_is_well(self) -> None:
        """Balances and indexes are right, and a replay gives the same bytes."""
        check_state(self.recorder.state)
        assert digest(self.recorder.state) == digest(self.replayed)


TestAnyHistory = AnyHistory.TestCase
TestAnyHistory.settings = settings(
    derandomize=True, database=None, deadline=None, max_examples=12, stateful_step_count=40
)
