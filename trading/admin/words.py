"""Numbers of the exchange as staff read them, for the lists of the back office."""

from datetime import UTC, datetime
from decimal import Decimal

from trading.models import Market
from trading.models.units import MICRO, PPB
from trading.templatetags.market_numbers import on_half_steps, plain


def in_percent(rate_ppb: int, *, places: int | None = None) -> str:
    """Return a rate as people read it: whole, or to so many places."""
    percent = Decimal(rate_ppb) * 100 / PPB
    return f"{percent.normalize():f}%" if places is None else f"{percent:,.{places}f}%"


def in_times(ratio_ppb: int) -> str:
    """Return a ratio as people read it, rounded down so that 1.00x is not below 1."""
    hundredths = ratio_ppb * 100 // PPB
    return f"{Decimal(hundredths) / 100:,.2f}x"


def in_usdt(amount_micro: int) -> str:
    """Return an amount as people read it."""
    return f"{Decimal(amount_micro) / MICRO:,.2f}"


def in_usdt_whole(amount_micro: int) -> str:
    """Return an amount to the micro-USDT, as the ledger has it."""
    return f"{Decimal(amount_micro) / MICRO:,.6f}"


def price_of(half_ticks: int | None, market: Market) -> str:
    """Return a price on half ticks; nothing where there is none."""
    price = on_half_steps(half_ticks, market.tick_size)
    return "" if price is None else price.text


def size_of(lots: int, market: Market) -> str:
    """Return a quantity in units of the base."""
    return plain(lots * market.lot_size)


def moment(at_ms: int | None) -> str:
    """Return a moment to the millisecond, UTC."""
    if at_ms is None:
        return ""
    at = datetime.fromtimestamp(at_ms / 1_000, UTC)
    return f"{at:%Y-%m-%d %H:%M:%S}.{at_ms % 1_000:03d}"
