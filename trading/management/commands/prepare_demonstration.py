"""Prepare what a fresh machine shows: people to log in as, and a file that tells programs who."""

import json
import os
import secrets
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.services.demonstration import ensure_demonstration_people


class Command(BaseCommand):
    """Prepare the demonstration."""

    help = (
        "Make the demonstration's staff and traders and write their log-ins to demo.json under"
        " GODARK_VAR, readable by its owner only. A second run keeps what the file holds."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say what the command takes."""
        parser.add_argument("--base-url", default=settings.BASE_URL, help="where the site answers")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the people first, then the file: what it says is true."""
        del args
        if not settings.IN_DEVELOPMENT:
            raise CommandError(
                "The demonstration exists in development only; GODARK_ENVIRONMENT is"
                f" {settings.ENVIRONMENT}."
            )
        path = settings.VAR_DIR / "demo.json"
        people = ensure_demonstration_people(remembered=remembered(path))
        write_privately(path, {"base_url": options["base_url"], **people})
        self.stdout.write(f"The demonstration's log-ins are in {path}.")


def remembered(path: Path) -> dict[str, Any]:
    """Return what the file holds; nothing where it is missing or broken."""
    try:
        found = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_privately(path: Path, content: dict[str, Any]) -> None:
    """Replace a file in one step, by one that only its owner may read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            json.dump(content, file, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
