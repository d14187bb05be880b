"""Fixed-point units, and the border where an outside number becomes an integer.

Inside `prices` a price is a whole number of pico-USDT (1e-12; a half tick of the cheapest
market is some fifty of them), a ratio a whole number of parts per billion, a moment a whole
number of Unix milliseconds. What is not here: any opinion about which prices to believe.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal, InvalidOperation

PICO = 10**12
PPB = 10**9
ATTO = 10**18

# Nothing in the catalogue is worth a billion USDT; such a number is a fault, not a price.
LARGEST_PRICE_PICO = 10**9 * PICO

# Nor was any trade worth more; and so many half ticks, a price is ten billion times its listing.
LARGEST_TRADE_MICRO = 10**15
LARGEST_HALF_TICKS = 10**15

_LARGEST_EXPONENT = 12
_SMALLEST_EXPONENT = -30
_ONE_PICO = Decimal(1).scaleb(-12)

Outside = str | float | Decimal | None


def pico_of(outside: Outside, *, rounding: str = ROUND_HALF_EVEN) -> int:
    """Return an outside price in pico-USDT; zero when it is no usable positive number.

    Zero stands for "could not be read": screening refuses it like every price that is not
    positive. A float is read by its shortest decimal form, which is what the venue printed.
    """
    if outside is None or isinstance(outside, bool):
        return 0
    text = str(outside)
    if "_" in text:  # Python's own digit grouping; no venue's
        return 0
    try:
        number = Decimal(text)
    except InvalidOperation:
        return 0
    if not number.is_finite() or number <= 0:
        return 0
    if not _SMALLEST_EXPONENT <= number.adjusted() <= _LARGEST_EXPONENT:
        return 0
    pico = int(number.quantize(_ONE_PICO, rounding=rounding).scaleb(12))
    return pico if pico <= LARGEST_PRICE_PICO else 0


def bid_pico_of(outside: Outside) -> int:
    """Return an outside bid in pico-USDT, rounded down."""
    return pico_of(outside, rounding=ROUND_FLOOR)


def ask_pico_of(outside: Outside) -> int:
    """Return an outside ask in pico-USDT, rounded up."""
    return pico_of(outside, rounding=ROUND_CEILING)


def decimal_of_pico(price_pico: int) -> Decimal:
    """Return a price in USDT, exactly."""
    return Decimal(price_pico).scaleb(-12)


def ceil_div(numerator: int, denominator: int) -> int:
    """Return the quotient rounded up; the denominator is positive."""
    return -(-numerator // denominator)


def nearest_div(numerator: int, denominator: int) -> int:
    """Return the quotient rounded to the nearest whole, exactly half upwards."""
    return (2 * numerator + denominator) // (2 * denominator)


def floor_ticks(*, price_pico: int, tick_pico: int) -> int:
    """Return the tick at or below a price: how a reference bid is rounded."""
    return price_pico // tick_pico


def ceil_ticks(*, price_pico: int, tick_pico: int) -> int:
    """Return the tick at or above a price: how a reference ask is rounded."""
    return ceil_div(price_pico, tick_pico)


def nearest_half_ticks(*, price_pico: int, tick_pico: int) -> int:
    """Return the half tick nearest to a price, at least one: how index and mark are rounded."""
    return max(1, nearest_div(2 * price_pico, tick_pico))


def ratio_ppb(*, part: int, whole: int) -> int:
    """Return part / whole in parts per billion, to the nearest; the whole is positive."""
    return nearest_div(part * PPB, whole)


def clamp(value: int, *, limit: int) -> int:
    """Return the value kept within plus and minus the limit."""
    return max(-limit, min(limit, value))
