"""`manage.py run_engine`: the engine, one process for the whole venue."""

import signal
from typing import Any

from django.core.management.base import BaseCommand

from trading.runner.process import run


class Command(BaseCommand):
    """The command as Django finds it."""

    help = (
        "Own the books and act on the inbox until stopped by SIGTERM. A second one waits and"
        " takes over when the first has gone."
    )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Run until stopped."""
        stopping: list[int] = []
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda caught, _frame: stopping.append(caught))
        run(is_stopping=lambda: bool(stopping), say=self.stdout.write)
