"""`manage.py verify_log`: prove the log, its snapshots and its commands, beside the engine."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from trading.runner.process import connect
from trading.runner.restore import newest_snapshot
from trading.runner.verifying import verify


class Command(BaseCommand):
    """The command as Django finds it."""

    help = "Replay the log; compare the chain of hashes, snapshots and commands with it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say what the command takes."""
        parser.add_argument(
            "--since-snapshot", action="store_true", help="begin after the newest snapshot"
        )
        parser.add_argument(
            "--decide", action="store_true", help="ask the engine anew for each command's events"
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Verify, and say what was found."""
        with connect() as connection:
            since = newest_snapshot(connection) if options["since_snapshot"] else None
            report = verify(connection, since=since, decides=options["decide"])
        if report.differences:
            raise CommandError("\n".join(report.differences))
        self.stdout.write(
            f"The log holds: {report.place.sequence} events of {report.commands} commands,"
            f" {report.snapshots} snapshots equal to replay; head {report.place.head.hex()}."
        )
