"""Markets, their public tape, and the state of the venue."""

from decimal import Decimal

from godark_client.models.records import Record


class Bracket(Record, frozen=True, kw_only=True):
    """Margin for notionals up to a border; without one, for all above the last."""

    notional_up_to: Decimal | None
    max_leverage: int
    initial_margin_rate: Decimal
    maintenance_margin_rate: Decimal
    deduction: Decimal


class Fees(Record, frozen=True, kw_only=True):
    """Fractions of the notional; negative is a rebate."""

    maker: Decimal
    taker: Decimal


class Market(Record, frozen=True, kw_only=True):
    """A market, its terms and its newest public figures."""

    symbol: str
    base: str
    quote: str
    state: str
    tick_size: Decimal
    lot_size: Decimal
    min_size: Decimal
    max_size: Decimal
    max_leverage: int
    brackets: list[Bracket]
    fees: Fees
    kind: str | None = None
    state_reason: str = ""
    pricing: str | None = None
    position_limit: Decimal | None = None
    open_interest_limit: Decimal | None = None
    index_price: Decimal | None = None
    mark_price: Decimal | None = None
    bid: Decimal | None = None
    ask: Decimal | None = None
    funding_rate: Decimal | None = None
    next_funding_at: int | None = None
    open_interest: Decimal | None = None
    volume_24h: Decimal | None = None


class Trade(Record, frozen=True, kw_only=True):
    """One print of the public tape; whose it was and which side came first is not told."""

    price: Decimal
    size: Decimal
    executed_at: int
    symbol: str | None = None


class Ticker(Record, frozen=True, kw_only=True):
    """A market's prices as the socket tells them; None is what nobody publishes now."""

    symbol: str
    index_price: Decimal | None = None
    mark_price: Decimal | None = None
    bid: Decimal | None = None
    ask: Decimal | None = None
    funding_rate: Decimal | None = None


class Candle(Record, frozen=True, kw_only=True):
    """One candle; `volume` is in USDT."""

    opened_at: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal | None = None


class FundingRate(Record, frozen=True, kw_only=True):
    """The rate of a market's hour; None where it accrued nothing."""

    rate: Decimal | None = None
    symbol: str | None = None
    paid_at: int | None = None


class PublicLiquidation(Record, frozen=True, kw_only=True):
    """That somebody was liquidated: market, size class and minute, no more."""

    symbol: str
    size_class: str
    minute_at: int | None = None


class MarketMode(Record, frozen=True, kw_only=True):
    """The state of one market."""

    symbol: str
    state: str
    state_reason: str = ""
    state_changed_at: int | None = None


class Status(Record, frozen=True, kw_only=True):
    """The mode of the venue and of each market."""

    mode: str
    pause_level: int
    markets: list[MarketMode]
    reason: str = ""
    changed_at: int | None = None
    resumes_at: int | None = None
    server_at: int | None = None


class ServerTime(Record, frozen=True, kw_only=True):
    """The venue's clock."""

    server_at: int


class VenueKey(Record, frozen=True, kw_only=True):
    """The Ed25519 key that receipts are signed with."""

    public_key: str
    algorithm: str = "ed25519"
