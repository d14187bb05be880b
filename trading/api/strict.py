"""Fields that take exactly what the contract says, and nothing that merely looks like it.

Numbers of money are strings; a JSON number, an exponent, a plus or a space is refused. What any
body of the site takes strictly (names it knows, true and false) stands in `accounts.api.fields`.
"""

import re
from decimal import Decimal
from typing import Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

DECIMAL: Final = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?", re.ASCII)
CLIENT_ORDER_ID: Final = re.compile(r"[0-9A-Za-z_.:~@+-]{1,64}", re.ASCII)
LARGEST_MOMENT_MS: Final = 9_999_999_999_999
FieldOf = serializers.Field[Any, Any, Any, Any]


def pattern_of(compiled: re.Pattern[str]) -> str:
    """Return a pattern as the API's document writes it."""
    return f"^{compiled.pattern}$"


@extend_schema_field(
    {"type": "string", "format": "decimal", "pattern": pattern_of(DECIMAL), "example": "0.5"}
)
class DecimalText(FieldOf):
    """A decimal as a string: at most 18 digits before the point and 18 after it."""

    default_error_messages = {  # noqa: RUF012 - REST framework's own class attribute
        "invalid": 'A decimal as a string, such as "0.5": digits, no exponent.'
    }

    def to_internal_value(self, data: Any) -> Decimal:
        """Return the number."""
        if not isinstance(data, str) or not DECIMAL.fullmatch(data):
            self.fail("invalid")
        return Decimal(data)


class WholeNumber(serializers.IntegerField):
    """A JSON integer between two bounds; neither a string nor a float nor true."""

    def __init__(self, *, least: int, most: int, **kwargs: Any) -> None:
        self.least, self.most = least, most
        super().__init__(min_value=least, max_value=most, **kwargs)

    def to_internal_value(self, data: Any) -> int:
        """Return the number."""
        if type(data) is not int or not self.least <= data <= self.most:
            raise serializers.ValidationError(f"A whole number from {self.least} to {self.most}.")
        found: int = data
        return found


class OneOf(serializers.ChoiceField):
    """One of a few words, as a string."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the word."""
        if not isinstance(data, str) or data not in self.choices:
            raise serializers.ValidationError(f"One of {', '.join(self.choices)}.")
        return data


class Text(FieldOf):
    """A string that a pattern matches whole."""

    def __init__(self, *, pattern: re.Pattern[str], told: str, **kwargs: Any) -> None:
        self.pattern, self.told = pattern, told
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> str:
        """Return the string."""
        if not isinstance(data, str) or not self.pattern.fullmatch(data):
            raise serializers.ValidationError(self.told)
        return data


@extend_schema_field(
    {"type": "string", "pattern": pattern_of(CLIENT_ORDER_ID), "example": "maker-7:0042"}
)
class ClientOrderId(Text):
    """A client's own name for an order."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            pattern=CLIENT_ORDER_ID,
            told="A string of 1 to 64 letters, digits and _.:~@+- characters.",
            **kwargs,
        )


@extend_schema_field({"type": "string", "maxLength": 64})
class Name(Text):
    """An order's id, by whomever it was given; whether there is such an order is said later."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            pattern=re.compile(r"[^\x00]{1,64}"), told="A string of 1 to 64.", **kwargs
        )


@extend_schema_field({"type": "string", "example": "BTC-USDT-PERP"})
class Symbol(Text):
    """A market's symbol; whether there is one says whoever looks it up."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            pattern=re.compile(r"[0-9A-Za-z-]{1,24}", re.ASCII),
            told="A market's symbol, such as BTC-USDT-PERP.",
            **kwargs,
        )
