"""Make somebody a member of staff, and show the secret of their second factor this once."""

from argparse import ArgumentParser
from contextlib import suppress
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from qrcode.main import QRCode

from accounts.emails import normalized_email
from accounts.models import SecondFactor
from accounts.roles import Role
from accounts.services.staff import RefusedError, confirm_device, enroll_staff, trust_device

TRIES = 5


class Command(BaseCommand):
    """Enroll a member of staff."""

    help = (
        "Make or update a member of staff. A new device is shown once, as a link and a QR code,"
        " and opens the back office after a code of it was typed in here."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say what the command takes."""
        parser.add_argument("email")
        parser.add_argument(
            "--role",
            action="append",
            required=True,
            choices=[role.value for role in Role],
            help="may be given several times; the person then holds exactly these roles",
        )
        parser.add_argument(
            "--new-device", action="store_true", help="replace the device that the person has"
        )
        parser.add_argument(
            "--trust-device", action="store_true", help="do not ask for a first code"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Enroll the person and print what they need."""
        del args
        try:
            enrollment = enroll_staff(
                email=normalized_email(options["email"]),
                roles=[Role(name) for name in options["role"]],
                new_device=options["new_device"],
            )
        except RefusedError as refused:
            raise CommandError(str(refused)) from refused
        except ValidationError as wrong:
            raise CommandError(" ".join(wrong.messages)) from wrong
        self.stdout.write(f"{enrollment.user.email} is staff: {', '.join(options['role'])}.")
        if enrollment.password:
            self.stdout.write(f"Password, shown this once: {enrollment.password}")
        if enrollment.device:
            self.show(enrollment.device)
            self.confirm(enrollment.device, trust=options["trust_device"])

    def show(self, device: SecondFactor) -> None:
        """Print the secret as a link and as a QR code."""
        self.stdout.write("Second factor, shown this once; scan it with an authenticator:")
        code = QRCode(border=1)
        code.add_data(device.config_url)
        code.print_ascii(out=self.stdout, invert=True)
        self.stdout.write(device.config_url)

    def confirm(self, device: SecondFactor, *, trust: bool) -> None:
        """Ask for codes until one is right; without one the device opens nothing."""
        if trust:
            trust_device(device=device)
            return
        with suppress(EOFError):
            for _ in range(TRIES):
                if confirm_device(device=device, code=input("Code that the authenticator shows: ")):
                    self.stdout.write("The second factor is confirmed.")
                    return
                self.stdout.write("That code does not fit. Wait for the next one.")
        raise CommandError("The device is not confirmed; run the command again for a new one.")
