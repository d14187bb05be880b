"""Reading: a line of text becomes a command. The grammar stands in `engine.notation`.

What is not here: market options and prices (`notation.read_venue`).
"""

from collections.abc import Callable
from typing import Any

from engine import commands as c
from engine.notation.numbers import (
    Notation,
    NotationError,
    read_amount,
    read_lots,
    read_moment,
    read_span,
    read_ticks,
    whole,
)
from engine.notation.read_venue import VENUE
from engine.notation.words import Words
from engine.vocabulary import (
    MinQuantityMode,
    OrderType,
    SelfTrade,
    Side,
    TimeInForce,
    TriggerKind,
)

_PEGS = {"mid": OrderType.PEG_MID, "bid": OrderType.PEG_BID, "ask": OrderType.PEG_ASK}
_FLAGS = {
    "aon": "all_or_none",
    "nbbo": "nbbo_protection",
    "post-only": "post_only",
    "reduce-only": "reduce_only",
}


def read_command(text: str, n: Notation, /) -> c.Command:
    """Read one command; whatever the grammar does not know is a NotationError."""
    words = Words(text)
    first = words.next()
    venue = VENUE.get(first)
    if venue is not None:
        command = venue(words, n)
    elif first.startswith("#"):
        command = _order_command(first[1:], words, n)
    else:
        command = _account_command(first, words, n)
    words.end()
    return command


def _order_command(order_id: str, words: Words, n: Notation, /) -> c.Command:
    account_id = words.next()
    verb = words.next()
    if verb in ("buys", "sells"):
        return _submit(order_id, account_id, Side.BUY if verb == "buys" else Side.SELL, words, n)
    if verb == "closes":
        return _close(order_id, account_id, words, n)
    if verb == "cancels":
        return c.CancelOrder(at_ms=n.at_ms, order_id=order_id, account_id=account_id)
    if verb == "amends":
        return _amend(order_id, account_id, words, n)
    raise NotationError(f"an order does not {verb!r}")


def _submit(order_id: str, account_id: str, side: Side, words: Words, n: Notation, /) -> c.Command:
    quantity = words.next()
    spec = n.spec(words.next_of(n.specs))
    fields: dict[str, Any] = {}
    while words.left():
        _order_option(words, spec, fields)
    if "order_type" not in fields:
        raise NotationError("limit, market or peg?")
    if fields["order_type"] is OrderType.MARKET:
        fields.setdefault("time_in_force", TimeInForce.IOC)
    return c.SubmitOrder(
        at_ms=n.at_ms,
        order_id=order_id,
        account_id=account_id,
        market_id=spec.market_id,
        side=side,
        quantity_lots=read_lots(quantity, spec),
        **fields,
    )


def _order_option(words: Words, spec: c.MarketSpec, fields: dict[str, Any], /) -> None:
    word = words.next()
    if word in _FLAGS:
        fields[_FLAGS[word]] = True
    elif word in TimeInForce.__members__ and word != "GTD":
        fields["time_in_force"] = TimeInForce[word]
    elif word in _OPTIONS:
        _OPTIONS[word](words, spec, fields)
    else:
        raise NotationError(f"unknown option {word!r}")


def _limit(words: Words, spec: c.MarketSpec, fields: dict[str, Any], /) -> None:
    fields["order_type"] = OrderType.LIMIT
    fields["limit_ticks"] = read_ticks(words.next(), spec)


def _market(_: Words, __: c.MarketSpec, fields: dict[str, Any], /) -> None:
    fields["order_type"] = OrderType.MARKET


def _peg(words: Words, _: c.MarketSpec, fields: dict[str, Any], /) -> None:
    fields["order_type"] = words.choose(_PEGS)


def _cap(words: Words, spec: c.MarketSpec, fields: dict[str, Any], /) -> None:
    fields["limit_ticks"] = read_ticks(words.next(), spec)


