"""`manage.py run_prices`: the price service, one process for the whole venue."""

import asyncio
import contextlib
import signal
from typing import Any

import redis
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from trading.services.price_adapters import PriceSettings, PriceSetupError
from trading.services.price_run import PriceRun
from trading.services.price_setup import prepare_run

LOCK = "trading.run_prices"


class Command(BaseCommand):
    """The command as Django finds it."""

    help = "Hear the price sources and keep the markets' prices until stopped by SIGTERM."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Run alone, until stopped."""
        chosen = PriceSettings(**settings.PRICES)
        if settings.IN_PRODUCTION and chosen.mode == "simulated":
            raise CommandError("Simulated prices are for development; set GODARK_PRICES=live.")
        if not take_lock():
            raise CommandError("Another price service is running on this database.")
        try:
            run = prepare_run(chosen, client=redis.Redis.from_url(settings.REDIS_URL))
        except PriceSetupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Prices are {chosen.mode}.")
        asyncio.run(until_stopped(run))


async def until_stopped(run: PriceRun) -> None:
    """Run until SIGTERM or SIGINT, then end cleanly."""
    task = asyncio.create_task(run.run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


def take_lock() -> bool:
    """Take the one lock of all price services, held as long as this connection lives."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [LOCK])
        row = cursor.fetchone()
    return bool(row and row[0])
