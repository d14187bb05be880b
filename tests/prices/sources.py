"""The majors' sources as PRODUCT.md section 5 weighs them, and short ways to quote."""

from decimal import Decimal

from prices.records import Currency, Kind, MarketSources, OracleQuote, Quote, Source
from prices.units import ask_pico_of, bid_pico_of, pico_of

NOW_MS = 1_700_000_000_000
TICK_PICO = 10**11
VENUES = (
    Source(name="binance", kind=Kind.SPOT, weight=30),
    Source(name="coinbase", kind=Kind.SPOT, weight=25, currency=Currency.USD),
    Source(name="kraken", kind=Kind.SPOT, weight=15, currency=Currency.USD),
    Source(name="bybit", kind=Kind.SPOT, weight=15),
    Source(name="okx", kind=Kind.SPOT, weight=15),
)
ORACLES = (
    Source(name="pyth", kind=Kind.ORACLE, currency=Currency.USD),
    Source(name="switchboard", kind=Kind.ORACLE, currency=Currency.USD),
)
PERPETUALS = tuple(
    Source(name=name, kind=Kind.PERPETUAL) for name in ("binance-perp", "okx-perp", "bybit-perp")
)
BTC = MarketSources(
    market_id="BTC-USDT-PERP",
    tick_pico=TICK_PICO,
    venues=VENUES,
    least=3,
    oracles=ORACLES,
    perpetuals=PERPETUALS,
)
EUR = MarketSources(
    market_id="EUR-USDT-PERP",
    tick_pico=10**7,
    least=3,
    oracles=ORACLES,
    keeps_fx_hours=True,
)
NAMES = tuple(source.name for source in VENUES)
ONE_USD = 10**12


def quote(bid: object, ask: object, *, age_ms: int = 0) -> Quote:
    """Return a quote as an adapter makes it from what a venue sent."""
    return Quote(
        bid_pico=bid_pico_of(bid),  # type: ignore[arg-type] # venues send anything
        ask_pico=ask_pico_of(ask),  # type: ignore[arg-type]  # venues send anything
        received_at_ms=NOW_MS - age_ms,
    )


def around(mid: str | int, *, half: str = "0.05", age_ms: int = 0) -> Quote:
    """Return a quote around a mid."""
    return quote(Decimal(mid) - Decimal(half), Decimal(mid) + Decimal(half), age_ms=age_ms)


def oracle(price: str | int, *, confidence: str = "0.05", age_ms: int = 0) -> OracleQuote:
    """Return an oracle's price."""
    return OracleQuote(
        price_pico=pico_of(str(price)),
        confidence_pico=pico_of(confidence),
        received_at_ms=NOW_MS - age_ms,
    )


def usdt(text: str) -> int:
    """Return a price in USDT as pico-USDT."""
    return pico_of(text)
