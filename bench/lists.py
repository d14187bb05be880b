"""How long the lists of the back office take with a million rows in each large table.

Run: `python bench/lists.py [ROWS]`. It starts a PostgreSQL of its own as the tests do, fills it
(some minutes), and opens every list as a member of staff does: the first page, the next one, each
filter, each search, what is found and what is not. Beside the time that passes stands the time on
a core, the site's and PostgreSQL's together: what it would be on a machine that does nothing else.
It exits with 1 if any of these is over 300 ms.
"""

import logging
import os
import statistics
import sys
import time
import uuid
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any, Final, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.servers import SessionServers, point_environment

point_environment()
os.environ["DJANGO_SETTINGS_MODULE"] = "godark.settings"

import django  # noqa: E402 - the environment comes first

django.setup()

import psycopg  # noqa: E402 - the settings come first, here and below
from django.contrib import admin  # noqa: E402 - the same
from django.core.management import call_command  # noqa: E402 - the same
from django.db import connection  # noqa: E402 - the same
from django.db.models import Model  # noqa: E402 - the same
from django.test import Client  # noqa: E402 - the same
from django.test.utils import setup_test_environment  # noqa: E402 - the same
from django.urls import reverse  # noqa: E402 - the same

from accounts.long_lists import LongList  # noqa: E402 - the same
from accounts.roles import Role  # noqa: E402 - the same
from bench.lists_rows import FILL  # noqa: E402 - the same
from bench.table import row  # noqa: E402 - the same
from godark.reading import connection_parameters  # noqa: E402 - the same
from godark.supervisor.servers import OWNER  # noqa: E402 - the same
from tests.accounts.factories import staff_client, staff_member  # noqa: E402 - the same
from tests.database import run_past_triggers  # noqa: E402 - the same
from trading.models import Market, Position  # noqa: E402 - the same

ROWS: Final = 1_000_000
AIM_MS: Final = 300.0
TIMES: Final = 3
NOBODY: Final = str(uuid.UUID(int=(1 << 128) - 1))
SLOW: Final[list[str]] = []


def fill(rows: int) -> None:
    """Fill the large tables, and let PostgreSQL learn how they look."""
    for name, statement in FILL.items():
        began = time.perf_counter()
        run_past_triggers(statement.format(rows=rows))
        row(f"filled: {name}", f"{time.perf_counter() - began:.1f} s")
    with psycopg.connect(**connection_parameters() | {"user": OWNER}, autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE")


def measure(client: Client) -> None:
    """Time every list, and the pages beside them."""
    for model, model_admin in admin.site._registry.items():  # noqa: SLF001 - Django has no other door to it
        measure_list(client, model, model_admin)
    market = Market.objects.order_by("rank")[0]
    for name, address in (
        ("who is next", reverse("admin:trading_liquidation_queue")),
        (
            "who is next, one market",
            f"{reverse('admin:trading_liquidation_queue')}?market={market}",
        ),
        ("insurance of a market", reverse("admin:trading_marketfunds_change", args=[market.pk])),
        ("the venue's own money", reverse("admin:trading_venuefunds_change", args=[1])),
        ("the index", reverse("admin:index")),
    ):
        took, _ = opened(client, address)
        tell(name, took)
    held = Position.objects.filter(market=market).exclude(size_lots=0).count()
    for change in ("-0.1", "-1", "-5"):
        address = f"{reverse('admin:trading_what_if')}?market={market}&change={change}"
        took, answer = opened(client, address)
        closed = answer.context.get("count")
        said = "too many to try" if closed is None else f"{closed:,} of {held:,} closed"
        row(f"what if {change}%: {said}", f"{took.on_core:,.0f} ms")


def measure_list(client: Client, model: type[Model], model_admin: Any) -> None:
    """Time a list: its first page, the next, the slowest of its filters and of its searches."""
    meta = model._meta
    address = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
    took, answer = opened(client, address)
    tell(meta.label_lower, took)
    shown = answer.context.get("cl") if answer.context else None
    if shown is None:
        return
    if getattr(shown, "next_page", ""):
        tell("  the next page", opened(client, address + shown.next_page)[0])
    for said, addresses in (
        ("filter", filters(shown, address)),
        ("search", searches(model, model_admin, address)),
    ):
        worst = max(((opened(client, one)[0], one) for one in addresses), default=None)
        if worst:
            tell(f"  slowest {said}: {worst[1].partition('?')[2][:24]}", worst[0])


def filters(shown: Any, address: str) -> Iterator[str]:
    """Yield the addresses of a list's filters: the first choice, one in the middle, the last."""
    for spec in shown.filter_specs:
        choices = [choice["query_string"] for choice in spec.choices(shown)][1:]
        for place in sorted({0, len(choices) // 2, len(choices) - 1}):
            if 0 <= place < len(choices):
                yield address + choices[place]


def searches(model: type[Model], model_admin: Any, address: str) -> Iterator[str]:
    """Yield the addresses of searches: what is in the table, and what is nowhere."""
    if isinstance(model_admin, LongList):
        one = model._default_manager.order_by("-pk")[ROWS // 1_000 :].first()  # noqa: SLF001 - the same
        for name in model_admin.found_by:
            field = model._meta.pk if name == "pk" else model._meta.get_field(name)
            yield f"{address}?q={getattr(one, field.attname, '')}"  # type: ignore[union-attr]  # every model has a key
    if model_admin.get_search_fields(None):
        yield f"{address}?q={NOBODY}"


class Took(NamedTuple):
    """The middle of some times that a page took, in milliseconds: on a core, and in all."""

    on_core: float
    passed: float


def opened(client: Client, address: str) -> tuple[Took, Any]:
    """Open a page some times; return what it took, and the page."""
    passed, on_core = [], []
    for _ in range(TIMES):
        before, began = core_seconds(), time.perf_counter()
        answer = client.get(address)
        passed.append((time.perf_counter() - began) * 1_000)
        on_core.append((core_seconds() - before) * 1_000)
        if answer.status_code != 200:  # noqa: PLR2004 - HTTP's own number
            raise SystemExit(f"{address} answered {answer.status_code}")
    return Took(statistics.median(on_core), statistics.median(passed)), answer


def core_seconds() -> float:
    """Return the seconds that this process and its PostgreSQL have been on a core."""
    connection.ensure_connection()
    backend = connection.connection.info.backend_pid
    nanoseconds = int(Path(f"/proc/{backend}/schedstat").read_text().split()[0])
    return time.process_time() + nanoseconds / 1e9


def tell(name: str, took: Took) -> None:
    """Print a line, and keep what took too long."""
    is_slow = took.on_core > AIM_MS
    said = "TOO SLOW" if is_slow else f"{took.passed:.0f} ms passed"
    row(name, f"{took.on_core:.0f} ms", f"{AIM_MS:.0f} ms", said)
    if is_slow:
        SLOW.append(name)


if __name__ == "__main__":
    servers = SessionServers()
    servers.start()
    try:
        parameters = connection_parameters()
        maker = parameters | {"dbname": "postgres", "user": OWNER}
        with psycopg.connect(**maker, autocommit=True) as first:
            first.execute(f"CREATE DATABASE {parameters['dbname']}")
        call_command("migrate", verbosity=0)
        call_command("load_catalogue", verbosity=0, stdout=StringIO())
        row("", "figure", "aim")
        fill(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
        setup_test_environment()
        logging.disable()
        measure(staff_client(staff_member(Role.SUPERADMIN)))
    finally:
        servers.stop()
    sys.exit(bool(SLOW))
