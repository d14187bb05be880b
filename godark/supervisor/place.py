"""Where one venue lives: its clone, its var/, its address; and the refusals before it starts."""

import errno
import fcntl
import hashlib
import os
import pwd
import socket
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import environ

ROOT = Path(__file__).resolve().parent.parent.parent
# Raised when var/ is laid out anew or PostgreSQL gets another major version.
VAR_VERSION = "GoDark var/ 2, PostgreSQL 18"
# A Unix socket's path holds 107 bytes.
LONGEST_SOCKETS_FOLDER = 107 - len("/.s.PGSQL.5432.lock")
HIGHEST_PORT = 65535
# The development chain beside the usual web; its sockets have the port after it, so that venues
# side by side have chains two ports apart.
USUAL_PORT, USUAL_DEVCHAIN_PORT = 8000, 8899
LOWEST_PORT = 1024
# Where two apart leads out of what ports there are.
DEVCHAIN_STEP = 899


class RefusedError(Exception):
    """The venue cannot start; the message is one sentence for the person who asked."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """The clone `root`, its `var`, and the host and port that the web listens on.

    `name` is a host name that the site answers to, where that is not its address.
    """

    root: Path
    var: Path
    host: str
    port: int
    name: str = ""

    @property
    def base_url(self) -> str:
        """Return the address to open, without a slash at the end."""
        name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - compared, not bound
        return f"http://[{name}]:{self.port}" if ":" in name else f"http://{name}:{self.port}"

    @property
    def devchain_port(self) -> int:
        """Return the port of the development chain: 8899 beside a web on 8000."""
        port = USUAL_DEVCHAIN_PORT + 2 * (self.port - USUAL_PORT)
        if LOWEST_PORT <= port < HIGHEST_PORT and self.port not in (port, port + 1):
            return port
        port = self.port + DEVCHAIN_STEP
        return port if port < HIGHEST_PORT else self.port - DEVCHAIN_STEP

    @property
    def devchain_url(self) -> str:
        """Return the address of the development chain, which only this machine reaches."""
        return f"http://127.0.0.1:{self.devchain_port}"

    @property
    def sockets(self) -> Path:
        """Return the folder of the servers' Unix sockets: in var/ unless its path is too long."""
        folder = self.var / "sockets"
        if len(os.fsencode(folder)) <= LONGEST_SOCKETS_FOLDER:
            return folder
        digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"godark-{digest}"

    @property
    def log(self) -> Path:
        """Return the one log."""
        return self.var / "log" / "venue.log"


def place_here() -> Place:
    """Return the place of this clone, after `.env` and the environment."""
    try:
        environ.Env.read_env(ROOT / ".env")
    except UnicodeDecodeError as error:
        raise RefusedError(f"{ROOT / '.env'} is no text: see .env.example.") from error
    return place_from(dict(os.environ))


def place_from(environment: dict[str, str]) -> Place:
    """Return the place that the environment names; RefusedError where it makes no sense."""
    port = environment.get("GODARK_PORT") or "8000"
    if not port.isdecimal() or not 0 < int(port) <= HIGHEST_PORT:
        raise RefusedError(f"GODARK_PORT is {port!r}; it must be a number from 1 to 65535.")
    return Place(
        root=ROOT,
        var=Path(environment.get("GODARK_VAR") or ROOT / "var").absolute(),
        host=environment.get("GODARK_HOST") or "127.0.0.1",
        port=int(port),
        name=environment.get("GODARK_ALLOWED_HOSTS", "").split(",")[0].strip().lstrip(".*"),
    )


def open_var(place: Place) -> None:
    """Make var/, or check that it is ours, of this version, and writable."""
    var = place.var
    try:
        var.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = var.stat().st_uid
        if owner != os.geteuid():
            name = user_name(owner)
            raise RefusedError(f"{var} belongs to {name}: run as {name}, or remove it.")
        # As root the servers run as another user, who must pass through here to its own folders.
        var.chmod(0o711 if os.geteuid() == 0 else 0o700)
        place.log.parent.mkdir(mode=0o700, exist_ok=True)
        refuse_other_version(var)
    except OSError as error:
        raise RefusedError(f"GoDark cannot write {error.filename}: {error.strerror}.") from error


def refuse_other_version(var: Path) -> None:
    """Stamp a new var/; refuse one that another version of GoDark has made."""
    stamp = var / "VERSION"
    found = first_line(stamp.read_bytes()) if stamp.exists() else ""
    if not found and not (var / "postgresql").exists():
        stamp.write_text(VAR_VERSION + "\n", encoding="utf-8")
    elif found != VAR_VERSION:
        raise RefusedError(
            f"{var} was made by another version of GoDark ({found or 'it has no VERSION'}, and this"
            f" one needs {VAR_VERSION}): use that version, or empty var/ with `make reset`."
        )


def first_line(text: bytes) -> str:
    """Return the first line of a file, in one word where it holds what cannot be shown."""
    line = text.decode("ascii", errors="replace").strip().split("\n", 1)[0]
    return line[:60] if line.isascii() and line.isprintable() else "unreadable"


def hold_place(place: Place) -> IO[str]:
    """Return the open lock of this place, held until it is closed or the process ends.

    Raises RefusedError where another supervisor holds it.
    """
    lock = (place.var / "supervisor.lock").open("a+", encoding="ascii", errors="replace")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        said = lock.read().strip()
        pid = said if said.isdecimal() else "unknown"
        lock.close()
        raise RefusedError(
            f"GoDark is already running from this folder (process {pid}): open its address, or"
            f" stop it with Ctrl-C there or `kill {pid}`."
        ) from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def refuse_taken_port(place: Place) -> None:
    """Refuse a host or port that the web could not listen on."""
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((place.host, place.port))
        except OSError as error:
            raise RefusedError(port_sentence(place, error=error)) from error


def refuse_taken_chain_ports(place: Place) -> None:
    """Refuse where a stranger, such as a neighbor's venue, holds a port of the development chain.

    Else this venue would write to the neighbor's chain.
    """
    for port in (place.devchain_port, place.devchain_port + 1):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                another = f"GODARK_PORT={place.port + 1} make run"
                raise RefusedError(
                    f"Another program listens on port {port}, which the development chain needs:"
                    f" stop it, or choose another port ({another})."
                ) from error


def port_sentence(place: Place, *, error: OSError) -> str:
    """Return what to say when the web's address cannot be listened on."""
    where = f"port {place.port} of {place.host}"
    if error.errno == errno.EADDRINUSE:
        another = f"GODARK_PORT={place.port + 1} make run"
        return f"Another program listens on {where}: stop it, or choose another port ({another})."
    if error.errno == errno.EACCES:
        return f"This user may not listen on {where}: choose a GODARK_PORT from 1024 up."
    return f"GoDark cannot listen on {where} ({error.strerror}): set GODARK_HOST and GODARK_PORT."


def refuse_unsafe_folder(folder: Path, *, owners: set[int]) -> None:
    """Refuse a folder outside var/ that exists and is not a closed folder of ours."""
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in owners or found.st_mode & 0o077:
        raise RefusedError(f"{folder} is in the way of the servers' sockets: remove it.")


def user_name(uid: int) -> str:
    """Return a user's name, or its number where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
