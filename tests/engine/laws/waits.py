"""Laws of orders that wait for their owner's deposit: each ends once, and in its time (I68)."""

from dataclasses import dataclass, field
from itertools import pairwise

from engine import events as ev
from engine.commands import ExpireDue, SubmitOrder
from engine.state import waits_until_ms
from tests.engine.laws.facts import Step


@dataclass
class Waits:
    """The orders that wait for a deposit, told from the events alone."""

    waiting: dict[str, SubmitOrder] = field(default_factory=dict)
    let_in: int = 0
    refused: int = 0

    def follow(self, step: Step) -> None:
        """Follow one step: who begins to wait only waits, who stops is let in, refused or gone."""
        for event, after in pairwise([*step.events, None]):
            if isinstance(event, ev.TriggerPlaced) and event.terms.trigger is None:
                assert event.terms.deposit_wait_ms > 0, event
                assert [event] == step.events, "what waits leads to nothing else"
                self.waiting[event.terms.order_id] = event.terms
            if isinstance(event, ev.TriggerFired) and event.order_id in self.waiting:
                self._end(event, after)
            if isinstance(event, ev.TriggerCanceled):
                self.waiting.pop(event.order_id, None)
            if isinstance(event, ev.OrderAccepted | ev.OrderRejected):
                assert event.terms.order_id not in self.waiting, event
        if isinstance(step.command, ExpireDue):
            ends = [waits_until_ms(terms) or 0 for terms in self.waiting.values()]
            assert all(end > step.command.at_ms for end in ends), self.waiting

    def _end(self, event: ev.TriggerFired, after: ev.Event | None, /) -> None:
        """Hold that what fires is accepted or refused by the very next event."""
        assert isinstance(after, ev.OrderAccepted | ev.OrderRejected), after
        assert after.terms.order_id == event.order_id, after
        del self.waiting[event.order_id]
        self.let_in += isinstance(after, ev.OrderAccepted)
        self.refused += isinstance(after, ev.OrderRejected)
