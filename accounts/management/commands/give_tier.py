"""Give an account a tier: MARKET_MAKER where it was approved, LOAD in development only."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.emails import normalized_email
from accounts.models import User
from accounts.services.tiers import NoSuchTierError, give_tier
from godark.limits import Tier


class Command(BaseCommand):
    """Give a tier."""

    help = "Give an account a tier. It holds within five seconds, and the audit log keeps it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say what the command takes."""
        parser.add_argument("email")
        parser.add_argument("tier", choices=[tier.value for tier in Tier])
        parser.add_argument("--reason", default="", help="for the audit log")

    def handle(self, *args: Any, **options: Any) -> None:
        """Give it."""
        del args
        try:
            user = User.objects.get(email=normalized_email(options["email"]))
            give_tier(user=user, tier=Tier(options["tier"]), reason=options["reason"])
        except User.DoesNotExist as error:
            raise CommandError("Nobody has this e-mail.") from error
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except NoSuchTierError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{user.email} is {options['tier']}.")
