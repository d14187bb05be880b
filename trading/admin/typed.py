"""Figures that staff type: percent, USDT and contracts in, whole units of the house out.

A figure is read as text and must be a whole number of the unit that is kept: nothing is rounded and
no float is made. What is not here: numbers as staff read them (`trading.admin.words`).
"""

import re
from decimal import Decimal, localcontext
from typing import Any, Final

from django import forms

from trading.engine_words import plain
from trading.models import Market

FIGURE: Final = re.compile(r"-?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?", re.ASCII)
LONGEST: Final = 30
MOST: Final = (1 << 62) - 1
PERCENT_PPB: Final = Decimal("0.0000001")
"""How many per cent one billionth is."""
USDT_MICRO: Final = Decimal("0.000001")


class FigureField(forms.CharField):
    """A figure in a unit of people's; cleaned to a whole number of `step`, the kept one."""

    def __init__(
        self, *, unit: str, step: Decimal, least: int = 0, most: int = MOST, **own: Any
    ) -> None:
        self.unit, self.step, self.least, self.most = unit, step, least, most
        widget = forms.TextInput(attrs={"inputmode": "decimal", "class": "figure", "size": 18})
        super().__init__(max_length=LONGEST, widget=widget, **own)

    def to_python(self, value: Any) -> Any:
        """Return the whole number of kept units; refuse what is none."""
        typed = str(super().to_python(value)).replace(" ", "").removesuffix(self.unit)
        if not typed:
            return None
        if FIGURE.fullmatch(typed) is None:
            raise forms.ValidationError("Type a figure, as 1,250.5.", code="figure")
        with localcontext(prec=3 * LONGEST):
            kept, rest = divmod(Decimal(typed.replace(",", "")), self.step)
        if rest:
            smallest = f"{plain(self.step)} {self.unit}"
            raise forms.ValidationError(f"The smallest step is {smallest}.", code="step")
        return int(kept)

    def validate(self, value: Any) -> None:
        """Refuse nothing, too little and too much."""
        super().validate(value)
        if value is not None and not self.least <= value <= self.most:
            least, most = (typed(bound, self.step) for bound in (self.least, self.most))
            raise forms.ValidationError(f"From {least} to {most} {self.unit}.", code="range")

    def run_validators(self, value: Any) -> None:
        """Skip those of text: `to_python` has looked at it."""

    def prepare_value(self, value: Any) -> Any:
        """Return a kept number as it is typed; what was typed stays as it is."""
        return typed(value, self.step) if isinstance(value, int) else value


def typed(kept: int, step: Decimal, /) -> str:
    """Return a kept number as one types it, with commas."""
    whole, dot, fraction = plain(kept * step).partition(".")
    return f"{int(whole):,}{dot}{fraction}" if whole != "-0" else f"-0{dot}{fraction}"


def price_of_typed(text: str, market: Market, /) -> int:
    """Return a price that was typed, in half ticks; refuse what lies on none."""
    field = FigureField(unit="USDT", step=market.tick_size / 2, least=1)
    return int(field.clean(text))


def percent_field(**own: Any) -> FigureField:
    """Return a field of a rate, kept in billionths."""
    return FigureField(unit="%", step=PERCENT_PPB, **own)


def usdt_field(**own: Any) -> FigureField:
    """Return a field of an amount, kept in micro-USDT."""
    return FigureField(unit="USDT", step=USDT_MICRO, **own)


def contracts_field(market: Market, **own: Any) -> FigureField:
    """Return a field of a quantity in a market's base, kept in lots."""
    return FigureField(unit=market.base, step=market.lot_size, **own)


def times_field(*, most: int, **own: Any) -> FigureField:
    """Return a field of a leverage."""
    return FigureField(unit="x", step=Decimal(1), least=1, most=most, **own)