def _until(words: Words, _: c.MarketSpec, fields: dict[str, Any], /) -> None:
    fields["time_in_force"] = TimeInForce.GTD
    fields["expires_at_ms"] = read_moment(words.next())


def _least(words: Words, spec: c.MarketSpec, fields: dict[str, Any], /) -> None:
    fields["min_quantity_lots"] = read_lots(words.next(), spec)
    mode = words.next_of(("each", "first"))
    if mode is not None:
        fields["min_quantity_mode"] = MinQuantityMode[mode.upper()]


def _self_trade(words: Words, _: c.MarketSpec, fields: dict[str, Any], /) -> None:
    fields["self_trade"] = words.choose(SelfTrade.__members__)


def _leverage(words: Words, _: c.MarketSpec, fields: dict[str, Any], /) -> None:
    fields["leverage"] = whole(words.next())


def _awaits(words: Words, _: c.MarketSpec, fields: dict[str, Any], /) -> None:
    fields["deposit_wait_ms"] = whole(words.next())


def _client(words: Words, _: c.MarketSpec, fields: dict[str, Any], /) -> None:
    fields["client_order_id"] = words.next()


def _trigger(kind: TriggerKind) -> Callable[[Words, c.MarketSpec, dict[str, Any]], None]:
    def option(words: Words, spec: c.MarketSpec, fields: dict[str, Any], /) -> None:
        fields["trigger"] = kind
        fields["trigger_ticks"] = read_ticks(words.next(), spec)

    return option


def _protection(name: str) -> Callable[[Words, c.MarketSpec, dict[str, Any]], None]:
    def option(words: Words, spec: c.MarketSpec, fields: dict[str, Any], /) -> None:
        trigger, slash, limit = words.next().partition("/")
        fields[name] = c.Protection(
            trigger_ticks=read_ticks(trigger, spec),
            limit_ticks=read_ticks(limit, spec) if slash else None,
        )

    return option


def _discount(words: Words, _: c.MarketSpec, fields: dict[str, Any], /) -> None:
    fields["fee_discount_percent"] = whole(words.next().removesuffix("%"))


def _probes(words: Words, _: c.MarketSpec, fields: dict[str, Any], /) -> None:
    fields["probe_limit"] = whole(words.next())


_PAIR_OPTIONS = {"tp": _protection("take_profit"), "sl": _protection("stop_loss")}
_TIER_OPTIONS = {"client": _client, "discount": _discount, "probes": _probes}
_OPTIONS: dict[str, Callable[[Words, c.MarketSpec, dict[str, Any]], None]] = {
    "limit": _limit,
    "market": _market,
    "peg": _peg,
    "cap": _cap,
    "until": _until,
    "min": _least,
    "stp": _self_trade,
    "leverage": _leverage,
    "awaits": _awaits,
    "stop": _trigger(TriggerKind.STOP),
    "take-profit": _trigger(TriggerKind.TAKE_PROFIT),
    **_PAIR_OPTIONS,
    **_TIER_OPTIONS,
}


def _close(order_id: str, account_id: str, words: Words, n: Notation, /) -> c.Command:
    quantity = words.next_number()
    spec = n.spec(words.next_of(n.specs))
    fields: dict[str, Any] = {}
    while words.left():
        words.choose({"limit": _limit, **_TIER_OPTIONS})(words, spec, fields)
    fields.pop("order_type", None)
    return c.ClosePosition(
        at_ms=n.at_ms,
        order_id=order_id,
        account_id=account_id,
        market_id=spec.market_id,
        quantity_lots=None if quantity is None else read_lots(quantity, spec),
        **fields,
    )


def _amend(order_id: str, account_id: str, words: Words, n: Notation, /) -> c.Command:
    spec = n.spec(words.next_of(n.specs))
    quantity = limit = None
    while words.left():
        if words.choose({"to": True, "limit": False}):
            quantity = read_lots(words.next(), spec)
        else:
            limit = read_ticks(words.next(), spec)
    return c.AmendOrder(
        at_ms=n.at_ms,
        order_id=order_id,
        account_id=account_id,
        quantity_lots=quantity,
        limit_ticks=limit,
    )


