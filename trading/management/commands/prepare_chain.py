"""`manage.py prepare_chain`: create the exchange on a development chain and fund its people."""

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from chain.errors import ChainError
from trading.services.chain_setup import ensure_chain
from trading.services.play_money import fund_demonstration
from trading.solana import solana


class Command(BaseCommand):
    """The command as Django finds it."""

    help = (
        "Create the exchange on the development chain, list the markets, pay in the seeds, and let"
        " the demonstration's traders deposit."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it once; a second time finds it done."""
        del args, options
        if settings.IN_PRODUCTION:
            raise CommandError("In production the exchange is created by its administration.")
        began = time.monotonic()
        try:
            sent = ensure_chain(solana()) + fund_demonstration(solana())
        except ChainError as error:
            raise CommandError(f"The chain did not take it: {error}") from error
        self.stdout.write(
            f"The exchange stands on the chain ({sent} transactions,"
            f" {time.monotonic() - began:.1f} s)."
        )
