"""The clumsy: everything wrong that a program can do. Each must hear why, and nothing changes."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any, Final

import httpx

from bench.day.bots.floor import Floor
from bench.day.desks import Desk
from bench.day.people import Person, http_from
from godark_client.calls import Call, key_headers
from godark_client.models.records import Json

ROUND_S = 1.0
SHAPE_FROM, SERVER_FROM = 400, 500
GOOD: Final[dict[str, Any]] = {
    "side": "BUY",
    "type": "LIMIT",
    "size": "0.01",
    "limit_price": "1000",
}
WRONG: Final[tuple[dict[str, Any], ...]] = (
    {"symbol": "NO-SUCH-PERP"},
    {"size": "-1"},
    {"size": 0.1},
    {"size": "1e400"},
    {"size": "0.000001"},
    {"size": "999999999999"},
    {"limit_price": "NaN"},
    {"limit_price": "1000.05"},
    {"limit_price": None},
    {"side": "HODL"},
    {"type": "MARKET", "limit_price": None, "time_in_force": "GTC"},
    {"leverage": 1_001},
    {"leverage": 7},
    {"post_only": "yes"},
    {"min_quantity": "1"},
    {"expires_at": 1},
    {"client_order_id": "\u202e" * 400},
    {"reduce_only": True},
    {"nobody_knows": "this"},
)


async def stumble(floor: Floor, people: Sequence[Person]) -> None:
    """Do everything wrong in turn until the day is over."""
    random, turn = floor.random("clumsy"), 0
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(http_from(people[0].address))
        desks = [Desk(floor.url, one, floor.figures, kind="clumsy") for one in people]
        while await floor.rest(ROUND_S):
            desk, wrong = random.choice(desks), WRONG[turn % len(WRONG)]
            turn += 1
            body = {"symbol": floor.symbol, **GOOD, **wrong}
            await _send(floor, http, desk, body=body, spoils=turn % 7 == 0)
        for desk in desks:
            await desk.http.aclose()


async def _send(
    floor: Floor, http: httpx.AsyncClient, desk: Desk, *, body: Json, spoils: bool
) -> None:
    call = Call(method="POST", path="/orders", body=body, answer=Json)
    timestamp = desk.http.clock.timestamp()
    headers = key_headers(call, desk.person.key, timestamp=timestamp, window_ms=None)
    if spoils:
        headers["GD-SIGNATURE"] = "0" * 64
    floor.figures.sent["clumsy"] += 1
    try:
        said = await http.post(
            floor.url + call.path_with_query,
            content=call.body_bytes,
            headers=headers | {"Content-Type": "application/json"},
        )
    except httpx.TransportError:
        floor.figures.refused["clumsy"]["UNANSWERED"] += 1
        return
    if SHAPE_FROM <= said.status_code < SERVER_FROM and "code" in said.json():
        floor.figures.refused["clumsy"][said.json()["code"]] += 1
    elif said.status_code < SHAPE_FROM:
        floor.figures.surprises[f"taken, {said.status_code}: {_named(body)}"] += 1
    elif said.status_code != 503:  # noqa: PLR2004 - a part is being killed just now
        floor.figures.surprises[f"answered {said.status_code}: {_named(body)}"] += 1


def _named(body: Json) -> str:
    return str({name: value for name, value in body.items() if GOOD.get(name) != value})[:80]
