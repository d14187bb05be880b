"""The disclosure: how this venue works today, written from its configuration and its own tables.

A disclosure is a list of parts, each a list of lines (a name and what holds). A table whose rows
come from the code must describe each of them, so that nothing can be added in silence. What is not
here: when a version is kept (`trading.services.disclosing`).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from django.conf import settings

from accounts.roles import GRANTS
from chain.layouts import Checkpoints, Exchange
from engine.vocabulary import MinQuantityMode, OrderType, SelfTrade, TimeInForce, TriggerKind
from godark.limits import TIERS
from trading.models import Market, PriceSource, SourceRole
from trading.models.units import MICRO
from trading.selectors.keys_held import KEYS
from trading.selectors.markets import rate
from trading.selectors.rules import rules
from trading.solana import program_addresses

Lines = dict[str, str]
Disclosure = dict[str, Lines]

ORDER_TYPES: Final = {
    OrderType.MARKET: "Takes what there is at once, at any public point; the rest is canceled.",
    OrderType.LIMIT: "Trades at a public point that is no worse than its price, else it rests.",
    OrderType.PEG_MID: "Follows the reference mid, no worse than its cap.",
    OrderType.PEG_BID: "Follows the reference bid, no worse than its cap.",
    OrderType.PEG_ASK: "Follows the reference ask, no worse than its cap.",
}
TIMES: Final = {
    TimeInForce.GTC: "Until it is canceled.",
    TimeInForce.GTD: "Until a moment that it names.",
    TimeInForce.IOC: "At once as far as it goes; the rest is canceled.",
    TimeInForce.FOK: "At once and whole, or not at all.",
}
MINIMA: Final = {
    MinQuantityMode.EACH: "Every single execution is at least the minimum.",
    MinQuantityMode.FIRST: "Those of one matching event together are.",
}
SELF_TRADES: Final = {
    SelfTrade.EXPIRE_TAKER: "The order that arrives expires.",
    SelfTrade.EXPIRE_MAKER: "The order that rests expires.",
    SelfTrade.EXPIRE_BOTH: "Both expire.",
    SelfTrade.DECREMENT: "Both shrink by the smaller one.",
}
TRIGGERS: Final = {
    TriggerKind.STOP: "Becomes an order when the mark reaches it from the better side.",
    TriggerKind.TAKE_PROFIT: "Becomes an order when the mark reaches it from the worse side.",
}
ATTRIBUTES: Final = {
    "All or none": "Trades whole or not at all.",
    "Post-only": "Never takes; it is not refused for what the book holds.",
    "Reduce-only": "Never grows or turns a position.",
    "NBBO protection": "Where a market prices between two limits, nothing beyond the reference.",
}
PRIORITY: Final = {
    "First": "The better execution price for the order that arrives.",
    "Then": "The sequence in which orders entered: a number, never a clock. A peg keeps its own.",
    "Kept": "When the size is amended down. Any other amendment loses it.",
    "Within a step": "Cancels and reductions first, then prices, then new orders as they came.",
    "Waiting for a deposit": "An order enters the line when its deposit is credited, not before.",
}
SEEN_BY: Final = {
    "Everybody": "Trades after they happened: price, size, time; never an account or an order.",
    "Each account": "Its own orders, fills, positions and money, and nobody else's.",
    "Staff, orders that rest": "None, unless the glass is broken.",
    "Breaking the glass": "One account or market, with a reason, 15 minutes; each look is kept.",
    "The engine and the witness": "Every order: they match it, and make roots again.",
    "Solana": "Deposits, payouts and roots. No size, entry or liquidation price.",
}


def disclosure(exchange: Exchange | None, checkpoints: Checkpoints | None, /) -> Disclosure:
    """Return the whole disclosure as it holds now; without the chain its part is left out."""
    ruling = rules()
    parts = {
        "Order types": _told(ORDER_TYPES) | _told(TRIGGERS),
        "Time in force": _told(TIMES),
        "Attributes": ATTRIBUTES | _told(MINIMA) | _told(SELF_TRADES),
        "Priority": PRIORITY,
        "Price points": _price_points(ruling),
        "Price sources": _sources(ruling),
        "Who sees what": SEEN_BY | _roles(),
        "Fees": _fees(ruling),
        "Margin": _margin(ruling),
        "Limits of tiers": _tiers(),
        "Limits of markets": _limits(),
        "Delays": _delays(ruling),
        "Keys": {key.name: f"{key.held_by} May: {key.may}" for key in KEYS},
    }
    if exchange is not None:
        parts["On chain"] = _on_chain(exchange, checkpoints)
    return parts


def _told(table: Mapping[Any, str]) -> Lines:
    return {word.value: sentence for word, sentence in table.items()}


def _price_points(ruling: Mapping[str, Any]) -> Lines:
    lines = {
        "Points": "Only the reference's bid, mid and ask: the mid if both orders admit it.",
        "Reference": f"Older than {plain(ruling['orders']['age_s'])} s it trades nothing.",
    }
    for pricing, symbols in _grouped(Market.objects.values_list("pricing", "symbol")):
        lines[f"Priced by {pricing}"] = _names(symbols)
    return lines


def _sources(ruling: Mapping[str, Any]) -> Lines:
    prices = ruling["prices"]
    lines = {
        "Index": "The weighted median of the outside venues that pass.",
        "Passes": f"A quote of at most {prices['age_s']} s, within {prices['tolerance_percent']}% "
        "of the plain median.",
        "Mark": f"The index with the {prices['average_s']} s average of outside premiums, at most "
        f"{percent(prices['premium'])} away.",
        "Our own trades": "Enter neither index nor mark.",
    }
    rows = PriceSource.objects.values_list("role", "venue").distinct()
    for role, venues in _grouped(rows):
        lines[SourceRole(role).label] = _names(set(venues))
    for least, symbols in _grouped(Market.objects.values_list("least_sources", "symbol")):
        lines[f"At least {least} venues"] = _names(symbols)
    return lines


def _roles() -> Lines:
    seen: defaultdict[str, list[str]] = defaultdict(list)
    for permission, roles in sorted(GRANTS.items()):
        action, _, name = permission.partition(".")[2].partition("_")
        for role in roles if action == "view" else ():
            seen[role.value].append(name)
    told = {f"Staff: {role}": _names(names) for role, names in sorted(seen.items())}
    breakers = GRANTS["trading.add_brokenglass"]
    return told | {"May break the glass": _names(role.value for role in breakers)}


def _fees(ruling: Mapping[str, Any]) -> Lines:
    rows = Market.objects.values_list("taker_fee_ppb", "maker_rebate_ppb", "symbol")
    lines = {}
    for (taker, maker), symbols in _grouped(((row[0], row[1]), row[2]) for row in rows):
        name = f"Taker {percent(rate(taker))}, maker receives {percent(rate(maker))}"
        lines[name] = _names(symbols)
    cap = percent(ruling["liquidation"]["fee_cap"])
    return lines | {"Liquidation": f"At most {cap} of what is closed, and half of maintenance."}


def _margin(ruling: Mapping[str, Any]) -> Lines:
    lines = {}
    for row in ruling["brackets"]:
        upper = "above" if row["up_to"] is None else f"up to {row['up_to']:,}"
        lines[f"Notional {upper} USDT"] = (
            f"leverage to {row['leverage']}x, initial {percent(row['initial'])}, "
            f"maintenance {percent(row['maintenance'])} less {plain(row['deduction'])} USDT"
        )
    return lines


def _tiers() -> Lines:
    return {
        tier.value: (
            f"{one.requests:,} requests, {one.orders:,} orders, {one.cancels:,} cancels and "
            f"{one.unfilled_attempts} unfilled attempts (per market) a minute; "
            f"{one.open_orders:,} open orders; {one.connections} sockets"
        )
        for tier, one in TIERS.items()
    }


def _limits() -> Lines:
    lines = {}
    for market in Market.objects.order_by("symbol"):
        lot = market.lot_size
        lines[market.symbol] = (
            f"leverage to {market.max_leverage}x, order to {plain(market.max_quantity_lots * lot)},"
            f" position to {plain(market.position_limit_lots * lot)}, open interest to"
            f" {plain(market.open_interest_limit_lots * lot)} {market.base}"
        )
    return lines


def _delays(ruling: Mapping[str, Any]) -> Lines:
    settlement, liquidation = ruling["settlement"], ruling["liquidation"]
    return {
        "State root": f"After every second in which money moved, at least every "
        f"{settlement['heartbeat_s']} s.",
        "Checkpoint": f"Every {settings.CHECKPOINT_SECONDS} s.",
        "No root": f"After {settlement['reduce_s']} s markets only reduce, after "
        f"{settlement['cancel_min']} min they only cancel.",
        "Forced exit": "Positions are closed by the book; after an hour the backstop takes over "
        "what is left, at the mark. Unserved for 24 h, or without any root for 24 h, anybody may "
        "freeze.",
        "Liquidation": f"Above {liquidation['deferred_above']}x it may wait up to "
        f"{liquidation['deferral_s']} s, once, while venues disagree.",
    }


def _on_chain(exchange: Exchange, checkpoints: Checkpoints | None) -> Lines:
    lines = {
        "Authority": _authority(exchange),
        "Guardian": str(exchange.guardian),
        "Operator": str(exchange.operator),
        "Witness": str(exchange.witness or "none"),
        "Largest net outflow of a day": f"{usdt(exchange.daily_cap_micro)} USDT",
        "Large payouts": f"Above {usdt(exchange.delay_above_micro)} USDT within "
        f"{exchange.delay_seconds // 3_600} h they wait {exchange.delay_seconds // 3_600} h.",
        "Deposits drawn": f"In units of {usdt(exchange.deposit_unit_micro)} USDT, or all.",
    }
    if checkpoints is not None:
        lines["Bond of a forced exit"] = f"{checkpoints.bond_lamports:,} lamports"
    return lines


def _authority(exchange: Exchange) -> str:
    """Return who holds the authority, and what kind of key that is."""
    is_multisig = exchange.authority == program_addresses().multisig
    kind = "the multisig, three of five with 48 h" if is_multisig else "a single key"
    return f"{exchange.authority}, {kind}"


def _grouped(rows: Iterable[tuple[Any, str]]) -> list[tuple[Any, list[str]]]:
    """Return which names share a value, in the order of the values."""
    found: defaultdict[Any, list[str]] = defaultdict(list)
    for value, name in rows:
        found[value].append(name)
    return sorted(found.items())


def _names(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def plain(value: Decimal | int) -> str:
    """Return a number without trailing zeros, thousands apart."""
    return f"{Decimal(value).normalize():,f}"


def percent(value: Decimal | None) -> str:
    """Return a fraction as a percentage."""
    return "none" if value is None else f"{plain(value * 100)}%"


def usdt(amount_micro: int) -> str:
    """Return micro-USDT as people read them."""
    return plain(Decimal(amount_micro) / MICRO)
