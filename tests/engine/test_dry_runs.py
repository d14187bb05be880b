from engine import commands as c
from engine.chain import digest
from engine.events import Filled
from engine.exchange import apply
from engine.notation import Notation, read_command
from engine.state import State
from engine.what_if import nearest, overdue, what_if

WORLD = """
market BTC
contribute 100000
backstop 50000
alice deposits 10000
bob deposits 10000
reference BTC 99.9/100.1
alice sets leverage 20 BTC
#1 alice buys 10 BTC limit 101
#2 bob sells 10 BTC limit 99
carol sets leverage 5 BTC
"""


def a_world() -> tuple[State, Notation]:
    state, n = State(), Notation(at_ms=1)
    for line in WORLD.strip().splitlines():
        command = read_command(line, n)
        apply(state, command)
        if isinstance(command, c.ListMarket):
            n.know(command.spec)
    return state, n


def test_a_dry_run_tells_what_would_close_and_closes_nothing() -> None:
    state, n = a_world()
    before = digest(state)
    fall = read_command("reference BTC 94.9/95.1", n)
    ((*_, closing, _, _),) = what_if(state, [fall])
    assert isinstance(closing, Filled)
    assert closing.taker.account_id == "alice"
    assert digest(state) == before


def test_who_is_next_stands_first() -> None:
    state, _ = a_world()
    market = state.markets["BTC"]
    near = nearest(market, count=5)
    # alice: 950 / (10 x 0.9995) = 95.047: the last tick is 95; bob: 1,100 / 10.005 = 109.945
    assert [(each.account_id, each.liquidation_half_ticks) for each in near] == [
        ("alice", 1_900),
        ("bob", 2_199),
    ]
    assert near[0].distance_half_ticks == 100
    assert nearest(market, count=1) == near[:1]
    assert overdue(market) == []


def test_without_a_mark_nobody_is_near_or_overdue() -> None:
    state, n = a_world()
    apply(state, read_command("reference BTC none", n))
    market = state.markets["BTC"]
    assert nearest(market, count=5) == []
    assert overdue(market) == []


def test_a_broken_invariant_leaves_the_state_as_it_was() -> None:
    state, _ = a_world()
    before = digest(state)
    market = state.markets["BTC"]
    known = market.orders
    broken = c.MoveReferences(at_ms=1, moves=(None,))  # type: ignore[arg-type]  # a broken caller
    for verb in (apply,):
        try:
            verb(state, broken)
        except AttributeError:
            pass
        else:
            raise AssertionError("a broken command must raise")
    assert state.journal is None
    assert market.orders is known
    assert digest(state) == before
