"""Decimals of the notation: prices, quantities, amounts, rates, moments, to and from units.

Exact: a number that is no whole count of its unit is refused. What is not here: grammar.
"""

from decimal import Decimal, InvalidOperation

from engine.commands import MarketSpec
from engine.units import HOUR_MS, MICRO, MINUTE_MS, PPB, SECOND_MS

_SPANS = (("ms", 1), ("s", SECOND_MS), ("m", MINUTE_MS), ("h", HOUR_MS))


class NotationError(ValueError):
    """A line says nothing that the grammar knows."""


class Notation:
    """What reading and writing needs to know: the clock, the markets, ids given so far."""

    def __init__(self, *, at_ms: int = 0) -> None:
        self.at_ms = at_ms
        self.specs: dict[str, MarketSpec] = {}
        self.named = 0

    def know(self, spec: MarketSpec, /) -> None:
        """Learn a market's units."""
        self.specs[spec.market_id] = spec

    def spec(self, market_id: str | None, /) -> MarketSpec:
        """Return a market's spec; without an id, of the only market there is."""
        if market_id is None:
            if len(self.specs) != 1:
                raise NotationError("which market?")
            return next(iter(self.specs.values()))
        if market_id not in self.specs:
            raise NotationError(f"unknown market {market_id}")
        return self.specs[market_id]

    def fresh_id(self, prefix: str, /) -> str:
        """Give an id to a transfer that was written without one."""
        self.named += 1
        return f"{prefix}{self.named}"


def decimal(text: str, /) -> Decimal:
    """Read a decimal number."""
    try:
        found = Decimal(text)
    except InvalidOperation:
        raise NotationError(f"{text!r} is no number") from None
    if not found.is_finite() or len(text) > 40:  # noqa: PLR2004 -- longer than any amount
        raise NotationError(f"{text!r} is no number")
    return found


def whole(text: str, /) -> int:
    """Read a whole number."""
    return scaled(text, 1)


def scaled(text: str, scale: Decimal | int, /) -> int:
    """Read a decimal as a whole count of 1/scale."""
    value = decimal(text) * scale
    if value != value.to_integral_value():
        raise NotationError(f"{text!r} is no whole count of its unit")
    return int(value)


def plain(value: Decimal, /) -> str:
    """Write a decimal without exponent or trailing zeros."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def read_ticks(text: str, spec: MarketSpec, /) -> int:
    """Read a price as whole ticks."""
    return _counted(text, Decimal(spec.tick_size))


def read_half_ticks(text: str, spec: MarketSpec, /) -> int:
    """Read a price as half ticks."""
    return _counted(text, Decimal(spec.tick_size) / 2)


def read_lots(text: str, spec: MarketSpec, /) -> int:
    """Read a quantity as lots."""
    return _counted(text, Decimal(spec.lot_size))


def _counted(text: str, unit: Decimal, /) -> int:
    value = decimal(text)
    if abs(value) > Decimal(10) ** 18:
        raise NotationError(f"{text!r} is beyond all reason")
    count = value / unit
    if count != count.to_integral_value():
        raise NotationError(f"{text!r} is no whole count of {unit}")
    return int(count)


def write_ticks(ticks: int, spec: MarketSpec, /) -> str:
    """Write whole ticks as a price."""
    return plain(ticks * Decimal(spec.tick_size))


def write_half_ticks(half_ticks: int, spec: MarketSpec, /) -> str:
    """Write half ticks as a price."""
    return plain(half_ticks * Decimal(spec.tick_size) / 2)


def write_lots(lots: int, spec: MarketSpec, /) -> str:
    """Write lots as a quantity."""
    return plain(lots * Decimal(spec.lot_size))


def read_amount(text: str, /) -> int:
    """Read USDT as micro-USDT."""
    return scaled(text, MICRO)


def write_amount(amount_micro: int, /) -> str:
    """Write micro-USDT as USDT."""
    return plain(Decimal(amount_micro) / MICRO)


def read_rate(text: str, /) -> int:
    """Read a percentage as parts per thousand million."""
    if not text.endswith("%"):
        raise NotationError(f"{text!r} is no percentage")
    return scaled(text[:-1], PPB // 100)


def write_rate(rate_ppb: int, /) -> str:
    """Write parts per thousand million as a percentage."""
    return plain(Decimal(rate_ppb) * 100 / PPB) + "%"


def read_span(text: str, /) -> int:
    """Read a span of time as milliseconds."""
    for suffix, scale in _SPANS:
        number = text.removesuffix(suffix)
        if number != text and number and number[-1].isdigit():
            return scaled(number, scale)
    raise NotationError(f"{text!r} is no span of time")


def write_span(span_ms: int, /) -> str:
    """Write milliseconds in the largest unit that is exact."""
    for suffix, scale in reversed(_SPANS):
        if span_ms % scale == 0:
            return f"{span_ms // scale}{suffix}"
    raise AssertionError("milliseconds divide")  # pragma: no cover


def read_moment(text: str, /) -> int:
    """Read a time of day zero, or bare milliseconds."""
    if ":" not in text:
        return whole(text)
    parts = text.split(":")
    if len(parts) != 3:  # noqa: PLR2004 -- hours, minutes, seconds
        raise NotationError(f"{text!r} is no moment")
    hours, minutes, seconds = parts
    return whole(hours) * HOUR_MS + whole(minutes) * MINUTE_MS + scaled(seconds, SECOND_MS)
