"""`manage.py run_witness`: recomputes every state root from the log, and co-signs what it finds."""

import signal
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from chain.signer import SignerError
from trading.witness.process import AnotherWitnessError, LogBrokenError, LostError, run


class Command(BaseCommand):
    """The command as Django finds it."""

    # The code is checked where it is made; here it is to be back soon.
    requires_system_checks = ()
    help = "Recompute state roots from the log and sign them until stopped by SIGTERM."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Run until stopped."""
        stopping: list[int] = []
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda caught, _frame: stopping.append(caught))
        try:
            run(is_stopping=lambda: bool(stopping), say=self.stdout.write)
        except AnotherWitnessError:
            raise CommandError("Another witness is running on this database.") from None
        except SignerError as error:
            raise CommandError(str(error)) from None
        except (psycopg.Error, DatabaseError) as error:
            kind = type(error).__name__
            raise CommandError(f"The database failed ({kind}): the witness starts anew.") from None
        except LogBrokenError as broken:
            raise CommandError(f"The witness does not follow this log: {broken}.") from None
        except LostError as lost:
            raise CommandError(f"The witness finds another root than the chain: {lost}") from None
