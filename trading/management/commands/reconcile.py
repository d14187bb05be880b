"""`manage.py reconcile`: compare engine, projections and ledger, and name each difference."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from trading.reconciliation import reconcile


class Command(BaseCommand):
    """The command as Django finds it."""

    help = (
        "Restore the engine from the log and compare it with the projections and the ledger; the"
        " venue may run meanwhile. Ends with an error where anything differs. The run is kept."
    )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Compare and tell."""
        differences = reconcile()
        for difference in differences:
            self.stdout.write(str(difference))
        if differences:
            raise CommandError(f"{len(differences)} differences.")
        self.stdout.write("Engine, projections and ledger agree.")
