"""Whether each part of the venue is up: probes of bounded time, and what of them is told.

Every probe runs in a thread of its own and is given two seconds (the setting PROBE_SECONDS); one
that hangs counts as down and is not started again before it has come back, so a hung server costs
one thread in all.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any

import structlog
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from godark import alive
from godark.jobs.models import JobRun
from godark.jobs.running import is_late

log = structlog.get_logger(__name__)

REPORT_KEPT_SECONDS = 1.0
STARTING_SECONDS = 30.0
"""So long after the first look a part that was never up may still be starting."""


class Down(Exception):  # noqa: N818 - a state, not an error of ours
    """A part answers, and what it says is that something is down."""


def probe_database() -> None:
    """Ask PostgreSQL for a row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def probe_redis() -> None:
    """Ask Redis for an answer."""
    with alive.client() as client:
        client.ping()


def probe_worker() -> None:
    """Look for a sign of life of a worker."""
    if not alive.is_alive(alive.Part.WORKER):
        raise Down("no worker gave a sign of life")


def probe_beat() -> None:
    """Look for a sign of life of the clockwork."""
    if not alive.is_alive(alive.Part.BEAT):
        raise Down("the clockwork gave no sign of life")


def probe_prices() -> dict[str, bool]:
    """Look for a sign of life of the price service, which says whether each source is up."""
    sources = alive.last_sign(alive.Part.PRICES)
    if sources is None:
        raise Down("the price service gave no sign of life")
    return sources


def probe_engine() -> None:
    """Look for a sign of life of the engine."""
    if not alive.is_alive(alive.Part.ENGINE):
        raise Down("the engine gave no sign of life")


def probe_witness() -> None:
    """Look for a sign of life of the witness."""
    if not alive.is_alive(alive.Part.WITNESS):
        raise Down("the witness gave no sign of life")


def probe_migrations() -> None:
    """Compare the database's migrations with the code's."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise Down("the database is behind the code")


def probe_jobs() -> list[JobRun]:
    """Return what is known of every job that the clockwork keeps time of."""
    return list(JobRun.objects.exclude(enrolled_at=None).order_by("name"))


PROBES: dict[str, Callable[[], Any]] = {
    "database": probe_database,
    "redis": probe_redis,
    "worker": probe_worker,
    "beat": probe_beat,
    "prices": probe_prices,
    "engine": probe_engine,
    "witness": probe_witness,
    "migrations": probe_migrations,
    "jobs": probe_jobs,
}


@dataclass(frozen=True)
class Finding:
    """What a probe found: up or not, in how many milliseconds, and what it brought.

    `kind` says of a part that is down what went wrong.
    """

    up: bool
    milliseconds: float
    found: Any = None
    kind: str = ""


@dataclass(frozen=True)
class Report:
    """The state of the venue's machinery at one moment."""

    parts: dict[str, Finding]
    jobs: list[JobRun] = field(default_factory=list)
    late: frozenset[str] = frozenset()

    @property
    def status(self) -> str:
        """Return ok, degraded (a late job) or down (a part is)."""
        if not all(finding.up for finding in self.parts.values()):
            return "down"
        return "degraded" if self.late else "ok"


class Watch:
    """Runs the probes, each at most once at a time, and keeps the last report for a second."""

    def __init__(self, probes: dict[str, Callable[[], Any]]) -> None:
        self._probes = probes
        self._threads = ThreadPoolExecutor(max_workers=len(probes), thread_name_prefix="probe")
        self._running: dict[str, Future[Finding]] = {}
        self._lock = threading.Lock()
        self._last: tuple[float, Report] | None = None
        self._began = time.monotonic()
        self._told: dict[str, bool] = {}

    def report(self) -> Report:
        """Return the state now, or of a second ago, within PROBE_SECONDS whatever hangs."""
        with self._lock:
            if self._last and time.monotonic() - self._last[0] < REPORT_KEPT_SECONDS:
                return self._last[1]
            running = {name: self._start(name) for name in self._probes}
        wait(running.values(), timeout=settings.PROBE_SECONDS)
        report = _report({name: _finding(future) for name, future in running.items()})
        with self._lock:
            self._last = (time.monotonic(), report)
            self._tell_changes(report)
        return report

    def forget(self) -> None:
        """Let the next report be a new one."""
        with self._lock:
            self._last = None

    def _tell_changes(self, report: Report) -> None:
        """Write down each part that went down or came back, once."""
        is_starting = time.monotonic() - self._began < STARTING_SECONDS
        for name, finding in report.parts.items():
            before = self._told.get(name)
            if finding.up == before or (before is None and not finding.up and is_starting):
                continue
            self._told[name] = finding.up
            if not finding.up:
                log.warning("part_down", part=name, kind=finding.kind)
            elif before is not None:
                log.info("part_back", part=name)

    def _start(self, name: str) -> "Future[Finding]":
        """Return the probe under way, or a new one."""
        future = self._running.get(name)
        if future is None or future.done():
            future = self._running[name] = self._threads.submit(
                copy_context().run, _probe, self._probes[name]
            )
        return future


def _probe(look: Callable[[], Any]) -> Finding:
    """Run one probe in its thread, and leave no connection behind."""
    started = time.perf_counter()
    try:
        found = look()
    except Exception as error:  # noqa: BLE001 - whatever goes wrong means that the part is down
        return Finding(up=False, milliseconds=_since(started), kind=type(error).__name__)
    finally:
        connection.close()
    return Finding(up=True, milliseconds=_since(started), found=found)


def _since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 1)


def _finding(future: "Future[Finding]") -> Finding:
    """Return what a probe found; one that has not come back is down."""
    if future.done():
        return future.result()
    return Finding(up=False, milliseconds=settings.PROBE_SECONDS * 1000, kind="NoAnswer")


def _report(parts: dict[str, Finding]) -> Report:
    """Return the findings, with the jobs that are late by now."""
    jobs: list[JobRun] = parts["jobs"].found or []
    now = timezone.now()
    return Report(
        parts=parts,
        jobs=jobs,
        late=frozenset(run.name for run in jobs if is_late(run, now=now)),
    )


watch = Watch(PROBES)
