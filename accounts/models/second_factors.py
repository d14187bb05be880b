"""Second factors: the authenticators of people, their secrets encrypted at rest.

django-otp's own device of this kind keeps its secret in the clear; this one has the same manners
(a code serves once, guesses wait longer and longer), and a sealed secret.
"""

import time
from base64 import b32encode
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import models
from django_otp.models import Device, ThrottlingMixin, TimestampMixin
from django_otp.oath import TOTP

from accounts.models.people import User
from accounts.secrets_at_rest import seal, unseal

if TYPE_CHECKING:
    import uuid

STEP_SECONDS = 30
# Steps before and after the present one whose codes are taken too.
TOLERANCE = 1


class SecondFactor(TimestampMixin, ThrottlingMixin, Device):  # type: ignore[misc]  # django-otp ships no types
    """One authenticator. `drift` is how many steps its clock is known to be away from ours."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    key_sealed = models.BinaryField()
    drift = models.SmallIntegerField(default=0)
    last_t = models.BigIntegerField(default=-1)

    class Meta(Device.Meta):  # type: ignore[misc]  # as above
        verbose_name = "second factor"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(key_sealed__gt=b""), name="second_factor_has_a_secret"
            ),
        ]

    def __str__(self) -> str:
        return f"second factor {self.pk}"

    @property
    def bin_key(self) -> bytes:
        """Return the secret; UnsealError where no key of ours opens it."""
        return unseal(bytes(self.key_sealed), purpose=purpose_of(self.user_id))

    @property
    def config_url(self) -> str:
        """Return what an authenticator scans, with the secret in it."""
        words = {
            "secret": b32encode(self.bin_key).decode(),
            "algorithm": "SHA1",
            "digits": 6,
            "period": STEP_SECONDS,
            "issuer": settings.OTP_TOTP_ISSUER,
        }
        label = f"{settings.OTP_TOTP_ISSUER}:{self.user.get_username()}"
        return f"otpauth://totp/{quote(label)}?{urlencode(words, quote_via=quote)}"

    def verify_token(self, token: Any) -> bool:
        """Use a code up: say whether it is right, new, and not guessed too soon after another."""
        if not self.verify_is_allowed()[0]:
            return False
        totp = TOTP(self.bin_key, STEP_SECONDS, drift=self.drift)
        totp.time = time.time()
        digits = str(token)
        if not (digits.isascii() and digits.isdigit()) or not totp.verify(
            int(digits), TOLERANCE, self.last_t + 1
        ):
            self.throttle_increment()
            return False
        self.last_t, self.drift = totp.t(), totp.drift
        self.throttle_reset(commit=False)
        self.set_last_used_timestamp(commit=False)
        self.save()
        return True

    def get_throttle_factor(self) -> int:
        """Return after how many seconds one may guess again; each failure doubles it."""
        return 1


def sealed_key(key: bytes, *, user_id: "uuid.UUID") -> bytes:
    """Return the secret of a person's authenticator as it is kept."""
    return seal(key, purpose=purpose_of(user_id))


def purpose_of(user_id: "uuid.UUID") -> str:
    """Return what the secret of a person's authenticator is sealed for: theirs, and no other's."""
    return f"second factor of {user_id}"
