"""Whole numbers of the rows as the decimals that people read, without an exponent."""

from decimal import Decimal

from trading.engine_words import plain
from trading.models.units import MICRO


def usdt_text(amount_micro: int, /) -> str:
    """Return micro-USDT in USDT."""
    whole, parts = divmod(abs(amount_micro), MICRO)
    sign = "-" if amount_micro < 0 else ""
    return f"{sign}{whole}.{parts:06}".rstrip("0") if parts else f"{sign}{whole}"


def share_text(rate_ppb: int, /) -> str:
    """Return parts per billion as a fraction of one."""
    return plain(Decimal(rate_ppb).scaleb(-9))
