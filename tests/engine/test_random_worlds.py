"""Random worlds over every feature: one seed is one world, named in the test's id."""

import pytest

from engine.audit import check_conservation, check_state
from engine.chain import GENESIS, digest, link_all
from engine.codec import decode_event, encode
from engine.commands import Command, MoveReferences
from engine.events import Event, Filled
from engine.exchange import apply, decide, evolve
from engine.snapshot import restore, snapshot
from engine.state import BACKSTOP, State
from engine.vocabulary import TradeKind
from engine.what_if import overdue
from tests.engine.world import RandomWorld

SEEDS = range(6)
COMMANDS = 300


def world(seed: int) -> list[Command]:
    drawn = RandomWorld(seed=seed)
    return drawn.opening() + [drawn.command() for _ in range(COMMANDS)]


@pytest.mark.parametrize("seed", SEEDS)
def test_apply_is_decide_and_evolve_and_money_is_conserved_at_every_event(seed: int) -> None:
    state, replayed = State(), State()
    for command in world(seed):
        decided = decide(state, command)
        check_state(state)
        assert apply(state, command) == decided
        for event in decided:
            evolve(replayed, event)
            check_conservation(replayed)
        check_state(state)
    assert digest(replayed) == digest(state)


@pytest.mark.parametrize("seed", SEEDS)
def test_decide_changes_nothing(seed: int) -> None:
    state = State()
    for number, command in enumerate(world(seed)):
        if number % 7 == 0:
            before = digest(state)
            decide(state, command)
            assert digest(state) == before
        apply(state, command)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_snapshot_and_the_later_events_equal_the_whole_log(seed: int) -> None:
    commands = world(seed)
    state = State()
    for command in commands[: COMMANDS // 2]:
        apply(state, command)
    restored = restore(snapshot(state))
    head = other = GENESIS
    for command in commands[COMMANDS // 2 :]:
        events = apply(state, command)
        head = link_all(head, events)
        read = [decode_event(encode(event)) for event in events]
        assert read == events
        other = link_all(other, read)
        for event in read:
            evolve(restored, event)
    check_state(restored)
    assert (digest(restored), other) == (digest(state), head)


@pytest.mark.parametrize("seed", SEEDS)
def test_fills_happen_at_the_three_points_only(seed: int) -> None:
    state = State()
    for command in world(seed):
        for event in apply(state, command):
            if type(event) is Filled and event.kind in (TradeKind.TRADE, TradeKind.LIQUIDATION):
                prices = state.markets[event.market_id].prices
                assert prices.bid_ticks is not None
                assert prices.ask_ticks is not None
                bid, ask = 2 * prices.bid_ticks, 2 * prices.ask_ticks
                assert event.price_half_ticks in (bid, (bid + ask) // 2, ask)
                assert event.taker.lots + event.maker.lots == 0
                assert event.taker.account_id != event.maker.account_id


@pytest.mark.parametrize("seed", SEEDS)
def test_only_the_liquidatable_are_touched_and_none_is_left_over(seed: int) -> None:
    state = State()
    for command in world(seed):
        safe = {
            (market_id, account_id)
            for market_id, market in state.markets.items()
            for account_id, position in market.positions.items()
            if position.size_lots
        }
        events = apply(state, command)
        if not isinstance(command, MoveReferences):
            continue
        started = started_accounts(events)
        for event in events:
            if type(event) is Filled and event.kind is not TradeKind.TRADE:
                assert (event.market_id, event.taker.account_id) in started
        assert started <= safe | {key for key in started if key[1] != BACKSTOP}
        for market in state.markets.values():
            waiting = set(overdue(market))
            deferred = {
                name for name in waiting if market.positions[name].deferred_until_ms is not None
            }
            if market.state.value == "ACTIVE" and market.grace_until_ms is None:
                fresh = market.prices.index_half_ticks is not None
                assert not fresh or waiting == deferred


def started_accounts(events: list[Event]) -> set[tuple[str, str]]:
    names = ("LiquidationStarted", "LiquidationPended", "LiquidationDeferred")
    return {
        (getattr(event, "market_id", ""), getattr(event, "account_id", ""))
        for event in events
        if type(event).__name__ in names
    }
