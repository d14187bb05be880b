"""How the API writes decimals and moments: strings without an exponent, Unix milliseconds."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ONE_MS = timedelta(milliseconds=1)


def plain(number: Decimal) -> str:
    """Return a decimal without an exponent and without zeros that say nothing."""
    written = format(number or Decimal(0), "f")
    return written.rstrip("0").rstrip(".") if "." in written else written


def unix_ms(at: datetime) -> int:
    """Return an aware moment as whole Unix milliseconds."""
    return (at - EPOCH) // ONE_MS


class Answered(serializers.Field[object, object, object, object]):
    """A field that is only ever answered, never taken in."""

    def __init__(self, *, allow_null: bool = False, help_text: str = "") -> None:
        super().__init__(read_only=True, allow_null=allow_null, help_text=help_text)


@extend_schema_field({"type": "string", "format": "decimal", "example": "0.1"})
class DecimalString(Answered):
    """A decimal as a string."""

    def to_representation(self, value: object) -> str:
        """Return it as people write it."""
        if not isinstance(value, Decimal):
            raise TypeError(f"{value!r} is no Decimal.")
        return plain(value)


@extend_schema_field({"type": "integer", "format": "int64", "example": 1_763_136_000_000})
class MomentMs(Answered):
    """A moment as Unix milliseconds."""

    def to_representation(self, value: object) -> int:
        """Return it as a whole number."""
        if not isinstance(value, datetime):
            raise TypeError(f"{value!r} is no datetime.")
        return unix_ms(value)
