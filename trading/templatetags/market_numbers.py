"""Numbers of markets as people read them, in templates; `static/js/notation.js` does it live."""

from decimal import Decimal
from typing import NamedTuple

from django import template

register = template.Library()
MINUS = "\u2212"
PERCENT_PLACES = 4


@register.filter
def plain(number: Decimal | None) -> str:
    """Return a decimal as the API writes it, without an exponent or idle zeros; None is empty."""
    if number is None:
        return ""
    written = format(number, "f")
    return written.rstrip("0").rstrip(".") if "." in written else written


@register.filter
def stepped(number: Decimal | None, step: Decimal) -> str:
    """Return a price with its thousands apart and as many decimals as its step has."""
    if number is None:
        return ""
    return f"{number:,.{places_of(step)}f}"


@register.filter
def half_stepped(number: Decimal | None, step: Decimal) -> str:
    """Return a price that lies on half steps, as index and mark do."""
    return stepped(number, step / 2)


class HalfStepped(NamedTuple):
    """A price on half steps: written with the half only where there is one.

    `pad` is the room that the half would take, so that a column keeps its decimal points.
    """

    text: str
    pad: str


def on_half_steps(half_steps: int | None, step: Decimal) -> HalfStepped | None:
    """Return so many half steps as a price; None stays None."""
    if half_steps is None:
        return None
    whole, half = stepped(half_steps * step / 2, step), stepped(half_steps * step / 2, step / 2)
    return HalfStepped(half, "") if half_steps % 2 else HalfStepped(whole, half[len(whole) :])


@register.filter
def signed_percent(fraction: Decimal | None) -> str:
    """Return a fraction as a percentage with its sign: -0.000125 is "-0.0125%"."""
    if fraction is None:
        return ""
    percent = fraction * 100
    places = max(PERCENT_PLACES, places_of(percent))
    sign = MINUS if percent < 0 else "+" if percent > 0 else ""
    return f"{sign}{abs(percent):.{places}f}%"


@register.filter
def percent(fraction: Decimal | None) -> str:
    """Return a fraction as a percentage without idle zeros: 0.0005 is "0.05%"."""
    return "" if fraction is None else f"{plain(fraction * 100)}%"


@register.filter
def state_words(state: str) -> str:
    """Return a market's state in words: "REDUCE_ONLY" is "reduce only"."""
    return state.lower().replace("_", " ")


@register.filter
def state_tone(state: str) -> str:
    """Return the classes of a state's badge: open, stopped, or in between."""
    tones = {"ACTIVE": "badge-open", "HALTED": "badge-hollow", "DELISTED": "badge-hollow"}
    return tones.get(state, "badge-between")


@register.filter
def basis_points(rate_ppb: int | None) -> str:
    """Return parts per billion in basis points; None is empty."""
    if rate_ppb is None:
        return ""
    points = f"{abs(Decimal(rate_ppb).scaleb(-5)):.2f}"
    return f"{MINUS if rate_ppb < 0 and points.strip('0.') else ''}{points} bp"


def places_of(number: Decimal) -> int:
    """Return how many decimals a number needs."""
    return max(0, -int(number.normalize().as_tuple().exponent))
