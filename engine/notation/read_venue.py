"""Reading what the venue does: prices, markets, funds, time.

What is not here: orders and accounts (`notation.read`).
"""

from collections.abc import Callable
from typing import Any

import msgspec

from engine import commands as c
from engine.notation.numbers import (
    Notation,
    NotationError,
    decimal,
    read_amount,
    read_half_ticks,
    read_lots,
    read_rate,
    read_span,
    read_ticks,
    whole,
)
from engine.notation.words import Words
from engine.units import MICRO
from engine.vocabulary import MarketState, Pricing


def _references(words: Words, n: Notation, /) -> c.Command:
    moves = [_reference(words, n)]
    while words.next_of((";",)):
        moves.append(_reference(words, n))
    return c.MoveReferences(at_ms=n.at_ms, moves=tuple(moves))


def _reference(words: Words, n: Notation, /) -> c.ReferenceMove:
    spec = n.spec(words.next_of(n.specs))
    quotes = words.next()
    bid = ask = middle = None
    if quotes != "none":
        left, slash, right = quotes.partition("/")
        if not slash:
            raise NotationError("a reference is bid/ask")
        bid, ask = read_ticks(left, spec), read_ticks(right, spec)
        middle = bid + ask
    fields: dict[str, Any] = {"index_half_ticks": middle, "mark_half_ticks": middle}
    age = 0
    while words.peek() in ("index", "mark", "dispersion", "age"):
        option = words.next()
        if option == "age":
            age = read_span(words.next())
        elif option == "dispersion":
            fields["dispersion_ppb"] = read_rate(words.next())
        else:
            price = words.next()
            fields[f"{option}_half_ticks"] = (
                None if price == "none" else read_half_ticks(price, spec)
            )
            if option == "index" and quotes == "none":
                fields["mark_half_ticks"] = fields["index_half_ticks"]
    return c.ReferenceMove(
        market_id=spec.market_id,
        bid_ticks=bid,
        ask_ticks=ask,
        quoted_at_ms=n.at_ms - age,
        **fields,
    )


def _expire(_: Words, n: Notation, /) -> c.Command:
    return c.ExpireDue(at_ms=n.at_ms)


def _sample(words: Words, n: Notation, /) -> c.Command:
    samples: list[c.FundingSample] = []
    while True:
        market_id = n.spec(words.next()).market_id
        premium = words.next()
        samples.append(
            c.FundingSample(
                market_id=market_id,
                premium_ppb=None if premium == "none" else read_rate(premium),
                seconds=whole(words.next()) if words.next_of(("for",)) else 1,
            )
        )
        if words.next_of((";",)) is None:
            return c.SampleFunding(at_ms=n.at_ms, samples=tuple(samples))


def _funding(words: Words, n: Notation, /) -> c.Command:
    market_id = n.spec(words.next()).market_id
    return c.PayFunding(at_ms=n.at_ms, market_id=market_id, hour=whole(words.next()))


def _list(words: Words, n: Notation, /) -> c.Command:
    market_id = words.next()
    tick = lot = None
    fields: dict[str, Any] = {}
    if words.next_of(("tick",)):
        tick = words.next()
    if words.next_of(("lot",)):
        lot = words.next()
    spec = spec_of(market_id, tick or "0.1", lot or "1")
    insurance, state = 0, MarketState.ACTIVE
    while words.left():
        if words.next_of(("insurance",)):
            insurance = read_amount(words.next())
        elif words.next_of(("state",)):
            state = words.choose(MarketState.__members__)
        else:
            words.choose(_MARKET)(words, spec, fields)
    spec = msgspec.structs.replace(spec, **fields)
    return c.ListMarket(at_ms=n.at_ms, spec=spec, insurance_micro=insurance, state=state)


def spec_of(market_id: str, tick: str, lot: str, /) -> c.MarketSpec:
    """Make the spec of a market from its units; their product is whole micro-USDT."""
    product = decimal(tick) * decimal(lot) * MICRO
    if product != product.to_integral_value():
        raise NotationError(f"tick {tick} x lot {lot} is no whole micro-USDT")
    return c.MarketSpec(
        market_id=market_id, tick_size=tick, lot_size=lot, tick_lot_micro=int(product)
    )


