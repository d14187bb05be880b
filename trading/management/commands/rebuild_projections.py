"""`manage.py rebuild_projections`: replay the log and compare or mend the rows it makes."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from trading.reconciliation.repair import EngineRunsError, repair
from trading.reconciliation.replay import check
from trading.runner.process import connect


class Command(BaseCommand):
    """The command as Django finds it."""

    help = (
        "Make all rows of the exchange and its ledger anew from the log, beside the real ones, and"
        " tell each that differs. Ends with an error where any does."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what to do: look, or mend."""
        chosen = parser.add_mutually_exclusive_group(required=True)
        chosen.add_argument(
            "--check", action="store_true", help="Compare only; the venue may run meanwhile."
        )
        chosen.add_argument(
            "--repair",
            action="store_true",
            help="Mend rows that may change, with the engine stopped, then compare. Trades, fills,"
            " payments and the ledger are append-only and stay as they are.",
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Replay, and tell."""
        with connect() as connection:
            if options["repair"]:
                try:
                    mended = repair(connection)
                except EngineRunsError as error:
                    raise CommandError(f"Nothing was mended: {error}.") from error
                for name, count in mended.items():
                    if count:
                        self.stdout.write(f"Mended {count} rows of {name}.")
            events, differences = check(connection)
        for difference in differences:
            self.stdout.write(str(difference))
        if differences:
            raise CommandError(f"{len(differences)} rows differ from the log.")
        self.stdout.write(f"All rows are what the log's {events} events say.")
