"""Writing: a command becomes the line that reads as it. One function per command type.

What is not here: what happened (`notation.tell`).
"""

from collections.abc import Callable
from typing import Any, cast

from engine import commands as c
from engine.notation.numbers import (
    Notation,
    write_amount,
    write_half_ticks,
    write_lots,
    write_rate,
    write_span,
    write_ticks,
)
from engine.vocabulary import (
    MinQuantityMode,
    OrderType,
    Pricing,
    SelfTrade,
    Side,
    TimeInForce,
    TriggerKind,
)

_PEGS = {OrderType.PEG_MID: "mid", OrderType.PEG_BID: "bid", OrderType.PEG_ASK: "ask"}


def write_command(command: c.Command, n: Notation, /) -> str:
    """Write a command as one line; its time is the notation's clock."""
    return " ".join(word for word in _WRITERS[type(command)](command, n) if word)


def _submit(o: c.SubmitOrder, n: Notation, /) -> list[str]:
    spec = n.spec(o.market_id)
    return [
        f"#{o.order_id}",
        o.account_id,
        "buys" if o.side is Side.BUY else "sells",
        write_lots(o.quantity_lots, spec),
        o.market_id,
        _price(o, spec),
        _life(o),
        "aon" if o.all_or_none else "",
        _least(o, spec),
        "nbbo" if o.nbbo_protection else "",
        "post-only" if o.post_only else "",
        "reduce-only" if o.reduce_only else "",
        "" if o.self_trade is SelfTrade.EXPIRE_TAKER else f"stp {o.self_trade.value}",
        "" if o.leverage is None else f"leverage {o.leverage}",
        _trigger(o, spec),
        _protection("tp", o.take_profit, spec),
        _protection("sl", o.stop_loss, spec),
        f"awaits {o.deposit_wait_ms}" if o.deposit_wait_ms else "",
        *_tier(o),
    ]


def _price(o: c.SubmitOrder, spec: c.MarketSpec, /) -> str:
    if o.order_type is OrderType.MARKET:
        return "market"
    limit = "" if o.limit_ticks is None else write_ticks(o.limit_ticks, spec)
    if o.order_type is OrderType.LIMIT:
        return f"limit {limit}"
    return f"peg {_PEGS[o.order_type]}" + (f" cap {limit}" if limit else "")


def _life(o: c.SubmitOrder, /) -> str:
    if o.time_in_force is TimeInForce.GTD:
        return f"until {o.expires_at_ms}"
    usual = TimeInForce.IOC if o.order_type is OrderType.MARKET else TimeInForce.GTC
    return "" if o.time_in_force is usual else o.time_in_force.value


def _least(o: c.SubmitOrder, spec: c.MarketSpec, /) -> str:
    if o.min_quantity_lots == 0 and o.min_quantity_mode is MinQuantityMode.EACH:
        return ""
    first = " first" if o.min_quantity_mode is MinQuantityMode.FIRST else ""
    return f"min {write_lots(o.min_quantity_lots, spec)}{first}"


def _trigger(o: c.SubmitOrder, spec: c.MarketSpec, /) -> str:
    if o.trigger is None or o.trigger_ticks is None:
        return ""
    word = "stop" if o.trigger is TriggerKind.STOP else "take-profit"
    return f"{word} {write_ticks(o.trigger_ticks, spec)}"


def _protection(word: str, leg: c.Protection | None, spec: c.MarketSpec, /) -> str:
    if leg is None:
        return ""
    limit = "" if leg.limit_ticks is None else "/" + write_ticks(leg.limit_ticks, spec)
    return f"{word} {write_ticks(leg.trigger_ticks, spec)}{limit}"


def _tier(o: c.SubmitOrder | c.ClosePosition, /) -> list[str]:
    return [
        "" if o.client_order_id is None else f"client {o.client_order_id}",
        f"discount {o.fee_discount_percent}%" if o.fee_discount_percent else "",
        "" if o.probe_limit == 20 else f"probes {o.probe_limit}",  # noqa: PLR2004 -- the default
    ]


