"""The records that pass through `prices`: sources of a market, quotes, trades, reasons.

What is not here: rules. Every record is immutable; all numbers are integers.
"""

from enum import StrEnum

import msgspec


class Currency(StrEnum):
    """What a source quotes in; USD is converted by the USDT/USD index first."""

    USDT = "USDT"
    USD = "USD"


class Kind(StrEnum):
    """What a source is: a spot venue, an oracle, or an external perpetual."""

    SPOT = "SPOT"
    ORACLE = "ORACLE"
    PERPETUAL = "PERPETUAL"


class Drop(StrEnum):
    """Why a source does not count at this moment."""

    SILENT = "SILENT"
    NONSENSE = "NONSENSE"
    CROSSED = "CROSSED"
    WIDE = "WIDE"
    FUTURE = "FUTURE"
    STALE = "STALE"
    UNCONVERTED = "UNCONVERTED"
    OUTLIER = "OUTLIER"
    UNSURE = "UNSURE"


DROP_SENTENCES = {
    Drop.SILENT: "has not quoted yet",
    Drop.NONSENSE: "sent zero, a negative number or no number",
    Drop.CROSSED: "its bid is above its ask",
    Drop.WIDE: "its spread is wider than 5%",
    Drop.FUTURE: "its quote claims to come from the future",
    Drop.STALE: "its quote is older than 5 seconds",
    Drop.UNCONVERTED: "quotes in USD while the USDT/USD index is missing",
    Drop.OUTLIER: "is too far from the median",
    Drop.UNSURE: "its own confidence is wider than 2%",
}


class Rung(StrEnum):
    """The step of the degrade ladder that an index stands on, best first."""

    VENUES = "VENUES"
    BLEND = "BLEND"
    ORACLES = "ORACLES"
    REMAINDER = "REMAINDER"
    NONE = "NONE"


class Advice(StrEnum):
    """What the prices allow a market to do."""

    TRADE = "TRADE"
    REDUCE_ONLY = "REDUCE_ONLY"
    HALT = "HALT"


class Source(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One source of a market's price; the weight counts among spot venues only.

    The price of one unit of the base is the instrument's price, its reciprocal if inverted,
    divided by `base_per_unit` (1,000 for a contract on a thousand PEPE).
    """

    name: str
    kind: Kind
    weight: int = 1
    currency: Currency = Currency.USDT
    instrument: str = ""
    is_inverted: bool = False
    base_per_unit: int = 1


class MarketSources(msgspec.Struct, frozen=True, kw_only=True):
    """What a market's prices are made of; the tick in pico-USDT."""

    market_id: str
    tick_pico: int
    venues: tuple[Source, ...] = ()
    least: int = 3
    oracles: tuple[Source, ...] = ()
    perpetuals: tuple[Source, ...] = ()
    keeps_fx_hours: bool = False


class Quote(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A best bid and ask in the source's own currency, and when it reached us."""

    bid_pico: int
    ask_pico: int
    received_at_ms: int


class OracleQuote(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An oracle's price and its confidence to each side, in the oracle's currency."""

    price_pico: int
    confidence_pico: int
    received_at_ms: int


class Trade(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A trade that an outside venue reported; only its worth (1e-6 USDT) counts here."""

    notional_micro: int
    received_at_ms: int


class Screened(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A source as seen at one moment, converted to USDT, with why it was dropped, if it was.

    `half_width_pico` is half the spread of a venue and the confidence of an oracle.
    """

    source: Source
    bid_pico: int = 0
    ask_pico: int = 0
    mid_pico: int = 0
    half_width_pico: int = 0
    received_at_ms: int | None = None
    age_ms: int | None = None
    deviation_ppb: int | None = None
    drop: Drop | None = None


# The USDT/USD index is made like a market's and has this name.
USDT_USD = "USDT-USD"
