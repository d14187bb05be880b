"""What a password must hold, beyond what Django itself checks."""

import string

from django.core.exceptions import ValidationError

CLASSES = {
    "an upper-case letter": str.isupper,
    "a lower-case letter": str.islower,
    "a digit": str.isdigit,
    "a special character": lambda character: character in string.punctuation,
}


class CharacterClassesValidator:
    """Refuse a password that lacks one of the four kinds of character."""

    def validate(self, password: str, user: object = None) -> None:  # noqa: ARG002 - Django's signature
        """Raise ValidationError naming every kind that is missing."""
        missing = [name for name, holds in CLASSES.items() if not any(map(holds, password))]
        if missing:
            raise ValidationError(
                f"The password needs {', '.join(missing)}.", code="password_classes_missing"
            )

    def get_help_text(self) -> str:
        """Say the rule in a sentence."""
        return f"Your password must contain at least {', '.join(CLASSES)}."
