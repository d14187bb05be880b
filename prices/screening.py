"""Screening: what one source said, converted to USDT, or why it does not count.

Nothing zero, negative, unreadable, crossed, old or from the future passes. What is not
here: comparison with other sources, which `consolidate` does.
"""

from prices.records import Currency, Drop, OracleQuote, Quote, Screened, Source
from prices.units import LARGEST_PRICE_PICO, PICO, ceil_div

LARGEST_AGE_MS = 5_000
# Two threads of one machine may read the clock in the wrong order, by no more than this.
CLOCK_SLACK_MS = 50
WIDEST_SPREAD_PERCENT = 5
WIDEST_CONFIDENCE_PERCENT = 2


def screen_quote(
    *, source: Source, quote: Quote | None, at_ms: int, usdt_usd_pico: int | None
) -> Screened:
    """Return a venue's quote in USDT, with the reason if it does not count."""
    if quote is None:
        return Screened(source=source, drop=Drop.SILENT)
    bid, ask = quote.bid_pico, quote.ask_pico
    if source.currency is Currency.USD and usdt_usd_pico:
        bid, ask = bid * PICO // usdt_usd_pico, ceil_div(ask * PICO, usdt_usd_pico)
    age_ms = at_ms - quote.received_at_ms
    drop = (
        _refuse_numbers(bid=bid, ask=ask)
        or _refuse_age(age_ms)
        or _refuse_currency(source=source, usdt_usd_pico=usdt_usd_pico)
    )
    return Screened(
        source=source,
        bid_pico=bid,
        ask_pico=ask,
        mid_pico=(bid + ask) // 2,
        half_width_pico=ceil_div(ask - bid, 2),
        received_at_ms=quote.received_at_ms,
        age_ms=age_ms,
        drop=drop,
    )


def screen_oracle(
    *, source: Source, quote: OracleQuote | None, at_ms: int, usdt_usd_pico: int | None
) -> Screened:
    """Return an oracle's price in USDT with its confidence, or why it does not count."""
    if quote is None:
        return Screened(source=source, drop=Drop.SILENT)
    price, confidence = quote.price_pico, quote.confidence_pico
    if source.currency is Currency.USD and usdt_usd_pico:
        price = price * PICO // usdt_usd_pico
        confidence = ceil_div(confidence * PICO, usdt_usd_pico)
    age_ms = at_ms - quote.received_at_ms
    drop = (
        _refuse_confidence(price=price, confidence=confidence)
        or _refuse_age(age_ms)
        or _refuse_currency(source=source, usdt_usd_pico=usdt_usd_pico)
    )
    return Screened(
        source=source,
        bid_pico=price - confidence,
        ask_pico=price + confidence,
        mid_pico=price,
        half_width_pico=confidence,
        received_at_ms=quote.received_at_ms,
        age_ms=age_ms,
        drop=drop,
    )


def _refuse_numbers(*, bid: int, ask: int) -> Drop | None:
    if bid <= 0 or ask <= 0 or ask > LARGEST_PRICE_PICO:
        return Drop.NONSENSE
    if bid > ask:
        return Drop.CROSSED
    if 100 * (ask - bid) > WIDEST_SPREAD_PERCENT * ask:
        return Drop.WIDE
    return None


def _refuse_confidence(*, price: int, confidence: int) -> Drop | None:
    if not 0 < price <= LARGEST_PRICE_PICO or confidence < 0:
        return Drop.NONSENSE
    if 100 * confidence > WIDEST_CONFIDENCE_PERCENT * price:
        return Drop.UNSURE
    return None


def _refuse_age(age_ms: int) -> Drop | None:
    if age_ms < -CLOCK_SLACK_MS:
        return Drop.FUTURE
    if age_ms > LARGEST_AGE_MS:
        return Drop.STALE
    return None


def _refuse_currency(*, source: Source, usdt_usd_pico: int | None) -> Drop | None:
    if source.currency is Currency.USD and not usdt_usd_pico:
        return Drop.UNCONVERTED
    return None
