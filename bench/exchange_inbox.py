"""From the inbox to the commit: durable orders a second, beside the bare writes of those rows."""

import json
import time
import uuid
from typing import Any

from bench.table import middle_and_worst, row
from bench.venue import Venue, ask_for

LOAD = "bench/load.py"
WATCHING = "bench/watching.py"
PEOPLE = [str(uuid.UUID(int=(7 << 124) + (4 << 76) + (8 << 60) + one)) for one in range(200)]
PLENTY_MICRO = 10**15
WORKERS = ("engine", "postgres")
BATCHES = (1, 10, 50, 200)
PROFILED = (10, 50, 200)
AIM = "3,000"
AIM_FROM = 50
AHEAD = 8
BARE_INSERT = """
    INSERT INTO bare_command
        (kind, payload, status, failures, event_count, reason, numbers, subject_id)
    SELECT 'SubmitOrder', payload, 'WAITING', 0, 0, '', '{}', ''
    FROM unnest(%s::bytea[]) AS payload
"""
BARE_COPY = "COPY bare_event (sequence, kind, at_ms, payload, head) FROM STDIN"


def bench_inbox(venue: Venue) -> None:
    """Measure orders a second from the insert into the inbox to the durable answer."""
    row("inbox to commit, durable orders/s", "figure", "aim", "database alone")
    engine = venue.python("engine", "manage.py", "run_engine")
    venue.run(LOAD, "fund", told={"accounts": PEOPLE, "micro": PLENTY_MICRO})
    feed(venue, batch=50, count=2_000)
    for batch in BATCHES:
        count = max(1_500, min(12_000, batch * 200))
        alone = database_alone(venue, batch=batch, count=min(count * 2, 10_000))
        before = [venue.worked_s(name) for name in WORKERS]
        said = feed(venue, batch=batch, count=count)
        worked = [venue.worked_s(name) - one for name, one in zip(WORKERS, before, strict=True)]
        rate = f"{count / said['seconds']:,.0f}"
        aim = AIM if batch >= AIM_FROM else ""
        row(f"  {batch} in a statement, {AHEAD} at once", rate, aim, f"{alone:,.0f}")
        row("    a statement's answer, p50 / p99, ms", middle_and_worst(said["waits"]))
        each = [f"{one * 1e6 / count:,.0f}" for one in (*worked, said["worked"])]
        row("    processor, us an order: engine, PostgreSQL, load", *each)
    venue.stop(engine)
    profile_engine(venue)


def feed(venue: Venue, *, batch: int, count: int) -> dict[str, Any]:
    """Have the second process ask for orders."""
    told = {
        "accounts": PEOPLE,
        "batch": batch,
        "count": count,
        "ahead": AHEAD,
        "seed": time.time_ns(),
    }
    said: dict[str, Any] = json.loads(venue.run(LOAD, "feed", told=told))
    if said["refused"]:
        row("    refused", str(said["refused"]))
    return said


def database_alone(venue: Venue, *, batch: int, count: int) -> float:
    """Return orders a second of the bare writes: the inbox row, three events, the order's row."""
    with venue.connect(is_owner=True) as connection:
        connection.execute("DROP TABLE IF EXISTS bare_command, bare_event, bare_order")
        for name in ("command", "event", "order"):
            connection.execute(
                f"CREATE TABLE bare_{name} (LIKE trading_{name} INCLUDING DEFAULTS"
                " INCLUDING INDEXES INCLUDING IDENTITY)"
            )
        shown = connection.execute("SELECT * FROM trading_order LIMIT 1")
        names = [column.name for column in shown.description or ()]
        values = dict(zip(names, shown.fetchall()[0], strict=True)) | {"numbers": "{}"}
        began = time.perf_counter()
        for step in range(count // batch):
            with connection.transaction():
                connection.execute(BARE_INSERT, [[bytes(220)] * batch])
            with connection.transaction(), connection.cursor() as cursor:
                with cursor.copy(BARE_COPY) as copy:
                    for one in range(3 * batch):
                        copy.write_row((3 * batch * step + one, "-", 1, bytes(220), bytes(32)))
                with cursor.copy(f"COPY bare_order ({', '.join(names)}) FROM STDIN") as copy:
                    for _ in range(batch):
                        fresh = uuid.uuid4()
                        named = {"engine_id": str(fresh), "client_order_id": fresh.hex}
                        copy.write_row(list((values | named | {"id": fresh}).values()))
        seconds = time.perf_counter() - began
        connection.execute("DROP TABLE bare_command, bare_event, bare_order")
        return count / seconds


def profile_engine(venue: Venue) -> None:
    """Print where an order's time goes in the engine's process."""
    seen = venue.home / "engine.json"
    engine = venue.python("engine", WATCHING, "engine", str(seen))
    feed(venue, batch=50, count=2_000)
    print("where the engine's time goes, microseconds an order")
    columns: dict[int, dict[str, tuple[float, float]]] = {}
    for batch in PROFILED:
        ask_for(engine.pid, seen)
        count = batch * 60
        feed(venue, batch=batch, count=count)
        said = ask_for(engine.pid, seen)
        columns[batch] = {
            name: (took * 1e6 / count, said["worked"][name] * 1e6 / count)
            for name, took in said["seconds"].items()
        }
    row("  clock (processor), orders in a statement:", *map(str, PROFILED))
    for name in sorted(columns[50], key=lambda one: -columns[50][one][1]):
        found = [columns[batch].get(name, (0.0, 0.0)) for batch in PROFILED]
        row(f"  {name}", *(f"{clock:,.0f} ({worked:,.0f})" for clock, worked in found))
    venue.stop(engine)
