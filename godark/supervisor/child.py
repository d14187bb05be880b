"""One process of the table through its lives: start, watch, start again, stop.

Nothing here waits: the supervisor calls `step` and `read` again and again.
"""

import math
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from godark.supervisor.log import VenueLog
from godark.supervisor.table import Process

READ_BYTES = 65_536
PROBE_EVERY = 0.1
ALIVE_SECONDS = 1.0
BACK_SECONDS = 5.0


class Child:
    """A process that is kept alive until it is told to stop."""

    def __init__(
        self, process: Process, *, root: Path, environment: Mapping[str, str], log: VenueLog
    ) -> None:
        self.process = process
        self.root = root
        self.environment = environment
        self.log = log
        self.running: subprocess.Popen[bytes] | None = None
        self.is_well = False
        self.failures = 0
        self.last_words = ""
        self._is_silent = False
        self._unfinished = b""
        self._started_at = 0.0
        self._start_again_at = 0.0
        self._probe_at = 0.0
        self._stop_by: float | None = None
        self._is_missed = False
        self._longest_short_life = 0.0

    @property
    def name(self) -> str:
        """Return the name in the table."""
        return self.process.name

    @property
    def can_speak(self) -> bool:
        """Tell whether there is an open output to read from."""
        return self.running is not None and not self._is_silent

    @property
    def has_failed_for_good(self) -> bool:
        """Tell whether it was to run once, and did not end with 0."""
        return self.process.restart is None and self.failures > 0

    def start(self) -> None:
        """Start the process in a group of its own, its output coming to us."""
        self.running = subprocess.Popen(
            self.process.command,
            cwd=self.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
        os.set_blocking(self.fileno(), False)
        self.is_well = self._is_silent = False
        self._started_at = time.monotonic()

    def fileno(self) -> int:
        """Return the number of the open output of the running process."""
        output = self.running.stdout if self.running is not None else None
        return output.fileno() if output is not None else -1

    def step(self) -> None:
        """Notice an end, a return to health, or that it is time to start again."""
        now = time.monotonic()
        if self.running is None:
            if self._stop_by is None and now >= self._start_again_at:
                self.start()
        elif self.running.poll() is not None:
            self._end(self.running, now=now)
        elif self._stop_by is not None:
            if now > self._stop_by:
                self.log.say(f"{self.name} does not stop: ending it by force.")
                self.kill()
                self._stop_by = math.inf  # said and done once; now only its end is awaited
        elif not self.is_well and self.process.restart and now >= self._probe_at:
            self._probe_at = now + PROBE_EVERY
            self._probe(self.running.pid, age=now - self._started_at)
        elif self._is_missed and self.is_well:
            self._welcome(age=now - self._started_at)

    def read(self) -> None:
        """Write to the log what the process has said since."""
        while self.can_speak:
            try:
                said = os.read(self.fileno(), READ_BYTES)
            except BlockingIOError:
                return
            if not said:
                self._is_silent = True
                return
            *lines, self._unfinished = (self._unfinished + said).split(b"\n")
            if len(self._unfinished) > READ_BYTES:
                lines, self._unfinished = [*lines, self._unfinished], b""
            for line in lines:
                self._write(line)

    def stop(self) -> None:
        """Tell the process to end, and not to be started again."""
        self._stop_by = time.monotonic() + self.process.stop_seconds
        if self.running is not None and self.running.poll() is None:
            self.running.send_signal(self.process.stop_signal)

    def kill(self) -> None:
        """End the process and all it has started, at once."""
        if self.running is not None:
            kill_group(self.running.pid)

    def _write(self, line: bytes) -> None:
        text = line.decode("utf-8", errors="replace").rstrip()
        if text:
            self.last_words = text
            self.log.write(self.name, text, quiet=self.process.quiet)

    def _probe(self, pid: int, *, age: float) -> None:
        answers = self.process.answers
        self.is_well = answers(pid) if answers else age > ALIVE_SECONDS

    def _welcome(self, *, age: float) -> None:
        """Say that it is back once it has outlived the lives that ended too soon."""
        steady = ALIVE_SECONDS if self.process.answers else BACK_SECONDS
        if age > max(steady, self._longest_short_life + ALIVE_SECONDS):
            self.log.say(f"{self.name} is back.")
            self._is_missed, self._longest_short_life = False, 0.0

    def _end(self, running: subprocess.Popen[bytes], *, now: float) -> None:
        """Clear away what the process left, and plan its next start."""
        kill_group(running.pid)
        self.read()
        self._write(self._unfinished)
        if running.stdout is not None:
            running.stdout.close()
        self._unfinished, self.running = b"", None
        restart = self.process.restart
        if restart is None:
            self.is_well = running.returncode == 0
            self.failures += running.returncode != 0
            self._stop_by = now
        elif self._stop_by is None:
            life = now - self._started_at
            calm = life >= restart.calm
            self.failures = 1 if calm else self.failures + 1
            self._longest_short_life = max(self._longest_short_life, 0.0 if calm else life)
            self._is_missed = True
            wait = restart.wait(self.failures)
            self._start_again_at, self.is_well = now + wait, False
            how = how_it_ended(running.returncode)
            self.log.say(f"{self.name} ended ({how}): starting it again in {wait:g} s.")


def kill_group(pid: int) -> None:
    """Kill what is left of a process group."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return  # nothing is left of it


def how_it_ended(returncode: int) -> str:
    """Return a process's end in words."""
    if returncode >= 0:
        return f"exit code {returncode}"
    try:
        return signal.Signals(-returncode).name
    except ValueError:
        return f"signal {-returncode}"
