"""What the public learns of an event, as the contract publishes it, and what others learn.

Public: the tape (market, price, size, moment; liquidations by market alone), reference
prices, states, rates, published open interest, what befell the venue's funds in the open.
Everything else belongs to the account that it names. What is not here: any channel.
"""

import re
from typing import Any

import msgspec

from engine import events as ev
from engine.vocabulary import TradeKind

OPEN = (
    ev.ReferenceMoved,
    ev.MarketListed,
    ev.MarketStateChanged,
    ev.MarketLimitsChanged,
    ev.BreakerTripped,
    ev.BreakerReleased,
    ev.OpenInterestPublished,
    ev.FundingRateSet,
    ev.FundingSettled,
    ev.InsuranceContributed,
    ev.InsurancePaid,
    ev.VenueDebtBooked,
    ev.VenueDebtRepaid,
    ev.BackstopFunded,
    ev.DelistingSettled,
)
INNER = {"sequence", "old_sequence"}
NUMBERED = re.compile(r"^(\S+:\S+):\d+\+*$")


def public(event: ev.Event) -> dict[str, Any] | None:
    """Return what everybody sees of an event, None for nothing."""
    if isinstance(event, ev.Filled):
        shown = {"at": event.at_ms, "market": event.market_id, "number": event.trade_number}
        if event.kind in (TradeKind.TRADE, TradeKind.LIQUIDATION):
            shown |= {"price": event.price_half_ticks, "size": event.quantity_lots}
        return shown | {"is_liquidation": event.kind is not TradeKind.TRADE}
    if isinstance(event, OPEN):
        return {"event": type(event).__name__, **told(event)}
    return None


def told(event: ev.Event) -> dict[str, Any]:
    """Return an event as data, without the numbers that never leave the venue."""
    found = without_inner(msgspec.to_builtins(event))
    assert isinstance(found, dict)
    return found


def without_inner(value: Any) -> Any:
    """Take sequences out of nested data; ids that the engine made lose their number."""
    if isinstance(value, dict):
        return {k: without_inner(v) for k, v in value.items() if k not in INNER}
    if isinstance(value, list):
        return [without_inner(each) for each in value]
    if isinstance(value, str):
        return NUMBERED.sub(r"\1", value)
    return value


def concerns(event: ev.Event, account_id: str) -> bool:
    """Tell whether an event belongs to an account (a trade to both of its sides)."""
    if isinstance(event, ev.Filled):
        return account_id in (event.taker.account_id, event.maker.account_id)
    owner = getattr(event, "account_id", None)
    terms = getattr(event, "terms", None)
    return account_id == (owner if terms is None else terms.account_id)
