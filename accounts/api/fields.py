"""What the doors take in, strictly: a text is a text, true is true, an unknown name is an error."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.emails import normalized_email
from accounts.passwords import LONGEST

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ONE_MS = timedelta(milliseconds=1)
LARGEST_MOMENT_MS = 253_402_300_799_999  # the end of the year 9999


class StrictSerializer(serializers.Serializer[Any]):
    """A serializer that refuses names it does not know: a misspelt one must not pass unseen."""

    def to_internal_value(self, data: Any) -> Any:
        """Return what was given, or refuse it."""
        if isinstance(data, Mapping):
            unknown = [str(name) for name in data if name not in self.fields]
            if unknown:
                raise serializers.ValidationError(
                    {name[:64]: ["There is no such field."] for name in unknown[:20]}
                )
        return super().to_internal_value(data)


class Text(serializers.CharField):
    """A JSON string; numbers and booleans are none."""

    def to_internal_value(self, data: Any) -> str:
        """Return the text, or refuse what is none."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Email(Text):
    """An e-mail as it is stored."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=254, **options)

    def to_internal_value(self, data: Any) -> str:
        """Return the address in lower case, or refuse what is none."""
        return normalized_email(super().to_internal_value(data))


class Password(Text):
    """A password as it was typed; too long a one never reaches the hasher."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            max_length=LONGEST,
            trim_whitespace=False,
            write_only=True,
            style={"input_type": "password"},
            **options,
        )


class Truth(serializers.BooleanField):
    """JSON's own true and false, and no word for them."""

    def to_internal_value(self, data: Any) -> bool:
        """Return it, or refuse another type."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


@extend_schema_field({"type": "integer", "format": "int64", "example": 1_763_136_000_000})
class MomentMs(serializers.Field[datetime, Any, int, Any]):
    """A moment as Unix milliseconds."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": "A moment is a whole number: Unix milliseconds."
    }

    def to_internal_value(self, data: Any) -> datetime:
        """Return the moment, or refuse what is none."""
        if (
            isinstance(data, bool)
            or not isinstance(data, int)
            or not 0 <= data <= LARGEST_MOMENT_MS
        ):
            self.fail("invalid")
        return EPOCH + data * ONE_MS

    def to_representation(self, value: datetime) -> int:
        """Return it as a whole number."""
        return (value - EPOCH) // ONE_MS