def _account_command(account_id: str, words: Words, n: Notation, /) -> c.Command:
    return words.choose(_ACCOUNT)(account_id, words, n)


def _cancel_all(account_id: str, words: Words, n: Notation, /) -> c.Command:
    words.expect("all")
    market_id = words.next_of(n.specs)
    as_switch = bool(words.left()) and words.choose({"as": True})
    if as_switch:
        for word in ("the", "switch", "does"):
            words.expect(word)
    return c.CancelAll(
        at_ms=n.at_ms, account_id=account_id, market_id=market_id, as_switch=as_switch
    )


def _arm(account_id: str, words: Words, n: Notation, /) -> c.Command:
    words.expect("cancel-all-after")
    timeout = read_span(words.next())
    return c.ArmCancelAllAfter(at_ms=n.at_ms, account_id=account_id, timeout_ms=timeout)


def _disarm(account_id: str, words: Words, n: Notation, /) -> c.Command:
    words.expect("cancel-all-after")
    return c.ArmCancelAllAfter(at_ms=n.at_ms, account_id=account_id, timeout_ms=0)


def _set_leverage(account_id: str, words: Words, n: Notation, /) -> c.Command:
    words.expect("leverage")
    leverage = whole(words.next())
    market_id = n.spec(words.next_of(n.specs)).market_id
    return c.SetLeverage(
        at_ms=n.at_ms, account_id=account_id, market_id=market_id, leverage=leverage
    )


def _margin(sign: int) -> Callable[[str, Words, Notation], c.Command]:
    def command(account_id: str, words: Words, n: Notation, /) -> c.Command:
        amount = read_amount(words.next())
        words.expect("margin")
        market_id = n.spec(words.next_of(n.specs)).market_id
        return c.MoveMargin(
            at_ms=n.at_ms,
            transfer_id=words.id_or(n, "margin"),
            account_id=account_id,
            market_id=market_id,
            amount_micro=sign * amount,
        )

    return command


def _protect(account_id: str, words: Words, n: Notation, /) -> c.Command:
    spec = n.spec(words.next_of(n.specs))
    fields: dict[str, Any] = {}
    while words.left():
        words.choose(_PAIR_OPTIONS)(words, spec, fields)
    return c.SetPositionTriggers(
        at_ms=n.at_ms, account_id=account_id, market_id=spec.market_id, **fields
    )


def _hand_over(account_id: str, words: Words, n: Notation, /) -> c.Command:
    words.expect("over")
    market_id = n.spec(words.next_of(n.specs)).market_id
    return c.HandOverPosition(at_ms=n.at_ms, account_id=account_id, market_id=market_id)


def _deposit(account_id: str, words: Words, n: Notation, /) -> c.Command:
    amount = read_amount(words.next())
    return c.CreditDeposit(
        at_ms=n.at_ms,
        deposit_id=words.id_or(n, "deposit"),
        account_id=account_id,
        amount_micro=amount,
    )


def _withdraw(account_id: str, words: Words, n: Notation, /) -> c.Command:
    amount = read_amount(words.next())
    return c.ReserveWithdrawal(
        at_ms=n.at_ms,
        withdrawal_id=words.id_or(n, "withdrawal"),
        account_id=account_id,
        amount_micro=amount,
    )


_ACCOUNT: dict[str, Callable[[str, Words, Notation], c.Command]] = {
    "cancels": _cancel_all,
    "arms": _arm,
    "disarms": _disarm,
    "sets": _set_leverage,
    "adds": _margin(1),
    "takes": _margin(-1),
    "protects": _protect,
    "hands": _hand_over,
    "deposits": _deposit,
    "withdraws": _withdraw,
}
