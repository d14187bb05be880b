"""What breaks: commands that fail by themselves, steps that the database refuses."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from engine import commands as c
from engine import exchange as engine
from engine.chain import digest
from tests.exchange import Exchange
from trading import inbox
from trading.models import Alert, Command, Event
from trading.projections import Projector
from trading.runner.deciding import CommandFailedError

Break = Callable[[type[c.Command]], None]


@pytest.fixture
def break_down(monkeypatch: pytest.MonkeyPatch) -> Break:
    """Return a function after which a kind of command breaks an invariant of the engine."""

    def broken(_decision: Any, _command: Any) -> None:
        raise AssertionError("an order that nobody may hear of")

    def break_kind(kind: type[c.Command]) -> None:
        monkeypatch.setitem(engine.DECIDERS, kind, broken)

    return break_kind


def contribution(name: str) -> c.ContributeInsurance:
    return c.ContributeInsurance(at_ms=0, contribution_id=name, amount_micro=5)


def die_and_restart(exchange: Exchange) -> None:
    with pytest.raises(CommandFailedError):
        exchange.settle()
    exchange.restart()


def test_a_command_that_fails_twice_is_set_aside_and_the_others_are_decided(
    exchange: Exchange, break_down: Break
) -> None:
    break_down(c.PublishOpenInterest)
    inbox.put(contribution("before"))
    bad = inbox.put(c.PublishOpenInterest(at_ms=0)) or 0
    inbox.put(contribution("after"))
    before = exchange.runner.place
    # 1. The step with the culprit dies and leaves nothing; the culprit is remembered.
    die_and_restart(exchange)
    assert exchange.runner.place == before
    assert Command.objects.get(id=bad).failures == 1
    # 2. What came before it is decided, then it is taken alone, and fails again.
    die_and_restart(exchange)
    assert Command.objects.get(id=bad).status == "SET_ASIDE"
    # 3. The venue goes on.
    exchange.settle()
    assert Event.objects.filter(kind="InsuranceContributed").count() == 2
    assert not Command.objects.filter(status="WAITING").exists()


def test_each_failure_is_an_alert_that_tells_nothing_of_the_order(
    exchange: Exchange, break_down: Break
) -> None:
    break_down(c.PublishOpenInterest)
    inbox.put(c.PublishOpenInterest(at_ms=0))
    die_and_restart(exchange)
    die_and_restart(exchange)
    kinds = list(Alert.objects.order_by("id").values_list("kind", flat=True))
    assert kinds == ["COMMAND_FAILED", "COMMAND_FAILED", "COMMAND_SET_ASIDE"]
    assert all("nobody may hear" not in alert.detail for alert in Alert.objects.all())
    assert "test_failures.py:" in Alert.objects.order_by("id")[0].detail


def test_who_waits_for_a_command_that_was_set_aside_is_told_so(
    exchange: Exchange, break_down: Break
) -> None:
    break_down(c.PublishOpenInterest)
    number = inbox.put(c.PublishOpenInterest(at_ms=0))
    die_and_restart(exchange)
    die_and_restart(exchange)
    (said,) = exchange.outcomes([number])
    assert (said.is_known, said.is_set_aside) == (True, True)


def test_a_failing_expiry_does_not_stop_the_venue(exchange: Exchange, break_down: Break) -> None:
    break_down(c.ExpireDue)
    inbox.put(contribution("one"))
    die_and_restart(exchange)
    inbox.put(contribution("two"))
    die_and_restart(exchange)
    exchange.settle()
    assert Event.objects.filter(kind="InsuranceContributed").count() == 2
    assert Command.objects.get(kind="ExpireDue").status == "SET_ASIDE"


def test_a_death_from_outside_counts_for_nothing(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_self: Projector, _cursor: Any) -> None:
        raise KeyboardInterrupt

    number = inbox.put(contribution("one")) or 0
    with monkeypatch.context() as patch:
        patch.setattr(Projector, "write", killed)
        with pytest.raises(KeyboardInterrupt):
            exchange.settle()
    exchange.restart()
    assert Command.objects.get(id=number).failures == 0
    exchange.settle()
    assert Command.objects.get(id=number).status == "DONE"


def test_a_step_that_the_database_refuses_is_taken_apart(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Projector.write
    observed: list[str] = []
    observe = Projector.observe

    def note(self: Projector, sequence: int, event: Any, state: Any) -> None:
        observed.append(getattr(event, "contribution_id", ""))
        observe(self, sequence, event, state)

    def refuse_the_bad_one(self: Projector, cursor: Any) -> Any:
        seen, observed[:] = list(observed), []
        if "bad" in seen:
            cursor.execute("SELECT 1 / 0")
        return write(self, cursor)

    monkeypatch.setattr(Projector, "observe", note)
    monkeypatch.setattr(Projector, "write", refuse_the_bad_one)
    for name in ("good", "bad", "fine"):
        inbox.put(contribution(name))
    for _ in range(2):
        with pytest.raises(psycopg.DataError):
            exchange.settle()
        exchange.restart()
    exchange.settle()
    statuses = Command.objects.filter(kind="ContributeInsurance").order_by("id")
    assert [row.status for row in statuses] == ["DONE", "SET_ASIDE", "DONE"]
    assert exchange.runner.state.global_fund_micro == 10


def test_the_state_is_as_before_after_a_failed_step(exchange: Exchange, break_down: Break) -> None:
    before = digest(exchange.runner.state)
    break_down(c.PublishOpenInterest)
    inbox.put(contribution("one"))
    inbox.put(c.PublishOpenInterest(at_ms=0))
    die_and_restart(exchange)
    assert digest(exchange.runner.state) == before