def _amend(o: c.AmendOrder, n: Notation, /) -> list[str]:
    spec = n.spec(None)
    return [
        f"#{o.order_id} {o.account_id} amends",
        "" if o.quantity_lots is None else f"to {write_lots(o.quantity_lots, spec)}",
        "" if o.limit_ticks is None else f"limit {write_ticks(o.limit_ticks, spec)}",
    ]


def _cancel(o: c.CancelOrder, _: Notation, /) -> list[str]:
    return [f"#{o.order_id} {o.account_id} cancels"]


def _cancel_all(o: c.CancelAll, _: Notation, /) -> list[str]:
    how = "as the switch does" if o.as_switch else ""
    return [o.account_id, "cancels all", o.market_id or "", how]


def _arm(o: c.ArmCancelAllAfter, _: Notation, /) -> list[str]:
    if o.timeout_ms == 0:
        return [o.account_id, "disarms cancel-all-after"]
    return [o.account_id, "arms cancel-all-after", write_span(o.timeout_ms)]


def _leverage(o: c.SetLeverage, _: Notation, /) -> list[str]:
    return [o.account_id, f"sets leverage {o.leverage}", o.market_id]


def _margin(o: c.MoveMargin, _: Notation, /) -> list[str]:
    verb = "takes" if o.amount_micro < 0 else "adds"
    amount = write_amount(abs(o.amount_micro))
    return [o.account_id, verb, amount, "margin", o.market_id, "as", o.transfer_id]


def _close(o: c.ClosePosition, n: Notation, /) -> list[str]:
    spec = n.spec(o.market_id)
    return [
        f"#{o.order_id} {o.account_id} closes",
        "" if o.quantity_lots is None else write_lots(o.quantity_lots, spec),
        o.market_id,
        "" if o.limit_ticks is None else f"limit {write_ticks(o.limit_ticks, spec)}",
        *_tier(o),
    ]


def _protect(o: c.SetPositionTriggers, n: Notation, /) -> list[str]:
    spec = n.spec(o.market_id)
    pair = [_protection("tp", o.take_profit, spec), _protection("sl", o.stop_loss, spec)]
    return [o.account_id, "protects", o.market_id, *pair]


def _deposit(o: c.CreditDeposit, _: Notation, /) -> list[str]:
    return [o.account_id, "deposits", write_amount(o.amount_micro), "as", o.deposit_id]


def _withdraw(o: c.ReserveWithdrawal, _: Notation, /) -> list[str]:
    return [o.account_id, "withdraws", write_amount(o.amount_micro), "as", o.withdrawal_id]


def _of(word: str, field: str, end: str) -> Callable[[Any, Notation], list[str]]:
    def write(o: Any, _: Notation, /) -> list[str]:
        return [word, getattr(o, field), "of", o.account_id, end]

    return write


def _references(o: c.MoveReferences, n: Notation, /) -> list[str]:
    return ["reference", " ; ".join(_reference(move, n) for move in o.moves)]


def _reference(move: c.ReferenceMove, n: Notation, /) -> str:
    spec = n.spec(move.market_id)
    quotes = "none"
    if move.bid_ticks is not None and move.ask_ticks is not None:
        quotes = f"{write_ticks(move.bid_ticks, spec)}/{write_ticks(move.ask_ticks, spec)}"
    age = n.at_ms - move.quoted_at_ms
    words = [
        move.market_id,
        quotes,
        f"index {_half(move.index_half_ticks, spec)}",
        f"mark {_half(move.mark_half_ticks, spec)}",
        f"dispersion {write_rate(move.dispersion_ppb)}" if move.dispersion_ppb else "",
        f"age {write_span(age)}" if age else "",
    ]
    return " ".join(word for word in words if word)


def _half(price: int | None, spec: c.MarketSpec, /) -> str:
    return "none" if price is None else write_half_ticks(price, spec)


def _sample(o: c.SampleFunding, _: Notation, /) -> list[str]:
    return ["sample", " ; ".join(map(_one_sample, o.samples))]


