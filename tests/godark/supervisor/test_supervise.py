"""The supervisor on small processes of the tests' own, really started and really killed."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from godark.supervisor.child import Child
from godark.supervisor.launch import launched
from godark.supervisor.log import VenueLog
from godark.supervisor.place import Place, RefusedError
from godark.supervisor.supervise import Supervisor
from godark.supervisor.table import Process, Restart, Stage

QUICK = Restart(first=0.1, most=0.4)
SECONDS = 30
# What a process of the tests runs: it says that it is there, and waits.
WAITS = "import time; print('here', flush=True); time.sleep(600)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + WAITS
BREAKS = "print('Oh no'); raise SystemExit(3)"
PARENT = (
    "import subprocess, sys; child = subprocess.Popen(['sleep', '600']);"
    " print('child', child.pid, flush=True); child.wait()"
)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(root=tmp_path, var=tmp_path, host="127.0.0.1", port=8000)


@pytest.fixture
def supervisor(place: Place) -> Iterator[Supervisor]:
    place.log.parent.mkdir()
    log = VenueLog(place.log)
    supervisor = Supervisor(place=place, log=log, environment=dict(os.environ))
    yield supervisor
    supervisor.stop()
    log.close()


def process(
    code: str,
    *,
    name: str = "small",
    restart: Restart | None = QUICK,
    stage: Stage = Stage.VENUE,
    stop_seconds: float = 5,
    answers: Callable[[int], bool] | None = None,
) -> Process:
    command = launched([sys.executable, "-c", code], end_signal=signal.SIGTERM)
    return Process(
        name=name,
        command=command,
        stage=stage,
        restart=restart,
        stop_seconds=stop_seconds,
        answers=answers or is_alive,
    )


def is_alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def turn_until(supervisor: Supervisor, is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not is_true():
        assert time.monotonic() < deadline, log_of(supervisor)
        supervisor.turn()


def log_of(supervisor: Supervisor) -> str:
    return supervisor.place.log.read_text()


def only_child(supervisor: Supervisor) -> Child:
    (child,) = supervisor.children
    return child


def pid_of(child: Child) -> int:
    assert child.running is not None
    return child.running.pid


def test_a_process_that_is_killed_comes_back_and_both_are_said(supervisor: Supervisor) -> None:
    supervisor.start([process(WAITS)])
    child = only_child(supervisor)
    first = pid_of(child)
    os.kill(first, signal.SIGKILL)
    turn_until(supervisor, lambda: "small is back." in log_of(supervisor))
    assert pid_of(child) != first
    assert is_alive(pid_of(child))
    assert "small ended (SIGKILL): starting it again in 0.1 s." in log_of(supervisor)


def test_a_process_that_dies_again_and_again_is_back_once_it_has_outlived_that(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    flag = tmp_path / "mended"
    dies = f"import pathlib, time; mended = pathlib.Path({str(flag)!r}).exists(); "
    supervisor.start([process(dies + "time.sleep(600 if mended else 1.5)")])
    for wait in ("0.1", "0.2"):
        sentence = f"starting it again in {wait} s."
        turn_until(supervisor, lambda sentence=sentence: sentence in log_of(supervisor))  # type: ignore[misc] # mypy cannot type a default
    assert "is back" not in log_of(supervisor)
    flag.touch()
    turn_until(supervisor, lambda: "small is back." in log_of(supervisor))
    assert log_of(supervisor).count("is back") == 1


def test_the_wait_grows_when_a_process_ends_again_and_again(supervisor: Supervisor) -> None:
    supervisor.start([process(WAITS)])
    for wait in ("0.1", "0.2", "0.4"):
        turn_until(supervisor, lambda: only_child(supervisor).running is not None)
        os.kill(pid_of(only_child(supervisor)), signal.SIGKILL)
        sentence = f"starting it again in {wait} s."
        turn_until(supervisor, lambda sentence=sentence: sentence in log_of(supervisor))  # type: ignore[misc] # mypy cannot type a default


def test_what_a_killed_process_had_started_goes_with_it(supervisor: Supervisor) -> None:
    supervisor.start([process(PARENT)])
    turn_until(supervisor, lambda: "child" in log_of(supervisor))
    grandchild = int(log_of(supervisor).split("child ")[1].split()[0])
    os.kill(pid_of(only_child(supervisor)), signal.SIGKILL)
    turn_until(supervisor, lambda: "small ended" in log_of(supervisor))
    turn_until(supervisor, lambda: not is_alive(grandchild))


def test_stopping_ends_every_process_the_servers_last(supervisor: Supervisor) -> None:
    says_when_it_ends = (
        "import os, signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(os.write(1, b'ended\\n') and 0))\n"
        "print('here', flush=True)\n"
        "time.sleep(600)\n"
    )
    supervisor.start([process(says_when_it_ends, name="server", stage=Stage.SERVERS)])
    supervisor.start([process(says_when_it_ends, name="web")])
    turn_until(supervisor, lambda: log_of(supervisor).count("here") == 2)
    supervisor.stop()
    ended = [line.split()[1] for line in log_of(supervisor).splitlines() if "ended" in line]
    assert ended == ["web", "server"]
    assert all(child.running is None for child in supervisor.children)


def test_a_process_that_does_not_stop_is_ended_by_force(supervisor: Supervisor) -> None:
    supervisor.start([process(DEAF, stop_seconds=0.2)])
    turn_until(supervisor, lambda: "here" in log_of(supervisor))
    pid = pid_of(only_child(supervisor))
    supervisor.stop()
    assert not is_alive(pid)
    assert log_of(supervisor).count("small does not stop: ending it by force.") == 1


def test_a_second_wish_to_stop_hurries(supervisor: Supervisor) -> None:
    supervisor.start([process(DEAF, stop_seconds=600)])
    turn_until(supervisor, lambda: "here" in log_of(supervisor))
    before = time.monotonic()
    with supervisor.signals_taken():
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
        supervisor.stop()
    assert time.monotonic() - before < 600


def test_a_preparation_that_fails_refuses_with_its_last_words(supervisor: Supervisor) -> None:
    fails = process("print('No room left.'); raise SystemExit(1)", restart=None)
    with pytest.raises(RefusedError, match=r"GoDark does not start: No room left\."):
        supervisor.start([fails])


def test_a_preparation_that_succeeds_is_not_run_again(supervisor: Supervisor) -> None:
    supervisor.start([process("print('done')", restart=None)])
    for _ in range(5):
        supervisor.turn()
    assert log_of(supervisor).count("done") == 1


def test_a_process_that_never_starts_refuses_instead_of_trying_forever(
    supervisor: Supervisor,
) -> None:
    with pytest.raises(RefusedError, match="broken does not start; it said last: Oh no"):
        supervisor.start([process(BREAKS, name="broken", answers=lambda _pid: False)])


def test_a_long_line_and_broken_bytes_are_logged_and_stop_nothing(supervisor: Supervisor) -> None:
    code = (
        "import os, time; os.write(1, b'x' * 200_000 + b'\\n\\xff broken\\nlast');"
        " time.sleep(0.2); os.write(1, b' words\\n'); time.sleep(600)"
    )
    supervisor.start([process(code)])
    turn_until(supervisor, lambda: "last words" in log_of(supervisor))
    assert "\ufffd broken" in log_of(supervisor)


def test_children_end_with_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    code = (
        "import subprocess, sys, time, signal\n"
        "from pathlib import Path\n"
        "from godark.supervisor.launch import launched\n"
        "child = subprocess.Popen(launched(['sleep', '600'], end_signal=signal.SIGTERM))\n"
        f"Path({str(note)!r}).write_text(str(child.pid))\n"
        "time.sleep(600)\n"
    )
    pid = os.posix_spawn(sys.executable, [sys.executable, "-c", code], dict(os.environ))
    wait_for(lambda: note.exists() and note.read_text() != "")
    child = int(note.read_text())
    wait_for(lambda: command_of(child).startswith("sleep"))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    wait_for(lambda: not is_alive(child))


def wait_for(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def command_of(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text()
    return ""
