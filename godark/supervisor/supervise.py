"""The supervisor: opens the place, starts the table in its order, keeps it up, takes it down."""

import http
import os
import selectors
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from godark.supervisor.addresses import refuse_addresses
from godark.supervisor.child import Child
from godark.supervisor.greeting import greeting
from godark.supervisor.launch import end_with_parent
from godark.supervisor.leftovers import MARK, clear_leftovers
from godark.supervisor.log import VenueLog
from godark.supervisor.place import (
    Place,
    RefusedError,
    hold_place,
    open_var,
    place_here,
    refuse_taken_chain_ports,
    refuse_taken_port,
    refuse_unsafe_folder,
)
from godark.supervisor.servers import ServerFailedError, Servers
from godark.supervisor.table import Process, Stage, chain_lines, process_table, status_of

TURN_SECONDS = 0.05
START_SECONDS = 90
HEALTH_SECONDS = 30
HEALTH_EVERY = 0.5
ENDS_BEFORE_GIVING_UP = 3
NO_WORDS = "nothing"


class StopAskedError(Exception):
    """Somebody asked the venue to stop while it was starting."""


def main() -> None:
    """Run the venue until a signal ends it; say in one sentence why it cannot start."""
    if "--end-with-parent" in sys.argv:
        end_with_parent(signal.SIGTERM)
    try:
        os.umask(0o077)  # whatever we and our children write in var/ is nobody else's
        place = place_here()
        refuse_addresses(os.environ)
        open_var(place)
        with hold_place(place):
            run(place)
    except (RefusedError, ServerFailedError) as error:
        sys.exit(str(error))
    except OSError as error:
        what = error.strerror or str(error)
        sys.exit(
            f"GoDark cannot use {error.filename}: {what}."
            if error.filename
            else f"GoDark cannot run here: {what}."
        )
    except KeyboardInterrupt:
        sys.exit(0)


def run(place: Place) -> None:
    """Start the venue in this place, keep it up, and take it down when asked."""
    started_at = time.monotonic()
    # 1. Nothing may be in the way.
    killed = clear_leftovers(place)
    refuse_taken_port(place)
    # 2. What the servers need before they can start.
    servers = Servers(home=place.var, sockets=place.sockets)
    environment = venue_environment(place, servers=servers)
    if chain_lines(place, environment=os.environ):
        refuse_taken_chain_ports(place)
    log = VenueLog(place.log)
    if killed:
        log.say(f"Ended {killed} processes that an earlier run had left behind.")
    told = place.var / "environment"
    try:
        set_up_servers(place, servers=servers, log=log)
        tell_addresses(told, environment=environment)
        supervisor = Supervisor(log=log, place=place, environment=environment)
        # 3. The table, stage by stage; then the block for whoever started it.
        with supervisor.signals_taken():
            table = process_table(place, servers=servers, environment=os.environ)
            supervisor.live(table, started_at=started_at)
    finally:
        told.unlink(missing_ok=True)
        if place.sockets.parent != place.var:
            shutil.rmtree(place.sockets, ignore_errors=True)
        log.close()


