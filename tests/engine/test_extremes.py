"""No number and no word, however absurd, can stop the engine.

What can be encoded is decoded, decided, told and kept in a snapshot; all else is refused by the
codec before the engine ever sees it.
"""

from random import Random
from typing import cast

import pytest

from engine.audit import check_state
from engine.codec import CodecError, decode_command, decode_event, encode
from engine.commands import Command
from engine.exchange import DECIDERS, apply, decide
from engine.snapshot import restore, snapshot
from engine.state import State
from tests.engine.extremes import a_world, at_the_edge, wild
from tests.engine.laws.stream import Stream

KINDS = sorted(kind.__name__ for kind in DECIDERS)


@pytest.fixture(scope="module")
def world() -> tuple[State, dict[str, Command]]:
    return a_world(seed=4)


def came_in(command: Command) -> Command | None:
    """Bring a command through the codec as the runner gets it; None if it is none."""
    try:
        return decode_command(encode(command))
    except CodecError:
        return None


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_at_every_edge_is_answered_with_what_can_be_told(
    kind: str, world: tuple[State, dict[str, Command]]
) -> None:
    state, seen = world
    before = snapshot(state)
    refused = 0
    for changed in at_the_edge(seen[kind]):
        command = came_in(cast("Command", changed))
        if command is None:
            refused += 1
            continue
        events = decide(state, command)
        for event in events:
            assert decode_event(encode(event)) == event
    assert refused >= 6, "what no record can carry is refused by the codec"
    assert snapshot(state) == before


@pytest.mark.parametrize("seed", range(1, 9))
def test_a_world_of_absurd_numbers_lives_on(seed: int) -> None:
    stream, state = Stream(seed=seed), State()
    random = Random(seed)  # noqa: S311 -- a seeded world, no secret
    for opening in stream.opening():
        apply(state, opening)
    for number in range(400):
        drawn = stream.next(state)
        changed = cast("Command", wild(drawn, random)) if number % 2 else drawn
        command = came_in(changed)
        if command is None:
            continue
        for event in apply(state, command):
            assert decode_event(encode(event)) == event
        check_state(state)
        if number % 40 == 0:
            assert snapshot(restore(snapshot(state))) == snapshot(state)


def test_a_number_beyond_64_bits_is_no_command(world: tuple[State, dict[str, Command]]) -> None:
    _, seen = world
    for changed in at_the_edge(seen["SetLeverage"]):
        leverage = getattr(changed, "leverage", 0)
        if abs(leverage) >= 1 << 63 and leverage != -(1 << 63):
            assert came_in(cast("Command", changed)) is None
