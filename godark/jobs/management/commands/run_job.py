"""`manage.py run_job NAME`: run one job here and now, alone and recorded like any other run."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.module_loading import autodiscover_modules

from godark.jobs import JOBS
from godark.jobs.running import Ended, run_alone


class Command(BaseCommand):
    """Runs one job by name."""

    help = "Run one job now, alone, and record the run; without a name, list the jobs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the job's name."""
        parser.add_argument("name", nargs="?")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Run it and say how it ended."""
        autodiscover_modules("tasks")
        name = options["name"]
        if name is None:
            self.stdout.write("\n".join(sorted(JOBS)))
            return
        if name not in JOBS:
            raise CommandError(f"There is no job {name}; there are {', '.join(sorted(JOBS))}.")
        ended = run_alone(name)
        if ended is not Ended.SUCCEEDED:
            raise CommandError(f"{name}: {ended}.")
        self.stdout.write(f"{name}: {ended}.")
