"""Numbers on their way out: decimals as strings, and never a float."""

from decimal import Decimal, InvalidOperation
from typing import TypeAlias

Number: TypeAlias = Decimal | int | str


def written(number: Number, /) -> str:
    """Return a number as the venue reads it: digits, without an exponent.

    Raises TypeError for a float (0.1 is none of them) and ValueError for what is no number.
    """
    if isinstance(number, bool) or not isinstance(number, Decimal | int | str):
        raise TypeError(f"{number!r} is no Decimal, int or string; a float is never exact.")
    try:
        decimal = Decimal(number)
    except InvalidOperation as error:
        raise ValueError(f"{number!r} is no number.") from error
    if not decimal.is_finite():
        raise ValueError(f"{number!r} is not finite.")
    return format(decimal, "f")


def written_if(number: Number | None, /) -> str | None:
    """Do the same where there is a number."""
    return None if number is None else written(number)
