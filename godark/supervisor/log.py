"""The one log: every line of every process, with its name before it, on the terminal and in var/.

The terminal is written by a thread of its own: a reader that stops reading must not stop the
venue. The file begins anew at 10 MB, and three older ones are kept.
"""

import logging
import logging.handlers
import os
import queue
import re
import sys
import threading
from contextlib import suppress
from pathlib import Path

NAME_WIDTH = 9
FILE_BYTES = 10_000_000
OLDER_FILES = 3
WAITING_LINES = 10_000
COLORING = re.compile(r"\x1b\[[0-9;]*m")
COLORS = ("36", "33", "32", "35", "34", "31")
OWN_NAME = "godark"


class LogFile(logging.handlers.RotatingFileHandler):
    """The file; one that can no longer be written is told of once, in a sentence."""

    has_failed = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Say on the terminal why nothing more is kept; the venue itself goes on."""
        del record
        if not self.has_failed:
            self.has_failed = True
            sys.stderr.write(f"{self.baseFilename} cannot be written: {sys.exc_info()[1]}.\n")


class VenueLog:
    """Writes lines to the terminal and to the file at `path`."""

    def __init__(self, path: Path) -> None:
        self.names: list[str] = []
        self.waiting: queue.Queue[str | None] = queue.Queue(maxsize=WAITING_LINES)
        self.colored = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, mode=0o600))
        self.file = LogFile(
            path, maxBytes=FILE_BYTES, backupCount=OLDER_FILES, encoding="utf-8", errors="replace"
        )
        self.file.setFormatter(logging.Formatter("%(asctime)s.%(msecs)03d %(message)s", "%FT%T"))
        self.writer = threading.Thread(target=self._write_terminal, daemon=True)
        self.writer.start()

    def say(self, sentence: str) -> None:
        """Write a line of the supervisor's own."""
        self.write(OWN_NAME, sentence)

    def write(self, name: str, line: str, *, quiet: bool = False) -> None:
        """Write one line of the process `name`; a quiet one to the file alone."""
        prefix = f"{name:<{NAME_WIDTH}}| "
        plain = COLORING.sub("", line)
        self.file.emit(logging.makeLogRecord({"msg": "%s", "args": (prefix + plain,)}))
        if not quiet:
            told = line if self.colored else plain
            self.show(self._colored(name, prefix=prefix) + told)

    def show(self, text: str) -> None:
        """Write to the terminal alone; where it takes nothing any more, the line is dropped."""
        try:
            self.waiting.put_nowait(text + "\n")
        except queue.Full:
            return

    def close(self) -> None:
        """Let the terminal catch up for a second, then close the file."""
        try:
            self.waiting.put(None, timeout=1)
            self.writer.join(timeout=1)
        except queue.Full:
            pass
        with suppress(OSError):  # a full disk: what was lost has been said
            self.file.close()

    def _colored(self, name: str, *, prefix: str) -> str:
        if not self.colored:
            return prefix
        if name not in self.names:
            self.names.append(name)
        return f"\033[{COLORS[self.names.index(name) % len(COLORS)]}m{prefix}\033[0m"

    def _write_terminal(self) -> None:
        while (text := self.waiting.get()) is not None:
            try:
                encoding = sys.stdout.encoding or "utf-8"
                sys.stdout.buffer.write(text.encode(encoding, errors="replace"))
                sys.stdout.buffer.flush()
            except (OSError, ValueError):
                return  # the terminal is gone; the file goes on