def _one_sample(sample: c.FundingSample, /) -> str:
    premium = "none" if sample.premium_ppb is None else write_rate(sample.premium_ppb)
    lasting = "" if sample.seconds == 1 else f" for {sample.seconds}"
    return f"{sample.market_id} {premium}{lasting}"


def _list(o: c.ListMarket, _: Notation, /) -> list[str]:
    spec = o.spec
    return [
        f"market {spec.market_id} tick {spec.tick_size} lot {spec.lot_size}",
        *_market_options(spec),
        f"insurance {write_amount(o.insurance_micro)} state {o.state.value}",
    ]


def _limits(o: c.SetMarketLimits, _: Notation, /) -> list[str]:
    return ["limits", o.spec.market_id, *_market_options(o.spec)]


def _market_options(spec: c.MarketSpec, /) -> list[str]:
    return [
        f"max-leverage {spec.max_leverage}",
        f"maker {write_rate(spec.maker_rebate_ppb)}",
        f"taker {write_rate(spec.taker_fee_ppb)}",
        f"position-limit {write_lots(spec.position_limit_lots, spec)}",
        f"open-interest-limit {write_lots(spec.open_interest_limit_lots, spec)}",
        f"stress-gap {write_rate(spec.stress_gap_ppb)}",
        "" if spec.pricing is Pricing.THREE_POINTS else f"pricing {spec.pricing.value}",
        f"collar {write_rate(spec.collar_ppb)}",
    ]


def _state(o: c.SetMarketState, _: Notation, /) -> list[str]:
    return ["state", o.market_id, o.state.value, "hours-closed" if o.hours_closed else ""]


def _breaker(o: c.TripBreaker, n: Notation, /) -> list[str]:
    return ["breaker", o.market_id, write_span(o.until_ms - n.at_ms)]


def _contribute(o: c.ContributeInsurance, _: Notation, /) -> list[str]:
    amount = write_amount(o.amount_micro)
    return ["contribute", amount, o.market_id or "", "as", o.contribution_id]


def _backstop(o: c.FundBackstop, _: Notation, /) -> list[str]:
    return ["backstop", write_amount(o.amount_micro), "as", o.transfer_id]


def _settle(o: c.SettleDelisting, n: Notation, /) -> list[str]:
    return ["settle", o.market_id, write_half_ticks(o.price_half_ticks, n.spec(o.market_id))]


_WRITERS = cast(
    "dict[type[c.Command], Callable[[Any, Notation], list[str]]]",
    {
        c.SubmitOrder: _submit,
        c.AmendOrder: _amend,
        c.CancelOrder: _cancel,
        c.CancelAll: _cancel_all,
        c.ArmCancelAllAfter: _arm,
        c.SetLeverage: _leverage,
        c.MoveMargin: _margin,
        c.ClosePosition: _close,
        c.HandOverPosition: lambda o, _: [o.account_id, "hands over", o.market_id],
        c.SetPositionTriggers: _protect,
        c.CreditDeposit: _deposit,
        c.FinalizeDeposit: _of("deposit", "deposit_id", "finalized"),
        c.DropDeposit: _of("deposit", "deposit_id", "dropped"),
        c.ReserveWithdrawal: _withdraw,
        c.ConfirmWithdrawal: _of("withdrawal", "withdrawal_id", "confirmed"),
        c.ReturnWithdrawal: _of("withdrawal", "withdrawal_id", "returned"),
        c.MoveReferences: _references,
        c.SampleFunding: _sample,
        c.PayFunding: lambda o, _: [f"funding {o.market_id} {o.hour}"],
        c.ExpireDue: lambda _o, _n: ["expire"],
        c.ListMarket: _list,
        c.SetMarketState: _state,
        c.SetMarketLimits: _limits,
        c.TripBreaker: _breaker,
        c.PublishOpenInterest: lambda _o, _n: ["publish"],
        c.ContributeInsurance: _contribute,
        c.FundBackstop: _backstop,
        c.SettleDelisting: _settle,
    },
)
