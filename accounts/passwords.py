"""What a password must hold beyond what Django itself checks, how one is made up, how many hash.

Every hash of the site, made or verified, goes through `BoundedArgon2`: log-ins, sign-ups, and
whatever else is stored hashed.
"""

import secrets
import string
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.exceptions import ValidationError

from godark import metrics
from godark.errors import Code, Failure

LONGEST = 128
"""Characters; whatever is longer is refused before any hashing."""

CLASSES = {
    "an upper-case letter": str.isupper,
    "a lower-case letter": str.islower,
    "a digit": str.isdigit,
    "a special character": lambda character: character in string.punctuation,
}
MADE_OF = (string.ascii_uppercase, string.ascii_lowercase, string.digits, "-_.:+=")


class Gate:
    """Lets `at_once` threads of this process through; `waiting` more wait, for a moment only."""

    def __init__(self, *, at_once: int, waiting: int, patience_seconds: float) -> None:
        self._places = threading.Semaphore(at_once)
        self._seats = threading.Semaphore(waiting)
        self._patience_seconds = patience_seconds

    @contextmanager
    def passed(self) -> Iterator[None]:
        """Hold a place; raise the Failure UNAVAILABLE where none comes free in time."""
        if not (self._places.acquire(blocking=False) or self._awaited()):
            metrics.HASHES_REFUSED.inc()
            raise Failure(
                Code.UNAVAILABLE,
                "Too many people are at the door at this moment; try again in a few seconds.",
                retry_after_seconds=max(1, round(self._patience_seconds)),
            )
        try:
            yield
        finally:
            self._places.release()

    def _awaited(self) -> bool:
        """Wait for a place if there is a seat to wait on; tell whether one came."""
        if not self._seats.acquire(blocking=False):
            return False
        try:
            return self._places.acquire(timeout=self._patience_seconds)
        finally:
            self._seats.release()


# A hash takes 100 MB, and both cores of a small machine for a tenth of a second.
hashing = Gate(at_once=2, waiting=24, patience_seconds=5)


class BoundedArgon2(Argon2PasswordHasher):
    """Django's argon2, of which a process has no more than two under way.

    Whoever finds too many before him gets the Failure UNAVAILABLE, and nothing has happened.
    """

    def encode(self, password: str, salt: str) -> str:
        """Return the hash of a password."""
        with hashing.passed():
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        """Tell whether a password gives this hash."""
        with hashing.passed():
            return super().verify(password, encoded)


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
