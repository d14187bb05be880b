"""Whole numbers of the rows as the decimals that people read, without an exponent."""

from decimal import Decimal

from trading.engine_words import plain


def usdt_text(amount_micro: int, /) -> str:
    """Return micro-USDT in USDT."""
    return plain(Decimal(amount_micro).scaleb(-6))


def share_text(rate_ppb: int, /) -> str:
    """Return parts per billion as a fraction of one."""
    return plain(Decimal(rate_ppb).scaleb(-9))
