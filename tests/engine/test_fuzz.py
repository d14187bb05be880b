"""Garbage at the two readers: bytes at the codec, lines at the notation.

Whatever comes is either read or refused with the reader's own error, never anything else.
"""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.codec import CodecError, decode_command, decode_event, encode
from engine.commands import AmendOrder, Command, ListMarket
from engine.exchange import apply
from engine.notation import Notation, read_command, write_command
from engine.notation.numbers import NotationError
from engine.state import State
from tests.engine.world import RandomWorld

steady = settings(derandomize=True, deadline=None, database=None, max_examples=120)
OPTIONS = (
    *("alice", "buys", "sells", "limit", "market", "peg", "mid", "cap", "until", "min", "first"),
    *("tp", "sl", "stop", "take-profit", "stp", "client", "discount", "probes", "leverage", "as"),
    *(
        "reference",
        "BTC",
        "ETH",
        "none",
        "index",
        "mark",
        "age",
        "dispersion",
        ";",
        "sample",
        "for",
    ),
    *(
        "deposits",
        "withdraws",
        "adds",
        "takes",
        "margin",
        "closes",
        "amends",
        "to",
        "cancels",
        "all",
    ),
    *("limits", "state", "breaker", "settle", "funding", "contribute", "backstop", "expire", "#1"),
    *("1", "0", "-1", "0.1", "99.9/100.1", "100/", "/", "5s", "1e9", "∞", "٣", "9" * 40, "0.05%"),
)


def drawn() -> tuple[list[Command], Notation]:
    """Return a world's commands, and a notation that knows its markets."""
    world, notation = RandomWorld(seed=3), Notation(at_ms=1_000_000)
    commands = world.opening() + [world.command() for _ in range(300)]
    for command in commands:
        if isinstance(command, ListMarket):
            notation.know(command.spec)
    return commands, notation


COMMANDS, NOTATION = drawn()
RECORDS = [encode(command) for command in COMMANDS]
EVENTS = [
    encode(event) for state in (State(),) for each in COMMANDS for event in apply(state, each)
]
LINES = [write_command(each, NOTATION) for each in COMMANDS if not isinstance(each, AmendOrder)]


def is_read_or_refused(data: bytes) -> bool:
    """Read bytes as either kind of record; tell whether any could be read."""
    read = 0
    for decode in (decode_command, decode_event):
        try:
            record = decode(data)
        except CodecError:
            continue
        assert decode(encode(record)) == record
        read += 1
    return read > 0


@steady
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    is_read_or_refused(data)


@steady
@given(st.sampled_from(RECORDS + EVENTS), st.randoms(use_true_random=False))
def test_a_record_with_wrong_bytes_is_read_or_refused(data: bytes, random: Random) -> None:
    broken = bytearray(data)
    for _ in range(random.choice((0, 1, 1, 2, 5))):
        place = random.randrange(len(broken))
        match random.randrange(3):
            case 0:
                broken[place] = random.randrange(256)
            case 1:
                broken.insert(place, random.randrange(256))
            case _:
                del broken[place]
    assert is_read_or_refused(bytes(broken)) or bytes(broken) != data


@steady
@given(st.text(max_size=60))
def test_any_line_is_read_or_refused(line: str) -> None:
    try_line(line)


@steady
@given(st.sampled_from(LINES), st.lists(st.sampled_from(OPTIONS), max_size=4), st.randoms())
def test_a_line_with_wrong_words_is_read_or_refused(
    line: str, others: list[str], random: Random
) -> None:
    words = line.split()
    for other in others:
        place = random.randrange(len(words) + 1)
        words[place : place + random.randrange(2)] = [other]
    try_line(" ".join(words))


@steady
@given(st.lists(st.sampled_from(OPTIONS), max_size=9))
def test_words_of_the_grammar_in_any_order_are_read_or_refused(words: list[str]) -> None:
    try_line(" ".join(words))


def try_line(line: str) -> None:
    """Read a line; what is read is written, and read again as the same."""
    try:
        command = read_command(line, NOTATION)
    except NotationError:
        return
    assert read_command(write_command(command, NOTATION), NOTATION) == command
