"""`manage.py replay_audit`: decide the whole log anew, and compare every byte."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from trading.runner.process import connect
from trading.runner.verifying import verify


class Command(BaseCommand):
    """The command as Django finds it."""

    help = (
        "Derive the state from the log event by event and decide every command anew, each with the"
        " reference that was recorded before it; the bytes must be the same. The venue may run"
        " meanwhile. Ends with an error at the first differences. After a change of rules it tells"
        " what they would decide differently."
    )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Decide anew, and say what was found."""
        with connect() as connection:
            report = verify(connection, decides=True)
        if report.differences:
            raise CommandError("\n".join(report.differences))
        self.stdout.write(
            f"Byte for byte the same: {report.place.sequence} events, {report.commands} commands"
            f" decided anew, {report.snapshots} snapshots; head {report.place.head.hex()}."
        )