def _limits(words: Words, n: Notation, /) -> c.Command:
    spec = n.spec(words.next())
    fields: dict[str, Any] = {}
    while words.left():
        words.choose(_MARKET)(words, spec, fields)
    return c.SetMarketLimits(at_ms=n.at_ms, spec=msgspec.structs.replace(spec, **fields))


def _rate(name: str) -> Callable[[Words, c.MarketSpec, dict[str, Any]], None]:
    def option(words: Words, _: c.MarketSpec, fields: dict[str, Any], /) -> None:
        fields[name] = read_rate(words.next())

    return option


def _lots(name: str) -> Callable[[Words, c.MarketSpec, dict[str, Any]], None]:
    def option(words: Words, spec: c.MarketSpec, fields: dict[str, Any], /) -> None:
        fields[name] = read_lots(words.next(), spec)

    return option


def _most_leverage(words: Words, _: c.MarketSpec, fields: dict[str, Any], /) -> None:
    fields["max_leverage"] = whole(words.next())


def _pricing(words: Words, _: c.MarketSpec, fields: dict[str, Any], /) -> None:
    fields["pricing"] = words.choose(Pricing.__members__)


_MARKET: dict[str, Callable[[Words, c.MarketSpec, dict[str, Any]], None]] = {
    "max-leverage": _most_leverage,
    "maker": _rate("maker_rebate_ppb"),
    "taker": _rate("taker_fee_ppb"),
    "position-limit": _lots("position_limit_lots"),
    "open-interest-limit": _lots("open_interest_limit_lots"),
    "stress-gap": _rate("stress_gap_ppb"),
    "pricing": _pricing,
    "collar": _rate("collar_ppb"),
}


def _state(words: Words, n: Notation, /) -> c.Command:
    market_id = n.spec(words.next()).market_id
    state = words.choose(MarketState.__members__)
    closed = words.next_of(("hours-closed",)) is not None
    return c.SetMarketState(at_ms=n.at_ms, market_id=market_id, state=state, hours_closed=closed)


def _breaker(words: Words, n: Notation, /) -> c.Command:
    market_id = n.spec(words.next()).market_id
    until = n.at_ms + read_span(words.next())
    return c.TripBreaker(at_ms=n.at_ms, market_id=market_id, until_ms=until)


def _publish(_: Words, n: Notation, /) -> c.Command:
    return c.PublishOpenInterest(at_ms=n.at_ms)


def _contribute(words: Words, n: Notation, /) -> c.Command:
    amount = read_amount(words.next())
    market_id = words.next_of(n.specs)
    return c.ContributeInsurance(
        at_ms=n.at_ms,
        contribution_id=words.id_or(n, "contribution"),
        amount_micro=amount,
        market_id=market_id,
    )


def _backstop(words: Words, n: Notation, /) -> c.Command:
    amount = read_amount(words.next())
    return c.FundBackstop(
        at_ms=n.at_ms, transfer_id=words.id_or(n, "backstop"), amount_micro=amount
    )


def _settle(words: Words, n: Notation, /) -> c.Command:
    spec = n.spec(words.next())
    price = read_half_ticks(words.next(), spec)
    return c.SettleDelisting(at_ms=n.at_ms, market_id=spec.market_id, price_half_ticks=price)


def _deposit(words: Words, n: Notation, /) -> c.Command:
    deposit_id = words.next()
    words.expect("of")
    account_id = words.next()
    kind = words.choose({"finalized": c.FinalizeDeposit, "dropped": c.DropDeposit})
    return kind(at_ms=n.at_ms, deposit_id=deposit_id, account_id=account_id)


def _withdrawal(words: Words, n: Notation, /) -> c.Command:
    withdrawal_id = words.next()
    words.expect("of")
    account_id = words.next()
    kind = words.choose({"confirmed": c.ConfirmWithdrawal, "returned": c.ReturnWithdrawal})
    return kind(at_ms=n.at_ms, withdrawal_id=withdrawal_id, account_id=account_id)


VENUE: dict[str, Callable[[Words, Notation], c.Command]] = {
    "reference": _references,
    "expire": _expire,
    "sample": _sample,
    "funding": _funding,
    "market": _list,
    "limits": _limits,
    "state": _state,
    "breaker": _breaker,
    "publish": _publish,
    "contribute": _contribute,
    "backstop": _backstop,
    "settle": _settle,
    "deposit": _deposit,
    "withdrawal": _withdrawal,
}
