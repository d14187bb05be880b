"""`manage.py run_engine`: the engine, one process for the whole venue."""

import signal
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError

from trading.log import LogBrokenError
from trading.runner.deciding import CommandFailedError
from trading.runner.process import run


class Command(BaseCommand):
    """The command as Django finds it."""

    # The code is checked where it is made; here it is to be back soon.
    requires_system_checks = ()
    help = (
        "Own the books and act on the inbox until stopped by SIGTERM. A second one waits and"
        " takes over when the first has gone."
    )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Run until stopped."""
        stopping: list[int] = []
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda caught, _frame: stopping.append(caught))
        try:
            run(is_stopping=lambda: bool(stopping), say=self.stdout.write)
        except CommandFailedError as failed:
            # Its own words may tell of an order (I24).
            raise CommandError(f"{failed}: the engine starts anew.") from None
        except psycopg.Error as error:
            kind = type(error).__name__
            raise CommandError(f"The database failed ({kind}): the engine starts anew.") from None
        except LogBrokenError as broken:
            raise CommandError(f"The engine does not run on this log: {broken}.") from None
