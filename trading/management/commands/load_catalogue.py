"""`manage.py load_catalogue`: list the markets of the catalogue; run it as often as you like."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from trading.services.catalogue import CatalogueReport, load_catalogue
from trading.services.catalogue_file import FOLDER, CatalogueError, read_catalogue
from trading.services.genesis import ensure_listed


class Command(BaseCommand):
    """The command as Django finds it."""

    help = "List the markets of the catalogue. What is listed already stays as it is."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take another folder than the project's own."""
        parser.add_argument("--folder", type=Path, default=FOLDER, help="Where its files stand.")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Load, and say what was done."""
        try:
            report = load_catalogue(read_catalogue(options["folder"]))
        except CatalogueError as error:
            sentences = "\n".join(f"  {problem}" for problem in error.problems)
            raise CommandError(f"The catalogue was not loaded:\n{sentences}") from error
        ensure_listed()
        self.stdout.write("\n".join(lines_of(report)))


def lines_of(report: CatalogueReport) -> list[str]:
    """Return what a load did, for a person."""
    lines = [f"Markets listed: {len(report.listed)}; listed before: {len(report.kept)}."]
    if report.listed:
        lines.append(f"  {' '.join(report.listed)}")
    lines += [f"Brought up to date: {sentence}" for sentence in report.updated]
    lines += [f"Differs, and was left as it is: {sentence}" for sentence in report.differences]
    return lines
