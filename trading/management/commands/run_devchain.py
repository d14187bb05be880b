"""`manage.py run_devchain`: serve a development chain; `make run` does so by itself."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chain.devchain.machine import Pace
from chain.devchain.server import serve

PACE = Pace()


class Command(BaseCommand):
    """The command as Django finds it."""

    help = "Serve a Solana chain in one process, for development. Never for money."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take another port, file and pace than the settings' own."""
        port = urlsplit(settings.SOLANA_RPC_URL).port or 8899
        file = settings.VAR_DIR / "devchain" / "ledger.sqlite3"
        parser.add_argument("--port", type=int, default=port, help="Sockets: the port after it.")
        parser.add_argument("--file", type=Path, default=file, help="Where it is kept.")
        parser.add_argument("--slot-ms", type=int, default=PACE.slot_ms)
        parser.add_argument("--confirm-ms", type=int, default=PACE.confirm_ms)
        parser.add_argument("--finalize-ms", type=int, default=PACE.finalize_ms)

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Serve until told to end."""
        if settings.IN_PRODUCTION:
            raise CommandError("A development chain does not run in production.")
        pace = Pace(
            slot_ms=options["slot_ms"],
            confirm_ms=options["confirm_ms"],
            finalize_ms=options["finalize_ms"],
        )
        port = options["port"]
        serve(options["file"], host="127.0.0.1", ports=(port, port + 1), pace=pace)
