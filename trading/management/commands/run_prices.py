"""`manage.py run_prices`: the price service, one process for the whole venue."""

import asyncio
import contextlib
import signal
from typing import Any

import psycopg
import redis
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from trading.services.price_adapters import PriceSettings, PriceSetupError
from trading.services.price_lock import AnotherPriceServiceError, PriceLock
from trading.services.price_run import PriceRun
from trading.services.price_setup import prepare_run

ANOTHER = "Another price service is running on this database."


class Command(BaseCommand):
    """The command as Django finds it."""

    # The code is checked where it is made; here it is to be back soon.
    requires_system_checks = ()
    help = "Hear the price sources and keep the markets' prices until stopped by SIGTERM."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Run alone, until stopped."""
        chosen = PriceSettings(**settings.PRICES)
        if settings.IN_PRODUCTION and chosen.mode == "simulated":
            raise CommandError("Simulated prices are for development; set GODARK_PRICES=live.")
        lock = PriceLock()
        try:
            lock.take()
            self._run(chosen, lock=lock)
        except AnotherPriceServiceError as error:
            raise CommandError(ANOTHER) from error
        except PriceSetupError as error:
            raise CommandError(str(error)) from error
        except (psycopg.Error, DatabaseError) as error:
            kind = type(error).__name__
            raise CommandError(f"The database failed ({kind}): the prices start anew.") from None
        finally:
            lock.give_back()

    def _run(self, chosen: PriceSettings, *, lock: PriceLock) -> None:
        run = prepare_run(chosen, client=redis.Redis.from_url(settings.REDIS_URL), lock=lock)
        self.stdout.write(f"Prices are {chosen.mode}.")
        asyncio.run(until_stopped(run))


async def until_stopped(run: PriceRun) -> None:
    """Run until SIGTERM or SIGINT, then end cleanly; refuse to go on beside another service."""
    task = asyncio.create_task(run.run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    try:
        with contextlib.suppress(asyncio.CancelledError):
            await task
    except* AnotherPriceServiceError:
        raise CommandError(ANOTHER) from None
