"""Snapshot and restore: the whole state as canonical bytes, versioned.

Only facts are written, in sorted order; indexes (books, sums, trigger heaps) are built anew
by the same replacements that events use. Ids that are remembered keep the order of their
use, which is a fact too. What is not here: where snapshots are kept.
"""

from typing import Any

import msgspec

from engine.commands import MarketSpec, ReferenceMove, SubmitOrder
from engine.evolve_money import stress_sums
from engine.orders import Order
from engine.state import (
    Account,
    Funding,
    Market,
    Pair,
    Position,
    Seen,
    State,
    Transfer,
    place_pair,
    place_trigger,
    put_timer,
    replace_order,
    replace_position,
)
from engine.vocabulary import MarketState

VERSION = 2


class SnapshotError(ValueError):
    """This is a snapshot of an engine that is newer than this one."""


def _without_warned(body: dict[str, Any], /) -> dict[str, Any]:
    """Upgrade version 1, which listed the warned positions once more beside the positions."""
    for market in body["markets"]:
        del market["warned"]
    return {**body, "version": 2}


UPGRADES: dict[int, Any] = {1: _without_warned}
"""From a version to what turns its decoded body into one of the next."""


class MarketImage(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is a fact about a market."""

    spec: MarketSpec
    state: MarketState
    hours_closed: bool
    grace_until_ms: int | None
    breaker_until_ms: int | None
    prices: ReferenceMove
    fund_micro: int
    debt_micro: int
    funding: Funding
    funding_pot_micro: int
    published_lots: int
    orders: list[Order]
    restless: list[int]
    positions: list[tuple[str, Position]]
    triggers: list[SubmitOrder]
    pairs: list[tuple[str, Pair]]
    attempts: list[tuple[str, tuple[int, ...]]]
    pending: list[str]


class StateImage(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is a fact about the exchange."""

    version: int
    accounts: list[tuple[str, Account]]
    markets: list[MarketImage]
    seen: list[tuple[str, Seen]]
    client_ids: list[tuple[str, str, Seen]]
    deposits: list[tuple[str, Transfer]]
    withdrawals: list[tuple[str, Transfer]]
    fees_micro: int
    global_fund_micro: int
    external_micro: int
    next_sequence: int
    next_trade: int


_SCALARS = (
    "spec",
    "state",
    "hours_closed",
    "grace_until_ms",
    "breaker_until_ms",
    "prices",
    "fund_micro",
    "debt_micro",
    "funding",
    "funding_pot_micro",
    "published_lots",
)
_TOTALS = ("fees_micro", "global_fund_micro", "external_micro", "next_sequence", "next_trade")


def snapshot(state: State, /) -> bytes:
    """Write the state; equal states give equal bytes."""
    image = StateImage(
        version=VERSION,
        accounts=sorted(state.accounts.items()),
        markets=[_image(state.markets[market_id]) for market_id in sorted(state.markets)],
        seen=list(state.seen.items()),
        client_ids=[(*key, seen) for key, seen in state.client_ids.items()],
        deposits=sorted(state.deposits.items()),
        withdrawals=sorted(state.withdrawals.items()),
        **{name: getattr(state, name) for name in _TOTALS},
    )
    return msgspec.msgpack.encode(image)


def _image(market: Market, /) -> MarketImage:
    return MarketImage(
        orders=[market.orders[sequence] for sequence in sorted(market.orders)],
        restless=sorted(market.restless),
        positions=sorted(market.positions.items()),
        triggers=[market.triggers[order_id] for order_id in sorted(market.triggers)],
        pairs=sorted(market.pairs.items()),
        attempts=sorted(market.attempts.items()),
        pending=sorted(market.pending),
        **{name: getattr(market, name) for name in _SCALARS},
    )


def restore(data: bytes, /) -> State:
    """Read a state, of this version or an older one that can be upgraded."""
    body = msgspec.msgpack.decode(data)
    if body["version"] > VERSION:
        version = body["version"]
        raise SnapshotError(f"the snapshot is of version {version}; this engine reads to {VERSION}")
    while body["version"] < VERSION:
        body = UPGRADES[body["version"]](body)
    image = msgspec.convert(body, StateImage)
    state = State()
    for name in _TOTALS:
        setattr(state, name, getattr(image, name))
    state.accounts = dict(image.accounts)
    state.seen = dict(image.seen)
    state.client_ids = {(account, client): seen for account, client, seen in image.client_ids}
    state.deposits = dict(image.deposits)
    state.withdrawals = dict(image.withdrawals)
    for market in image.markets:
        _restore_market(state, market)
    for account_id, account in image.accounts:
        if account.switch_at_ms is not None:
            put_timer(state, account.switch_at_ms, "@switch " + account_id)
    return state


def _restore_market(state: State, image: MarketImage, /) -> None:
    market = Market(spec=image.spec, state=image.state, fund_micro=image.fund_micro)
    state.markets[image.spec.market_id] = market
    for name in _SCALARS:
        setattr(market, name, getattr(image, name))
    market.book.move_reference(bid_ticks=image.prices.bid_ticks, ask_ticks=image.prices.ask_ticks)
    for order in image.orders:
        replace_order(state, market, None, None, order)
    for account_id, position in image.positions:
        replace_position(state, market, account_id, None, position)
    market.stress_lots_ppb = stress_sums(market)
    for terms in image.triggers:
        place_trigger(state, market, terms.order_id, None, terms)
    for account_id, pair in image.pairs:
        place_pair(state, market, account_id, None, pair)
    market.restless = dict.fromkeys(image.restless, True)
    market.attempts = dict(image.attempts)
    market.pending = dict.fromkeys(image.pending, True)
    if image.breaker_until_ms is not None:
        put_timer(state, image.breaker_until_ms, "@breaker " + image.spec.market_id)
