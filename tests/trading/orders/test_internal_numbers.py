"""Numbers that count everybody's commands, events, orders and trades never leave (I25)."""

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest

from tests.database import as_superuser
from tests.exchange import Exchange
from tests.trading.orders.conftest import BTC, Person, publish_mark
from tests.trading.orders.test_darkness import a_strangers_day, public_bytes
from trading.log import Place
from trading.models import Command, Event, Receipt, Trade
from trading.projections.ids import Ids

COMMANDS, EVENTS, TRADES, ORDERS = 7_777_000_000, 8_888_000_000, 9_999_000_000, 6_666_000_000
INTERNAL = re.compile(rb"(7777|8888|9999|6666)000\d{3}(?!\d)")
WORD = re.compile(rb"[A-Za-z0-9_=-]{12,}")
LISTS = ("/orders", "/fills", "/positions", "/funding-payments", "/liquidations")
SET = "SELECT setval('trading_command_id_seq', %s)"


@pytest.fixture
def telling_numbers(exchange: Exchange) -> Iterator[None]:
    """Let all internal counts go on from numbers that cannot be taken for anything else."""
    set_commands(COMMANDS)
    runner = exchange.runner
    runner.place = Place(EVENTS, runner.place.head)
    runner.state.next_trade, runner.state.next_sequence = TRADES, ORDERS
    yield
    set_commands(1)


def set_commands(number: int) -> None:
    with as_superuser() as superuser:
        superuser.execute(SET, [number])


def internal_numbers(text: bytes) -> list[bytes]:
    """Return what a text says of internal numbers, plainly or in base 64."""
    texts = [text, *(word for token in WORD.findall(text) for word in decoded(token))]
    return [found.group() for one in texts for found in INTERNAL.finditer(one)]


def decoded(token: bytes) -> Iterator[bytes]:
    try:
        yield base64.urlsafe_b64decode(token + b"=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        return


@pytest.mark.usefixtures("telling_numbers")
def test_no_answer_tells_how_many_others_there_are(
    exchange: Exchange, person: Callable[..., Person]
) -> None:
    dave, erin = person(), person()
    exchange.move(BTC=(955_000, 955_002), ETH=(30_000, 30_002))
    publish_mark(BTC, half_ticks=1_910_002)
    told = a_strangers_day(dave, erin, exchange) + public_bytes()
    for one in (dave, erin):
        for path in LISTS:
            answer = one.send("GET", path, limit=1)
            told.append((path, answer.status_code, dict(answer.items()), answer.content))
            cursor = answer.json().get("next_cursor")
            if cursor:
                page = one.get(path, limit=1, cursor=cursor)
                told.append((path, 200, {}, str(page).encode()))
    tape = dave.send("GET", f"/markets/{BTC}/trades", limit=1)
    told.append(("tape", 200, dict(tape.items()), tape.content))
    # The counts went on where they were set, so an answer that tells one would be seen.
    assert Command.objects.filter(pk__gt=COMMANDS).exists()
    assert Event.objects.filter(pk__gt=EVENTS).exists()
    assert Trade.objects.filter(number__gte=TRADES).exists()
    assert Receipt.objects.filter(event_sequence__gt=EVENTS).exists()
    for path, _, headers, content in told:
        assert internal_numbers(content) == [], path
        assert internal_numbers(str(headers).encode()) == [], path


def test_the_search_sees_a_number_plain_and_in_a_cursor() -> None:
    assert internal_numbers(b'{"id": 8888000017}') == [b"8888000017"]
    cursor = base64.urlsafe_b64encode(b"1800000000000,7777000123")
    assert internal_numbers(b'{"next_cursor": "' + cursor + b'"}') == [b"7777000123"]


def test_ids_of_neighbors_have_nothing_in_common_but_come_again_at_a_rebuild() -> None:
    ids = Ids(b"k" * 32)
    made = [ids.of("trade", number) for number in range(1_000)]
    assert made == [Ids(b"k" * 32).of("trade", number) for number in range(1_000)]
    assert made != [Ids(b"l" * 32).of("trade", number) for number in range(1_000)]
    assert len({*made, *(ids.of("fill", number) for number in range(1_000))}) == 2_000
    rising = sum(one.int < other.int for one, other in pairwise(made))
    assert 400 < rising < 600
