"""What a password must hold, beyond what Django itself checks, and how one is made up."""

import secrets
import string

from django.core.exceptions import ValidationError

LONGEST = 128
"""Characters; whatever is longer is refused before any hashing."""

CLASSES = {
    "an upper-case letter": str.isupper,
    "a lower-case letter": str.islower,
    "a digit": str.isdigit,
    "a special character": lambda character: character in string.punctuation,
}
MADE_OF = (string.ascii_uppercase, string.ascii_lowercase, string.digits, "-_.:+=")


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


class MaximumLengthValidator:
    """Refuse a password whose hashing would cost more than it is worth."""

    def validate(self, password: str, user: object = None) -> None:  # noqa: ARG002 - Django's signature
        """Raise ValidationError for more than `LONGEST` characters."""
        if len(password) > LONGEST:
            raise ValidationError(
                f"The password may have at most {LONGEST} characters.", code="password_too_long"
            )

    def get_help_text(self) -> str:
        """Say the rule in a sentence."""
        return f"Your password may have at most {LONGEST} characters."


def made_up_password() -> str:
    """Return a random password of 20 characters that keeps every rule (over 100 bits)."""
    letters = [secrets.choice(kind) for kind in MADE_OF]
    letters += [secrets.choice("".join(MADE_OF)) for _ in range(16)]
    secrets.SystemRandom().shuffle(letters)
    return "".join(letters)
