"""Encrypt every secret in the database by the newest of GODARK_FIELD_KEYS."""

from typing import Any

from django.core.management.base import BaseCommand

from accounts.services.reencryption import reencrypt_secrets


class Command(BaseCommand):
    """Encrypt anew."""

    help = (
        "After a new key was put first in GODARK_FIELD_KEYS and the site was started again:"
        " encrypt every secret by it. The old key may go when this says that none is left."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it; it may be repeated and interrupted at will."""
        del args, options
        for name, number in reencrypt_secrets().items():
            self.stdout.write(f"{name}: {number} encrypted anew.")
