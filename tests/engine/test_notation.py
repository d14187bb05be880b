from decimal import Decimal

import pytest

from engine import notation as text
from engine.commands import AmendOrder, ListMarket, MarketSpec
from engine.exchange import apply
from engine.notation.numbers import (
    NotationError,
    plain,
    read_moment,
    read_rate,
    read_span,
    write_span,
)
from engine.state import State
from tests.engine.world import RandomWorld


def speaker() -> text.Notation:
    known = text.Notation(at_ms=5)
    for name in ("BTC", "ETH"):
        known.know(
            MarketSpec(market_id=name, tick_size="0.1", lot_size="1", tick_lot_micro=100_000)
        )
    return known


@pytest.mark.parametrize("seed", range(4))
def test_every_command_reads_as_it_was_written(seed: int) -> None:
    world, n = RandomWorld(seed=seed), speaker()
    for command in world.opening() + [world.command() for _ in range(500)]:
        if isinstance(command, AmendOrder):
            continue  # its market is known from the order, not from the line
        n.at_ms = command.at_ms
        if isinstance(command, ListMarket):
            n.know(command.spec)
        line = text.write_command(command, n)
        assert text.read_command(line, n) == command, line


def test_an_amendment_reads_as_it_was_written_where_there_is_one_market() -> None:
    n = speaker()
    del n.specs["ETH"]
    for line in (
        "#1 alice amends to 3",
        "#1 alice amends limit 99.5",
        "#1 alice amends to 2 limit 1",
    ):
        assert text.write_command(text.read_command(line, n), n) == line


def test_the_full_form_of_an_event_loses_nothing() -> None:
    world, state, n = RandomWorld(seed=3), State(), speaker()
    for command in world.opening() + [world.command() for _ in range(400)]:
        for event in apply(state, command):
            assert text.read_full(text.full(event)) == event
            text.brief(event, n)


@pytest.mark.parametrize(
    "line",
    [
        "sample BTC 0.1% ; ETH none",
        "settle ETH 99.95",
        (
            "limits BTC max-leverage 50 maker 0.01% taker 0.04% position-limit 7"
            " open-interest-limit 9 stress-gap 1% pricing LIMIT_MIDPOINT collar 2%"
        ),
    ],
)
def test_a_line_of_the_venue_reads_as_it_was_written(line: str) -> None:
    n = speaker()
    assert text.write_command(text.read_command(line, n), n) == line


@pytest.mark.parametrize(
    "line",
    [
        "",
        "#1",
        "#1 alice dances",
        "#1 alice buys",
        "#1 alice buys x BTC market",
        "#1 alice buys 1.5 BTC market",
        "#1 alice buys 1 BTC",
        "#1 alice buys 1 market",
        "#1 alice buys 1 BTC sideways",
        "#1 alice buys 1 BTC limit 99.95",
        "#1 alice buys 1 BTC limit nan",
        "#1 alice buys 1 BTC limit 1e30",
        "#1 alice buys 1 BTC peg nowhere",
        "#1 alice buys 1 BTC GTD",
        "#1 alice buys 1 BTC market until 1:2",
        "#1 alice cancels now",
        "alice",
        "alice cancels some",
        "alice arms cancel-all-after soon",
        "alice adds 1 margins BTC",
        "alice deposits 0.0000001",
        "reference DOGE 1/2",
        "reference BTC 99.9",
        "sample BTC 0.1",
        "sample DOGE 0.1%",
        "state BTC OPEN",
        "market X tick 0.0000001 lot 1",
        "deposit d1 of alice lost",
    ],
)
def test_what_the_grammar_does_not_know_is_refused(line: str) -> None:
    with pytest.raises(NotationError):
        text.read_command(line, speaker())


@pytest.mark.parametrize("line", ["Nothing {}", "Uncrossed {", 'Uncrossed {"at_ms": "x"}'])
def test_what_is_no_event_is_refused(line: str) -> None:
    with pytest.raises(NotationError):
        text.read_full(line)


def test_numbers_are_plain() -> None:
    given = ("1.50", "-0.0", "1E+3", "7")
    assert [plain(Decimal(each)) for each in given] == ["1.5", "0", "1000", "7"]
    assert read_rate("0.05%") == 500_000
    spans = {"250ms": 250, "5s": 5_000, "2m": 120_000, "1h": 3_600_000}
    assert {each: read_span(each) for each in spans} == spans
    assert [write_span(each) for each in spans.values()] == list(spans)
    assert read_moment("12:00:00.250") == 43_200_250
    assert read_moment("77") == 77
