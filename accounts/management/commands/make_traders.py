"""Make traders for benches and tests, and print their log-ins and keys; in development only."""

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.services.demonstration import make_traders
from godark.limits import Tier

MOST = 10_000


class Command(BaseCommand):
    """Make traders."""

    help = "Make traders with an API key each, and print them as JSON. In development only."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say what the command takes."""
        parser.add_argument("number", type=int, help=f"how many, at most {MOST}")
        parser.add_argument(
            "--tier",
            choices=[tier.value for tier in Tier],
            default=Tier.FREE.value,
            help="whose limits they have (default: FREE)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make them and print them."""
        del args
        if settings.IN_PRODUCTION:
            raise CommandError("Traders are made in development only; in production they sign up.")
        if not 1 <= options["number"] <= MOST:
            raise CommandError(f"The number is 1 to {MOST}.")
        traders = make_traders(number=options["number"], tier=Tier(options["tier"]))
        self.stdout.write(json.dumps({"traders": traders}, indent=2))