class Supervisor:
    """All children of one place."""

    def __init__(self, *, place: Place, log: VenueLog, environment: dict[str, str]) -> None:
        self.place = place
        self.log = log
        self.environment = environment
        self.children: list[Child] = []
        self.stops_asked = 0

    def live(self, table: Sequence[Process], *, started_at: float) -> None:
        """Start the table in its order, greet, and keep it up until asked to stop."""
        try:
            for stage in Stage:
                self.start([process for process in table if process.stage == stage])
            self.await_health()
            seconds = time.monotonic() - started_at
            self.log.say(f"The venue is open at {self.place.base_url}/ after {seconds:.1f} s.")
            self.log.show(greeting(self.place, seconds=seconds))
            while not self.stops_asked:
                self.turn()
        except StopAskedError:
            return
        finally:
            self.stop()

    def start(self, processes: Sequence[Process]) -> None:
        """Start some processes and wait until all that are needed are well.

        Raises RefusedError where one does not come up, StopAskedError where a signal came.
        """
        new = [self._started(process) for process in processes]
        deadline = time.monotonic() + START_SECONDS
        while not all(child.is_well or not child.process.needed for child in new):
            self.turn()
            if self.stops_asked:
                raise StopAskedError
            refuse_failing(new, late=time.monotonic() > deadline)

    def await_health(self) -> None:
        """Wait until the site finds no part down: the worker and the clockwork need a moment.

        Goes on after a while in any case: the site itself serves, and says what is down.
        """
        deadline = time.monotonic() + HEALTH_SECONDS
        path = "/api/v1/health"
        while status_of(self.place, path=path) == http.HTTPStatus.SERVICE_UNAVAILABLE:
            if time.monotonic() > deadline:
                self.log.say(f"Not every part is up yet: see {self.place.base_url}{path}")
                return
            ask_again_at = time.monotonic() + HEALTH_EVERY
            while time.monotonic() < ask_again_at:
                self.turn()
                if self.stops_asked:
                    raise StopAskedError

    def turn(self) -> None:
        """Read what the children say for a moment, then let each take its step."""
        with selectors.DefaultSelector() as selector:
            for child in self.children:
                if child.can_speak:
                    selector.register(child, selectors.EVENT_READ, child)
            for key, _ in selector.select(TURN_SECONDS):
                key.data.read()
        for child in self.children:
            child.step()

    def stop(self) -> None:
        """Stop every stage, the last one first."""
        self.log.say("Stopping; Ctrl-C again to stop by force.")
        for stage in reversed(Stage):
            stopping = [child for child in self.children if child.process.stage == stage]
            for child in stopping:
                child.stop()
            while any(child.running is not None for child in stopping):
                self.turn()
                if self.stops_asked > 1:
                    for child in stopping:
                        child.kill()
        self.log.say("Stopped.")

    @contextmanager
    def signals_taken(self) -> Iterator[None]:
        """Take Ctrl-C, SIGTERM and a closed terminal as the wish to stop."""

        def ask_stop(_number: int, _frame: FrameType | None) -> None:
            self.stops_asked += 1

        names = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {name: signal.signal(name, ask_stop) for name in names}
        yield
        for name, handler in before.items():
            signal.signal(name, handler)

    def _started(self, process: Process) -> Child:
        child = Child(process, root=self.place.root, environment=self.environment, log=self.log)
        self.children.append(child)
        child.start()
        return child


def refuse_failing(children: Sequence[Child], *, late: bool) -> None:
    """Refuse to go on where a needed process ends again and again, or says nothing for long."""
    for child in children:
        if child.has_failed_for_good:
            raise RefusedError(f"GoDark does not start: {child.last_words or NO_WORDS}")
        if child.process.needed and child.failures >= ENDS_BEFORE_GIVING_UP:
            raise RefusedError(
                f"{child.name} does not start; it said last: {child.last_words or NO_WORDS}"
            )
        if late and child.process.needed and not child.is_well:
            raise RefusedError(f"{child.name} does not answer after {START_SECONDS} s.")


def set_up_servers(place: Place, *, servers: Servers, log: VenueLog) -> None:
    """Make what the embedded servers that are wanted need."""
    owners = {os.geteuid()} | ({servers.owner.uid} if servers.owner else set())
    if place.sockets.parent != place.var:
        refuse_unsafe_folder(place.sockets, owners=owners)
    if not os.environ.get("DATABASE_URL"):
        if not servers.data.exists():
            log.say("Making the database (once).")
        servers.set_up_postgresql()
    if not os.environ.get("REDIS_URL"):
        servers.set_up_redis()


def venue_environment(place: Place, *, servers: Servers) -> dict[str, str]:
    """Return the environment of every child: ours, and the addresses of this place."""
    own = {
        MARK: str(place.var),
        "DJANGO_SETTINGS_MODULE": "godark.settings",
        "GODARK_VAR": str(place.var),
        "DATABASE_URL": os.environ.get("DATABASE_URL") or servers.database_url,
        "DATABASE_OWNER_URL": owner_url(servers),
        "REDIS_URL": os.environ.get("REDIS_URL") or servers.redis_url(),
        "SOLANA_RPC_URL": os.environ.get("SOLANA_RPC_URL") or place.devchain_url,
        "GODARK_BASE_URL": os.environ.get("GODARK_BASE_URL") or place.base_url,
        "PYTHONUNBUFFERED": "1",
    }
    return dict(os.environ) | own


def owner_url(servers: Servers) -> str:
    """Return the address for whoever owns the tables; nothing where another server has one role."""
    given = os.environ.get("DATABASE_OWNER_URL", "")
    return given if os.environ.get("DATABASE_URL") else servers.owner_url


def tell_addresses(path: Path, *, environment: Mapping[str, str]) -> None:
    """Write where the servers are, for the manage.py of a person who works beside the venue."""
    names = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "SOLANA_RPC_URL", "GODARK_BASE_URL")
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text("".join(f"{name}={environment[name]}\n" for name in names), encoding="utf-8")
