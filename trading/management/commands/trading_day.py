"""`manage.py trading_day`: a recorded day with many traders, on a venue of its own."""

import subprocess
import sys
from argparse import REMAINDER, ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """The command as Django finds it; the day itself stands in `bench/day/`."""

    help = "Trade a recorded day through the public API (`trading_day --help-day` lists its words)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Hand every word on."""
        parser.add_argument("words", nargs=REMAINDER, help="what `python -m bench.day` takes")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Run the day in a process of its own: it knows nothing of the house but its doors."""
        words = ["--help" if word == "--help-day" else word for word in options["words"]]
        command = [sys.executable, "-m", "bench.day", *words]
        raise SystemExit(subprocess.call(command, cwd=settings.BASE_DIR))  # noqa: S603 - our own words
